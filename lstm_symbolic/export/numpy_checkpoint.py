"""Backpropagation with checkpoints: of the forward pass only the states of every K-th step are kept, and the backward pass computes what
stands between two of them again. A recurrence needs nothing but its state, so this is a wrapper around the passes over K steps; memory for
T steps becomes memory for K steps and T / K states, for one more forward pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..expr import write
from .numpy_forward import docstring
from .numpy_text import PREPARED
from .numpy_views import Views

WORKSPACE = '''
class Checkpoints:
    """Buffers for the steps between two checkpoints, the states at each checkpoint and after step T, the outputs."""
    def __init__(self, T, B, dims, dtype=DTYPES[-1]):
        self.key, self.used = (T, B, *(dims[k] for k in (@dimensions@)), np.dtype(dtype)), 0
        self.parts = [slice(t, min(t + BETWEEN, T)) for t in range(0, T, BETWEEN)]
        self.buffers = {steps: Workspace(steps, B, dims, dtype) for steps in {part.stop - part.start for part in self.parts}}
        sizes = [{k: _shape((size,), dims) for k, size in table.items()} for table in (STATES, OUTPUTS)]
        self.states = [{k: np.empty((B, *size), dtype) for k, size in sizes[0].items()} for _ in range(len(self.parts) + 1)]
        self.outputs = {k: np.empty((T, B, *size), dtype) for k, size in sizes[1].items()}

    def forward(self, number, inputs, params, mask):
        """The steps after a checkpoint."""
        part = self.parts[number]
        some = {k: v[part] for k, v in inputs.items()}
        ws = self.buffers[part.stop - part.start]
        return _forward(@some@, params, self.states[number], None if mask is None else mask[part], ws)

workspace = Checkpoints  # workspace(T, B, dims, dtype)

'''

FORWARD = """    ws.used += 1
    mask = None if mask is None else np.asarray(mask)
    for k, value in ws.states[0].items():
        value[...] = state.get(k, 0)
    for number, part in enumerate(ws.parts):
        some, end, _ = ws.forward(number, inputs, params, mask)
        for k, value in some.items():
            ws.outputs[k][part] = value
        for k, value in end.items():
            ws.states[number + 1][k][...] = value
    return dict(ws.outputs), dict(ws.states[-1]), (ws, ws.used, inputs, params, mask)
"""

BACKWARD = '''

def backward(d_outputs, cache, d_state=None):
    """Gradients of parameters, inputs and initial state, from those of outputs and final state (0 where missing). Inputs and parameters
    are read again: they have to be as they were."""
    ws, used, inputs, params, mask = cache
    if ws.used != used:
        raise ValueError("cache is stale: its workspace was used by another forward pass")
    ups, ends = ({k: v.shape for k, v in arrays.items()} for arrays in (ws.outputs, ws.states[-1]))
    d_outputs = _check("d_outputs", {} if d_outputs is None else d_outputs, ups, ws.key[-1], optional=True)
    d_state = _check("d_state", {} if d_state is None else d_state, ends, ws.key[-1], optional=True)
    d_state = {k: d_state[k].copy() if k in d_state else np.zeros(shape, ws.key[-1]) for k, shape in ends.items()}
    d_params, d_inputs = {k: np.zeros_like(v) for k, v in params.items()}, {k: np.empty_like(v) for k, v in inputs.items()}
    for number in reversed(range(len(ws.parts))):
        part, kept = ws.parts[number], ws.forward(number, inputs, params, mask)[2]
        some, d_x, d_state = _backward({k: v[part] for k, v in d_outputs.items()}, kept, d_state)
        for k in params:
            d_params[k] += some.pop(k)
        for k, value in @d_x@.items():
            d_inputs[k][part] = value
    return d_params, @d_inputs@, d_state
'''


def checkpoints(views: Views, steps: int) -> Iterator[str]:
    """The workspace and both passes, around ``_forward`` and ``_backward`` over at most ``steps`` steps."""
    plan = views.plan
    single = plan.cell.inputs[0] if len(plan.cell.inputs) == 1 else ""
    outputs = ", ".join(f'"{k}": "{write(plan.graph[n].size)}"' for k, n in plan.step.outputs.items())
    yield ""
    yield f"BETWEEN, OUTPUTS = {steps}, {{{outputs}}}  # steps between checkpoints"
    yield ""
    dimensions = "".join(f'"{d}", ' for d in views.dimensions).rstrip(" " if len(views.dimensions) == 1 else ", ")
    made = WORKSPACE.replace("@dimensions@", dimensions)
    yield made.replace("@some@", f'some["{single}"]' if single else "some")
    yield "def forward(x, params, state=None, mask=None, workspace=None):"
    yield from docstring(views)
    if not single:
        yield "    if not isinstance(x, dict) or list(x) != list(INPUTS):"
        yield "        raise ValueError(f\"x is not a dictionary of {', '.join(INPUTS)}, in this order\")"
    yield PREPARED.replace("@inputs@", f'{{"{single}": x}}' if single else "x")
    key = f"(T, B, {', '.join([*views.dimensions, 'dtype'])})"
    yield from views.dimension_lines("    ")
    yield "    ws = Checkpoints(T, B, dims, dtype) if workspace is None else workspace"
    yield f"    if ws.key != {key}:"
    yield f'        raise ValueError(f"workspace is for {{ws.key}}, expected {{{key}}}: T, B, dimensions, type")'
    yield FORWARD.rstrip()
    back = BACKWARD.replace("@d_x@", f'{{"{single}": d_x}}' if single else "d_x")
    yield back.replace("@d_inputs@", f'd_inputs["{single}"]' if single else "d_inputs").rstrip()
