"""Decks of documents: the errors that the audit found, before and after, and the nearest known cell in the document's own notation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..audit.check import check
from ..audit.fix import applicable, apply_fixes, fixed
from ..audit.report import DocumentReport, Finding, FormulaRecord, SystemRecord
from ..cells import Cell, cell
from ..errors import LstmSymbolicError
from ..reading import Source
from ..writing.as_latex import Latex
from ..writing.names import Name
from ..writing.style import Style
from .deck import Block, Code, Page, Sentence
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
    """One page for each error: what stood there, and what it should be."""
    formulas = {f.id: f for f in document.formulas}
    for finding in document.of("error")[:_MOST_ERRORS]:
        before, after = _lines(document, finding, formulas.get(finding.formula or ""))
        where = f"{Path(document.path).name}, {say['line']} {finding.line}"
        blocks: list[Block] = [Sentence(say.finding(finding.code, finding.message)), Code(f"{say['before']} ({where})", before)]
        if after:
            blocks.append(Code(say["after"], after))
        yield Page(f"{say['errors']}{finding.code}", tuple(blocks), Path(document.path).name)


def _lines(document: DocumentReport, finding: Finding, formula: FormulaRecord | None) -> tuple[str, str]:
    """The lines of the finding in the document, and the same lines after its fix; else what was expected, in plain syntax."""
    lines = document.text.split("\n")
    before = "\n".join(lines[finding.line - 1 : finding.end_line])[:1200]
    if finding.fix is None:
        return before, finding.expected
    mended = apply_fixes(document.text, [finding.fix]).split("\n")
    more = len(mended) - len(lines)
    return before, "\n".join(mended[finding.line - 1 : finding.end_line + more])[:1200]
