"""Tables of equations: the first cell of a row names the left side, every column after it is a system.

``| c̃ | tanh(...) | tanh(...) |`` says c̃ = tanh(...) once for each column; the words of the head name the columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .source import Source
from .surface import Statement

if TYPE_CHECKING:
    from .document import Formula


@dataclass(frozen=True)
class ColumnEquation:
    """One cell read as an equation: the ids of the cell and of the row's head, the column and its title."""

    cell: str
    head: str
    column: int
    title: str
    statement: Statement


def column_equations(source: Source, formulas: Sequence[Formula]) -> list[ColumnEquation]:
    """All equations that tables state."""
    out: list[ColumnEquation] = []
    lines: dict[int, list[Formula]] = {}
    for f in formulas:
        if f.statement is not None:
            lines.setdefault(source.place(f.start)[0], []).append(f)
    for number, row in lines.items():
        text = source.line(number)
        separator = "\t" if "\t" in text else "|" if text.count("|") >= 2 else ""
        if not separator or len(row) < 2:
            continue
        start = source.starts[number - 1]
        cells = [_cell(text, f.start - start, separator) for f in row]
        first = min(cells)
        head = row[0]
        if (
            head.kind != "symbol"
            or cells.count(first) != 1
            or head.statement is None
            or _content(text, first, separator) not in _wrapped(head.raw)
        ):
            continue
        titles = _titles(source, number, separator)
        for f, column in zip(row[1:], cells[1:], strict=True):
            if cells.count(column) == 1 and f.kind in ("expression", "symbol") and f.statement is not None:
                statement = replace(f.statement, sides=(head.statement.sides[0], f.statement.sides[0]))
                title = titles[column] if column < len(titles) else ""
                out.append(ColumnEquation(f.id, head.id, column - first, title, statement))
    return out


def _cell(text: str, column: int, separator: str) -> int:
    return text[:column].count(separator)


def _content(text: str, cell: int, separator: str) -> str:
    return re.sub(r"\s+", "", text.split(separator)[cell])


def _wrapped(raw: str) -> set[str]:
    bare = re.sub(r"\s+", "", raw)
    return {f"{a}{bare}{b}" for a, b in (("", ""), ("$", "$"), ("$$", "$$"), (r"\(", r"\)"), ("`", "`"))}


def _titles(source: Source, number: int, separator: str) -> list[str]:
    """The cells of the table's first line."""
    while number > 1 and separator in source.line(number - 1):
        number -= 1
    return [c.strip() for c in source.line(number).split(separator)]
