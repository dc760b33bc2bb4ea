"""The closed set of expression nodes: SymPy's own, and the few that SymPy lacks or breaks on.

Scalars, dimensions and elementwise functions of scalars are plain SymPy. Everything with a shape is a ``MatrixExpr``; a 1x1
``MatrixExpr`` broadcasts. A constructor accepts its own ``args`` unchanged (``func(*args) == self``: SymPy's ``doit``, ``subs`` and
printers rely on it) and evaluates nothing. ``NODES`` is the whole list: a test holds every rule table against it.

Build expressions with ``expr.build``, which checks shapes, makes broadcasts explicit and keeps the author's order.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Basic, Expr, Integer, MatrixExpr, MatrixSymbol, Symbol
from sympy.core.symbol import Str
from sympy.matrices.expressions import (
    HadamardProduct,
    Identity,
    MatAdd,
    MatMul,
    OneMatrix,
    Trace,
    Transpose,
    ZeroMatrix,
)

from .dims import Shape
from .functions import Elementwise


class Node(MatrixExpr):
    """A matrix-valued node of ours; subclasses say their shape."""

    def _sympystr(self, printer: Any) -> str:
        inner = ", ".join(a.name if isinstance(a, Str) else printer._print(a) for a in self.args)
        return f"{type(self).__name__}({inner})"

    def _latex(self, printer: Any) -> str:
        inner = ", ".join(rf"\mathrm{{{a.name}}}" if isinstance(a, Str) else printer._print(a) for a in self.args)
        return rf"\mathrm{{{type(self).__name__}}}\left({inner}\right)"


def _str(value: str | Str) -> Str:
    return value if isinstance(value, Str) else Str(value)


class TimeSymbol(MatrixSymbol):
    """A time-indexed symbol ``h[t-1]``; the last index is the time, earlier ones a layer: ``h[l, t]``.

    >>> t = Symbol("t", integer=True)
    >>> TimeSymbol("h", Symbol("n"), 1, t - 1).subs(t, t + 1)
    h[t]
    """

    def __new__(cls, name: str | Str, rows: Any, cols: Any, *index: Any) -> TimeSymbol:
        return Basic.__new__(cls, _str(name), *(sympy.sympify(a) for a in (rows, cols, *index)))  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        return self.args[0].name  # type: ignore[attr-defined,no-any-return]

    @property
    def shape(self) -> Shape:
        return self.args[1], self.args[2]  # type: ignore[return-value]

    @property
    def index(self) -> tuple[Expr, ...]:
        return self.args[3:]  # type: ignore[return-value]

    @property
    def free_symbols(self) -> set[Basic]:
        return {self}.union(*(i.free_symbols for i in self.index))

    def _entry(self, i: Any, j: Any, **_: Any) -> Expr:
        tag = ",".join(str(k).replace(" ", "") for k in self.index)
        return Symbol(f"{self.name}[{tag}]_{i}_{j}", real=True)

    def doit(self, **_: Any) -> TimeSymbol:
        return self

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}[{', '.join(printer._print(i) for i in self.index)}]"

    def _latex(self, printer: Any) -> str:
        return f"{printer._print(Symbol(self.name))}_{{{', '.join(printer._print(i) for i in self.index)}}}"


class Apply(Node):
    """f applied entry by entry to arguments of one shape (or scalars): entries ``f(u[i, j], v[i, j], ...)``.

    ``div`` and ``pow`` are elementwise division and power; other names are those of ``expr.functions``, or uninterpreted.
    """

    def __new__(cls, function: str | Str, *args: Any) -> Apply:
        return Basic.__new__(cls, _str(function), *args)  # type: ignore[no-any-return]

    @property
    def function(self) -> str:
        return self.args[0].name  # type: ignore[attr-defined,no-any-return]

    @property
    def operands(self) -> tuple[Expr, ...]:
        return self.args[1:]  # type: ignore[return-value]

    @property
    def shape(self) -> Shape:
        return next((a.shape for a in self.operands if isinstance(a, MatrixExpr)), (Integer(1), Integer(1)))


class Broadcast(Node):
    """A scalar, a row or a column repeated to ``rows`` x ``cols``."""

    def __new__(cls, u: Any, rows: Any, cols: Any) -> Broadcast:
        return Basic.__new__(cls, sympy.sympify(u), sympy.sympify(rows), sympy.sympify(cols))  # type: ignore[no-any-return]

    @property
    def shape(self) -> Shape:
        return self.args[1], self.args[2]  # type: ignore[return-value]


class VStack(Node):
    """Blocks on top of each other: the concatenation [h; x] of column vectors."""

    @property
    def shape(self) -> Shape:
        return sympy.Add(*(a.shape[0] for a in self.args)), self.args[0].shape[1]  # type: ignore[attr-defined]


class HStack(Node):
    """Blocks beside each other: [W U], or the concatenation [h, x] of row vectors."""

    @property
    def shape(self) -> Shape:
        return self.args[0].shape[0], sympy.Add(*(a.shape[1] for a in self.args))  # type: ignore[attr-defined]


class Diag(Node):
    """The diagonal matrix of a column or a row."""

    @property
    def shape(self) -> Shape:
        rows, cols = self.args[0].shape  # type: ignore[attr-defined]
        size = cols if rows == 1 else rows
        return size, size


class Softmax(Node):
    """exp(u) divided by its sum over the feature axis: down a column, along a row."""

    @property
    def shape(self) -> Shape:
        return self.args[0].shape  # type: ignore[attr-defined,no-any-return]


class Total(Node):
    """The sum of all entries, 1x1."""

    @property
    def shape(self) -> Shape:
        return Integer(1), Integer(1)


class Norm(Total):
    """The Euclidean (Frobenius) norm, 1x1."""


class Conv(Node):
    """A convolution of the image x with the kernel K, as a linear operator on x; the shape of the result is given.

    The plain instance: zeros outside, the kernel's middle on the entry, y[i, j] = Σ K[a, b] x[i + a - k/2, j + b - k/2].
    """

    def __new__(cls, kernel: Any, x: Any, rows: Any, cols: Any) -> Conv:
        return Basic.__new__(cls, kernel, x, sympy.sympify(rows), sympy.sympify(cols))  # type: ignore[no-any-return]

    @property
    def shape(self) -> Shape:
        return self.args[2], self.args[3]  # type: ignore[return-value]


class ConvTranspose(Conv):
    """The adjoint of ``Conv`` in the image: of the kernel K and a cotangent in the shape of the result, in the shape of the image."""


class ConvKernel(Conv):
    """The adjoint of ``Conv`` in the kernel: of the image x and a cotangent in the shape of the result, in the shape of the kernel."""


class TimeSum(Node):
    """The sum of a time-dependent expression over ``var`` from ``low`` to ``high``, both inclusive."""

    def __new__(cls, body: Any, var: Any, low: Any, high: Any) -> TimeSum:
        return Basic.__new__(cls, body, *(sympy.sympify(a) for a in (var, low, high)))  # type: ignore[no-any-return]

    @property
    def shape(self) -> Shape:
        return self.args[0].shape  # type: ignore[attr-defined,no-any-return]

    @property
    def bound_symbols(self) -> list[Basic]:
        return [self.args[1]]

    @property
    def free_symbols(self) -> set[Basic]:
        inner = {s for s in self.args[0].free_symbols if s != self.args[1]}
        return inner | self.args[2].free_symbols | self.args[3].free_symbols

    def _eval_subs(self, old: Basic, new: Basic) -> Basic | None:
        """The running index is bound: a substitution for it leaves the body alone."""
        if old != self.args[1]:
            return None
        return self.func(*self.args[:2], self.args[2]._subs(old, new), self.args[3]._subs(old, new))


class TimeProd(TimeSum):
    """The matrix product over ``var`` from ``low`` to ``high``, the largest index leftmost."""


class Grad(Node):
    """The total derivative ∂L/∂u of the loss with respect to a symbol, in the shape of the symbol."""

    @property
    def shape(self) -> Shape:
        return getattr(self.args[0], "shape", (Integer(1), Integer(1)))


class Jacobian(Node):
    """∂y/∂x: one row for each entry of y, one column for each entry of x."""

    @property
    def shape(self) -> Shape:
        def size(u: Basic) -> Expr:
            rows, cols = getattr(u, "shape", (Integer(1), Integer(1)))
            return rows * cols  # type: ignore[no-any-return]

        return size(self.args[0]), size(self.args[1])


#: SymPy's own classes that an expression may hold.
SYMPY_NODES: tuple[type[Basic], ...] = (
    sympy.Symbol, sympy.Integer, sympy.Rational, sympy.Add, sympy.Mul, sympy.Pow, Elementwise,
    sympy.core.function.AppliedUndef, type(sympy.pi),
    MatrixSymbol, MatAdd, MatMul, HadamardProduct, Transpose, OneMatrix, ZeroMatrix, Identity, Trace, sympy.ImmutableDenseMatrix,
)  # fmt: skip
#: Ours.
OUR_NODES: tuple[type[Basic], ...] = (
    TimeSymbol, Apply, Broadcast, VStack, HStack, Diag, Softmax, Total, Norm, Conv, ConvTranspose, ConvKernel,
    TimeSum, TimeProd, Grad, Jacobian,
)  # fmt: skip
NODES = SYMPY_NODES + OUR_NODES
