"""How large a Jacobian can be: bounds of its spectral norm, from the weights' norms and the ranges of the gates.

``norm`` is the Euclidean norm of all entries (Frobenius), which is at least the spectral norm; so every bound holds for both.
States start at 0, as in ``ranges``.
"""

from __future__ import annotations

from functools import singledispatch

import sympy
from sympy import Expr, Integer, MatrixExpr
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Transpose

from ..cells import Cell
from ..expr import nodes, shape_of
from .algebra import hadamard, parts, split, total
from .jacobian import Jacobians, jacobian
from .ranges import Known, interval, is_complement, ranges


def norm_bounds(jacobians: Jacobians | Cell | str) -> dict[tuple[str, str], Expr]:
    """A bound for the norm of every factor, by (state, earlier state): a scalar that its spectral norm does not exceed.

    The products of norms of Pascanu, Mikolov and Bengio 2013, section 2.1. ``norm`` of a weight may be either norm; states start at 0.

    >>> from lstm_symbolic.expr import plain
    >>> plain(norm_bounds("rnn")["h", "h"])
    'norm(U)'
    >>> plain(norm_bounds("lstm")["C", "h"])
    '1 / 4 * norm(C[t - 1]) * norm(U_f) + 1 / 4 * norm(U_i) + norm(U_C)'
    """
    found = jacobians if isinstance(jacobians, Jacobians) else jacobian(jacobians)
    known = ranges(found.cell)
    return {pair: bound(block, known) for pair, block in found.blocks.items()}


@singledispatch
def bound(e: Expr, known: Known) -> Expr:
    """A scalar that the spectral norm of ``e`` does not exceed."""
    return nodes.Norm(e) if isinstance(e, MatrixExpr) else sympy.Abs(e)


@bound.register(Identity)
def _(e: Identity, known: Known) -> Expr:
    return Integer(1)


@bound.register(MatAdd)
def _(e: MatAdd, known: Known) -> Expr:
    return total(*(bound(a, known) for a in e.args))


@bound.register(MatMul)
def _(e: MatMul, known: Known) -> Expr:
    """The norm of a product is at most the product of the norms; of numbers their sizes count."""
    return hadamard(*(bound(a, known) if isinstance(a, MatrixExpr) else abs(a) if a.is_Number else sympy.Abs(a) for a in e.args))


@bound.register(Transpose)
def _(e: Transpose, known: Known) -> Expr:
    return bound(e.arg, known)


@bound.register(nodes.HStack)
@bound.register(nodes.VStack)
def _(e: Expr, known: Known) -> Expr:
    return total(*(bound(a, known) for a in e.args))


@bound.register(nodes.Diag)
def _(e: nodes.Diag, known: Known) -> Expr:
    """The largest entry: what has a known range by its size, the rest by its norm."""
    number, core = split(e.args[0])
    size, rest, left = abs(number), list(parts(core)) if core != 1 else [], []
    while rest:
        f = rest.pop(0)
        partner = next((g for g in rest if is_complement(g, f) or is_complement(f, g)), None)
        both = None if partner is None else interval(HadamardProduct(f, partner), known)
        if partner is not None and both is not None and both.size != sympy.oo:
            rest.remove(partner)
            size *= both.size
        elif interval(f, known).size != sympy.oo:
            size *= interval(f, known).size
        else:
            left.append(nodes.Norm(f))
    return hadamard(size, *left)


@bound.register(OneMatrix)
def _(e: OneMatrix, known: Known) -> Expr:
    return Integer(1) if all(d == 1 for d in shape_of(e)) else nodes.Norm(e)
