"""A verdict as a JSON object that ``check_certificate.py`` accepts without the prover: the statement itself, in plain text, and what
the checker needs to see it: corresponding names, maps of parameters, conditions, or the point where the sides come apart.

What the checker does not see is named in ``not covered``; a verdict that it cannot check at all has ``"check": "none"``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Basic, Expr, MatrixSymbol

from ..errors import UnsupportedNode
from ..expr import nodes
from ..expr.dims import is_scalar
from ..expr.dims import write as write_dimension
from ..expr.plain import plain
from ..expr.term import Term
from ..expr.to_term import to_term
from .verdict import Verdict, Witness

NOT_COVERED = {
    "refuted": ("that no other choice of parameters makes the systems equal",),
    "proved-under": ("which symbols of a system without time are parameters",),
}


class Below(nodes.VStack):
    """Blocks below each other, written as that: ``concat`` of single entries would not say which way."""


class Beside(nodes.HStack):
    """Blocks beside each other."""


@to_term.register(Below)
def _(e: Below) -> Term:
    return Term("vstack", tuple(to_term(a) for a in e.args))


@to_term.register(Beside)
def _(e: Beside) -> Term:
    return Term("hstack", tuple(to_term(a) for a in e.args))


def explicit(e: Any) -> Any:
    """The expression with every stacking told."""
    if not isinstance(e, Basic) or not e.has(nodes.VStack, nodes.HStack):
        return e
    kind = {nodes.VStack: Below, nodes.HStack: Beside}.get(e.func, e.func)
    return kind(*(explicit(a) for a in e.args))


def text(e: Any) -> str:
    """Plain text without ``concat``.

    >>> from ..expr import build, read_term, shapes
    >>> text(build(read_term("W @ concat(h, x)"), shapes("W:n,n+m h:n,1 x:m,1")))
    'W @ vstack(h, x)'
    """
    return plain(explicit(e))


def shapes_of(expressions: Iterable[Expr]) -> dict[str, str]:
    """The shapes of all symbols that are no scalars."""
    symbols = {s for e in expressions for s in e.atoms(MatrixSymbol)}
    return {s.name: ",".join(write_dimension(d) for d in s.shape) for s in sorted(symbols, key=str) if not is_scalar(s.shape)}


@dataclass(frozen=True)
class Statement:
    """What is compared: each side an expression, or a list of equations (left side, right side)."""

    left: Expr | Sequence[tuple[Expr, Expr]]
    right: Expr | Sequence[tuple[Expr, Expr]]
    domain: str | None = None
    pointwise: bool = False
    backward: bool = False


@dataclass(frozen=True)
class Evidence:
    """How the two sides lie beside each other: pairs of values and of inputs (left, right), the right side's dimensions in those of the
    left, and for families the parameters of each side in those of the other."""

    pairs: Sequence[tuple[str, str]] = (("", ""),)
    outputs: Sequence[tuple[str, str]] = (("", ""),)
    inputs: Sequence[tuple[str, str]] = ()
    dims: Mapping[str, str] = field(default_factory=dict)
    under: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def certified(verdict: Verdict, statement: Statement, evidence: Evidence) -> Verdict:
    """The verdict with its certificate; as it is where it decides nothing."""
    if verdict.kind == "undecided":
        return verdict
    try:
        return replace(verdict, certificate=certificate(verdict, statement, evidence))
    except UnsupportedNode as error:  # no plain form: the verdict stands without a certificate
        return replace(verdict, certificate={**verdict.certificate, "check": "none", "not covered": [error.message]})


def certificate(verdict: Verdict, statement: Statement, evidence: Evidence) -> dict[str, Any]:
    """The certificate of a verdict."""
    sides = {"left": statement.left, "right": statement.right}
    parts = {name: [side] if isinstance(side, Expr) else [e for pair in side for e in pair] for name, side in sides.items()}
    system = not isinstance(statement.left, Expr)
    missing = ("convolutions",) if any(e.has(nodes.Conv) for own in parts.values() for e in own) else ()
    data = {
        "certificate": 1,
        "verdict": verdict.kind,
        "check": "none" if missing else "interval" if verdict.kind == "refuted" else "residue",
        "not covered": [*missing, *(NOT_COVERED.get(verdict.kind, ()) if system else ())],
        **{name: written(side) for name, side in sides.items()},
        "shapes": {name: shapes_of(own) for name, own in parts.items()},
        "dims": dict(evidence.dims),
        "domain": statement.domain,
        "pointwise": statement.pointwise or not system,
        "backward_in_time": statement.backward,
        "pairs": [list(p) for p in evidence.pairs],
        "outputs": [list(p) for p in evidence.outputs],
        "inputs": [list(p) for p in evidence.inputs],
        "under": {name: dict(values) for name, values in evidence.under.items()},
        "where": list(verdict.where),
        "witness": point(verdict.witness) if verdict.witness else None,
        **verdict.certificate,
    }
    return {**data, "digest": hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()}


def point(witness: Witness) -> dict[str, Any]:
    return {**witness.place, "left": witness.left, "right": witness.right}


def written(side: Expr | Sequence[tuple[Expr, Expr]]) -> str | list[str]:
    return text(side) if isinstance(side, Expr) else [f"{text(a)} = {text(b)}" for a, b in side]
