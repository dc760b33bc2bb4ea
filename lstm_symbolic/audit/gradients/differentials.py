"""Lines of differentials: ``dh_t = o_t (1 - tanh^2 c_t) dc_t`` says how h moves when c does, not what the loss says of either.

Such a line is right where its right side is the differential of the equation that defines its left side, along the variables it names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...expr.numeric import Evaluator
from ...expr.term import time_shift
from .statements import Line
from .trial import NOW, OPEN, Array, Misfit, World, value_of

_STEP = 1e-6


def is_differential(line: Line) -> bool:
    """Every adjoint of the line is a plain d with a variable's name."""
    keys = [line.target.key, *(a.key for a in line.adjoints.values())]
    known = all(a.variable for a in (line.target, *line.adjoints.values()))
    return known and all(k.startswith("d") and not k.startswith(("delta", "dp_")) for k in keys)


def holds_as_differential(line: Line, world: World) -> bool:
    """Is the right side the change of the left one, along random changes of the variables on the right?"""
    shift = time_shift(line.left) if line.left.index else None
    equation = next((e for e in world.step.cell.equations if e.lhs.name == line.target.variable), None)
    if shift is None or equation is None:
        return False
    rng = np.random.default_rng(7)
    changes: dict[tuple[str, int], Array] = {}
    for t in line.value.walk():
        if t.op == "sym" and t.name in line.adjoints:
            at = time_shift(t) if t.index else None
            place = (line.adjoints[t.name].variable, at)
            if at is None or place not in world.values:
                return False
            changes[place[0], at] = rng.uniform(-1, 1, world.values[place].shape)
    variables = {n: a.variable for n, a in line.adjoints.items()}

    def look(t):  # type: ignore[no-untyped-def]
        at = time_shift(t) if t.index else None
        found = changes.get((variables[t.name], at)) if t.name in variables else world.values.get((t.name, at))  # type: ignore[arg-type]
        if found is None:
            raise Misfit(f"no value for {t.name}")
        return found

    try:
        written = value_of(line.value, look)
    except Misfit:
        return False
    moved = (_moved(equation.rhs, world, shift, changes, _STEP) - _moved(equation.rhs, world, shift, changes, -_STEP)) / (2 * _STEP)
    return written.shape == moved.shape and bool(np.allclose(written, moved, rtol=1e-6, atol=1e-8))


def _moved(e, world: World, shift: int, changes: Mapping[tuple[str, int], Array], size: float) -> Array:  # type: ignore[no-untyped-def]
    table = {(n if s is None else (n, s + NOW)): v for (n, s), v in world.values.items()}
    table |= {(n, s + NOW): world.values[n, s] + size * v for (n, s), v in changes.items()}
    return np.asarray(Evaluator(table, world.dims, {"t": NOW + shift}, OPEN)(e))
