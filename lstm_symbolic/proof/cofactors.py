"""Linear equations for parameters, slot by slot: what stands beside a parameter, with a hole where the parameter was.

A cofactor of the special system must be a combination of cofactors of the general one; what has no partner gets 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flint import fmpq, fmpq_mat

from ..errors import UnsupportedNode
from .atoms import Atoms
from .budget import Budget
from .dag import Dag, Node, Shape
from .gates import GateMap
from .normal import Normal
from .poly import UNIT_MONOMIAL, Key, Poly, key
from .slots import Skeleton
from .spell import Block, Combination


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


class Solver:
    """The equations of one candidate map of the slots."""

    def __init__(
        self,
        general: Mapping[str, Node],
        special: Mapping[str, Node],
        own: Skeleton,
        other: Skeleton,
        gates: GateMap,
        dag: Dag,
        budget: Budget,
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

    def solve(self, shown: Mapping[str, str]) -> dict[Block, Combination] | None:
        """The blocks of the general system's parameters; None where there are none. ``shown`` are their names without marks."""
        if not self.fits:
            return None
        right = [r if self.gates_shape(j, r) == r.shape else self.dag.transpose(r) for j, r in enumerate(self.right)]
        self.normal = Normal([*self.left, *right], self.algebra)
        theirs = [self.cofactors(f, self.special) for f in right]
        equations: list[_Equation] = []
        for k, form in enumerate(self.left):
            mine = self.cofactors(form, self.general)
            target = self.gates[k]
            found = self.match(mine, target[0] if target else 1, theirs[target[1]] if target else _Cofactors({}, {}))
            if found is None:
                return None
            equations += found
        return self.assign(equations, shown)

    def gates_shape(self, part: int, r: Node) -> Shape:
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

    def assign(self, equations: list[_Equation], shown: Mapping[str, str]) -> dict[Block, Combination] | None:
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
            names = {shown.get(term[0][0], term[0][0]) for term in left if term}
            unknown.sort(key=lambda b: shown.get(b[0], b[0]) not in names)
            first, *others = unknown
            values[first] = {term: c / equation.scales[first] for term, c in left.items()}
            values.update({b: {} for b in others})
        return values


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
