"""The backward step of a cell as array code: the linear map of ``adjoint``, and the gradients of weights after the loop.

Cotangents are summed, multiplied by factors that the forward pass has left, and sent through transposed weights; what a masked step would
contribute is 0. The gradient of a weight is one product over all steps and samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .adjoint import Term as Summand
from .constants import gradient
from .jax_steps import Group, Steps
from .lines import filled


@dataclass
class BothSteps(Steps):
    """The step, forward and backward. ``slots`` and ``deltas`` name what ``backward`` has computed; ``direct`` and ``sums`` are what inputs
    receive without weights, and what constants receive from one step."""

    slots: dict[int, str] = field(default_factory=dict)
    deltas: dict[str, Group] = field(default_factory=dict)
    direct: dict[str, str] = field(default_factory=dict)
    sums: list[str] = field(default_factory=list)

    def backward(self) -> tuple[list[str], dict[str, str]]:
        """The lines of a step of the backward pass, and what goes to each state, one step earlier."""
        graph, back = self.graph, self.back
        named = {k: self.name(k) for k in self.saved} | {self.step.inputs[n]: self.name(self.step.inputs[n]) for n in self.back_inputs}
        lines = list(self.lines([f for f in self.factors if f not in named and not graph.is_constant(f)], named))
        done: dict[int, str] = {}

        def slot(n: int) -> str:
            if n not in self.slots:
                s = back.slots[n]
                product = done[s.junction] if graph.is_number(s.factor, 1) else self.times(done[s.junction], s.factor, named)
                readers = [k for k, number in back.affine.items() if number == n]
                label = self.name(readers[0]) if readers else f"{done[s.junction][2:]}_part"
                self.slots[n] = self.handed_out.fresh(f"d_{label}")
                lines.append(f"{self.slots[n]} = _keep(on, {product}, 0)")
            return self.slots[n]

        def term(t: Summand) -> Iterator[str]:
            if t.kind == "upstream":
                yield f'up["{t.name}"]'
            elif t.kind == "later":
                yield f"later_{t.name}"
            elif t.kind == "slot":
                yield slot(t.of)
            else:
                for g in self.groups:
                    if t.of in g.operands and any(k in back.affine for k in g.nodes):
                        yield f"{delta(g)} @ {g.weight(t.of)}"

        def delta(g: Group) -> str:
            label = next((d for d, other in self.deltas.items() if other is g), "")
            if not label:
                present = [slot(back.affine[k]) for k in g.nodes if k in back.affine]
                parts = [slot(back.affine[k]) if k in back.affine else self.language.functions["zeros"].format(present[0]) for k in g.nodes]
                label = self.handed_out.fresh(f"deltas{g.number}")
                self.deltas[label] = g
                lines.append(f"{label} = {self.language.joined(parts, -1)}")
            return label

        def total(terms: Sequence[Summand]) -> str:
            return " + ".join(text for t in terms for text in term(t)) or "0"

        for j in back.junctions:
            name = self.handed_out.fresh(f"d_{self.name(j.node)}")
            text = total(j.terms)
            lines.append(f"{name} = {text}")
            done[j.node] = name
        carries = {}
        for state, terms in back.carries.items():
            new = total(terms)
            node = self.step.states[state]
            new = self.language.functions["zeros"].format(done[node]) if new == "0" else new
            carries[state] = f"_keep(on, {new}, {done[node]})"
        for g in self.groups:
            if any(k in back.affine for k in g.nodes):
                delta(g)
        self.direct = {n: " + ".join(text for t in terms for text in term(t)) for n, terms in back.inputs.items() if terms}
        self.sums = [f"({self.times(slot(u.slot), u.factor, named)}).sum(0)" for u in back.uses]
        return lines, carries

    def times(self, left: str, factor: int, named: Mapping[int, str]) -> str:
        if self.graph.is_number(factor, 1):
            return left
        if self.graph.is_number(factor, -1):
            return f"-{left}"
        text = self.text(factor, named)
        return f"{left} * ({text})" if factor not in named and self.graph[factor].op in ("mul", "div", "neg", "pow") else f"{left} * {text}"

    @cached_property
    def back_inputs(self) -> list[str]:
        """Inputs that a factor reads."""
        stop = set(self.saved)
        reached: set[int] = set()
        stack = [f for f in self.factors if f not in stop]
        while stack:
            k = stack.pop()
            if k not in reached:
                reached.add(k)
                stack += [a for a in self.graph[k].args if a not in stop]
        return [n for n, k in self.step.inputs.items() if k in reached]

    def collecting(self) -> Iterator[str]:
        """The gradients of parameters and inputs, from the deltas of all steps."""
        shapes = self.step.cell.shapes
        pieces: dict[str, list[str]] = {name: [] for name in self.step.cell.parameters}
        for label, g in self.deltas.items():
            gates, parts_of = range(len(g.nodes)), {}
            for a in g.operands:
                whole = self.handed_out.fresh(f"d_{g.weight(a)}")
                operand = f'inputs["{self.graph[a].name}"]' if self.is_input(a) else f'saved["{self.known[a]}"]'
                product = f'{self.language.module}.einsum("tbi,tbj->ij", {label}, {operand})'
                yield f"{whole} = {self.language.parted(product, len(g.nodes), 0) if len(g.nodes) > 1 else f'[{product}]'}"
                parts_of[a] = whole
            if self.graph[g.nodes[0]].biases:
                whole = self.handed_out.fresh(f"d_biases{g.number}")
                product = f"{label}.sum((0, 1))"
                yield f"{whole} = {self.language.parted(product, len(g.nodes), 0) if len(g.nodes) > 1 else f'[{product}]'}"
                for i in gates:
                    for b in self.graph[g.nodes[i]].biases:
                        pieces[b].append(f'{whole}[{i}].reshape(params["{b}"].shape)')
            for i in gates:
                node = self.graph[g.nodes[i]]
                open_blocks: dict[tuple[str, bool], list[str]] = {}
                for w, a in zip(node.weights, node.args, strict=True):
                    rows, columns = shapes[w.name]
                    blocks = open_blocks.setdefault((w.name, w.transposed), [])
                    blocks.append(f"{parts_of[a]}[{i}]")
                    if w.start + w.width == (rows if w.transposed else columns):
                        text = self.language.joined(blocks, 1)
                        pieces[w.name].append(f"{text}.T" if w.transposed else text)
                        open_blocks[w.name, w.transposed] = []
        for u, label in zip(self.back.uses, self.use_names, strict=True):
            for name, slope in gradient(self.graph, u.constant).items():
                text = self.times(f"{label}.sum(0)", slope, {})
                shape = f'params["{name}"].shape'
                small = self.graph[u.constant].size != 1 and shapes[name] == (1, 1)
                pieces[name].append(f"({text}).sum().reshape({shape})" if small else f"({text}).reshape({shape})")
        listed = [
            f'"{name}": ' + (" + ".join(texts) or self.language.functions["zeros"].format(f'params["{name}"]'))
            for name, texts in pieces.items()
        ]
        yield from filled("", "d_params = {", listed, "}")
        inputs = []
        for name, k in self.step.inputs.items():
            parts = [f"{label} @ {g.weight(k)}" for label, g in self.deltas.items() if k in g.operands]
            parts += [f"direct_{name}"] if name in self.direct else []
            zeros = self.language.functions["zeros"].format(f'inputs["{name}"]')
            inputs.append(f'"{name}": {" + ".join(parts) or zeros}')
        yield from filled("", "d_inputs = {", inputs, "}")

    @cached_property
    def use_names(self) -> list[str]:
        return [f"use_{i + 1}" for i in range(len(self.back.uses))]
