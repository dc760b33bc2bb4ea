"""Pairings of a document's equations with a known cell's, likely ones first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import lru_cache

#: Letters that documents use for one role.
_ROLES = tuple(
    set(letters.split())
    for letters in (
        "h a y s H H1", "c C s C1", "f F F1 G_f Gamma_f", "i I I1 u j G_u Gamma_u Gamma_i G_i", "o O O1 q G_o Gamma_o",
        "C_tilde c_tilde g G C_hat c_hat C_bar c_bar CT1 a z n h_tilde h_hat h_bar", "z u G_u Gamma_u", "r R G_r Gamma_r", "x X",
    )
)  # fmt: skip


def assignments(mine: Mapping[str, str], known: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Pairings: within one form in every order, then what is left over by every order."""
    groups = []
    left, free = list(mine), list(known)
    for key in dict.fromkeys(mine.values()):
        a = [n for n in mine if mine[n] == key]
        b = [n for n in known if known[n] == key]
        if b:
            groups.append(list(_pairings(a, b)))
            if len(a) <= len(b):
                left = [n for n in left if n not in a]
    for choice in itertools.product(*groups):
        pairs = {k: v for part in choice for k, v in part.items()}
        rest = [n for n in left if n not in pairs]
        open_ = [n for n in free if n not in pairs.values()]
        yield from ({**pairs, **more} for more in _pairings(rest, open_, partial=True))


def _pairings(a: list[str], b: list[str], partial: bool = False) -> Iterator[dict[str, str]]:
    """Injective maps between two lists, likely letters first; with ``partial`` some of ``a`` may stay alone."""
    if not a or not b:
        yield {}
        return
    b = sorted(b, key=lambda n: min((likeness(x, n) for x in a), default=0))
    if len(a) <= len(b):
        orders = sorted(itertools.permutations(b, len(a)), key=lambda p: sum(likeness(x, y) for x, y in zip(a, p, strict=True)))
        for p in orders[:240]:
            yield dict(zip(a, p, strict=True))
    else:
        orders = sorted(itertools.permutations(a, len(b)), key=lambda p: sum(likeness(x, y) for x, y in zip(p, b, strict=True)))
        for p in orders[:240]:
            yield dict(zip(p, b, strict=True))
        for p in orders[:24]:
            for k in range(len(b)):
                yield {x: y for j, (x, y) in enumerate(zip(p, b, strict=True)) if j != k}
    if partial and len(a) > 1:
        yield {}


@lru_cache(maxsize=4096)
def likeness(mine: str, known: str) -> float:
    """0 for the same letter, 1 for a usual other one, 2 else; for breaking ties only."""
    if mine == known:
        return 0.0
    if mine.lower() == known.lower():
        return 0.3
    return 1.0 if any(mine in r and known in r for r in _ROLES) else 2.0
