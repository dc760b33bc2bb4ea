"""The plan of a cell: where everything stands and what is computed in which order, for the forward pass and for backpropagation.

Every vector of a step is a range of contiguous memory with the samples innermost (*feature-major*), so that gates are neighbours and one
call works on all of them; ``[x; 1; h]`` is one operand, so that biases cost nothing. Backward, the local factors of a block of steps are
computed by a few calls over the whole block; the loop itself then only sums junctions, multiplies by slots and applies transposed weights.
The gradients of weights, biases and inputs are single products after the loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr

from ..cells import Cell
from .adjoint import Adjoint
from .graph import ONE, Graph
from .lower import Step
from .schedule import Call, Place

#: The operand that biases multiply.
BIAS = -1

Line = Call | tuple[int, ...]


@dataclass(frozen=True)
class Product:
    """Affine nodes that read the same operands: one product for each range of operands, its rows the nodes in order."""

    nodes: tuple[int, ...]
    size: Expr
    ranges: tuple[tuple[int, int], ...]
    out: Place


@dataclass(frozen=True)
class Pull:
    """What the operand ``node`` receives from the slots ``first`` to ``last`` of one size: one product with transposed weights."""

    node: int
    size: Expr
    rows: Expr
    first: int
    last: int
    affine: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that an emitter walks over. ``node`` numbers are those of ``graph``; ``code`` maps a node of the step to what computes it.

    ``values`` lists the slots that are kept for every step, by size: a node, or the name of a state's old value. ``order`` lists the
    slots of the backward step, by size.
    """

    step: Step
    back: Adjoint
    code: Mapping[int, int]
    operands: tuple[int, ...]
    products: tuple[Product, ...]
    values: Mapping[Expr, tuple[int | str, ...]]
    at: Mapping[int, Place]
    previous: Mapping[str, Place]
    forward: tuple[Line, ...]
    scratch: Mapping[Expr, int]
    order: Mapping[Expr, tuple[int, ...]]
    factors: tuple[Call, ...]
    uses: tuple[Place, ...]
    work: Mapping[Expr, int]
    pulls: tuple[Pull, ...]
    gradients: bool = True

    @property
    def cell(self) -> Cell:
        return self.step.cell

    @property
    def graph(self) -> Graph:
        return self.step.graph

    @cached_property
    def operand_sizes(self) -> tuple[Expr, ...]:
        return tuple(ONE if k == BIAS else self.graph[k].size for k in self.operands)

    def slot(self, number: int) -> Place:
        """Where a slot of the backward step stands."""
        size = self.back.slots[number].size
        return Place("factors", size, self.order[size].index(number))

    def outputs(self) -> dict[str, Place]:
        """Where each output of step t stands: of a state, where its value for the next step does."""
        places = {name: self.at[self.code[k]] for name, k in self.step.outputs.items()}
        return places | {name: following(self.previous[name]) for name in places if name in self.previous}


def following(place: Place) -> Place:
    return Place(place.buffer, place.size, place.slot, 1)
