"""What a cell costs, as formulas in its dimensions: the numbers it has to learn, and the operations of one step."""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr, MatrixExpr
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul

from ..expr import nodes, shape_of
from ..expr.functions import Elementwise
from .catalogue import as_cell
from .cell import Cell


def parameter_count(cell: Cell | str) -> Expr:
    """The number of parameters as a formula in the dimensions: the sum of rows times columns.

    >>> parameter_count("lstm")
    4*n*(m + n + 1)
    """
    cell = as_cell(cell)
    return sympy.factor(sympy.expand(sum(rows * cols for rows, cols in (cell.shapes[p] for p in cell.parameters))))


@dataclass(frozen=True)
class Operations:
    """Floating-point operations of one step for one sample: ``products`` of matrices (a multiplication and an addition each),
    ``elementwise`` products and sums, and ``functions`` such as tanh.
    """

    products: Expr
    elementwise: Expr
    functions: Expr

    @property
    def total(self) -> Expr:
        return sympy.expand(self.products + self.elementwise + self.functions)


def operation_count(cell: Cell | str) -> Operations:
    """What one step costs for one sample, in floating-point operations, as formulas in the dimensions.

    A product of n x m with m x 1 counts 2 n m.

    >>> operation_count("lstm")
    Operations(products=8*m*n + 8*n**2, elementwise=12*n, functions=5*n)
    """
    counts = {"products": sympy.Integer(0), "elementwise": sympy.Integer(0), "functions": sympy.Integer(0)}
    for e in as_cell(cell).equations:
        stack = [e.rhs]
        while stack:
            node = stack.pop()
            if getattr(node, "is_symbol", False) or isinstance(node, nodes.Broadcast) and not node.args[0].args:
                continue
            kind, count = _cost(node)
            counts[kind] += count
            stack += [a for a in node.args if isinstance(a, Expr)]
    return Operations(**{kind: sympy.expand(count) for kind, count in counts.items()})


def _cost(node: Expr) -> tuple[str, Expr]:
    """What one node costs beyond its arguments."""
    rows, cols = shape_of(node)
    match node:
        case MatMul():
            matrices = [a for a in node.args if isinstance(a, MatrixExpr)]
            inner = [shape_of(a)[1] for a in matrices[:-1]]
            return "products", sum((2 * rows * d * shape_of(matrices[-1])[1] for d in inner), sympy.Integer(0))
        case nodes.Conv():
            (high, wide), size = shape_of(node.args[0]), rows * cols
            return "products", 2 * size * high * wide
        case sympy.Add() | sympy.Mul() | HadamardProduct() | MatAdd():
            return "elementwise", (len(node.args) - 1) * rows * cols
        case nodes.Apply() if node.function in ("div", "pow"):
            return "elementwise", rows * cols
        case nodes.Total() | nodes.Softmax():
            inner_rows, inner_cols = shape_of(node.args[0])
            return "elementwise", inner_rows * inner_cols
        case nodes.Apply() | Elementwise() | AppliedUndef():
            return "functions", rows * cols
    return "elementwise", sympy.Integer(0)
