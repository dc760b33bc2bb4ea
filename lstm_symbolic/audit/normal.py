"""A system of a document made ready for matching: one equation a quantity, every variable with its time.

What names leave open is settled by ``interpret``; a worked example falls into its steps. The author's mistakes stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from ..cells.layers import one_layer
from ..expr.term import Term, TermEquation, time_shift
from ..reading.document import Document, Group
from .interpret import Interpretation, Rows, T, interpreted, map_symbols


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

    @cached_property
    def defined(self) -> dict[str, Definition]:
        return {d.name: d for d in self.definitions}

    @property
    def formulas(self) -> tuple[str, ...]:
        return tuple(k for d in self.definitions for k in (d.formula, *d.repeats))

    @cached_property
    def variables(self) -> list[str]:
        """Everything with a time, in order of appearance."""
        seen: dict[str, None] = {}
        for d in self.definitions:
            seen.setdefault(d.name)
            for t in d.value.walk():
                if t.op == "sym" and t.index:
                    seen.setdefault(t.name)
        return list(seen)

    @cached_property
    def undefined(self) -> list[str]:
        """Variables that no equation defines: inputs, states without equation, gates that are used and never given."""
        return [v for v in self.variables if v not in self.defined]


def normal_systems(document: Document) -> list[NormalSystem]:
    """The systems of a document; a worked example falls into its steps."""
    out: list[NormalSystem] = []
    for group in document.groups:
        rows = [(f, e) for f, e in zip(group.formulas, one_layer(group.equations), strict=True) if _defines(e)]
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
    return not target.index or time_shift(target) is not None


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
    rows, others, notes = interpreted([(f, _timed_target(e)) for f, e in _unchained(rows)])
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


def _unchained(rows: Rows) -> Rows:
    """``a_t = tanh(W x_t + U h_{t-1}) = tanh(s_t)`` defines s_t too, where nothing else does."""
    targets = {e.sides[0].name for _, e in rows}
    out: Rows = []
    for f, e in rows:
        last = e.sides[-1]
        inner = last.args[0] if last.op == "call" and len(last.args) == 1 else last
        same = next((s for s in e.sides[1:-1] if s.op == "call" and s.name == last.name and len(s.args) == 1), None)
        if same is not None and inner.op == "sym" and inner.name not in targets and same.args[0].op != "sym":
            out.append((f, TermEquation((inner, same.args[0]), e.text)))
        out.append((f, e))
    return out


def _timed_target(e: TermEquation) -> TermEquation:
    """``h_{t+1} = ...`` is moved to time t."""
    shift = time_shift(e.sides[0])
    if not shift:
        return e
    return TermEquation(
        tuple(map_symbols(s, lambda t: replace(t, index=tuple(i - shift for i in t.index)) if t.index else t) for s in e.sides), e.text
    )


def _parameters(rows: Rows, layout: str) -> frozenset[str]:
    """Names without a time that are weights, biases or peepholes: everything except what is defined, what a weight is applied to, and
    what multiplies a variable outside a squashing function (a gate that is used and never defined)."""
    untimed = {t.name for _, e in rows for s in e.sides for t in s.walk() if t.op == "sym" and not t.index}
    targets = {e.sides[0].name for _, e in rows}
    variable: set[str] = set()
    for _, e in rows:
        for s in e.sides[1:]:
            variable |= set(_variables(s, False, layout))
    return frozenset(untimed - targets - {n for n in variable if not _WEIGHTS.match(n)})


#: Names of biases, weights and peepholes.
_WEIGHTS = re.compile(r"[bB](_|$|[a-z])|bias|[WUV](_|\d|$)|[pP]_[ifoczg]\b")


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

    return TermEquation(tuple(map_symbols(s, change) for s in e.sides), e.text)
