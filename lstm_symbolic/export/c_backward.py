"""The backward half of an exported C file: the loop over steps in chunks, and after each chunk its products."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .c_layout import Layout, spell
from .c_loops import BackwardLoops, Loop
from .c_pieces import blocks, packing, pointers, sizes, steps_of
from .constants import gradient
from .graph import ONE


def backward_function(layout: Layout) -> Iterator[str]:
    plan, graph = layout.plan, layout.graph
    loops = BackwardLoops(layout)
    yield "/* A step that does not happen hands on what it receives. */"
    yield "INLINE void keep(long size, REAL *to, const REAL *later, const REAL *up) {"
    yield "  for (long j = 0; j < size; j++) to[j] = later[j] + up[j];"
    yield "}"
    yield ""
    yield (
        "void backward(const long *dims, const REAL *const *in, const unsigned char *mask, REAL *memory, "
        "const REAL *const *up, REAL *work) {"
    )
    yield from sizes(layout)
    yield from pointers(layout, True)
    for name, count in layout.backward_arrays():
        if name.startswith(("sum", "use", "zeros")) or (name.startswith("d_") and name[2:] not in layout.whole):
            yield f"  memset({name}, 0, ({count}) * sizeof(REAL));"
        elif re.match(r"g\d", name):
            yield f"  if (!T || !B) memset({name}, 0, ({count}) * sizeof(REAL));"
    for name, terms in plan.back.inputs.items():
        if terms or not any(plan.step.inputs[name] in g.args for g in layout.groups):
            yield f"  memset(dx_{name}, 0, T * B * {spell(graph[plan.step.inputs[name]].size)} * sizeof(REAL));"
    for name in (k for k in plan.step.inputs if k not in plan.back.inputs):
        yield f"  memset(dx_{name}, 0, T * B * {spell(graph[plan.step.inputs[name]].size)} * sizeof(REAL));"
    for g in layout.groups:
        for a in g.args:
            yield from packing(layout, g, a, True)
    for i, (name, k) in enumerate(plan.step.previous.items()):
        size = f"B * {spell(graph[k].size)} * sizeof(REAL)"
        yield f"  if (up[{len(plan.step.outputs) + i}]) memcpy(later_{name}, up[{len(plan.step.outputs) + i}], {size});"
        yield f"  else memset(later_{name}, 0, {size});"
    yield "  for (long last = T, first = T; last > 0; last = first) {"
    yield "    first = last > span ? last - span : 0;"
    yield "    for (long t = last - 1; t >= first; t--) {"
    for name, k in plan.step.previous.items():
        yield f"      memset(new_{name}, 0, B * {spell(graph[k].size)} * sizeof(REAL));"
    for stage in range(loops.last + 1):
        yield from (f"      {line}" for line in loops.loops(stage))
        for k in (k for k, when in loops.pulls.items() if when == stage):
            yield from (f"      {line}" for line in _pull(layout, k))
    for name in plan.step.previous:
        yield f"      {{ REAL *other = later_{name}; later_{name} = new_{name}; new_{name} = other; }}"
    yield "    }"
    yield from (f"    {line}" for line in _chunk(layout))
    yield "  }"
    yield from (f"  {line}" for line in _collect(layout))
    for name, k in plan.step.previous.items():
        number = len(list(layout.forward_arrays())) + 1 + [n for n, _ in layout.backward_arrays()].index(f"later_{name}")
        size = spell(graph[k].size)
        yield f"  if (later_{name} != work + at[{number}]) memcpy(work + at[{number}], later_{name}, B * {size} * sizeof(REAL));"
    yield "}"


def _pull(layout: Layout, k: int) -> Iterator[str]:
    """Transposed weights applied to the deltas of everything that reads an operand."""
    node = layout.graph[k]
    target = f"new_{node.name}" if node.op == "previous" else f"pull{k}"
    size = spell(node.size)
    for i, g in enumerate(g for g in layout.groups if k in g.args):
        add = int(node.op == "previous" or i > 0)
        rows = f"e{g.number} + (t - first) * B * {g.width}"
        yield f"times(B, {size}, {g.width}, {rows}, {g.width}, 1, w{g.number}_{k}, {target}, {size}, {add});"


def _chunk(layout: Layout) -> Iterator[str]:
    """After a chunk of steps: the gradients of its inputs, and its part of those of weights and biases."""
    plan, graph = layout.plan, layout.graph
    started = {plan.step.inputs[name] for name, terms in plan.back.inputs.items() if terms}
    for g in layout.groups:
        for a in g.args:
            size = spell(graph[a].size)
            rows, stride = layout.operand(a, "first")
            deltas = f"(last - first) * B, e{g.number}, {g.width}"
            yield f"gradient({g.width}, {size}, {deltas}, {rows}, {stride}, g{g.number}_{a}, room, last < T);"
            if graph[a].op == "input":
                target = f"dx_{graph[a].name} + first * B * {size}"
                call = f"times((last - first) * B, {size}, {g.width}, e{g.number}, {g.width}, 1, w{g.number}_{a}, {target}, {size}, "
                yield f"{call}{int(a in started)});"
                started.add(a)
        if any(graph[k].biases for k in g.nodes):
            call = f"spread(sum{g.number}, 0, 1, e{g.number} + r * {g.width}, 1, {g.width}, 1);"
            yield f"for (long r = 0; r < (last - first) * B; r++) {call}"


def _collect(layout: Layout) -> Iterator[str]:
    """Gradients in the layout of the parameters."""
    plan, graph, done = layout.plan, layout.graph, layout.within
    for g in layout.groups:
        n = spell(g.size)
        for a in g.args:
            size = spell(graph[a].size)
            for k, w, _ in (b for b in blocks(layout, g, a) if b[1].name not in done):
                start, rows, columns = steps_of(layout, w)
                block = f"g{g.number}_{a} + ({g.offset(k) or '0'}) * {size}"
                yield f"spread(d_{w.name} + {start}, {rows}, {columns}, {block}, {n}, {size}, {int(w.name not in layout.whole)});"
        for k in g.nodes:
            for b in (b for b in graph[k].biases if b not in done):
                yield f"spread(d_{b}, 0, 1, sum{g.number} + {g.offset(k) or '0'}, 1, {n}, {int(b not in layout.whole)});"
    for i, use in enumerate(plan.back.uses):
        size = plan.back.slots[use.slot].size
        for name, slope in gradient(graph, use.constant).items():
            loop = Loop(layout, size, lambda k: None)
            value = loop.value(slope)
            shape = plan.cell.shapes[name]
            index = "0" if shape[0] == shape[1] == ONE else "j"
            yield f"for (long j = 0; j < {spell(size)}; j++) {{"
            yield from (f"  const REAL *{row} = {pointer};" for pointer, row in loop.rows.items())
            yield from (f"  {line}" for line in loop.lines)
            yield f"  d_{name}[{index}] += use{i}[j] * {value};"
            yield "}"
