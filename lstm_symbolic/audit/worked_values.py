"""The numbers that a document prints: matrices by name and step, exact as written, each number with its place.

A matrix stands in a formula (``W_i = ...``), or as columns of a table whose head is the name of a time step (``TS_1``); the latter are
the inputs of that step. Names are those that the system settled on (``B_0`` for ``B_o``). Two statements of one matrix that differ are
a contradiction of the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..expr.term import Term
from ..reading.document import Document, Formula
from .judge import Judged
from .places import finding, label, where
from .report import Finding

#: A quantity at a numbered step, or a parameter (no step).
Key = tuple[str, int | None]
NUMBER = re.compile(r"[-−]?(?:\d+(?:\.\d+)?|\.\d+)")
TAGGED = re.compile(r"(?P<stem>.+?)_?(?P<family>[A-Za-z]{2,})_?(?P<number>\d+)")


@dataclass(frozen=True)
class Stated:
    """One printed number.

    >>> Stated("1.50", (0, 4)).unit
    Fraction(1, 100)
    """

    text: str
    span: tuple[int, int]

    @property
    def value(self) -> Fraction:
        return Fraction(self.text.replace("−", "-"))

    @property
    def unit(self) -> Fraction:
        """One unit of the last digit."""
        return Fraction(1, 10 ** len(self.text.partition(".")[2]))


@dataclass(frozen=True)
class Printed:
    """A matrix of numbers as printed in one formula or table."""

    key: Key
    rows: tuple[tuple[Stated, ...], ...]
    formula: Formula

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.rows[0])

    @property
    def values(self) -> list[list[Fraction]]:
        return [[s.value for s in row] for row in self.rows]

    def entries(self) -> Iterator[Stated]:
        return (s for row in self.rows for s in row)


def printed(document: Document, judged: Sequence[Judged]) -> list[Printed]:
    """All matrices of numbers, under the names that the systems use."""
    names = _settled(judged)
    variables = {v for j in judged if j.match is not None for v in j.system.variables}
    families = dict.fromkeys(tag for j in judged if (tag := family(document, j)))
    inputs = {n for j in judged if j.system.step is not None for n in inputs_of(j)}
    found: list[Printed] = []
    for f in document.formulas:
        if f.kind != "data":
            continue
        if f.equation is None:
            for x in sorted(inputs):
                found += (Printed((x, step), rows, f) for step, rows in _columns(document, f, families))
        elif len(f.equation.sides) > 1 and (rows := _matrix(document, f.equation.sides[-1])):
            found.append(Printed(_key(f.equation.sides[0], names, families, variables), rows, f))
    return found


def inputs_of(j: Judged) -> list[str]:
    """What the document calls the inputs of its cell."""
    return [n for n in j.system.undefined if j.match is not None and j.match.roles.get(n) in j.match.model.inputs]


def family(document: Document, j: Judged) -> str:
    """The tag that numbers the steps of a worked example: ``TS`` of ``F1_TS1``."""
    if j.system.step is None:
        return ""
    equation = document.formula(j.system.definitions[0].formula).equation
    match = TAGGED.fullmatch(equation.sides[0].name) if equation is not None else None
    return match["family"] if match else ""


def _settled(judged: Sequence[Judged]) -> dict[str, str]:
    """Names of parameters that a system settled: ``B_0`` -> ``B_o``. A name that a system really uses stays."""
    own = {p for j in judged for p in j.system.parameters}
    names: dict[str, str] = {}
    for j in judged:
        for note in j.system.interpretations:
            for wrote, read in zip(note.wrote.split(", "), note.read.split(", "), strict=False):
                if read in own and wrote not in own:
                    names[wrote] = read
    return names


def _key(symbol: Term, names: Mapping[str, str], families: Mapping[str, None], variables: set[str]) -> Key:
    if symbol.index and symbol.index[-1].is_Integer:
        return symbol.name, int(symbol.index[-1])
    match = TAGGED.fullmatch(symbol.name)
    if match is not None and match["family"] in families:
        return match["stem"], int(match["number"])
    stem, _, number = symbol.name.rpartition("_")
    if stem in variables and number.isdecimal():
        return stem, int(number)
    return names.get(symbol.name, symbol.name), None


def _matrix(document: Document, term: Term) -> tuple[tuple[Stated, ...], ...]:
    """The numbers of a matrix; nothing where an entry is no plain number."""
    rows = []
    for row in term.args if term.op == "matrix" else ():
        entries = [e for x in row.args if (e := _entry(document, x)) is not None]
        if len(entries) < len(row.args):
            return ()
        rows.append(tuple(entries))
    return tuple(rows) if len({len(row) for row in rows}) == 1 else ()


def _entry(document: Document, term: Term) -> Stated | None:
    """A plain number with its sign, which need not stand in the span of the digits."""
    inner = term.args[0] if term.op == "neg" else term
    if inner.op != "num" or inner.span is None:
        return None
    digits = re.sub(r"[{}\s+−-]", "", document.source.text[inner.span[0] : inner.span[1]])
    text = f"-{digits}" if (inner.number < 0) != (term.op == "neg") else digits
    return Stated(text, term.span or inner.span) if NUMBER.fullmatch(text) else None


def _columns(document: Document, f: Formula, families: Mapping[str, None]) -> Iterator[tuple[int, tuple[tuple[Stated, ...], ...]]]:
    """The columns of a table below each head that names a step."""
    text = document.source.text
    start = text.rfind("\n", 0, f.start) + 1
    lines = [_cells(text, start + m.start(), start + m.end()) for m in re.finditer(r"[^\n]+", text[start : f.end])]
    heads = {k: int(m["number"]) for k, c in enumerate(lines[0]) if (m := TAGGED.fullmatch("_" + c.text)) and m["family"] in families}
    for column, step in heads.items():
        end = min((k for k in heads if k > column), default=max(map(len, lines)))
        rows = [tuple(c for c in line[column:end] if c.text) for line in lines[1:]]
        rows = [row for row in rows if row and all(NUMBER.fullmatch(c.text) for c in row)]
        if rows and len({len(row) for row in rows}) == 1:
            yield step, tuple(rows)


def _cells(text: str, start: int, end: int) -> list[Stated]:
    """The cells of one line of a table, at their places."""
    line = text[start:end]
    bars = re.match(r"\s*\|", line)
    parts = list(re.finditer(r"[^|]+" if bars else r"[^\t]*(?:\t|$)", line))
    cells = []
    for m in parts:
        content = m[0].strip()
        at = start + m.start() + (m[0].index(content) if content else 0)
        cells.append(Stated(content, (at, at + max(len(content), 1))))
    return cells


def contradictions(document: Document, matrices: Sequence[Printed]) -> Iterator[Finding]:
    """One matrix printed twice with different numbers."""
    first: dict[Key, Printed] = {}
    for m in matrices:
        known = first.setdefault(m.key, m)
        if known is m or known.values == m.values:
            continue
        pairs = [(a, b) for x, y in zip(known.rows, m.rows, strict=False) for a, b in zip(x, y, strict=False) if a.value != b.value]
        span = pairs[0][1].span if pairs else (m.formula.start, m.formula.end)
        other = pairs[0][0].span if pairs else (known.formula.start, known.formula.end)
        message = f"{show(m.key)} is printed again with other numbers than in {where(document, known.formula)}"
        yield finding(document, "E211", span, message, m.formula, labels=[label(document, other, "the first statement")])


def show(key: Key) -> str:
    """``H1[2]``, or the bare name of a parameter."""
    return key[0] if key[1] is None else f"{key[0]}[{key[1]}]"


__all__ = ["Key", "Printed", "Stated", "contradictions", "family", "inputs_of", "printed", "show"]
