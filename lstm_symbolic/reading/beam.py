"""The beam: a few cheapest readings are kept at every node, so that ambiguity costs a little and never explodes."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..expr.term import Term

BEAM = 8
#: Readings that cost this much more than the best one are given up.
MARGIN = 3.2

Kinds = Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """One way to read a node: its cost, kind and term, and the kinds of the symbols met so far."""

    cost: float
    kind: str
    term: Term
    kinds: Kinds


@dataclass(frozen=True)
class Threaded:
    """Several nodes read one after the other under the same kinds."""

    cost: float
    items: tuple[Reading, ...]
    kinds: Kinds


class Costed(Protocol):
    """Anything that the beam holds."""

    @property
    def cost(self) -> float: ...


_Costed = TypeVar("_Costed", bound="Costed")


def prune(readings: list[_Costed]) -> list[_Costed]:
    """The cheapest few."""
    if len(readings) < 2:
        return readings
    readings.sort(key=_cost)
    limit = readings[0].cost + MARGIN
    return [r for r in readings[:BEAM] if r.cost <= limit]


_cost = operator.attrgetter("cost")
