"""Conditions that hold anyway: ``softplus(x) > 0``, ``abs(x) + 1 != 0``, ``y + sqrt(1 + y**2) > 0``.

What a case assumes and what is known of functions are linear inequalities between monomials; a condition is implied if its opposite does
not fit them (Fourier-Motzkin elimination over the rationals: nothing is rounded).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .cases import feasible, given, signed
from .generators import used
from .known import Fact, of_functions
from .quotients import Quotients


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
