"""The backward half of an exported C file: the loop over steps in chunks, and after each chunk its products."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .c_layout import Layout, spell
from .c_loops import BackwardLoops, Loop
from .c_pieces import blocks, packing, parallel, pointers, sizes, steps_of
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
    arguments = "const long *dims, const REAL *const *in, const unsigned char *mask, REAL *memory, const REAL *const *up, REAL *work"
    yield f"static void backward_part({arguments}, Team *team) {{"
    yield from sizes(layout)
    yield from pointers(layout, True)
    for name, count in layout.backward_arrays():
        if name.startswith(("sum", "use", "zeros")) or (name.startswith("d_") and name[2:] not in layout.whole):
            yield f"  clear_part({name}, {count});"
        elif re.match(r"g\d", name):
            yield f"  if (!T || !B) clear_part({name}, {count});"
    for name, terms in plan.back.inputs.items():
        if terms or not any(plan.step.inputs[name] in g.args for g in layout.groups):
            yield f"  clear_part(dx_{name}, T * B * {spell(graph[plan.step.inputs[name]].size)});"
    for name in (k for k in plan.step.inputs if k not in plan.back.inputs):
        yield f"  clear_part(dx_{name}, T * B * {spell(graph[plan.step.inputs[name]].size)});"
    for g in layout.groups:
        for a in g.args:
            yield from packing(layout, g, a, True)
    for i, (name, k) in enumerate(plan.step.previous.items()):
        given, (start, size) = f"up[{len(plan.step.outputs) + i}]", _own(layout, k)
        yield f"  if ({given}) memcpy(later_{name} + {start}, {given} + {start}, {size});"
        yield f"  else memset(later_{name} + {start}, 0, {size});"
    yield "  meet(team);"
    yield "  for (long last = T, first = T; last > 0; last = first) {"
    yield "    first = last > span ? last - span : 0;"
    yield "    for (long t = last - 1; t >= first; t--) {"
    for name, k in plan.step.previous.items():
        start, size = _own(layout, k)
        yield f"      memset(new_{name} + {start}, 0, {size});"
    for stage in range(loops.last + 1):
        yield from (f"      {line}" for line in loops.loops(stage))
        for k in (k for k, when in loops.pulls.items() if when == stage):
            yield from (f"      {line}" for line in _pull(layout, k))
    for name in plan.step.previous:
        yield f"      {{ REAL *other = later_{name}; later_{name} = new_{name}; new_{name} = other; }}"
    yield "    }"
    yield from (f"    {line}" for line in _chunk(layout))
    yield "  }"
    for name, k in plan.step.previous.items():
        number = len(list(layout.forward_arrays())) + 1 + [n for n, _ in layout.backward_arrays()].index(f"later_{name}")
        start, size = _own(layout, k)
        target = f"work + at[{number}]"
        yield f"  if (later_{name} != {target}) memcpy({target} + {start}, later_{name} + {start}, {size});"
    collected = list(_collect(layout))
    if collected:
        yield "  if (THREAD) return;"
        yield from (f"  {line}" for line in collected)
    yield "}"
    yield ""
    yield f"void backward({arguments}) {{"
    yield from parallel(layout, "backward_part(dims, in, mask, memory, up, work, &team);")


def _own(layout: Layout, k: int) -> tuple[str, str]:
    """Where the thread's samples of a state begin, and how long they are."""
    size = spell(layout.graph[k].size)
    return f"low * {size}", f"(high - low) * {size} * sizeof(REAL)"


def _pull(layout: Layout, k: int) -> Iterator[str]:
    """Transposed weights applied to the deltas of everything that reads an operand."""
    node = layout.graph[k]
    target = f"new_{node.name}" if node.op == "previous" else f"pull{k}"
    size = spell(node.size)
    for i, g in enumerate(g for g in layout.groups if k in g.args):
        add = int(node.op == "previous" or i > 0)
        rows = f"e{g.number} + ((t - first) * B + low) * {g.width}"
        product = f"{rows}, {g.width}, 1, w{g.number}_{k}, {target} + low * {size}, {size}, {add}"
        yield f"times(high - low, {size}, {g.width}, {product});"


def _chunk(layout: Layout) -> Iterator[str]:
    """After a chunk of steps: the gradients of its inputs, and its part of those of weights and biases."""
    plan, graph = layout.plan, layout.graph
    started = {plan.step.inputs[name] for name, terms in plan.back.inputs.items() if terms}
    for a in dict.fromkeys(a for g in layout.groups for a in g.args):
        rows, stride = layout.operand(a, "first")
        yield f"pack_part(rows{a}, (last - first) * B, 0, (last - first) * B, 0, {spell(graph[a].size)}, {rows}, {stride}, 1, 0);"
    yield "meet(team);"
    for g in layout.groups:
        for a in g.args:
            size = spell(graph[a].size)
            deltas = f"(last - first) * B, e{g.number}, {g.width}"
            yield f"gradient_part({g.width}, {size}, {deltas}, rows{a}, g{g.number}_{a}, last < T);"
            if graph[a].op == "input":
                target = f"dx_{graph[a].name} + first * B * {size}"
                call = f"times_part((last - first) * B, {size}, {g.width}, e{g.number}, {g.width}, 1, w{g.number}_{a}, {target}, {size}, "
                yield f"{call}{int(a in started)});"
                started.add(a)
        if any(graph[k].biases for k in g.nodes):
            yield f"sums_part(sum{g.number}, e{g.number}, (last - first) * B, {g.width});"
    yield "meet(team);"


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
            yield "for (long q = 0; q < B; q++)"
            yield f"for (long j = 0; j < {spell(size)}; j++) {{"
            yield from (f"  const REAL *{row} = {pointer};" for pointer, row in loop.rows.items())
            yield from (f"  {line}" for line in loop.lines)
            yield f"  d_{name}[{index}] += use{i}[q * {spell(size)} + j] * {value};"
            yield "}"
