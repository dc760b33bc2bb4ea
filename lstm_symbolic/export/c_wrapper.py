"""The Python file beside an exported C file: the same interface as the NumPy target, through ctypes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .c_layout import Layout
from .c_pieces import dimensions
from .lines import filled
from .naming import clean
from .numpy_code import example, tables
from .numpy_text import CHECKS, GRADIENT_CHECK, PREPARED
from .plan import Plan

HEAD = '''"""@title@: @what@ in C, called from Python.

The C file of the same name stands beside this one. On first use it is compiled into __pycache__, once for each type, with
    cc -O3 -march=native -fno-math-errno -fno-trapping-math -shared -fPIC -DREAL=float CELL.c -o CELL.float.so -lm
(or -DREAL=double and CELL.double.so); what stands beside it under these names is loaded as it is. CC and CFLAGS (-fopenmp) are heeded.
Arrays are time-major, (T, B, features) for T steps of B samples. A missing state is 0. A step whose mask (T, B) is 0
leaves every state of the sample as it is. With a workspace, results hold until its next use."""

import ctypes
import hashlib
import operator
import os
import platform
import subprocess
import tempfile
from pathlib import Path

import numpy as np

'''

LIBRARY = '''
FLAGS = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC"]
_LIBRARIES = {}


def _library(dtype):
    """The compiled functions for a type."""
    if dtype not in _LIBRARIES:
        source, real = Path(__file__).with_suffix(".c"), {"float32": "float", "float64": "double"}[dtype.name]
        built = source.with_suffix(f".{real}.so")
        if not built.exists():
            command = [os.environ.get("CC", "cc"), *FLAGS, *os.environ.get("CFLAGS", "").split(), f"-DREAL={real}"]
            key = hashlib.sha256(repr((command, platform.machine(), platform.node())).encode() + source.read_bytes()).hexdigest()[:16]
            built = source.parent / "__pycache__" / f"{source.stem}.{real}.{key}.so"
            try:
                built.parent.mkdir(exist_ok=True)
                folder = tempfile.mkdtemp(dir=built.parent)
            except OSError:
                folder = tempfile.mkdtemp()
                built = Path(folder) / "built.so"
            try:
                if not built.exists():
                    made = Path(folder) / "made.so"
                    done = subprocess.run([*command, str(source), "-o", str(made), "-lm"], capture_output=True, text=True, check=False)
                    if done.returncode:
                        raise RuntimeError(f"{command[0]} cannot compile {source}: {done.stderr[:2000]}")
                    made.replace(built)
            except FileNotFoundError:
                beside = source.with_suffix(f".{real}.so")
                raise RuntimeError(f"there is no C compiler {command[0]!r}: set CC, or build {beside} elsewhere") from None
            finally:
                if built.parent != Path(folder):
                    Path(folder).rmdir()
        _LIBRARIES[dtype] = library = ctypes.CDLL(str(built))
        for function, count in (("layout", 2), ("forward", 4), ("backward", 6)):
            if hasattr(library, function):
                getattr(library, function).argtypes, getattr(library, function).restype = [ctypes.c_void_p] * count, None
    return _LIBRARIES[dtype]


def _arena(count, dtype):
    """Memory that begins at a multiple of 64 bytes."""
    raw = np.empty(count * dtype.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + count * dtype.itemsize].view(dtype)


def _pointers(arrays):
    return (ctypes.c_void_p * max(len(arrays), 1))(*(None if a is None else a.ctypes.data for a in arrays))


class Workspace:
    """Memory for T steps of B samples, and views of the results in it."""

    def __init__(self, T, B, dims, dtype=DTYPES[-1]):
        dtype = np.dtype(dtype)
        self.key, self.used, self.seen = (T, B, *(dims[d] for d in DIMENSIONS), dtype), 0, ()
        self.dims = (ctypes.c_long * (len(DIMENSIONS) + 2))(T, B, *(dims[d] for d in DIMENSIONS))
        self.library, self.at = _library(dtype), (ctypes.c_long * (len(MEMORY) + len(WORK) + 2))()
        self.library.layout(self.dims, self.at)
        self.sizes = {k: _shape((size,), dims | {"1": 1})[0] for k, size in (STATES | OUTPUTS | INPUTS).items()}
        self.shapes = {k: _shape(shape, dims | {"1": 1}) for k, shape in PARAMETERS.items()}
        self.memory, self.work, self.given = _arena(self.at[len(MEMORY)], dtype), None, None
        self.start = self.memory.ctypes.data
        rows = {k: self.view(self.memory, MEMORY.index(f"s_{k}"), (T + 1, B, self.sizes[k])) for k in STATES}
        self.outputs = {
            k: rows[k][1:] if k in rows else self.view(self.memory, MEMORY.index(f"y_{k}"), (T, B, self.sizes[k])) for k in OUTPUTS
        }
        self.final = {k: v[T] for k, v in rows.items()}
        self.ups, self.ends = {k: (T, B, self.sizes[k]) for k in OUTPUTS}, {k: (B, self.sizes[k]) for k in STATES}

    def view(self, arena, number, shape):
        count = int(np.prod(shape))
        return arena[self.at[number] : self.at[number] + count].reshape(shape)

    def results(self, fresh):
        """Memory of the backward pass, and its results in it."""
        if fresh or self.work is None:
            T, B, first = *self.key[:2], len(MEMORY) + 1
            work = _arena(self.at[first + len(WORK)], self.key[-1])
            d_params = {k: self.view(work, first + WORK.index(f"d_{k}"), shape) for k, shape in self.shapes.items()}
            d_inputs = {k: self.view(work, first + WORK.index(f"dx_{k}"), (T, B, self.sizes[k])) for k in INPUTS}
            d_state = {k: self.view(work, first + WORK.index(f"later_{k}"), (B, self.sizes[k])) for k in STATES}
            results = work.ctypes.data, d_params, d_inputs, d_state
            if fresh:
                return results
            self.work = results
        return self.work

    def knows(self, keys, arrays):
        """Whether exactly these arrays were given last time, so that they need no check."""
        if self.seen[:1] != (keys,) or len(arrays) != len(self.seen[1]) or not all(map(operator.is_, arrays, self.seen[1])):
            return False
        return [a.shape for a in arrays] == self.seen[2]


workspace = Workspace  # workspace(T, B, dims, dtype)


'''

FORWARD = """    if workspace is not None and mask is None and type(params) is dict and type(state or {}) is dict:
        keys, arrays = (*params, *(state or ())), [@first@, *params.values(), *(state or {}).values()]
        if workspace.knows(keys, arrays):
            workspace.used += 1
            workspace.library.forward(workspace.dims, workspace.given, None, workspace.start)
            return dict(workspace.outputs), dict(workspace.final), (workspace, workspace.used, arrays, None, False)
@prepared@
    ws = Workspace(T, B, dims, dtype) if workspace is None else workspace
    if ws.key != (T, B, *(dims[d] for d in DIMENSIONS), dtype):
        expected = (T, B, *(dims[d] for d in DIMENSIONS), dtype)
        raise ValueError(f"workspace is for {ws.key}, expected {expected}: T, B, dimensions, type")
    ws.used += 1
    given = [*(inputs[k] for k in INPUTS), *(params[k] for k in PARAMETERS), *(state.get(k) for k in STATES)]
    packed = [None if a is None else np.ascontiguousarray(a) for a in given]
    ws.given, ws.seen = _pointers(packed), ()
    on = None if off is None else np.ascontiguousarray(~off, dtype=np.uint8)
    ws.library.forward(ws.dims, ws.given, None if on is None else on.ctypes.data, ws.start)
    if workspace is not None and mask is None and all(a is b for a, b in zip(given, packed)):
        ws.seen = keys, arrays, [a.shape for a in arrays]
    return dict(ws.outputs), dict(ws.final), (ws, ws.used, packed, on, workspace is None)
"""

BACKWARD = '''

def backward(d_outputs, cache, d_state=None):
    """Gradients of parameters, inputs and initial state, from those of outputs and final state (0 where missing)."""
    ws, used, kept, on, fresh = cache
    if ws.used != used:
        raise ValueError("cache is stale: its workspace was used by another forward pass")
    ups = _check("d_outputs", {} if d_outputs is None else d_outputs, ws.ups, ws.key[-1], optional=True)
    ends = _check("d_state", {} if d_state is None else d_state, ws.ends, ws.key[-1], optional=True)
    upstream = [*(ups.get(k) for k in OUTPUTS), *(ends.get(k) for k in STATES)]
    upstream = [None if a is None else np.ascontiguousarray(a) for a in upstream]
    start, d_params, d_inputs, d_start = ws.results(fresh)
    ws.library.backward(ws.dims, _pointers(kept) if fresh else ws.given, @mask@, ws.start, _pointers(upstream), start)
    return dict(d_params), @d_inputs@, dict(d_start)
'''


def c_wrapper(plan: Plan, dtypes: Sequence[str] = ("float32", "float64")) -> str:
    """The text of the Python file."""
    layout, cell = Layout(plan), plan.cell
    single = cell.inputs[0] if len(cell.inputs) == 1 else ""
    what = "forward pass and backpropagation through time" if plan.gradients else "forward pass"
    parts = [HEAD.replace("@title@", clean(cell.title) or "A recurrent cell").replace("@what@", what), tables(plan, dtypes)]
    outputs = ", ".join(f'"{k}": "{str(plan.graph[n].size).replace(" ", "")}"' for k, n in plan.step.outputs.items())
    parts += [f"OUTPUTS = {{{outputs}}}\n"]
    for name, items in (("DIMENSIONS", dimensions(plan)), ("MEMORY", [k for k, _ in layout.forward_arrays()])):
        parts += ["\n".join(filled("", f"{name} = (", [f'"{k}"' for k in items], ")")), "\n"]
    work = [k for k, _ in layout.backward_arrays()] if plan.gradients else []
    parts += ["\n".join(filled("", "WORK = (", [f'"{k}"' for k in work], ")")) if work else "WORK = ()", "\n"]
    parts += [CHECKS.replace("@dims@", re.sub('[{}"]', "", example(plan, 64))), LIBRARY]
    inputs = ", ".join(f"{k} (T, B, {n})" for k, n in ((k, plan.graph[n].size) for k, n in plan.step.inputs.items()))
    parts += ["def forward(x, params, state=None, mask=None, workspace=None):\n"]
    parts += ["\n".join(filled("    ", '"""', [f"Outputs, final state, and a cache, from inputs {inputs}."], '"""')), "\n"]
    if not single:
        parts += ["    if not isinstance(x, dict) or list(x) != list(INPUTS):\n"]
        parts += [f'        raise ValueError("x is not a dictionary of {", ".join(cell.inputs)}, in this order")\n']
    prepared = PREPARED.replace("@inputs@", f'{{"{single}": x}}' if single else "x")
    parts += [FORWARD.replace("@prepared@", prepared).replace("@first@", "x" if single else "*x.values()")]
    if plan.gradients:
        back = BACKWARD.replace("@d_inputs@", f'd_inputs["{single}"]' if single else "dict(d_inputs)")
        parts += [back.replace("@mask@", "None if on is None else on.ctypes.data")]
        check = GRADIENT_CHECK.replace("@dims@", example(plan, 4)).replace("@x@", f'inputs["{single}"]' if single else "inputs")
        parts += [check.replace("@d_x@", f'{{"{single}": d_x}}' if single else "d_x")]
    return "".join(parts)
