"""Jacobians that documents state: ``dh_t/dh_{t-1} = diag(1 - h_t^2) W``, ``dC_t/dC_{t-1} = f_t``.

A derivative of one variable by another is either what the variable's own equation says (the gates held), or what the whole step does.
It is written as a matrix, as its transpose (the denominator layout), or as a vector that stands for a diagonal. A line is right if one of
these holds for every upstream gradient, and wrong if its shape fits and none does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr

from ...calculus.algebra import hadamard, product, total, transpose, zero
from ...calculus.vjp import rule_of
from ...cells import TIME, Cell
from ...errors import LstmSymbolicError
from ...expr import TimeSymbol, build, shape_of, variable
from ...expr.plain import write
from ...expr.term import Term, read_equation, time_shift
from ...proof import Verdict, compare_expressions
from ...reading.document import Formula
from .forward import Forward
from .names import Names, Unclear, is_loss
from .prove import SECONDS, put_in
from .statements import unknown
from .truth import Step

WAYS = {"own": "its own equation, the rest held", "step": "through the whole step"}


@dataclass(frozen=True)
class JacobianClaim:
    """One line judged: the verdict's kind, how it is read, and the prover's word where it is wrong."""

    kind: str
    reading: str
    proof: Verdict | None = None


def is_jacobian(f: Formula) -> bool:
    """Does the line state the derivative of one variable by another?"""
    left = f.equation.sides[0] if f.equation is not None else None
    return left is not None and left.op == "jac" and not is_loss(left.args[0]) and all(a.op == "sym" for a in left.args)


def judge_jacobian(forward: Forward, f: Formula) -> JacobianClaim:
    """The verdict on every side that can be judged; the first wrong one counts."""
    assert f.equation is not None
    step, names = forward.derivation.step, forward.names
    found: list[JacobianClaim] = []
    try:
        above, below = (_variable(a, names) for a in f.equation.sides[0].args)
        sides = [s for s in f.equation.sides[1:] if not any(t.op in ("jac", "grad") for t in s.walk())]
        others = read_equation(f.ambiguous).sides[-1:] if f.ambiguous and len(sides) == 1 else ()
        claims = [_side(step, names, above, below, s) for s in sides]
        if len(claims) == 1 and claims[0].kind != "proved" and others:
            claims = [next((c for c in [_side(step, names, above, below, o) for o in others] if c.kind == "proved"), claims[0])]
        found = sorted(claims, key=lambda c: ("wrong", "not judged", "undecided", "proved").index(c.kind))
    except (Unclear, LstmSymbolicError) as error:
        return JacobianClaim("not judged", str(error).split("\n")[0])
    return found[0] if found else JacobianClaim("not judged", "only other derivatives stand on the right")


def _variable(term: Term, names: Names) -> Term:
    settled = names.symbol(term)
    same = settled.name in names.variables and settled.name.casefold() == term.name.casefold()  # no guess at another letter
    if not same or not settled.index or time_shift(settled) is None:
        raise Unclear(f"{term.name} is no variable of the forward equations")
    return settled


def _side(step: Step, names: Names, above: Term, below: Term, side: Term) -> JacobianClaim:
    """One side against both meanings of the derivative, in every layout that its shape allows."""
    shift = time_shift(above) or 0
    lag = (time_shift(below) or 0) - shift
    value = _settled(side, names)
    strange = unknown(value, names, {})
    if strange:
        raise Unclear(f"{', '.join(sorted(strange))} is no symbol of the forward equations")
    claimed = build(value, dict(step.cell.shapes)).xreplace({TIME: TIME - shift})
    upstream = variable("g_upstream", step.cell.shapes[above.name])
    last = Verdict("undecided")
    refuted: list[Verdict] = []
    for way in WAYS:
        truth = pulled(step.cell, above.name, below.name, lag, upstream, way == "step")
        for mine in layouts(claimed, upstream, truth):
            last = _compare(step, mine, truth)
            if last.kind.startswith("proved"):
                return JacobianClaim("proved", f"the Jacobian of {write(above)} by {write(below)}, {WAYS[way]}", last)
            refuted += [last] if last.kind == "refuted" else []
    if not refuted:
        raise Unclear("its shape is not that of the Jacobian")
    if last.kind != "refuted":
        return JacobianClaim("undecided", last.reason)
    return JacobianClaim("wrong", f"the Jacobian of {write(above)} by {write(below)}", refuted[-1])


def _settled(term: Term, names: Names) -> Term:
    if term.op == "sym":
        return names.symbol(term)
    return replace(term, args=tuple(_settled(a, names) for a in term.args))


def pulled(cell: Cell, above: str, below: str, lag: int, upstream: Expr, through: bool) -> Expr:
    """What ``below`` at t + lag receives of an upstream gradient at ``above``, through its own equation or through the whole step.

    >>> from ...cells import cell
    >>> from ...expr import plain
    >>> rnn = cell("rnn")
    >>> plain(pulled(rnn, "h", "h", -1, variable("g", rnn.shapes["h"]), False))
    'U.T @ (g * dtanh(W @ x[t] + U @ h[t - 1] + b))'
    """
    received: dict[str, list[Expr]] = {above: [upstream]}
    found: list[Expr] = []
    for e in reversed(cell.in_order()):
        name = e.lhs.name
        if name not in received or (name == below and lag == 0):
            continue
        stack = [(e.rhs, total(*received[name]))]
        while stack:
            node, g = stack.pop()
            if not node.is_symbol:
                stack += rule_of(node).pull(node, g, node)
            elif isinstance(node, TimeSymbol) and node.name == below and node.index[-1] == TIME + lag:
                found.append(g)
            elif isinstance(node, TimeSymbol) and through and node.index[-1] == TIME:
                received.setdefault(node.name, []).append(g)
    return total(*found) if found else zero(cell.shapes[below])


def layouts(claimed: Expr, upstream: Expr, truth: Expr) -> Iterator[Expr]:
    """What a stated Jacobian makes of an upstream gradient, in the layouts that its shape allows."""
    rows, cols = shape_of(claimed)
    above, below = shape_of(upstream)[0], shape_of(truth)[0]
    if (rows, cols) == (above, below):
        yield product(transpose(claimed), upstream)
    if (rows, cols) == (below, above):
        yield product(claimed, upstream)
    if above == below and cols == 1 and rows == above:
        yield hadamard(claimed, upstream)


def _compare(step: Step, mine: Expr, truth: Expr) -> Verdict:
    plain = compare_expressions(mine, truth, pointwise=True, seconds=SECONDS)
    if plain.kind != "refuted":
        return plain
    now = {eq.lhs: eq.rhs for eq in step.cell.equations}  # so that 1 - h^2 and 1 - tanh^2(...) are the same
    return compare_expressions(put_in(mine, now), put_in(truth, now), pointwise=True, seconds=SECONDS)
