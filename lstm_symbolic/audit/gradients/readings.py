"""The lines of a derivation in order: every adjoint has a set of meanings, and each line that holds narrows the sets of those in it.

A line that holds under no combination of what is left is wrong, and narrows nothing. A name fixes the variable and leaves the kind open
(the gate or its pre-activation, everything or the recurrent part only); a bare delta may be any adjoint of the step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...expr.term import time_shift
from .differentials import holds_as_differential, is_differential
from .names import Adjoint
from .statements import Line
from .trial import Array, Misfit, World, look_in, same, value_of
from .truth import Meaning, Step

#: Combinations of meanings that one line may cost.
MAX_COMBINATIONS = 2_000


@dataclass(frozen=True)
class Reading:
    """What the adjoints of a line are taken for: the target, and the others by their name in the line."""

    target: Meaning
    others: tuple[tuple[str, Meaning], ...] = ()

    @property
    def assigned(self) -> dict[str, Meaning]:
        return dict(self.others)


@dataclass(frozen=True)
class Outcome:
    """A line with the readings under which it ``holds``; ``last`` are those under which it holds at the last step only.

    Without either it ``fails``; ``candidates`` are the likeliest readings then, ``misfit`` says that no reading gives shapes that fit. It
    stays ``open`` where its names say too little, and is ``tangent`` where it is a line of differentials, not of adjoints.
    """

    line: Line
    holds: tuple[Reading, ...] = ()
    last: tuple[Reading, ...] = ()
    candidates: tuple[Reading, ...] = ()
    misfit: str = ""
    kind: str = "holds"


@dataclass
class Derivation:
    """The state of one document's derivation: the worlds it is tried in and what its adjoints can still mean."""

    step: Step
    meanings: dict[str, tuple[Meaning, ...]] = field(default_factory=dict)
    worlds: dict[int | None, World] = field(default_factory=dict)

    def world(self, last: int | None) -> World:
        if last not in self.worlds:
            self.worlds[last] = World.of(self.step, last)
        return self.worlds[last]

    def follow(self, line: Line) -> Outcome:
        """One line: the readings under which it holds, and what they leave of the meanings."""
        shift = time_shift(line.left) if line.left.index else None
        final = line.final or line.target.local
        world = self.world(shift if final and shift is not None else 0 if final else None)
        if self.combinations(line, world) > MAX_COMBINATIONS:
            return Outcome(line, kind="open")
        holds, misfit = self.search(line, shift, world)
        if holds:
            self.narrow(line, holds)
            return Outcome(line, holds=tuple(holds))
        if is_differential(line) and holds_as_differential(line, world):
            return Outcome(line, kind="tangent")
        if any(a.part or (not a.variable and not a.nameless) for a in (line.target, *line.adjoints.values())):
            return Outcome(line, kind="open")
        if self.unread(line.target.variable) or unsized(line, world):
            return Outcome(line, kind="open")
        last: list[Reading] = []
        if shift is not None and not final:
            last, _ = self.search(line, shift, self.world(shift))
        candidates = tuple(itertools.islice(self.likely(line, shift), 12))
        return Outcome(line, last=tuple(last), candidates=candidates, misfit=misfit, kind="last" if last else "fails")

    def unread(self, name: str) -> bool:
        """A value that nothing reads while the step leaves gates undefined: what it does is not known, so neither is its adjoint."""
        cell = self.step.cell
        return name in self.step.carried and name not in cell.states and len(cell.inputs) > 1

    def combinations(self, line: Line, world: World) -> int:
        return math.prod(len(pool) for pool in self.pools(line, world))

    def search(self, line: Line, shift: int | None, world: World) -> tuple[list[Reading], str]:
        """Every reading that holds in a world; and, where no reading has fitting shapes, what does not fit."""
        found: list[Reading] = []
        misfit, fitted = "", False
        targets = self.targets(line, world, shift)
        if line.adds and shift is not None:  # what is added at t is a part of the whole at t, and nothing that t hands out
            named = (m for m in world.meanings(shift) if m.name == line.target.variable)
            targets = tuple(m for m in named if not m.kind.startswith("handed"))
        for assigned in self.assignments(line, world):
            own = assigned.get(line.left.name)
            goals = [m for m in targets if own is None or line.adds or m == own or m.kind == "recurrent"]
            try:
                value = None if line.loss_terms else value_of(line.value, look_in(world, assigned))
                for m in goals:
                    goal = world.adjoints.get((m, shift))
                    if goal is None:
                        continue
                    mine = value if value is not None else value_of(line.value, look_in(world, assigned, (m, shift)))
                    fitted = fitted or mine.shape == goal.shape
                    if same(mine, goal):
                        found.append(Reading(m, tuple(assigned.items())))
                if value is not None and not fitted and goals:
                    misfit = misfit or _sizes(value, world, goals[0], shift)
            except Misfit as error:
                misfit = misfit or str(error)
        return found, "" if fitted else misfit

    def targets(self, line: Line, world: World, shift: int | None) -> tuple[Meaning, ...]:
        """What the left side can mean: ``dh_{t-1} = ...`` is mostly the part that step t hands back, whatever dh is elsewhere."""
        handed = Meaning("recurrent", line.target.variable)
        more = (handed,) if (handed, shift) in world.adjoints and world.moves(handed, shift) and not line.target.pre else ()
        return tuple(dict.fromkeys((*self.options(line.target, world, shift), *more)))

    def assignments(self, line: Line, world: World) -> Iterator[dict[str, Meaning]]:
        """Meanings for the adjoints on the right side, likely ones first."""
        for choice in itertools.islice(itertools.product(*self.pools(line, world)), MAX_COMBINATIONS):
            yield dict(zip(line.adjoints, choice, strict=True))

    def pools(self, line: Line, world: World) -> list[tuple[Meaning, ...]]:
        shifts = _shifts(line)
        return [self.options(a, world, min(shifts[n], key=lambda s: abs(s or 0))) for n, a in line.adjoints.items()]

    def options(self, adjoint: Adjoint, world: World, shift: int | None) -> tuple[Meaning, ...]:
        if adjoint.key in self.meanings:
            kept = self.meanings[adjoint.key]
            return tuple(m for m in kept if world.last is None or world.moves(m, shift))
        if not adjoint.variable:
            return tuple(world.meanings(shift))
        name = adjoint.variable
        if adjoint.part:
            return tuple(m for m in world.meanings(shift) if m.name == name)
        if name in self.step.cell.parameters:
            return (Meaning("step", name),)
        kinds = ("pre",) if adjoint.pre and name in self.step.pre else ("total", "pre", "recurrent")
        known = [Meaning(kind, name) for kind in kinds]
        known += [Meaning(kind, adjoint.candidate) for kind in ("pre", "total") if adjoint.candidate]
        return tuple(m for m in known if (m, 0) in world.adjoints and world.moves(m, shift))

    def narrow(self, line: Line, holds: list[Reading]) -> None:
        if line.adds and line.target.variable not in self.step.cell.parameters:
            self.meanings[line.target.key] = (Meaning("total", line.target.variable),)
        else:
            found = dict.fromkeys(r.target for r in holds)
            if all(m.kind == "recurrent" for m in found):  # a part on the left leaves open what the name means on the right
                return self.narrow_others(line, holds)
            self.meanings[line.target.key] = tuple(found)
        self.narrow_others(line, holds)

    def narrow_others(self, line: Line, holds: list[Reading]) -> None:
        for name, adjoint in line.adjoints.items():
            if adjoint.key != line.target.key or all(r.target.kind == "recurrent" for r in holds):
                self.meanings[adjoint.key] = tuple(dict.fromkeys(r.assigned[name] for r in holds))

    def every(self, line: Line, most: int) -> list[Reading]:
        """All readings of a line; none where they are more than ``most``."""
        shift = time_shift(line.left) if line.left.index else None
        world = self.world(None)
        goals = [m for m in self.targets(line, world, shift) if (m, shift) in world.adjoints]
        if self.combinations(line, world) * len(goals) > most:
            return []
        return [Reading(m, tuple(assigned.items())) for assigned in self.assignments(line, world) for m in goals]

    def likely(self, line: Line, shift: int | None) -> Iterator[Reading]:
        """Readings to explain a wrong line by."""
        world = self.world(None)
        if not line.target.variable:
            return
        for assigned in itertools.islice(self.assignments(line, world), 8):
            goals = [assigned[line.left.name]] if line.left.name in assigned else self.options(line.target, world, shift)
            yield from (Reading(m, tuple(assigned.items())) for m in goals)


def unsized(line: Line, world: World) -> bool:
    """A part of as many places as a letter says that is the size of nothing in the equations: ``(W^T d)_{[:H]}``."""
    dims = (d for t in line.value.walk() if t.op in ("eye", "ones") for d in t.index)
    return any(s.name not in world.dims for d in dims for s in d.free_symbols)


def _shifts(line: Line) -> Mapping[str, set[int | None]]:
    found: dict[str, set[int | None]] = {n: set() for n in line.adjoints}
    for t in line.value.walk():
        if t.op == "sym" and t.name in found:
            found[t.name].add(time_shift(t) if t.index else None)
    return {n: s or {None} for n, s in found.items()}


def _sizes(value: Array, world: World, goal: Meaning, shift: int | None) -> str:
    want = world.adjoints[goal, shift].shape
    return f"{value.shape[0]}x{value.shape[1]} against {want[0]}x{want[1]}"
