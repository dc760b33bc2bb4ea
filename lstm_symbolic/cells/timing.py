"""Untyped equations brought to one form: each defines one symbol, at time ``t``.

Documents write ``h[t + 1] = ...`` and chains ``a[t] = c[t] = ...``, or no time at all; a cell is written once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sympy import Integer, Symbol

from ..errors import CellError
from ..expr import Term, TermEquation
from ..expr.term import time_shift

TIME = Symbol("t", integer=True)


def definitions(equations: Sequence[TermEquation]) -> list[TermEquation]:
    """One definition for each equation: the chain ``a = c = e`` defines c by e and a by c.

    >>> from ..expr import read_equation
    >>> [len(e.sides) for e in definitions([read_equation("a[t] = c[t] = f[t] * c[t - 1]")])]
    [2, 2]
    """
    result = []
    for equation in equations:
        *targets, value = equation.sides
        if not targets or any(t.op != "sym" for t in targets):
            raise CellError("this defines no symbol", equation.text or None, 0, "an equation of a cell is a symbol = an expression")
        for target in reversed(targets):
            result.append(TermEquation((target, value), equation.text))
            value = target
    return result


def at_time_t(equations: Sequence[TermEquation]) -> list[TermEquation]:
    """Each equation moved in time so that it defines its symbol at ``t``: ``h[t + 1] = f(h[t])`` is ``h[t] = f(h[t - 1])``."""
    return [_moved(e, -shift) if (shift := time_shift(e.sides[0])) else e for e in equations]


def _moved(equation: TermEquation, by: Integer) -> TermEquation:
    def move(term: Term) -> Term:
        if term.op in ("sum", "prod") and term.index[0] == TIME:
            return term  # this t is bound
        index = tuple(i.subs(TIME, TIME + by) for i in term.index)
        return replace(term, index=index, args=tuple(move(a) for a in term.args))

    return replace(equation, sides=tuple(move(s) for s in equation.sides))


def indexed(equations: Sequence[TermEquation], previous: Mapping[str, str], inputs: Collection[str]) -> list[TermEquation]:
    """Time indices for equations without: ``previous`` maps a state to the name of its old value; definitions and inputs get ``t``."""
    timed = {e.sides[0].name for e in equations} | set(inputs)
    unknown = [name for name in previous if name not in timed]
    if unknown:
        raise CellError(f"the state {unknown[0]} is never defined")
    older = {old: new for new, old in previous.items()}

    def index(term: Term) -> Term:
        args = tuple(index(a) for a in term.args)
        if term.op == "sym" and not term.index:
            if term.name in older:
                return replace(term, name=older[term.name], index=(TIME - 1,))
            if term.name in timed:
                return replace(term, index=(TIME,))
        return replace(term, args=args)

    return [replace(e, sides=tuple(index(s) for s in e.sides)) for e in equations]
