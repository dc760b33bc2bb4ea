"""Where the values of a cell can lie, for all parameters and inputs: intervals, carried through the equations.

A state starts at 0 and is widened until one more step adds nothing; what does not settle is unbounded, and then the growth of one step is
stated instead: |C[t]| <= |C[t - 1]| + 1 for the LSTM. Bounds are sound and not always the least; ``open`` ends are never reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch

import sympy
from sympy import Add, Basic, Expr, MatrixExpr, Mul, Number, Pow
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul, OneMatrix, Transpose, ZeroMatrix

from ..cells import TIME, Cell, as_cell, leaves
from ..expr import TimeSymbol, nodes
from ..expr.functions import Elementwise
from .algebra import parts, split
from .intervals import LINE, Interval, hull

_SETTLING = 4


_UNIT, _SQUASHED, _POSITIVE = Interval(0, 1, True, True), Interval(-1, 1, True, True), Interval(0, sympy.oo, True)

#: Functions whose values lie in an interval whatever they are applied to.
_FUNCTIONS = {
    "sigmoid": _UNIT, "tanh": _SQUASHED, "exp": _POSITIVE, "softplus": _POSITIVE,
    "relu": Interval(0, sympy.oo), "abs": Interval(0, sympy.oo),
    "sqrt": Interval(0, sympy.oo), "sign": Interval(-1, 1), "dsigmoid": Interval(0, sympy.Rational(1, 4), True),
    "dtanh": Interval(0, 1, True), "erf": _SQUASHED, "erfc": Interval(0, 2, True, True), "cosh": Interval(1, sympy.oo),
    **dict.fromkeys(("gt", "ge", "lt", "le", "eq", "ne"), Interval(0, 1)),
}  # fmt: skip

Known = Mapping[str, Interval]


@singledispatch
def interval(e: Basic, known: Known) -> Interval:
    """Where the entries of an expression lie, given where those of its symbols do."""
    return known.get(e.name, LINE) if getattr(e, "is_symbol", False) else LINE


@interval.register(Number)
def _(e: Number, known: Known) -> Interval:
    return Interval(e, e)


@interval.register(OneMatrix)
def _(e: OneMatrix, known: Known) -> Interval:
    return Interval(1, 1)


@interval.register(ZeroMatrix)
def _(e: ZeroMatrix, known: Known) -> Interval:
    return Interval(0, 0)


@interval.register(nodes.Broadcast)
@interval.register(Transpose)
def _(e: Expr, known: Known) -> Interval:
    return interval(e.args[0], known)


@interval.register(nodes.VStack)
@interval.register(nodes.HStack)
def _(e: Expr, known: Known) -> Interval:
    found = [interval(a, known) for a in e.args]
    return hull(found)


@interval.register(Add)
@interval.register(MatAdd)
def _(e: Expr, known: Known) -> Interval:
    mixed = _mixture(e, known)
    if mixed is not None:
        return mixed
    first, *rest = (interval(a, known) for a in e.args)
    for other in rest:
        first = first + other
    return first


def _mixture(e: Expr, known: Known) -> Interval | None:
    """z * a + (1 - z) * b lies between a and b, where z lies between 0 and 1."""
    if len(e.args) != 2:
        return None
    lists = [[number, *parts(core)] for number, core in map(split, e.args)]
    for mine, others in (lists, lists[::-1]):
        for z in mine:
            rest = next((f for f in others if is_complement(f, z)), None)
            if rest is not None and interval(z, known).within(sympy.Integer(0), sympy.Integer(1)):
                a, b = (_product([f for f in side if f is not skip], known) for side, skip in ((mine, z), (others, rest)))
                both = interval(z, known)
                strict = both.low_open and both.high_open
                low, high = min(a.low, b.low), max(a.high, b.high)
                return Interval(low, high, _mixed_open(low, a.low, a.low_open, b.low, b.low_open, strict),
                                _mixed_open(high, a.high, a.high_open, b.high, b.high_open, strict))  # fmt: skip
    return None


def _mixed_open(end: Expr, a: Expr, a_open: bool, b: Expr, b_open: bool, strict: bool) -> bool:
    """An end is reached only by both sides reaching it, where both have a share."""
    missing = [a_open or a != end, b_open or b != end]
    return any(missing) if strict else all(missing)


def is_complement(e: Expr, z: Expr) -> bool:
    """1 - z."""
    if not isinstance(e, Add | MatAdd) or len(e.args) != 2:
        return False
    pairs = [split(a) for a in e.args]
    return sorted(pairs, key=lambda p: p[0]) == [(-1, z), (1, sympy.Integer(1))]


@interval.register(Mul)
@interval.register(HadamardProduct)
def _(e: Expr, known: Known) -> Interval:
    return _product(list(e.args), known)


def _product(factors: Sequence[Expr], known: Known) -> Interval:
    found = Interval(1, 1)
    rest = list(factors)
    while rest:
        f = rest.pop(0)
        partner = next((g for g in rest if is_complement(g, f) or is_complement(f, g)), None)
        if partner is not None and interval(f, known) == _UNIT:
            rest.remove(partner)
            found = found * Interval(0, sympy.Rational(1, 4), True)  # f * (1 - f)
        else:
            found = found * interval(f, known)
    return found


@interval.register(MatMul)
def _(e: MatMul, known: Known) -> Interval:
    """A number times a matrix, or diag(a) @ b, which is a * b; other products add up how many entries nobody knows."""
    if sum(isinstance(a, MatrixExpr) for a in e.args) == 1 or all(isinstance(a, nodes.Diag) for a in e.args[:-1]):
        return _product([a.args[0] if isinstance(a, nodes.Diag) and k < len(e.args) - 1 else a for k, a in enumerate(e.args)], known)
    return LINE


@interval.register(nodes.Softmax)
def _(e: Expr, known: Known) -> Interval:
    return Interval(0, 1, True)


@interval.register(nodes.Norm)
def _(e: Expr, known: Known) -> Interval:
    return Interval(0, sympy.oo)


@interval.register(Pow)
def _(e: Pow, known: Known) -> Interval:
    return _power(interval(e.base, known), e.exp)


def _power(base: Interval, exponent: Expr) -> Interval:
    return base.squared() if exponent == 2 else LINE


@interval.register(Elementwise)
def _(e: Elementwise, known: Known) -> Interval:
    return _function(e.plain, e.args, known)


@interval.register(nodes.Apply)
def _(e: nodes.Apply, known: Known) -> Interval:
    if e.function == "pow":
        return _power(interval(e.operands[0], known), split(e.operands[1])[0] if split(e.operands[1])[1] == 1 else e.operands[1])
    return _function(e.function, e.operands, known)


def _function(name: str, args: Sequence[Expr], known: Known) -> Interval:
    if name in ("max", "min"):
        found = [interval(a, known) for a in args]
        pick = max if name == "max" else min
        return Interval(pick(i.low for i in found), pick(i.high for i in found))
    if name == "where":
        return hull([interval(a, known) for a in args[1:]])
    return _FUNCTIONS.get(name, LINE)


def ranges(cell: Cell | str) -> dict[str, Interval]:
    """Where every entry of every value of a cell lies at any step, for all parameters and inputs, when its states start at 0.

    >>> {name: str(found) for name, found in ranges("lstm").items() if name in ("f", "C_tilde", "C", "h")}
    {'f': '(0, 1)', 'C_tilde': '(-1, 1)', 'C': '(-oo, oo)', 'h': '(-1, 1)'}
    >>> str(ranges("gru")["h"])
    '(-1, 1)'
    """
    cell = as_cell(cell)
    before = {name: Interval(0, 0) for name in cell.states}
    now: dict[str, Interval] = {}
    for turn in range(2 * _SETTLING):
        now = _after(cell, before)
        wider = {name: before[name].hull(now[name]) for name in cell.states}
        if wider == before:
            return now
        if turn >= _SETTLING - 1:
            wider = {name: before[name] if before[name] == found else _opened(before[name], found) for name, found in wider.items()}
        before = wider
    return _after(cell, dict.fromkeys(cell.states, LINE))


def _opened(before: Interval, after: Interval) -> Interval:
    """An end that still moves is unbounded."""
    low = before.low if after.low == before.low else -sympy.oo
    high = before.high if after.high == before.high else sympy.oo
    return Interval(low, high, after.low_open, after.high_open)


def _after(cell: Cell, before: Known) -> dict[str, Interval]:
    """One step later: a value at t is known by its own interval, a state at another time by the one of the step before."""
    now: dict[str, Interval] = {}
    for e in cell.in_order():
        known: dict[str, Interval] = {}
        for s in leaves(e.rhs):
            source = now if isinstance(s, TimeSymbol) and s.index[-1] == TIME else before
            if s.name in source:
                known[s.name] = source[s.name].hull(known[s.name]) if s.name in known else source[s.name]
        now[e.lhs.name] = interval(e.rhs, known)
    return now


def growth(cell: Cell | str, state: str) -> tuple[Expr, Expr] | None:
    """a and b with |s[t]| <= a |s[t - 1]| + b, whatever the parameters and inputs are; None where there is no such bound.

    It holds for each entry. For the LSTM, C_t = f C_{t-1} + i g with f, i and |g| below 1. ``CellError`` for an unknown state.

    >>> growth("lstm", "C")
    (1, 1)
    """
    cell = as_cell(cell)
    known = _after(cell, dict.fromkeys(cell.states, LINE))
    a = b = sympy.Integer(0)
    e = cell.definition(state)
    for term in e.args if isinstance(e, Add | MatAdd) else (e,):
        own = [f for f in parts(term) if f == cell.symbol(state, -1)]
        if len(own) > 1 or (not own and cell.symbol(state, -1) in set(leaves(term))):
            return None
        others = _product([f for f in parts(term) if f not in own], known).size
        a, b = (a + others, b) if own else (a, b + others)
    return (a, b) if sympy.oo not in (a, b) else None
