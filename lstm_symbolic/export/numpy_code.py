"""The NumPy target: one file that imports only numpy, written by a walk over the plan."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import UnsupportedNode
from ..expr import write
from . import numpy_ops as ops
from .docstrings import REUSED, described
from .lines import assigned, filled
from .naming import Names
from .numpy_backward import Backward
from .numpy_checkpoint import checkpoints
from .numpy_forward import FUNCTIONS, buffers, forward_function, listed, step_views
from .numpy_text import CHECKS, GRADIENT_CHECK
from .numpy_views import Views
from .plan import Plan

_RESERVED = (
    "np", "ws", "dtype", "dims", "params", "state", "mask", "workspace", "cache", "forward", "backward", "init", "Workspace", "off", "on",
    "T", "B", "t", "r", "k", "v", "u", "w", "q", "v_next", "u_next", "first", "last", "slot", "slots", "up", "some", "count", "math",
    "d_params", "d_outputs", "d_state", "final", "outputs", "inputs", "used", "deltas", "part", "arrays", "kinds", "key", *FUNCTIONS,
)  # fmt: skip


def numpy_source(plan: Plan, dtypes: Sequence[str] = ("float32", "float64"), between: int | None = None) -> str:
    """The text of the exported file; ``between`` is the number of steps between checkpoints, where memory counts more than time."""
    check_dimensions(plan)
    views = Views(plan, Names.of(plan.cell, *_RESERVED))
    private = "" if between is None else "_"
    forward = list(forward_function(views, f"{private}forward"))
    back = Backward(views) if plan.gradients else None
    backward = back.function(f"{private}backward") if back else []
    parts = [header(plan), tables(plan, dtypes), CHECKS.replace("@dims@", re.sub('[{}"]', "", example(plan, 64))), ""]
    parts += buffers(views)
    if back:
        parts += back.buffers()
    steps, names = listed("steps", step_views(views), "t in range(T)")
    rows, more = listed("rows", back.rows, "r in range(self.block)") if back else ([], {})
    names |= more
    parts += [*assigned("        ", list(names), list(names.values())), *steps, *(back.slots() if back else []), *rows]
    parts += [*([] if private else ["workspace = Workspace  # workspace(T, B, dims, dtype)"]), "", *forward]
    if plan.gradients:
        single = len(plan.cell.inputs) == 1
        passed = f'inputs["{plan.cell.inputs[0]}"]' if single else "inputs"
        check = GRADIENT_CHECK.replace("@dims@", example(plan, 4)).replace("@x@", passed)
        parts += ["", *backward, *([] if between is None else checkpoints(views, between))]
        parts += [check.replace("@d_x@", f'{{"{plan.cell.inputs[0]}": d_x}}' if single else "d_x").rstrip()]
    return re.sub("\n\n\n+", "\n\n", "\n".join(parts)) + "\n"  # texts of other targets are part of it, and they have two empty lines


def check_dimensions(plan: Plan) -> None:
    """Every dimension has to be readable from some shape."""
    cell = plan.cell
    if not cell.inputs:
        raise UnsupportedNode("the cell has no input, so that nothing says how many steps there are")
    known = {d for name in (*cell.parameters, *cell.inputs) for d in cell.shapes[name] if d.is_symbol}
    for name, shape in cell.shapes.items():
        for s in {s for d in shape for s in d.free_symbols} - known:
            raise UnsupportedNode(f"the size {s} of {name} is the size of no input, and no axis of a parameter")


def header(plan: Plan) -> str:
    needed = {n.name for n in plan.graph.nodes if n.op == "call"} & set(ops.DEFINITIONS)
    imports = [*(["import math", ""] if needed else []), "import numpy as np", ""]
    return "\n".join([*described(plan, "NumPy", REUSED), *imports, *(f"{ops.DEFINITIONS[n]}" for n in sorted(needed))])


def tables(plan: Plan, dtypes: Sequence[str]) -> str:
    cell, graph = plan.cell, plan.graph
    parameters = [f'"{k}": ("{write(cell.shapes[k][0])}", "{write(cell.shapes[k][1])}")' for k in cell.parameters]
    inputs = ", ".join(f'"{k}": "{write(graph[node].size)}"' for k, node in plan.step.inputs.items())
    states = ", ".join(f'"{k}": "{write(graph[node].size)}"' for k, node in plan.step.previous.items())
    types = ", ".join(f'"{d}"' for d in dtypes) + "," * (len(dtypes) == 1)
    opening = filled("", "PARAMETERS = {", parameters, "}") if parameters else ["PARAMETERS = {}"]
    return "\n".join([*opening, f"INPUTS, STATES, DTYPES = {{{inputs}}}, {{{states}}}, ({types})", ""])


def example(plan: Plan, first: int) -> str:
    """Dimensions for an example, each another number."""
    names = sorted({s.name for shape in plan.cell.shapes.values() for d in shape for s in d.free_symbols}, reverse=True)
    return "{" + ", ".join(f'"{name}": {first - k if first > 9 else 2 + (first + k) % 4}' for k, name in enumerate(names)) + "}"
