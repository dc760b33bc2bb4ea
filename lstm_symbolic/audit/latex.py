"""LaTeX that a user types, and the systems of a file, through the reader of documents.

The reader costs more than the rest together, so this module is imported only where there is LaTeX or a file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import LstmSymbolicError, ReadError
from ..expr import TermEquation
from ..reading import Group, Source, elaborate, load, read_document
from ..reading.surface import Statement

#: ``$``, ``\[`` or ``\(``; not the ``\\[2pt]`` that ends a line.
_DELIMITED = re.compile(r"\$|(?<!\\)\\[\[(]")


@dataclass(frozen=True)
class System:
    """The equations of one system as they were read, and the layout of its vectors."""

    equations: tuple[TermEquation, ...]
    layout: str


def statements(text: str) -> list[Statement]:
    """What the formulas of a text say, undecided; the text stands with or without its delimiters.

    >>> len(statements(r"z_t = \\sigma(a_t) \\\\ h_t = z_t \\odot x_t"))
    2
    """
    before = "" if _DELIMITED.search(text) else "$$"
    document = read_document(Source("formula", before + text + before))
    for formula in document.formulas:
        if formula.statement is None:
            place = formula.error_at if formula.error_at is not None else formula.start
            raise ReadError(formula.reason or "this is no formula", text, min(max(place - len(before), 0), max(len(text) - 1, 0)))
    if not document.formulas:
        raise ReadError("there is no formula", text, 0)
    return [f.statement for f in document.formulas if f.statement is not None and f.kind != "declaration"]


def elaborated(found: Sequence[Statement], text: str) -> System:
    """The statements read as one system, whose shapes decide what its products mean."""
    result = elaborate(found)
    for equation in result.equations:
        if isinstance(equation, ReadError):
            raise ReadError(equation.message, text, 0, equation.hint)
    return System(tuple(e for e in result.equations if isinstance(e, TermEquation)), result.layout)


def document_systems(path: str) -> dict[str, System]:
    """The systems of a file by their ids."""
    groups: Sequence[Group] = read_document(load(path)).groups
    if not groups:
        raise LstmSymbolicError(f"{path} holds no equations")
    return {g.id: System(g.equations, g.layout) for g in groups}
