"""A SymPy expression as a term again: the inverse of ``build``. One small function a node."""

from __future__ import annotations

from fractions import Fraction
from functools import singledispatch

import sympy
from sympy import Add, Basic, MatrixSymbol, Mul, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Trace, Transpose, ZeroMatrix

from ..errors import UnsupportedNode
from . import nodes
from .build import shape_of
from .functions import Elementwise
from .term import Term


@singledispatch
def to_term(e: Basic) -> Term:
    """The term of an expression.

    >>> x, y = sympy.symbols("x y", real=True)
    >>> to_term(Mul(x, Pow(y, -1))).op
    'div'
    """
    raise UnsupportedNode(f"no plain form for {type(e).__name__}")


def _many(op: str, args: tuple[Basic, ...]) -> Term:
    return Term(op, tuple(to_term(a) for a in args))


def number(value: int | Fraction) -> Term:
    """A number; a negative one is the negation of its size, as the reader sees it."""
    return Term("neg", (number(-value),)) if value < 0 else Term("num", number=Fraction(value))


def _fold(op: str, factors: list[Term]) -> Term:
    """Factors from the left: ``a * b * c`` is (a*b)*c."""
    product = factors[0]
    for f in factors[1:]:
        product = Term(op, (product, f))
    return product


@to_term.register(Symbol)
@to_term.register(MatrixSymbol)
def _(e: Symbol) -> Term:
    return Term("sym", name=e.name)


@to_term.register(nodes.TimeSymbol)
def _(e: nodes.TimeSymbol) -> Term:
    return Term("sym", name=e.name, index=e.index)


@to_term.register(Rational)
def _(e: Rational) -> Term:
    return number(Fraction(int(e.p), int(e.q)))


@to_term.register(type(sympy.pi))
def _(e: Basic) -> Term:
    return Term("pi")


@to_term.register(Add)
@to_term.register(MatAdd)
def _(e: Add) -> Term:
    return _many("add", e.args)


def _scalar_product(args: tuple[Basic, ...]) -> Term:
    """Factors from the left, reciprocals as divisions; a leading -1 is the sign of the factor after it, unless that is a number."""
    negative = len(args) > 1 and args[0] == -1 and not isinstance(args[1], Rational)
    product: Term | None = None
    for k, a in enumerate(args[1:] if negative else args):
        divides = isinstance(a, Pow) and a.exp == -1
        factor = to_term(a.base if divides else a)
        product = number(1) if divides and product is None else product
        if negative and k == 0:
            factor, product = (factor, number(-1)) if divides else (Term("neg", (factor,)), None)
        product = factor if product is None else Term("div" if divides else "mul", (product, factor))
    assert product is not None
    return product


@to_term.register(Mul)
def _(e: Mul) -> Term:
    return _scalar_product(e.args)


@to_term.register(MatMul)
def _(e: MatMul) -> Term:
    """Scalars in front, then the first matrix with ``*``, the others with ``@``."""
    scalars = tuple(a for a in e.args if not isinstance(a, sympy.MatrixExpr))
    first, *others = (to_term(a) for a in e.args if isinstance(a, sympy.MatrixExpr))
    if scalars == (-1,):
        first = Term("neg", (first,))
    elif scalars:
        first = Term("mul", (_scalar_product(scalars), first))
    return _fold("matmul", [first, *others])


@to_term.register(HadamardProduct)
def _(e: HadamardProduct) -> Term:
    return _fold("mul", [to_term(a) for a in e.args])


@to_term.register(Pow)
def _(e: Pow) -> Term:
    return Term("div", (number(1), to_term(e.base))) if e.exp == -1 else _many("pow", e.args)


@to_term.register(Transpose)
def _(e: Transpose) -> Term:
    return Term("T", (to_term(e.arg),))


@to_term.register(Elementwise)
def _(e: Elementwise) -> Term:
    return Term("call", tuple(to_term(a) for a in e.args), name=e.plain)


@to_term.register(AppliedUndef)
def _(e: AppliedUndef) -> Term:
    return Term("call", tuple(to_term(a) for a in e.args), name=e.func.__name__)


@to_term.register(nodes.Apply)
def _(e: nodes.Apply) -> Term:
    args = tuple(to_term(a) for a in e.operands)
    return Term(e.function, args) if e.function in ("div", "pow") else Term("call", args, name=e.function)


@to_term.register(nodes.Broadcast)
def _(e: nodes.Broadcast) -> Term:
    """Implicit: another operand of the same operation has the full shape."""
    return to_term(e.args[0])


@to_term.register(nodes.VStack)
@to_term.register(nodes.HStack)
def _(e: nodes.Node) -> Term:
    upright = isinstance(e, nodes.VStack)
    vectors = all(shape_of(a)[1 if upright else 0] == 1 for a in e.args)
    return _many("concat" if vectors else "vstack" if upright else "hstack", e.args)


@to_term.register(OneMatrix)
def _(e: OneMatrix) -> Term:
    return Term("ones", index=e.args[:1] if e.args[1] == 1 else e.args)


@to_term.register(ZeroMatrix)
def _(e: ZeroMatrix) -> Term:
    return Term("mul", (number(0), Term("ones", index=e.args)))


@to_term.register(Identity)
def _(e: Identity) -> Term:
    return Term("eye", index=e.args[:1])


@to_term.register(sympy.ImmutableDenseMatrix)
def _(e: sympy.ImmutableDenseMatrix) -> Term:
    return Term("matrix", tuple(_many("row", tuple(e.row(i))) for i in range(e.rows)))


@to_term.register(nodes.TimeSum)
def _(e: nodes.TimeSum) -> Term:
    return Term("prod" if isinstance(e, nodes.TimeProd) else "sum", (to_term(e.args[0]),), index=e.args[1:])


@to_term.register(nodes.Conv)
def _(e: nodes.Conv) -> Term:
    return _many("conv", e.args[:2])


@to_term.register(nodes.ConvTranspose)
def _(e: nodes.ConvTranspose) -> Term:
    return _many("conv_transpose", e.args[:2])


@to_term.register(nodes.ConvKernel)
def _(e: nodes.ConvKernel) -> Term:
    return Term("conv_kernel", tuple(to_term(a) for a in e.args[:2]), index=e.args[2:])


def _register_calls() -> None:
    """Nodes that are one call of their arguments."""
    names: dict[type[Basic], str] = {
        nodes.Diag: "diag", nodes.Softmax: "softmax", nodes.Total: "total", nodes.Norm: "norm", Trace: "trace",
        nodes.Grad: "grad", nodes.Jacobian: "jac",
    }  # fmt: skip
    for kind, name in names.items():
        to_term.register(kind, lambda e, name=name: _many(name, e.args))


_register_calls()


def _register_sympy() -> None:
    """SymPy's own functions, which a user's expression may hold."""
    names = {
        sympy.tanh: "tanh", sympy.exp: "exp", sympy.log: "log", sympy.Abs: "abs", sympy.sign: "sign", sympy.erf: "erf",
        sympy.erfc: "erfc", sympy.cosh: "cosh", sympy.sinh: "sinh", sympy.Max: "max", sympy.Min: "min",
    }  # fmt: skip
    for kind, name in names.items():
        to_term.register(kind, lambda e, name=name: Term("call", tuple(to_term(a) for a in e.args), name=name))


_register_sympy()
