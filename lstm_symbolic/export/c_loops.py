"""Fused loops in C: everything that one sample computes between two products, entry by entry, in registers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from sympy import Expr

from ..errors import UnsupportedNode
from .adjoint import Junction, Term
from .c_layout import Layout, Spot, spell
from .graph import ONE, Graph

#: operation or function -> C; the arguments are names or literals.
CALLS = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "neg": "-{0}", "pow": "pow({0}, {1})", "copy": "{0}",
    "tanh": "tanh_({0})", "sigmoid": "sigmoid_({0})", "exp": "exp_({0})", "log": "log({0})", "sqrt": "sqrt({0})", "abs": "fabs({0})",
    "sign": "sign_({0})", "cosh": "cosh({0})", "sinh": "sinh({0})", "relu": "{0} < 0 ? 0 : {0}", "softplus": "softplus_({0})",
    "max": "max_({0}, {1})", "min": "min_({0}, {1})", "gt": "{0} > {1}", "ge": "{0} >= {1}", "lt": "{0} < {1}", "le": "{0} <= {1}",
    "eq": "{0} == {1}", "ne": "{0} != {1}", "where": "{0} != 0 ? {1} : {2}", "erf": "erf({0})", "erfc": "erfc({0})",
    "dsigmoid": "sigmoid_({0}) * (1 - sigmoid_({0}))", "dtanh": "1 - tanh_({0}) * tanh_({0})",
}  # fmt: skip


@dataclass
class Loop:
    """A loop over samples, in it loops over features. ``load`` says where a value can be read; everything else is computed."""

    layout: Layout
    size: Expr
    load: Callable[[int], Spot | None]
    rows: dict[str, str] = field(default_factory=dict)
    values: dict[int, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    done: list[list[str]] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)

    #: What another language spells otherwise: operations, declarations, numbers, the end of a statement.
    calls: ClassVar[Mapping[str, str]] = CALLS
    declared: ClassVar[str] = "REAL {} = {};"
    literal: ClassVar[str] = "(REAL){}"
    stored: ClassVar[str] = "{} {} {};"

    @property
    def graph(self) -> Graph:
        return self.layout.graph

    def row(self, pointer: str, writes: bool = False) -> str:
        """The name of a row; equal rows have one name, so that no two names alias."""
        name = self.rows.setdefault(pointer, f"r{len(self.rows)}")
        if writes:
            self.written.add(name)
        return name

    def let(self, name: str, text: str) -> str:
        self.lines.append(self.declared.format(name, text))
        self.named.add(name)
        return name

    def value(self, k: int) -> str:
        """The name of a value, or a literal."""
        if k not in self.values:
            text = self.text(k)
            self.values[k] = text if self.graph[k].op in ("number", "pi") else self.let(f"v{k}", text)
        return self.values[k]

    def text(self, k: int) -> str:
        node = self.graph[k]
        if node.op == "number":
            value = float(node.number)
            if not math.isfinite(value):
                raise UnsupportedNode("a number is too large for floating point")
            return self.literal.format(repr(value)) if value >= 0 else f"({self.literal.format(repr(value))})"
        if node.op == "pi":
            return self.literal.format(repr(math.pi))
        if node.op == "parameter":
            return f"{self.row(f'p_{node.name}')}[{'0' if node.size == ONE and self.size != ONE else 'j'}]"
        if spot := self.load(k):
            return f"{self.row(spot.row())}[j]"
        if node.op == "affine":
            biases = [f"{self.row(f'p_{b}')}[j]" for b in node.biases]
            return " + ".join([f"{self.row(self.layout.pre(k).row())}[j]", *biases])
        name = node.name if node.op == "call" else node.op
        if name not in self.calls:
            raise UnsupportedNode(f"no code for {name} in a loop")
        return self.calls[name].format(*(self.value(a) for a in node.args))

    def put(self, spot: Spot, value: str, sign: str = "=") -> None:
        self.lines.append(self.stored.format(f"{self.row(spot.row(), writes=True)}[j]", sign, value))

    def next(self) -> None:
        """Another loop over features follows; it reads what the one before has stored."""
        self.done.append(self.lines)
        self.values, self.lines, self.named = {}, [], set()

    def code(self, off: list[str]) -> Iterator[str]:
        """The text; ``off`` is what happens to a sample whose mask is 0 instead."""
        if not self.lines:
            return
        yield "for (long q = low; q < high; q++) {"
        if off:
            yield "  if (mask && !mask[t * B + q]) {"
            yield from (f"    {line}" for line in off)
            yield "    continue;"
            yield "  }"
        for pointer, name in self.rows.items():
            yield f"  {'' if name in self.written else 'const '}REAL *restrict {name} = {pointer};"
        for lines in (*self.done, self.lines):
            yield '  _Pragma("GCC ivdep")'
            yield f"  for (long j = 0; j < {spell(self.size)}; j++) {{"
            yield from (f"    {line}" for line in lines)
            yield "  }"
        yield "}"


@dataclass
class BackwardLoops:
    """The junctions of the adjoint, stage by stage: a stage ends where products with transposed weights are due."""

    layout: Layout
    stage: dict[int, int] = field(default_factory=dict)
    slots: dict[int, int] = field(default_factory=dict)
    pulls: dict[int, int] = field(default_factory=dict)

    #: What another language spells otherwise: the loop itself, zeros in a row, what an output that nobody gave a gradient receives.
    kind: ClassVar[type[Loop]] = Loop
    cleared: ClassVar[str] = "memset({0}, 0, {1} * sizeof(REAL));"
    kept: ClassVar[str] = "keep({}, {}, {}, {});"

    def __post_init__(self) -> None:
        for j in self.layout.plan.back.junctions:
            self.stage[j.node] = max((self.when(t) for t in j.terms), default=0)
            self.slots |= {n: self.stage[j.node] for n, s in enumerate(self.layout.plan.back.slots) if s.junction == j.node}
        for k in dict.fromkeys(a for g in self.layout.groups for a in g.args):
            if self.layout.graph[k].op != "input":
                self.pulls[k] = self.pulled(k)

    @property
    def last(self) -> int:
        return max(self.stage.values(), default=0)

    def pulled(self, k: int) -> int:
        """The stage after which an operand can receive what it gets through weights."""
        readers = [n for a, n in self.layout.plan.back.affine.items() if k in self.layout.graph[a].args]
        return max((self.slots[n] for n in readers), default=0)

    def when(self, t: Term) -> int:
        if t.kind == "slot":
            return self.slots[t.of]
        return self.pulled(t.of) + 1 if t.kind == "product" else 0

    def loops(self, stage: int) -> Iterator[str]:
        """All junctions of a stage; then what states receive from their slots."""
        back = self.layout.plan.back
        here = [j for j in back.junctions if self.stage[j.node] == stage]
        for size in dict.fromkeys(j.size for j in here):
            loop = self.kind(self.layout, size, self.layout.where.get)
            mine = [j for j in here if j.size == size]
            for j in mine:
                self.junction(loop, j)
            yield from loop.code(list(self.off(mine)))

    def off(self, junctions: list[Junction]) -> Iterator[str]:
        """A step that does not happen: no delta, no cotangent for what the next stages read."""
        back, layout = self.layout.plan.back, self.layout
        for n, s in enumerate(back.slots):
            if any(s.junction == j.node for j in junctions):
                for spot in self.targets(n):
                    yield self.cleared.format(self.pointer(spot.row()), spell(s.size))
        for name, k in layout.plan.step.states.items():
            if any(j.node == k for j in junctions):
                size = spell(layout.graph[k].size)
                ups = [f"up_{o} + (t * B + q) * {size}" for o, node in layout.plan.step.outputs.items() if node == k]
                rows = [f"new_{name} + q * {size}", f"later_{name} + q * {size}", self.upstream(ups[0]) if ups else "zeros"]
                yield self.kept.format(size, *map(self.pointer, rows))

    @staticmethod
    def pointer(text: str) -> str:
        return text

    @staticmethod
    def upstream(pointer: str) -> str:
        return f"{pointer.split(' ')[0]} ? {pointer} : zeros"

    def junction(self, loop: Loop, j: Junction) -> None:
        texts = [self.term(loop, t, spell(j.size)) for t in j.terms]
        d = loop.let(f"d{j.node}", " + ".join(texts) or "0")
        back, layout = self.layout.plan.back, self.layout
        for n, s in enumerate(back.slots):
            if s.junction != j.node:
                continue
            factor = loop.value(s.factor)
            name = loop.let(f"s{n}", d if layout.graph.is_number(s.factor, 1) else f"{d} * {factor}")
            for spot in self.targets(n):
                loop.put(spot, name)
            for i, use in enumerate(back.uses):
                if use.slot == n:
                    part = name if layout.graph.is_number(use.factor, 1) else f"{name} * {loop.value(use.factor)}"
                    loop.put(Spot(f"use{i}", spell(back.slots[n].size)), part, "+=")
        self.receive(loop, j)

    def receive(self, loop: Loop, j: Junction) -> None:
        """Slots that states and inputs receive as they are."""
        back = self.layout.plan.back
        mine = {n for n, s in enumerate(back.slots) if s.junction == j.node}
        found: dict[Spot, list[str]] = defaultdict(list)
        for kind, table in (("new_", back.carries), ("dx_", back.inputs)):
            for name, terms in table.items():
                spot = Spot(f"{kind}{name}", spell(j.size), time="" if kind == "new_" else "t")
                found[spot] += [f"s{t.of}" for t in terms if t.kind == "slot" and t.of in mine]
        for spot, names in found.items():
            if names:
                loop.put(spot, " + ".join(names), "+=")

    def targets(self, n: int) -> list[Spot]:
        """Where a slot is stored: as the delta of affine nodes, and where a later stage reads it."""
        back, layout = self.layout.plan.back, self.layout
        spots = [layout.group(k).spot(k, "e", "t - first") for k, slot in back.affine.items() if slot == n]
        if any(Term("slot", of=n) in j.terms and self.stage[j.node] > self.slots[n] for j in back.junctions):
            spots.append(Spot(f"slot{n}", spell(back.slots[n].size)))
        return spots

    def term(self, loop: Loop, t: Term, size: str) -> str:
        if t.kind == "upstream":
            return f"{loop.row(self.upstream(f'up_{t.name} + (t * B + q) * {size}'))}[j]"
        if t.kind == "later":
            return f"{loop.row(f'later_{t.name} + q * {size}')}[j]"
        if t.kind == "product":
            return f"{loop.row(f'pull{t.of} + q * {size}')}[j]"
        if f"s{t.of}" in loop.named:
            return f"s{t.of}"
        return f"{loop.row(f'slot{t.of} + q * {size}')}[j]"
