"""What a gradient is asked for: a cell, sizes, a number of steps, and values that are written down by a rule instead of drawn.

Both sides take them from here, ours and torch's, in any version of NumPy; every label has other values, none of them zero by intent.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_symbolic.cells import Cell

Array = np.ndarray[Any, Any]
BATCH = 2
#: (n, m) and the other dimensions; m differs from n, except where a cell needs both alike.
SIZES = ({"n": 2, "m": 3, "p": 4, "q": 3, "k": 3}, {"n": 3, "m": 2, "p": 2, "q": 4, "k": 3}, {"n": 4, "m": 1, "p": 3, "q": 5, "k": 5})
STEPS = (3, 1, 7)
#: What the stored results hold; the live comparison takes every size with every number of steps.
STORED = tuple(zip(SIZES, STEPS, strict=True))


@dataclass(frozen=True)
class Case:
    """One question: the gradients of Σ_t Σ_o <upstream_o[t], o[t]>, o over all outputs of the cell."""

    cell: Cell
    dims: dict[str, int]
    steps: int

    @property
    def label(self) -> str:
        return f"T={self.steps}, n={self.dims['n']}"

    def size(self, name: str) -> tuple[int, ...]:
        return tuple(int(d.subs({s: self.dims[s.name] for s in d.free_symbols})) for d in self.cell.shapes[name])

    def values(self, name: str, place: str, scale: float = 1.0) -> Array:
        """Numbers from -1 to 1 in the shape of a symbol, by a rule that knows only the label."""
        rows, cols = self.size(name)
        text = f"{self.cell.name}/{name}/{place}/{self.label}"
        entries = [(zlib.crc32(f"{text}/{k}".encode()) % 2001 - 1000) / 1000 for k in range(rows * cols)]
        return scale * np.array(entries).reshape(rows, cols)

    def parameters(self) -> dict[str, Array]:
        drawn = {name: self.values(name, "parameter", 0.9) for name in self.cell.parameters}
        return drawn | {name: np.full_like(v, 0.1) for name, v in drawn.items() if name == "epsilon"}

    def inputs(self, sample: int) -> dict[tuple[str, int], Array]:
        return {(name, t): self.values(name, f"{sample}, {t}") for name in self.cell.inputs for t in range(self.steps + 2)}

    def initial(self, sample: int) -> dict[str, Array]:
        """States before the first step; a normaliser is positive."""
        return {name: self.values(name, f"{sample}, 0", 0.8) + 1.5 * (name == "nu") for name in self.cell.states}

    def upstream(self, sample: int) -> dict[tuple[str, int], Array]:
        return {(name, t): self.values(name, f"upstream {sample}, {t}") for name in self.cell.outputs for t in range(1, self.steps + 1)}
