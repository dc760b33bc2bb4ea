"""Opaque elementwise functions.

SymPy's own ``tanh`` and ``exp`` evaluate on construction and ask for assumptions on nested sums, which costs 40 times the rest
(measured). These are inert: they know their derivative (``fdiff``) and their definition (``rewrite``), and nothing rewrites itself.
``FUNCTIONS`` is the whole table; a name outside it that is applied to arguments is an uninterpreted elementwise function.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sympy
from sympy import Expr, Function, Integer, Rational


class Elementwise(Function):
    """Base of the known elementwise functions; arguments are scalars, values are real."""

    plain: ClassVar[str] = ""

    def _eval_is_extended_real(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        return f"{self.plain}({', '.join(printer._print(a) for a in self.args)})"


class sigmoid(Elementwise):
    """The logistic function 1/(1 + exp(-x)).

    >>> from sympy.abc import x
    >>> sigmoid(x).diff(x), sigmoid(x).rewrite(sympy.exp)
    ((1 - sigmoid(x))*sigmoid(x), 1/(1 + exp(-x)))
    """

    plain = "sigmoid"

    def fdiff(self, argindex: int = 1) -> Expr:
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return 1 / (1 + sympy.exp(-x))


class tanh(Elementwise):
    plain = "tanh"

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 - self**2

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return (sympy.exp(x) - sympy.exp(-x)) / (sympy.exp(x) + sympy.exp(-x))


class dsigmoid(Elementwise):
    """The derivative of the logistic function, sigmoid(x)*(1 - sigmoid(x))."""

    plain = "dsigmoid"

    def fdiff(self, argindex: int = 1) -> Expr:
        return self * (1 - 2 * sigmoid(self.args[0]))

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return sympy.exp(-x) / (1 + sympy.exp(-x)) ** 2


class dtanh(Elementwise):
    """The derivative of tanh, 1 - tanh(x)**2."""

    plain = "dtanh"

    def fdiff(self, argindex: int = 1) -> Expr:
        return -2 * tanh(self.args[0]) * self

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return 4 / (sympy.exp(x) + sympy.exp(-x)) ** 2


class exp(Elementwise):
    plain = "exp"

    def fdiff(self, argindex: int = 1) -> Expr:
        return self

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return sympy.exp(x)


class log(Elementwise):
    plain = "log"

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / self.args[0]


class sqrt(Elementwise):
    plain = "sqrt"

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / (2 * self)


class relu(Elementwise):
    """max(x, 0); the derivative at 0 is taken as 0."""

    plain = "relu"

    def fdiff(self, argindex: int = 1) -> Expr:
        return where(gt(self.args[0], 0), 1, 0)


class softplus(Elementwise):
    """log(1 + exp(x))."""

    plain = "softplus"

    def fdiff(self, argindex: int = 1) -> Expr:
        return sigmoid(self.args[0])

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return sympy.log(1 + sympy.exp(x))


class absolute(Elementwise):
    plain = "abs"

    def fdiff(self, argindex: int = 1) -> Expr:
        return sign(self.args[0])


class sign(Elementwise):
    plain = "sign"

    def fdiff(self, argindex: int = 1) -> Expr:
        return Integer(0)


class erf(Elementwise):
    plain = "erf"

    def fdiff(self, argindex: int = 1) -> Expr:
        return 2 * exp(-(self.args[0] ** 2)) / sqrt(sympy.pi)


class erfc(Elementwise):
    plain = "erfc"

    def fdiff(self, argindex: int = 1) -> Expr:
        return -2 * exp(-(self.args[0] ** 2)) / sqrt(sympy.pi)


class cosh(Elementwise):
    plain = "cosh"

    def fdiff(self, argindex: int = 1) -> Expr:
        return sinh(self.args[0])

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return (sympy.exp(x) + sympy.exp(-x)) / 2


class sinh(Elementwise):
    plain = "sinh"

    def fdiff(self, argindex: int = 1) -> Expr:
        return cosh(self.args[0])

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return (sympy.exp(x) - sympy.exp(-x)) / 2


class maximum(Elementwise):
    plain = "max"

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 where this argument is the largest; ties share equally (the subgradient that autograd systems use)."""
        return _share(self.args, argindex, ge)


class minimum(Elementwise):
    plain = "min"

    def fdiff(self, argindex: int = 1) -> Expr:
        return _share(self.args, argindex, le)


def _share(args: tuple[Expr, ...], argindex: int, beats: type[Elementwise]) -> Expr:
    mine = args[argindex - 1]
    others = [a for k, a in enumerate(args) if k != argindex - 1]
    if len(others) != 1:
        raise NotImplementedError("the derivative of max and min is given for two arguments; nest them")
    strict = gt if beats is ge else lt
    return where(strict(mine, others[0]), 1, where(beats(mine, others[0]), Rational(1, 2), 0))


class where(Elementwise):
    """where(condition, a, b): a where the condition holds, else b."""

    plain = "where"

    def fdiff(self, argindex: int = 1) -> Expr:
        condition = self.args[0]
        return Integer(0) if argindex == 1 else where(condition, *((1, 0) if argindex == 2 else (0, 1)))


class gt(Elementwise):
    """1 where a > b, else 0; the comparisons stand inside ``where``."""

    plain = "gt"

    def fdiff(self, argindex: int = 1) -> Expr:
        return Integer(0)


class ge(gt):
    plain = "ge"


class lt(gt):
    plain = "lt"


class le(gt):
    plain = "le"


class eq(gt):
    plain = "eq"


class ne(gt):
    plain = "ne"


COMPARISONS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}

#: Every known elementwise function by its plain name, with the numbers of arguments that it takes.
FUNCTIONS: dict[str, tuple[type[Elementwise], tuple[int, ...]]] = {
    **{f.plain: (f, (1,)) for f in (sigmoid, tanh, dsigmoid, dtanh, exp, log, sqrt, relu, softplus, absolute, sign, erf, erfc, cosh, sinh)},
    **{f.plain: (f, tuple(range(2, 9))) for f in (maximum, minimum)},
    **{f.plain: (f, (2,)) for f in (gt, ge, lt, le, eq, ne)},
    "where": (where, (3,)),
}
