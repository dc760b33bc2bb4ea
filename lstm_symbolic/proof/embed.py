"""Parameters of a general system that make it a given special one: ``b := b_ih + b_hh``, ``W_z := -W_z``, ``P := 0``.

For a candidate map of the slots each slot gives linear equations: what stands beside a parameter (its cofactor, with a hole where the
parameter was) must be what stands beside parameters of the other system, and what has no partner gets 0. The solution is written down as
an expression, put into the general system, and the result is proved equal to the special one: only that proof counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
from flint import fmpq, fmpq_mat
from sympy import Expr, MatrixSymbol, Symbol
from sympy.matrices.expressions import Identity, MatAdd, MatMul, Transpose, ZeroMatrix

from ..errors import LstmSymbolicError, UnsupportedNode
from ..expr import dims as sizes
from ..expr import nodes
from .atoms import Atoms
from .axes import leaves
from .budget import Budget
from .dag import SCALAR, Dag, Dim, Node, write_dim
from .gates import GateMap, gate_maps
from .normal import Normal
from .poly import UNIT_MONOMIAL, Key, Poly, key
from .settle import Settled, settle
from .slots import Skeleton, skeleton
from .translate import Translator

#: A block of a parameter: name, row block, column block.
Block = tuple[str, int, int]
#: A linear combination of blocks (flagged where transposed); None is the constant 1.
Combination = dict[tuple[Block, bool] | None, Any]
MAX_MAPS = 60


class GaveUp(LstmSymbolicError):
    """The search for parameters was not complete, so that none was found says nothing."""


@dataclass(frozen=True)
class Family:
    """One system as the prover sees it: values to be equal, and the parameters that may be chosen (with their symbols)."""

    roots: tuple[Node, ...]
    parameters: Mapping[str, Node]
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Embedding:
    """The general system with ``under`` put in is the special one; ``settled`` is the proof."""

    under: dict[str, Expr]
    settled: Settled


def embed(general: Family, special: Family, dag: Dag, budget: Budget) -> Embedding | None:
    """The first proved choice of the general system's parameters, or None where no candidate holds."""
    try:
        own = skeleton(dag, general.roots, frozenset(general.parameters), "general~")
        other = skeleton(dag, special.roots, frozenset(special.parameters), "special~")
    except UnsupportedNode as error:
        raise GaveUp(error.message) from None
    for count, gates in enumerate(gate_maps(own, other, budget)):
        if count >= MAX_MAPS:
            raise GaveUp(f"more than {MAX_MAPS} ways to pair the gates")
        solution = _Solver(general, special, own, other, gates, dag, budget).solve()
        if solution is None:
            continue
        translate = Translator(dag)
        table = {general.parameters[p]: translate(e) for p, e in solution.items()}
        roots = dag.substitute(general.roots, table)
        settled = settle(list(zip(roots, special.roots, strict=True)), budget)
        if settled.equal:
            return Embedding(solution, settled)
        if not settled.differs:
            raise GaveUp(settled.reason)
    return None


@dataclass
class _Cofactors:
    """One slot: what stands beside each parameter block, and what is free of parameters; by block of the slot."""

    beside: dict[Block, dict[tuple[int, int], Poly]]
    rest: dict[tuple[int, int], Poly]


@dataclass
class _Equation:
    """``sum of scale * P = value`` over blocks P of the general system, up to transposition of the right side."""

    scales: dict[Block, Any]
    value: Combination


class _Solver:
    def __init__(
        self, general: Family, special: Family, own: Skeleton, other: Skeleton, gates: GateMap, dag: Dag, budget: Budget
    ) -> None:
        self.general, self.special, self.gates, self.dag = general, special, gates, dag
        self.algebra = Atoms(budget)
        self.hole = self.algebra.head(("hole",))
        table: dict[Node, Node] = {}
        for k, slot in enumerate(own.slots):
            target = gates[k]
            hole = slot.symbol
            table[hole] = dag.zero(hole.shape) if target is None else self.signed(hole, target[0], other.slots[target[1]].symbol)
        self.left = dag.substitute([s.form for s in own.slots], table)
        self.right = [s.form for s in other.slots]
        self.fits = all(t is None or self.same_shape(own.slots[k].form, other.slots[t[1]].form) for k, t in gates.items())

    @staticmethod
    def same_shape(a: Node, b: Node) -> bool:
        return a.shape in (b.shape, (b.shape[1], b.shape[0]))

    def signed(self, like: Node, sign: int, node: Node) -> Node:
        if like.shape != node.shape:
            node = self.dag.transpose(node)
        return self.dag.scale(sign, node) if sign < 0 else node  # type: ignore[arg-type]

    # -- linear equations -------------------------------------------------------------------------------------------------------

    def solve(self) -> dict[str, Expr] | None:
        if not self.fits:
            return None
        right = [r if self.gates_shape(j, r) == r.shape else self.dag.transpose(r) for j, r in enumerate(self.right)]
        try:
            self.normal = Normal([*self.left, *right], self.algebra)
            theirs = [self.cofactors(f, self.special.parameters) for f in right]
            equations: list[_Equation] = []
            for k, form in enumerate(self.left):
                mine = self.cofactors(form, self.general.parameters)
                target = self.gates[k]
                found = self.match(mine, target[0] if target else 1, theirs[target[1]] if target else _Cofactors({}, {}))
                if found is None:
                    return None
                equations += found
        except UnsupportedNode as error:
            raise GaveUp(error.message) from None
        values = self.assign(equations)
        return None if values is None else {p: self.expression(p, values) for p in self.general.parameters}

    def gates_shape(self, part: int, r: Node) -> tuple[Dim, Dim]:
        """The shape in which the general system has this slot."""
        return next((self.left[k].shape for k, t in self.gates.items() if t is not None and t[1] == part), r.shape)

    def cofactors(self, form: Node, parameters: Mapping[str, Node]) -> _Cofactors:
        beside: dict[Block, dict[tuple[int, int], Poly]] = {}
        rest: dict[tuple[int, int], Poly] = {}
        for cell, p in self.normal(form).blocks.items():
            for m, c in p.items():
                inside = [f for f in m[0] if self.algebra.heads[f[0]][0] == "sym" and self.algebra.heads[f[0]][1] in parameters]
                if not inside:
                    rest.setdefault(cell, {})[m] = c
                    continue
                if len(inside) > 1 or inside[0][3] != 1:
                    raise UnsupportedNode("parameters multiply each other")
                (f,) = inside
                block: Block = self.algebra.heads[f[0]][1:]  # type: ignore[assignment]
                factors = [(self.hole, *g[1:]) if g is f else g for g in m[0]]
                hole = self.algebra.emit(factors, dict(enumerate(m[1], 1)), {(a, b): w for a, b, w in m[2]})
                own = beside.setdefault(block, {})
                own[cell] = self.algebra.add(own.get(cell, {}), self.algebra.scale(hole, c))
        return _Cofactors(beside, rest)

    def flipped(self, cells: dict[tuple[int, int], Poly]) -> dict[tuple[int, int], Poly]:
        """The same with the hole transposed."""
        flipped = {}
        for cell, p in cells.items():
            total: Poly = {}
            for m, c in p.items():
                factors = [(h, refs[::-1] if h == self.hole else refs, s, q) for h, refs, s, q in m[0]]
                part = self.algebra.emit(factors, dict(enumerate(m[1], 1)), {(a, b): w for a, b, w in m[2]})
                total = self.algebra.add(total, self.algebra.scale(part, c))
            flipped[cell] = total
        return flipped

    @staticmethod
    def monic(cells: dict[tuple[int, int], Poly]) -> tuple[tuple[tuple[tuple[int, int], Key], ...], Any]:
        """The cofactor up to a number, and the number."""
        ordered = [(cell, key(p)) for cell, p in sorted(cells.items()) if p]
        lead = ordered[0][1][0][1] if ordered else fmpq(1)
        return tuple((cell, tuple((m, c / lead) for m, c in k)) for cell, k in ordered), lead

    def match(self, mine: _Cofactors, sign: int, theirs: _Cofactors) -> list[_Equation] | None:
        """One equation for each cofactor; None where the other slot has something that this one lacks."""
        equations: dict[Any, _Equation] = {}
        for block, cells in mine.beside.items():
            form, lead = self.monic(cells)
            equations.setdefault(form, _Equation({}, {})).scales[block] = lead
        for block, cells in theirs.beside.items():
            for transposed in (False, True):
                parts = combination(list(equations), self.flipped(cells) if transposed else cells)
                if parts is not None:
                    break
            else:
                return None
            for form, q in zip(equations, parts, strict=True):
                value = equations[form].value
                value[block, transposed] = value.get((block, transposed), fmpq(0)) + sign * q
        rest = {}
        for cell in {*mine.rest, *theirs.rest}:
            p = self.algebra.sub(self.algebra.scale(theirs.rest.get(cell, {}), fmpq(sign)), mine.rest.get(cell, {}))
            if p:
                rest[cell] = p
        if rest and not self.absorb(rest, equations):
            return None
        return list(equations.values())

    def absorb(self, rest: dict[tuple[int, int], Poly], equations: dict[Any, _Equation]) -> bool:
        """A constant that one side has more goes into a bias: b := b + 1."""
        for form, equation in equations.items():
            cells = dict(form)
            plain = all(len(k) == 1 and len(k[0][0][0]) == 1 and not k[0][0][1] and k[0][1] == 1 for k in cells.values())
            if plain and set(rest) <= set(cells) and all(list(p) == [UNIT_MONOMIAL] for p in rest.values()):
                if set(rest) != set(cells) or len({p[UNIT_MONOMIAL] for p in rest.values()}) != 1:
                    continue
                equation.value[None] = equation.value.get(None, fmpq(0)) + next(iter(rest.values()))[UNIT_MONOMIAL]
                return True
        return False

    def assign(self, equations: list[_Equation]) -> dict[Block, Combination] | None:
        """Solve one equation after the other; of several parameters in one place the first open one takes all."""
        values: dict[Block, Combination] = {}
        for equation in sorted(equations, key=lambda e: len(e.scales)):
            left = dict(equation.value)
            for block in [b for b in equation.scales if b in values]:
                for term, c in values[block].items():
                    left[term] = left.get(term, fmpq(0)) - equation.scales[block] * c
            left = {term: c for term, c in left.items() if c}
            unknown = [b for b in equation.scales if b not in values]
            if not unknown:
                if left:
                    return None
                continue
            names = {self.special.shown.get(term[0][0], term[0][0]) for term in left if term}
            unknown.sort(key=lambda b: self.general.shown.get(b[0], b[0]) not in names)
            first, *others = unknown
            values[first] = {term: c / equation.scales[first] for term, c in left.items()}
            values.update({b: {} for b in others})
        return values

    # -- expressions ------------------------------------------------------------------------------------------------------------

    def expression(self, name: str, values: dict[Block, Combination]) -> Expr:
        """A parameter of the general system, written in those of the special one."""
        rows, cols = self.blocks(self.general.parameters[name])
        whole = self.whole(name, len(rows), len(cols), values)
        if whole is not None:
            return whole
        grid = [[self.block(values.get((name, i, j), {}), r, c) for j, c in enumerate(cols)] for i, r in enumerate(rows)]
        lines = [line[0] if len(line) == 1 else nodes.HStack(*map(_lift, line)) for line in grid]
        return lines[0] if len(lines) == 1 else nodes.VStack(*map(_lift, lines))

    def whole(self, name: str, rows: int, cols: int, values: dict[Block, Combination]) -> Expr | None:
        """One parameter of the same cut, scaled, maybe transposed: then it need not be taken apart."""
        if rows * cols == 1:
            return None
        terms = {(i, j): list(values.get((name, i, j), {}).items()) for i in range(rows) for j in range(cols)}
        first = terms[0, 0][0] if len(terms[0, 0]) == 1 else None
        if first is None or first[0] is None:
            return None
        ((other, _, _), transposed), c = first
        expected = {(i, j): [(((other, *((j, i) if transposed else (i, j))), transposed), c)] for i, j in terms}
        symbol = self.special.parameters[other]
        if terms != expected or tuple(map(len, self.blocks(symbol))) != ((cols, rows) if transposed else (rows, cols)):
            return None
        matrix = MatrixSymbol(other, *map(_size, symbol.shape))
        return _scaled(c, Transpose(matrix) if transposed else matrix)

    def blocks(self, symbol: Node) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
        """How a parameter is cut; one that the slots do not show is whole."""
        pair = self.normal.axes.named.get(symbol.data[0])
        if pair is None:
            return (symbol.shape[0],), (symbol.shape[1],)
        return tuple(x.size for x in leaves(pair[0])), tuple(x.size for x in leaves(pair[1]))

    def block(self, value: Combination, rows: Dim, cols: Dim) -> Expr:
        terms = [_scaled(c, self.term(term, rows, cols)) for term, c in value.items()]
        if not terms:
            return sympy.Integer(0) if (rows, cols) == SCALAR else ZeroMatrix(_size(rows), _size(cols))
        return terms[0] if len(terms) == 1 else sympy.Add(*terms, evaluate=False) if (rows, cols) == SCALAR else MatAdd(*terms)

    def term(self, term: tuple[Block, bool] | None, rows: Dim, cols: Dim) -> Expr:
        if term is None:
            return sympy.Integer(1) if (rows, cols) == SCALAR else sympy.OneMatrix(_size(rows), _size(cols))
        (name, i, j), transposed = term
        symbol = self.special.parameters[name]
        whole: Expr = Symbol(name, real=True) if symbol.shape == SCALAR else MatrixSymbol(name, *map(_size, symbol.shape))
        row_sizes, col_sizes = self.blocks(symbol)
        if len(row_sizes) > 1:
            whole = MatMul(Transpose(_selector(row_sizes, i)), whole)
        if len(col_sizes) > 1:
            whole = MatMul(whole, _selector(col_sizes, j))
        if symbol.shape == SCALAR and (rows, cols) != SCALAR:
            return nodes.Broadcast(whole, _size(rows), _size(cols))
        shape = (row_sizes[i], col_sizes[j])
        if transposed or (shape != (rows, cols) and shape == (cols, rows)):
            return Transpose(whole)
        if shape != (rows, cols):
            raise UnsupportedNode("parameters of different shapes")
        return whole


def combination(forms: list[Any], cells: dict[tuple[int, int], Poly]) -> list[Any] | None:
    """The numbers that make a cofactor of given ones: ``W (h + x)`` is ``U h + V x`` with W for both."""
    columns = [{(cell, m): c for cell, k in form for m, c in k} for form in forms]
    target = {(cell, m): c for cell, p in cells.items() for m, c in p.items()}
    rows = sorted({m for column in [*columns, target] for m in column})
    if not columns:
        return None if rows else []
    matrix = fmpq_mat(len(rows), len(columns) + 1, [column.get(m, fmpq(0)) for m in rows for column in [*columns, target]])
    reduced, rank = matrix.rref()
    solution = [fmpq(0)] * len(columns)
    for r in range(rank):
        pivot = next(j for j in range(len(columns) + 1) if reduced[r, j] != 0)
        if pivot == len(columns):
            return None
        solution[pivot] = reduced[r, len(columns)]
    return solution


def _selector(parts: tuple[Dim, ...], which: int) -> Expr:
    """The columns of the identity that pick one block: ``W @ vstack(eye(n), 0)`` is the first n columns of W."""
    size = parts[which]
    blocks = [Identity(_size(d)) if k == which else ZeroMatrix(_size(d), _size(size)) for k, d in enumerate(parts)]
    return nodes.VStack(*blocks)


def _size(d: Dim) -> Expr:
    return sizes.dim(write_dim(d))


def _lift(e: Expr) -> Expr:
    return e if isinstance(e, sympy.MatrixExpr) else nodes.Broadcast(e, 1, 1)


def _scaled(c: Any, e: Expr) -> Expr:
    if c == 1:
        return e
    number = sympy.Rational(int(c.p), int(c.q))
    return MatMul(number, e) if isinstance(e, sympy.MatrixExpr) else sympy.Mul(number, e, evaluate=False)


def simplicity(under: Mapping[str, str]) -> tuple[int, int]:
    """Maps without selections and zeros first, then short ones."""
    text = " ".join(under.values())
    return text.count("eye(") + text.count("0 *"), len(text)

