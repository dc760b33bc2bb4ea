"""Quantities of one step that need each other, so that no order of computation exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..expr.plain import write
from ..expr.term import Term, time_shift
from ..reading.document import Document, Formula
from .normal import NormalSystem
from .places import finding, span_of
from .report import Finding


def circles(document: Document, system: NormalSystem, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
    """A recurrent input at time t where t - 1 belongs, or a symbol in its own definition."""
    defined = system.defined
    needs = {d.name: {t.name for t in d.value.walk() if _now(t) and t.name in defined} for d in system.definitions}
    for d in system.definitions:
        fed = {id(x) for m in d.value.walk() if m.op == "matmul" for a in m.args for x in a.walk()}
        for t in d.value.walk():
            if not _now(t) or t.name not in defined:
                continue
            f = by_id[d.formula]
            wrote = f"{d.name}[t] = {write(d.value)}"
            if t.name == d.name:
                if _is_total(f, d.name):
                    continue
                message = f"{d.name}[t] stands in its own definition: no order of computation exists"
                yield finding(document, "E219", span_of(f, t), message, f, wrote=wrote)
            elif id(t) in fed and _reaches(needs, t.name, d.name):
                message = f"{t.name}[t] is computed from {d.name}[t]; only the step before, {t.name}[t - 1], can be used here"
                yield finding(document, "E219", span_of(f, t), message, f, wrote=wrote)


def _is_total(f: Formula, name: str) -> bool:
    """``J = sum of J_t``: the name without a time is the whole, and no step of it."""
    if f.equation is None or f.equation.sides[0].index:
        return False
    return any(t.name == name and t.index for s in f.equation.sides[1:] for t in s.walk() if t.op == "sym")


def _now(t: Term) -> bool:
    return t.op == "sym" and bool(t.index) and time_shift(t) == 0


def _reaches(needs: Mapping[str, set[str]], start: str, goal: str) -> bool:
    """Is ``goal`` needed, directly or not, to compute ``start``?"""
    seen: set[str] = set()
    work = [start]
    while work:
        for n in needs[work.pop()] - seen:
            if n == goal:
                return True
            seen.add(n)
            work.append(n)
    return False
