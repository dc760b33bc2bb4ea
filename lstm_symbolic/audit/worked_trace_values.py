"""A trace recomputed with the document's own equations of a memory cell, in fractions, or in balls where g is a sigmoid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..expr.term import Term, time_shift
from ..proof.balls import FUNCTIONS
from .judge import Judged
from .worked_numeric import ball
from .worked_trace_reading import Step, Trace
from .worked_values import Stated

#: The symbols of the memory cell of the zoo -> the part of a step that gives their value.
PARTS = {"z": "input", "z_i": "input_gate", "z_f": "forget_gate", "z_o": "output_gate"}


@dataclass(frozen=True)
class Reading:
    """What g, the function of the input, is taken for; the numbers are of the kind that it gives."""

    name: str
    number: Callable[[Fraction], Any]
    g: Callable[[Any], Any]


IDENTITY, SIGMOID = Reading("identity", lambda x: x, lambda x: x), Reading("sigmoid", ball, FUNCTIONS["sigmoid"])


@dataclass(frozen=True)
class Row:
    """One step recomputed: for the memory and the output, the values that follow from the numbers before it (none: not computable)."""

    step: Step
    values: Mapping[str, tuple[Any, ...]]
    reading: Reading

    @property
    def wrong(self) -> list[str]:
        """Parts whose printed number is certainly none of the values."""
        known = [(p, self.step.parts[p], right) for p, right in self.values.items() if right and p in self.step.parts]
        return [p for p, s, right in known if all(self.differs(s, x) for x in right)]

    def differs(self, s: Stated, x: Any) -> bool:
        """More than half a unit of the last printed digit away, at every point of the ball."""
        return bool(abs(x - self.reading.number(s.value)) > self.reading.number(s.unit / 2))


#: A known cell's symbol and how many steps back.
Known = Mapping[tuple[str, int], Any]


def equations(cell: Judged) -> dict[str, Term]:
    """The document's own equations under the roles of the cell; only sums and products of the trace's parts can be computed."""
    assert cell.match is not None
    found = {cell.match.roles.get(d.name, ""): d.value for d in cell.system.definitions}
    return {role: v for role, v in found.items() if all(t.op in ("sym", "num", "call", "add", "mul", "neg") for t in v.walk())}


def recompute(cell: Judged, trace: Trace, reading: Reading) -> list[Row]:
    """Every step from the numbers before it, from the memory as printed and as computed: one slip makes one finding."""
    assert cell.match is not None
    values, roles = equations(cell), cell.match.roles
    before = (reading.number(trace.start),)
    rows = []
    for step in trace.steps:
        given = {(symbol, 0): reading.number(step.parts[part].value) for symbol, part in PARTS.items() if part in step.parts}
        memory = _results(values["c"], roles, [{**given, ("c", -1): m} for m in before], reading)
        now = (*memory, *([reading.number(step.parts["memory"].value)] if "memory" in step.parts else []))
        output = _results(values["a"], roles, [{**given, ("c", 0): m} for m in now], reading)
        rows.append(Row(step, {"memory": memory, "output": output}, reading))
        before = now
    return rows


def _results(term: Term, roles: Mapping[str, str], cases: Sequence[Known], reading: Reading) -> tuple[Any, ...]:
    """The different values of an equation; none where the trace leaves out a symbol."""
    needed = {symbol(t, roles) for t in term.walk() if t.op == "sym"}
    values = [evaluate(term, roles, known, reading) for known in cases if needed <= known.keys()]
    return tuple(v for k, v in enumerate(values) if not any(v == w for w in values[:k]))


def symbol(t: Term, roles: Mapping[str, str]) -> tuple[str, int]:
    shift = time_shift(t)
    return roles.get(t.name, t.name), shift or 0


def evaluate(term: Term, roles: Mapping[str, str], known: Known, reading: Reading) -> Any:
    """The value of a term. A gate's value is what the trace prints, after its function; g is the reading's, h the identity."""
    if term.op == "num":
        return reading.number(term.number)
    if term.op == "sym":
        return known[symbol(term, roles)]
    parts = [evaluate(a, roles, known, reading) for a in term.args]
    if term.op == "call":
        return reading.g(parts[0]) if symbol(term.args[0], roles)[0] == "z" else parts[0]
    if term.op == "neg":
        return -parts[0]
    total = parts[0]
    for p in parts[1:]:
        total = total + p if term.op == "add" else total * p
    return total


def count_wrong(rows: Sequence[Row]) -> int:
    return sum(len(r.wrong) for r in rows)


__all__ = ["IDENTITY", "PARTS", "SIGMOID", "Reading", "Row", "count_wrong", "equations", "recompute", "symbol"]
