"""A whole derivation against one forward step: every line's outcome, what would mend the wrong ones, and whether the step is trusted.

A name without meaning of its own (delta_9) gets one from the line that defines it. Where that line is wrong its mended form counts, so that
one slip is one finding; where a later line contradicts it, the line that cannot be right is looked for among the two.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...errors import LstmSymbolicError
from ...expr.term import Term, read_equation, time_shift
from ...reading.document import Formula
from ..edits import Edit
from .blocks import with_blocks
from .forward import Forward
from .names import Unclear
from .readings import Derivation, Outcome, Reading
from .repairs import pairs, repairs
from .statements import Line, lines
from .trial import Array, Misfit, look_in, same, value_of, values_below
from .truth import Meaning

#: A change that costs this much explains nothing.
UNLIKELY = 1.9

#: Seconds of the processor for one derivation against one forward step.
SECONDS = 12.0

#: Seconds of the processor that the search for two changes of one line may take.
PATIENCE = 0.8


@dataclass(frozen=True)
class Claim:
    """One line judged: its outcome, and for a wrong one the reading it is explained by and the changes that mend it."""

    formula: Formula
    outcome: Outcome
    reading: Reading | None = None
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Mended:
    """Changes after which a line holds, under a reading; the cost is lower the likelier they are."""

    cost: float
    reading: Reading
    edits: tuple[Edit, ...]


@dataclass
class Derived:
    """All lines of a document against one step; ``unclear`` are those that cannot be judged, with the reason."""

    forward: Forward
    claims: list[Claim] = field(default_factory=list)
    unclear: dict[str, str] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """Lines that a reader would call a claim: identities such as W = W do not count."""
        return len({c.formula.id for c in self.claims if c.outcome.kind == kind and c.outcome.line.value.op != "sym"})

    @property
    def trusted(self) -> bool:
        """Is this the step that the lines speak of? Enough of them hold, or the document states it completely."""
        holds, fails = self.count("holds"), self.count("fails") + self.count("last")
        stated = bool(self.forward.stated) and not self.forward.assumed
        complete = stated and len(self.forward.derivation.step.cell.inputs) == 1 and not self.forward.guessed
        return (holds >= 1 and 3 * holds >= fails) or (complete and fails > 0)


def derived(forward: Forward, formulas: Iterable[Formula]) -> Derived:
    """Every line in order."""
    result = Derived(forward)
    claims: list[tuple[Formula, Line]] = []
    for f in formulas:
        assert f.equation is not None
        try:
            claims += [(f, line) for line in lines(f.id, f.equation, forward.names)]
        except Unclear as reason:
            result.unclear[f.id] = str(reason)
    end = time.process_time() + SECONDS
    for k, (f, line) in enumerate(claims):
        if time.process_time() > end:
            result.unclear[f.id] = f"the derivation took longer than {SECONDS:.0f} s up to here"
        else:
            result.claims.append(judge_line(result, f, line, [x for _, x in claims[k + 1 :]]))
    return result


def judge_line(result: Derived, f: Formula, line: Line, later: Sequence[Line]) -> Claim:
    """One line after those before it; ``later`` are those that follow."""
    derivation = result.forward.derivation
    outcome = derivation.follow(line)
    for other in _otherwise(f, line, result.forward) if outcome.kind == "fails" else ():
        again = derivation.follow(other)
        outcome = again if again.kind == "holds" else outcome
    if outcome.kind != "fails":
        return Claim(f, outcome)
    mended = mend(result, outcome, later)
    if _blamed_elsewhere(result, line, mended.cost if mended is not None else math.inf):
        return Claim(f, derivation.follow(line))
    if mended is None:
        return Claim(f, outcome, next(iter(outcome.candidates), None))
    if not line.target.variable:  # a delta without a name takes its mended meaning
        derivation.meanings[line.target.key] = (mended.reading.target,)
    return Claim(f, outcome, mended.reading, mended.edits)


def _otherwise(f: Formula, line: Line, forward: Forward) -> Iterator[Line]:
    """The line in the other reading of an ambiguous product; with the blocks that the document means by its weights; with an outer product,
    where the author writes a cross in a circle."""
    if f.ambiguous:
        try:
            found = lines(f.id, read_equation(f.ambiguous), forward.names)
        except (Unclear, LstmSymbolicError):
            found = []
        yield from itertools.islice((x for x in found if x.value != line.value), 1)
    for side in sorted(forward.names.usage.sides):
        yield replace(line, value=with_blocks(line.value, side, forward.names.blocks))
    if line.value.op == "mul" and ("\\otimes" in f.raw or "⊗" in f.raw):
        left, right = line.value.args
        yield replace(line, value=Term("matmul", (left, Term("T", (right,), span=right.span)), span=line.value.span))


def mend(result: Derived, outcome: Outcome, later: Sequence[Line]) -> Mended | None:
    """The cheapest change after which a line holds; of a nameless delta's meanings the one counts that later lines use."""
    derivation, line = result.forward.derivation, outcome.line
    world, shift = derivation.world(None), time_shift(line.left) if line.left.index else None
    deltas = _known_deltas(derivation)
    goals = derivation.targets(line, world, shift)
    found: list[Mended] = []
    for rank, assigned in enumerate(itertools.islice(derivation.assignments(line, world), 4)):
        named, others = {**_meanings(derivation), **assigned}, tuple(assigned.items())
        below = values_below(line.value, look_in(world, named))

        def meant(value: Term, named: Mapping[str, Meaning] = named, below: Mapping[int, Array] = below) -> list[Meaning]:
            found: list[Meaning] = []
            mine: Array | None = None
            for m in goals:
                goal = world.adjoints.get((m, shift))
                try:
                    mine = value_of(value, look_in(world, named, (m, shift)), below) if mine is None or line.loss_terms else mine
                except Misfit:
                    return []
                found += [m] if goal is not None and same(mine, goal) else []
            return found

        for edit in repairs(line, result.forward.names, deltas):
            for m in meant(edit.value)[:1]:
                found.append(Mended(edit.cost + 0.1 * rank + _unlikely(m), Reading(m, others), (edit,)))
        if not found and rank == 0 and line.target.variable:
            end, first = time.process_time() + PATIENCE, line.value
            for one, two in pairs(line, result.forward.names, deltas):
                if time.process_time() > end:
                    break
                if one.value is not first:
                    first, below = one.value, values_below(one.value, look_in(world, named))
                for m in meant(two.value, below=below)[:1]:
                    found.append(Mended(one.cost + two.cost, Reading(m, others), (one, two)))
    found = [x for x in found if x.cost < UNLIKELY]
    if not found:
        return None
    if not line.target.variable:
        uses = {m: _used(result, line, m, later) for m in {x.reading.target for x in found}}
        return min(found, key=lambda x: x.cost - 2 * uses[x.reading.target])
    return min(found, key=lambda x: x.cost)


def _unlikely(meaning: Meaning) -> float:
    """What has a name of its own is meant more often than a part of it."""
    return {"total": 0.0, "step": 0.0, "pre": 0.01, "recurrent": 0.02, "inner": 0.15}.get(meaning.kind, 0.05)


def _used(result: Derived, line: Line, meaning: Meaning, later: Sequence[Line]) -> int:
    """How many of the following lines hold when a nameless delta has this meaning."""
    derivation = result.forward.derivation
    before = dict(derivation.meanings)
    derivation.meanings[line.target.key] = (meaning,)
    count = 0
    for other in later:
        if other.target.key != line.target.key and line.target.key in {a.key for a in other.adjoints.values()}:
            kept = dict(derivation.meanings)
            count += derivation.follow(other).kind == "holds"
            derivation.meanings = kept
    derivation.meanings = before
    return count


def _meanings(derivation: Derivation) -> dict[str, Meaning]:
    """What the adjoints that have one meaning left stand for, under their names in lines."""
    return {placed(key): kept[0] for key, kept in derivation.meanings.items() if kept}


def placed(key: str) -> str:
    return "adj_" + "".join(c if c.isalnum() or c == "_" else "_" for c in key)


def _known_deltas(derivation: Derivation) -> tuple[Term, ...]:
    """The adjoints that lines have used so far, as terms."""
    names = dict.fromkeys(placed(key) for key in derivation.meanings)
    return tuple(Term("sym", name=n) for n in names)


def _blamed_elsewhere(result: Derived, line: Line, cost: float) -> bool:
    """Would the line hold if one nameless delta in it were something else? Then the line that defined that delta is the wrong one."""
    derivation = result.forward.derivation
    for adjoint in line.adjoints.values():
        if not adjoint.nameless or adjoint.key not in derivation.meanings or adjoint.key == line.target.key:
            continue
        before = dict(derivation.meanings)
        del derivation.meanings[adjoint.key]
        source = next((k for k, c in enumerate(result.claims) if c.outcome.line.target.key == adjoint.key), None)
        again = derivation.follow(line) if source is not None else None
        if again is not None and again.kind == "holds" and source is not None and result.claims[source].outcome.kind == "holds":
            claim = result.claims[source]
            wanted = derivation.meanings[adjoint.key]
            wrong = replace(claim.outcome, kind="fails", holds=())
            mended = mend(result, wrong, ())
            if mended is not None and mended.reading.target in wanted and mended.cost < cost:
                result.claims[source] = Claim(claim.formula, wrong, mended.reading, mended.edits)
                return True
        derivation.meanings = before
    return False
