"""LaTeX given directly (on the command line, in a call): equations of one system, and a cell."""

from __future__ import annotations

from ..cells import Cell
from ..errors import ReadError
from ..expr.term import TermEquation
from .document import Document, Formula, read_document
from .source import Source


def read_latex(text: str) -> list[TermEquation]:
    """The equations (or expressions) of a piece of LaTeX, read together.

    >>> from lstm_symbolic.expr.plain import write
    >>> [write(s) for s in read_latex(r"h_t = o_t \\odot \\tanh(C_t)")[0].sides]
    ['h[t]', 'o[t] * tanh(C[t])']
    """
    document = _document(text)
    return [f.equation for f in document.formulas if f.equation is not None]


def _document(text: str) -> Document:
    """The text as a document; bare LaTeX is one formula. The first formula that cannot be read is an error with its place."""
    bare = not any(mark in text for mark in ("$", r"\[", r"\(", "```"))
    offset = 3 if bare else 0
    document = read_document(Source("<input>", f"$$\n{text}\n$$" if bare else text))
    for f in document.formulas:
        if f.status == "unreadable" or (f.status == "skipped" and len(document.formulas) == 1):
            raise ReadError(f.reason or "this is no formula", text, _place(f, offset, text))
    if not any(f.equation is not None for f in document.formulas):
        raise ReadError("there is no formula", text, 0)
    return document


def _place(f: Formula, offset: int, text: str) -> int:
    at = f.error_at if f.error_at is not None else f.start
    return max(0, min(at - offset, len(text) - 1))


def read_cell(text: str) -> Cell:
    """The cell that a piece of LaTeX defines: one system of equations.

    >>> cell = read_cell(r"h_t = \\tanh(W x_t + U h_{t-1} + b)")
    >>> cell.states, cell.inputs, cell.parameters
    (('h',), ('x',), ('W', 'U', 'b'))
    """
    document = _document(text)
    equations = [e for g in document.groups for e in g.equations if len(e.sides) > 1]
    if not equations:
        raise ReadError("no equation defines a symbol", text, 0, r"a cell is a system such as h_t = \tanh(W x_t + U h_{t-1} + b)")
    return Cell.from_terms(equations)
