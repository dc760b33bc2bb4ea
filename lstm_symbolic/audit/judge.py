"""One system of a document against the known cell nearest to it: relation, mapping, and what its equations get wrong."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..cells import cell
from ..errors import LstmSymbolicError
from ..expr import build_equation, infer
from ..expr.plain import write
from ..expr.term import Term, TermEquation
from ..proof import System, Verdict, compare_systems
from ..reading.document import Document, Formula
from ..reading.elaborate import elaborate
from ..reading.grammar import parse
from ..reading.tidy import split
from ..reading.tokens import tokenize
from .author import Author
from .canonical import Canonical
from .circles import circles
from .functions import recognised
from .localise import Located, locate
from .normal import Definition, NormalSystem, stepped, strip
from .places import finding, fix, label, span_of, where
from .recognise import Match, Model, against, has_bias, models
from .report import Finding, Fix, Label

#: Cells that are a form of another one; a document that states them is told so.
VARIANTS = {
    "lstm_no_output_tanh": "the LSTM without the output tanh", "lstm_cifg": "the LSTM with coupled gates",
    "lstm_cs230": "the CS230 cheat sheet's LSTM: a relevance gate inside the candidate and no output tanh",
    "gru_cs230": "the GRU of the CS230 cheat sheet: z c~ + (1 - z) c', the activation is the cell state", "lstm_peephole": "the LSTM with peepholes",
    "lstm_lee": "Hung-yi Lee's memory cell, with its functions left open", "lstm_1997": "the LSTM of 1997, without a forget gate",
    "gru_reset_after": "the GRU with the reset gate after the matrix product", "lstm_projection": "the LSTM with a projection",
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A system with its verdict: the match, the located slips, and the comparison with the zoo."""

    system: NormalSystem
    match: Match | None
    located: tuple[Located, ...] = ()
    verdict: Verdict | None = None

    @property
    def relation(self) -> str:
        if self.verdict is None:
            return "undecided"
        return {"proved": "equivalent", "proved-where-defined": "equivalent", "proved-under": "equivalent-under", "refuted": "differs"}.get(
            self.verdict.kind, "undecided"
        )


def judge(system: NormalSystem) -> Judged:
    """Recognise, locate, compare."""
    system, match = recognised(system)
    if match is None:
        return Judged(system, None)
    sure = len(match.exact) >= len(match.wrong)  # with more wrong than right, the cell itself is a guess
    return Judged(system, match, locate(system, match) if sure else (), against_zoo(system, match))


def against_zoo(system: NormalSystem, match: Match) -> Verdict:
    """The prover's verdict on the system and the cell. A gate that the document never defines is free on both sides."""
    free = [match.roles[u] for u in system.undefined if u in match.roles and match.roles[u] in match.model.values]
    try:
        outputs = carried(system, match)
        mine = prover_system(system, match.roles, outputs)
        theirs = zoo_system(match.model, tuple(free), outputs)
        return compare_systems(mine, theirs)
    except LstmSymbolicError as error:
        return Verdict("undecided", reason=error.message)


def prover_system(system: NormalSystem, roles: Mapping[str, str], outputs: tuple[str, ...]) -> System:
    """The system for the prover: variables under their roles, parameters under their own names (marked where a role has that name)."""
    own = {p: f"{p}_doc" for p in system.parameters if p in roles.values()}
    names = {**own, **roles}
    equations = [_renamed(d.equation, names) for d in system.definitions]
    layout = system.layout if system.layout in ("row", "column") else None
    shapes, conflicts = infer(equations, layout=layout)
    if conflicts:
        raise LstmSymbolicError(f"the shapes do not fit: {conflicts[0].message}")
    pairs = tuple((s[0], s[-1]) for s in (build_equation(e, shapes) for e in equations))
    return System(pairs, tuple(n for n in outputs if n in {names.get(d, d) for d in system.defined}))


def carried(system: NormalSystem, match: Match) -> tuple[str, ...]:
    """The roles of what the recursion carries or yields, as far as the system defines them."""
    c = cell(match.cell)
    wanted = dict.fromkeys((*c.states, *c.outputs))
    return tuple(role for role in wanted if role in {match.roles[n] for n in system.defined if n in match.roles})


def _renamed(e: TermEquation, names: Mapping[str, str]) -> TermEquation:
    def walk(t: Term) -> Term:
        return replace(t, args=tuple(walk(a) for a in t.args), name=names.get(t.name, t.name) if t.op == "sym" else t.name)

    return TermEquation(tuple(walk(s) for s in e.sides))


def zoo_system(model: Model, free: tuple[str, ...], outputs: tuple[str, ...]) -> System:
    """The known cell without the definitions of ``free`` gates."""
    c = cell(model.name)
    values = {n: v for n, v in model.values.items() if n not in free}
    equations = [TermEquation((Term("sym", name=n, index=(_time(),)), v)) for n, v in values.items()]
    shapes, _ = infer(equations, c.shapes)
    return System(tuple((s[0], s[-1]) for s in (build_equation(e, shapes) for e in equations)), outputs)


def _time():  # type: ignore[no-untyped-def]
    from sympy import Symbol

    return Symbol("t", integer=True)


def exchanged_letters(document: Document, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Two notations of one document in which two weight letters have changed places (W for the input here, U there)."""
    seen: list[tuple[dict[str, str], Judged]] = []
    for j in judged:
        if j.match is None or j.system.step is not None:
            continue
        use = _letters(j)
        for other, first in seen:
            swapped = [
                (a, b)
                for a, b in itertools.combinations(sorted(use), 2)
                if other.get(a) == use[b] and other.get(b) == use[a] and use[a] != use[b]
            ]
            for a, b in swapped:
                f = next(x for x in document.formulas if x.id == j.system.definitions[0].formula)
                g = next(x for x in document.formulas if x.id == first.system.definitions[0].formula)
                message = (
                    f"{a} and {b} have exchanged their roles: {a} multiplies the {use[a]} here and the {other[a]} in {where(document, g)}"
                )
                spot = [label(document, (g.start, g.end), f"{a} multiplies the {other[a]}")]
                yield finding(document, "W308", (f.start, f.end), message, f, wrote=f.plain, labels=spot)
        seen.append((use, j))


def _letters(j: Judged) -> dict[str, str]:
    """Weight letter -> what it multiplies everywhere: the input or the state."""
    assert j.match is not None
    uses: dict[str, set[str]] = {}
    for d in j.system.definitions:
        for t in d.value.walk():
            if t.op != "matmul":
                continue
            weight, operand = t.args[::-1] if j.system.layout == "row" else t.args
            if weight.op == "sym" and operand.op == "sym" and operand.index:
                kind = "input" if j.match.roles.get(operand.name) in j.match.model.inputs else "state"
                uses.setdefault(weight.name.partition("_")[0], set()).add(kind)
    return {letter: next(iter(kinds)) for letter, kinds in uses.items() if len(kinds) == 1}


# -- findings -------------------------------------------------------------------------------------------------------------------


def system_findings(document: Document, judged: Judged) -> Iterator[Finding]:
    """Everything that one system gets wrong, or that a reader should know of it."""
    system, match = judged.system, judged.match
    by_id = {f.id: f for f in document.formulas}
    yield from _interpretations(document, system, by_id)
    yield from circles(document, system, by_id)
    if match is None:
        if len(system.definitions) > 2:
            first = by_id[system.definitions[0].formula]
            yield finding(document, "N511", (first.start, first.end), "this system is no cell of the zoo", first)
        return
    for located in judged.located:
        yield from _slip(document, judged, located, by_id)
    yield from _parameter_slips(document, judged, by_id)
    yield from _undefined(document, judged, by_id)
    yield from _character(document, judged, by_id)


def contradictions(document: Document, judged: Sequence[Judged]) -> Iterator[Finding]:
    """A quantity defined once in a system and once more, by itself and otherwise: nothing says which is meant."""
    by_id = {f.id: f for f in document.formulas}
    for j in judged:
        if len(j.system.definitions) != 1:
            continue
        d = j.system.definitions[0]
        f = by_id[d.formula]
        used = {t.name for t in d.value.walk() if t.op == "sym" and t.index}
        for other in judged:
            known = other.system.defined.get(d.name)
            if other is j or known is None or other.match is None or len(other.system.definitions) < 3:
                continue
            if not used <= {*other.system.variables()} or strip(known.value) == strip(d.value):
                continue
            g = by_id[known.formula]
            variant = recognised(replace(other.system, definitions=tuple(d if x.name == d.name else x for x in other.system.definitions)))[
                1
            ]
            if variant is not None and not variant.wrong and not variant.extra:
                message = f"another form of {d.name}[t]: with it the system is the {variant.cell}"
                yield finding(document, "N501", (f.start, f.end), message, f, wrote=f.plain)
                break
            message = f"{d.name}[t] is defined otherwise in {where(document, g)}"
            yield finding(
                document, "E211", (f.start, f.end), message, f, wrote=f.plain, expected=g.plain, labels=[label(document, (g.start, g.end), "the other one")]
            )  # fmt: skip
            break


def _interpretations(document: Document, system: NormalSystem, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    for note in system.interpretations:
        for key in note.formulas:
            f = by_id[key]
            notes = [("read", f"{note.wrote} read as {note.read}")]
            yield finding(document, note.code, _namespan_of(f, note.wrote), note.why, f, wrote=note.wrote, expected=note.read, notes=notes)


def _namespan_of(f: Formula, wrote: str) -> tuple[int, int]:
    """Where the symbol stands in the formula."""
    names = {w.split("[")[0] for w in wrote.split(", ")}
    if f.equation is not None:
        for s in f.equation.sides:
            for t in s.walk():
                if t.op == "sym" and t.span is not None and (t.name in names or any(t.name.startswith(f"{n}_") for n in names)):
                    return t.span
    return f.start, f.end


def _slip(document: Document, judged: Judged, located: Located, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    """One wrong equation, at every place where the document states it."""
    match, d = judged.match, located.definition
    assert match is not None
    read, expected = _lines(d, d.value), _lines(d, located.expected)
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
            yield finding(
                document, "E299", (f.start, f.end), message, f, severity="warning", wrote=read, expected=expected, witness=witness, notes=notes,
                fix=mend,
            )  # fmt: skip
            continue
        for k, e in enumerate(edits):
            at = _same_place(f, by_id[d.formula], e.at)
            yield finding(
                document, e.code, span_of(f, at), _message(e.code, e.words, match, d), f, wrote=read, expected=expected, witness=witness if k == 0 else None,
                notes=notes, fix=mend if k == 0 else None, labels=_agreeing(document, judged, f),
            )  # fmt: skip


def _message(code: str, words: str, match: Match, d: Definition) -> str:
    role = match.roles[d.name]
    names = {"C": "cell state", "c": "cell state", "h": "hidden state", "f": "forget gate", "i": "input gate", "o": "output gate"}
    return f"{words} ({names.get(role, role)} of the {match.cell})"


def _same_place(f: Formula, first: Formula, at: Term) -> Term:
    """The node of a repeated formula that stands where ``at`` stands in the first one."""
    if f is first or f.equation is None or first.equation is None:
        return at
    pairs = zip((t for s in first.equation.sides for t in s.walk()), (t for s in f.equation.sides for t in s.walk()), strict=False)
    return next((b for a, b in pairs if a.span == at.span and a.op == at.op), at)


def _agreeing(document: Document, judged: Judged, f: Formula) -> list[Label]:
    """Another formula on the same line: the document's other notation."""
    line = document.source.place(f.start)[0]
    for g in document.formulas:
        if g is not f and g.kind == "equation" and g.group != f.group and document.source.place(g.start)[0] == line:
            return [label(document, (g.start, g.end), "the same document's other notation")]
    return []


def _lines(d: Definition, value: Term) -> str:
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


def _parameter_slips(document: Document, judged: Judged, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    """One weight or bias in the lines of two gates: the line whose other parameters have another tag is the slip."""
    system = judged.system
    lines: dict[str, list[tuple[Definition, Term]]] = {}
    for d in system.definitions:
        for t in d.value.walk():
            if t.op == "sym" and t.name in system.parameters:
                lines.setdefault(t.name, []).append((d, t))
    for d in system.definitions:
        mine = list(dict.fromkeys(t.name for t in d.value.walk() if t.op == "sym" and t.name in system.parameters))
        tags = Counter(p.partition("_")[2] for p in mine if "_" in p)
        if not tags or tags.most_common(1)[0][1] < 2:
            continue
        tag = tags.most_common(1)[0][0]
        for name in mine:
            base, _, own = name.partition("_")
            odd = own and own != tag and _tail(own) != _tail(tag)
            others = [x for x, _ in lines[name] if x.name != d.name]
            if not odd or (len(own) > 1 and len(own) == len(tag)):
                continue
            expected = f"{base}_{tag}"
            for key in (d.formula, *d.repeats):
                f = by_id[key]
                at = next((t for s in (f.equation.sides if f.equation else ()) for t in s.walk() if t.op == "sym" and t.name == name), None)
                labels = (
                    [label(document, (by_id[others[0].formula].start, by_id[others[0].formula].end), f"{name} belongs here")]
                    if others
                    else []
                )
                line = _lines(d, d.value)
                right = _lines(d, _replace_name(d.value, name, expected))
                code = "E201" if others else "W310"
                message = f"{expected} belongs here, not {name}: the other parameters of this line end in {tag}"
                yield finding(
                    document,
                    code,
                    span_of(f, at),
                    message,
                    f,
                    wrote=line,
                    expected=right,
                    labels=labels,
                    fix=_name_fix(document, f, at, own, tag),
                )


def _tail(tag: str) -> str:
    return tag[-1:].lower()


def _replace_name(term: Term, old: str, new: str) -> Term:
    name = new if term.op == "sym" and term.name == old else term.name
    return replace(term, name=name, args=tuple(_replace_name(a, old, new) for a in term.args))


def _name_fix(document: Document, f: Formula, at: Term | None, own: str, tag: str) -> Fix | None:
    if at is None or at.span is None or "\n" in f.raw:
        return None
    raw = document.source.text[at.span[0] : at.span[1]]
    if not re.search(rf"{re.escape(own)}\}}?$", raw):
        return None
    cut = raw.rindex(own)
    return fix(document, at.span, raw[:cut] + tag + raw[cut + len(own) :])


def _undefined(document: Document, judged: Judged, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    """Gates that are used and never defined."""
    system, match = judged.system, judged.match
    assert match is not None
    for name in system.undefined:
        role = match.roles.get(name)
        if role is None or role not in match.model.values:
            continue
        place = next(((by_id[d.formula], t) for d in system.definitions for t in d.value.walk() if t.op == "sym" and t.name == name), None)
        if place is not None:
            f, t = place
            want = f"{name}[t] = {write(match.model.values[role])}"
            message = f"{name} is used and never defined; it takes the part of {role} in the {match.cell}"
            yield finding(document, "W304", span_of(f, t), message, f, wrote=name, expected=want)


#: Variant -> the cell that readers will have in mind.
_BASES = {"lstm_no_output_tanh": "lstm", "lstm_cs230": "lstm", "lstm_cifg": "lstm", "lstm_peephole": "lstm", "gru_reset_after": "gru"}


def _deviations(document: Document, judged: Judged, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    """Where a variant differs from the cell that it varies: a note at each such equation."""
    system, match = judged.system, judged.match
    assert match is not None
    base = next((m for m in models() if m.name == _BASES.get(match.cell)), None)
    if base is None:
        return
    other = against(system, match, base)
    for located in locate(system, other):
        d = located.definition
        if not located.edits:
            continue
        f = by_id[d.formula]
        words = "; ".join(e.words for e in located.edits)
        message = f"against the {other.cell}: {words}, as in {match.cell}"
        yield finding(
            document, "N501", span_of(f, located.edits[0].at), message, f, wrote=_lines(d, d.value),
            notes=[("lstm" if other.cell == "lstm" else other.cell, _lines(d, located.expected))],
        )  # fmt: skip


def _character(document: Document, judged: Judged, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    """Notes on what the system is: a variant, row vectors, no biases, the other convention for z."""
    system, match = judged.system, judged.match
    assert match is not None
    first = by_id[system.definitions[0].formula]
    span = (first.start, first.end)
    if match.cell in VARIANTS and len(match.exact) >= 2 and system.step is None:
        yield finding(document, "N501", span, f"a known variant: {VARIANTS[match.cell]}", first)
        yield from _deviations(document, judged, by_id)
    if system.layout == "row" and system.step is None:
        yield finding(document, "N504", span, "row vectors: x W, so every weight is the transpose of the column form's", first)
    if match.model.biased and not has_bias(system.parameters, system.definitions):
        yield finding(document, "N505", span, f"biases are left out: the {match.cell} with every bias zero", first)
    if match.cell.endswith("no_bias"):
        yield finding(document, "N505", span, "biases are left out", first)
    if match.flipped:
        gate = next(iter(match.flipped))
        message = f"{gate} and 1 - {gate} are exchanged against the {match.cell}: the same cell with the gate's parameters negated"
        yield finding(document, "N503", span, message, first)
    for key in system.others:
        f = by_id[key]
        if f.equation is None:
            continue
        name = f.equation.sides[0].name
        known = system.defined.get(name)
        labels = [label(document, (by_id[known.formula].start, by_id[known.formula].end), "the first definition")] if known else []
        at = where(document, by_id[known.formula]) if known else "above"
        yield finding(
            document, "E211", (f.start, f.end), f"{name} is defined again, and differently, after {at}", f, wrote=f.plain, labels=labels
        )


__all__ = ["Judged", "carried", "judge", "prover_system", "system_findings", "zoo_system"]
