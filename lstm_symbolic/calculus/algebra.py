"""Sums and products as a textbook prints them: no zero, no factor one, like terms once, common elementwise factors in front.

Only what changes nothing but the form is done here. A transposed elementwise product stays as it is (``(r * h).T`` reads better than
``r.T * h.T``), and a matrix product is never multiplied out.
"""

from __future__ import annotations

from functools import reduce

from sympy import Expr, Integer, MatrixExpr, Mul, Rational
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul, OneMatrix, Transpose

from ..expr import Shape, shape_of
from ..expr.build import add, broadcast, divide, matmul, neg, ones, times
from ..expr.build import transpose as _transpose
from ..expr.nodes import Apply, Broadcast

ONE = Integer(1)


def zero(shape: Shape) -> Expr:
    """Zero in a shape, as the plain syntax writes it."""
    return times(Integer(0), ones(*shape))


def hadamard(*factors: Expr) -> Expr:
    """The elementwise product; numbers stand in front.

    >>> from sympy import symbols
    >>> a, b = symbols("a b", real=True)
    >>> hadamard(a, hadamard(Integer(-1), b), Integer(1))
    -a*b
    """
    number, rest = ONE, []
    for factor in factors:
        coefficient, core = split(factor)
        number *= coefficient
        rest += [f for f in parts(core) if f != ONE]
    above = [f for f in rest if not is_reciprocal(f)]
    product = scale(number, reduce(times, above)) if above else number
    product = reduce(divide, (f.operands[1] for f in rest if is_reciprocal(f)), product)
    full = max((shape_of(f) for f in factors), key=lambda s: sum(d != 1 for d in s))
    matrix = any(isinstance(f, MatrixExpr) for f in factors)
    return product if not matrix or isinstance(product, MatrixExpr) and shape_of(product) == full else broadcast(product, full)


def is_reciprocal(e: Expr) -> bool:
    """1 / u, elementwise."""
    return isinstance(e, Apply) and e.function == "div" and split(e.operands[0]) == (ONE, ONE)


def total(*terms: Expr) -> Expr:
    """The sum of terms of one shape: like terms collected, what all terms share taken out, a positive term first.

    >>> from sympy import symbols
    >>> from ..expr import plain
    >>> d, g, h = symbols("d g h", real=True)
    >>> plain(total(hadamard(Integer(-1), d, g), hadamard(d, h)))
    'd * (h - g)'
    """
    counts: dict[Expr, Rational] = {}
    for term in (t for e in terms for t in (e.args if isinstance(e, MatAdd) else (e,))):
        coefficient, core = split(term)
        counts[core] = counts.get(core, Integer(0)) + coefficient
    kept = sorted(((n, core) for core, n in counts.items() if n != 0), key=lambda pair: bool(pair[0] < 0))
    if not kept:
        return zero(shape_of(terms[0]))
    if len(kept) == 1:
        return _like(scale(*kept[0]), terms[0])
    lists = [parts(core) for _, core in kept]
    common = [f for f in lists[0] if f != ONE and all(f in other for other in lists[1:])]
    if not common:
        return _like(add(*(scale(*pair) for pair in kept)), terms[0])
    return hadamard(*common, total(*(hadamard(n, *_without(own, common)) for (n, _), own in zip(kept, lists, strict=True))))


def scale(number: Rational, e: Expr) -> Expr:
    """A number times an expression; in an elementwise product it stands before the first factor."""
    if number == 1 or e == ONE:
        return e if number == 1 else number
    if number < 0:
        return neg(scale(-number, e))
    return HadamardProduct(scale(number, e.args[0]), *e.args[1:]) if isinstance(e, HadamardProduct) else times(number, e)


def split(e: Expr) -> tuple[Rational, Expr]:
    """The number in front, and the rest."""
    if isinstance(e, Rational):
        return e, ONE
    if isinstance(e, Broadcast) and isinstance(e.args[0], Rational):
        return e.args[0], ONE
    if isinstance(e, OneMatrix):
        return ONE, ONE
    if isinstance(e, Mul | MatMul) and isinstance(e.args[0], Rational):
        number, rest = split(e.args[1]) if len(e.args) == 2 else (ONE, e.func(*e.args[1:], evaluate=False))
        return e.args[0] * number, rest
    if isinstance(e, HadamardProduct):
        number, first = split(e.args[0])
        return number, e if number == 1 else HadamardProduct(first, *e.args[1:])
    return ONE, e


def parts(e: Expr) -> list[Expr]:
    """The elementwise factors."""
    scalar = isinstance(e, Mul) and not isinstance(e, MatMul)  # SymPy's MatMul is a Mul
    return list(e.args) if scalar or isinstance(e, HadamardProduct) else [e]


def _without(factors: list[Expr], common: list[Expr]) -> list[Expr]:
    rest = list(factors)
    for f in common:
        rest.remove(f)
    return rest


def _like(e: Expr, model: Expr) -> Expr:
    """Numbers lose their shape on the way; the sum has the shape of its terms."""
    return broadcast(e, shape_of(model)) if isinstance(model, MatrixExpr) and not isinstance(e, MatrixExpr) else e


def product(*factors: Expr) -> Expr:
    """The matrix product; scalars come to the front."""
    return reduce(matmul, factors)


def transpose(e: Expr) -> Expr:
    """The transpose; of a matrix product the product of the transposes, in the other order."""
    if isinstance(e, Transpose):
        return e.arg
    if isinstance(e, MatMul):
        scalars = [a for a in e.args if not isinstance(a, MatrixExpr)]
        turned = product(*(transpose(a) for a in reversed(e.args) if isinstance(a, MatrixExpr)))
        return reduce(lambda matrix, s: times(s, matrix), reversed(scalars), turned)
    return _transpose(e)
