"""How many numbers a cell has to learn, from the shapes alone."""

from __future__ import annotations

import sympy
from sympy import Expr

from .cell import Cell


def parameter_count(cell: Cell) -> Expr:
    """The number of parameters as a formula in the dimensions.

    >>> from .catalogue import cell
    >>> parameter_count(cell("lstm"))
    4*n*(m + n + 1)
    """
    return sympy.factor(sympy.expand(sum(rows * cols for rows, cols in (cell.shapes[p] for p in cell.parameters))))
