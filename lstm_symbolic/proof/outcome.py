"""From what was found to a verdict: maps of parameters, special cases, witnesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import MatrixSymbol, Symbol

from ..expr import plain
from .budget import Budget
from .certificate import explicit
from .dag import Dag, Node
from .domain import Condition
from .embed import Embedding, Family, GaveUp, embed, simplicity
from .match import RIGHT
from .refute import Question, find_witness
from .settle import Settled
from .verdict import Instance, Verdict, Witness


def proved(settled: Settled, names: Mapping[str, str]) -> Verdict:
    kind = "proved-where-defined" if settled.where else "proved"
    return Verdict(kind, where=settled.where, names=dict(names), certificate={"method": settled.method})


@dataclass(frozen=True)
class Maps:
    """Embeddings found: the right side's parameters in those of the left (``forth``), and the other way round; ``gave_up`` says why the
    search leaves open whether there are any."""

    forth: Embedding | None = None
    back: Embedding | None = None
    gave_up: str = ""


def find_maps(left: Family, right: Family, dag: Dag, budget: Budget) -> Maps:
    if not left.parameters and not right.parameters:
        return Maps()
    found: list[Embedding | None] = []
    gave_up = ""
    for general, special in ((right, left), (left, right)):
        try:
            found.append(embed(general, special, dag, budget))
        except GaveUp as error:
            found.append(None)
            gave_up = error.message
    if not left.parameters or not right.parameters:
        gave_up = ""  # a side without a choice equals the other for every choice there, or it does not
    return Maps(found[0], found[1], gave_up)


def text_of(embedding: Embedding, form: Callable[[Any], Any] = lambda e: e) -> dict[str, str]:
    """The map as plain text, without what maps to itself."""
    found = {}
    for name, e in embedding.under.items():
        marked = {s: unmarked(s) for s in e.atoms(Symbol, MatrixSymbol) if getattr(s, "name", "").endswith(RIGHT)}
        text = plain(form(e.xreplace(marked)))
        if text != name.removesuffix(RIGHT):
            found[name.removesuffix(RIGHT)] = text
    return found


def unmarked(s: Any) -> Any:
    name = s.name.removesuffix(RIGHT)
    return Symbol(name, real=True) if isinstance(s, Symbol) else MatrixSymbol(name, *s.shape)


def simplest(maps: Maps) -> tuple[dict[str, str], Embedding]:
    """Of the two maps the one that reads more simply."""
    found = [(text_of(e), e) for e in (maps.back, maps.forth) if e is not None]
    return min(found, key=lambda pair: simplicity(pair[0]))


def both_ways(maps: Maps) -> dict[str, dict[str, str]]:
    """Each side's parameters in those of the other, for a certificate."""
    return {side: text_of(e, explicit) for side, e in (("left", maps.back), ("right", maps.forth)) if e is not None}


def instance_of(maps: Maps) -> Instance | None:
    if maps.forth is not None:
        return Instance("right", text_of(maps.forth))
    return Instance("left", text_of(maps.back)) if maps.back is not None else None


def apart(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The values of the left, and of what only the right has."""
    right = {k.replace(RIGHT, ""): v for k, v in values.items() if RIGHT in k}
    return {"values": {k: v for k, v in values.items() if RIGHT not in k}, "values_right": right}


def refuted(
    stages: Iterable[list[tuple[Node, Node]]],
    settled: Settled,
    maps: Maps,
    budget: Budget,
    domain: tuple[Condition, ...] = (),
    gates: frozenset[str] = frozenset(),
) -> Verdict:
    """A witness for the first stage that has one; else undecided."""
    for steps, pairs in enumerate(stages, 1):
        if all(a is b for a, b in pairs):
            continue
        witness = find_witness(Question(pairs, domain, gates=gates), budget)
        if witness is not None:
            if maps.gave_up:
                return Verdict("undecided", reason=f"for the same parameters the sides differ; of other parameters: {maps.gave_up}")
            values = {k.replace(RIGHT, ""): v for k, v in witness.values.items()}
            place = {**witness.place, "steps": steps, **apart(witness.place["values"])}
            shown = Witness(values, witness.left, witness.right, place)
            return Verdict("refuted", witness=shown, instance=instance_of(maps))
    return Verdict("undecided", reason=settled.reason or "no proof and no witness was found")
