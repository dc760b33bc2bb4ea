"""A cell as array code of one step, for languages whose arrays are values (JAX, torch).

Rows are samples. Affine maps that read the same vectors are one product with stacked weights; what they apply to inputs is computed for
all steps at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .adjoint import Adjoint
from .graph import Graph, Weight
from .jax_language import COMPARED, Language
from .lines import filled
from .lower import Step
from .naming import Names, sized
from .numpy_ops import literal

_INFIX = {"add": "({0} + {1})", "sub": "({0} - {1})", "mul": "{0} * {1}", "div": "{0} / {1}", "neg": "-{0}", "pow": "{0} ** {1}"}

#: An expression that is nested deeper becomes a line of its own.
_DEEPEST = 4


@dataclass(frozen=True)
class Group:
    """Affine nodes that read the same vectors, and have the same size: one product. ``number`` tells its names apart."""

    nodes: tuple[int, ...]
    operands: tuple[int, ...]
    number: str

    def weight(self, operand: int) -> str:
        return f"weights{self.number}_{self.operands.index(operand) + 1}" if len(self.operands) > 1 else f"weights{self.number}"


@dataclass
class Steps:
    """The lines of one step. ``names`` gives each node its name in the code."""

    step: Step
    back: Adjoint
    language: Language
    handed_out: Names
    known: dict[int, str] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        return self.step.graph

    @cached_property
    def nodes(self) -> list[int]:
        """What a step computes, in order."""
        return [k for k in self.graph.needed(self.step.roots) if not self.graph.is_constant(k)]

    @cached_property
    def groups(self) -> list[Group]:
        found: dict[tuple[object, ...], list[int]] = {}
        for k in self.nodes:
            node = self.graph[k]
            if node.op == "affine":
                found.setdefault((frozenset(node.args), node.size, bool(node.biases)), []).append(k)
        several = len(found) > 1
        return [
            Group(tuple(g), tuple(dict.fromkeys(self.graph[g[0]].args)), f"_{i + 1}" if several else "")
            for i, g in enumerate(found.values())
        ]

    def name(self, k: int) -> str:
        """The cell's own name of a node, or one that says what it is."""
        if k not in self.known:
            node = self.graph[k]
            own = next((name for name, value in self.step.values.items() if value == k), "")
            reader = next((name for name, value in self.step.values.items() if k in self.graph[value].args), "")
            wanted = {"previous": f"{node.name}_old", "input": node.name, "affine": f"a_{own or reader}" if own or reader else "a"}
            inner = next((name for name, value in self.step.values.items() if value in node.args), "")
            made = f"{node.name}_{inner}".strip("_")
            self.known[k] = self.handed_out.fresh(wanted.get(node.op) or own or made or (f"s_{reader}" if reader else "s"))
        return self.known[k]

    # -- expressions ---------------------------------------------------------------------------------------------------------------------

    def text(self, k: int, named: Mapping[int, str]) -> str:
        """A node as an expression; what is in ``named`` has a name already."""
        if k in named:
            return named[k]
        node = self.graph[k]
        if node.op == "number":
            return f"({literal(node.number)})" if node.number < 0 else literal(node.number)
        if node.op == "pi":
            return repr(math.pi)
        if node.op == "parameter":
            return f'params["{node.name}"].reshape(-1)'
        if node.op == "copy":
            return self.text(node.args[0], named)
        if node.op != "call":
            args = [self.text(a, named) for a in node.args]
            tight = [self.tight(node.op, i, a, named) for i, a in enumerate(node.args)]
            return _INFIX[node.op].format(*(f"({t})" if b else t for b, t in zip(tight, args, strict=True)))
        args = [self.bare(a, named) for a in node.args]
        args = [self.language.number.format(t) if self.graph[a].op in ("number", "pi") else t for a, t in zip(node.args, args, strict=True)]
        return (COMPARED.get(node.name) or self.language.functions[node.name]).format(*args)

    def tight(self, op: str, position: int, k: int, named: Mapping[int, str]) -> bool:
        """Whether an operand needs brackets; sums bring their own."""
        while k not in named and self.graph[k].op == "copy":
            k = self.graph[k].args[0]
        inner = "" if k in named else self.graph[k].op
        loose = op in ("add", "sub") or (op == "mul" and position == 0)
        return inner in ("neg", "pow") or (inner in ("mul", "div") and not loose)

    def bare(self, k: int, named: Mapping[int, str]) -> str:
        """The same without brackets around the whole."""
        while k not in named and self.graph[k].op == "copy":
            k = self.graph[k].args[0]
        text = self.text(k, named)
        return text[1:-1] if k not in named and self.graph[k].op in ("add", "sub") else text

    def lines(self, wanted: Sequence[int], named: dict[int, str], always: frozenset[int] = frozenset()) -> Iterator[str]:
        """Assignments for what the wanted nodes are made of; a node that is read once, and has no name in the cell, is written where it
        is read."""
        order = self.missing(wanted, named)
        reads = {k: sum(self.graph[j].args.count(k) for j in order) for k in order}
        own = set(self.step.values.values())
        depth: dict[int, int] = {}
        for k in order:
            node = self.graph[k]
            if node.op == "affine":
                group = next(g for g in self.groups if k in g.nodes)
                if group.nodes[0] == min(group.nodes) and k not in named:
                    yield from self.product(group, named)
                continue
            depth[k] = 1 + max((depth.get(a, 0) for a in node.args if a not in named), default=0)
            if k in always or k in own or reads[k] > 1 or depth[k] > _DEEPEST:
                line = self.bare(k, named)
                named[k] = self.name(k)
                yield f"{named[k]} = {line}"

    def missing(self, wanted: Sequence[int], named: Mapping[int, str]) -> list[int]:
        """What has to be computed for the wanted nodes; weights meet inputs before the loop."""
        found: set[int] = set()
        stack = list(wanted)
        while stack:
            k = stack.pop()
            if k not in found and k not in named and not self.graph.is_constant(k) and not self.is_input(k):
                found.add(k)
                stack += self.graph[k].args
        return sorted(found)

    def product(self, group: Group, named: dict[int, str]) -> Iterator[str]:
        """One product with stacked weights; its part of the inputs is known before the loop."""
        parts = [f"from_inputs{group.number}"] if self.inputs_of(group) else []
        parts += [f"{self.text(a, named)} @ {group.weight(a)}.T" for a in group.operands if not self.is_input(a)]
        if not self.inputs_of(group) and self.graph[group.nodes[0]].biases:
            parts.append(f"biases{group.number}")
        named.update((k, self.name(k)) for k in group.nodes)
        whole, names = " + ".join(parts), ", ".join(named[k] for k in group.nodes)
        yield f"{names} = {self.language.parted(whole, len(group.nodes), -1) if len(group.nodes) > 1 else whole}"

    # -- what stands before and after the loop -------------------------------------------------------------------------------------------

    def is_input(self, k: int) -> bool:
        return self.graph[k].op == "input"

    def inputs_of(self, group: Group) -> list[int]:
        return [a for a in group.operands if self.is_input(a)]

    def weight(self, w: Weight) -> str:
        """The block of a parameter, as a matrix from columns."""
        text = f'params["{w.name}"]' + (".T" if w.transposed else "")
        rows, columns = self.step.cell.shapes[w.name]
        if w.start == 0 and w.width == (rows if w.transposed else columns):
            return text
        return f"{text}[:, {'' if w.start == 0 else sized(w.start)}:{sized(w.start + w.width)}]"

    def packing(self) -> Iterator[str]:
        """Weights and biases of each product below each other."""
        for g in self.groups:
            for a in g.operands:
                blocks = []
                for k in g.nodes:
                    summands = [self.weight(w) for w, b in zip(self.graph[k].weights, self.graph[k].args, strict=True) if b == a]
                    blocks.append(" + ".join(summands))
                yield from self.stacked(g.weight(a), blocks)
            if self.graph[g.nodes[0]].biases:
                yield from self.stacked(
                    f"biases{g.number}", [" + ".join(f'params["{b}"].reshape(-1)' for b in self.graph[k].biases) for k in g.nodes]
                )

    def stacked(self, name: str, blocks: Sequence[str]) -> Iterator[str]:
        if len(blocks) == 1:
            yield f"{name} = {blocks[0]}"
            return
        before, after = self.language.concatenate.format("\0", 0).split("\0")
        yield from filled("", f"{name} = {before}", blocks, after)

    def input_products(self) -> Iterator[str]:
        for g in self.groups:
            if parts := [f'inputs["{self.graph[a].name}"] @ {g.weight(a)}.T' for a in self.inputs_of(g)]:
                yield f"from_inputs{g.number} = {' + '.join(parts)}" + (f" + biases{g.number}" if self.graph[g.nodes[0]].biases else "")

    # -- forward -------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def read(self) -> list[str]:
        """Inputs that are read in the loop itself, not only by weights."""
        entries = [k for k in self.nodes if self.graph[k].op != "affine"]
        return [n for n, k in self.step.inputs.items() if any(k in self.graph[j].args for j in entries)]

    @cached_property
    def factors(self) -> list[int]:
        return [s.factor for s in self.back.slots] + [u.factor for u in self.back.uses]

    @cached_property
    def saved(self) -> list[int]:
        """What the backward pass reads: values with a cost, old states, and what weights were applied to. Inputs are there anyway."""
        forward, graph = set(self.nodes), self.graph
        kept = {a for g in self.groups for a in g.operands}
        stack, seen = list(self.factors), set(self.factors)
        while stack:
            k = stack.pop()
            node = graph[k]
            if k in forward and (k in kept or node.op in ("input", "previous", "affine", "div", "pow", "call")):
                kept.add(k)
                continue
            new = [a for a in node.args if a not in seen]
            seen.update(new)
            stack += new
        return sorted(k for k in kept if not self.is_input(k))

    def start(self) -> dict[int, str]:
        """What a step knows when it begins."""
        entries = [*self.step.previous.values(), *(self.step.inputs[n] for n in self.read)]
        return {k: self.name(k) for k in entries}

    def forward(self) -> tuple[list[str], dict[int, str]]:
        """The lines of a step, and the names of its values."""
        named = self.start()
        always = frozenset(k for k in (*self.step.roots, *self.saved) if self.graph[k].op not in ("input", "previous", "affine"))
        lines = list(self.lines([*self.step.roots, *self.saved], named, always))
        return lines, named
