"""The plain syntax, written: the ASCII form of every expression. Reading it back gives the same expression."""

from __future__ import annotations

from functools import singledispatch

import sympy
from sympy import Add, Basic, Expr, Integer, MatrixSymbol, Mul, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Trace, Transpose, ZeroMatrix

from ..errors import UnsupportedNode
from . import nodes
from .build import shape_of
from .functions import COMPARISONS, Elementwise

SUM, PRODUCT, UNARY, POWER, ATOM = 1, 2, 3, 4, 5


def plain(e: Expr | tuple[Expr, ...] | sympy.Equality) -> str:
    """The plain text of an expression, of an ``Eq``, or of a chain of sides.

    >>> x, y = sympy.symbols("x y", real=True)
    >>> plain(sympy.Eq(y, Add(x, Mul(-1, y, evaluate=False), evaluate=False), evaluate=False))
    'y = x - y'
    """
    if isinstance(e, sympy.Equality):
        e = (e.lhs, e.rhs)
    return " = ".join(_write(s)[0] for s in (e if isinstance(e, tuple) else (e,)))


@singledispatch
def _write(e: Basic) -> tuple[str, int]:
    """Text and binding strength."""
    raise UnsupportedNode(f"no plain form for {type(e).__name__}")


def _paren(e: Basic, least: int) -> str:
    text, strength = _write(e)
    return f"({text})" if strength < least else text


def _call(name: str, *args: Basic) -> tuple[str, int]:
    return f"{name}({', '.join(_write(a)[0] for a in args)})", ATOM


def time(i: Basic) -> str:
    """``t - 1``, terms in SymPy's order, the symbol first."""
    return sympy.sstr(i)


@_write.register(Symbol)
@_write.register(MatrixSymbol)
def _(e: Symbol) -> tuple[str, int]:
    return e.name, ATOM


@_write.register(nodes.TimeSymbol)
def _(e: nodes.TimeSymbol) -> tuple[str, int]:
    return f"{e.name}[{', '.join(time(i) for i in e.index)}]", ATOM


@_write.register(Rational)
def _(e: Rational) -> tuple[str, int]:
    text = _decimal(e) or (str(e.p) if e.q == 1 else f"{e.p} / {e.q}")
    return text, (UNARY if e.p < 0 else ATOM) if "/" not in text else PRODUCT


def _decimal(e: Rational) -> str | None:
    """0.14, where that is exact and shorter than a fraction a person would write."""
    if e.q < 10 or 10**6 % e.q:
        return None
    text = f"{abs(e.p) * (10**6 // e.q):07d}"
    return ("-" if e.p < 0 else "") + (text[:-6] + "." + text[-6:]).rstrip("0")


@_write.register(type(sympy.pi))
def _(e: Basic) -> tuple[str, int]:
    return "pi", ATOM


@_write.register(Add)
@_write.register(MatAdd)
def _(e: Add) -> tuple[str, int]:
    text = _paren(e.args[0], PRODUCT)
    for a in e.args[1:]:
        if isinstance(a, MatMul) and len(a.args) == 2 and a.args[0] == -1:
            text += f" - {_paren(a.args[1], PRODUCT)}"
        else:
            term = _paren(a, PRODUCT)
            text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
    return text, SUM


def _product(factors: list[tuple[str, Basic]], sign: str = "") -> tuple[str, int]:
    """Factors joined by their operator; all operators bind alike and to the left."""
    text = ""
    for k, (operator, factor) in enumerate(factors):
        text += f" {operator} " if k else sign
        text += _paren(factor, PRODUCT if k == 0 and not sign else UNARY if k == 0 else POWER)
    return text, PRODUCT


@_write.register(Mul)
def _(e: Mul) -> tuple[str, int]:
    args = list(e.args)
    sign = "-" if args[0] == -1 and len(args) > 1 else ""
    factors: list[tuple[str, Basic]] = []
    for a in args[1:] if sign else args:
        if isinstance(a, Pow) and a.exp == -1:
            factors += ([("*", Integer(1))] if not factors else []) + [("/", a.base)]
        else:
            factors.append(("*", a))
    return _product(factors, sign)


@_write.register(MatMul)
def _(e: MatMul) -> tuple[str, int]:
    scalars = [a for a in e.args if not isinstance(a, sympy.MatrixExpr)]
    matrices = [a for a in e.args if isinstance(a, sympy.MatrixExpr)]
    sign = "-" if scalars and scalars[0] == -1 else ""
    front = [("*", a) for a in (scalars[1:] if sign else scalars)]
    return _product(front + [("*" if k == 0 else "@", m) for k, m in enumerate(matrices)], sign)


@_write.register(HadamardProduct)
def _(e: HadamardProduct) -> tuple[str, int]:
    return _product([("*", a) for a in e.args])


@_write.register(Pow)
def _(e: Pow) -> tuple[str, int]:
    if e.exp == -1:
        return _product([("*", Integer(1)), ("/", e.base)])
    return f"{_paren(e.base, ATOM)} ** {_paren(e.exp, UNARY)}", POWER


@_write.register(Transpose)
def _(e: Transpose) -> tuple[str, int]:
    return f"{_paren(e.arg, ATOM)}.T", ATOM


def _function(name: str, args: tuple[Basic, ...]) -> tuple[str, int]:
    if name in COMPARISONS:
        return f"{_paren(args[0], SUM)} {COMPARISONS[name]} {_paren(args[1], SUM)}", 0
    return _call(name, *args)


@_write.register(Elementwise)
def _(e: Elementwise) -> tuple[str, int]:
    return _function(e.plain, e.args)


@_write.register(AppliedUndef)
def _(e: AppliedUndef) -> tuple[str, int]:
    return _call(e.func.__name__, *e.args)


@_write.register(nodes.Apply)
def _(e: nodes.Apply) -> tuple[str, int]:
    if e.function == "div":
        return _product([("*", e.operands[0]), ("/", e.operands[1])])
    if e.function == "pow":
        return f"{_paren(e.operands[0], ATOM)} ** {_paren(e.operands[1], UNARY)}", POWER
    return _function(e.function, e.operands)


@_write.register(nodes.Broadcast)
def _(e: nodes.Broadcast) -> tuple[str, int]:
    """Implicit: another operand of the same operation has the full shape."""
    return _write(e.args[0])


@_write.register(nodes.VStack)
@_write.register(nodes.HStack)
def _(e: nodes.Node) -> tuple[str, int]:
    upright = isinstance(e, nodes.VStack)
    vectors = all(shape_of(a)[1 if upright else 0] == 1 for a in e.args)
    return _call("concat" if vectors else "vstack" if upright else "hstack", *e.args)


@_write.register(OneMatrix)
def _(e: OneMatrix) -> tuple[str, int]:
    dims = e.args[:1] if e.args[1] == 1 else e.args
    return f"ones({', '.join(str(d) for d in dims)})", ATOM


@_write.register(ZeroMatrix)
def _(e: ZeroMatrix) -> tuple[str, int]:
    return f"0 * ones({', '.join(str(d) for d in e.args)})", PRODUCT


@_write.register(Identity)
def _(e: Identity) -> tuple[str, int]:
    return f"eye({e.args[0]})", ATOM


@_write.register(sympy.ImmutableDenseMatrix)
def _(e: sympy.ImmutableDenseMatrix) -> tuple[str, int]:
    rows = ", ".join("[" + ", ".join(_write(x)[0] for x in e.row(i)) + "]" for i in range(e.rows))
    return f"matrix([{rows}])", ATOM


@_write.register(nodes.TimeSum)
def _(e: nodes.TimeSum) -> tuple[str, int]:
    name = "Prod" if isinstance(e, nodes.TimeProd) else "Sum"
    body, var, low, high = e.args
    return f"{name}({_write(body)[0]}, ({var}, {time(low)}, {time(high)}))", ATOM


def _register_calls() -> None:
    """Nodes written as one call of their arguments."""
    names: dict[type[Basic], str] = {
        nodes.Diag: "diag", nodes.Softmax: "softmax", nodes.Total: "total", nodes.Norm: "norm", Trace: "trace",
        nodes.Grad: "grad", nodes.Jacobian: "jac",
    }  # fmt: skip
    for kind, name in names.items():
        _write.register(kind, lambda e, name=name: _call(name, *e.args))
    _write.register(nodes.Conv, lambda e: _call("conv", *e.args[:2]))


_register_calls()
