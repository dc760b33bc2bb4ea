"""Excerpts: the source lines of a finding with the places marked, and how they look in a fixed number of columns.

A caret must stand under its character, also after Chinese, Thai or a tab, so everything is counted in terminal columns. A line that is
too long is shown through a window around the marked place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .report import Finding
from .terminal import glyph, wrap

MAX_LINES = 4


@dataclass(frozen=True)
class Mark:
    """Characters ``start`` to ``end`` (0-based, exclusive) of one line; ``^`` for the finding itself, ``-`` for a label."""

    start: int
    end: int
    sign: str
    text: str = ""


@dataclass(frozen=True)
class SourceLine:
    number: int
    text: str
    marks: tuple[Mark, ...]


def excerpt(lines: Sequence[str], finding: Finding) -> tuple[SourceLine, ...]:
    """The lines that a finding speaks of, in order. A long span shows its first lines and its last one.

    >>> spot = Finding("E202", "error", "f1", 2, 7, 2, 12, "a time index is wrong")
    >>> excerpt(["", "h_t = x_t-1"], spot)[0].marks
    (Mark(start=6, end=11, sign='^', text=''),)
    """
    marks: dict[int, list[Mark]] = {}
    last = min(max(finding.end_line, finding.line), len(lines))
    shown = range(finding.line, last + 1)
    for number in [*shown[: MAX_LINES - 1], *shown[-1:]] if len(shown) > MAX_LINES else shown:
        marks[number] = [_span(lines[number - 1], finding, number)]
    for label in finding.labels:
        if 0 < label.line <= len(lines):
            size = len(lines[label.line - 1])
            start = min(label.column - 1, size)
            marks.setdefault(label.line, []).append(Mark(start, max(start + 1, min(label.end_column - 1, size)), "-", label.text))
    return tuple(SourceLine(n, lines[n - 1], tuple(sorted(marks[n], key=lambda m: m.start))) for n in sorted(marks) if n > 0)


def _span(line: str, finding: Finding, number: int) -> Mark:
    indent = len(line) - len(line.lstrip())
    start = finding.column - 1 if number == finding.line else indent
    end = finding.end_column - 1 if number == finding.end_line else len(line.rstrip())
    start = max(0, min(start, len(line)))
    return Mark(start, max(start + 1, min(end, len(line))), "^")


@dataclass(frozen=True)
class Window:
    """The part of a line that fits: characters ``first`` to ``last``."""

    line: str
    first: int
    last: int

    @property
    def shown(self) -> str:
        body = "".join(glyph(c)[0] for c in self.line[self.first : self.last])
        return ("…" if self.first else "") + body + ("…" if self.last < len(self.line) else "")

    def column(self, position: int) -> int:
        """The terminal column of a character, 0-based."""
        inside = min(max(position, self.first), self.last)
        return bool(self.first) + sum(glyph(c)[1] for c in self.line[self.first : inside])

    def underline(self, mark: Mark) -> tuple[int, int]:
        """Where the mark begins, and how many columns it takes (at least one)."""
        start = self.column(mark.start)
        return start, max(1, self.column(mark.end) - start)


def window(line: str, marks: Sequence[Mark], columns: int) -> Window:
    """The whole line if it fits, else the surroundings of its first mark. Only the shown part is walked: a line may have megabytes."""
    line = line.rstrip()
    reach = _forward(line, 0, columns)
    if reach == len(line):
        return Window(line, 0, reach)
    focus = next((m for m in marks if m.sign == "^"), marks[0])
    room = columns - 2
    span = sum(glyph(c)[1] for c in line[focus.start : min(focus.end, focus.start + room)])
    first = _back(line, min(focus.start, len(line)), max((room - span) // 2, room // 5))
    if _forward(line, first, room) == len(line):
        first = _back(line, len(line), room)
    return Window(line, first, _forward(line, first, room))


def _forward(line: str, start: int, room: int) -> int:
    """The end of what fits into ``room`` columns from ``start``; combining marks stay with their letter."""
    while start < len(line) and glyph(line[start])[1] <= room:
        room -= glyph(line[start])[1]
        start += 1
    return start


def _back(line: str, start: int, room: int) -> int:
    """The beginning of what fits into ``room`` columns before ``start``; never between a letter and its combining mark."""
    while start > 0 and glyph(line[start - 1])[1] <= room:
        room -= glyph(line[start - 1])[1]
        start -= 1
    while 0 < start < len(line) and glyph(line[start])[1] == 0:
        start += 1
    return start


def underlined(view: Window, mark: Mark, columns: int) -> list[tuple[int, str, str]]:
    """Rows below a source line: indentation, the underline, and the text beside it (or wrapped below it)."""
    start, length = view.underline(mark)
    under = mark.sign * length
    if not mark.text:
        return [(start, under, "")]
    if columns - start - length - 1 >= min(len(mark.text), 24):
        first, *rest = wrap(mark.text, columns - start - length - 1)
        return [(start, under, first), *((start + length + 1, "", r) for r in rest)]
    indent = min(start, max(0, columns - 30))
    return [(start, under, ""), *((indent, "", r) for r in wrap(mark.text, columns - indent))]
