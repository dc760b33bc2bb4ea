"""Intervals of real numbers with exact ends, each closed or open, and their arithmetic: sums, products, squares, hulls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import sympy
from sympy import Expr


@dataclass(frozen=True)
class Interval:
    """All values between two ends; an open end is not one of them.

    >>> print(Interval(0, 1, True, True), Interval(-1, 1) + Interval(0, 1, True, True), Interval(0, 2) * Interval(-1, 1, True, True))
    (0, 1) (-1, 2) (-2, 2)
    """

    low: Expr
    high: Expr
    low_open: bool = False
    high_open: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, sympy.sympify(getattr(self, name)))
        object.__setattr__(self, "low_open", self.low_open or self.low == -sympy.oo)
        object.__setattr__(self, "high_open", self.high_open or self.high == sympy.oo)

    def __str__(self) -> str:
        return f"{'(' if self.low_open else '['}{self.low}, {self.high}{')' if self.high_open else ']'}"

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low, self.high_open, self.low_open)

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high, self.low_open or other.low_open, self.high_open or other.high_open)

    def __mul__(self, other: Interval) -> Interval:
        """The hull of the products of the ends; an end that only an open end reaches is open, except at 0 against a closed 0."""
        ends = [(a * b if 0 not in (a, b) else sympy.Integer(0), _missed(a, a_open, b, b_open))
                for a, a_open in self.ends for b, b_open in other.ends]  # fmt: skip
        low, high = min(v for v, _ in ends), max(v for v, _ in ends)
        return Interval(low, high, all(o for v, o in ends if v == low), all(o for v, o in ends if v == high))

    @property
    def ends(self) -> tuple[tuple[Expr, bool], ...]:
        return (self.low, self.low_open), (self.high, self.high_open)

    @property
    def size(self) -> Expr:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    def hull(self, other: Interval) -> Interval:
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Interval(low, high, _open(low, (self.low, self.low_open), (other.low, other.low_open)),
                        _open(high, (self.high, self.high_open), (other.high, other.high_open)))  # fmt: skip

    def squared(self) -> Interval:
        """All squares; 0 is one of them only where it is reached.

        >>> print(Interval(-1, 2).squared(), Interval(0, 2, True).squared())
        [0, 4] (0, 4]
        """
        square = self * self
        reached = self.low < 0 < self.high or any(end == 0 and not is_open for end, is_open in self.ends)
        return Interval(0, square.high, not reached, square.high_open) if self.low <= 0 <= self.high else square

    def within(self, low: Expr, high: Expr) -> bool:
        return bool(low <= self.low and self.high <= high)


def _missed(a: Expr, a_open: bool, b: Expr, b_open: bool) -> bool:
    """Is the product of two ends never reached? 0 is, as soon as one of the ends is a closed 0."""
    if (a == 0 and not a_open) or (b == 0 and not b_open):
        return False
    return a_open or b_open


def _open(end: Expr, *sides: tuple[Expr, bool]) -> bool:
    return all(is_open for value, is_open in sides if value == end)


#: Every real number.
LINE = Interval(-sympy.oo, sympy.oo)


def hull(found: Iterable[Interval]) -> Interval:
    """The least interval around several."""
    return reduce(Interval.hull, found)
