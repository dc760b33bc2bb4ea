"""What is wrong with an equation, where, and what would be right.

The equation has a role in a recognised cell and not that role's value. Single changes are tried first, then several symbols at once,
then two changes; the cheapest one that gives the right canonical form is the finding, and the prover must refute the equation as written
against the corrected one. What no change explains is still reported, with the whole expected equation.
"""

from __future__ import annotations

import re
import time
from collections import Counter
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
from .models import complemented
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
    for name in match.wrong:
        d = system.defined[name]
        changes = _changes(system, match, d)
        value = changes[-1].value if changes else expected(system, match, d)
        if value is not None:
            found.append((d, changes, value))
    shapes = _shapes(system, {d.name: value for d, _, value in found})
    gates = gates_of(match)
    located = (Located(d, changes, value, refute(d.value, value, shapes, gates)) for d, changes, value in found)
    return tuple(x for x in located if x.verdict.kind not in ("proved", "proved-where-defined"))


def _changes(system: NormalSystem, match: Match, d: Definition) -> tuple[Edit, ...]:
    """The fewest changes that make a definition right, in either convention for a gate that stands beside its complement."""
    goal = match.model.canonical().key(match.model.values[match.roles[d.name]])
    vocabulary = Vocabulary(_symbols(match, match.roles[d.name]))
    gates = [m for m, role in match.roles.items() if role in complemented(match.model) and any(t.name == m for t in d.value.walk())]
    conventions = [match.flipped, *(frozenset({g}) for g in gates if frozenset({g}) != match.flipped)]
    forms = [Canonical(system.parameters, match.roles, flipped, system.layout == "row") for flipped in conventions]
    found = [c for form in forms if (c := _search(d.value, goal, form, vocabulary))]
    return min(found, key=lambda c: (len(c), sum(e.cost for e in c)), default=())


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
    """Two changes, within a time limit; first steps that bring the form nearer to the goal come first."""
    end = time.monotonic() + PATIENCE
    first_steps = sorted(
        ((_distance(form.key(e.value), goal), e.cost, k, e) for k, e in enumerate(edits(value, vocabulary))), key=lambda x: x[:3]
    )
    for _, _, _, first in first_steps:
        for second in edits(first.value, vocabulary):
            if time.monotonic() > end:
                return
            if form.key(second.value) == goal:
                at = second.at if second.at.span is not None else first.at
                yield first, Edit(second.code, at, second.value, second.words, second.cost)


def _distance(key: str, goal: str) -> int:
    """How many pieces of two canonical forms differ."""
    a, b = (Counter(re.findall(r"[A-Za-z_]\w*\[[^\]]*\]|[@#]|\d+\*|\w+\(", x)) for x in (key, goal))
    return sum(((a - b) + (b - a)).values())


def expected(system: NormalSystem, match: Match, d: Definition) -> Term | None:
    """The known cell's equation under the document's names: variables by their roles, parameters by what they are applied to."""
    names = {v: k for k, v in match.roles.items()}
    value = match.model.values[match.roles[d.name]]
    used = {t.name for t in value.walk() if t.op == "sym" and t.index}
    if not used <= names.keys():
        return None
    mine = _applied(d.value, system.parameters, system.layout == "row")
    table = {p: mine[what] for what, p in _applied(_renamed(value, names), match.model.parameters, False).items() if what in mine}
    expected = _renamed(value, {**names, **table})
    return _as_rows(expected) if system.layout == "row" else expected


def _applied(value: Term, parameters: frozenset[str], row: bool) -> dict[str, str]:
    """What each parameter of an equation is applied to (the last variable in it), or that it is a bias -> the parameter."""
    found: dict[str, str] = {}
    for t in value.walk():
        if t.op == "matmul":
            weight, operand = t.args[::-1] if row else t.args
            names = [x.name for x in operand.walk() if x.op == "sym" and x.index]
            if weight.name in parameters and names:
                found.setdefault(names[-1], weight.name)
        if t.op == "add":
            for a in t.args:
                if a.op == "sym" and a.name in parameters:
                    found.setdefault("", a.name)
    return found


def _as_rows(term: Term) -> Term:
    """Column form to row form: the factors of every matrix product change places."""
    args = tuple(_as_rows(a) for a in term.args)
    return replace(term, args=args[::-1] if term.op == "matmul" else args)


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
