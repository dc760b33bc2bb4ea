"""From the graph of a step to its plan: the order of operands, gates and slots is the one that needs the fewest calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations

from sympy import Expr

from ..cells import Cell
from .adjoint import Adjoint, adjoint
from .arrange import arrange
from .graph import runs
from .lower import Step, lower
from .plan import BIAS, Line, Plan, Product, Pull, following
from .rewrite import rewritten
from .schedule import Call, Place, Schedule

#: Orders of the gates of one product that are tried, at most.
_ORDERS = 120

#: How many of the best of them are compared further.
_GOOD = 12


def plan(cell: Cell, gradients: bool = True) -> Plan:
    """The schedule of a cell.

    >>> from ..cells import cell
    >>> p = plan(cell("lstm"))
    >>> len(p.products), sum(isinstance(line, tuple) for line in p.forward), len(p.forward), len(p.pulls)
    (1, 1, 8, 1)
    """
    step = lower(cell)
    return Planning(step, adjoint(step), gradients).plan()


@dataclass
class Planning:
    step: Step
    back: Adjoint
    gradients: bool
    code: dict[int, int] = field(default_factory=dict)

    def plan(self) -> Plan:
        graph = self.graph = self.step.graph
        factors = [s.factor for s in self.back.slots] + [u.factor for u in self.back.uses] if self.gradients else []
        self.code = rewritten(graph, [*self.step.roots, *factors])
        self.nodes = [k for k in graph.needed([self.code[r] for r in self.step.roots]) if not graph.is_constant(k)]
        affine = [k for k in self.nodes if graph[k].op == "affine"]
        self.operands = self.order_operands(affine)
        self.fixed, self.previous, self.base = self.homes()
        groups = self.groups(affine)
        kept = self.kept([self.code[f] for f in factors])
        best = self.order_gates(groups, kept)
        forward, schedule = self.forward(best, kept)
        order = self.order_slots(best)
        calls, uses, work = self.block(schedule, order)
        products = tuple(self.product(g, schedule.at[g[0]]) for g in best)
        pulls = tuple(self.pulls(order)) if self.gradients else ()
        return Plan(
            self.step, self.back, self.code, self.operands, products, {s: tuple(v) for s, v in schedule.values.items()}, schedule.at,
            self.previous, tuple(forward), {s: len(v) for s, v in schedule.free.items()}, order, tuple(calls), uses, work, pulls,
            self.gradients,
        )  # fmt: skip

    def order_operands(self, affine: Sequence[int]) -> tuple[int, ...]:
        """What weights are applied to, and 1 where there are biases, so that each product reads few ranges."""
        graph = self.graph
        sets = list(dict.fromkeys(frozenset((*graph[k].args, *([BIAS] if graph[k].biases else []))) for k in affine))
        read = [k for k in self.nodes if graph[k].op == "input"]
        items = dict.fromkeys([*read, *([BIAS] if any(BIAS in s for s in sets) else []), *(a for k in affine for a in graph[k].args)])
        return arrange(list(items), lambda order: sum(len(runs([order.index(i) for i in s])) for s in sets))

    def homes(self) -> tuple[dict[int, list[Place]], dict[str, Place], dict[Expr, list[int | str]]]:
        """Where the results of a step have to be: as operands, as the old values of the next step, as outputs."""
        graph, fixed = self.graph, {}
        base: dict[Expr, list[int | str]] = {}
        previous: dict[str, Place] = {}
        for k in self.operands:
            if k != BIAS and graph[k].op not in ("input", "previous"):
                fixed[k] = [self.operand(k)]
        for name, k in self.step.previous.items():
            size = graph[k].size
            if k in self.operands:
                previous[name] = self.operand(k)
            else:
                slots = base.setdefault(size, [])
                previous[name] = Place("values", size, len(slots))
                slots.append(name)
            fixed.setdefault(self.code[self.step.states[name]], []).append(following(previous[name]))
        return fixed, previous, base

    def operand(self, k: int) -> Place:
        return Place("operands", self.graph[k].size, self.operands.index(k))

    def groups(self, affine: Sequence[int]) -> list[tuple[int, ...]]:
        """Affine nodes of one size that read the same operands are one product; one that has a place of its own stands alone."""
        found: dict[tuple[object, ...], list[int]] = {}
        for k in affine:
            key = (k,) if k in self.fixed else (frozenset(self.graph[k].args), self.graph[k].size)
            found.setdefault(key, []).append(k)
        return [tuple(g) for g in found.values()]

    def kept(self, factors: Sequence[int]) -> frozenset[int]:
        """Values that the backward pass reads and cannot cheaply compute again, and the outputs."""
        graph, forward = self.graph, set(self.nodes)
        outputs = {self.code[k] for name, k in self.step.outputs.items() if name not in self.previous}
        kept = {k for k in outputs if k in forward and k not in self.fixed and graph[k].op not in ("input", "previous")}
        heavy = {c for k, c in self.code.items() if graph[k].op in ("call", "div", "pow", "affine")}
        stack, seen = list(factors), set(factors)
        while stack:
            k = stack.pop()
            if k in forward and (graph[k].op in ("input", "previous") or k in self.fixed):
                continue
            if k in forward and k in heavy:
                kept.add(k)
                continue
            new = [a for a in graph[k].args if a not in seen]
            seen.update(new)
            stack += new
        return frozenset(kept)

    def order_gates(self, groups: Sequence[tuple[int, ...]], kept: frozenset[int]) -> list[tuple[int, ...]]:
        """The order of the gates in each product that gives the fewest calls in a step, and that slots can stand in too."""
        best = list(groups)
        for i, group in enumerate(groups):
            if len(group) > 1:
                tried = list(permutations(group)) if len(group) < 6 else [group]

                def cost(order: tuple[int, ...], i: int = i) -> float:
                    lines, schedule = self.forward([*best[:i], order, *best[i + 1 :]], kept)
                    return len(lines) + 0.1 * len(self.block(schedule, self.by_size())[0])

                costs = {order: cost(order) for order in tried[:_ORDERS]}
                good = sorted((order for order in costs if costs[order] < min(costs.values()) + 0.2), key=costs.__getitem__)[:_GOOD]

                def total(order: tuple[int, ...], i: int = i, costs: Mapping[tuple[int, ...], float] = costs) -> float:
                    groups = [*best[:i], order, *best[i + 1 :]]
                    return costs[order] + 0.1 * sum(self.apart(groups, slots) for slots in self.order_slots(groups).values())

                best[i] = min(good, key=total)
        return best

    def forward(self, groups: Sequence[tuple[int, ...]], kept: frozenset[int]) -> tuple[list[Line], Schedule]:
        values = {size: list(slots) for size, slots in self.base.items()}
        at = {self.step.previous[name]: place for name, place in self.previous.items()}
        at |= {k: self.operand(k) for k in self.operands if k != BIAS and self.graph[k].op == "input"}
        schedule = Schedule(self.graph, at, self.fixed, kept, values)
        for group in groups:
            size = self.graph[group[0]].size
            for k in group:
                if k in self.fixed:
                    at[k] = self.fixed[k][0]
                elif self.gradients:
                    at[k] = Place("values", size, len(values.setdefault(size, [])))
                    values[size].append(k)
                else:
                    at[k] = Place("scratch", size, len(schedule.free[size]))
                    schedule.owner[at[k]] = k
                    schedule.free[size].append(False)
        member = {k: group for group in groups for k in group}
        lines = schedule.run([k for k in self.nodes if self.graph[k].op not in ("input", "previous")], member)
        for k, places in self.fixed.items():
            if self.graph[k].op == "affine":
                where = next(i for i, line in enumerate(lines) if isinstance(line, tuple) and k in line)
                lines[where + 1 : where + 1] = [Call("copy", (at[k],), p) for p in places[1:]]
        return lines, schedule

    def product(self, group: tuple[int, ...], out: Place) -> Product:
        node = self.graph[group[0]]
        read = {*node.args, *([BIAS] if any(self.graph[k].biases for k in group) else [])}
        out = Place(out.buffer, out.size, out.slot, out.shift, len(group))
        return Product(group, node.size, tuple(runs([self.operands.index(k) for k in read])), out)

    def by_size(self) -> dict[Expr, tuple[int, ...]]:
        """The slots of the backward step by size."""
        sizes = dict.fromkeys(slot.size for slot in self.back.slots)
        return {size: tuple(n for n, slot in enumerate(self.back.slots) if slot.size == size) for size in sizes}

    def order_slots(self, groups: Sequence[tuple[int, ...]]) -> dict[Expr, tuple[int, ...]]:
        """Slots of one junction beside each other, and those whose weights are applied to one operand, as they stand in the weights."""
        if not self.gradients:
            return {}
        graph, back = self.step.graph, self.back
        wanted: list[tuple[float, frozenset[int]]] = []
        for j in back.junctions:
            wanted.append((1.0, frozenset(n for n, s in enumerate(back.slots) if s.junction == j.node)))
        for operand in {a for k in back.affine for a in graph[k].args}:
            weight = 0.3 if graph[operand].op == "input" else 2.0
            wanted.append((weight, frozenset(n for k, n in back.affine.items() if operand in graph[k].args)))
        wanted.append((0.3, frozenset(back.affine.values())))

        halved = [n for k, n in back.affine.items() if graph[self.code[k]].number != 1]

        def cost(order: Sequence[int]) -> float:
            where = {n: i for i, n in enumerate(order)}
            halves = len(runs([where[n] for n in halved if n in where]))
            ranges = sum(w * (len(runs([where[n] for n in s if n in where])) - 1) for w, s in wanted if any(n in where for n in s))
            return ranges + 0.01 * self.apart(groups, order) + 0.02 * halves

        return {size: arrange(numbers, cost) for size, numbers in self.by_size().items()}

    def apart(self, groups: Sequence[tuple[int, ...]], slots: Sequence[int]) -> int:
        """How many neighbours among the rows of products are none among the slots."""
        number = {self.code[k]: n for k, n in self.back.affine.items()}
        where = {n: i for i, n in enumerate(slots)}
        pairs = [(number[a], number[b]) for group in groups for a, b in pairwise(group) if a in number and b in number]
        return sum(a in where and b in where and where[a] + 1 != where[b] for a, b in pairs)

    def block(self, schedule: Schedule, order: Mapping[Expr, Sequence[int]]) -> tuple[list[Call], tuple[Place, ...], dict[Expr, int]]:
        """The local factors, and the factors of parameters that are no weights: what the backward pass computes for a block of steps."""
        if not self.gradients:
            return [], (), {}
        graph, code = self.graph, self.code
        fixed: dict[int, list[Place]] = {}
        for n, s in enumerate(self.back.slots):
            fixed.setdefault(code[s.factor], []).append(Place("factors", s.size, order[s.size].index(n)))
        stored = {k for k in self.nodes if k in schedule.at and self.is_stored(k, schedule)}
        uses: list[Place] = []
        for u in self.back.uses:
            k = code[u.factor]
            if k not in stored and not graph.is_constant(k):
                place = Place("uses", graph[k].size, sum(p.buffer == "uses" and p.size == graph[k].size for p in uses))
                fixed.setdefault(k, []).append(place)
                uses.append(place)
            else:
                uses.append(schedule.place(k))
        nodes: set[int] = set()
        stack = list(fixed)
        while stack:
            k = stack.pop()
            if k not in nodes and k not in stored and not graph.is_constant(k):
                nodes.add(k)
                stack += graph[k].args
        later = Schedule(graph, {k: schedule.at[k] for k in stored}, fixed, frozenset(stored), {})
        lines = [line for line in later.run(sorted(nodes), {}, "work") if isinstance(line, Call)]
        for k, places in fixed.items():
            if k in stored or graph.is_constant(k):
                lines += [Call("copy", (later.place(k),), p) for p in places]
        return lines, tuple(uses), {size: len(free) for size, free in later.free.items()}

    def is_stored(self, k: int, schedule: Schedule) -> bool:
        """Whether the value still stands where it was put when the step is over."""
        place = schedule.at[k]
        if place.buffer == "scratch":
            return False
        later = [j for j, p in schedule.at.items() if p == place and j > k]
        return not later or self.graph[k].op in ("input", "previous")

    def pulls(self, order: Mapping[Expr, Sequence[int]]) -> Iterable[Pull]:
        """One product for each range of slots whose weights are applied to one operand."""
        graph, back = self.step.graph, self.back
        for operand in dict.fromkeys(a for k in back.affine for a in graph[k].args if graph[a].op != "input"):
            for size, numbers in order.items():
                reading = {numbers.index(n): k for k, n in back.affine.items() if operand in graph[k].args and n in numbers}
                for first, last in runs(list(reading)):
                    nodes = tuple(reading[i] for i in range(first, last))
                    yield Pull(operand, graph[operand].size, size, first, last, nodes)
