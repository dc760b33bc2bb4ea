"""The systems of an audit against each other, against the cells they are, and against what the user asked for."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from ..errors import LstmSymbolicError
from ..expr.plain import write
from ..proof import System, Verdict, compare_systems
from .judge import Judged, carried, prover_system
from .models import models
from .processes import mapped
from .recognise import SAME_ROLE
from .report import Comparison


def with_zoo(judged: Sequence[tuple[str, Judged]]) -> list[Comparison]:
    """Every system against its own cell."""
    return [
        comparison(key, f"zoo#{j.match.cell}", j.verdict, dict(j.match.roles))
        for key, j in judged
        if j.match is not None and j.verdict is not None
    ]


def pairwise(judged: Sequence[tuple[str, Judged]], jobs: int = 1) -> list[Comparison]:
    """Every two systems, names matched through their cells; what two documents state alike is compared once."""
    pairs = [((left, a), (right, b)) for (left, a), (right, b) in itertools.combinations(judged, 2)]
    tasks = {(_statement(a), _statement(b)): (a, b) for (_, a), (_, b) in pairs}
    verdicts = dict(zip(tasks, mapped(_verdict, list(tasks.values()), jobs), strict=True))
    out = []
    for (left, a), (right, b) in pairs:
        back = {role: mine for mine, role in canonical_roles(b).items()}
        names = {mine: back[role] for mine, role in canonical_roles(a).items() if role in back}
        out.append(comparison(left, right, verdicts[_statement(a), _statement(b)], names))
    return out


def _verdict(pair: tuple[Judged, Judged]) -> Verdict:
    a, b = pair
    if a.match is None or b.match is None:
        return Verdict("undecided", reason="one of the systems is no known cell, so their symbols are not matched")
    outputs = tuple(r for r in canonical_outputs(a) if r in canonical_outputs(b))
    if not outputs:
        return Verdict("undecided", reason="the two systems share no output")
    try:
        return compare_systems(as_system(a, outputs), as_system(b, outputs))
    except LstmSymbolicError as error:
        return Verdict("undecided", reason=error.message)


def _statement(j: Judged) -> Hashable:
    """What a system states, places apart: systems with the same statement compare alike."""
    roles = tuple(sorted(canonical_roles(j).items()))
    return j.system.layout, roles, frozenset((d.name, write(d.value)) for d in j.system.definitions)


def canonical_roles(j: Judged) -> dict[str, str]:
    if j.match is None:
        return {}
    return {mine: SAME_ROLE.get(role, role) for mine, role in j.match.roles.items()}


def canonical_outputs(j: Judged) -> tuple[str, ...]:
    assert j.match is not None
    return tuple(SAME_ROLE.get(r, r) for r in carried(j.system, j.match))


def as_system(j: Judged, outputs: tuple[str, ...]) -> System:
    """A system under the names of its roles."""
    return prover_system(j.system, canonical_roles(j), outputs, j.match)


def comparison(left: str, right: str, verdict: Verdict, names: dict[str, str]) -> Comparison:
    witness = verdict.witness.to_json() if verdict.witness else None
    return Comparison(
        left, right, verdict.kind, {**names, **verdict.names}, dict(verdict.under), witness, dict(verdict.certificate), verdict.reason
    )


def required(judged: Sequence[tuple[str, Judged]], against: Any, demand: Judged | System | None) -> list[Comparison]:
    """Every system against what the user asked for."""
    if demand is None:
        return []
    known = next((m for m in models() if m.name == against), None) if isinstance(against, str) else None
    out = []
    for key, j in judged:
        if known is not None and j.match is not None and j.match.model.name == known.name and j.verdict is not None:
            out.append(replace(comparison(key, f"zoo#{known.name}", j.verdict, dict(j.match.roles)), required=True))
            continue
        out.append(replace(comparison(key, str(against), _held_to(j, demand), {}), required=True))
    return out


def _held_to(j: Judged, demand: Judged | System) -> Verdict:
    """A system against what is demanded of it, names matched through their cells where both are known."""
    if isinstance(demand, Judged) and j.match is not None and demand.match is not None:
        return _verdict((j, demand))
    try:
        wanted = _as_written(demand) if isinstance(demand, Judged) else demand
        return compare_systems(_as_written(j), wanted)
    except LstmSymbolicError as error:
        return Verdict("undecided", reason=error.message)


def _as_written(j: Judged) -> System:
    return prover_system(j.system, {}, tuple(j.system.defined))
