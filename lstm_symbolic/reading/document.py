"""A document read: every formula with its place, kind, repairs and reading.

The stages, one function each: find the stretches, repair them, parse them into statements, partition the equations into systems, and
elaborate each system as a whole. A stretch that cannot be read keeps its reason; nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..errors import ReadError
from ..expr.plain import write
from ..expr.term import TermEquation
from . import scalar
from .classify import before_parsing, kind_of
from .columns import GATES, by_gate
from .components import in_matrix_form
from .elaborate import elaborate
from .grammar import parse
from .names import merge_tags
from .partition import partition
from .repair import Applied, Evidence, Repaired, repair
from .scan import Found, find
from .source import Source
from .steps import in_step
from .surface import Statement
from .tables import column_equations
from .tidy import FUNCTION_WORDS, split
from .tokens import MAX_TOKENS, Token, nesting, tokenize
from .vocabulary import RELATIONS

MAX_FORMULAS, MAX_CHARACTERS, MAX_NESTING = 4000, 10_000, 100
COMPONENTS = "component form, read for all components at once"
#: Signs that stand alone as list marks.
_BULLETS = {
    "circ", "bullet", "blacksquare", "square", "star", "cdot", "diamond", "checkmark", "rightarrow", "Rightarrow", "triangleright", "dots",
}  # fmt: skip

#: Words that end where a relation begins.
_WORDS = re.compile(r"(\\(?:text\w*|mbox)\s*\{[^{}]*\})[\s&~]*$")
#: ``X_t = \\text{the input}``: a symbol and what it means. A function's name, or a word applied to arguments, is a formula.
_LEGEND = re.compile(
    r"\s*([^=]*[^=\s])\s*=\s*(\\text\s*\{(?!\s*(?:" + "|".join(sorted(FUNCTION_WORDS)) + r")\s*\}|[^{}]*\}\s*\()|\\mathrm\{[A-Z][a-z]+ |$)"
)


@dataclass(frozen=True)
class Formula:
    """One formula of a document.

    ``start`` and ``end`` are offsets in the document; ``status`` is read, repaired, skipped or unreadable; ``equation`` holds the reading,
    ``statement`` what was written; ``group`` names the system it was read in; ``reader`` says who read it.
    """

    id: str
    start: int
    end: int
    raw: str
    kind: str
    status: str
    reason: str = ""
    repairs: tuple[Applied, ...] = ()
    statement: Statement | None = None
    equation: TermEquation | None = None
    ambiguous: str = ""
    container: str = "math"
    group: str = ""
    error_at: int | None = None
    reader: str = "cell"

    @property
    def plain(self) -> str:
        """The reading in plain syntax."""
        return "" if self.equation is None else " = ".join(write(s) for s in self.equation.sides)


@dataclass(frozen=True)
class Group:
    """The equations of one system of the document, in order: formula ids, the sides as read, kinds and layout.

    ``derived`` marks equations whose sides come from two formulas (a table's row head and its cell): formula id -> id of the left side.
    """

    id: str
    formulas: tuple[str, ...]
    equations: tuple[TermEquation, ...]
    layout: str = "column"
    kinds: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True)
class Document:
    """A document with all its formulas and systems."""

    source: Source
    formulas: tuple[Formula, ...]
    groups: tuple[Group, ...]

    def formula(self, key: str) -> Formula:
        return next(f for f in self.formulas if f.id == key)


def read_document(source: Source) -> Document:
    """All formulas and systems of a document."""
    stretches, evidence = find(source.text)
    formulas: list[Formula] = []
    for k, found in enumerate(stretches):
        if len(formulas) >= MAX_FORMULAS:
            formulas += _left_out(source.text, stretches[k:])
            break
        formulas += read_stretch(source.text, found, evidence)
    formulas = [g for f in formulas for g in _gates(f)]
    formulas = [replace(f, id=f"f{k + 1}") for k, f in enumerate(formulas)]
    formulas = _with_merged_tags(formulas)
    rewritten = in_matrix_form([f.statement for f in formulas])
    formulas = [f if s is f.statement else replace(f, statement=s, reason=COMPONENTS) for f, s in zip(formulas, rewritten, strict=True)]
    formulas = [replace(f, statement=s) for f, s in zip(formulas, in_step([f.statement for f in formulas]), strict=True)]
    return _elaborated(source, formulas)


def _left_out(text: str, stretches: Sequence[Found]) -> Iterator[Formula]:
    """What is beyond the limit: the first of it says so for all, and each keeps its place in the report."""
    status, reason = "unreadable", f"only {MAX_FORMULAS} formulas of a document are read; {len(stretches)} are left out from here on"
    for found in stretches:
        raw = text[found.start : found.end][:MAX_CHARACTERS]
        yield Formula("", found.start, found.end, raw, "expression", status, reason, container=found.container)
        status, reason = "skipped", f"beyond the first {MAX_FORMULAS} formulas"


def read_stretch(text: str, found: Found, evidence: Evidence) -> list[Formula]:
    """The formulas of one stretch, parsed but not yet elaborated."""
    raw = text[found.start : found.end]
    whole = Formula("", found.start, found.end, raw.strip(), "expression", "unreadable", container=found.container)
    whole = replace(whole, start=found.start + len(raw) - len(raw.lstrip()), end=found.start + len(raw.rstrip()))
    if found.container == "unclosed":
        return [replace(whole, reason=f"'{raw}' is never closed")]
    if found.container == "data":
        return [replace(whole, kind="data", status="skipped", reason="numbers, read as data")]
    if len(raw) > MAX_CHARACTERS:
        return [replace(whole, reason=f"longer than {MAX_CHARACTERS} characters")]
    mended = repair(_without_comment_marks(raw), found.start, evidence)
    legend = _LEGEND.match(mended.text)
    if legend:
        mended = Repaired(mended.text[: legend.end(1)], mended.origin[: legend.end(1) + 1], mended.applied)
    looks = before_parsing(mended.text.strip())
    if looks is not None:
        return [replace(whole, kind=looks[0], status="skipped", reason=looks[1], repairs=tuple(mended.applied))]
    tokens = tokenize(mended.text)
    if len(tokens) > MAX_TOKENS:
        return [replace(whole, reason=f"longer than {MAX_TOKENS} tokens", repairs=tuple(mended.applied))]
    if nesting(tokens) > MAX_NESTING:
        return [replace(whole, reason=f"nested deeper than {MAX_NESTING} brackets", repairs=tuple(mended.applied))]
    parts = split(tokens)
    if not parts or (len(tokens) == 2 and tokens[0].kind == "cmd" and tokens[0].text[1:] in _BULLETS):
        return [replace(whole, status="skipped", kind="label", reason="a sign alone, not a formula", repairs=tuple(mended.applied))]
    return [_parsed(text, whole, part, mended, len(parts) == 1, found) for part in parts]


def _gates(f: Formula) -> list[Formula]:
    """A column of gates is a formula for each."""
    found = by_gate(f.statement) if f.statement is not None else []
    return [replace(f, statement=s, reason=GATES, kind=kind_of(s)) for s in found] or [f]


def _without_comment_marks(raw: str) -> str:
    """Continuation lines of a doc comment start with ``*`` or ``///``: blank those out (same length, so offsets stay)."""
    lines = raw.split("\n")
    if len(lines) > 1 and all(re.match(r"\s*(\*|///?|#)\s", x) for x in lines[1:] if x.strip()):
        if re.match(r"\s*\*\s", lines[0]):
            lines[0] = lines[0].replace("*", " ", 1)
        lines[1:] = [re.sub(r"^(\s*)(\*|///?|#)", lambda m: m[1] + " " * len(m[2]), x) for x in lines[1:]]
    return "\n".join(lines)


def _parsed(text: str, whole: Formula, part: Sequence[Token], mended: Repaired, alone: bool, found: Found) -> Formula:
    start, _ = mended.place(part[0].start, part[0].end)
    _, end = mended.place(part[-1].start, part[-1].end)
    formula = whole if alone else replace(whole, start=start, end=max(end, start + 1), raw=text[start:end])
    looks = None if alone else before_parsing(mended.text[part[0].start : part[-1].end].strip())
    if looks is not None:
        return replace(formula, kind=looks[0], status="skipped", reason=looks[1])
    repairs = tuple(a for a in mended.applied if alone or (a.start < formula.end and a.end > formula.start))
    flat = found.container in ("line", "text", "code", "cell") and not re.search(r"\\[a-zA-Z]", mended.text)
    try:
        statement = parse(part, flat)
    except ReadError as error:
        place = mended.place(error.offset, error.offset + 1)[0] if error.offset is not None else formula.start
        outside = scalar.read(mended.text[part[0].start : part[-1].end])
        if outside is not None:
            return replace(formula, kind="expression", status="skipped", reason=outside, repairs=repairs, reader="latex2sympy2_extended")
        return replace(formula, reason="; ".join(t for t in (error.message, error.hint) if t), repairs=repairs, error_at=place)
    except RecursionError:
        return replace(formula, reason="nested too deeply", repairs=repairs)
    notes = tuple(Applied(*mended.place(*span), mended.text[span[0] : span[1]], read, why) for span, read, why in statement.notes)
    repairs = tuple(sorted((*repairs, *notes, *_without_words(mended, part[0])), key=lambda a: a.start))
    status = "repaired" if repairs else "read"
    statement = relocate(statement, mended)
    return replace(formula, kind=kind_of(statement), status=status, repairs=repairs, statement=statement)


def _without_words(mended: Repaired, first: Token) -> Iterator[Applied]:
    """``\\text{cell state} = f_t C_{t-1}``: words are no symbol, so what is read is the expression beside them."""
    words = _WORDS.search(mended.text, 0, first.start) if first.text in RELATIONS else None
    if words:
        yield Applied(*mended.place(*words.span(1)), words[1], "", "words where a symbol should stand")


def relocate(statement: Statement, mended: Repaired) -> Statement:
    """The statement with its spans as offsets of the document."""

    def move(node):  # type: ignore[no-untyped-def]
        return replace(
            node, span=mended.place(*node.span) if node.span[1] > node.span[0] else node.span, args=tuple(move(a) for a in node.args)
        )

    return replace(statement, sides=tuple(move(s) for s in statement.sides), span=mended.place(*statement.span))


def _with_merged_tags(formulas: list[Formula]) -> list[Formula]:
    """Tags that differ in case only (Ts1, TS1) are one tag, by a named repair."""
    statements = [f.statement for f in formulas if f.statement is not None]
    table = merge_tags(statements)
    if not table:
        return formulas
    out = []
    for f in formulas:
        if f.statement is None:
            out.append(f)
            continue
        renamed, changed = table.apply(f.statement)
        notes = tuple(Applied(f.start, f.end, old, new, "an index in another case") for old, new in changed)
        out.append(replace(f, statement=renamed, repairs=f.repairs + notes, status="repaired" if notes else f.status))
    return out


def _elaborated(source: Source, formulas: list[Formula]) -> Document:
    """Systems first, then each system by itself; what belongs to no system is read beside the nearest one."""
    convolution = bool(re.search(r"conv(?!en|er|ey|in|ic)|卷积|卷積|합성곱|tích chập|畳み込み|свёрт|сверт", source.text, re.IGNORECASE))
    cells = column_equations(source, formulas)
    clusters = partition(formulas, cells)
    by_id = {f.id: f for f in formulas}
    groups = []
    home = nearest(formulas, clusters)
    for key, equation in _alone([f for f in formulas if home.get(f.id) == ""], convolution, declared_kinds(formulas)):
        by_id[key] = _with_reading(by_id[key], equation, "", "", False)
    for cluster in clusters:
        members = [k for k, c in home.items() if c == cluster.id and k not in cluster.formulas]
        statements = [cluster.statements[k] for k in cluster.formulas]
        extras = [by_id[k].statement for k in members]
        result = elaborate([*statements, *(s for s in extras if s is not None)], convolution=convolution, declared=declared_kinds(formulas))
        read = dict(zip([*cluster.formulas, *members], zip(result.equations, range(len(result.equations)), strict=True), strict=True))
        for key, (equation, k) in read.items():
            by_id[key] = _with_reading(by_id[key], equation, result.ambiguous.get(k, ""), cluster.id, key in cluster.derived)
        equations = tuple(e for e in result.equations[: len(statements)] if isinstance(e, TermEquation))
        kept = tuple(k for k, e in zip(cluster.formulas, result.equations, strict=False) if isinstance(e, TermEquation))
        groups.append(Group(cluster.id, kept, equations, result.layout, result.kinds, cluster.derived, cluster.label))
    return Document(source, tuple(by_id.values()), tuple(groups))


def _alone(formulas: Sequence[Formula], convolution: bool, declared: Mapping[str, str]) -> list[tuple[str, TermEquation | ReadError]]:
    """Symbols and expressions of a document without any equation, read together."""
    statements = [f.statement for f in formulas if f.statement is not None]
    if not statements:
        return []
    result = elaborate(statements, convolution=convolution, declared=declared)
    return list(zip([f.id for f in formulas], result.equations, strict=True))


def nearest(formulas: Sequence[Formula], clusters: Sequence) -> dict[str, str]:  # type: ignore[type-arg]
    """For every parsed formula, the system it is read with: its own, or the one that knows most of its names."""
    home: dict[str, str] = {}
    for f in formulas:
        if f.statement is None or f.kind == "declaration":
            continue
        own = next((c.id for c in clusters if f.id in c.formulas and f.id not in c.derived), None)
        if own is None and clusters:
            used = {n.name.plain for s in f.statement.sides for n in s.walk() if n.name is not None}
            own = max(clusters, key=lambda c: (len(used & c.names), -abs(c.position - f.start))).id
        home[f.id] = own or ""
    return home


def declared_kinds(formulas: Sequence[Formula]) -> dict[str, str]:
    """Kinds from declarations ``W \\in R^{n x m}`` and from numeric matrices."""
    kinds: dict[str, str] = {}
    for f in formulas:
        if f.statement is None or not f.statement.sides or f.statement.sides[0].name is None:
            continue
        name = replace(f.statement.sides[0].name, time=None, layer=None).plain
        if f.kind == "declaration":
            long = sum(d.glyph != "1" for d in f.statement.sides[1].args)
            kinds[name] = "svm"[min(long, 2)]
    return kinds


def _with_reading(f: Formula, equation: TermEquation | ReadError, other: str, group: str, derived: bool) -> Formula:
    if isinstance(equation, ReadError):
        return replace(f, status="unreadable", reason=equation.message, group=group, error_at=equation.offset)
    if derived:
        equation = TermEquation(equation.sides[1:], equation.text)
    reason = f"also readable as {other}" if other else f.reason
    return replace(f, equation=equation, ambiguous=other, reason=reason, group=group)
