"""The recursion written out for a given number of steps: what a reader does by hand to see where each term comes from.

Nothing is differentiated again. Each line is taken at t = T, T - 1, ..., 1; adjoints beyond the steps that exist are zero, and since
a recursion is linear in its adjoints, whatever they multiply goes with them. Sums over t become sums of terms.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sympy import Add, Eq, Expr, Integer
from sympy.matrices.expressions import HadamardProduct, MatAdd, OneMatrix

from ..cells import TIME, Cell
from ..errors import LstmSymbolicError
from ..expr import TimeSymbol, shape_of
from ..expr.build import add
from ..expr.nodes import HStack, TimeSum, VStack
from ..expr.wanted import described, wanted
from .algebra import hadamard, zero
from .backward import HORIZON, as_gradients
from .gradients import Gradients, adjoints, key

MAX_STEPS = 1024


def unrolled(grads: Gradients | Cell | str, steps: int, wrt: str | None = None) -> tuple[Eq, ...]:
    """The lines of ``steps`` steps (1 to 1024), each after those that it reads, then the gradients as sums of one term a step.

    ``wrt`` asks for one parameter, input or initial state; ``CellError`` where the cell has none of this name.

    >>> from lstm_symbolic.expr import plain
    >>> for line in unrolled("rnn", 2, "U"):
    ...     print(plain(line))
    grad(h[2]) = dL_h[2]
    delta_h[2] = grad(h[2]) * (1 - h[2] ** 2)
    grad(h[1]) = dL_h[1] + U.T @ delta_h[2]
    delta_h[1] = grad(h[1]) * (1 - h[1] ** 2)
    grad(U) = delta_h[1] @ h[0].T + delta_h[2] @ h[1].T
    """
    grads = as_gradients(grads)
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MAX_STEPS:
        raise LstmSymbolicError(f"{described(steps)} steps to write out", hint=f"a number from 1 to {MAX_STEPS}")
    chosen = grads.equations if wrt is None else grads.wrt(wanted(wrt, str, "the name of a parameter"))
    names = {key(e.lhs) for e in grads.recursion}
    recursion = [e for e in chosen if key(e.lhs) in names and e.lhs.has(TIME)]
    others = [e for e in chosen if e not in recursion]
    if wrt is None:
        ends = [*grads.inputs.values(), *grads.initial.values()]
        others += [Eq(s.left, s.right, evaluate=False) for s in grads.steps if any(s.right is e for e in ends)]
    run = _Run(grads, steps)
    table = {left: right for t in range(steps, 0, -1) for left, right in run.at(recursion, t)}
    lines = [Eq(left, table[left], evaluate=False) for left in _in_order(table, grads.recursion)]
    return (*lines, *(line for e in others for line in run.ending(e)))


class _Run:
    """``gone`` holds the adjoints that are zero, ``kept`` the cuts that are none."""

    def __init__(self, grads: Gradients, steps: int) -> None:
        self.steps = steps
        end = {HORIZON: Integer(steps)}
        self.gone = {e.lhs.xreplace(end) for e in grads.boundary}
        self.kept: dict[Expr, Expr] = {}
        for t in range(steps + 2) if grads.mask and grads.truncate else ():
            mask = TimeSymbol(grads.mask, 1, 1, Integer(t))
            if t % (grads.truncate or 1):
                self.kept[mask] = OneMatrix(1, 1)
            else:
                self.gone.add(mask)

    def written(self, e: Expr, t: int | None = None) -> Expr:
        """A right side at one step."""
        moved = e.xreplace({HORIZON: Integer(self.steps)} | ({} if t is None else {TIME: Integer(t)}))
        found = without(moved.xreplace(self.kept), self.gone)
        return zero(shape_of(e)) if found is None else found

    def at(self, lines: Iterable[Eq], t: int) -> Iterable[tuple[Expr, Expr]]:
        return [(e.lhs.xreplace({TIME: Integer(t)}), self.written(e.rhs, t)) for e in lines]

    def ending(self, e: Eq) -> Iterable[Eq]:
        """A gradient: of a parameter a sum of terms, of an input one line a step, of an initial value one line."""
        if isinstance(e.rhs, TimeSum):
            terms = [self.written(e.rhs.args[0], t) for t in range(1, self.steps + 1)]
            return [Eq(e.lhs, add(*([x for x in terms if x != zero(shape_of(x))] or terms[:1])), evaluate=False)]
        if e.lhs.has(TIME):
            return [Eq(left, right, evaluate=False) for t in range(self.steps, 0, -1) for left, right in self.at([e], t)]
        return [Eq(e.lhs.xreplace({HORIZON: Integer(self.steps)}), self.written(e.rhs), evaluate=False)]


def without(e: Expr, gone: Collection[Expr]) -> Expr | None:
    """An expression that is linear in ``gone`` where those are zero; None where nothing is left.

    >>> from ..expr import build, plain, read_term, shapes
    >>> e, g = (build(read_term(text), shapes("U:n,n a:n,1 g:n,1")) for text in ("a + U.T @ (g * a)", "g"))
    >>> plain(without(e, {g}))
    'a'
    """
    if e in gone:
        return None
    if e.is_symbol or not e.args or not isinstance(e, Expr):
        return e
    args = [without(a, gone) for a in e.args]
    if isinstance(e, Add | MatAdd):
        kept = [a for a in args if a is not None]
        return add(*kept) if kept else None
    if isinstance(e, VStack | HStack) and any(a is not None for a in args):
        return e.func(*(zero(shape_of(old)) if a is None else a for a, old in zip(args, e.args, strict=True)))
    if any(a is None for a in args):
        return None
    return hadamard(*args) if isinstance(e, HadamardProduct) else e.func(*args)


def _in_order(table: Mapping[Expr, Expr], recursion: tuple[Eq, ...]) -> Iterable[Expr]:
    """Each line after those that it reads, as near as can be to the order of time."""
    done: dict[Expr, None] = {}
    stack = list(reversed(table))
    while stack:
        left = stack[-1]
        needs = [] if left in done else [g for g in adjoints(table[left], recursion) if g in table and g not in done]
        if needs:
            stack += reversed(needs)
        else:
            done.setdefault(stack.pop())
    return done
