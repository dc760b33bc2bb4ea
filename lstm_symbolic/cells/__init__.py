"""Cells: closed systems of equations for one time step, their compositions, and the zoo of known cells."""

from .batch import batched
from .catalogue import as_cell, cell, cells
from .cell import Cell, leaves
from .compose import bidirectional, stack
from .counts import Operations, operation_count, parameter_count
from .layout import in_letters, transposed
from .timing import TIME
from .weights import concatenated, split, without_bias

__all__ = [
    "TIME", "Cell", "Operations", "as_cell", "batched", "bidirectional", "cell", "cells", "concatenated", "in_letters", "leaves",
    "operation_count", "parameter_count", "split", "stack", "transposed", "without_bias",
]  # fmt: skip
