"""Exported files as modules, and the cells that have a schedule."""

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from lstm_symbolic.cells import Cell, cell, cells
from lstm_symbolic.errors import UnsupportedNode
from lstm_symbolic.export import export

Array = np.ndarray[Any, Any]

#: Matrix memories, images, normalisation over features, functions without definition.
REFUSED = ("conv_lstm", "lstm_layer_norm", "lstm_lee", "mlstm", "mlstm_stabilised")
SUPPORTED = tuple(name for name in cells() if name not in REFUSED)


def load(source: str) -> ModuleType:
    module = ModuleType("exported")
    exec(compile(source, "exported.py", "exec"), module.__dict__)
    return module


def module_of(c: Cell) -> ModuleType:
    return load(export(c))


@cache
def zoo(name: str) -> ModuleType:
    return module_of(cell(name))


def draw(g: ModuleType, dims: dict[str, int], steps: int = 5, batch: int = 3, seed: int = 0) -> tuple[Any, Any, Any]:
    """Inputs, parameters and a state without zeros; a normaliser is positive."""
    rng = np.random.default_rng(seed)
    inputs = {k: rng.standard_normal((steps, batch, *g._shape((size,), dims))) for k, size in g.INPUTS.items()}
    params = {k: rng.standard_normal(g._shape(shape, dims)) * 0.5 for k, shape in g.PARAMETERS.items()}
    params |= {k: np.full_like(v, 0.1) for k, v in params.items() if k == "epsilon"}
    state = {k: rng.standard_normal((batch, *g._shape((size,), dims))) * 0.5 + 2 * (k == "nu") for k, size in g.STATES.items()}
    return (next(iter(inputs.values())) if len(inputs) == 1 else inputs), params, state


__all__ = ["REFUSED", "SUPPORTED", "UnsupportedNode", "draw", "load", "module_of", "zoo"]
