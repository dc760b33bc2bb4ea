"""What kind of cell a system states: a known variant, row vectors, no biases, the other convention for z, gates that are never defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..expr.plain import write
from ..expr.term import Term
from ..reading.document import Document, Formula
from .circles import circles
from .functions import recognised
from .interpret import map_symbols, strip
from .judge import Judged, certain
from .localise import Located, locate
from .models import has_bias, models
from .normal import Definition, NormalSystem
from .order import order_findings
from .parameters import parameter_slips
from .places import finding, label, span_of, where
from .recognise import Match, against
from .report import Finding
from .slips import line_of, slip

#: Cells that are a form of another one; a document that states them is told so.
VARIANTS = {
    "lstm_no_output_tanh": "the LSTM without the output tanh", "lstm_cifg": "the LSTM with coupled gates",
    "lstm_cs230": "the CS230 cheat sheet's LSTM: a relevance gate inside the candidate and no output tanh",
    "gru_cs230": "the GRU of the CS230 cheat sheet: z c~ + (1 - z) c', the activation is the cell state",
    "lstm_peephole": "the LSTM with peepholes", "lstm_peephole_only": "the LSTM whose gates see C in place of h",
    "ugrnn": "the GRU without its reset gate (UGRNN)",
    "lstm_goodfellow": "the Deep Learning book's LSTM, whose candidate passes through a sigmoid",
    "lstm_lee": "Hung-yi Lee's memory cell, with its functions left open", "lstm_1997": "the LSTM of 1997, without a forget gate",
    "gru_reset_after": "the GRU with the reset gate after the matrix product", "lstm_projection": "the LSTM with a projection",
}  # fmt: skip
#: Variant -> the cell that readers will have in mind.
_BASES = {"lstm_no_output_tanh": "lstm", "lstm_cs230": "lstm", "lstm_cifg": "lstm", "lstm_peephole": "lstm", "gru_reset_after": "gru"}


def system_findings(document: Document, judged: Judged) -> Iterator[Finding]:
    """Everything that one system gets wrong, or that a reader should know of it."""
    system, match = judged.system, judged.match
    by_id = {f.id: f for f in document.formulas}
    yield from interpretations(document, system, by_id)
    yield from circles(document, system, by_id)
    yield from order_findings(document, system)
    if match is None:
        if len(system.definitions) > 2:
            first = by_id[system.definitions[0].formula]
            yield finding(document, "N511", (first.start, first.end), "this system is no cell of the zoo", first)
        return
    variant = not certain(match) and any(not x.edits for x in judged.located)  # perhaps one that the zoo has not
    for located in judged.located:
        found = slip(document, judged, located, by_id)
        doubtful = (variant and len(located.edits) > 1) or misplaced(located, judged.located)
        yield from (replace(f, severity="warning") for f in found) if doubtful else found
    yield from parameter_slips(document, judged, by_id)
    yield from undefined_gates(document, judged, by_id)
    yield from character(document, judged, by_id)


def misplaced(located: Located, others: Sequence[Located]) -> bool:
    """Does the factor that is missing here stand in another line, where it is too many? Then that line is the wrong one."""
    missing = {t.name for e in located.edits if e.code == "E203" for t in _added(e.value, located.definition.value)}
    return any(e.code == "E208" and e.at.op == "sym" and e.at.name in missing for o in others if o is not located for e in o.edits)


def _added(value: Term, old: Term) -> set[Term]:
    return {t for t in value.walk() if t.op == "sym"} - {t for t in old.walk() if t.op == "sym"}


def interpretations(document: Document, system: NormalSystem, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    for note in system.interpretations:
        for key in note.formulas:
            f = by_id[key]
            notes = [("read", f"{note.wrote} read as {note.read}")]
            yield finding(document, note.code, _name_span(f, note.wrote), note.why, f, wrote=note.wrote, expected=note.read, notes=notes)


def _name_span(f: Formula, wrote: str) -> tuple[int, int]:
    """Where the symbol stands in the formula."""
    names = {w.split("[")[0] for w in wrote.split(", ")}
    if f.equation is not None:
        for s in f.equation.sides:
            for t in s.walk():
                if t.op == "sym" and t.span is not None and (t.name in names or any(t.name.startswith(f"{n}_") for n in names)):
                    return t.span
    return f.start, f.end


def undefined_gates(document: Document, judged: Judged, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
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
            document, "N501", span_of(f, located.edits[0].at), message, f, wrote=line_of(d, d.value),
            notes=[("lstm" if other.cell == "lstm" else other.cell, line_of(d, located.expected))],
        )  # fmt: skip


def character(document: Document, judged: Judged, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
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


def contradictions(document: Document, judged: Sequence[Judged]) -> Iterator[Finding]:
    """A quantity defined once in a system and once more, by itself and otherwise: nothing says which is meant."""
    by_id = {f.id: f for f in document.formulas}
    for j in judged:
        if len(j.system.definitions) != 1 or (j.match is not None and j.match.exact and not j.match.missing):
            continue  # several lines, or a cell of its own
        d = j.system.definitions[0]
        f = by_id[d.formula]
        used = {t.name for t in d.value.walk() if t.op == "sym" and t.index}
        for other in judged:
            known = other.system.defined.get(d.name)
            if other is j or known is None or other.match is None or len(other.system.definitions) < 3:
                continue
            if not used <= {*other.system.variables} or strip(known.value) == strip(d.value):
                continue
            g = by_id[known.formula]
            variant = _with_definition(other.system, _timed_as(d, known, f), j.system.parameters)
            if variant is not None and not variant.wrong and not variant.extra:
                message = f"another form of {d.name}[t]: with it the system is the {variant.cell}"
                yield finding(document, "N501", (f.start, f.end), message, f, wrote=f.plain)
                break
            message = f"{d.name}[t] is defined otherwise in {where(document, g)}"
            spot = [label(document, (g.start, g.end), "the other one")]
            yield finding(document, "E211", (f.start, f.end), message, f, wrote=f.plain, expected=g.plain, labels=spot)
            break


def _timed_as(d: Definition, known: Definition, f: Formula) -> Definition:
    """A definition without times takes those of the one that it stands for."""
    if f.equation is None or any(t.op == "sym" and t.index for s in f.equation.sides for t in s.walk()):
        return d
    times = {t.name: t.index for t in known.value.walk() if t.op == "sym"}
    return replace(d, value=map_symbols(d.value, lambda t: replace(t, index=times.get(t.name, t.index))))


def _with_definition(system: NormalSystem, d: Definition, parameters: frozenset[str]) -> Match | None:
    """What the system is when one quantity is defined otherwise."""
    definitions = tuple(d if x.name == d.name else x for x in system.definitions)
    return recognised(replace(system, definitions=definitions, parameters=system.parameters | parameters))[1]
