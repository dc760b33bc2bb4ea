"""Conditions that hold anyway: ``softplus(x) > 0``, ``abs(x) + 1 != 0``, ``y + sqrt(1 + y**2) > 0``.

What a case assumes and what is known of functions are linear inequalities between monomials; a condition is implied if its opposite does
not fit them (Fourier-Motzkin elimination over the rationals: nothing is rounded).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from flint import fmpq

from .cases import Row, feasible, given, signed
from .excluded import Cube
from .generators import used
from .known import Fact, of_functions
from .quotients import Quotients


@dataclass(frozen=True)
class Condition:
    """A polynomial and what is asked of it (">0", ">=0", "!=0"), in a region (without a polynomial: that the region is not met).

    ``name`` (canonical) and ``kind`` identify it; ``text`` says it of ``value``.
    """

    kind: str
    name: str
    text: str = field(compare=False)
    value: str = field(compare=False)
    polynomial: Any = field(compare=False)
    region: Cube = field(default=frozenset(), compare=False)

    def follows_from(self, others: Iterable[Condition]) -> bool:
        return any(self.name == o.name and (self.kind == o.kind or o.kind == ">0") for o in others)

    def broken(self) -> list[Row]:
        """Where it fails."""
        rows = [row for a in self.region for row in signed(a.polynomial, a.sign, a.strict)]
        if self.polynomial is None:
            return rows
        return rows + (signed(self.polynomial, 0, False) if self.kind == "!=0" else signed(self.polynomial, -1, self.kind == ">=0"))


def needed(conditions: Sequence[Condition], last: Quotients) -> list[Condition]:
    """Without those that follow from the rest; the longest are tried first."""
    kept = list(conditions)
    for c in sorted(conditions, key=lambda c: -len(c.text)):
        rest = [o for o in kept if o is not c]
        kept = rest if _follows(c, rest, last) else kept
    return _strict(kept)


def _strict(conditions: Sequence[Condition]) -> list[Condition]:
    """``x >= 0`` and ``x != 0`` are ``x > 0``."""
    found = list(conditions)
    for c in conditions:
        other = next((o for o in found if o.kind == "!=0" and not o.region and c.polynomial in (o.polynomial, -o.polynomial)), None)
        if c.kind == ">=0" and not c.region and c.polynomial is not None and other is not None:
            strict = replace(c, kind=">0", text=c.text.replace("=", ""))
            found = [strict if o is c else o for o in found if o is not other]
    return found


def _follows(c: Condition, rest: Sequence[Condition], last: Quotients) -> bool:
    if c.follows_from(rest):
        return True
    plain = [o for o in rest if o.polynomial is not None and not o.region]
    zeros = [a.polynomial for a in c.region if not a.sign] + ([c.polynomial] if c.kind == "!=0" else [])
    if any(_nonzero(p, plain, last) for p in zeros):
        return True
    positive = [o for o in plain if o.kind != "!=0"]
    rows = c.broken() + [row for o in positive for row in signed(o.polynomial, 1, o.kind == ">0")]
    for a, b in combinations(positive, 2):
        rows += signed(a.polynomial * b.polynomial, 1, a.kind == b.kind == ">0")
    rows += [row for q, strict in of_functions(last) for row in signed(q, 1, strict)]
    return not feasible([*rows, *given(rows, last, False), *_monomials(rows, plain)], len(last.g.gens))


def _nonzero(p: Any, plain: Sequence[Condition], last: Quotients) -> bool:
    """Whether the conditions keep a product of powers from zero; a root is not zero where what is below it is not."""
    roots = {str(last.g.gens[i]): u for i, u in last.roots.items()}
    factors = [roots.get(str(f), f) for f, _ in p.factor()[1]]
    return all(any(f in (o.polynomial, -o.polynomial) and o.kind != ">=0" for o in plain) for f in factors)


def _monomials(rows: Sequence[Row], plain: Sequence[Condition]) -> Iterator[Row]:
    """The signs of products of generators whose own signs the conditions say."""
    signs: dict[int, tuple[int, bool]] = {}
    for o in plain:
        if len(o.polynomial) == 1 and o.polynomial.total_degree() == 1 and o.kind != "!=0":
            (i,) = used(o.polynomial)
            signs[i] = (1 if o.polynomial.leading_coefficient() > 0 else -1, o.kind == ">0")
    for e in {e for r, _ in rows for e in r if sum(e) > 1}:
        parts = [i for i, x in enumerate(e) if x]
        if all(i in signs for i in parts):
            negative = sum(int(e[i]) for i in parts if signs[i][0] < 0) % 2
            yield {e: fmpq(-1 if negative else 1)}, all(signs[i][1] for i in parts)


def implied(kind: str, p: Any, field: Quotients) -> bool:
    """Whether a condition (">0", ">=0", "!=0") on p holds wherever the signs of the case do, their zeros included."""
    case = field.case
    found = [row for name, q in case.polynomials.items() for row in signed(q, *case.signs[name])]
    found += signed(p, 0, False) if kind == "!=0" else signed(p, -1, kind == ">=0")
    found += [row for q, strict in [*of_functions(field), *_squares(field, p)] for row in signed(q, 1, strict)]
    return not feasible([*found, *given(found, field, False)], len(field.g.gens))


def _squares(field: Quotients, p: Any) -> Iterator[Fact]:
    """The square that completes p in each generator of degree 2 with plain coefficients."""
    for i in used(p):
        slope = p.derivative(i)
        twice = slope.derivative(i)
        if twice != 0 and not used(twice):
            root = slope / twice.leading_coefficient()
            if set(used(root)) <= {i}:
                yield root * root, False
