"""What is wrong with an equation, where, and what would be right.

The equation has a role in a recognised cell and not that role's value. Single changes are tried first, then several symbols at once,
then two changes; the cheapest one that gives the right canonical form is the finding, and the prover must refute the equation as written
against the corrected one. What no change explains is still reported, with the whole expected equation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..errors import LstmSymbolicError
from ..expr import build, infer
from ..expr.dims import Shape
from ..expr.plain import write
from ..expr.term import Term
from ..proof import Verdict, compare_expressions
from .canonical import Canonical
from .edits import Edit, Vocabulary, edits, relabelled
from .normal import Definition, NormalSystem
from .recognise import Match

#: Seconds that the search for pairs of changes may take.
PATIENCE = 1.5


@dataclass(frozen=True)
class Located:
    """A slip in one equation: the changes that undo it (in order), the right value, and the prover's verdict on the two."""

    definition: Definition
    edits: tuple[Edit, ...]
    expected: Term
    verdict: Verdict


def locate(system: NormalSystem, match: Match) -> tuple[Located, ...]:
    """The slips of the definitions that have not their role's value; what the prover finds equal after all is none."""
    found = []
    form = Canonical(system.parameters, match.roles, match.flipped, system.layout == "row")
    for name in match.wrong if len(match.exact) >= len(match.wrong) else ():
        d = system.defined[name]
        goal = match.model.canonical().key(match.model.values[match.roles[name]])
        changes = _search(d.value, goal, form, Vocabulary(_symbols(match, match.roles[name])))
        value = changes[-1].value if changes else _expected(match, match.roles[name])
        if value is not None:
            found.append((d, changes, value))
    shapes = _shapes(system, {d.name: value for d, _, value in found})
    gates = gates_of(match)
    located = (Located(d, changes, value, refute(d.value, value, shapes, gates)) for d, changes, value in found)
    return tuple(x for x in located if x.verdict.kind not in ("proved", "proved-where-defined"))


def _symbols(match: Match, role: str) -> tuple[Term, ...]:
    """The symbols of the right equation, under the document's names."""
    names = {v: k for k, v in match.roles.items()}
    wanted = {t.name: None for t in match.model.values[role].walk() if t.op == "sym" and t.index}
    terms = {(t.name, t.index): t for t in match.model.values[role].walk() if t.op == "sym" and t.index and t.name in wanted}
    return tuple(Term("sym", name=names[n], index=index) for (n, index) in terms if n in names)


def _search(value: Term, goal: str, form: Canonical, vocabulary: Vocabulary) -> tuple[Edit, ...]:
    single = sorted((e for e in edits(value, vocabulary) if form.key(e.value) == goal), key=lambda e: e.cost)
    if single:
        return (single[0],)
    for _, new, changes in relabelled(value, vocabulary.variables):
        if form.key(new) == goal:
            return tuple(_relabel(old, fresh, new) for old, fresh in changes)
    return next(_pairs(value, goal, form, vocabulary), ())


def _relabel(old: Term, new: Term, value: Term) -> Edit:
    code = "E202" if old.name == new.name else "E201"
    return Edit(code, old, value, f"{write(new)} belongs here, not {write(old)}")


def _pairs(value: Term, goal: str, form: Canonical, vocabulary: Vocabulary) -> Iterator[tuple[Edit, ...]]:
    """Two changes, the cheap ones first, within a time limit."""
    end = time.monotonic() + PATIENCE
    for first in sorted(edits(value, vocabulary), key=lambda e: e.cost):
        for second in edits(first.value, vocabulary):
            if time.monotonic() > end:
                return
            if form.key(second.value) == goal:
                at = second.at if second.at.span is not None else first.at
                yield first, Edit(second.code, at, second.value, second.words, second.cost)


def _expected(match: Match, role: str) -> Term | None:
    """The known cell's equation under the document's names, where every symbol has one."""
    names = {v: k for k, v in match.roles.items()}
    value = match.model.values[role]
    used = {t.name for t in value.walk() if t.op == "sym" and t.index}
    if not used <= names.keys() or any(t.op == "sym" and t.name in match.model.parameters for t in value.walk()):
        return None
    return _renamed(value, names)


def _renamed(term: Term, names: Mapping[str, str]) -> Term:
    args = tuple(_renamed(a, names) for a in term.args)
    return replace(term, args=args, name=names.get(term.name, term.name) if term.op == "sym" else term.name, span=None)


def _shapes(system: NormalSystem, corrected: Mapping[str, Term]) -> dict[str, Shape]:
    """The shapes of all symbols, from the corrected system: a missing factor must not leave a gate without a shape."""
    equations = [replace(d, value=corrected.get(d.name, d.value)).equation for d in system.definitions]
    shapes, _ = infer([*equations, *(d.equation for d in system.definitions)], layout=system.layout if system.layout != "scalar" else None)
    return shapes


def gates_of(match: Match) -> frozenset[str]:
    """The document's symbols that are values of a sigmoid."""
    return frozenset(mine for mine, role in match.roles.items() if (v := match.model.values.get(role)) is not None and v.name == "sigmoid")


def refute(wrote: Term, expected: Term, shapes: Mapping[str, Shape], gates: frozenset[str]) -> Verdict:
    """The prover's word on the equation as written against the right one, at every value of every symbol."""
    try:
        left, right = (build(t, shapes) for t in (wrote, expected))
    except LstmSymbolicError as error:
        return Verdict("undecided", reason=error.message)
    return compare_expressions(left, right, pointwise=True, gates=gates)
