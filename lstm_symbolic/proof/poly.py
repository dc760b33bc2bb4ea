"""Polynomials in index notation: sums of products of indexed factors, with rational coefficients.

(W h)_R is ``sum over k of W[R, k] h[k]``: one monomial with a bound index. Products contract deltas and label bound indices
canonically, so equal polynomials are equal dictionaries. This holds for all dimensions at once; nothing here knows a size.

``Algebra`` holds what is shared within one comparison: the table of heads (what a factor is) and the budget. Heads are tuples:
``("sym", name, row block, column block)``, ``("dim", n)``, ``("delta",)``, ``("clock",)`` (a time as a number), or an atom
``("atom", kind, argument keys)``, whose slots stand for the indices of its arguments (see ``atoms``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from flint import fmpq

from .budget import Budget
from .dag import Dim
from .factors import DELTA, contract, merge
from .labels import TIME, Bounds, Factor, Monomial, canonical
from .ranges import CLOCK, expand_clock, span_of, standard_range, steps_of

Poly = dict[Monomial, Any]
Key = tuple[tuple[Monomial, Any], ...]
Head = tuple[Any, ...]

UNIT_MONOMIAL: Monomial = ((), (), ())
#: Free indices: row, column, and two that are about to be bound.
ROW, COLUMN, INNER, SPARE = -1, -2, -3, -4
SLOTS = (-11, -12)
TIME_SLOTS = (-21, -22, -23, -24)
FIRST_TIME = -100


def key(p: Poly) -> Key:
    return tuple(sorted(p.items()))


class Algebra:
    """Addition, multiplication and binding of polynomials; one per comparison."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self.heads: list[Head] = [("delta",), ("clock",)]
        self._ids: dict[Head, int] = {h: k for k, h in enumerate(self.heads)}
        self._times: dict[str, int] = {}
        self.idempotent: set[int] = {DELTA}
        self.antisymmetric: set[int] = set()
        self.roots: set[int] = set()
        self.rebuild: Callable[[Factor], Poly | None] = lambda factor: None
        self.radicand: Callable[[Factor], Poly] = lambda factor: {}
        self.one: Poly = {UNIT_MONOMIAL: fmpq(1)}

    def head(self, h: Head) -> int:
        found = self._ids.get(h)
        if found is None:
            found = self._ids[h] = len(self.heads)
            self.heads.append(h)
        return found

    def time(self, base: str) -> int:
        """The ref of a free time; the constant time is 0."""
        return self._times.setdefault(base, FIRST_TIME - len(self._times)) if base else 0

    def time_name(self, ref: int) -> str:
        return next((name for name, r in self._times.items() if r == ref), "")

    # -- sums and products ------------------------------------------------------------------------------------------------------

    def constant(self, value: Any) -> Poly:
        value = fmpq(value.numerator, value.denominator) if not isinstance(value, fmpq) else value
        return {UNIT_MONOMIAL: value} if value else {}

    def add(self, *polys: Poly) -> Poly:
        total = dict(polys[0])
        for p in polys[1:]:
            for m, c in p.items():
                value = total.get(m, 0) + c
                if value:
                    total[m] = value
                else:
                    total.pop(m, None)
        self.budget.check(len(total))
        return total

    def scale(self, p: Poly, factor: Any) -> Poly:
        return {m: c * factor for m, c in p.items()} if factor else {}

    def sub(self, p: Poly, q: Poly) -> Poly:
        return self.add(p, self.scale(q, fmpq(-1)))

    def mul(self, p: Poly, q: Poly) -> Poly:
        if len(p) > len(q):
            p, q = q, p
        if len(p) == 1 and UNIT_MONOMIAL in p:
            return self.scale(q, p[UNIT_MONOMIAL])
        self.budget.check(len(p) * len(q) // 4)
        total: Poly = {}
        for m, c in p.items():
            for n, d in q.items():
                self._collect(total, self.times(m, n), c * d)
        return total

    def power(self, p: Poly, exponent: int) -> Poly:
        result, base = self.one, p
        while exponent:
            if exponent & 1:
                result = self.mul(result, base)
            exponent >>= 1
            if exponent:
                base = self.mul(base, base)
        return result

    @staticmethod
    def _collect(total: Poly, part: Poly, factor: Any) -> None:
        for m, c in part.items():
            value = total.get(m, 0) + c * factor
            if value:
                total[m] = value
            else:
                total.pop(m, None)

    def times(self, m: Monomial, n: Monomial) -> Poly:
        """The product of two monomials, the bound indices of the second moved out of the way."""
        shift = len(m[1])
        factors = list(m[0])
        factors += [(h, tuple(r + shift if r > 0 else r for r in refs), s, p) for h, refs, s, p in n[0]] if n[1] else n[0]
        dims = dict(enumerate(m[1] + n[1], 1))
        bounds = {(a, b): w for a, b, w in m[2]}
        bounds.update({(a + shift if a > 0 else a, b + shift if b > 0 else b): w for a, b, w in n[2]})
        return self.emit(factors, dims, bounds)

    def rename(self, p: Poly, refs: Mapping[int, int], shifts: Mapping[int, int] | None = None) -> Poly:
        """Free indices renamed; a free time may be shifted as well: ``t`` becomes ``refs[t] + shifts[t]``."""
        total: Poly = {}
        for (factors, dims, bounds), c in p.items():
            moved = [self.moved(f, refs, shifts or {}) for f in factors]
            limits = {}
            for a, b, w in bounds:
                by = (shifts or {}).get(b, 0) - (shifts or {}).get(a, 0)
                limits[refs.get(a, a), refs.get(b, b)] = w + by
            self._collect(total, self.emit(moved, dict(enumerate(dims, 1)), limits), c)
        return total

    @staticmethod
    def moved(factor: Factor, refs: Mapping[int, int], shifts: Mapping[int, int]) -> Factor:
        head, own, at, power = factor
        first = len(own) - len(at)
        new = tuple(s + shifts.get(r, 0) for r, s in zip(own[first:], at, strict=True)) if at else at
        return head, tuple(refs.get(r, r) for r in own), new, power

    def bind(self, p: Poly, ref: int, dim: int, bounds: Bounds | None = None) -> Poly:
        """The sum over a free index; ``bounds`` for a running time."""
        total: Poly = {}
        for (factors, dims, limits), c in p.items():
            label = len(dims) + 1
            named = {ref: label}
            moved = [self.moved(f, named, {}) for f in factors]
            all_limits = {(named.get(a, a), named.get(b, b)): w for a, b, w in limits}
            for (a, b), w in (bounds or {}).items():
                pair = (named.get(a, a), named.get(b, b))
                all_limits[pair] = min(w, all_limits.get(pair, w))
            self._collect(total, self.emit(moved, {**dict(enumerate(dims, 1)), label: dim}, all_limits), c)
        self.budget.check(len(total))
        return total

    def sum_over(self, p: Poly, ref: int, dim: Dim) -> Poly:
        """The sum over a free index that runs over a dimension; over a dimension 1 there is nothing to sum."""
        return p if dim == (("", 1),) else self.bind(p, ref, self.head(("dim", dim)))

    def dimension(self, head: int) -> Poly:
        """A dimension as a number: n + 3."""
        named = [(self.factor(self.head(("dim", ((name, 1),)))) if name else self.one, k) for name, k in self.heads[head][1]]
        return self.add({}, *(self.scale(p, fmpq(k)) for p, k in named))

    def factor(self, head: int, refs: tuple[int, ...] = (), shifts: tuple[int, ...] = (), power: Any = 1) -> Poly:
        return self.emit([(head, refs, shifts, power)], {}, {})

    # -- one product ------------------------------------------------------------------------------------------------------------

    def emit(self, factors: list[Factor], dims: dict[int, int], bounds: Bounds) -> Poly:
        """The polynomial of one product: powers merged, deltas contracted, unused indices counted, bound indices labelled."""
        factors = merge(factors, self.idempotent)
        if any(f[0] == DELTA for f in factors):
            factors = contract(factors, dims, self.idempotent)
        for k, f in enumerate(factors):
            if f[0] == CLOCK and f[2][0] and f[3] > 0:
                return expand_clock(self, factors[:k] + factors[k + 1 :], f, dims, bounds)
            if f[0] in self.roots and f[3] >= 2 and not any(r > 0 for r in f[1]):
                square = self.mul(self.radicand(f), self.emit([(*f[:3], f[3] - 2)], {}, {}))
                return self.mul(square, self.emit(factors[:k] + factors[k + 1 :], dims, bounds))
            if len(f[1]) - len(f[2]) == 2 and f[1][0] == f[1][1] and self.heads[f[0]][0] == "atom":
                return self._identified(factors[:k] + factors[k + 1 :], f, dims, bounds)
        if not dims:
            return self._labelled(factors, dims, bounds)
        used = {r for f in factors for r in f[1]}
        count = self.one
        for b in list(dims):
            if b not in used and dims[b] != TIME:
                count = self.mul(count, self.dimension(dims.pop(b)))
            elif dims[b] == TIME and (span := span_of(self, b, bounds)) is not None:
                if b in used and (moved := standard_range(self, b, span, factors, dims, bounds)) is not None:
                    return self.mul(count, moved)
                if b not in used and (steps := steps_of(self, span)) is not None:
                    count = self.mul(count, steps)
                    del dims[b]
                    bounds = {pair: w for pair, w in bounds.items() if b not in pair}
        return self.mul(count, self._labelled(factors, dims, bounds))

    def _labelled(self, factors: list[Factor], dims: dict[int, int], bounds: Bounds) -> Poly:
        """The canonical monomial; where a factor is antisymmetric in its two indices, the lesser of both ways to write it."""
        odd = [k for k, f in enumerate(factors) if f[0] in self.antisymmetric]
        if not odd:
            return {canonical(factors, dims, bounds, self.budget): fmpq(1)}
        found: dict[Monomial, set[int]] = {}
        for turned in itertools.product((False, True), repeat=len(odd)):
            flips = {k for k, turn in zip(odd, turned, strict=True) if turn}
            sign = -1 if sum(int(factors[k][3]) for k in flips) % 2 else 1
            way = [(h, (r[1], r[0], *r[2:]) if k in flips else r, s, p) for k, (h, r, s, p) in enumerate(factors)]
            found.setdefault(canonical(way, dims, bounds, self.budget), set()).add(sign)
        least = min(found)
        return {least: fmpq(found[least].pop())} if len(found[least]) == 1 else {}

    def _identified(self, rest: list[Factor], f: Factor, dims: dict[int, int], bounds: Bounds) -> Poly:
        """An atom whose two indices became one (a trace of tanh(A), say) is made again from its argument on the diagonal."""
        index = f[1][0]
        head, refs, shifts, power = f
        swap = {index: SPARE}
        atom = self.rebuild((head, (SPARE, SPARE, *refs[2:]), shifts, power))
        if atom is None:
            return self._labelled([*rest, f], dims, bounds)
        outside = [self.moved(g, swap, {}) for g in rest]
        total: Poly = {}
        for (factors, inner, limits), c in atom.items():
            base = max([0, *dims])
            own = {k: k + base for k in range(1, len(inner) + 1)}
            moved = [(h, tuple(own.get(r, r) for r in g), s, p) for h, g, s, p in factors]
            back = [self.moved(g, {SPARE: index}, {}) for g in outside + moved]
            all_dims = {**dims, **{own[k]: d for k, d in enumerate(inner, 1)}}
            all_bounds = {**bounds, **{(own.get(a, a), own.get(b, b)): w for a, b, w in limits}}
            self._collect(total, self.emit(back, all_dims, all_bounds), c)
        return total
