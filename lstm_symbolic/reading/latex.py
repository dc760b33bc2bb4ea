"""LaTeX given directly (on the command line, in a call): equations of one system, a cell, the systems of a file.

The text stands with or without its delimiters. What had to be repaired in it comes along, so that a caller can say so: whoever typed a
formula should know when something else was read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..cells import Cell
from ..errors import LstmSymbolicError, ReadError
from ..expr.term import TermEquation
from ..expr.wanted import wanted
from .document import Document, Formula, Group, read_document
from .elaborate import elaborate
from .repair import Applied
from .source import Source, load
from .surface import Statement

#: ``$``, ``\[`` or ``\(`` (not the ``\\[2pt]`` that ends a line), a fenced block.
_DELIMITED = re.compile(r"\$|(?<!\\)\\[\[(]|```")


_SYSTEM = r"a cell is a system such as h_t = \tanh(W x_t + U h_{t-1} + b)"


@dataclass(frozen=True)
class System:
    """The equations of one system as they were read, and the layout of its vectors."""

    equations: tuple[TermEquation, ...]
    layout: str


@dataclass(frozen=True)
class Statements:
    """What the formulas of a text say, undecided, and the repairs, whose offsets point into the text."""

    statements: tuple[Statement, ...]
    repairs: tuple[Applied, ...]


def read_latex(text: str) -> list[TermEquation]:
    """The equations (or expressions) of a piece of LaTeX, read together.

    >>> from lstm_symbolic.expr.plain import write
    >>> [write(s) for s in read_latex(r"h_t = o_t \\odot \\tanh(C_t)")[0].sides]
    ['h[t]', 'o[t] * tanh(C[t])']
    """
    return read_latex_with_repairs(text)[0]


def read_latex_with_repairs(text: str) -> tuple[list[TermEquation], tuple[Applied, ...]]:
    """The equations of a piece of LaTeX, and what had to be repaired to read it.

    >>> equations, repairs = read_latex_with_repairs(r"h_t = \\tanh(c_t")
    >>> [r.why for r in repairs]
    ['bracket not closed']
    """
    document, shift = _document(text)
    equations = [f.equation for f in document.formulas if f.equation is not None]
    if not equations:
        raise ReadError("there is no formula", text, 0)
    return equations, _repairs(document, shift)


def read_statements(text: str) -> Statements:
    """What the formulas of a text say, before their readings are weighed.

    >>> len(read_statements(r"z_t = \\sigma(a_t) \\\\ h_t = z_t \\odot x_t").statements)
    2
    """
    document, shift = _document(text)
    found = tuple(f.statement for f in document.formulas if f.statement is not None and f.kind != "declaration")
    return Statements(found, _repairs(document, shift))


def elaborated(found: Sequence[Statement], text: str, kinds: Mapping[str, str] | None = None) -> System:
    """The statements read as one system, whose shapes decide what its products mean; ``kinds`` are those of symbols known beforehand."""
    result = elaborate(found, kinds)
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


def read_cell(text: str) -> Cell:
    """The cell that a piece of LaTeX defines: one system of equations. Shapes follow from them: W is n x m, h_t is n x 1.

    ``ReadError`` with the place where a formula cannot be read, ``ShapeError`` where its shapes do not fit.

    >>> cell = read_cell(r"h_t = \\tanh(W x_t + U h_{t-1} + b)")
    >>> cell.states, cell.inputs, cell.parameters
    (('h',), ('x',), ('W', 'U', 'b'))
    """
    document, _ = _document(wanted(text, str, "LaTeX", _SYSTEM))
    equations = [e for g in document.groups for e in g.equations if len(e.sides) > 1]
    if not equations:
        raise ReadError("no equation defines a symbol", text, 0, _SYSTEM)
    return Cell.from_terms(equations)


def _document(text: str) -> tuple[Document, int]:
    """The text as a document, and how far its offsets are shifted. The first formula that cannot be read is an error with its place."""
    before, after = ("", "") if _DELIMITED.search(text) else ("$$\n", "\n$$")
    document = read_document(Source("<input>", before + text + after))
    for f in document.formulas:
        if f.status == "unreadable" or (f.status == "skipped" and len(document.formulas) == 1):
            raise ReadError(f.reason or "this is no formula", text, _place(f, len(before), text))
    if not document.formulas:
        raise ReadError("there is no formula", text, 0)
    return document, len(before)


def _place(f: Formula, shift: int, text: str) -> int:
    at = f.error_at if f.error_at is not None else f.start
    return max(0, min(at - shift, len(text) - 1))


def _repairs(document: Document, shift: int) -> tuple[Applied, ...]:
    found = dict.fromkeys(r for f in document.formulas for r in f.repairs)
    return tuple(Applied(r.start - shift, r.end - shift, r.wrote, r.read, r.why) for r in found)
