"""Weights and biases: the parameter of one gate in the line of another, and two letters that change places between notations."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..expr.term import Term
from ..reading.document import Document, Formula
from .judge import Judged
from .normal import Definition
from .places import finding, fix, label, span_of, where
from .report import Finding, Fix
from .slips import line_of


def parameter_slips(document: Document, judged: Judged, by_id: Mapping[str, Formula]) -> Iterator[Finding]:
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
                line = line_of(d, d.value)
                right = line_of(d, _replace_name(d.value, name, expected))
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
