"""The factors of one product: equal ones become a power, deltas are contracted."""

from __future__ import annotations

from typing import Any

from .labels import Factor, Monomial

DELTA = 0


def merge(factors: list[Factor], idempotent: set[int]) -> list[Factor]:
    """Equal factors become a power; a delta is symmetric, and it and a step function are their own square."""
    powers: dict[tuple[int, tuple[int, ...], tuple[int, ...]], Any] = {}
    for head, refs, shifts, power in factors:
        if head == DELTA:
            if refs[0] == refs[1]:
                continue
            refs = (max(refs), min(refs))
        same = (head, refs, shifts)
        powers[same] = 1 if head in idempotent else powers.get(same, 0) + power
    return [(h, r, s, p) for (h, r, s), p in powers.items() if p]


def contract(factors: list[Factor], dims: dict[int, int], idempotent: set[int]) -> list[Factor]:
    """Replace an index by the other one of its delta: a bound one vanishes, of two free ones the column becomes the row."""
    for f in factors:
        if f[0] != DELTA:
            continue
        keep, drop = f[1]
        rest = [g for g in factors if g is not f]
        if keep > 0:
            keep, drop = drop, keep
            dims.pop(drop)
        elif any(drop in g[1] for g in rest):
            rest.append(f)
        else:
            continue
        renamed = [g if g is f else (g[0], tuple(keep if r == drop else r for r in g[1]), g[2], g[3]) for g in rest]
        return contract(merge(renamed, idempotent), dims, idempotent)
    return factors


def components(m: Monomial) -> list[tuple[list[Factor], dict[int, int], dict[tuple[int, int], int]]]:
    """The groups of factors that are connected by bound indices."""
    group = {b: b for b in range(1, len(m[1]) + 1)}

    def root(b: int) -> int:
        while group[b] != b:
            b = group[b]
        return b

    links = [[r for r in f[1] if r > 0] for f in m[0]] + [[x for x in (a, b) if x > 0] for a, b, _ in m[2]]
    for link in links:
        for b in link[1:]:
            group[root(b)] = root(link[0])
    result = []
    for lead in sorted({root(b) for b in group}):
        mine = {b: m[1][b - 1] for b in group if root(b) == lead}
        factors = [f for f in m[0] if any(r in mine for r in f[1])]
        result.append((factors, mine, {(a, b): w for a, b, w in m[2] if a in mine or b in mine}))
    return result
