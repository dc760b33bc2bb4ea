"""The targets of export, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..cells import Cell, as_cell
from ..errors import LstmSymbolicError
from ..expr.wanted import wanted
from .c_code import c_source
from .c_wrapper import c_wrapper
from .jax_code import jax_source
from .numba_code import numba_source
from .numpy_code import numpy_source
from .onnx_code import onnx_source
from .plan import Plan
from .planning import plan
from .torch_code import torch_source
from .weights_code import with_conversions

#: Target -> the text of its file, for a plan and the types that it may have.
TARGETS: dict[str, Callable[[Plan, Sequence[str]], str]] = {
    "numpy": numpy_source, "c": c_source, "numba": numba_source, "jax": jax_source, "torch": torch_source, "onnx": onnx_source,
}  # fmt: skip

#: Target -> what stands beside its file: the ending, and the text.
BESIDE: dict[str, tuple[str, Callable[[Plan, Sequence[str]], str]]] = {"c": (".py", c_wrapper)}

DTYPES = ("float32", "float64")


def export(
    what: Cell | str,
    target: str = "numpy",
    dtype: str | None = None,
    gradients: bool = True,
    checkpoint: int | None = None,
    weights: str | None = None,
) -> str:
    """The source of a cell (or of a cell of the zoo, by name) in a target; ``weights`` adds conversions from and to a framework's.

    In the file, ``x`` is (T, B, m) and ``h`` (T, B, n): time first, one sample a row. ``LstmSymbolicError`` for an unknown target, type or
    framework, ``UnsupportedNode`` where an operation of the cell has no code.

    >>> source = export("lstm")
    >>> [line for line in source.splitlines() if line.startswith("def ") and "_check" not in line and "_shape" not in line]
    ['def init(dims, rng, dtype=DTYPES[-1]):', 'def forward(x, params, state=None, mask=None, workspace=None):', \
'def backward(d_outputs, cache, d_state=None):', 'def check_gradients(seed=0, eps=1e-6):']
    """
    if wanted(target, str, "the name of a target", 'for example "numpy"') not in TARGETS:
        raise LstmSymbolicError(f"no target {str(target)[:60]!r}", hint=f"targets are {', '.join(TARGETS)}")
    schedule = plan(as_cell(what), gradients)
    source = _source(schedule, target, dtype, checkpoint)
    return source if weights is None else with_conversions(source, schedule.cell, wanted(weights, str, "the name of a framework"), target)


def _source(schedule: Plan, target: str, dtype: str | None, checkpoint: int | None) -> str:
    if checkpoint is None:
        return TARGETS[target](schedule, _types(dtype))
    if target != "numpy" or not schedule.gradients or wanted(checkpoint, int, "a number of steps") < 1:
        raise LstmSymbolicError(
            f"no checkpoint every {checkpoint} steps", hint="checkpoints are for numpy with gradients, every 1 or more steps"
        )
    return numpy_source(schedule, _types(dtype), checkpoint)


def beside(what: Cell | str, target: str, dtype: str | None = None, gradients: bool = True) -> dict[str, str]:
    """The files that belong beside the exported one, by their endings: the Python interface of C.

    >>> list(beside("lstm", "c")), beside("lstm", "numpy")
    (['.py'], {})
    """
    if target not in BESIDE:
        return {}
    ending, source = BESIDE[target]
    return {ending: source(plan(as_cell(what), gradients), _types(dtype))}


def _types(dtype: str | None) -> Sequence[str]:
    if dtype is not None and dtype not in DTYPES:
        raise LstmSymbolicError(f"no type {str(dtype)[:60]!r}", hint=f"types are {', '.join(DTYPES)}")
    return (dtype,) if dtype else DTYPES
