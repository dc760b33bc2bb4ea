"""Functions that a document leaves open: ``\\phi_h``, ``\\sigma_c``, ``g``, ``act``.

A text that names its nonlinearities is matched with the usual ones in their places, and the report says which was taken for which. A cell
of the zoo that leaves its functions open itself is matched as it stands first.
"""

from __future__ import annotations

import itertools
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
        trial = settled(system, table)
        found = recognise(trial, NEAR if best[1] is None else best[1].score, asked)
        if found is not None:
            best = trial, found
    return best


def open_functions(system: NormalSystem) -> list[str]:
    """Names applied to one argument that are no known function, in order."""
    calls = (t for d in system.definitions for t in d.value.walk() if t.op == "call" and len(t.args) == 1)
    return list(dict.fromkeys(t.name for t in calls if t.name not in FUNCTIONS))


def settled(system: NormalSystem, table: dict[str, str]) -> NormalSystem:
    """The system with functions replaced."""

    def walk(t: Term) -> Term:
        name = table.get(t.name, t.name) if t.op == "call" else t.name
        return replace(t, name=name, args=tuple(walk(a) for a in t.args))

    definitions = tuple(replace(d, value=walk(d.value)) for d in system.definitions)
    notes = [
        Interpretation("N512", tuple(d.formula for d in system.definitions if any(t.name == name for t in d.value.walk()))[:1], name, usual,
                       f"the function {name} is left open and taken for {usual}")
        for name, usual in table.items()
    ]  # fmt: skip
    return replace(system, definitions=definitions, interpretations=(*system.interpretations, *notes))
