"""A worked example with matrices, computed step by step as the recognised cell and held against the values that the document states.

The equations are the document's own, corrected where a finding says so, so that the numbers are those of the cell that is meant. Values
are balls: they enclose the exact result, so no rounding decides whether a stated value is right. A state before step 1 is taken for zero
where no value is printed for it; a value that differs under this assumption is doubtful, not wrong. What needs a parameter that is never
given is not computed, and the note says which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..errors import LstmSymbolicError, ShapeError
from ..expr.plain import write
from ..expr.term import Term, time_shift
from ..reading.document import Document, Formula
from .judge import Judged
from .normal import Definition
from .places import finding, fix, label
from .report import Finding, Table
from .worked_numeric import Matrix, ball, value, without_zeros
from .worked_values import Key, Printed, Stated, family, inputs_of, show


class Missing(LstmSymbolicError):
    """A value needs a quantity that is never given."""


@dataclass
class Worked:
    """One example on its way through the steps: values by key, computed and (where printed) stated."""

    document: Document
    given: Mapping[Key, Printed]
    first: int
    computed: dict[Key, Matrix] = field(default_factory=dict)
    assumed: set[Key] = field(default_factory=set)
    agreeing: list[Stated] = field(default_factory=list)

    def zero(self, symbol: Term, step: int, states: Mapping[str, Definition]) -> bool:
        """A state before the first step, where nothing is printed for it."""
        key = key_at(symbol, step)
        before = key[1] is not None and key[1] < self.first <= 1 and key[0] in states and key not in self.given
        if before and not any(_says_zero(f, key) for f in self.document.formulas):
            self.assumed.add(key)
        return before

    def lookup(self, step: int, stated: bool) -> Callable[[Term], Matrix]:
        """Values of symbols; with ``stated``, what the document prints comes before what was computed."""

        def found(symbol: Term) -> Matrix:
            key = key_at(symbol, step)
            if key in self.computed and not (stated and key in self.given):
                return self.computed[key]
            if key in self.given:
                return [[ball(x.value) for x in row] for row in self.given[key].rows]
            raise Missing(f"{show(key)} is never given a value" if key[1] is None else f"{show(key)} is not known")

        return found


def _says_zero(f: Formula, key: Key) -> bool:
    """``h_0 = 0``."""
    if f.equation is None or len(f.equation.sides) < 2:
        return False
    target, last = f.equation.sides[0], f.equation.sides[-1]
    named = f"{target.name}{target.index[-1]}" if target.index else target.name.replace("_", "")
    return last == Term("num") and named == f"{key[0]}{key[1]}".replace("_", "")


def key_at(symbol: Term, step: int) -> Key:
    shift = time_shift(symbol)
    return symbol.name, None if shift is None else step + shift


def steps(judged: Sequence[Judged], given: Mapping[Key, Printed]) -> list[tuple[int, Judged]]:
    """The numbered steps of an example: the document's own, or those at which a cell's inputs are printed."""
    own = [(j.system.step, j) for j in judged if j.match is not None and j.system.step is not None]
    if own:
        return sorted(((k, j) for k, j in own if k is not None), key=lambda s: s[0])
    best = example_system(judged, given)
    if best is None:
        return []
    inputs = inputs_of(best)
    return [(k, best) for k in sorted({k for n, k in given if n in inputs and k is not None})]


def example_system(judged: Sequence[Judged], given: Mapping[Key, Printed]) -> Judged | None:
    """The general system that the printed parameters belong to: most of its parameters are printed."""
    general = [j for j in judged if j.match is not None and j.system.step is None and j.system.parameters]
    counted = [(len([p for p in j.system.parameters if (p, None) in given]), j) for j in general]
    best = max(counted, key=lambda c: c[0], default=(0, None))
    return best[1] if best[1] is not None and 2 * best[0] > len(best[1].system.parameters) else None


def worked_steps(document: Document, judged: Sequence[Judged], given: Mapping[Key, Printed]) -> tuple[list[Table], list[Finding]]:
    """A table for every step that has inputs, and what is wrong with the values that the document states."""
    found = steps(judged, given)
    example = Worked(document, given, found[0][0] if found else 1)
    tables: list[Table] = []
    findings: list[Finding] = []
    for step, j in found:
        rows, problems = _step(example, step, j)
        findings += problems
        if rows:
            tables.append(Table(_title(document, j, step, step == found[0][0]), ("quantity", "computed as", "value"), tuple(rows)))
    if example.agreeing and not any(f.code in ("E401", "W401") for f in findings):
        first = example.agreeing[0]
        message = f"{len(example.agreeing)} stated numbers follow from the matrices"
        findings.append(finding(document, "N402", first.span, message))
    return tables, findings


def _title(document: Document, j: Judged, step: int, first: bool) -> str:
    assert j.match is not None
    tag = family(document, j)
    start = ", states zero before it" if first else ""
    return f"step {f'{tag}_{step}' if tag else step} computed from its matrices as {j.match.cell}{start}"


def _step(example: Worked, step: int, j: Judged) -> tuple[list[tuple[str, ...]], list[Finding]]:
    """The rows of one step's table, in an order in which they can be computed."""
    right = {x.definition.name: x.expected for x in j.located}
    rows: list[tuple[str, ...]] = []
    findings: list[Finding] = []
    failed: dict[str, str] = {}
    done = 0
    for d in _ordered(j, right):
        term = without_zeros(right.get(d.name, d.value), lambda s: example.zero(s, step, j.system.defined))
        remarks = [*(["corrected"] if d.name in right else []), *_shared(j, d)]
        how = (write(term) if term is not None else "0") + (f"  ({', '.join(remarks)})" if remarks else "")
        try:
            if term is None:
                raise Missing("it is zero")
            values = value(term, example.lookup(step, False))
            other = value(term, example.lookup(step, True))
            if not all(x.is_finite() for row in (*values, *other) for x in row):
                raise Missing("the numbers leave it undefined")
        except LstmSymbolicError as error:
            failed[d.name] = error.message
            rows.append((f"{d.name}[{step}]", how, f"not computed: {error.message}"))
            if isinstance(error, ShapeError):
                findings.append(_misfit(example, j, d, error.message))
            continue
        done += 1
        example.computed[d.name, step] = values
        rows += _value_rows(f"{d.name}[{step}]", how, values)
        findings += _against_stated(example, d.name, step, values, other)
    if failed and (done or any(k[1] == step for k in example.given)):
        findings.append(_note(example, j, step, failed))
    return (rows if done else []), findings


def _ordered(j: Judged, right: Mapping[str, Term]) -> list[Definition]:
    """Definitions after those that they use at the same step."""
    left, out = list(j.system.definitions), list[Definition]()
    while left:
        waiting = {d.name for d in left}
        ready = [d for d in left if not _used_now(right.get(d.name, d.value)) & (waiting - {d.name})] or left
        out += ready
        left = [d for d in left if d not in ready]
    return out


def _used_now(term: Term) -> set[str]:
    return {t.name for t in term.walk() if t.op == "sym" and time_shift(t) == 0}


def _shared(j: Judged, d: Definition) -> list[str]:
    """Parameters that an earlier line already uses: computed as the author wrote them."""
    earlier: dict[str, str] = {}
    for other in j.system.definitions:
        names = {t.name for t in other.value.walk() if t.op == "sym" and t.name in j.system.parameters}
        if other is d:
            return [f"{p} as written, the same as in {earlier[p]}" for p in sorted(names) if p in earlier]
        for p in names:
            earlier.setdefault(p, other.name)
    return []


def _value_rows(name: str, how: str, values: Matrix) -> list[tuple[str, ...]]:
    """One row of text for every row of the matrix; digits for the eye only."""
    lines = ["  ".join(f"{float(x.mid()):7.4f}" for x in row) for row in values]
    return [(name if k == 0 else "", how if k == 0 else "", line) for k, line in enumerate(lines)]


def _note(example: Worked, j: Judged, step: int, failed: Mapping[str, str]) -> Finding:
    """Why a step cannot be computed as a whole: the first reason, and what depends on it."""
    name, reason = next(iter(failed.items()))
    f = example.document.formula(j.system.defined[name].formula)
    after = f", and so {', '.join(n for n in failed if n != name)}" if len(failed) > 1 else ""
    message = f"step {step} cannot be recomputed: {reason}; {name}{after} cannot be confirmed"
    return finding(example.document, "N401", (f.start, f.end), message, f)


def _misfit(example: Worked, j: Judged, d: Definition, reason: str) -> Finding:
    f = example.document.formula(d.formula)
    used = [example.given[key] for t in d.value.walk() if t.op == "sym" and (key := (t.name, None)) in example.given]
    sizes = [(p.key[0], f"{p.shape[0]}x{p.shape[1]}") for p in used]
    labels = [label(example.document, (p.formula.start, p.formula.end), f"{p.key[0]} is {p.shape[0]}x{p.shape[1]}") for p in used[:3]]
    return finding(example.document, "E403", (f.start, f.end), f"the printed numbers do not fit: {reason}", f, notes=sizes, labels=labels)


def _against_stated(example: Worked, name: str, step: int, values: Matrix, other: Matrix) -> Iterator[Finding]:
    """Every printed entry against what follows from the numbers before it, exact or as printed."""
    stated = example.given.get((name, step))
    if stated is None:
        return
    if stated.shape != (len(values), len(values[0])):
        message = f"{name}[{step}] is {len(values)}x{len(values[0])} and {stated.shape[0]}x{stated.shape[1]} numbers are printed"
        yield finding(example.document, "E403", (stated.formula.start, stated.formula.end), message, stated.formula)
        return
    for i, row in enumerate(stated.rows):
        for k, s in enumerate(row):
            offs = [units_off(s, v[i][k]) for v in (values, other)]
            if any(_within(x, 1, 2) for x in offs):
                example.agreeing.append(s)
                continue
            code = "W401" if any(_within(x, 3, 2) for x in offs) else "E401"
            right = rounded(values[i][k], s)
            message = f"{name}[{step}] has {right} here, not {s.text}" if code == "E401" else f"{s.text} is {right} rounded wrongly"
            mend = fix(example.document, s.span, right)
            zeros = ", ".join(map(show, sorted(example.assumed, key=show)))
            taken = [("assumed", f"{zeros} = 0, which is not printed")] if zeros else []
            yield finding(
                example.document, code, s.span, message, stated.formula, severity="warning" if taken else "",
                wrote=s.text, expected=right, fix=mend, notes=taken,
            )  # fmt: skip


def units_off(s: Stated, x: Any) -> Any:
    """How many units of its last digit a stated number is away from a ball."""
    return abs(x - ball(s.value)) / ball(s.unit)


def _within(x: Any, numerator: int, denominator: int) -> bool:
    """Not certainly further away: a wrong value is one that no point of the ball allows."""
    return not x > ball(Fraction(numerator, denominator))


def rounded(x: Any, s: Stated) -> str:
    """A ball's value to the digits of a stated number."""
    digits = len(s.text.partition(".")[2])
    return f"{float(x.mid()):.{digits}f}"


__all__ = ["example_system", "steps", "worked_steps"]
