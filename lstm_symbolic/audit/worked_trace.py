"""The trace of a scalar memory cell as a list: inputs, gates that are open or closed, the memory, the output, step after step.

Every printed number is recomputed, in exact fractions, with the document's own equations of the cell; an open gate is 1, a closed one 0,
and the functions around the input and the memory are the identity unless the text says otherwise. Where the text says that the input
passes through a sigmoid and the numbers follow only without it, words and numbers contradict each other: the ball around the sigmoid
of the input proves that the printed memory is another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from ..expr.plain import write
from ..reading.document import Document, Formula
from .judge import Judged
from .places import finding, fix, label, where
from .report import Finding, Table
from .worked_trace_reading import Step, Trace, read_trace
from .worked_trace_values import IDENTITY, PARTS, SIGMOID, Row, count_wrong, equations, recompute, symbol
from .worked_values import Stated

#: The memory cell of the zoo, and what its results are called in a trace.
_CELL, _RESULTS = "lstm_lee", {"c": "memory", "a": "output"}
_THROUGH = re.compile(
    r"(?:通過|通过|經過|经过|through|qua|via|ผ่าน)\s*(?:the |a |an |hàm |ฟังก์ชัน)?\s*(?:sigmoid|logistic|\\sigma|σ)", re.IGNORECASE
)
_NOT = re.compile(r"\bnot\b|n't|không|不|未|ไม่", re.IGNORECASE)


def worked_trace(document: Document, judged: Sequence[Judged]) -> tuple[list[Table], list[Finding]]:
    """The table of a trace, and what its numbers say."""
    trace = read_trace(document.source.text)
    if len(trace.steps) < 2:
        return [], []
    cell = next((j for j in judged if j.match is not None and j.match.cell == _CELL and set(_RESULTS) <= set(equations(j))), None)
    if cell is None:
        message = "the trace of a memory cell is not recomputed: the document has no equations of such a cell"
        return [], [finding(document, "N401", trace.steps[0].span, message)]
    rows = recompute(cell, trace, IDENTITY)
    said = sigmoid_said(document, cell)
    squashed = recompute(cell, trace, SIGMOID) if said is not None else rows
    if said is not None and count_wrong(squashed) <= count_wrong(rows):
        return [_table(trace, squashed)], list(_findings(document, cell, squashed))
    contradiction = _contradiction(document, cell, said, rows, squashed) if said is not None else ()
    return [_table(trace, rows)], [*_findings(document, cell, rows), *contradiction]


# -- what the text says ------------------------------------------------------------------------------------------------------------


def sigmoid_said(document: Document, cell: Judged) -> Formula | None:
    """``z passes through a sigmoid function and gives g(z)``: the formula g(z) of that sentence, where g is the function of the input."""
    assert cell.match is not None
    roles, text = cell.match.roles, document.source.text
    calls = [t for t in equations(cell)["c"].walk() if t.op == "call" and symbol(t.args[0], roles)[0] == "z"]
    wanted = {(t.name, t.args[0].name.lower()) for t in calls}
    for f, g in zip(document.formulas, document.formulas[1:], strict=False):
        if f.equation is None or g.equation is None or len(f.equation.sides) > 1:
            continue
        of, call = f.equation.sides[0], g.equation.sides[0]
        if of.op != "sym" or call.op != "call" or call.args[0].op != "sym":
            continue
        same = call.args[0].name.lower() == of.name.lower() and (call.name, of.name.lower()) in wanted
        between = text[f.end : g.start]
        if same and "\n" not in between and _THROUGH.search(between) and not _NOT.search(between):
            return g
    return None


# -- findings ----------------------------------------------------------------------------------------------------------------------


def _findings(document: Document, cell: Judged, rows: Sequence[Row]) -> Iterator[Finding]:
    """Every wrong number at its place; a note where all agree, or where most do not: then the functions are others."""
    stated = sum(part in row.step.parts for row in rows for part, right in row.values.items() if right)
    if 2 * count_wrong(rows) > stated:
        message = "the trace cannot be recomputed: its numbers follow neither with identities nor with what the text says of g and h"
        yield finding(document, "N401", rows[0].step.span, message)
        return
    how = f"g = {rows[0].reading.name}, h = identity, an open gate 1, a closed one 0"
    for k, row in enumerate(rows, 1):
        for part in row.wrong:
            s, right = row.step.parts[part], _text(row.values[part][0])
            message = f"the {part} of step {k} is {right}, not {s.text}"
            notes = [("values", _printed(row.step)), ("equation", _equation(cell, part)), ("with", how)]
            mend = fix(document, s.span, right) if re.fullmatch(r"-?[\d.]+", right) else None
            wrote, expected = f"{part} = {s.text}", f"{part} = {right}"
            yield finding(document, "E401", s.span, message, wrote=wrote, expected=expected, notes=notes, fix=mend)
    if stated and not count_wrong(rows):
        yield finding(document, "N402", rows[0].step.span, f"{len(rows)} steps, {stated} numbers: all follow from the cell with {how}")


def _contradiction(document: Document, cell: Judged, said: Formula, rows: Sequence[Row], squashed: Sequence[Row]) -> Iterator[Finding]:
    """The first printed memory that the text's sigmoid makes impossible."""
    number, row = next(((k, r) for k, r in enumerate(squashed, 1) if "memory" in r.wrong), (0, squashed[0]))
    if not number:
        return
    s, right = row.step.parts["memory"], _text(row.values["memory"][0])
    g = said.plain
    values = {part: str(x.value) for part, x in row.step.parts.items() if part in PARTS.values()}
    fit = "the numbers follow" if not count_wrong(rows) else "more of the numbers follow"
    yield finding(
        document, "E401", s.span,
        f"by {where(document, said)} {g} is a sigmoid, so the memory of step {number} is {right}, not {s.text}; {fit} with g = identity",
        wrote=f"memory = {s.text}", expected=f"memory = {right}", witness={"values": values, "left": s.text, "right": right},
        notes=[("equation", _equation(cell, "memory")), ("instead", f"g = identity gives memory {_series(rows)}")],
        labels=[label(document, (said.start, said.end), "called a sigmoid here")],
    )  # fmt: skip


def _series(rows: Sequence[Row]) -> str:
    return ", ".join(_text(r.values["memory"][0]) if r.values["memory"] else "?" for r in rows)


def _equation(cell: Judged, part: str) -> str:
    assert cell.match is not None
    role = next(r for r, p in _RESULTS.items() if p == part)
    name = next(d.name for d in cell.system.definitions if cell.match.roles.get(d.name) == role)
    return f"{name}[t] = {write(cell.system.defined[name].value)}"


def _printed(step: Step) -> str:
    return ", ".join(f"{part.replace('_', ' ')} {_word(part, x)}" for part, x in step.parts.items() if part in PARTS.values())


def _word(part: str, s: Stated) -> str:
    return {"0": "closed", "1": "open"}.get(s.text, s.text) if part.endswith("gate") else s.text


def _text(x: Any) -> str:
    """A fraction as it would be printed, a ball to four digits.

    >>> _text(Fraction(5, 2)), _text(Fraction(7)), _text(Fraction(1, 3))
    ('2.5', '7', '1/3')
    """
    if not isinstance(x, Fraction):
        return f"{float(x.mid()):.4g}"
    digits = next((k for k in range(7) if x * 10**k == int(x * 10**k)), None)
    return str(x) if digits is None else f"{float(x):.{digits}f}"


def _table(trace: Trace, rows: Sequence[Row]) -> Table:
    """Printed and recomputed numbers side by side."""
    header = ("step", *(p.replace("_", " ") for p in PARTS.values()), "memory", "recomputed", "output", "recomputed")
    lines = []
    for k, row in enumerate(rows, 1):
        given = [_word(part, row.step.parts[part]) if part in row.step.parts else "" for part in PARTS.values()]
        results = []
        for part, right in row.values.items():
            s = row.step.parts.get(part)
            mark = "  wrong" if part in row.wrong else ""
            results += [s.text if s is not None else "", (_text(right[0]) if right else "?") + mark]
        lines.append((str(k), *given, *results))
    title = f"trace of the memory cell, recomputed with g = {rows[0].reading.name}, h = identity; memory {_text(trace.start)} before step 1"
    return Table(title, header, tuple(lines))


__all__ = ["worked_trace"]
