"""Parameters of a general system that make it a given special one: ``b := b_ih + b_hh``, ``W_z := -W_z``, ``P := 0``.

For a candidate map of the slots each slot gives linear equations: what stands beside a parameter (its cofactor, with a hole where the
parameter was) must be what stands beside parameters of the other system, and what has no partner gets 0. The solution is written down as
an expression, put into the general system, and the result is proved equal to the special one: only that proof counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Expr

from ..errors import LstmSymbolicError, UnsupportedNode
from .budget import Budget
from .cofactors import Solver
from .dag import Dag, Node
from .gates import gate_maps
from .settle import Settled, settle
from .slots import skeleton
from .spell import Spelling
from .translate import Translator

MAX_MAPS = 60


class GaveUp(LstmSymbolicError):
    """The search for parameters was not complete, so that none was found says nothing."""


@dataclass(frozen=True)
class Family:
    """One system as the prover sees it: values to be equal, and the parameters that may be chosen (with their symbols)."""

    roots: tuple[Node, ...]
    parameters: Mapping[str, Node]
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Embedding:
    """The general system with ``under`` put in is the special one; ``settled`` is the proof."""

    under: dict[str, Expr]
    settled: Settled


def embed(general: Family, special: Family, dag: Dag, budget: Budget) -> Embedding | None:
    """The first proved choice of the general system's parameters, or None where no candidate holds."""
    try:
        own = skeleton(dag, general.roots, frozenset(general.parameters), "general~")
        other = skeleton(dag, special.roots, frozenset(special.parameters), "special~")
    except UnsupportedNode as error:
        raise GaveUp(error.message) from None
    for count, gates in enumerate(gate_maps(own, other, budget)):
        if count >= MAX_MAPS:
            raise GaveUp(f"more than {MAX_MAPS} ways to pair the gates")
        solver = Solver(general.parameters, special.parameters, own, other, gates, dag, budget)
        try:
            values = solver.solve({**general.shown, **special.shown})
            if values is None:
                continue
            spelling = Spelling(general.parameters, special.parameters, solver.normal.axes)
            solution = {p: spelling.expression(p, values) for p in general.parameters}
        except UnsupportedNode as error:
            raise GaveUp(error.message) from None
        translate = Translator(dag)
        table = {general.parameters[p]: translate(e) for p, e in solution.items()}
        roots = dag.substitute(general.roots, table)
        settled = settle(list(zip(roots, special.roots, strict=True)), budget)
        if settled.equal:
            return Embedding(solution, settled)
        if not settled.differs:
            raise GaveUp(settled.reason)
    if own.products or other.products:
        raise GaveUp("parameters multiply each other, which the search does not solve")
    return None


def simplicity(under: Mapping[str, str]) -> tuple[int, int]:
    """Maps without selections and zeros first, then short ones."""
    text = " ".join(under.values())
    return text.count("eye(") + text.count("0 *"), len(text)
