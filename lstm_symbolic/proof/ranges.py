"""Sums over time whose range is plain: standard ranges, counted steps, and times as numbers.

T >= 1 throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import fmpq

from .labels import Bounds, Factor

if TYPE_CHECKING:
    from .poly import Algebra, Poly

CLOCK = 1


def span_of(algebra: Algebra, b: int, bounds: Bounds) -> tuple[int, int, int] | None:
    """(low, base, high) of a running time that runs from the number low to base + high and depends on no other one."""
    below, above = None, None
    for (x, y), w in bounds.items():
        if y == b and x == 0:
            below = -w
        elif x == b and y <= 0 and (y == 0 or algebra.time_name(y) == "T"):
            above = (y, w)
        elif b in (x, y):
            return None
    return None if below is None or above is None else (below, *above)


def standard_range(
    algebra: Algebra, b: int, span: tuple[int, int, int], factors: list[Factor], dims: dict[int, int], bounds: Bounds
) -> Poly | None:
    """A sum to T over 1..T where its terms are f[t] (their least shift is 0), and single terms: f[T] + Sum(f[t], (t, 1, T - 1)).

    T >= 1, so this holds where the range is never less than empty. None: it is standard already, or has no such form.
    """
    low, base, high = span
    shift = min(s for _, refs, shifts, _ in factors for r, s in zip(refs[len(refs) - len(shifts) :], shifts, strict=True) if r == b)
    low, high = low + shift, high + shift
    if base == 0 or (low, high) == (1, 0) or low > high + 2 or abs(low) + abs(high) > 12:
        return None
    other = {pair: w for pair, w in bounds.items() if b not in pair}
    moved = [algebra.moved(f, {}, {b: -shift}) for f in factors]
    total = algebra.emit(moved, dict(dims), {**other, (0, b): -1, (b, base): 0})
    inner = {k: d for k, d in dims.items() if k != b}
    singles = [(0, k, 1) for k in range(low, 1)] + [(0, k, -1) for k in range(1, low)]
    singles += [(base, k, 1) for k in range(1, high + 1)] + [(base, k, -1) for k in range(high + 1, 1)]
    for ref, at, sign in singles:
        term = [algebra.moved(f, {b: ref}, {b: at}) for f in moved]
        total = algebra.add(total, algebra.scale(algebra.emit(term, dict(inner), dict(other)), fmpq(sign)))
    return total


def steps_of(algebra: Algebra, span: tuple[int, int, int]) -> Poly | None:
    """How often a running time runs that nothing depends on: T for 1..T (T >= 1)."""
    low, base, high = span
    steps = high - low + 1
    if base == 0:
        return algebra.constant(fmpq(max(0, steps)))
    return algebra.add(algebra.factor(CLOCK, (base,), (0,)), algebra.constant(fmpq(steps))) if steps >= -1 else None


def expand_clock(algebra: Algebra, rest: list[Factor], f: Factor, dims: dict[int, int], bounds: Bounds) -> Poly:
    """The number t + 2 is t plus 2 (and the constant time 3 is 3)."""
    _, refs, (shift,), power = f
    if power != 1:
        return expand_clock(algebra, [*rest, (CLOCK, refs, (shift,), power - 1)], (CLOCK, refs, (shift,), 1), dims, bounds)
    with_shift = algebra.scale(algebra.emit(rest, dict(dims), dict(bounds)), fmpq(shift))
    return with_shift if refs == (0,) else algebra.add(algebra.emit([*rest, (CLOCK, refs, (0,), 1)], dims, bounds), with_shift)
