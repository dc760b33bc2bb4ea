"""Derivatives of elementwise functions, in terms of the function's value where that has a name: f*(1 - f), 1 - g**2.

The scalar table is ``fdiff`` of ``expr.functions``; here it is carried over to matrices, entry by entry. An uninterpreted function f has
the uninterpreted derivative ``df`` (``d1f``, ``d2f`` for two arguments), as ``dsigmoid`` and ``dtanh`` are those of the known ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import sympy
from sympy import Add, Dummy, Expr, Integer, MatrixExpr, Mul, Number, Pow

from ..errors import UnsupportedNode
from ..expr.build import apply, divide, power
from ..expr.functions import FUNCTIONS, Elementwise
from .algebra import hadamard, total

#: Functions whose derivative has a name of its own, for a value that has none and an argument too long to be written twice.
_PRIMED = {"sigmoid": "dsigmoid", "tanh": "dtanh"}


def partial(name: str, position: int, args: Sequence[Expr], value: Expr) -> Expr | None:
    """∂f/∂(argument) entry by entry; ``value`` is f(args) or its name. None where it is zero everywhere.

    >>> a, f = sympy.symbols("a f", real=True)
    >>> partial("sigmoid", 0, [a], f), partial("tanh", 0, [a], f)
    (f*(1 - f), 1 - f**2)
    """
    if name not in FUNCTIONS:
        return apply(f"d{name}" if len(args) == 1 else f"d{position + 1}{name}", *args)
    if name in _PRIMED and not value.is_symbol and not value.args[-1].is_symbol:
        return apply(_PRIMED[name], value.args[-1])
    slots, result, formula = _scalar(name, position, len(args))
    return None if formula == 0 else _lift(formula, {**dict(zip(slots, args, strict=True)), result: value})


@cache
def _scalar(name: str, position: int, count: int) -> tuple[tuple[Dummy, ...], Dummy, Expr]:
    """The derivative for scalars: its arguments, the function's value, and the formula in terms of both."""
    slots, result = tuple(Dummy(f"x{k}", real=True) for k in range(count)), Dummy("y", real=True)
    whole = FUNCTIONS[name][0](*slots)
    try:
        return slots, result, sympy.sympify(whole.fdiff(position + 1)).xreplace({whole: result})
    except NotImplementedError as error:
        raise UnsupportedNode(str(error)) from None


def _lift(e: Expr, table: Mapping[Expr, Expr]) -> Expr:
    """A scalar formula over expressions of any shape."""
    match e:
        case Dummy():
            return table[e]
        case Number() | sympy.core.numbers.Pi():
            return e
        case Add():
            return total(*_one_shape([_lift(a, table) for a in e.args]))
        case Mul():
            return hadamard(*(_lift(a, table) for a in sorted(e.args, key=lambda a: (not a.is_Number, not a.is_symbol))))
        case Pow(exp=sympy.S.NegativeOne):
            return divide(Integer(1), _lift(e.base, table))
        case Pow():
            return power(_lift(e.base, table), _lift(e.exp, table))
        case Elementwise():
            return apply(e.plain, *(_lift(a, table) for a in e.args))
    raise UnsupportedNode(f"no elementwise form for {type(e).__name__}")


def _one_shape(terms: list[Expr]) -> list[Expr]:
    """Numbers take the shape of the matrices beside them."""
    matrix = next((t for t in terms if isinstance(t, MatrixExpr)), None)
    return terms if matrix is None else [hadamard(t, _ones_like(matrix)) if not isinstance(t, MatrixExpr) else t for t in terms]


def _ones_like(e: MatrixExpr) -> Expr:
    return sympy.OneMatrix(*e.shape)
