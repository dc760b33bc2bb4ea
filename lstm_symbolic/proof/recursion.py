"""The comparison of two systems: one symbolic step, states paired, parameters as families; equal steps are equal for all T."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..errors import LstmSymbolicError, UnsupportedNode
from .atoms import Atoms
from .budget import Budget, Exhausted
from .certificate import Evidence, Statement, certified
from .dag import Dag, Node
from .embed import Family
from .match import RIGHT, Sides, correspondences, side_by_side
from .normal import Normal
from .outcome import Maps, both_ways, find_maps, proved, refuted, simplest
from .settle import Settled, differing_monomials, settle
from .system import Step, System
from .unroll import unrolled
from .verdict import Verdict


@dataclass
class Systems:
    """The comparison of two systems."""

    a: System
    b: System
    outputs_rhs: Sequence[str] | None
    pointwise: bool
    backward: bool
    budget: Budget
    dag: Dag = field(default_factory=Dag)

    def verdict(self) -> Verdict:
        self.left, self.right = Step(self.a, self.dag, self.backward), Step(self.b, self.dag, self.backward)
        outputs = self.outputs()
        best: tuple[int, Sides, Settled, Maps] | None = None
        for values, inputs in correspondences(self.left, self.right, outputs):
            self.budget.check()
            sides = side_by_side(self.dag, self.left, self.right, values, inputs)
            if sides is None or not sides.values:
                continue
            settled = settle(self.pinned(sides, list(sides.values)), self.budget)
            matched = self.all_states(values) and all(a in sides.values for a, _ in outputs)
            if settled.equal and matched:
                self.check(values, sides)
                return self.certified(proved(settled, self.intermediates(sides) | sides.names), sides)
            maps = self.families(sides) if matched else Maps()
            if maps.forth is not None and maps.back is not None:
                self.check(values, sides)
                under, embedding = simplest(maps)
                verdict = Verdict("proved-under", under, names=sides.names, certificate={"method": embedding.settled.method})
                return self.certified(verdict, sides, both_ways(maps))
            rank = int(maps.forth is not None or maps.back is not None)
            if best is None or rank > best[0]:
                best = rank, sides, settled, maps
        if best is None:
            raise UnsupportedNode("the outputs of the systems do not correspond")
        _, sides, settled, maps = best
        names = [a for a, _ in outputs if a in sides.values] or list(sides.values)
        verdict = refuted(self.stages(sides, names), settled, maps, self.budget)
        if verdict.kind == "undecided" and self.starts(sides):
            verdict = replace(verdict, reason="the steps differ; from the stated starts no difference was found within three")
        return self.certified(replace(verdict, names=sides.names, difference=self.localised(sides)), sides)

    def certified(self, verdict: Verdict, sides: Sides, under: Mapping[str, Mapping[str, str]] | None = None) -> Verdict:
        """The verdict with its certificate."""
        pairs = [(a, sides.names.get(a, a)) for a in sides.values]
        wanted = {a for a, _ in self.outputs()}
        inputs = [(a, b) for a, b in sides.names.items() if a not in sides.values]
        evidence = Evidence(pairs, [p for p in pairs if p[0] in wanted] or pairs, inputs, sides.dims, under or {})
        statement = Statement(self.a.equations, self.b.equations, None, self.pointwise, self.backward)
        return certified(verdict, statement, evidence)

    def localised(self, sides: Sides) -> tuple[str, ...]:
        """The differing monomials of each definition that both systems have, before intermediates are substituted."""
        lines = []
        for name in self.left.defined:
            other = sides.names.get(name, name)
            if other in self.right.defined:
                mine, theirs = self.left.defined[name], sides.rewrite(self.right.defined[other])
                theirs = theirs if mine.shape == theirs.shape else self.dag.transpose(theirs)
                if mine.shape == theirs.shape:
                    (pair,) = self.pin(sides, [(mine, self.same_intermediates(theirs))])
                    lines += [f"{name}: {line}" for line in differing_monomials([pair], self.budget.part(0.2), 4)]
        return tuple(line.replace(RIGHT, "") for line in lines)

    def generalises(self) -> Verdict:
        """Whether the left system, with some choice of its parameters, is the right one."""
        verdict = self.verdict()
        if verdict.kind in ("proved", "proved-under"):
            return verdict
        if verdict.instance is not None and verdict.instance.of == "left":
            return Verdict("proved-under", verdict.instance.under, names=verdict.names, instance=verdict.instance)
        return verdict

    def outputs(self) -> list[tuple[str, str | None]]:
        """The left outputs with their counterparts, as far as they are known."""
        names = list(self.a.outputs or self.left.outputs)
        for name in names:
            if name not in self.left.defined:
                raise LstmSymbolicError(f"{name} is no definition of the left system")
        theirs = list(self.outputs_rhs or self.b.outputs)
        for name in theirs:
            if name not in self.right.defined:
                raise LstmSymbolicError(f"{name} is no definition of the right system")
        if not names:
            raise LstmSymbolicError("a system without outputs")
        if theirs and len(theirs) == len(names):
            return list(zip(names, theirs, strict=True))
        return [(n, n if n in self.right.defined else None) for n in names]

    def all_states(self, values: Sequence[tuple[str, str]]) -> bool:
        """Whether everything that the paired values depend on over time is paired as well."""
        mine, theirs = [a for a, _ in values], [b for _, b in values]
        return set(self.left.needed(mine)) <= set(mine) and set(self.right.needed(theirs)) <= set(theirs)

    def check(self, values: Sequence[tuple[str, str]], sides: Sides) -> None:
        """What the induction needs beside equal steps: recursions that run one way, and equal starts where both systems state them."""
        self.left.check_direction([a for a, _ in values])
        self.right.check_direction([b for _, b in values])
        self.starts(sides)

    def starts(self, sides: Sides) -> dict[str, Node]:
        """The stated values that states start from, by the left's names; equal on both sides, or there is no comparison."""
        found: dict[str, Node] = {}
        mine = {name: start for name, (_, start) in self.left.starts.items()}
        theirs = {name: sides.rewrite(start) for name, (_, start) in self.right.starts.items()}
        for name, (value, _) in sides.values.items():
            stated = [s for s in (mine.get(name), theirs.get(sides.names.get(name, name))) if s is not None]
            if len(stated) == 2 and not settle(self.pin(sides, [(stated[0], stated[1])]), self.budget).equal:
                raise UnsupportedNode(f"the systems start differently: they state two values of {name}, and are compared from equal ones")
            for start in stated[:1]:
                found[name] = self.dag.zero(value.shape) if start is self.dag.num(0) else self.pin(sides, [(start, start)])[0][1]
        return found

    def same_intermediates(self, right: Node) -> Node:
        """A definition of the right, its intermediates taken for those of the same name on the left."""
        names = {n: n.data[0].removesuffix(RIGHT) for n in right.symbols() if n.data[0].endswith(RIGHT)}
        table = {n: self.dag.sym(name, n.shape, n.data[1]) for n, name in names.items() if name in self.left.defined}
        return self.dag.substitute([right], table)[0]

    def pinned(self, sides: Sides, names: Iterable[str]) -> list[tuple[Node, Node]]:
        """The pairs with parameters of the same name taken to be the same."""
        return self.pin(sides, [sides.values[n] for n in names])

    def pin(self, sides: Sides, pairs: list[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
        table = {s: sides.left_parameters[n] for n, s in sides.right_parameters.items() if n in sides.left_parameters}
        table = {s: mine for s, mine in table.items() if s.shape == mine.shape}
        return list(zip([a for a, _ in pairs], self.dag.substitute([b for _, b in pairs], table), strict=True))

    def families(self, sides: Sides) -> Maps:
        mine, theirs = sides.left_parameters, sides.right_parameters
        pairs = list(sides.values.values())
        if self.pointwise:
            pairs = self.pinned(sides, list(sides.values))
            mine, theirs = {n: s for n, s in mine.items() if n not in theirs}, {n: s for n, s in theirs.items() if n not in mine}
        marked = {s.data[0]: s for s in theirs.values()}
        left = Family(tuple(a for a, _ in pairs), mine)
        right = Family(tuple(b for _, b in pairs), marked, {n: n.removesuffix(RIGHT) for n in marked})
        return find_maps(left, right, self.dag, self.budget)

    def intermediates(self, sides: Sides) -> dict[str, str]:
        """Definitions of the left that have another name on the right: those with the same value."""
        if set(self.left.defined) == set(self.right.defined):
            return {}
        mine = [n for n in self.left.defined if n not in sides.values and n not in self.right.defined]
        theirs = [n for n in self.right.defined if n not in sides.names.values()]
        pairs = self.pin(sides, [(self.left.value[n], self.left.value[n]) for n in mine])
        values = self.pin(sides, [(v, v) for v in (sides.rewrite(self.right.value[n]) for n in theirs)])
        try:
            normal = Normal([a for a, _ in pairs] + [b for _, b in values], Atoms(self.budget.part(0.2)))
            known = {normal(b).keys(): n for n, (_, b) in reversed(list(zip(theirs, values, strict=True)))}
            found = {n: known.get(normal(a).keys(), n) for n, (a, _) in zip(mine, pairs, strict=True)}
        except (UnsupportedNode, Exhausted):
            return {}
        return {a: b for a, b in found.items() if a != b}

    def stages(self, sides: Sides, names: list[str]) -> Iterable[list[tuple[Node, Node]]]:
        """One step, then two and three: a difference in a hidden state shows later, one that runs backward from zero as well."""
        pairs, starts = dict(zip(sides.values, self.pinned(sides, list(sides.values)), strict=True)), self.starts(sides)
        if other := [n for n, start in starts.items() if start.shape != pairs[n][0].shape]:
            raise UnsupportedNode(f"the start of {other[0]} has another shape")
        for steps in (1, 2, 3):
            self.budget.check()
            yield unrolled(self.dag, pairs, names, steps, self.backward, starts)
