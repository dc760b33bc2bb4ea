"""A system of a document made ready for matching: one equation a quantity, every variable with its time.

What copied or hurried notation leaves open is settled by the whole system, and each decision is kept as an interpretation that the
report shows: a candidate that lost its tilde and shares the name of the state, a state with two names, an o read as zero, new
values written with a prime. The author's mistakes stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sympy import Symbol

from ..expr.term import Term, TermEquation, time_shift
from ..reading.document import Document, Group
from ..reading.surface import Name

T = Symbol("t", integer=True)


@dataclass(frozen=True)
class Definition:
    """One equation: what it defines, its value, and the formula it stands in. ``repeats`` are formulas that state it again."""

    name: str
    value: Term
    formula: str
    repeats: tuple[str, ...] = ()

    @property
    def equation(self) -> TermEquation:
        return TermEquation((Term("sym", name=self.name, index=(T,)), self.value))


@dataclass(frozen=True)
class Interpretation:
    """A decision about names: ``wrote`` is taken for ``read`` because ``why``; ``code`` says which finding it makes, if any."""

    code: str
    formulas: tuple[str, ...]
    wrote: str
    read: str
    why: str


@dataclass(frozen=True)
class NormalSystem:
    """A system with one definition a quantity. ``variables`` have a time, ``parameters`` have none."""

    id: str
    definitions: tuple[Definition, ...]
    parameters: frozenset[str]
    layout: str
    interpretations: tuple[Interpretation, ...] = ()
    others: tuple[str, ...] = ()
    title: str = ""
    step: int | None = None
    family: str = ""

    @property
    def defined(self) -> dict[str, Definition]:
        return {d.name: d for d in self.definitions}

    @property
    def formulas(self) -> tuple[str, ...]:
        return tuple(k for d in self.definitions for k in (d.formula, *d.repeats))

    def variables(self) -> list[str]:
        """Everything with a time, in order of appearance."""
        seen: dict[str, None] = {}
        for d in self.definitions:
            seen.setdefault(d.name)
            for t in d.value.walk():
                if t.op == "sym" and t.index:
                    seen.setdefault(t.name)
        return list(seen)

    @property
    def undefined(self) -> list[str]:
        """Variables that no equation defines: inputs, states without equation, gates that are used and never given."""
        return [v for v in self.variables() if v not in self.defined]


def normal_systems(document: Document) -> list[NormalSystem]:
    """The systems of a document; a worked example falls into its steps."""
    out: list[NormalSystem] = []
    for group in document.groups:
        rows = [(f, e) for f, e in zip(group.formulas, group.equations, strict=True) if _defines(e)]
        if not rows:
            continue
        for step, members in _steps(rows):
            system = _normal(document, group, members, step)
            if system is not None:
                family = "" if step is None else _family(rows)
                out.append(replace(system, id=group.id if step is None else f"{group.id}.{step}", family=family))
    return out


def _defines(e: TermEquation) -> bool:
    target = e.sides[0]
    if len(e.sides) < 2 or target.op != "sym":
        return False
    shift = time_shift(target)
    return not target.index or shift == 0 or (shift is not None and shift != 0)


Rows = list[tuple[str, TermEquation]]
_STEP = re.compile(r"(?P<stem>.+?)_?(?P<family>[A-Za-z]{2,})(?P<number>\d+)")


def _steps(rows: Rows) -> list[tuple[int | None, Rows]]:
    """``F1_TS1 = ...``, ``F1_TS2 = ...``: the steps of a worked example, each one system with TS_k as its time."""
    numbers = {f: m for f, e in rows if (m := _STEP.fullmatch(e.sides[0].name)) and not e.sides[0].index}
    if len(numbers) < len(rows):
        return [(None, rows)]
    families = {m["family"] for m in numbers.values()}
    if len(families) != 1:
        return [(None, rows)]
    family = families.pop()
    steps: dict[int, Rows] = {}
    for f, e in rows:
        step = int(numbers[f]["number"])
        sides = tuple(stepped(s, family, step) for s in e.sides)
        steps.setdefault(step, []).append((f, TermEquation(sides, e.text)))
    return [(step, steps[step]) for step in sorted(steps)]


def _family(rows: Rows) -> str:
    match = _STEP.fullmatch(rows[0][1].sides[0].name)
    return match["family"] if match else ""


def stepped(term: Term, family: str, step: int) -> Term:
    """The term with ``X_TSk`` written as X at time t + k - step."""
    args = tuple(stepped(a, family, step) for a in term.args)
    match = _STEP.fullmatch(term.name) if term.op == "sym" and not term.index else None
    if match is not None and match["family"] == family:
        return replace(term, name=match["stem"], index=(T + int(match["number"]) - step,))
    return replace(term, args=args)


def _normal(document: Document, group: Group, rows: Rows, step: int | None) -> NormalSystem | None:
    notes: list[Interpretation] = []
    rows = [(f, _timed_target(e)) for f, e in rows]
    rows = _primes(rows)
    rows = _candidate(rows, notes)
    rows = _twice_defined(rows, notes)
    rows = _lookalikes(rows, notes)
    rows = _zero_for_o(rows, notes)
    rows, others = _single(rows)
    rows = _two_names(rows, notes)
    parameters = _parameters(rows, group.layout)
    rows = [(f, _with_times(e, parameters)) for f, e in rows]
    repeats: dict[str, list[str]] = {}
    kept: dict[str, tuple[str, TermEquation]] = {}
    for f, e in rows:
        name = e.sides[0].name
        if name in kept:
            repeats.setdefault(name, []).append(f)
        else:
            kept[name] = (f, e)
    definitions = tuple(Definition(n, e.sides[-1], f, tuple(repeats.get(n, ()))) for n, (f, e) in kept.items())
    if not definitions:
        return None
    return NormalSystem(group.id, definitions, parameters, group.layout, tuple(notes), tuple(others), group.label, step)


def _timed_target(e: TermEquation) -> TermEquation:
    """``h_{t+1} = ...`` is moved to time t."""
    shift = time_shift(e.sides[0])
    if not shift:
        return e
    return TermEquation(
        tuple(_map(s, lambda t: replace(t, index=tuple(i - shift for i in t.index)) if t.index else t) for s in e.sides), e.text
    )


def _map(term: Term, change) -> Term:  # type: ignore[no-untyped-def]
    term = replace(term, args=tuple(_map(a, change) for a in term.args))
    return change(term) if term.op == "sym" else term  # type: ignore[no-any-return]


def _rename(e: TermEquation, table: Mapping[tuple[str, int | None], tuple[str, int | None]]) -> TermEquation:
    """Symbols renamed by name and shift; shift None stands for a symbol without time."""

    def change(t: Term) -> Term:
        shift = time_shift(t)
        new = table.get((t.name, shift))
        if new is None:
            return t
        return replace(t, name=new[0], index=() if new[1] is None else (T + new[1],))

    return TermEquation(tuple(_map(s, change) for s in e.sides), e.text)


def _primes(rows: Rows) -> Rows:
    """``c' = f * c + i * g``: the primed name is the new value, the bare one the old, where nothing has a time index."""
    if any(t.index for _, e in rows for s in e.sides for t in s.walk()):
        return rows
    targets = {e.sides[0].name for _, e in rows}
    used = {t.name for _, e in rows for s in e.sides[1:] for t in s.walk() if t.op == "sym"}
    table: dict[tuple[str, int | None], tuple[str, int | None]] = {}
    for name in targets:
        base = re.sub(r"prime|_new$|_next$|_t$", "", name)
        if base != name and base in used and base not in targets:
            table[name, None] = (base, 0)
            table[base, None] = (base, -1)
    return [(f, _rename(e, table)) for f, e in rows]


def _candidate(rows: Rows, notes: list[Interpretation]) -> Rows:
    """The candidate lost its mark: ``C_t = tanh(W x + ...)`` beside ``C_3 = C_{t-1} + ... C_t ...`` (or ``C_t = f C_{t-1} + i C_t``)."""
    proposals = {e.sides[0].name: f for f, e in rows if _is_squashed_affine(e) and e.sides[0].index}
    for name in proposals:
        keepers = [
            (f, e) for f, e in rows
            if not _is_squashed_affine(e) and _uses(e, name, -1) and _uses(e, name, 0) and (e.sides[0].name[:1].lower() == name[:1].lower())
        ]  # fmt: skip
        if not keepers:
            continue
        state = keepers[0][1].sides[0]
        candidate = f"{name}_tilde"
        table: dict[tuple[str, int | None], tuple[str, int | None]] = {(name, 0): (candidate, 0)}
        if state.name != name:
            shift = time_shift(state)
            table[state.name, shift] = (name, 0)
            notes.append(
                Interpretation(
                    "W303", tuple(f for f, _ in keepers), state.name, f"{name}[t]", f"{state.name} is the new value of the state {name}"
                )
            )
        formulas = tuple(f for f, e in rows if e.sides[0].name == name and _is_squashed_affine(e))
        notes.append(Interpretation("W302", formulas, f"{name}[t]", f"{candidate}[t]", f"{name} names both the candidate and the state"))
        fresh = []
        for f, e in rows:
            own = e.sides[0].name == name and not _is_squashed_affine(e)
            later = state.name == name and not own and not _is_squashed_affine(e)
            if later:
                fresh.append((f, e))
            elif own:
                fresh.append((f, TermEquation((e.sides[0], *(_rename(TermEquation((s,)), table).sides[0] for s in e.sides[1:])), e.text)))
            else:
                fresh.append((f, _rename(e, table)))
        return fresh
    return rows


def _twice_defined(rows: Rows, notes: list[Interpretation]) -> Rows:
    """One name defined by a squashed affine map and again by something else: the first is the candidate under the state's name."""
    for name in {e.sides[0].name for _, e in rows}:
        own = [(f, e) for f, e in rows if e.sides[0].name == name]
        squashed = [(f, e) for f, e in own if _is_squashed_affine(e)]
        if not squashed or len(squashed) == len(own):
            continue
        targets = {e.sides[0].name for _, e in rows}
        used = [t.name for _, e in own for s in e.sides[1:] for t in s.walk() if t.op == "sym" and t.index and t.name not in targets]
        candidate = next((u for u in used if u[:1] == name[:1]), f"{name}_tilde")
        notes.append(
            Interpretation(
                "W302", tuple(f for f, _ in squashed), f"{name}[t]", f"{candidate}[t]", f"{name} names both the candidate and the state"
            )
        )
        target = Term("sym", name=candidate, index=(T,))
        rows = [(f, TermEquation((target, *e.sides[1:]), e.text) if (f, e) in squashed else (f, e)[1]) for f, e in rows]
    return rows


#: Letters that a scan confuses.
_CONFUSED = ({"T", "I", "l", "1", "J"}, {"O", "o", "0", "Q"}, {"C", "G", "c", "e"})


def _lookalikes(rows: Rows, notes: list[Interpretation]) -> Rows:
    """A name used and never defined that differs from one defined and never used by one confused letter: ``T1`` for ``I1``."""
    targets = [e.sides[0].name for _, e in rows]
    used = dict.fromkeys(t.name for _, e in rows for s in e.sides[1:] for t in s.walk() if t.op == "sym" and t.index)
    for name in [u for u in used if u not in targets]:
        twin = next((d for d in targets if d not in used and len(d) == len(name) and _confused(d, name)), None)
        if twin is not None:
            formulas = tuple(f for f, e in rows if any(t.name == name for s in e.sides for t in s.walk()))
            notes.append(
                Interpretation("W301", formulas, name, twin, f"{name} is never defined and looks like {twin}, which is never used")
            )
            rows = [(f, _rename(e, {(name, s): (twin, s) for s in (0, -1, 1)})) for f, e in rows]
    return rows


def _confused(a: str, b: str) -> bool:
    different = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return len(different) == 1 and any(set(different[0]) <= group for group in _CONFUSED)


def _is_squashed_affine(e: TermEquation) -> bool:
    value = e.sides[-1]
    return value.op == "call" and value.name in ("tanh", "sigmoid") and any(t.op in ("matmul", "concat") for t in value.walk())


def _uses(e: TermEquation, name: str, shift: int) -> bool:
    return any(t.op == "sym" and t.name == name and time_shift(t) == shift for s in e.sides[1:] for t in s.walk())


def _zero_for_o(rows: Rows, notes: list[Interpretation]) -> Rows:
    """``W_0`` beside ``W_f`` and ``W_i``, in the line of the gate o: the letter o was read as zero."""
    names = {t.name for _, e in rows for s in e.sides for t in s.walk() if t.op == "sym"}
    out: Rows = []
    for f, e in rows:
        zeros = {t.name for s in e.sides for t in s.walk() if t.op == "sym" and not t.index and t.name.endswith("_0")}
        siblings = any(re.fullmatch(re.escape(z[:-1]) + "[A-Za-z]+", n) for z in zeros for n in names)
        if zeros and siblings and re.match(r"[oO]", e.sides[0].name):
            table: dict[tuple[str, int | None], tuple[str, int | None]] = {(z, None): (z[:-1] + "o", None) for z in zeros}
            wrote, read = ", ".join(sorted(zeros)), ", ".join(sorted(z[:-1] + "o" for z in zeros))
            notes.append(Interpretation("W301", (f,), wrote, read, "the index o was read as zero"))
            e = _rename(e, table)
        out.append((f, e))
    return out


def _single(rows: Rows) -> tuple[Rows, list[str]]:
    """A quantity defined twice by different values keeps its first definition; the others are judged by themselves."""
    first: dict[str, TermEquation] = {}
    kept, others = [], []
    for f, e in rows:
        name = e.sides[0].name
        known = first.setdefault(name, e)
        if known is e or strip(known.sides[-1]) == strip(e.sides[-1]):
            kept.append((f, e))
        else:
            others.append(f)
    return kept, others


def strip(term: Term) -> Term:
    """The term without its spans."""
    return replace(term, args=tuple(strip(a) for a in term.args), span=None)


def _two_names(rows: Rows, notes: list[Interpretation]) -> Rows:
    """A quantity used under one mark and defined under another: ``\\bar C`` used, ``\\tilde C`` defined."""
    targets = [e.sides[0].name for _, e in rows]
    used = {t.name: f for f, e in rows for s in e.sides[1:] for t in s.walk() if t.op == "sym" and t.index}
    for name in [u for u in used if u not in targets]:
        twin = next((d for d in targets if d not in used and d != name and _stem(d) == _stem(name) and _marked(d) and _marked(name)), None)
        if twin is None:
            continue
        formulas = tuple(f for f, e in rows if any(t.name == name for s in e.sides for t in s.walk()))
        notes.append(Interpretation("W303", formulas, name, twin, f"{name} is used and never defined, {twin} is defined and never used"))
        rows = [(f, _rename(e, {(name, s): (twin, s) for s in (0, -1, 1)})) for f, e in rows]
    return rows


def _stem(name: str) -> str:
    return re.sub(r"_(tilde|bar|hat|prime)|prime", "", name)


def _marked(name: str) -> bool:
    return _stem(name) != name


def _parameters(rows: Rows, layout: str) -> frozenset[str]:
    """Names without a time that are weights, biases or peepholes: everything except what is defined, what a weight is applied to, and
    what multiplies a variable outside a squashing function (a gate that is used and never defined)."""
    untimed = {t.name for _, e in rows for s in e.sides for t in s.walk() if t.op == "sym" and not t.index}
    targets = {e.sides[0].name for _, e in rows}
    variable: set[str] = set()
    for _, e in rows:
        for s in e.sides[1:]:
            variable |= set(_variables(s, False, layout))
    return frozenset(untimed - targets - {n for n in variable if not re.match(r"[bB](_|$|[a-z])|bias|[WUV](_|\d|$)", n)})


def _variables(term: Term, inside: bool, layout: str) -> Iterable[str]:
    """Untimed names that behave like variables: elementwise factors outside a pre-activation or inside what a weight is applied to."""
    if term.op == "mul" and not inside:
        yield from (a.name for a in term.args if a.op == "sym" and not a.index)
        yield from (
            b.name
            for a in term.args
            if a.op == "add"
            for b in (x.args[0] if x.op == "neg" else x for x in a.args)
            if b.op == "sym" and not b.index
        )
    if term.op in ("concat", "matmul"):
        operands = term.args if term.op == "concat" else term.args[1:] if layout == "column" else term.args[:1]
        yield from (a.name for a in operands if a.op == "sym" and not a.index)
        for a in term.args:
            yield from _variables(a, False, layout)
        return
    if term.op == "call":
        yield from (a.name for a in term.args if a.op == "sym" and not a.index)
    for a in term.args:
        yield from _variables(a, inside or term.op == "call", layout)


def _with_times(e: TermEquation, parameters: frozenset[str]) -> TermEquation:
    def change(t: Term) -> Term:
        return t if t.index or t.name in parameters else replace(t, index=(T,))

    return TermEquation(tuple(_map(s, change) for s in e.sides), e.text)


__all__ = ["Definition", "Interpretation", "Name", "NormalSystem", "normal_systems", "strip"]
