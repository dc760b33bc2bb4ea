"""Numbers are claims too: what a document computes is computed again, and what it never gives is named.

Four questions: is a printed entry far from all others (a lost decimal point), does a worked example leave out a parameter, do the steps
of an example follow from its matrices, and does the trace of a memory cell follow from its equations and from what the text says of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import flint

from ..reading.document import Document, Formula
from .judge import Judged
from .places import finding
from .report import Finding, Table
from .worked_steps import example_system, worked_steps
from .worked_suspicious import suspicious_numbers
from .worked_trace import worked_trace
from .worked_values import Key, Printed, contradictions, printed

#: Bits of the balls: far more than any printed digits need.
PRECISION = 160


def worked(document: Document, judged: Sequence[Judged]) -> tuple[list[Table], list[Finding]]:
    """The tables and the findings of a document's numbers."""
    matrices = printed(document, judged)
    given: dict[Key, Printed] = {}
    for m in matrices:
        given.setdefault(m.key, m)
    with flint.ctx.workprec(PRECISION):
        tables, findings = worked_steps(document, judged, given)
        traces, more = worked_trace(document, judged)
    doubts = [*suspicious_numbers(document, matrices), *contradictions(document, matrices), *never_given(document, judged, given)]
    return [*tables, *traces], [*doubts, *findings, *more]


def never_given(document: Document, judged: Sequence[Judged], given: Mapping[Key, Printed]) -> Iterator[Finding]:
    """Parameters without a value in an example that gives values to most others, at their first use in the steps, or else in the cell."""
    steps = [j for j in judged if j.match is not None and j.system.step is not None]
    cells = [j for j in [example_system(judged, given)] if j is not None]
    for name in dict.fromkeys(p for j in [*steps, *cells] for p in sorted(j.system.parameters)):
        own = [j for j in steps if name in j.system.parameters] or cells
        if (name, None) in given or not _is_example(steps or cells, given):
            continue
        place = next(_uses(document, own, name), None)
        if place is not None:
            f, span = place
            others = sum(1 for _, step in given if step is None)
            message = f"{name} is used and never given a value; the example gives values to {others} others"
            yield finding(document, "W304", span, message, f, wrote=name)


def _is_example(systems: Sequence[Judged], given: Mapping[Key, Printed]) -> bool:
    """Most parameters of the steps have values."""
    parameters = {p for j in systems for p in j.system.parameters}
    return 2 * len([p for p in parameters if (p, None) in given]) > len(parameters)


def _uses(document: Document, systems: Sequence[Judged], name: str) -> Iterator[tuple[Formula, tuple[int, int]]]:
    """Where a parameter stands, in document order."""
    formulas = sorted({k for j in systems for k in j.system.formulas}, key=lambda k: document.formula(k).start)
    for f in map(document.formula, formulas):
        for side in f.equation.sides if f.equation is not None else ():
            for t in side.walk():
                if t.op == "sym" and t.name == name:
                    yield f, t.span if t.span is not None and f.start <= t.span[0] < f.end else (f.start, f.end)


__all__ = ["worked"]
