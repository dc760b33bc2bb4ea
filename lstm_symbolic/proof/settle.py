"""Are these pairs equal, as they stand? The order of work: residue, matrix-level normal form, elementwise normal form by cases.

The residue runs first because it is fast, and stays as a second opinion: a normal form that says "equal" where the residue says
"different" is a bug in this program and raises ``Inconsistent``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ShapeError, UnsupportedNode
from .atoms import Atoms
from .budget import Budget, Exhausted, Inconsistent
from .cases import decide_zero
from .conditions import Definedness, partial
from .dag import SCALAR, Node, write_dim
from .domain import Condition
from .normal import Normal
from .poly import Poly
from .refute import Question, defined_together
from .residue import BITS, residues_differ
from .show import Show

Pairs = Sequence[tuple[Node, Node]]


@dataclass(frozen=True)
class Settled:
    """``equal`` is None where neither was shown; ``differs`` says that the residue proves a difference."""

    equal: bool | None
    where: tuple[str, ...] = ()
    method: str = ""
    reason: str = ""
    partial: bool = False
    differs: bool = False


def check_shapes(pairs: Pairs) -> None:
    for a, b in pairs:
        if a.shape != b.shape and SCALAR not in (a.shape, b.shape):
            left, right = (f"({write_dim(s[0])}, {write_dim(s[1])})" for s in (a.shape, b.shape))
            raise ShapeError(f"the sides have shapes {left} and {right}")


def settle(pairs: Pairs, budget: Budget, domain: Sequence[Condition] = ()) -> Settled:
    """Whether all pairs are equal on the domain."""
    if not pairs:
        raise ValueError("nothing to compare")
    pairs = [(a, b) for a, b in pairs if a is not b]
    if not pairs:
        return Settled(True, method="identical")
    check_shapes(pairs)
    differs = residues_differ(list(pairs))
    if differs:
        return Settled(False, reason="the residues differ", differs=True)
    try:
        found = _settle(pairs, budget.part(0.6), domain)  # the search for a witness needs its share of the time
    except (UnsupportedNode, Exhausted) as error:
        found = Settled(None, reason=error.message)
    if found.equal and found.partial and not defined_together(Question(list(pairs), tuple(domain)), budget):
        return Settled(None, reason="no point was found where both sides are defined")
    if found.equal and residues_differ(list(pairs), 2, [3, 2, 5, 4]):
        raise Inconsistent("the normal form says equal, the residue says different")
    if not found.equal and differs is False:
        likely = f"equal at random sizes and values, so equal with probability 1 - 2^-{BITS}"
        return Settled(None, reason=f"{found.reason}; the residue test says {likely}" if found.reason else likely)
    return found


def _settle(pairs: Pairs, budget: Budget, domain: Sequence[Condition]) -> Settled:
    algebra = Atoms(budget)
    normal = Normal([n for pair in pairs for n in pair] + [c.node for c in domain], algebra)
    given = [(c.kind, p) for c in domain for p in normal(c.node).blocks.values()]
    where: dict[str, None] = {}
    method, some_partial = "normal form", False
    for a, b in pairs:
        differences = [d for d in block_differences(normal, a, b).values() if d]
        visits = []
        if partial(normal, [a, b]):
            visits.append(Definedness(normal, a, b))
            some_partial = True
        if not differences and not visits:
            continue
        method = "elementwise normal form"
        decision = decide_zero(algebra, differences, given, *visits)
        if not decision.zero:
            return Settled(None, reason=decision.reason)
        for visit in visits:
            where.update(dict.fromkeys(visit.where))
    return Settled(True, tuple(where), method, partial=some_partial)


def block_differences(normal: Normal, a: Node, b: Node) -> dict[tuple[int, int], Poly]:
    """left - right, block by block (a side of one block fits any number)."""
    left, right = normal(a), normal(b)
    rows = left.rows if len(left.rows) >= len(right.rows) else right.rows
    cols = left.cols if len(left.cols) >= len(right.cols) else right.cols
    cells = [(i, j) for i in range(len(rows)) for j in range(len(cols))]
    return {(i, j): normal.algebra.sub(left.entry(i, j), right.entry(i, j)) for i, j in cells}


def differing_monomials(pairs: Pairs, budget: Budget, limit: int = 12) -> list[str]:
    """The monomials that occur on one side only (or with another coefficient), as text."""
    found: list[str] = []
    try:
        algebra = Atoms(budget)
        normal, show = Normal([n for pair in pairs for n in pair], algebra), Show(algebra)
        for a, b in pairs:
            left, right = normal(a), normal(b)
            for cell, d in block_differences(normal, a, b).items():
                for side, grid in (("left", left), ("right", right)):
                    own = grid.entry(*cell)
                    found += [f"{side}: {show.monomial(m, own[m])}" for m in sorted(d) if m in own]
    except (UnsupportedNode, Exhausted):
        return []
    return found[:limit]
