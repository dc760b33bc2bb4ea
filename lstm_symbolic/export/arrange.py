"""In which order things stand in memory, so that what one call works on is one range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, permutations
from typing import TypeVar

Item = TypeVar("Item")

#: Up to this many things every order is tried; beyond, exchanges of two are made as long as they help.
_ALL = 6


def arrange(items: Sequence[Item], cost: Callable[[Sequence[Item]], float]) -> tuple[Item, ...]:
    """The order of least cost; the given one where nothing is better.

    >>> arrange("abc", lambda order: abs(order.index("a") - order.index("c")))
    ('a', 'c', 'b')
    """
    best = tuple(items)
    if len(best) <= _ALL:
        return min(permutations(best), key=cost)
    least = cost(best)
    improved = True
    while improved:
        improved = False
        for i, j in combinations(range(len(best)), 2):
            for candidate in (_exchanged(best, i, j), _moved(best, i, j)):
                if (price := cost(candidate)) < least:
                    best, least, improved = candidate, price, True
    return best


def _exchanged(order: tuple[Item, ...], i: int, j: int) -> tuple[Item, ...]:
    result = list(order)
    result[i], result[j] = result[j], result[i]
    return tuple(result)


def _moved(order: tuple[Item, ...], i: int, j: int) -> tuple[Item, ...]:
    result = list(order)
    result.insert(j, result.pop(i))
    return tuple(result)
