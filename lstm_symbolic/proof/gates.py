"""Which gate plays which part: maps from the slots of a general system to those of a special one, each with a sign.

Everything is found by evaluating skeletons at size 1 with balls of 200 bits: switch on one slot of the special system at a time and see
which slots of the general one do the same. What comes out are candidates; each is proved afterwards on the full systems.
"""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterator
from fractions import Fraction

import flint

from .balls import Balls
from .budget import Budget
from .dag import write_symbol
from .evaluate import Evaluation, Matrix, Point, names_of_dims, times_of
from .slots import Skeleton

#: slot of the general system -> (sign, slot of the special system); None: the slot is 0.
GateMap = dict[int, tuple[int, int] | None]
Reading = tuple[str, ...]


class Probe:
    """Values of one skeleton for given values of its slots."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self.names = [s.symbol.data[0] for s in skeleton.slots]
        roots = list(skeleton.roots)
        self.dims = dict.fromkeys(names_of_dims(roots), 1)
        self.times = dict.fromkeys(times_of(roots), 2)
        self.seen: dict[tuple[Fraction, ...], Reading] = {}

    def __call__(self, values: tuple[Fraction, ...]) -> Reading:
        if values not in self.seen:
            self.seen[values] = self._evaluate(dict(zip(self.names, values, strict=True)))
        return self.seen[values]

    def _evaluate(self, values: dict[str, Fraction]) -> Reading:
        ball = Balls()

        def symbol(name: str, index: tuple[int, ...], rows: int, cols: int) -> Matrix:
            value = values.get(name)
            if value is None:
                value = constant(write_symbol(name, tuple(("", i) for i in index)))
            return [[ball.number(value)] * cols for _ in range(rows)]

        evaluation = Evaluation(ball, Point(self.dims, self.times, symbol))
        return tuple(_digits(x) for root in self.skeleton.roots for row in evaluation(root) for x in row)


def _digits(x: flint.arb) -> str:
    return str(x.str(40, radius=False)) if x.is_finite() else "undefined"


def constant(name: str) -> Fraction:
    """A fixed value for a state or an input, the same on both sides."""
    return Fraction(random.Random(zlib.crc32(name.encode())).randint(200, 900), 1000)


def gate_maps(general: Skeleton, special: Skeleton, budget: Budget) -> Iterator[GateMap]:
    """Candidate maps, the plainest first: the same slots, then more signs and more slots that share a part."""
    old, flint.ctx.prec = flint.ctx.prec, 200
    try:
        yield from _maps(Probe(general), Probe(special), budget)
    finally:
        flint.ctx.prec = old


def _maps(general: Probe, special: Probe, budget: Budget) -> Iterator[GateMap]:
    count, parts = len(general.names), len(special.names)
    on = Fraction(7, 11)
    zero = (Fraction(0),) * count
    support = count if count <= 5 else 2
    table: dict[Reading, list[dict[int, int]]] = {}
    for size in range(support + 1):
        for chosen in itertools.combinations(range(count), size):
            budget.check()
            for signs in itertools.product((1, -1), repeat=size):
                active = dict(zip(chosen, signs, strict=True))
                values = tuple(active.get(k, 0) * on for k in range(count))
                table.setdefault(general(values), []).append(active)
    base = special((Fraction(0),) * parts)
    if general(zero) != base:
        return
    choices = []
    for j in range(parts):
        found = table.get(special(tuple(on if k == j else Fraction(0) for k in range(parts))), [])
        choices.append(sorted(found, key=lambda a, j=j: _cost(general, special, a, j)))  # type: ignore[misc]
    test = tuple(Fraction(random.Random(k).randint(-900, 900), 1000) for k in range(parts))
    expected = special(test)
    for chosen_parts in _disjoint(choices, 0, {}):
        budget.check()
        values = tuple(chosen_parts[k][0] * test[chosen_parts[k][1]] if k in chosen_parts else Fraction(0) for k in range(count))
        if general(values) == expected:
            yield {k: chosen_parts.get(k) for k in range(count)}


def _cost(general: Probe, special: Probe, active: dict[int, int], part: int) -> tuple[int, int, int]:
    """One slot for one part, no sign, and the same place in the order of appearance are plain."""
    return (abs(len(active) - 1), sum(s < 0 for s in active.values()), sum(abs(k - part) for k in active))


def _disjoint(choices: list[list[dict[int, int]]], part: int, active: dict[int, tuple[int, int]]) -> Iterator[dict[int, tuple[int, int]]]:
    """One choice for each part, no slot twice."""
    if part == len(choices):
        yield dict(active)
        return
    for choice in choices[part]:
        if not any(k in active for k in choice):
            added = {k: (sign, part) for k, sign in choice.items()}
            yield from _disjoint(choices, part + 1, {**active, **added})
