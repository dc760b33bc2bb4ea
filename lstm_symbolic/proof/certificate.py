"""A verdict as a JSON object that ``check_certificate.py`` accepts without the prover: the statement itself, in plain text, and what
the checker needs to see it: corresponding names, maps of parameters, conditions, or the point where the sides come apart.

What the checker does not see is named in ``not covered``; a verdict that it cannot check at all has ``"check": "none"``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Basic, Expr, MatrixSymbol, Symbol

from ..errors import UnsupportedNode
from ..expr import nodes
from ..expr.build import shape_of
from ..expr.dims import symbol as dimension
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


def name_of(term: Term) -> str:
    """The name of a symbol, without its time; a gradient is a symbol of its own: ``grad(h)``."""
    return term.name if term.op == "sym" else f"{term.op}({','.join(name_of(a) for a in term.args)})"


def shapes_of(expressions: Iterable[Expr]) -> dict[str, str]:
    """The shapes of all symbols.

    >>> from ..expr import build, read_term, shapes
    >>> shapes_of([build(read_term("W @ h[t-1] * c"), shapes("W:n,m h:m,1"))])
    {'W': 'n,m', 'c': '1,1', 'h': 'm,1'}
    """
    terms = {name_of(t): "1,1" for e in expressions for t in to_term(e).walk() if t.op in ("sym", "grad", "jac")}
    symbols = {s for e in expressions for s in e.atoms(MatrixSymbol, nodes.Grad, nodes.Jacobian)}
    return dict(sorted((terms | {name_of(to_term(s)): ",".join(write_dimension(d) for d in shape_of(s)) for s in symbols}).items()))


def dimensions_of(expressions: Iterable[Expr]) -> set[str]:
    """The names of dimensions: sizes are positive, times are not."""
    return {s.name for e in expressions for s in e.atoms(Symbol) if s.is_integer and s.is_positive}


def conditions(domain: str | None) -> list[str]:
    """The conditions of a domain one by one.

    >>> conditions("-1 < x < 1, y > 0")
    ['-1 < x', 'x < 1', 'y > 0']
    """
    chains = [re.split(r"([<>]=?|!=)", part) for part in re.split(r",|;|\band\b", domain or "") if part.strip()]
    return [f"{c[k - 1].strip()} {c[k]} {c[k + 1].strip()}" for c in chains for k in range(1, len(c), 2)]


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
    rename = {dimension(b): dimension(a) for b, a in evidence.dims.items()}
    sides = {"left": statement.left, "right": renamed(statement.right, rename)}
    parts = {name: [side] if isinstance(side, Expr) else [e for pair in side for e in pair] for name, side in sides.items()}
    system = not isinstance(statement.left, Expr)
    started = system and any(_is_start(left) for side in sides.values() if not isinstance(side, Expr) for left, _ in side)
    convolved = any(e.has(nodes.Conv) for own in parts.values() for e in own)
    missing = (*(("convolutions",) if convolved else ()), *(("starts that are stated",) if started else ()))
    data = {
        "certificate": 2,
        "verdict": verdict.kind,
        "check": "none" if missing else "interval" if verdict.kind == "refuted" else "residue",
        "not covered": [*missing, *(NOT_COVERED.get(verdict.kind, ()) if system else ())],
        **{name: written(side) for name, side in sides.items()},
        "shapes": {name: shapes_of(own) for name, own in parts.items()},
        "dimensions": sorted(dimensions_of([e for own in parts.values() for e in own])),
        "domain": conditions(statement.domain),
        "pointwise": statement.pointwise or not system,
        "backward_in_time": statement.backward,
        "pairs": [list(p) for p in evidence.pairs],
        "outputs": [list(p) for p in evidence.outputs],
        "inputs": [list(p) for p in evidence.inputs],
        "under": {name: dict(values) for name, values in evidence.under.items()},
        "where": list(verdict.where),
        **verdict.certificate,
    }
    data["witness"] = point(verdict.witness, data["dimensions"]) if verdict.witness else None
    data = json.loads(re.sub(r"\blambda\b", unused("lambda_", str(data)), json.dumps(data)))  # a word of Python, which the checker reads
    return {**data, "digest": hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()}


def unused(name: str, text: str) -> str:
    """The name, longer by as much as makes it new in a text."""
    return unused(name + "_", text) if re.search(rf"\b{name}\b", text) else name


def _is_start(left: Expr) -> bool:
    """``h[0]``: a definition at a fixed time."""
    return isinstance(left, nodes.TimeSymbol) and not left.index[-1].free_symbols


def point(witness: Witness, dimensions: Sequence[str]) -> dict[str, Any]:
    """The witness with all its fields; where shapes differ, they do at different sizes."""
    own = {"dims": {d: 2 * k + 3 for k, d in enumerate(dimensions)}, "times": {}, "steps": 1}
    own |= {"values": {}, "values_right": {}, "functions": {}}
    return {**own, **witness.place, "left": witness.left, "right": witness.right}


def renamed(side: Expr | Sequence[tuple[Expr, Expr]], names: Mapping[Basic, Basic]) -> Expr | Sequence[tuple[Expr, Expr]]:
    """A side with its dimensions in the names of the other."""
    return side.xreplace(names) if isinstance(side, Expr) else [(a.xreplace(names), b.xreplace(names)) for a, b in side]


def written(side: Expr | Sequence[tuple[Expr, Expr]]) -> str | list[str]:
    return text(side) if isinstance(side, Expr) else [f"{text(a)} = {text(b)}" for a, b in side]
