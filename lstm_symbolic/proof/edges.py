"""Points on and between the edges of comparisons: where p > q on one side and p > q + q/10^9 on the other, the values differ in a thin
band that no point of small numbers meets. The edge of every comparison is bracketed along each symbol, and the simplest fractions on
and between edges are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

from .dag import SCALAR, Node, walk

#: Comparisons, by their names as functions of two arguments.
COMPARISONS = {"gt", "ge", "lt", "le", "eq", "ne"}
#: Where signs are looked up along a symbol, before edges between them are bracketed.
GRID = tuple(Fraction(x) for x in (-50, -10, -5, -3, -2, -1, "-1/2", "-1/10", 0, "1/10", "1/2", 1, 2, 3, 5, 10, 50))
STEPS = 60

Bracket = tuple[Fraction, Fraction]


def comparisons(roots: Iterable[Node]) -> list[tuple[Node, Node]]:
    """The two arguments of every comparison of numbers."""
    found = (n for n in walk(roots) if n.op == "fn" and n.data in COMPARISONS and n.shape == SCALAR)
    return list(dict.fromkeys((n.args[0], n.args[1]) for n in found))


def along(sign: Callable[[Fraction], int | None]) -> Iterator[Bracket]:
    """Brackets of the places where a sign changes; of one point where it is zero on the grid.

    >>> [(float(low), float(high)) for low, high in along(lambda x: (3 * x > 7) - (3 * x < 7))][0][0]
    2.3333333333333335
    """
    signs = [(v, sign(v)) for v in GRID]
    yield from ((v, v) for v, s in signs if s == 0)
    for (low, a), (high, b) in pairwise(signs):
        if a is None or b is None or a * b >= 0:
            continue
        for _ in range(STEPS):
            middle = (low + high) / 2
            s = sign(middle)
            if s is None or s == 0:
                low, high = (middle, middle) if s == 0 else (low, high)
                break
            low, high = (middle, high) if s == a else (low, middle)
        yield low, high


def candidates(edges: Iterable[Bracket]) -> Iterator[Fraction]:
    """The simplest fraction on each edge, and between each two.

    >>> [str(v) for v in candidates([(Fraction(1), Fraction(1)), (Fraction(1001, 1000), Fraction(1001, 1000))])]
    ['1', '1001/1000', '1501/1500']
    """
    ordered = sorted(set(edges))
    yield from (simplest(low, high) for low, high in ordered)
    for (_, low), (high, _) in pairwise(ordered):
        third = (high - low) / 3
        if third > 0:
            yield simplest(low + third, high - third)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of least denominator from low to high (Stern and Brocot's tree).

    >>> print(simplest(Fraction(33, 100), Fraction(34, 100)), simplest(Fraction(-7, 2), Fraction(-3, 2)))
    1/3 -2
    """
    if low > high:
        low, high = high, low
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest(-high, -low)
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    whole = low.numerator // low.denominator
    return whole + 1 / simplest(1 / (high - whole), 1 / (low - whole))


def sign_of(difference: Any) -> int | None:
    """The sign of a ball; None where it is open."""
    return 1 if difference > 0 else -1 if difference < 0 else 0 if difference.is_zero() else None
