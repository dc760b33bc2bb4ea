"""The targets of export, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..cells import Cell, cell
from ..errors import LstmSymbolicError
from .numpy_code import numpy_source
from .plan import Plan, plan

#: Target -> the text of its file, for a plan and the types that it may have.
TARGETS: dict[str, Callable[[Plan, Sequence[str]], str]] = {"numpy": numpy_source}

DTYPES = ("float32", "float64")


def export(what: Cell | str, target: str = "numpy", dtype: str | None = None, gradients: bool = True) -> str:
    """The source of a cell (or of a cell of the zoo, by name) in a target.

    >>> source = export("lstm")
    >>> [line for line in source.splitlines() if line.startswith("def ") and "_check" not in line and "_shape" not in line]
    ['def init(dims, rng, dtype=DTYPES[-1]):', 'def forward(x, params, state=None, mask=None, workspace=None):', \
'def backward(d_outputs, cache, d_state=None):', 'def check_gradients(seed=0, eps=1e-6):']
    """
    if target not in TARGETS:
        raise LstmSymbolicError(f"no target {str(target)[:60]!r}", hint=f"targets are {', '.join(TARGETS)}")
    if dtype is not None and dtype not in DTYPES:
        raise LstmSymbolicError(f"no type {str(dtype)[:60]!r}", hint=f"types are {', '.join(DTYPES)}")
    return TARGETS[target](plan(cell(what) if isinstance(what, str) else what, gradients), (dtype,) if dtype else DTYPES)
