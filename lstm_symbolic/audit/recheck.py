"""Every line of a derivation proved again: not by the rules that derived it, but by what a gradient is.

A line says what the adjoint g of a value v is. It is right when, for every change dv, <g, dv> is what the loss changes through the
places where v is used: Σ <adjoint of the left side, tangent of the right side> over the equations that read v, plus what the loss reads
directly. The tangents come from the forward table (``calculus.tangent``), and the prover decides, for all values and sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from sympy import Eq, Expr, Integer, MatrixExpr

from ..calculus.algebra import hadamard
from ..calculus.backward import as_gradients
from ..calculus.gradients import Gradients, Step, key
from ..calculus.named_step import NamedStep
from ..calculus.tangent import change
from ..calculus.tape import at, shift_of
from ..cells import TIME, Cell, leaves
from ..expr import TimeSymbol, shape_of, variable
from ..expr.build import add, broadcast
from ..expr.dims import SCALAR
from ..expr.nodes import Grad, TimeSum, Total
from ..expr.wanted import wanted_number
from ..proof import Verdict, compare_expressions, separated

SECONDS = 10.0


@dataclass(frozen=True)
class Rechecked:
    """One step and what the prover says to it."""

    step: Step
    verdict: Verdict


def recheck(grads: Gradients | Cell | str, seconds: float = SECONDS) -> tuple[Rechecked, ...]:
    """Every step of a derivation with the verdict of the prover; ``proved`` is what a right one gets.

    The law is <g, dv> = dL for every change dv; ``seconds`` is the time that one step may take.

    >>> [r.verdict.kind for r in recheck("rnn")]
    ['proved', 'proved', 'proved', 'proved', 'proved', 'proved', 'proved']
    """
    grads, seconds = as_gradients(grads), float(wanted_number(seconds, "a number of seconds"))
    law = Law(grads)
    return tuple(Rechecked(s, law.verdict(s, seconds)) for s in grads.steps)


class Law:
    """The law of adjoints for one cell: what <g, dv> has to be."""

    def __init__(self, grads: Gradients) -> None:
        self.grads = grads
        self.step = NamedStep(grads.cell, grads.truncate, tuple(grads.upstream))
        self.live = self.step.live()
        #: Adjoints that are written out where they are used, by their own lines.
        named = {key(e.lhs) for e in grads.recursion}
        self.written = {s.left: s.right for s in grads.steps if isinstance(s.left, Grad) and s.left.has(TIME) and key(s.left) not in named}
        self.deltas = {delta: name for name, delta in self.step.deltas.items()}

    def verdict(self, step: Step, seconds: float) -> Verdict:
        symbol, early = self.value(step.left)
        body = step.right.args[0] if isinstance(step.right, TimeSum) else step.right
        dv = _like(symbol, self.step.names.fresh(f"d_{symbol.name}"))
        uses = list(self.changes(symbol, dv, early))
        now = TIME if early is None else early
        left = pairing(body, dv.xreplace({TIME: now}))
        right = reduce(add, uses).xreplace({TIME: now}) if uses else Total(broadcast(Integer(0), SCALAR))
        read = {e.lhs.name for e in self.live if any(s.name == symbol.name for s in leaves(e.rhs))} - {symbol.name}
        few = [e for e in self.live if e.lhs.name in read or e.lhs.name in self.step.owner]
        verdict = compare_expressions(*_in_values(left, right, few, now), seconds=seconds, pointwise=True)
        if verdict.kind == "proved":  # with the other values free, so that it holds for all
            return verdict
        whole = _in_values(left, right, self.live, now)
        apart = separated(*whole, seconds=seconds)
        return apart if apart.kind == "refuted" else compare_expressions(*whole, seconds=seconds, pointwise=True)

    def value(self, left: Expr) -> tuple[Expr, Expr | None]:
        """Whose adjoint a line gives, at time t or without time; and the time, where that is fixed."""
        if isinstance(left, TimeSymbol):
            name = self.deltas[left.name]
            return next(e.lhs for e in self.step.equations if e.lhs.name == name), None
        symbol = left.args[0]
        if isinstance(symbol, TimeSymbol) and not symbol.index[-1].has(TIME):
            return TimeSymbol(symbol.name, *symbol.shape, *symbol.index[:-1], TIME), symbol.index[-1]
        return symbol, None

    def changes(self, symbol: Expr, dv: Expr, early: Expr | None) -> Iterator[Expr]:
        """What the loss changes by where v changes by dv, one summand for each equation and time of reading."""
        if symbol.name in self.step.upstream and early is None:
            yield pairing(self.step.loss(symbol), dv)
        for e in self.live:
            shifts = {shift_of(s) for s in leaves(e.rhs) if s.name == symbol.name}
            for shift in sorted(shifts, key=lambda s: s or 0):
                if shift is None:
                    yield pairing(self.adjoint(e), change(e.rhs, {symbol: dv}))
                elif early is None or (shift != 0 and (shift < 0) == (early == 0)):
                    later = Eq(at(e.lhs, -shift), at(e.rhs, -shift), evaluate=False)
                    through = pairing(self.adjoint(later), change(later.rhs, {symbol: dv}))
                    yield from self.cut(through, shift if early is None else 0)

    def cut(self, through: Expr, shift: int) -> Iterator[Expr]:
        """What crosses the end of a window is lost."""
        if shift == 0 or self.grads.truncate is None:
            yield through
        elif self.grads.truncate > 1:
            yield hadamard(TimeSymbol(self.step.mask, 1, 1, TIME - int(shift > 0)), through)

    def adjoint(self, e: Eq) -> Expr:
        """The adjoint of a left side: its name, or what it is written as."""
        shift = shift_of(e.lhs) or 0
        now = at(e.lhs, -shift)
        name = self.step.adjoint(now)
        return at(self.written.get(name, name), shift)


def pairing(g: Expr, change: Expr | None) -> Expr:
    """<g, change>, the sum of the products of their entries."""
    both = hadamard(g, change)
    return Total(both if isinstance(both, MatrixExpr) else broadcast(both, SCALAR))


def _like(symbol: Expr, name: str) -> Expr:
    return variable(name, shape_of(symbol), symbol.index if isinstance(symbol, TimeSymbol) else ())


def _free(e: Expr) -> Expr:
    """``grad(h[t])`` as a symbol in which no h[t] is left."""
    return e.xreplace({g: _like(g.args[0], f"grad_{g.args[0].name}") for g in e.atoms(Grad)})


def _in_values(left: Expr, right: Expr, lines: list[Eq], now: Expr) -> tuple[Expr, Expr]:
    """Adjoints as symbols of their own, and ``lines`` put in on both sides, at every time that one of them reads: no value stands beside
    its own equation, so that what is left is free.
    """
    sides = _free(left), _free(right)
    distances = {u.index[-1] - now for side in sides for u in leaves(side) if isinstance(u, TimeSymbol)}
    moves = [{TIME: now + d} for d in distances if d.is_Integer]
    table = {e.lhs.xreplace(move): e.rhs.xreplace(move) for move in moves for e in lines}
    for _ in table:
        put_in = sides[0].xreplace(table), sides[1].xreplace(table)
        if put_in == sides:
            break
        sides = put_in
    return sides
