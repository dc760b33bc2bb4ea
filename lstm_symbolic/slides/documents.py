"""Decks of documents: the errors that the audit found, before and after, and the nearest known cell in the document's own notation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from sympy import Basic

from ..audit.check import check
from ..audit.fix import applicable, apply_fixes, fixed
from ..audit.report import DocumentReport, Finding, FormulaRecord, SystemRecord
from ..cells import Cell, cell
from ..errors import LstmSymbolicError
from ..expr import build_equation, infer, read_equation
from ..reading import Source
from ..writing.as_latex import Latex
from ..writing.names import Name
from ..writing.style import Style
from .deck import Block, Code, Equations, Page, Sentence
from .words import Words

_MOST_ERRORS = 20
_SIGNS = ((r"\odot", r"\\odot"), (r"\circ", r"\\circ"), (r"\otimes", r"\\otimes"), ("*", r"(?<!\^)\*"), (r"\cdot", r"\\cdot"))


def audited(path: str | Path | Source) -> DocumentReport:
    """The audit of one document; what cannot be opened is an error."""
    (document,) = check([path], alone=True, jobs=1).documents
    if document.error:
        raise LstmSymbolicError(document.error)
    return document


def corrected(document: DocumentReport) -> DocumentReport:
    """The audit of what the document says after its fixes."""
    return audited(Source(document.path, fixed(document))) if applicable(document) else document


def systems(document: DocumentReport) -> list[tuple[SystemRecord, Cell]]:
    """The known cells of a document, each once."""
    found: dict[str, tuple[SystemRecord, Cell]] = {}
    for system in document.systems:
        if system.cell is not None:
            found.setdefault(system.cell, (system, cell(system.cell)))
    return list(found.values())


def like(document: DocumentReport) -> Style:
    """The notation of a document: its names, its signs, rows or columns, one matrix or several.

    Names are those of its first known cell. A name that the document uses for two things is left as it is.
    """
    document = corrected(document)
    known = systems(document)
    if not known:
        raise LstmSymbolicError(f"{document.path} holds no cell whose notation could be taken", hint="name a notation")
    formulas = {f.id: f for f in document.formulas}
    return _notation(known[0][0], known[0][1], [formulas[i] for i in known[0][0].formulas if i in formulas], Path(document.path).stem)


def notation_of(document: DocumentReport, system: SystemRecord, known: Cell) -> Style:
    """The notation of one system of a document."""
    formulas = {f.id: f for f in document.formulas}
    return _notation(system, known, [formulas[i] for i in system.formulas if i in formulas], Path(document.path).stem)


def _notation(system: SystemRecord, known: Cell, formulas: list[FormulaRecord], name: str) -> Style:
    pen = Latex()
    called = {**system.names, **{own: value for own, value in system.under.items() if value.isidentifier()}}
    counts = Counter(called.values())
    names: dict[str, str] = {}
    for own, canonical in called.items():
        glyph = Name.plain(own)
        text = pen.symbol(glyph, glyph.subs, glyph.sups)
        if counts[canonical] == 1 and canonical in (*known.defined, *known.inputs, *known.parameters) and _is_symbol(text):
            names[canonical] = text
    raw = "\n".join(f.raw for f in formulas)
    product = max(_SIGNS, key=lambda s: len(re.findall(s[1], raw)))[0] if any(re.search(s[1], raw) for s in _SIGNS) else r"\odot"
    joined = any("stack(" in value for value in system.under.values()) or any("concat(" in f.plain for f in formulas)
    layout = system.layout if system.layout in ("row", "column") else "as written"
    weights = "concatenated" if joined else "split"
    return Style(name, product=product, names=names, weights=weights, layout=layout)


def _is_symbol(text: str) -> bool:
    try:
        Name.latex(text)
    except LstmSymbolicError:
        return False
    return True


def error_pages(document: DocumentReport, say: Words) -> Iterator[Page]:
    """What stood there, and what it should be: one page for each error, or for all errors of a line that one formula mends."""
    name = Path(document.path).name
    for _, same in groupby(document.of("error")[:_MOST_ERRORS], lambda f: (f.line, f.fix or f.expected)):
        findings = list(same)
        first = findings[0]
        said = dict.fromkeys(say.finding(f.code, f.message) for f in findings)
        lines = document.text.split("\n")[first.line - 1 : first.end_line]
        before = Code(f"{say['before']} ({name}, {say['line'].format(first.line)})", "\n".join(lines)[:1200])
        title = say["errors"] + ", ".join(dict.fromkeys(f.code for f in findings))
        yield Page(title, (*map(Sentence, said), before, *_mended(document, first, say)), name, Style())


def _mended(document: DocumentReport, finding: Finding, say: Words) -> Iterator[Block]:
    """The author's lines after the fix; without one, the formula that was expected."""
    if finding.fix is not None:
        lines = apply_fixes(document.text, [finding.fix]).split("\n")
        more = len(lines) - len(document.text.split("\n"))
        yield Code(say["after"], "\n".join(lines[finding.line - 1 : finding.end_line + more])[:1200])
    elif finding.expected:
        try:
            row = _expected(document, finding)
            yield from (Sentence(say["after"]), Equations((row,)))
        except LstmSymbolicError:  # words, or a formula of no system
            yield Code(say["after"], finding.expected)


def _expected(document: DocumentReport, finding: Finding) -> tuple[Basic, ...]:
    """The formula that was expected; what its symbols are, vectors or numbers, the system around it says."""
    around = next((s.formulas for s in document.systems if finding.formula in s.formulas), ())
    others = [f.plain for f in document.formulas if f.id in around and f.plain]
    if not others:
        raise LstmSymbolicError("this formula stands alone")
    equation = read_equation(finding.expected)
    shapes, _ = infer([equation, *map(read_equation, others)])
    return build_equation(equation, shapes)
