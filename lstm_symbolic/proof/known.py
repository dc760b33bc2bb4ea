"""What is known of exponentials, logarithms and roots, as polynomials of their generators that are positive or not negative.

``exp(u) >= 1 + u``; a logarithm or a root is not below that of any one term of a sum of nothing negative.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flint import fmpq

from .generators import used
from .quotients import Quotients

Fact = tuple[Any, bool]


def of_functions(field: Quotients) -> Iterator[Fact]:
    """Polynomials that are positive (or not negative) because of what their generators are."""
    g = field.g
    for i, (n, d) in field.exponents:
        if not used(d):
            yield g.gens[i] - 1 - n / d.leading_coefficient(), False  # exp(u) >= 1 + u
    for i, u in field.logs.items():
        for e, c, strict in _largest(field, u):
            logarithm = _log(field, e)
            if logarithm is not None:
                yield g.gens[i] - logarithm, strict or c > 1
    for i, u in field.roots.items():
        for e, _, strict in _largest(field, u):
            if all(x % 2 == 0 for x in e):
                m = _monomial(field, tuple(x // 2 for x in e))
                yield g.gens[i] - m, strict
                yield g.gens[i] + m, strict


def _largest(field: Quotients, u: Any) -> Iterator[tuple[tuple[int, ...], Any, bool]]:
    """The monomials (with coefficients from 1 on) that a sum of nothing negative is not below; whether it is above them."""
    terms = [(tuple(int(x) for x in e), c) for e, c in u.terms()]
    signs = [_sign(field, e, c) for e, c in terms]
    for k, (e, c) in enumerate(terms):
        if c >= 1 and None not in signs:
            yield e, c, any(s == 1 for j, s in enumerate(signs) if j != k)


def _sign(field: Quotients, e: tuple[int, ...], c: Any) -> int | None:
    """1: positive; 0: not negative; None: not known."""
    if c < 0 or any(x % 2 and not field.g.positive[i] for i, x in enumerate(e)):
        return None
    return int(all(x == 0 or field.g.positive[i] for i, x in enumerate(e)))


def _log(field: Quotients, e: tuple[int, ...]) -> Any | None:
    """The logarithm of a product of exponentials; None where it is none, or no polynomial."""
    exponents, total = dict(field.exponents), field.g.one * 0
    for i, x in enumerate(e):
        if x and (i not in exponents or used(exponents[i][1])):
            return None
        if x:
            n, d = exponents[i]
            total = total + n * fmpq(x) / d.leading_coefficient()
    return total


def _monomial(field: Quotients, e: tuple[int, ...]) -> Any:
    result = field.g.one
    for i, x in enumerate(e):
        result = result * field.g.gens[i] ** x
    return result
