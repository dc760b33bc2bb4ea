"""Where everything stands in the C target, and what is computed when.

Rows are samples here, features innermost: a fused loop over the features of one sample computes everything between two products in
registers, so that only what the backward pass cannot cheaply compute again is stored (an LSTM keeps four gates, C and h). Products have
packed weights; those of the inputs are done for a chunk of steps at once, and so are the gradients of all weights.

Threads (-fopenmp) own samples: each goes through all steps of its samples and waits for nobody, because a sample does not depend on the
others. They share only what a chunk has in common: packing, the products of the inputs, the gradients of weights.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr

from ..expr import write
from .constants import gradient
from .graph import ELEMENTWISE, Graph
from .plan import Plan


def spell(size: Expr) -> str:
    """A dimension in C.

    >>> from sympy import Symbol
    >>> spell(Symbol("n") + Symbol("m"))
    '(size_m + size_n)'
    """
    text = re.sub(r"[A-Za-z_]\w*", r"size_\g<0>", write(size)).replace("+", " + ").replace("*", " * ")
    return f"({text})" if not text.isidentifier() and not text.isdigit() else text


@dataclass(frozen=True)
class Spot:
    """A vector of every sample: rows of ``stride`` entries, from ``offset`` on; ``time`` is the index of the step, or nothing."""

    array: str
    stride: str
    offset: str = ""
    time: str = ""

    def row(self, sample: str = "q") -> str:
        steps = f"({self.time}) * B" if "+" in self.time or "-" in self.time else f"{self.time} * B"
        index = f"({steps} + {sample})" if self.time and sample else steps if self.time else sample
        parts = [self.array, *([f"{index} * {self.stride}"] if index else []), *([self.offset] if self.offset else [])]
        return " + ".join(parts)


@dataclass(frozen=True)
class Group:
    """Affine nodes of one size that read the same operands: their rows stand beside each other."""

    number: int
    nodes: tuple[int, ...]
    args: tuple[int, ...]
    size: Expr
    level: int

    @property
    def width(self) -> str:
        return spell(self.size) if len(self.nodes) == 1 else f"{len(self.nodes)} * {spell(self.size)}"

    def offset(self, k: int) -> str:
        i = self.nodes.index(k)
        return "" if not i else spell(self.size) if i == 1 else f"{i} * {spell(self.size)}"

    def spot(self, k: int, array: str, time: str) -> Spot:
        return Spot(f"{array}{self.number}", f"({self.width})" if len(self.nodes) > 1 else self.width, self.offset(k), time)


@dataclass
class Layout:
    """Levels (how many products stand before a node), groups, and the spot of every node that is stored."""

    plan: Plan
    where: dict[int, Spot] = field(default_factory=dict)
    also: dict[int, list[Spot]] = field(default_factory=dict)
    own: dict[int, Spot] = field(default_factory=dict)

    def __post_init__(self) -> None:
        graph, step = self.graph, self.plan.step
        for name, k in step.inputs.items():
            self.where[k] = Spot(f"x_{name}", spell(graph[k].size), time="t")
        for name, k in step.previous.items():
            self.where[k] = Spot(f"s_{name}", spell(graph[k].size), time="t")
        for name, k in step.states.items():
            self.store(k, Spot(f"s_{name}", spell(graph[k].size), time="t + 1"))
        for name, k in step.outputs.items():
            if name not in step.states:
                self.store(k, Spot(f"y_{name}", spell(graph[k].size), time="t"))
        loose = [a for g in self.groups for a in g.args if a not in self.where]
        loose += self.kept([*loose, *self.crossing(), *self.factors])
        for k in dict.fromkeys(loose):
            self.store(k, self.reused(k))

    @property
    def graph(self) -> Graph:
        return self.plan.step.graph

    @cached_property
    def nodes(self) -> list[int]:
        return [k for k in self.graph.needed(self.plan.step.roots) if not self.graph.is_constant(k)]

    @cached_property
    def factors(self) -> list[int]:
        back = self.plan.back
        return [s.factor for s in back.slots] + [u.factor for u in back.uses] if self.plan.gradients else []

    @cached_property
    def level(self) -> dict[int, int]:
        table: dict[int, int] = {}
        for k in self.nodes:
            below = max((table[a] for a in self.graph[k].args if a in table), default=0)
            table[k] = below + (self.graph[k].op == "affine")
        return table

    @cached_property
    def groups(self) -> list[Group]:
        found: dict[tuple[object, ...], list[int]] = {}
        for k in self.nodes:
            node = self.graph[k]
            if node.op == "affine":
                found.setdefault((self.level[k], frozenset(node.args), node.size), []).append(k)
        return [
            Group(i, tuple(nodes), tuple(dict.fromkeys(self.graph[nodes[0]].args)), self.graph[nodes[0]].size, self.level[nodes[0]])
            for i, nodes in enumerate(found.values())
        ]

    def group(self, k: int) -> Group:
        return next(g for g in self.groups if k in g.nodes)

    def store(self, k: int, spot: Spot) -> None:
        """A second spot of the same node is a copy."""
        if k in self.where:
            self.also.setdefault(k, []).append(spot)
        else:
            self.where[k] = spot

    def crossing(self) -> Iterable[int]:
        """What is read on a later level than it is computed on."""
        for k in self.nodes:
            if self.graph[k].op in ELEMENTWISE:
                yield from (a for a in self.graph[k].args if a in self.level and self.level[a] < self.level[k])

    def kept(self, roots: Sequence[int]) -> list[int]:
        """What has to be stored so that the roots can be computed: products, and functions of what is not stored itself."""
        kept: list[int] = []
        stack, seen = list(roots), set(roots)
        while stack:
            k = stack.pop()
            node = self.graph[k]
            if self.graph.is_constant(k) or k in self.where:
                continue
            if node.op == "affine" or (k in self.level and node.op in ("call", "div", "pow") and not self.again(k)):
                kept.append(k)
                continue
            new = [a for a in node.args if a not in seen]
            seen.update(new)
            stack += new
        return kept

    def again(self, k: int) -> bool:
        """A function of one stored value is computed again: that costs less memory, and no more time than to load it."""
        args = [a for a in self.graph[k].args if not self.graph.is_constant(a)]
        return len(args) == 1 and args[0] in self.where

    def reused(self, k: int) -> Spot:
        """In the place of a pre-activation that nothing else needs, or in an array of its own."""
        if self.graph[k].op == "affine":
            return self.pre(k)
        taken = set(self.where.values())
        for a in self.graph[k].args:
            if a in self.level and self.graph[a].op == "affine" and a not in self.where and self.level[a] == self.level[k]:
                spot = self.pre(a)
                if spot not in taken and self.graph[a].size == self.graph[k].size and not self.wanted(a):
                    return spot
        self.own[k] = Spot(f"k{k}", spell(self.graph[k].size), time="t")
        return self.own[k]

    def wanted(self, a: int) -> bool:
        """Whether a pre-activation itself has to be stored."""
        return a in self.kept([*self.crossing(), *self.factors]) or any(a in g.args for g in self.groups)

    def pre(self, k: int) -> Spot:
        return self.group(k).spot(k, "a", "t")

    def operand(self, k: int, time: str) -> tuple[str, str]:
        """The first row of what weights are applied to, at a step, and the distance of rows."""
        spot = self.where[k]
        return Spot(spot.array, spot.stride, spot.offset, time if spot.time == "t" else f"{time} + 1").row(""), spot.stride

    @cached_property
    def whole(self) -> set[str]:
        """Parameters whose gradient is one block."""
        graph, shapes = self.graph, self.plan.cell.shapes
        weights = [w for g in self.groups for k in g.nodes for w in graph[k].weights]
        biases = [b for g in self.groups for k in g.nodes for b in graph[k].biases]
        used = {name for use in self.plan.back.uses for name in gradient(graph, use.constant)}
        count = Counter([*(w.name for w in weights), *biases, *used])
        parts = {w.name for w in weights if w.start != 0 or w.width != shapes[w.name][0 if w.transposed else 1]}
        return {name for name, times in count.items() if times == 1 and name not in used | parts}

    @cached_property
    def within(self) -> dict[str, tuple[str, str]]:
        """Parameters whose gradient is written where it belongs: the array of its group, and the first entry there."""
        found: dict[str, tuple[str, str]] = {}
        for g in self.groups:
            for k in g.nodes:
                first = g.offset(k) or "0"
                for w, a in zip(self.graph[k].weights, self.graph[k].args, strict=True):
                    if w.name in self.whole and not w.transposed:
                        found[w.name] = f"g{g.number}_{a}", f"{first} * {spell(self.graph[a].size)}"
                found |= {b: (f"sum{g.number}", first) for b in self.graph[k].biases if b in self.whole}
        return found

    def forward_arrays(self) -> Iterable[tuple[str, str]]:
        """Name and number of entries of everything that the forward pass writes."""
        graph, step = self.graph, self.plan.step
        for name, k in step.previous.items():
            yield f"s_{name}", f"(T + 1) * B * {spell(graph[k].size)}"
        for name, k in step.outputs.items():
            if name not in step.states:
                yield f"y_{name}", f"T * B * {spell(graph[k].size)}"
        for g in self.groups:
            yield f"a{g.number}", f"T * B * {g.width}"
        for k, spot in self.own.items():
            yield f"k{k}", f"T * B * {spot.stride}"
        for g in self.groups:
            for a in g.args:
                yield f"w{g.number}_{a}", f"packed_both({spell(graph[a].size)}, {g.width})"

    def backward_arrays(self) -> Iterable[tuple[str, str]]:
        """The same for the backward pass; the gradients come first."""
        graph, step, back = self.graph, self.plan.step, self.plan.back
        cell = self.plan.cell
        for g in self.groups:
            yield f"sum{g.number}", g.width
            yield from ((f"g{g.number}_{a}", f"{g.width} * {spell(graph[a].size)}") for a in g.args)
        for name in cell.parameters:
            rows, columns = cell.shapes[name]
            yield f"d_{name}", f"{spell(rows)} * {spell(columns)}"
        for name, k in step.inputs.items():
            yield f"dx_{name}", f"T * B * {spell(graph[k].size)}"
        for name, k in step.previous.items():
            yield f"later_{name}", f"B * {spell(graph[k].size)}"
            yield f"new_{name}", f"B * {spell(graph[k].size)}"
        for g in self.groups:
            yield f"e{g.number}", f"span * B * {g.width}"
        for k in dict.fromkeys(a for g in self.groups for a in g.args if graph[a].op not in ("input", "previous")):
            yield f"pull{k}", f"B * {spell(graph[k].size)}"
        for n in dict.fromkeys(t.of for j in back.junctions for t in j.terms if t.kind == "slot"):
            yield f"slot{n}", f"B * {spell(back.slots[n].size)}"
        for i, use in enumerate(back.uses):
            yield f"use{i}", f"B * {spell(back.slots[use.slot].size)}"
        yield "zeros", " + ".join(dict.fromkeys(spell(graph[k].size) for k in (*step.outputs.values(), *step.states.values())))
        for a in dict.fromkeys(a for g in self.groups for a in g.args):
            yield f"rows{a}", f"packed(span * B, {spell(graph[a].size)})"
