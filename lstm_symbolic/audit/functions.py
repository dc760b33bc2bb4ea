"""Functions that a document leaves open: ``\\phi_h``, ``\\sigma_c``, ``g``, ``act``.

A text that names its nonlinearities is matched with the usual ones in their places, and the report says which was taken for which. A cell
of the zoo that leaves its functions open itself is matched as it stands first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from ..expr.functions import FUNCTIONS
from ..expr.term import Term
from .interpret import Interpretation
from .normal import NormalSystem
from .recognise import NEAR, Match, recognise

USUAL = ("tanh", "sigmoid")
MAX_OPEN = 4


def recognised(system: NormalSystem, asked: str = "") -> tuple[NormalSystem, Match | None]:
    """The system, with its open functions settled where that makes it a known cell, and the match."""
    match = recognise(system, asked=asked)
    names = open_functions(system)
    if not names or len(names) > MAX_OPEN or (match is not None and len(match.exact) == len(system.definitions)):
        return system, match
    best = system, match
    for choice in itertools.product(USUAL, repeat=len(names)):
        table = dict(zip(names, choice, strict=True))
        best = _better(best, settled(system, table), asked)
    if len(names) == 1 and (best[1] is None or best[1].wrong):
        for each in _by_equation(system, names[0]):
            best = _better(best, each, asked)
    return best


def _better(best: tuple[NormalSystem, Match | None], trial: NormalSystem, asked: str) -> tuple[NormalSystem, Match | None]:
    found = recognise(trial, NEAR if best[1] is None else best[1].score, asked)
    return best if found is None else (trial, found)


def _by_equation(system: NormalSystem, name: str) -> Iterator[NormalSystem]:
    """One letter for every squashing function, "f is a sigmoid or a tanh": the usual ones in each equation by itself."""
    users = [d.name for d in system.definitions if any(t.op == "call" and t.name == name for t in d.value.walk())]
    if not 1 < len(users) <= MAX_OPEN:
        return
    for choice in itertools.product(USUAL, repeat=len(users)):
        if len(set(choice)) > 1:
            mixed = system
            for usual in USUAL:
                mixed = settled(mixed, {name: usual}, frozenset(u for u, c in zip(users, choice, strict=True) if c == usual))
            yield mixed


def open_functions(system: NormalSystem) -> list[str]:
    """Names applied to one argument that are no known function, in order."""
    calls = (t for d in system.definitions for t in d.value.walk() if t.op == "call" and len(t.args) == 1)
    return list(dict.fromkeys(t.name for t in calls if t.name not in FUNCTIONS))


def settled(system: NormalSystem, table: dict[str, str], where: frozenset[str] | None = None) -> NormalSystem:
    """The system with functions replaced, in the equations that define ``where`` (None: in all)."""

    def walk(t: Term) -> Term:
        name = table.get(t.name, t.name) if t.op == "call" else t.name
        return replace(t, name=name, args=tuple(walk(a) for a in t.args))

    chosen = [d for d in system.definitions if where is None or d.name in where]
    definitions = tuple(replace(d, value=walk(d.value)) if d in chosen else d for d in system.definitions)
    notes = [
        Interpretation("N512", tuple(d.formula for d in chosen if any(t.name == name for t in d.value.walk()))[:1], name, usual,
                       f"the function {name} is left open and taken for {usual}")
        for name, usual in table.items()
    ]  # fmt: skip
    return replace(system, definitions=definitions, interpretations=(*system.interpretations, *notes))
