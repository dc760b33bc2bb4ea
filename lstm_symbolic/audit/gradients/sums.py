"""Sums over steps in backward lines: the same sum under another index, and steps that a sum leaves out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sympy import Expr

from ...expr.term import Term, time_shift
from ..interpret import T


def at_time(term: Term, variable: Expr, time: Expr = T) -> Term:
    """The body of a sum over ``variable``, at a time."""
    index = tuple(i.subs(variable, time) for i in term.index)
    return replace(term, args=tuple(at_time(a, variable, time) for a in term.args), index=index)


def reindexed(value: Term, over: tuple[Expr, ...], adjoints: Collection[str]) -> tuple[Term, tuple[Expr, ...]]:
    """A body whose adjoints all stand at t+1, over 0..T-1, as the body at t over 1..T.

    >>> from ...expr.plain import write
    >>> from ...expr.term import read_term
    >>> from sympy import Integer, Symbol
    >>> body, (_, *ends) = reindexed(read_term("delta[t+1] @ h[t].T"), (T, Integer(0), Symbol("T") - 1), {"delta"})
    >>> write(body), ends
    ('delta[t] @ h[t - 1].T', [1, T])
    """
    shifts = {time_shift(t) if t.index else None for t in value.walk() if t.op == "sym" and t.name in adjoints}
    shift = shifts.pop() if len(shifts) == 1 else None
    if not shift:
        return value, over
    return at_time(value, T, T - shift), (T, *(end + shift for end in over[1:]))


def left_out(value: Term, over: tuple[Expr, ...], states: Collection[str]) -> str:
    """The step that a sum over the steps 1..T (or 0..T-1) leaves out, in words; states start at zero, so that h[t-1] is nothing at t = 1.

    >>> from ...expr import read_term
    >>> from sympy import Integer, Symbol
    >>> left_out(read_term("delta[t] @ x[t].T"), (T, Integer(1), Symbol("T") - 1), {"h"})
    'T'
    >>> left_out(read_term("delta[t] @ h[t-1].T"), (T, Integer(2), Symbol("T")), {"h"})
    ''
    """
    if len(over) < 3:
        return ""
    low, high = over[1:]
    constant, rest = high.as_coeff_Add()
    if not low.is_Integer or not rest.is_Symbol or not constant.is_Integer:
        return ""
    summands = value.args if value.op == "add" else (value,)
    nothing = all(any(t.name in states and t.index and time_shift(t) == -1 for t in s.walk() if t.op == "sym") for s in summands)
    if low > 2 or (low == 2 and not nothing):
        return str(low - 1)
    return str(rest + constant + 1) if constant < (-1 if low <= 0 else 0) else ""
