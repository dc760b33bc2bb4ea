"""The matrix-level normal form: every node of the DAG as a grid of blocks, every block a polynomial in index notation.

Same grids mean equal for all values and all dimensions. One small function an operation; the free indices of a block are ROW and
COLUMN, absent where the block does not depend on them (that is all a broadcast is).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from ..errors import UnsupportedNode
from .atoms import Atoms
from .axes import Axes
from .dag import UNIT, Dim, Node, Time, walk
from .factors import DELTA
from .labels import TIME, Bounds
from .poly import COLUMN, INNER, ROW, SPARE, UNIT_MONOMIAL, Poly, key
from .ranges import CLOCK

Blocks = dict[tuple[int, int], Poly]


@dataclass(frozen=True)
class Grid:
    """The blocks of one node, with the sizes of its row blocks and column blocks."""

    rows: tuple[Dim, ...]
    cols: tuple[Dim, ...]
    blocks: Blocks

    def entry(self, i: int, j: int) -> Poly:
        """A block; a side of one block fits any number (a broadcast)."""
        return self.blocks[i if len(self.rows) > 1 else 0, j if len(self.cols) > 1 else 0]

    def keys(self) -> tuple[object, ...]:
        return self.rows, self.cols, tuple((k, key(p)) for k, p in sorted(self.blocks.items()))


class Normal:
    """Normal forms of the nodes below some roots, in one algebra. ``roots`` together decide how dimensions are cut."""

    def __init__(self, roots: Iterable[Node], algebra: Atoms) -> None:
        self.algebra = algebra
        self.axes = Axes(roots)
        self.grids: dict[int, Grid] = {}

    def __call__(self, root: Node) -> Grid:
        for node in walk([root]):
            if node.number not in self.grids:
                self.algebra.budget.check()
                rows, cols = self.axes.blocks(node)
                rule = RULES.get(node.op)
                if rule is None:
                    raise UnsupportedNode(f"no normal form for {node.op}")
                self.grids[node.number] = Grid(rows, cols, rule(self, node, [self.grids[a.number] for a in node.args], rows, cols))
        return self.grids[root.number]


Rule = Callable[[Normal, Node, list[Grid], tuple[Dim, ...], tuple[Dim, ...]], Blocks]


def _each(f: Callable[..., Poly]) -> Rule:
    """A function of the entries in one place."""

    def rule(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
        cells = [(i, j) for i in range(len(rows)) for j in range(len(cols))]
        return {(i, j): f(nf.algebra, node, *(a.entry(i, j) for a in args)) for i, j in cells}

    return rule


def _function(algebra: Atoms, node: Node, *args: Poly) -> Poly:
    if node.data == "where" and not is_comparison(node.args[0]):
        raise UnsupportedNode("where takes a comparison")
    return algebra.apply(node.data, *args)


def is_comparison(node: Node) -> bool:
    while node.op in ("broadcast", "T"):
        node = node.args[0]
    return node.op == "fn" and node.data in ("gt", "ge", "lt", "le", "eq", "ne")


def _product(algebra: Atoms, node: Node, *args: Poly) -> Poly:
    result = args[0]
    for p in args[1:]:
        result = algebra.mul(result, p)
    return result


def _power(algebra: Atoms, node: Node, base: Poly, exponent: Poly) -> Poly:
    """Integer powers are products, halves are roots; others are exp(b log a), for a > 0."""
    q = constant(algebra, exponent)
    if q is None:
        return algebra.apply("exp", algebra.mul(exponent, algebra.apply("log", base)))
    if q.denominator == 1:
        return base if q == 1 else algebra.apply("inv", base) if q == -1 else _integer_power(algebra, base, int(q))
    if q.denominator == 2:
        return _integer_power(algebra, algebra.apply("sqrt", base), int(2 * q))
    return algebra.apply("exp", algebra.mul(exponent, algebra.apply("log", base)))


def _integer_power(algebra: Atoms, base: Poly, exponent: int) -> Poly:
    return algebra.pow(base, exponent) if exponent >= 0 else algebra.pow(algebra.apply("inv", base), -exponent)


def constant(algebra: Atoms, p: Poly) -> Fraction | None:
    if not p:
        return Fraction(0)
    if list(p) != [UNIT_MONOMIAL]:
        return None
    c = p[UNIT_MONOMIAL]
    return Fraction(int(c.p), int(c.q))


def _symbol(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    name, index = node.data
    bases = tuple(nf.algebra.time(base) for base, _ in index)
    shifts = tuple(shift for _, shift in index)
    blocks = {}
    for i, r in enumerate(rows):
        for j, c in enumerate(cols):
            refs = tuple(ref for ref, d in ((ROW, r), (COLUMN, c)) if d != UNIT)
            blocks[i, j] = nf.algebra.factor(nf.algebra.head(("sym", name, i, j)), refs + bases, shifts)
    return blocks


def _clock(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    base, shift = node.data
    return {(0, 0): nf.algebra.factor(CLOCK, (nf.algebra.time(base),), (shift,))}


def _matmul(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    a, b = args
    algebra = nf.algebra
    left = {k: algebra.rename(p, {COLUMN: INNER}) for k, p in a.blocks.items()}
    right = {k: algebra.rename(p, {ROW: INNER}) for k, p in b.blocks.items()}
    blocks = {}
    for i in range(len(rows)):
        for j in range(len(cols)):
            parts = [algebra.sum_over(algebra.mul(left[i, k], right[k, j]), INNER, d) for k, d in enumerate(a.cols)]
            blocks[i, j] = algebra.add(*parts)
    return blocks


def _transpose(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    return {(j, i): nf.algebra.rename(p, {ROW: COLUMN, COLUMN: ROW}) for (i, j), p in args[0].blocks.items()}


def _vstack(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    places = [(a, i) for a in args for i in range(len(a.rows))]
    return {(k, j): a.entry(i, j) for k, (a, i) in enumerate(places) for j in range(len(cols))}


def _hstack(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    places = [(a, j) for a in args for j in range(len(a.cols))]
    return {(i, k): a.entry(i, j) for k, (a, j) in enumerate(places) for i in range(len(rows))}


def _eye(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    one, delta = nf.algebra.one, nf.algebra.factor(DELTA, (ROW, COLUMN))
    return {(i, j): {} if i != j else one if r == UNIT else delta for i, r in enumerate(rows) for j in range(len(cols))}


def _diag(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    upright = node.args[0].shape[1] == UNIT
    entries = [args[0].entry(i, 0) if upright else nf.algebra.rename(args[0].entry(0, i), {COLUMN: ROW}) for i in range(len(rows))]
    return {k: nf.algebra.mul(entries[k[0]], p) if p else {} for k, p in _eye(nf, node, args, rows, cols).items()}


def _total(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    return {(0, 0): _sum_all(nf, args[0])}


def _sum_all(nf: Normal, grid: Grid) -> Poly:
    algebra = nf.algebra
    parts: list[Poly] = [{}]
    for (i, j), p in grid.blocks.items():
        p = algebra.sum_over(algebra.rename(p, {ROW: INNER}), INNER, grid.rows[i])
        parts.append(algebra.sum_over(algebra.rename(p, {COLUMN: SPARE}), SPARE, grid.cols[j]))
    return algebra.add(*parts)


def _norm(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    squares = Grid(args[0].rows, args[0].cols, {k: nf.algebra.power(p, 2) for k, p in args[0].blocks.items()})
    return {(0, 0): nf.algebra.apply("sqrt", _sum_all(nf, squares))}


def _trace(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    (a,), algebra = args, nf.algebra
    diagonal = [algebra.rename(a.blocks[i, i], {ROW: INNER, COLUMN: INNER}) for i in range(len(a.rows))]
    return {(0, 0): algebra.add(*(algebra.sum_over(p, INNER, d) for p, d in zip(diagonal, a.rows, strict=True)))}


def _softmax(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    """exp(u) times the inverse of its sum, along a row, else down each column."""
    (a,), algebra = args, nf.algebra
    along_row = node.shape[0] == UNIT
    powers = {k: algebra.apply("exp", p) for k, p in a.blocks.items()}
    blocks = {}
    for (i, j), p in powers.items():
        if along_row:
            parts = [algebra.sum_over(algebra.rename(powers[i, k], {COLUMN: INNER}), INNER, d) for k, d in enumerate(cols)]
        else:
            parts = [algebra.sum_over(algebra.rename(powers[k, j], {ROW: INNER}), INNER, d) for k, d in enumerate(rows)]
        blocks[i, j] = algebra.mul(p, algebra.inverse(algebra.add(*parts)))
    return blocks


def _conv(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    """One constant tensor over result, kernel and image, which only their sizes name: contracted with two of them it makes the third,
    the convolution and its adjoints.
    """
    algebra = nf.algebra
    result = algebra.one
    refs = {node.data: (ROW, COLUMN)}
    sizes = {node.data: (rows[0], cols[0])}
    for name, a, slots in zip((n for n in _TENSOR if n != node.data), args, ((-5, -6), (-7, -8)), strict=True):
        if len(a.blocks) > 1:
            raise UnsupportedNode("a convolution of stacked blocks")
        result = algebra.mul(result, algebra.rename(a.blocks[0, 0], {ROW: slots[0], COLUMN: slots[1]}))
        refs[name], sizes[name] = slots, (a.rows[0], a.cols[0])
    axes = [(ref, d) for name in _TENSOR for ref, d in zip(refs[name], sizes[name], strict=True)]
    tensor = algebra.factor(algebra.head(("conv", *(d for _, d in axes))), tuple(ref for ref, d in axes if d != UNIT))
    result = algebra.mul(result, tensor)
    for ref, d in axes:
        if ref not in (ROW, COLUMN):
            result = algebra.sum_over(result, ref, d)
    return {(0, 0): result}


#: The three that the tensor of a convolution is contracted with, two of them in this order being the arguments.
_TENSOR = ("kernel", "image", "result")


def limits(nf: Normal, var: int, low: Time, high: Time) -> Bounds:
    time = nf.algebra.time
    bounds: Bounds = {}
    for pair, w in (((time(low[0]), var), -low[1]), ((var, time(high[0])), high[1])):
        bounds[pair] = w
    return bounds


def _sum(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    var, low, high = node.data
    ref = nf.algebra.time(var)
    return {k: nf.algebra.bind(p, ref, TIME, limits(nf, ref, low, high)) for k, p in args[0].blocks.items()}


def _prod(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    """A product over time is a symbol named by its factor, the running time counted from the low end."""
    var, low, high = node.data
    algebra, ref = nf.algebra, nf.algebra.time(var)
    free = {r for p in args[0].blocks.values() for m in p for f in m[0] for r in f[1] if r <= -100} - {ref}
    if free:
        raise UnsupportedNode("a product over time whose factor depends on another time")
    start = {ref: -30}
    body = tuple((k, key(algebra.rename(p, start, {ref: low[1]}))) for k, p in sorted(args[0].blocks.items()))
    bases = (algebra.time(low[0]), algebra.time(high[0]))
    shifts = (0, high[1] - low[1])
    blocks = {}
    for i, r in enumerate(rows):
        for j, c in enumerate(cols):
            refs = tuple(x for x, d in ((ROW, r), (COLUMN, c)) if d != UNIT)
            blocks[i, j] = algebra.factor(algebra.head(("prod", body, i, j)), refs + bases, shifts)
    return blocks


def _dense(nf: Normal, node: Node, args: list[Grid], rows: tuple[Dim, ...], cols: tuple[Dim, ...]) -> Blocks:
    return {divmod(k, len(cols)): a.blocks[0, 0] for k, a in enumerate(args)}


#: One rule an operation of ``dag.OPS``.
RULES: dict[str, Rule] = {
    "num": _each(lambda algebra, node: algebra.constant(node.data)),
    "pi": _each(lambda algebra, node: algebra.factor(algebra.head(("pi",)))),
    "sym": _symbol, "time": _clock,
    "add": _each(lambda algebra, node, *args: algebra.add(*args)), "mul": _each(_product), "matmul": _matmul, "T": _transpose,
    "fn": _each(_function), "div": _each(lambda algebra, node, a, b: algebra.mul(a, algebra.apply("inv", b))), "pow": _each(_power),
    "broadcast": _each(lambda algebra, node, a: a), "vstack": _vstack, "hstack": _hstack, "diag": _diag, "softmax": _softmax,
    "total": _total, "norm": _norm, "trace": _trace, "ones": _each(lambda algebra, node: algebra.one),
    "zero": _each(lambda algebra, node: {}), "eye": _eye, "dense": _dense, "sum": _sum, "prod": _prod, "conv": _conv,
}  # fmt: skip
