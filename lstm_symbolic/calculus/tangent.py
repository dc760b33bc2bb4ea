"""The derivative of every node, forward: given the tangents of the symbols, the tangent of an expression.

This is the other half of the table of ``vjp``: <g, tangent(e)> = Σ <cotangent of a, tangent of a> for every node, which the prover uses to
check each line of a derivation. A tangent with the shape of its symbol is a direction; one with more columns (the identity, say) is
a matrix of directions, and then the tangent of a column is its Jacobian: where a slope multiplies entries it becomes ``diag(slope) @``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch

import sympy
from sympy import Add, Basic, Expr, Integer, MatrixExpr, Mul, Number, Pow
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, Trace, Transpose

from ..errors import ShapeError, UnsupportedNode
from ..expr import nodes, plain, shape_of
from ..expr.build import add, apply, broadcast, divide, ones, power
from ..expr.dims import is_scalar
from ..expr.functions import Elementwise
from .algebra import hadamard, product, scale, split, total, transpose, zero
from .derivatives import partial

#: The tangents of symbols (and of adjoints); a symbol that is not named does not change.
Tangents = Mapping[Expr, Expr]


def tangent(e: Expr, of: Tangents) -> Expr:
    """The change of ``e`` to first order, where its symbols change by ``of``.

    >>> from ..expr import plain, read_term, build, shapes
    >>> sizes = shapes("W:n,m x:m,1 dx:m,1")
    >>> e, x, dx = (build(read_term(s), sizes) for s in ("tanh(W @ x)", "x", "dx"))
    >>> plain(tangent(e, {x: dx}))
    'dtanh(W @ x) * (W @ dx)'
    """
    found = change(e, of)
    return zero(shape_of(e)) if found is None else found


def change(e: Expr, of: Tangents) -> Expr | None:
    """The tangent, or None where nothing below changes."""
    if e in of:
        return of[e]
    if e.is_symbol or isinstance(e, nodes.Grad) or not e.args:
        return None
    return _rule(e, of)


@singledispatch
def _rule(e: Basic, of: Tangents) -> Expr | None:
    raise UnsupportedNode(f"no forward derivative for {type(e).__name__}")


def _sum(terms: Sequence[Expr | None]) -> Expr | None:
    """The sum; diag(a) @ U + diag(b) @ U is diag(a + b) @ U."""
    kept = [x for t in terms if t is not None for x in (t.args if isinstance(t, MatAdd) else (t,))]
    if not kept:
        return None
    slopes: dict[Expr, list[Expr]] = {}
    others = []
    for t in kept:
        number, core = split(t)
        first, *rest = core.args if isinstance(core, MatMul) else (core,)
        if isinstance(first, nodes.Diag):
            after = product(*rest) if rest else Identity(first.shape[0])
            slopes.setdefault(after, []).append(scale(number, first.args[0]))
        else:
            others.append(t)
    return total(*others, *(_diagonal(total(*found), after) for after, found in slopes.items()))


def _slope(e: Expr, slope: Expr, change: Expr) -> Expr:
    """slope * change, entry by entry of ``e``; for a matrix of directions diag(slope) @ change."""
    if not isinstance(change, MatrixExpr) or not _wide(e, change) or is_scalar(shape_of(e)):
        return hadamard(slope, change)
    if shape_of(e)[1] != 1:
        raise ShapeError("a matrix has no Jacobian that is a matrix", hint="ask for the derivative along a direction")
    (number, rest), (other, core) = split(slope), split(change)
    return scale(number * other, core if rest == 1 else _diagonal(rest, core))


def _diagonal(slope: Expr, change: Expr) -> Expr:
    """diag(slope) @ change; two diagonals in a row are one."""
    factors = change.args if isinstance(change, MatMul) else (change,)
    if isinstance(factors[0], Identity):
        return product(nodes.Diag(slope), *factors[1:])
    if isinstance(factors[0], nodes.Diag):
        return product(nodes.Diag(hadamard(slope, factors[0].args[0])), *factors[1:])
    return product(nodes.Diag(slope), change)


def _wide(e: Expr, change: Expr) -> bool:
    """Is this a matrix of directions?"""
    return shape_of(change) != shape_of(e)


def _one_direction(e: Expr, change: Expr) -> Expr:
    if _wide(e, change):
        raise ShapeError(f"no Jacobian that is a matrix for {plain(e)[:60]}", hint="ask for the derivative along a direction")
    return change


@_rule.register(Number)
@_rule.register(Identity)
@_rule.register(sympy.OneMatrix)
@_rule.register(sympy.ZeroMatrix)
@_rule.register(type(sympy.pi))
def _(e: Expr, of: Tangents) -> Expr | None:
    return None


@_rule.register(Add)
@_rule.register(MatAdd)
def _(e: Expr, of: Tangents) -> Expr | None:
    """The summands of one shape; a scalar or a bias beside a matrix is repeated already."""
    return _sum([change(a, of) for a in e.args])


@_rule.register(Mul)
@_rule.register(HadamardProduct)
def _(e: Expr, of: Tangents) -> Expr | None:
    changes = [(k, change(a, of)) for k, a in enumerate(e.args)]
    return _sum([_slope(e, hadamard(*e.args[:k], *e.args[k + 1 :]), d) for k, d in changes if d is not None])


@_rule.register(MatMul)
def _(e: Expr, of: Tangents) -> Expr | None:
    """A sum over the factors, each in its place; scalars stand in front."""
    scalars, matrices = ([a for a in e.args if isinstance(a, MatrixExpr) == wanted] for wanted in (False, True))
    terms = []
    for k, a in enumerate(scalars):
        d = change(a, of)
        terms.append(None if d is None else hadamard(d, *scalars[:k], *scalars[k + 1 :], product(*matrices)))
    for k, a in enumerate(matrices):
        d = change(a, of)
        if d is not None and k != len(matrices) - 1:
            _one_direction(a, d)
        if d is not None and isinstance(d, Identity) and len(matrices) > 1:
            terms.append(hadamard(*scalars, product(*matrices[:k], *matrices[k + 1 :])))
        elif d is not None:
            terms.append(hadamard(*scalars, product(*matrices[:k], d, *matrices[k + 1 :])))
    return _sum(terms)


@_rule.register(Transpose)
def _(e: Transpose, of: Tangents) -> Expr | None:
    d = change(e.arg, of)
    return None if d is None else transpose(_one_direction(e.arg, d))


@_rule.register(Trace)
def _(e: Trace, of: Tangents) -> Expr | None:
    d = change(e.arg, of)
    return None if d is None else Trace(_one_direction(e.arg, d))


@_rule.register(Pow)
def _(e: Pow, of: Tangents) -> Expr | None:
    return _power(e, e.args, of)


def _power(e: Expr, args: Sequence[Expr], of: Tangents) -> Expr | None:
    base, exponent = args
    by_base, by_exponent = change(base, of), change(exponent, of)
    below = base if exponent == 2 else power(base, exponent - 1 if isinstance(exponent, Number) else _minus_one(exponent))
    return _sum([
        None if by_base is None else _slope(e, hadamard(exponent, below), by_base),
        None if by_exponent is None else _slope(e, hadamard(e, apply("log", base)), by_exponent),
    ])  # fmt: skip


def _minus_one(e: Expr) -> Expr:
    return MatAdd(e, broadcast(Integer(-1), shape_of(e))) if isinstance(e, MatrixExpr) else Add(e, -1, evaluate=False)


@_rule.register(Elementwise)
@_rule.register(AppliedUndef)
def _(e: Expr, of: Tangents) -> Expr | None:
    return _function(e, e.plain if isinstance(e, Elementwise) else e.func.__name__, e.args, of)


def _function(e: Expr, name: str, args: Sequence[Expr], of: Tangents) -> Expr | None:
    terms = []
    for k, a in enumerate(args):
        d = change(a, of)
        slope = None if d is None else partial(name, k, args, e)
        if d is not None and slope is not None:
            terms.append(_slope(e, slope, d))
    return _sum(terms)


@_rule.register(nodes.Apply)
def _(e: nodes.Apply, of: Tangents) -> Expr | None:
    if e.function == "pow":
        return _power(e, e.operands, of)
    if e.function != "div":
        return _function(e, e.function, e.operands, of)
    above, below = e.operands
    by_above, by_below = change(above, of), change(below, of)
    return _sum([
        None if by_above is None else _slope(e, divide(Integer(1), below), by_above),
        None if by_below is None else _slope(e, scale(Integer(-1), divide(e, below)), by_below),
    ])  # fmt: skip


@_rule.register(nodes.Broadcast)
def _(e: nodes.Broadcast, of: Tangents) -> Expr | None:
    """A repeated scalar moves every row of its column alike."""
    d = change(e.args[0], of)
    if d is None or not _wide(e.args[0], d):
        return None if d is None else broadcast(d, shape_of(e))
    if not is_scalar(shape_of(e.args[0])) or shape_of(e)[1] != 1:
        _one_direction(e.args[0], d)
    return product(ones(shape_of(e)[0]), d)


@_rule.register(nodes.VStack)
@_rule.register(nodes.HStack)
def _(e: nodes.Node, of: Tangents) -> Expr | None:
    changes = [change(a, of) for a in e.args]
    if all(d is None for d in changes):
        return None
    columns = next(shape_of(d)[1] for d in changes if d is not None) if isinstance(e, nodes.VStack) else None
    blanks = [(shape_of(a)[0], columns or shape_of(a)[1]) for a in e.args]
    return e.func(*(zero(blank) if d is None else d for d, blank in zip(changes, blanks, strict=True)))


@_rule.register(nodes.Diag)
def _(e: nodes.Diag, of: Tangents) -> Expr | None:
    d = change(e.args[0], of)
    return None if d is None else nodes.Diag(_one_direction(e.args[0], d))


@_rule.register(nodes.Total)
def _(e: nodes.Total, of: Tangents) -> Expr | None:
    d = change(e.args[0], of)
    return None if d is None else _paired(ones(*shape_of(e.args[0])), e.args[0], d)


def _paired(weights: Expr, e: Expr, change: Expr) -> Expr:
    """Σ weights * change; for a matrix of directions weights.T @ change."""
    if not _wide(e, change):
        return nodes.Total(hadamard(weights, change))
    if shape_of(e)[1] != 1:
        _one_direction(e, change)
    return product(transpose(weights), change)


@_rule.register(nodes.Norm)
def _(e: nodes.Norm, of: Tangents) -> Expr | None:
    """d norm(A) = Σ A_ij dA_ij / norm(A)."""
    d = change(e.args[0], of)
    return None if d is None else divide(_paired(e.args[0], e.args[0], d), e)


@_rule.register(nodes.Softmax)
def _(e: nodes.Softmax, of: Tangents) -> Expr | None:
    """ds = s * (da - Σ s * da), the sum down a column or along a row."""
    d = change(e.args[0], of)
    if d is None:
        return None
    rows, cols = shape_of(e)
    if _wide(e, d):
        return _slope(e, e, add(d, scale(Integer(-1), product(ones(rows), _paired(e, e, d)))))
    mean = _paired(e, e, d) if 1 in (rows, cols) else product(ones(rows), product(transpose(ones(rows)), hadamard(e, d)))
    return hadamard(e, add(d, scale(Integer(-1), mean)))


@_rule.register(nodes.Conv)
def _(e: nodes.Conv, of: Tangents) -> Expr | None:
    """Bilinear, as its adjoints are."""
    changes = [(k, change(a, of)) for k, a in enumerate(e.args[:2])]
    for k, d in changes:
        if d is not None:
            _one_direction(e.args[k], d)
    return _sum([e.func(*e.args[:k], d, *e.args[k + 1 :]) for k, d in changes if d is not None])


@_rule.register(nodes.TimeSum)
def _(e: nodes.TimeSum, of: Tangents) -> Expr | None:
    """The tangents of what has a time are given for the running time."""
    if isinstance(e, nodes.TimeProd):
        raise UnsupportedNode("no forward derivative for TimeProd")
    d = change(e.args[0], of)
    return None if d is None else e.func(d, *e.args[1:])


@_rule.register(sympy.ImmutableDenseMatrix)
def _(e: sympy.ImmutableDenseMatrix, of: Tangents) -> Expr | None:
    entries = [change(a, of) for a in e.flat()]
    if all(d is None for d in entries):
        return None
    return sympy.ImmutableDenseMatrix(e.rows, e.cols, [Integer(0) if d is None else d for d in entries])
