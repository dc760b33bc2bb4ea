"""The Numba target: one file that imports numpy and numba, with the fused loops and the layout of the C target.

What suits C suits a compiler behind Python: rows are samples, everything between two products is one loop. Products are those of BLAS,
which Numba reaches through SciPy. Without Numba's decorator the functions are plain Python and compute the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..expr import write
from .c_layout import Group, Layout, spell
from .c_pieces import blocks, dimensions, steps_of
from .c_stages import forward_loops
from .constants import gradient
from .docstrings import REUSED, described
from .graph import ONE
from .lines import filled
from .numba_loops import NumbaBackwardLoops, NumbaLoop, row
from .numba_text import BACKWARD, BACKWARD_RUNTIME, FORWARD, RUNTIME, WORKSPACE
from .numpy_code import check_dimensions, example, tables
from .numpy_text import CHECKS, GRADIENT_CHECK, PREPARED
from .plan import Plan


def numba_source(plan: Plan, dtypes: Sequence[str] = ("float32", "float64")) -> str:
    """The text of the exported file.

    >>> from ..cells import cell
    >>> from .planning import plan
    >>> [line for line in numba_source(plan(cell("lstm"))).splitlines() if line.startswith(("def forward", "def backward"))]
    ['def forward(x, params, state=None, mask=None, workspace=None):', 'def backward(d_outputs, cache, d_state=None):']
    """
    check_dimensions(plan)
    layout, cell = Layout(plan), plan.cell
    single = cell.inputs[0] if len(cell.inputs) == 1 else ""
    memory, work = _memory(layout), _work(layout) if plan.gradients else {}
    forward, backward = list(_forward(layout, memory)), list(_backward(layout, memory, work)) if plan.gradients else []
    parts = [_head(plan, [*forward, *backward]), tables(plan, dtypes)]
    outputs = ", ".join(f'"{k}": "{write(plan.graph[n].size)}"' for k, n in plan.step.outputs.items())
    parts += [f"OUTPUTS = {{{outputs}}}\n"]
    for name, items in (("DIMENSIONS", dimensions(plan)), ("MEMORY", list(memory)), *((("WORK", list(work)),) if work else ())):
        parts += [_names(name, items)]
    parts += [CHECKS.replace("@dims@", re.sub('[{}"]', "", example(plan, 64))), RUNTIME, BACKWARD_RUNTIME if plan.gradients else ""]
    parts += ["\n", "\n".join(forward), "\n\n", "\n".join(["", *backward, "", ""]) if backward else "", _workspace(layout, memory, work)]
    parts += ["def forward(x, params, state=None, mask=None, workspace=None):\n"]
    inputs = ", ".join(f"{k} (T, B, {write(plan.graph[n].size)})" for k, n in plan.step.inputs.items())
    parts += ["\n".join(filled("    ", '"""', [f"Outputs, final state, and a cache, from inputs {inputs}."], '"""')), "\n"]
    if not single:
        parts += ["    if not isinstance(x, dict) or list(x) != list(INPUTS):\n"]
        parts += [f'        raise ValueError("x is not a dictionary of {", ".join(cell.inputs)}, in this order")\n']
    parts += [FORWARD.replace("@prepared@", PREPARED.replace("@inputs@", f'{{"{single}": x}}' if single else "x"))]
    if plan.gradients:
        parts += [BACKWARD.replace("@d_inputs@", f'd_inputs["{single}"]' if single else "d_inputs")]
        check = GRADIENT_CHECK.replace("@dims@", example(plan, 4)).replace("@x@", f'inputs["{single}"]' if single else "inputs")
        parts += [check.replace("@d_x@", f'{{"{single}": d_x}}' if single else "d_x")]
    return "".join(parts)


def _names(name: str, items: Sequence[str]) -> str:
    return "\n".join(filled("", f"{name} = (", [f'"{k}"' for k in items], ")")) + "\n"


def _head(plan: Plan, body: Sequence[str]) -> str:
    """The header of the NumPy file, for this one."""
    text = "\n".join(described(plan, "Numba (SciPy has to be there for its products)", REUSED))
    imports = "import math\n\n" if any("math." in line for line in body) else ""
    return f"{text}\n{imports}import numpy as np\nfrom numba import njit\n\n"


def _memory(layout: Layout) -> dict[str, str]:
    """The arrays of the forward pass, and how they are made; weights are matrices."""
    flat = {name: f"np.zeros({count}, dtype)" for name, count in layout.forward_arrays() if not _is_weight(name)}
    return flat | {
        f"w{g.number}_{a}": f"np.zeros(({spell(layout.graph[a].size)}, {g.width}), dtype)" for g in layout.groups for a in g.args
    }


def _is_weight(name: str) -> bool:
    return re.fullmatch(r"w\d+_\d+", name) is not None


def _work(layout: Layout) -> dict[str, str]:
    """The arrays of the backward pass; here a chunk is all steps."""
    arrays = {name: count.replace("span", "T") for name, count in layout.backward_arrays() if not name.startswith("rows")}
    return {name: f"np.zeros({count or 0}, dtype)" for name, count in arrays.items()}


def _workspace(layout: Layout, memory: dict[str, str], work: dict[str, str]) -> str:
    dims = dimensions(layout.plan)
    names, values = [f"size_{d}" for d in dims], [f'dims["{d}"]' for d in dims]
    text = WORKSPACE.replace("@locals@", f"        {', '.join(names)} = {', '.join(values)}" if dims else "        pass")
    text = text.replace("@memory@", "\n".join(filled("        ", "self.memory = (", list(memory.values()), ")")))
    made = ["", "    def backward_arrays(self):", f"        {', '.join(['T', 'B', *names])} = self.sizes", "        dtype = self.key[-1]"]
    made += filled("        ", "return (", list(work.values()), ")") if work else []
    return text.replace("@backward_arrays@\n", "\n".join([*made, ""]) if work else "")


def _opening(layout: Layout, name: str, arrays: Sequence[str], more: Sequence[str] = ()) -> Iterator[str]:
    """The first lines of a compiled function."""
    plan = layout.plan
    given = [*(f"x_{k}" for k in plan.step.inputs), *(f"p_{k}" for k in plan.cell.parameters), *more]
    yield "@compiled"
    yield from filled("", f"def {name}(", ["T", "B", *(f"size_{d}" for d in dimensions(plan)), "on", *given, *arrays], "):")
    yield f"    real, masked, first = {arrays[0]}.dtype.type, on.size > 0, 0"


def _forward(layout: Layout, memory: dict[str, str]) -> Iterator[str]:
    plan, graph = layout.plan, layout.graph
    yield from _opening(layout, "_forward", list(memory))
    for g in layout.groups:
        for a in g.args:
            yield f"    w{g.number}_{a}[:, :] = 0"
            for k, w, _ in blocks(layout, g, a):
                start, rows, columns = steps_of(layout, w)
                block = f"{spell(g.size)}, {spell(graph[a].size)}, {row(f'p_{w.name} + {start}')}"
                yield f"    pack(w{g.number}_{a}, {g.offset(k) or '0'}, {block}, {rows}, {columns})"
    for g in layout.groups:
        for i, a in enumerate(a for a in g.args if graph[a].op == "input"):
            yield f"    {_product(layout, g, a, 'first', 'T * B', i > 0)}"
    yield "    for t in range(T):"
    for level in range(max(layout.level.values(), default=0) + 1):
        for g in (g for g in layout.groups if g.level == level):
            started = any(graph[a].op == "input" for a in g.args)
            for i, a in enumerate(a for a in g.args if graph[a].op != "input"):
                yield f"        {_product(layout, g, a, 't', 'B', started or i > 0)}"
        yield from (f"        {line}" for line in forward_loops(layout, level, NumbaLoop))
    yield "        for q in range(B):"
    yield "            if masked and not on[t * B + q]:"
    for name, k in plan.step.previous.items():
        size = spell(graph[k].size)
        yield f"                for j in range({size}):"
        yield f"                    s_{name}[((t + 1) * B + q) * {size} + j] = s_{name}[(t * B + q) * {size} + j]"
    for name, k in plan.step.outputs.items():
        if name not in plan.step.states:
            size = spell(graph[k].size)
            yield f"                clear(y_{name}[(t * B + q) * {size} :], {size})"
    if not plan.step.previous and not plan.step.outputs:
        yield "                continue"


def _product(layout: Layout, g: Group, a: int, time: str, count: str, add: bool) -> str:
    rows, stride = layout.operand(a, time)
    target = row(f"a{g.number} + {time} * B * {g.width}")
    return f"times({count}, {row(rows)}, {stride}, w{g.number}_{a}, {target}, {add})"


def _backward(layout: Layout, memory: dict[str, str], work: dict[str, str]) -> Iterator[str]:
    plan, loops = layout.plan, NumbaBackwardLoops(layout)
    yield from _opening(layout, "_backward", [*memory, *work], [f"up_{k}" for k in plan.step.outputs])
    for name in work:
        if name.startswith(("sum", "use", "d_", "dx_")):
            yield f"    {name}[:] = 0"
    if plan.step.previous:
        originals = [f"{k}_in_place" for k in plan.step.previous]
        yield f"    {', '.join(originals)} = {', '.join(f'later_{k}' for k in plan.step.previous)}"
    yield "    for t in range(T - 1, -1, -1):"
    yield from (f"        new_{name}[:] = 0" for name in plan.step.previous)
    for stage in range(loops.last + 1):
        yield from (f"        {line}" for line in loops.loops(stage))
        for k in (k for k, when in loops.pulls.items() if when == stage):
            yield from (f"        {line}" for line in _pull(layout, k))
    for name in plan.step.previous:
        yield f"        later_{name}, new_{name} = new_{name}, later_{name}"
    if not plan.step.previous and not loops.stage:
        yield "        continue"
    yield from (f"    {line}" for line in _collect(layout))
    yield from (f"    {name}_in_place[:] = later_{name}" for name in plan.step.previous)


def _pull(layout: Layout, k: int) -> Iterator[str]:
    """Transposed weights applied to the deltas of everything that reads an operand."""
    node = layout.graph[k]
    target = f"new_{node.name}" if node.op == "previous" else f"pull{k}"
    for i, g in enumerate(g for g in layout.groups if k in g.args):
        rows = row(f"e{g.number} + t * B * {g.width}")
        yield f"times(B, {rows}, {g.width}, w{g.number}_{k}.T, {target}, {node.op == 'previous' or i > 0})"


def _collect(layout: Layout) -> Iterator[str]:
    """After the loop: the gradients of inputs, weights, biases and of what is made of parameters alone."""
    plan, graph = layout.plan, layout.graph
    for g in layout.groups:
        for a in g.args:
            size = spell(graph[a].size)
            rows, stride = layout.operand(a, "first")
            yield f"gradient(e{g.number}, {g.width}, {row(rows)}, {stride}, T * B, {size}, g{g.number}_{a})"
            if graph[a].op == "input":
                yield f"times(T * B, e{g.number}, {g.width}, w{g.number}_{a}.T, dx_{graph[a].name}, True)"
            for k, w, _ in blocks(layout, g, a):
                start, row_step, column_step = steps_of(layout, w)
                block = row(f"g{g.number}_{a} + {g.offset(k)} * {size}" if g.offset(k) else f"g{g.number}_{a}")
                yield f"spread({row(f'd_{w.name} + {start}')}, {row_step}, {column_step}, {block}, {spell(g.size)}, {size})"
        if any(graph[k].biases for k in g.nodes):
            yield "for r in range(T * B):"
            yield f"    spread(sum{g.number}, 0, 1, {row(f'e{g.number} + r * {g.width}')}, 1, {g.width})"
        for k in g.nodes:
            yield from (f"spread(d_{b}, 0, 1, {row(f'sum{g.number} + {g.offset(k) or 0}')}, 1, {spell(g.size)})" for b in graph[k].biases)
    for i, use in enumerate(plan.back.uses):
        size = plan.back.slots[use.slot].size
        for name, slope in gradient(graph, use.constant).items():
            loop = NumbaLoop(layout, size, lambda k: None)
            value = loop.value(slope)
            index = "0" if plan.cell.shapes[name] == (ONE, ONE) else "j"
            yield from (f"{local} = {row(pointer)}" for pointer, local in loop.rows.items())
            yield f"for j in range({spell(size)}):"
            yield from (f"    {line}" for line in loop.lines)
            yield "    for q in range(B):"
            yield f"        d_{name}[{index}] += use{i}[q * {spell(size)} + j] * {value}"
