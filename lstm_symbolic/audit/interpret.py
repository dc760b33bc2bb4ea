"""What names mean where copied or hurried notation leaves it open, settled by the whole system.

A candidate that lost its tilde and shares the name of the state, a state with two names, an o read as zero, new values written with a
prime: every decision is kept as an interpretation that the report shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sympy import Symbol

from ..expr.term import Term, TermEquation, time_shift

T = Symbol("t", integer=True)

#: The equations of a system, each with the id of its formula.
Rows = list[tuple[str, TermEquation]]


@dataclass(frozen=True)
class Interpretation:
    """A decision about names: ``wrote`` is taken for ``read`` because ``why``; ``code`` says which finding it makes, if any."""

    code: str
    formulas: tuple[str, ...]
    wrote: str
    read: str
    why: str


def map_symbols(term: Term, change: Callable[[Term], Term]) -> Term:
    """A change of every symbol."""
    term = replace(term, args=tuple(map_symbols(a, change) for a in term.args))
    return change(term) if term.op == "sym" else term


def _rename(e: TermEquation, table: Mapping[tuple[str, int | None], tuple[str, int | None]]) -> TermEquation:
    """Symbols renamed by name and shift; shift None stands for a symbol without time."""

    def change(t: Term) -> Term:
        shift = time_shift(t)
        new = table.get((t.name, shift))
        if new is None:
            return t
        return replace(t, name=new[0], index=() if new[1] is None else (T + new[1],))

    return TermEquation(tuple(map_symbols(s, change) for s in e.sides), e.text)


def interpreted(rows: Rows) -> tuple[Rows, list[str], list[Interpretation]]:
    """The equations with settled names, the formulas that define something a second time, and the decisions."""
    notes: list[Interpretation] = []
    rows = _before(_primes(rows))
    for decide in (_candidate, _twice_defined, _lookalikes, _zero_for_o):
        rows = decide(rows, notes)
    rows, others = _single(rows)
    return _two_names(rows, notes), others, notes


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


def _before(rows: Rows) -> Rows:
    """``h_prev``, ``h_old`` beside ``h_t = ...``: the value of the step before."""
    targets = {e.sides[0].name for _, e in rows}
    names = {t.name for _, e in rows for s in e.sides[1:] for t in s.walk() if t.op == "sym" and time_shift(t) in (None, 0)} - targets
    table: dict[tuple[str, int | None], tuple[str, int | None]] = {
        (name, shift): (base, -1) for name in names if (base := re.sub(r"_(prev|old|last)$", "", name)) != name and base in targets
        for shift in (None, 0)
    }  # fmt: skip
    return [(f, _rename(e, table)) for f, e in rows] if table else rows


def _candidate(rows: Rows, notes: list[Interpretation]) -> Rows:
    """The candidate lost its mark: ``C_t = tanh(W x + ...)`` beside ``C_3 = C_{t-1} + ... C_t ...`` (or ``C_t = f C_{t-1} + i C_t``)."""
    proposals = {e.sides[0].name: f for f, e in rows if _is_squashed_affine(e) and e.sides[0].index}
    carried = _carried(rows) if proposals else {}
    for name in proposals:
        keepers = [(f, e) for f, e in carried.get(name, ()) if e.sides[0].name[:1].lower() == name[:1].lower()]
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
    defined: dict[str, Rows] = {}
    for f, e in rows:
        defined.setdefault(e.sides[0].name, []).append((f, e))
    for name, own in defined.items():
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


def _carried(rows: Rows) -> dict[str, Rows]:
    """For every symbol, the equations that use it at this step and at the one before, and are no candidate."""
    found: dict[str, Rows] = {}
    for f, e in rows:
        if not _is_squashed_affine(e):
            used = {(t.name, time_shift(t)) for s in e.sides[1:] for t in s.walk() if t.op == "sym"}
            for name in {name for name, shift in used if shift == 0 and (name, -1) in used}:
                found.setdefault(name, []).append((f, e))
    return found


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
