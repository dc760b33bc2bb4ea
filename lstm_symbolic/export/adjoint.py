"""The backward step as a linear map: which sums of cotangents have to be formed, and with which local factors they spread.

A value that receives cotangents from several places is a *junction*: its cotangent is summed once. Everything between two junctions is a
product of local derivatives, known from the forward pass: it is contracted to one factor, so that backpropagation itself only multiplies
junctions by factors (*slots*) and applies transposed weights. An LSTM has two junctions, h and C, and six slots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Expr

from .graph import ELEMENTWISE
from .lower import Step
from .partials import partials


@dataclass(frozen=True)
class Term:
    """One summand of a cotangent.

    ``upstream``: the loss reads output ``name``; ``later``: what state ``name`` receives from the next step; ``slot``: slot number ``of``;
    ``product``: what node ``of`` receives through weights.
    """

    kind: str
    name: str = ""
    of: int = -1


@dataclass(frozen=True)
class Junction:
    """The cotangent of a node, summed."""

    node: int
    size: Expr
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Slot:
    """The cotangent of a junction times a factor."""

    junction: int
    factor: int
    size: Expr


@dataclass(frozen=True)
class Use:
    """A constant receives a slot times a factor, summed over steps and samples."""

    constant: int
    slot: int
    factor: int


@dataclass(frozen=True)
class Adjoint:
    """``affine`` maps an affine node to its slot; ``carries`` gives what a state receives from this step one step earlier."""

    junctions: tuple[Junction, ...]
    slots: tuple[Slot, ...]
    affine: Mapping[int, int]
    carries: Mapping[str, tuple[Term, ...]]
    inputs: Mapping[str, tuple[Term, ...]]
    uses: tuple[Use, ...]


def adjoint(step: Step) -> Adjoint:
    """The backward step.

    >>> from ..cells import cell
    >>> from .lower import lower
    >>> back = adjoint(lower(cell("lstm")))
    >>> [[t.kind for t in j.terms] for j in back.junctions], len(back.slots)
    ([['upstream', 'later'], ['upstream', 'later', 'slot']], 6)
    """
    return _Contraction(step).run()


@dataclass
class _Contraction:
    """One walk from the results of a step down to what it reads."""

    step: Step
    junctions: list[Junction] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    affine: dict[int, int] = field(default_factory=dict)
    inputs: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    carries: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    edges: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    special: dict[int, list[Term]] = field(default_factory=lambda: defaultdict(list))

    def run(self) -> Adjoint:
        graph = self.step.graph
        for name, k in self.step.outputs.items():
            self.special[k].append(Term("upstream", name))
        for name, k in self.step.states.items():
            self.special[k].append(Term("later", name))
        needed = graph.needed(self.step.roots)
        weighted = {a for k in needed if graph[k].op == "affine" for a in graph[k].args}
        for k in reversed(needed):
            if k in weighted and graph[k].op != "input":
                self.special[k].append(Term("product", of=k))
            if graph[k].op == "previous":
                self.carries[graph[k].name] = (*self.special[k], *self.spreads(k))
            elif graph[k].op == "input":
                self.inputs[graph[k].name] = tuple(self.spreads(k))
            elif source := self.source(k):
                self.spread(k, *source)
        for name in self.step.previous:
            self.carries.setdefault(name, ())
        return Adjoint(tuple(self.junctions), tuple(self.slots), self.affine, self.carries, self.inputs, tuple(self.uses))

    def spread(self, k: int, junction: int, factor: int) -> None:
        """Hands the cotangent of a node to its arguments."""
        graph = self.step.graph
        node = graph[k]
        if node.op == "affine":
            self.affine[k] = self.slot(junction, factor)
            return
        assert node.op in ELEMENTWISE
        for a, local in partials(graph, k):
            if graph.is_constant(a):
                if any(graph[c].op == "parameter" for c in graph.needed([a])) and not graph.is_number(local, 0):
                    self.uses.append(Use(a, self.slot(junction, factor), local))
            elif not graph.is_number(whole := graph.mul(factor, local), 0):
                known = self.edges[a].get(junction)
                self.edges[a][junction] = whole if known is None else graph.add(known, whole)

    def source(self, k: int) -> tuple[int, int] | None:
        """The junction that a node's cotangent comes from, and the factor; a sum of several makes the node itself a junction."""
        if not self.special[k] and len(self.edges[k]) <= 1:
            return next(iter(self.edges[k].items()), None)
        self.junctions.append(Junction(k, self.step.graph[k].size, (*self.special[k], *self.spreads(k))))
        return k, self.step.graph.number(1)

    def spreads(self, k: int) -> list[Term]:
        return [Term("slot", of=self.slot(j, factor)) for j, factor in self.edges[k].items()]

    def slot(self, junction: int, factor: int) -> int:
        size = next((j.size for j in self.junctions if j.node == junction), self.step.graph[junction].size)
        wanted = Slot(junction, factor, size)
        if wanted not in self.slots:
            self.slots.append(wanted)
        return self.slots.index(wanted)
