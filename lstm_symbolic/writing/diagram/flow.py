"""The data flow of a cell: which operations a step consists of, read off its equations.

An affine map with its activation is one box (a gate, as every lecturer draws it); elementwise operations between values that change with
time are nodes of their own; what has no picture of its own (a mean, a softmax) is a box with a name. Parameters are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sympy import Add, Expr, MatrixSymbol, Mul, Pow, Rational, Symbol
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul, Transpose

from ...cells import Cell, leaves
from ...cells.timing import TIME
from ...expr import TimeSymbol, nodes, shape_of, variable
from ...expr.functions import Elementwise

_SUMS, _PRODUCTS = (Add, MatAdd), (HadamardProduct, Mul, MatMul)


@dataclass(frozen=True)
class Node:
    """``kind`` is source, affine, box, op, join or sink; ``main`` is what it shows (an expression, or the sign of an operation), ``note``
    the function of a box that shows a symbol; ``inputs`` are the numbers of the nodes it reads."""

    kind: str
    main: Expr | str
    inputs: tuple[int, ...] = ()
    note: Expr | None = None
    role: str = ""

    @property
    def symbol(self) -> str:
        """The name of the value that it shows, or whose gradient."""
        shown = self.shown
        return "" if shown is None else shown.name

    @property
    def now(self) -> bool:
        """Whether it is a value of this step."""
        return self.shown is not None and self.shown.index[-1] == TIME

    @property
    def shown(self) -> TimeSymbol | None:
        inner = self.main.args[0] if isinstance(self.main, nodes.Grad) else self.main
        return inner if isinstance(inner, TimeSymbol) else None


def flow(cell: Cell) -> tuple[Node, ...]:
    """The nodes, each after those that it reads.

    >>> from ...cells import cell
    >>> [str(n.main) for n in flow(cell("mingru"))]
    ['x[t]', 'z[t]', 'h_tilde[t]', '1−', 'h[t - 1]', '⊙', '⊙', '+', 'h[t]']
    """
    work = _Flow(cell)
    for e in cell.in_order():
        work.define(e.lhs, e.rhs)
    for name in dict.fromkeys((*cell.states, *cell.outputs)):
        symbol = cell.symbol(name)
        work.add(Node("sink", symbol, (work.known[symbol],)))
    return joined(tuple(work.nodes))


class _Flow:
    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.nodes: list[Node] = []
        self.known: dict[Expr, int] = {}

    def add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def define(self, symbol: Expr, value: Expr) -> None:
        """A box that computes a value shows the value's symbol, and the function beside it."""
        before = len(self.nodes)
        whole = value.has(nodes.Total, nodes.Softmax)
        k = self.add(Node("box", "", self.reads(leaves(value)))) if whole else self.node(value)
        if k is None:
            k = self.add(Node("source", symbol))
        node = self.nodes[k]
        if k >= before and node.kind in ("affine", "box") and not node.symbol:
            note = node.main if node.kind == "box" and isinstance(node.main, Expr) else node.note
            self.nodes[k] = replace(node, main=symbol, note=note, role=self.role(symbol.name))
        self.known[symbol] = k

    def role(self, name: str) -> str:
        return "gate" if name in self.cell.gates else "candidate" if name == self.cell.candidate else "value"

    def node(self, e: Expr) -> int | None:
        """The node whose output is ``e``; None where nothing in it changes with time."""
        e = _bare(e)
        if not timed(e):
            return None
        if e not in self.known:
            self.known[e] = self.add(Node("source", e)) if isinstance(e, TimeSymbol) else self.operation(e)
        return self.known[e]

    def operation(self, e: Expr) -> int:
        inner = _innermost(e)
        label = e.xreplace({inner: variable("·", shape_of(inner))}) if inner != e else None  # 2σ(·) − 1
        if _is_affine(inner):
            return self.add(Node("affine", _weight(inner), self.reads(_operands(inner)), label))
        if label is not None:
            inside = self.reads([inner])
            one_minus = isinstance(e, _SUMS) and len(e.args) == 2 and _bare(e.args[0]) == 1 and _coefficient(e.args[1]) == -1
            plain = one_minus and _bare(inner) == _bare(_factor(e.args[1]))
            return self.add(Node("op", "1−", inside) if plain else Node("box", label, inside))
        if isinstance(e, _SUMS):
            return self.chain([(_bare(a), "−" if _coefficient(a) < 0 else "+") for a in e.args if timed(a)])
        if isinstance(e, _PRODUCTS) and all(timed(a) for a in e.args):
            matrices = isinstance(e, MatMul) and all(not _is_scalar(a) for a in e.args)
            return self.chain([(_bare(a), "·" if matrices else "⊙") for a in e.args])
        if isinstance(e, nodes.Apply) and e.function == "div":
            return self.chain([(_bare(a), "÷") for a in e.operands])
        if isinstance(e, nodes.Apply | Elementwise):
            name = Symbol(e.function if isinstance(e, nodes.Apply) else e.plain)
            return self.add(Node("box", name, self.reads(e.args)))
        return self.add(Node("box", Symbol("f"), self.reads(leaves(e))))

    def reads(self, operands: Iterable[Expr]) -> tuple[int, ...]:
        found = [self.node(a) for a in operands if isinstance(a, Expr)]
        return tuple(dict.fromkeys(k for k in found if k is not None))

    def chain(self, terms: list[tuple[Expr, str]]) -> int:
        """Operations of two operands, from the left."""
        (first, _), *rest = [(_factor(a) if sign == "−" else a, sign) for a, sign in terms]
        (out,) = self.reads([first])
        for e, sign in rest:
            out = self.add(Node("op", sign, tuple(dict.fromkeys((out, *self.reads([e]))))))
        return out


def timed(e: Expr) -> bool:
    """Whether anything in it changes with time."""
    return any(isinstance(s, TimeSymbol) and s.index[-1].has(TIME) for s in leaves(e))


def _bare(e: Expr) -> Expr:
    """Without the repetitions and transposes that a picture does not show."""
    while isinstance(e, nodes.Broadcast | Transpose):
        e = e.args[0]  # type: ignore[assignment]
    return e


def _is_scalar(e: Expr) -> bool:
    return getattr(e, "shape", (1, 1)) == (1, 1)


def _coefficient(e: Expr) -> Rational:
    first = e.args[0] if isinstance(e, Mul | MatMul) else None
    return first if isinstance(first, Rational) else Rational(1)


def _factor(e: Expr) -> Expr:
    """``e`` without the sign in front of it."""
    if _coefficient(e) != -1:
        return _bare(e)
    return _bare(e.args[1] if len(e.args) == 2 else e.func(*e.args[1:]))  # type: ignore[arg-type]


def _innermost(e: Expr) -> Expr:
    """The operand of a function of one value: C in 2σ(C) − 1."""
    while True:
        e = _bare(e)
        moving = [a for a in e.args if isinstance(a, Expr) and timed(a)]
        parameters = isinstance(e, _PRODUCTS) and any(not isinstance(a, Rational) for a in e.args if a not in moving)
        special = isinstance(e, nodes.Conv | nodes.Total | nodes.Softmax | nodes.VStack | nodes.HStack | TimeSymbol) or _is_affine(e)
        if len(moving) != 1 or special or parameters or not isinstance(e, (*_SUMS, *_PRODUCTS, Pow, nodes.Apply, Elementwise)):
            return e
        e = moving[0]


def _is_linear(e: Expr) -> bool:
    """A parameter times one value: W x, p ⊙ C, a convolution."""
    e = _bare(e)
    if isinstance(e, nodes.Conv):
        return True
    others = [a for a in e.args if not timed(a)] if isinstance(e, _PRODUCTS) else []  # type: ignore[arg-type]
    return any(isinstance(_bare(a), MatrixSymbol | Symbol) for a in others) and len(e.args) - len(others) == 1  # type: ignore[arg-type]


def _is_affine(e: Expr) -> bool:
    return any(_is_linear(a) for a in e.args) if isinstance(e, _SUMS) else _is_linear(e)  # type: ignore[arg-type]


def _weight(e: Expr) -> Expr:
    """The parameter of a map that has no name of its own."""
    return next(s for s in leaves(e) if not timed(s))


def _operands(e: Expr) -> Iterable[Expr]:
    """What an affine map reads; a concatenation stands for its parts."""
    for term in e.args if isinstance(e, _SUMS) else (e,):
        term = _bare(term)  # type: ignore[arg-type]
        if not _is_linear(term):
            yield term
            continue
        for a in term.args:
            a = _bare(a)  # type: ignore[arg-type]
            if isinstance(a, Expr) and timed(a):
                yield from a.args if isinstance(a, nodes.VStack | nodes.HStack) else (a,)  # type: ignore[misc]


def joined(flow: tuple[Node, ...]) -> tuple[Node, ...]:
    """Values that several boxes read together come on one wire: the set that saves most wires is joined, states first, one by one."""
    reads = [set(n.inputs) for n in flow if n.kind == "affine"]

    def shared(s: frozenset[int]) -> int:
        return sum(s <= r for r in reads)

    sets = {frozenset(a & b) for a in reads for b in reads if a is not b and len(a & b) > 1}
    best = max(sets, key=lambda s: ((len(s) - 1) * (shared(s) - 1), shared(s), sorted(s)), default=None)
    if best is None:
        return flow
    place, count = max(best) + 1, len(best) - 1
    moved = [k if k < place else k + count for k in range(len(flow))]
    first, *others = sorted(best, key=lambda k: (flow[k].now, k))

    def inputs(n: Node) -> tuple[int, ...]:
        together = n.kind == "affine" and best <= set(n.inputs)
        return (*([place + count - 1] if together else []), *(moved[k] for k in n.inputs if not (together and k in best)))

    renumbered = [replace(n, inputs=inputs(n)) for n in flow]
    chain = [Node("join", "", (first if j == 0 else place + j - 1, k)) for j, k in enumerate(others)]
    return (*renumbered[:place], *chain, *renumbered[place:])
