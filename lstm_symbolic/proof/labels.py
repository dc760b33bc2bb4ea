"""Canonical labels for the bound indices of a product, so that two products that differ in the names of their indices are one.

A factor is ``(head, refs, shifts, power)``. ``refs`` are its indices: positive numbers are bound (summed), negative ones free, 0 is the
constant time 0. The last ``len(shifts)`` refs are times, ``h[t-1]`` has ref t and shift -1. ``dims`` maps a bound index to its dimension
(TIME for a running time); ``bounds`` holds ``(a, b): w`` for a - b <= w, closed, so equal sets of times have equal bounds.

The labels come from colour refinement; ties are broken by trying every member of the first tied class and keeping the least result,
which is canonical whatever the symmetry (the usual graph labelling).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .budget import Budget, Exhausted

Factor = tuple[int, tuple[int, ...], tuple[int, ...], Any]
Bounds = dict[tuple[int, int], int]
Monomial = tuple[tuple[Factor, ...], tuple[int, ...], tuple[tuple[int, int, int], ...]]

TIME = 0
MAX_TIES = 5000


def close(bounds: Bounds) -> Bounds:
    """The tightest differences that follow (shortest paths): the canonical form of a set of integer points."""
    nodes = sorted({x for pair in bounds for x in pair})
    best = dict(bounds)
    for k in nodes:
        for i in nodes:
            if (i, k) not in best:
                continue
            for j in nodes:
                if i != j and (k, j) in best:
                    w = best[i, k] + best[k, j]
                    if w < best.get((i, j), w + 1):
                        best[i, j] = w
    return best


def anchor(factors: list[Factor], dims: dict[int, int], bounds: Bounds) -> tuple[list[Factor], Bounds]:
    """Shift every running time so that it starts at 0 above its anchor: Sum over t = 1..T of f[t] is that of f[t+1] over 0..T-1."""
    bounds = close(bounds)
    offset: dict[int, int] = {}
    for v in (b for b, d in dims.items() if d == TIME):
        below = [(a != 0, -a, -w) for (a, b), w in bounds.items() if b == v and a <= 0]
        if below:
            offset[v] = min(below)[2]
    moved = {(a, b): w - offset.get(a, 0) + offset.get(b, 0) for (a, b), w in bounds.items() if a > 0 or b > 0}
    shifted = []
    for head, refs, shifts, power in factors:
        times = refs[len(refs) - len(shifts) :]
        shifted.append((head, refs, tuple(s + offset.get(r, 0) for r, s in zip(times, shifts, strict=True)), power))
    return shifted, moved


def canonical(factors: Iterable[Factor], dims: dict[int, int], bounds: Bounds, budget: Budget) -> Monomial:
    """The monomial with bound indices 1, 2, ... in canonical order."""
    factors = list(factors)
    if not dims:
        return tuple(sorted(factors)), (), ()
    if TIME in dims.values():
        factors, bounds = anchor(factors, dims, bounds)
    if len(dims) == 1:
        return _labelled(factors, dims, bounds, list(dims))
    best: list[Monomial | None] = [None]
    tries = [0]

    def search(colour: dict[int, int]) -> None:
        colour = refine(factors, bounds, colour)
        classes: dict[int, list[int]] = {}
        for b in dims:
            classes.setdefault(colour[b], []).append(b)
        tie = next((c for c in sorted(classes) if len(classes[c]) > 1), None)
        if tie is None:
            tries[0] += 1
            if tries[0] > MAX_TIES:
                raise Exhausted("a product with too many interchangeable indices")
            found = _labelled(factors, dims, bounds, sorted(dims, key=lambda b: colour[b]))
            if best[0] is None or found < best[0]:
                best[0] = found
            return
        budget.check()
        for x in classes[tie]:
            search({b: 2 * c - (b == x) for b, c in colour.items()})

    order = sorted(set(dims.values()))
    search({b: order.index(d) for b, d in dims.items()})
    assert best[0] is not None
    return best[0]


def refine(factors: list[Factor], bounds: Bounds, colour: dict[int, int]) -> dict[int, int]:
    """Split the colours of indices by the factors they stand in, until nothing splits."""
    places: dict[int, list[tuple[Factor, int]]] = {b: [] for b in colour}
    for f in factors:
        for position, r in enumerate(f[1]):
            if r > 0:
                places[r].append((f, position))
    count = len(set(colour.values()))
    while True:
        new = {}
        for b in colour:
            seen = [
                (head, shifts, power, position, tuple((2, 0) if r == b else (1, colour[r]) if r > 0 else (0, r) for r in refs))
                for (head, refs, shifts, power), position in places[b]
            ]
            near = [(w, x == b, colour.get(y if x == b else x, y if x == b else x)) for (x, y), w in bounds.items() if b in (x, y)]
            new[b] = (colour[b], tuple(sorted(seen)), tuple(sorted(near)))
        rank = {value: k for k, value in enumerate(sorted(set(new.values())))}
        colour = {b: rank[new[b]] for b in colour}
        if len(rank) == count:
            return colour
        count = len(rank)


def _labelled(factors: list[Factor], dims: dict[int, int], bounds: Bounds, order: list[int]) -> Monomial:
    label = {b: k for k, b in enumerate(order, 1)}
    renamed = sorted((head, tuple(label.get(r, r) for r in refs), shifts, power) for head, refs, shifts, power in factors)
    limits = sorted((label.get(a, a), label.get(b, b), w) for (a, b), w in bounds.items())
    return tuple(renamed), tuple(dims[b] for b in order), tuple(limits)
