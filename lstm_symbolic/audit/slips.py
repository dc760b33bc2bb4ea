"""Findings for equations that are wrong: what, where, what would be right, a fix in the author's notation, a counterexample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..cells import cell
from ..errors import LstmSymbolicError
from ..expr.plain import write
from ..expr.term import Term, TermEquation
from ..reading.document import Document, Formula
from ..reading.elaborate import elaborate
from ..reading.grammar import parse
from ..reading.tidy import split
from ..reading.tokens import tokenize
from .author import Author
from .canonical import Canonical
from .judge import Judged, certain
from .localise import Located
from .normal import Definition, stepped
from .places import finding, fix, label, span_of
from .recognise import Match
from .report import Finding, Fix, Label


def slip(document: Document, judged: Judged, located: Located, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    """One wrong equation, at every place where the document states it."""
    match, d = judged.match, located.definition
    assert match is not None
    read, expected = line_of(d, d.value), line_of(d, located.expected)
    witness = located.verdict.witness.to_json() if located.verdict.witness else None
    source = f"{match.cell} ({cell(match.cell).paper})" if match.cell else ""
    layout = ", in this document's row-vector layout" if judged.system.layout == "row" else ""
    notes = [("read", read), ("expected", f"{expected}        {source}{layout}")]
    for key in (d.formula, *d.repeats):
        f = by_id[key]
        edits = located.edits
        mend = _fix(document, judged, f, located)
        if not edits:
            message = f"this is not the {match.cell}'s equation for {match.roles[d.name]}, and no small change makes it so"
            severity = "error" if certain(match) else "warning"
            yield finding(
                document, "E299", (f.start, f.end), message, f, severity=severity, wrote=read, expected=expected, fix=mend, witness=witness,
                notes=notes,
            )  # fmt: skip
            continue
        for k, e in enumerate(edits):
            at = _same_place(f, by_id[d.formula], e.at)
            yield finding(
                document, e.code, span_of(f, at), _message(e.words, match, d), f, wrote=read, expected=expected, fix=None if k else mend,
                witness=None if k else witness, notes=notes, labels=_agreeing(document, f),
            )  # fmt: skip


def _message(words: str, match: Match, d: Definition) -> str:
    role = match.roles[d.name]
    names = {"C": "cell state", "c": "cell state", "h": "hidden state", "f": "forget gate", "i": "input gate", "o": "output gate"}
    return f"{words} ({names.get(role, role)} of the {match.cell})"


def _same_place(f: Formula, first: Formula, at: Term) -> Term:
    """The node of a repeated formula that stands where ``at`` stands in the first one."""
    if f is first or f.equation is None or first.equation is None:
        return at
    pairs = zip((t for s in first.equation.sides for t in s.walk()), (t for s in f.equation.sides for t in s.walk()), strict=False)
    return next((b for a, b in pairs if a.span == at.span and a.op == at.op), at)


def _agreeing(document: Document, f: Formula) -> list[Label]:
    """Another formula on the same line: the document's other notation."""
    line = document.source.place(f.start)[0]
    for g in document.formulas:
        if g is not f and g.kind == "equation" and g.group != f.group and document.source.place(g.start)[0] == line:
            return [label(document, (g.start, g.end), "the same document's other notation")]
    return []


def line_of(d: Definition, value: Term) -> str:
    return f"{d.name}[t] = {write(value)}"


def _fix(document: Document, judged: Judged, f: Formula, located: Located) -> Fix | None:
    """The corrected formula in the author's notation, where it reads back as what is expected."""
    if f.equation is None or f.container not in ("math", "environment") or "\n" in f.raw:
        return None
    author = Author.of(document, judged.system, f)
    head = author.copied(f.equation.sides[0])
    try:
        value = author.write(located.expected)
    except KeyError:
        return None
    if head is None or not reads_back(document, judged, f"{head} = {value}", located):
        return None
    return fix(document, (f.start, f.end), f"{head} = {value}")


def reads_back(document: Document, judged: Judged, latex: str, located: Located) -> bool:
    """Does a proposed formula, read with the names of its system, have the right canonical form?"""
    system, match = judged.system, judged.match
    assert match is not None
    group = next(g for g in document.groups if g.id == system.id.split(".")[0])
    try:
        (tokens,) = split(tokenize(latex))
        read = elaborate([parse(tokens)], declared=group.kinds, layout=group.layout).equations[0]
    except (LstmSymbolicError, ValueError):
        return False
    if not isinstance(read, TermEquation):
        return False
    by_span = {t.span: t for d in system.definitions for t in d.value.walk() if t.op == "sym" and t.span is not None}
    written = (t for f in document.formulas if f.equation is not None for s in f.equation.sides for t in s.walk() if t.op == "sym")
    names = {(t.name, t.index): by_span[t.span] for t in written if t.span in by_span}

    def settle(t: Term) -> Term:
        known = names.get((t.name, t.index)) if t.op == "sym" else None
        return known if known is not None else replace(t, args=tuple(settle(a) for a in t.args))

    form = Canonical(system.parameters, match.roles, match.flipped, system.layout == "row")
    value = settle(read.sides[-1])
    if system.step is not None:
        value = stepped(value, system.family, system.step)
    return form.key(value) == form.key(located.expected)
