"""Constructors: one small function an operation. Shapes are checked, broadcasts made explicit, the author's order kept, nothing evaluated.

``times`` is the plain ``*`` (elementwise, or with a scalar), ``matmul`` the plain ``@``. Every function takes and returns SymPy
expressions; ``build`` walks a term.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import sympy
from sympy import Add, Expr, Integer, MatrixExpr, MatrixSymbol, Mul, Pow, Rational, Symbol
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Trace, Transpose

from ..errors import ReadError, ShapeError
from . import nodes
from .dims import SCALAR, Shape, is_scalar, symbol, write
from .functions import FUNCTIONS
from .term import Term, TermEquation

MAX_POWER_BITS = 20_000


def shape_of(e: Expr) -> Shape:
    """The shape of an expression; a plain scalar is 1x1."""
    return cast(Shape, e.shape) if isinstance(e, MatrixExpr) else SCALAR


def variable(name: str, shape: Shape = SCALAR, index: tuple[Expr, ...] = ()) -> Expr:
    """A symbol: a real scalar, a matrix, or a time-indexed one."""
    if index:
        return nodes.TimeSymbol(name, *shape, *index)
    return Symbol(name, real=True) if is_scalar(shape) else MatrixSymbol(name, *shape)


def broadcast(e: Expr, shape: Shape) -> Expr:
    """``e`` repeated to ``shape``, where it is a scalar, a row or a column of it."""
    have = shape_of(e)
    if isinstance(e, MatrixExpr) and have == shape:
        return e
    if all(h == 1 or h == s for h, s in zip(have, shape, strict=True)):
        return nodes.Broadcast(e, *shape)
    raise ShapeError(f"{_show(have)} does not fit {_show(shape)}")


def _show(shape: Shape) -> str:
    return f"({write(shape[0])}, {write(shape[1])})"


def _common(args: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """All arguments in one shape; one of them has it already (a column and a row alone do not make a matrix)."""
    shapes = [shape_of(a) for a in args]
    full = max(shapes, key=lambda s: sum(d != 1 for d in s))
    try:
        return tuple(broadcast(a, full) for a in args)
    except ShapeError:
        first = next(s for s in shapes if s != full and not all(h == 1 or h == f for h, f in zip(s, full, strict=True)))
        raise ShapeError(f"elementwise operation on shapes {_show(first)} and {_show(full)}") from None


def _flat(kind: Any, args: tuple[Expr, ...]) -> list[Expr]:
    return [x for a in args for x in (a.args if isinstance(a, kind) else (a,))]


def _scalars(*args: Expr) -> bool:
    return not any(isinstance(a, MatrixExpr) for a in args)


def add(*terms: Expr) -> Expr:
    """The sum, in the order given."""
    if len(terms) == 1:
        return terms[0]
    if _scalars(*terms):
        return Add(*_flat(Add, terms), evaluate=False)
    return MatAdd(*_flat(MatAdd, _common(terms)))


def neg(e: Expr) -> Expr:
    """The negation; the sign of a leading number changes."""
    if isinstance(e, Rational):
        return -e
    if isinstance(e, Mul | MatMul) and isinstance(e.args[0], Rational) and e.args[0] != -1:
        return e.func(-e.args[0], *e.args[1:], evaluate=False)
    return times(Integer(-1), e)


def times(a: Expr, b: Expr) -> Expr:
    """The plain ``*``: elementwise, or a scalar times anything.

    >>> n = symbol("n")
    >>> times(variable("alpha"), variable("h", (n, Integer(1))))
    alpha*h
    """
    if _scalars(a, b):
        return Mul(*_flat(Mul, (a, b)), evaluate=False)
    if _scalars(b):
        a, b = b, a
    if _scalars(a):
        return MatMul(*_flat(Mul, (a,)), *(b.args if isinstance(b, MatMul) else (b,)))
    return HadamardProduct(*_flat(HadamardProduct, _common((a, b))))


def divide(a: Expr, b: Expr) -> Expr:
    """Elementwise division; a quotient of two numbers is a number."""
    if isinstance(a, Rational) and isinstance(b, Rational) and b != 0:
        return a / b
    if _scalars(a, b):
        inverse = Pow(b, Integer(-1), evaluate=False)
        return inverse if a == 1 else Mul(*_flat(Mul, (a,)), inverse, evaluate=False)
    return nodes.Apply("div", *_common((a, b)))


def power(a: Expr, b: Expr) -> Expr:
    """Elementwise power; a number to an integer is a number, within a size limit."""
    if isinstance(a, Rational) and isinstance(b, Integer) and a != 0:
        if abs(int(b)) * max(int(a.p).bit_length(), int(a.q).bit_length()) > MAX_POWER_BITS:
            raise ReadError(f"{a}**{b} is too large a number")
        return a**b
    if _scalars(a, b):
        return Pow(a, b, evaluate=False)
    return nodes.Apply("pow", a, b) if _scalars(b) else nodes.Apply("pow", *_common((a, b)))


def matmul(a: Expr, b: Expr) -> Expr:
    """The matrix product; scalars come to the front."""
    if _scalars(a) or _scalars(b):
        if is_scalar(shape_of(a)) and is_scalar(shape_of(b)):
            return times(a, b)
        lone, other = (a, b) if _scalars(a) else (b, a)
        raise ShapeError(f"matrix product of the scalar {lone} with shape {_show(shape_of(other))}", hint="write * for a scalar factor")
    (_, inner), (other_inner, _) = shape_of(a), shape_of(b)
    if inner != other_inner:
        raise ShapeError(
            f"matrix product of shapes {_show(shape_of(a))} and {_show(shape_of(b))}: {write(inner)} is not {write(other_inner)}"
        )
    factors = _flat(MatMul, (a, b))
    front = [f for f in factors if _scalars(f)]
    return MatMul(*front, *(f for f in factors if not _scalars(f)))


def transpose(e: Expr) -> Expr:
    return e if _scalars(e) else Transpose(e)


def apply(name: str, *args: Expr) -> Expr:
    """A known or uninterpreted elementwise function.

    >>> apply("sigmoid", variable("a"))
    sigmoid(a)
    """
    if name in FUNCTIONS and len(args) not in FUNCTIONS[name][1]:
        raise ReadError(f"{name} takes {FUNCTIONS[name][1][0]} argument(s), here {len(args)}")
    if _scalars(*args):
        return FUNCTIONS[name][0](*args) if name in FUNCTIONS else sympy.Function(name, real=True)(*args)
    return nodes.Apply(name, *_common(args))


def _stack(kind: type[nodes.Node], axis: int, args: tuple[Expr, ...]) -> Expr:
    blocks = tuple(a if isinstance(a, MatrixExpr) else nodes.Broadcast(a, 1, 1) for a in args)
    across = {shape_of(b)[1 - axis] for b in blocks}
    if len(across) > 1:
        raise ShapeError("stacked blocks of shapes " + " and ".join(_show(shape_of(b)) for b in blocks))
    return blocks[0] if len(blocks) == 1 else kind(*blocks)


def vstack(*args: Expr) -> Expr:
    return _stack(nodes.VStack, 0, args)


def hstack(*args: Expr) -> Expr:
    return _stack(nodes.HStack, 1, args)


def concat(*args: Expr) -> Expr:
    """Stacking along the feature axis: below each other for columns, beside each other for rows."""
    shapes = [shape_of(a) for a in args]
    rows = all(r == 1 for r, _ in shapes) and any(c != 1 for _, c in shapes)
    batch = len({c for _, c in shapes}) > 1 and len({r for r, _ in shapes}) == 1
    return hstack(*args) if rows or batch else vstack(*args)


def diag(e: Expr) -> Expr:
    if all(d != 1 for d in shape_of(e)):
        raise ShapeError(f"diag of shape {_show(shape_of(e))}", hint="diag takes a column or a row")
    return nodes.Diag(e) if isinstance(e, MatrixExpr) else e


def trace(e: Expr) -> Expr:
    rows, cols = shape_of(e)
    if rows != cols:
        raise ShapeError(f"trace of shape {_show((rows, cols))}", hint="trace takes a square matrix")
    return Trace(e) if isinstance(e, MatrixExpr) else e


def ones(rows: Expr, *cols: Expr) -> Expr:
    return OneMatrix(rows, *(cols or (Integer(1),)))


def _lift(e: Expr) -> Expr:
    return e if isinstance(e, MatrixExpr) else nodes.Broadcast(e, 1, 1)


def _dimension(e: Expr) -> Expr:
    return e.subs({s: symbol(s.name) for s in e.free_symbols})


def _softmax(e: Expr) -> Expr:
    return nodes.Softmax(_lift(e))


def _jac(y: Expr, x: Expr) -> Expr:
    return nodes.Jacobian(y, x)


def _conv(kernel: Expr, x: Expr) -> Expr:
    return nodes.Conv(_lift(kernel), _lift(x), *shape_of(x))


def _conv_transpose(kernel: Expr, g: Expr) -> Expr:
    return nodes.ConvTranspose(_lift(kernel), _lift(g), *shape_of(g))


_OPERATIONS: dict[str, Callable[..., Expr]] = {
    "add": add, "neg": neg, "mul": times, "matmul": matmul, "div": divide, "pow": power, "T": transpose, "softmax": _softmax,
    "concat": concat, "vstack": vstack, "hstack": hstack, "diag": diag, "trace": trace, "jac": _jac, "conv": _conv,
    "conv_transpose": _conv_transpose,
    "total": lambda e: nodes.Total(_lift(e)), "norm": lambda e: nodes.Norm(_lift(e)), "grad": nodes.Grad,
}  # fmt: skip


def build(term: Term, shapes: Mapping[str, Shape], text: str = "") -> Expr:
    """The SymPy expression of a term; a symbol without a shape is a scalar. Errors point at the place in ``text``."""
    try:
        return _build(term, shapes, text)
    except (ShapeError, ReadError) as error:
        if error.offset is None and term.span is not None and text:
            raise type(error)(error.message, text, term.span[0], error.hint) from None
        raise


def _build(term: Term, shapes: Mapping[str, Shape], text: str) -> Expr:
    match term.op:
        case "num":
            return Rational(term.number.numerator, term.number.denominator)
        case "pi":
            return sympy.pi
        case "sym":
            return variable(term.name, shapes.get(term.name, SCALAR), term.index)
        case "ones":
            return ones(*(_dimension(i) for i in term.index))
        case "eye":
            return Identity(_dimension(term.index[0]))
        case "matrix":
            return sympy.ImmutableDenseMatrix([[build(x, shapes, text) for x in row.args] for row in term.args])
        case "sum" | "prod":
            kind = nodes.TimeSum if term.op == "sum" else nodes.TimeProd
            return kind(_lift(build(term.args[0], shapes, text)), *term.index)
    args = [build(a, shapes, text) for a in term.args]
    if term.op == "call":
        return apply(term.name, *args)
    if term.op == "conv_kernel":
        return nodes.ConvKernel(*(_lift(a) for a in args), *(_dimension(i) for i in term.index))
    return _OPERATIONS[term.op](*args)


def build_equation(equation: TermEquation, shapes: Mapping[str, Shape]) -> tuple[Expr, ...]:
    """The sides of a chain; they must have one shape (a scalar side broadcasts: ``h[0] = 0``)."""
    sides = tuple(build(s, shapes, equation.text) for s in equation.sides)
    known = {shape_of(s) for s in sides if not is_scalar(shape_of(s))}
    if len(known) > 1:
        raise ShapeError("the sides have shapes " + " and ".join(_show(shape_of(s)) for s in sides), equation.text or None, 0)
    return sides
