"""Findings and records at their places: offsets of the document become lines and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..expr.term import Term
from ..reading.document import Document, Formula
from ..reading.formats import as_in_file
from ..reading.repair import Applied
from .codes import SEVERITY
from .report import Finding, Fix, FormulaRecord, Label, Note, Repair


def record(document: Document, f: Formula) -> FormulaRecord:
    """The report's line for one formula."""
    line, column = document.source.place(f.start)
    end_line, end_column = document.source.place(f.end)
    repairs = tuple(Repair(a.wrote, a.read, a.why) for a in f.repairs)
    return FormulaRecord(f.id, line, column, end_line, end_column, f.kind, f.raw, f.status, f.reason, f.plain, repairs)


def finding(
    document: Document,
    code: str,
    span: tuple[int, int],
    message: str,
    formula: Formula | None = None,
    *,
    severity: str = "",
    wrote: str = "",
    expected: str = "",
    fix: Fix | None = None,
    witness: Mapping[str, Any] | None = None,
    notes: Sequence[tuple[str, str]] = (),
    labels: Sequence[Label] = (),
) -> Finding:
    """A finding over offsets of the document."""
    line, column = document.source.place(span[0])
    end_line, end_column = document.source.place(max(span[1], span[0] + 1))
    return Finding(
        code, severity or SEVERITY[code[0]], formula.id if formula else None, line, column, end_line, end_column, message, wrote, expected,
        fix, witness, tuple(Note(*n) for n in notes), tuple(labels),
    )  # fmt: skip


def fix(document: Document, span: tuple[int, int], text: str) -> Fix:
    source = document.source
    return Fix(*source.place(span[0]), *source.place(span[1]), as_in_file(text, source.path) if source.file else text)


def label(document: Document, span: tuple[int, int], text: str) -> Label:
    """A second place, cut at its line's end."""
    line, column = document.source.place(span[0])
    end_line, end_column = document.source.place(span[1])
    return Label(line, column, end_column if end_line == line else len(document.source.line(line)) + 1, text)


def where(document: Document, f: Formula) -> str:
    return f"line {document.source.place(f.start)[0]}"


#: Repairs that guess at the page's glyphs from the document as a whole; each is a warning of its own.
GUESSES = ("sigma was misread", "taken for the letter", "bracket not closed")


def is_guess(a: Applied) -> bool:
    return any(g in a.why for g in GUESSES)


def span_of(f: Formula, term: Term | None) -> tuple[int, int]:
    """The place of a term, or of the whole formula where the term has none in it."""
    if term is not None and term.span is not None and f.start <= term.span[0] < f.end:
        return term.span
    return f.start, f.end
