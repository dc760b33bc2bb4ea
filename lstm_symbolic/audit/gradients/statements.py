"""A line about gradients taken apart: whose adjoint stands on the left, what stands on the right.

Adjoints become symbols of their own, so that a line is an ordinary formula over them and the symbols of the forward system.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Expr, Symbol

from ...expr.term import Term, TermEquation, time_shift
from ..interpret import T
from .names import Adjoint, Names, Unclear, derivative, is_loss
from .sums import at_time, reindexed

HORIZONS = (Symbol("T", integer=True), Symbol("tau", integer=True))


@dataclass(frozen=True)
class Line:
    """One claim: ``target`` at ``shift`` equals ``value``, a term over forward symbols and the ``adjoints`` named in it.

    ``shift`` is None for a parameter; ``final`` where the line speaks of the last step; ``adds`` where it adds to what the target was;
    ``over`` is the range of the sum whose body the value is.
    """

    formula: str
    target: Adjoint
    left: Term
    value: Term
    adjoints: Mapping[str, Adjoint]
    final: bool = False
    adds: bool = False
    loss_terms: int = 0
    over: tuple[Expr, ...] = ()


def lines(formula: str, equation: TermEquation, names: Names) -> list[Line]:
    """The claims of one formula: its left side against every other side that can be judged."""
    head = names.adjoint(equation.sides[0])
    if head is None:
        raise Unclear("the left side is no gradient of a symbol of the forward equations")
    target, index = head
    if re.search(r"_next$", equation.sides[0].name) and not equation.sides[0].index:
        index = (T - 1,)  # what a loop keeps for the step that it comes to next, which is the one before
    sides = [s for s in equation.sides[1:] if not any(t.op == "jac" and not is_loss(t.args[0]) for t in s.walk())]
    if len(equation.sides) > 2:
        sides = [s for s in sides if not _is_diagram_number(s)]
    if not sides:
        raise Unclear("only Jacobians stand on the right")
    losses = {(t.args[0].name, t.args[0].index) for s in equation.sides for t in s.walk() if t.op == "jac" and is_loss(t.args[0])}
    if len(losses) > 1:
        raise Unclear("the derivatives of several losses")
    target = replace(target, local=target.local or any(index for _, index in losses))
    found, reasons = [], []
    for side in sides:
        try:
            found.append(_line(formula, target, index, equation.sides[0], side, names))
        except Unclear as reason:
            reasons.append(str(reason))
    if not found:
        raise Unclear(reasons[0])
    return found


def _is_diagram_number(side: Term) -> bool:
    """``delta3 * 6``: the 6 is a node of a drawing."""
    return side.op in ("mul", "call") and any(a.op == "num" or (a.op == "call" and any(b.op == "num" for b in a.args)) for a in side.args)


def _line(formula: str, target: Adjoint, index: tuple[Expr, ...], left: Term, side: Term, names: Names) -> Line:
    over: tuple[Expr, ...] = ()
    if side.op == "sum":
        over = (T, *side.index[1:])
        side = at_time(side.args[0], side.index[0])
        if index:
            raise Unclear("the gradient at one step as a sum over steps")
    found: dict[str, Adjoint] = {}
    final = bool(index) and index[-1] in HORIZONS
    adds = False

    def place(term: Term, a: Adjoint, time: tuple[Expr, ...]) -> Term:
        nonlocal final
        name = "adj_" + re.sub(r"\W", "_", a.key)
        found[name] = a
        final = final or bool(time and time[-1] in HORIZONS)
        names.written[name] = term
        return Term("sym", name=name, index=_plain_time(time), span=term.span)

    def walk(term: Term) -> Term:
        nonlocal final
        adjoint = names.adjoint(term)
        if adjoint is not None:
            return place(term, *adjoint)
        residual = names.residual(term)
        if residual is not None:
            a, time, negative = residual
            placed = place(term, a, time)
            return Term("neg", (placed,), span=term.span) if negative else placed
        if term.op == "sym":
            symbol = names.symbol(term)
            if symbol.op == "sym" and symbol.index:
                final = final or symbol.index[-1] in HORIZONS
                return replace(symbol, index=_plain_time(symbol.index))
            return symbol
        if term.op == "jac":
            raise Unclear("a Jacobian stands on the right")
        args = tuple(walk(a) for a in term.args)
        return _derivative_call(replace(term, args=args), names)

    value = walk(side)
    own = "adj_" + re.sub(r"\W", "_", target.key)
    if value.op == "add":
        kept = tuple(a for a in value.args if not _accumulates(a, own, target, index, found))
        adds = len(kept) < len(value.args)
        value = value if not adds else kept[0] if len(kept) == 1 else replace(value, args=kept)
    value, over = reindexed(value, over, found) if over else (value, over)
    value, loss_terms = _loss_terms(value, names, found)
    if loss_terms and not (index and (target.variable or target.nameless)):
        raise Unclear("the loss itself is not given")
    left = Term("sym", name=own, index=_plain_time(index), span=left.span)
    return Line(formula, target, left, value, found, final, adds, loss_terms, over)


def _plain_time(index: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The last step counts as t in a line of its own."""
    return tuple(T if i in HORIZONS else i for i in index[-1:])


def _derivative_call(term: Term, names: Names) -> Term:
    """``tanh'(g_t)`` of a gate's value g: authors mean the derivative at its pre-activation, written in g."""
    if term.op == "call" and term.name.endswith("prime"):
        term = replace(term, name=f"d{term.name.removesuffix('prime')}")
    if term.op == "call" and term.name in ("dsigmoid", "dtanh") and len(term.args) == 1:
        inner = term.args[0]
        function = term.name[1:]
        if (inner.op == "sym" and names.activations.get(inner.name) == function) or (inner.op == "call" and inner.name == function):
            return derivative(function, replace(inner, span=term.span))
    return term


def _accumulates(term: Term, own: str, target: Adjoint, index: tuple[Expr, ...], found: Mapping[str, Adjoint]) -> bool:
    """``dW = dW + ...``, ``dL/dC_t += ...``: the summand is what the target was before."""
    if term.op != "sym":
        return False
    if index:
        return term.name == own and term.index == _plain_time(index)
    return not term.index and (term.name in found or re.match(r"d(elta)?_?[WUVRb](_|$)", term.name) is not None)


def _loss_terms(value: Term, names: Names, found: Mapping[str, Adjoint]) -> tuple[Term, int]:
    """Summands that bring in the loss (targets, output weights) become one symbol; anything else unknown cannot be judged."""
    parts = value.args if value.op == "add" else (value,)
    foreign = [p for p in parts if unknown(p, names, found)]
    if not foreign:
        return value, 0
    if any(t.name in found or re.match(r"d(elta)?_", t.name) for p in foreign for t in p.walk() if t.op == "sym"):
        names_ = ", ".join(sorted({n for p in foreign for n in unknown(p, names, found)}))
        raise Unclear(f"{names_} is no symbol of the forward equations")
    kept = tuple(p for p in parts if p not in foreign)
    loss = Term("sym", name="loss_term", index=(T,), span=foreign[0].span)
    return (loss if not kept else replace(value, args=(*kept, loss))), len(foreign)


def unknown(term: Term, names: Names, found: Mapping[str, Adjoint]) -> set[str]:
    """Symbols that are neither forward symbols nor adjoints, and times that are no step beside t."""
    out = set()
    for t in term.walk():
        if t.op == "sym" and t.name not in names.known and t.name not in found:
            out.add(t.name)
        elif t.op == "sym" and t.index and time_shift(t) is None:
            out.add(f"{t.name}[{t.index[-1]}]")
    return out
