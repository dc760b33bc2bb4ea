"""Solved parameters written down as expressions: blocks put together, selected from others, scaled, transposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Expr, MatrixSymbol, Symbol
from sympy.matrices.expressions import Identity, MatAdd, MatMul, Transpose, ZeroMatrix

from ..errors import UnsupportedNode
from ..expr import dims as sizes
from ..expr import nodes
from .axes import Axes, leaves
from .dag import SCALAR, Dim, Node, write_dim

#: A block of a parameter: name, row block, column block.
Block = tuple[str, int, int]
#: A linear combination of blocks (flagged where transposed); None is the constant 1.
Combination = dict[tuple[Block, bool] | None, Any]


class Spelling:
    """Expressions for the parameters of a general system in those of a special one; ``axes`` knows how they are cut."""

    def __init__(self, general: Mapping[str, Node], special: Mapping[str, Node], axes: Axes) -> None:
        self.general, self.special, self.axes = general, special, axes

    def expression(self, name: str, values: dict[Block, Combination]) -> Expr:
        """A parameter of the general system, written in those of the special one."""
        rows, cols = self.blocks(self.general[name])
        whole = self.whole(name, len(rows), len(cols), values)
        if whole is not None:
            return whole
        grid = [[self.block(values.get((name, i, j), {}), r, c) for j, c in enumerate(cols)] for i, r in enumerate(rows)]
        lines = [line[0] if len(line) == 1 else nodes.HStack(*map(_lift, line)) for line in grid]
        return lines[0] if len(lines) == 1 else nodes.VStack(*map(_lift, lines))

    def whole(self, name: str, rows: int, cols: int, values: dict[Block, Combination]) -> Expr | None:
        """One parameter of the same cut, scaled, maybe transposed: then it need not be taken apart."""
        if rows * cols == 1:
            return None
        terms = {(i, j): list(values.get((name, i, j), {}).items()) for i in range(rows) for j in range(cols)}
        (term, c), *more = terms[0, 0] or [(None, 0)]
        if term is None or more:
            return None
        (other, _, _), transposed = term
        expected = {(i, j): [(((other, *((j, i) if transposed else (i, j))), transposed), c)] for i, j in terms}
        symbol = self.special[other]
        if terms != expected or tuple(map(len, self.blocks(symbol))) != ((cols, rows) if transposed else (rows, cols)):
            return None
        matrix = MatrixSymbol(other, *map(_size, symbol.shape))
        return _scaled(c, Transpose(matrix) if transposed else matrix)

    def blocks(self, symbol: Node) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
        """How a parameter is cut; one that the slots do not show is whole."""
        pair = self.axes.named.get(symbol.data[0])
        if pair is None:
            return (symbol.shape[0],), (symbol.shape[1],)
        return tuple(x.size for x in leaves(pair[0])), tuple(x.size for x in leaves(pair[1]))

    def block(self, value: Combination, rows: Dim, cols: Dim) -> Expr:
        terms = [_scaled(c, self.term(term, rows, cols)) for term, c in value.items()]
        if not terms:
            return sympy.Integer(0) if (rows, cols) == SCALAR else ZeroMatrix(_size(rows), _size(cols))
        return terms[0] if len(terms) == 1 else sympy.Add(*terms, evaluate=False) if (rows, cols) == SCALAR else MatAdd(*terms)

    def term(self, term: tuple[Block, bool] | None, rows: Dim, cols: Dim) -> Expr:
        if term is None:
            return sympy.Integer(1) if (rows, cols) == SCALAR else sympy.OneMatrix(_size(rows), _size(cols))
        (name, i, j), transposed = term
        symbol = self.special[name]
        whole: Expr = Symbol(name, real=True) if symbol.shape == SCALAR else MatrixSymbol(name, *map(_size, symbol.shape))
        row_sizes, col_sizes = self.blocks(symbol)
        if len(row_sizes) > 1:
            whole = MatMul(Transpose(_selector(row_sizes, i)), whole)
        if len(col_sizes) > 1:
            whole = MatMul(whole, _selector(col_sizes, j))
        if symbol.shape == SCALAR and (rows, cols) != SCALAR:
            return nodes.Broadcast(whole, _size(rows), _size(cols))
        shape = (row_sizes[i], col_sizes[j])
        if transposed or (shape != (rows, cols) and shape == (cols, rows)):
            return Transpose(whole)
        if shape != (rows, cols):
            raise UnsupportedNode("parameters of different shapes")
        return whole


def _selector(parts: tuple[Dim, ...], which: int) -> Expr:
    """The columns of the identity that pick one block: ``W @ vstack(eye(n), 0)`` is the first n columns of W."""
    size = parts[which]
    blocks = [Identity(_size(d)) if k == which else ZeroMatrix(_size(d), _size(size)) for k, d in enumerate(parts)]
    return nodes.VStack(*blocks)


def _size(d: Dim) -> Expr:
    return sizes.dim(write_dim(d))


def _lift(e: Expr) -> Expr:
    return e if isinstance(e, sympy.MatrixExpr) else nodes.Broadcast(e, 1, 1)


def _scaled(c: Any, e: Expr) -> Expr:
    if c == 1:
        return e
    number = sympy.Rational(int(c.p), int(c.q))
    return MatMul(number, e) if isinstance(e, sympy.MatrixExpr) else sympy.Mul(number, e, evaluate=False)
