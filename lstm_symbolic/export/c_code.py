"""The C target: one self-contained file, its matrix products included. Compiled once for float and once for double (-DREAL=float)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

from .c_layout import Group, Layout, spell
from .c_loops import BackwardLoops, Loop, forward_loops
from .constants import gradient
from .graph import ONE, Weight
from .naming import clean
from .numpy_code import check_dimensions
from .plan import Plan

#: How the file is compiled.
BUILD = "cc -O3 -march=native -fno-math-errno -fno-trapping-math -shared -fPIC -DREAL=float"


def dimensions(plan: Plan) -> list[str]:
    return sorted({s.name for shape in plan.cell.shapes.values() for d in shape for s in d.free_symbols})


def c_source(plan: Plan, dtypes: Sequence[str] = ("float32", "float64")) -> str:
    """The text of the C file.

    >>> from ..cells import cell
    >>> from .plan import plan
    >>> [line for line in c_source(plan(cell("lstm"))).splitlines() if line.startswith("void")]
    ['void layout(const long *dims, long *at) {', 'void forward(const long *dims, const REAL *const *in, const unsigned char *mask, \
REAL *memory) {', 'void backward(const long *dims, const REAL *const *in, const unsigned char *mask, REAL *memory, \
const REAL *const *up, REAL *work) {']
    """
    check_dimensions(plan)
    layout = Layout(plan)
    runtime = files(__package__).joinpath("c_runtime.c").read_text(encoding="utf-8")
    if dtypes == ("float32",):
        runtime = runtime.replace("#define REAL double", "#define REAL float")
    parts = [*_header(layout), runtime, *_layout(layout), "", *_forward(layout)]
    if plan.gradients:
        parts += ["", *_backward(layout)]
    return "\n".join(parts) + "\n"


def _header(layout: Layout) -> Iterator[str]:
    cell, plan = layout.plan.cell, layout.plan

    def comment(text: str) -> str:
        return clean(text).replace("*/", "* /").replace("/*", "/ *")

    yield f"/* {comment(cell.title) or 'A recurrent cell'}: forward pass{' and backpropagation through time' * plan.gradients}."
    yield ""
    yield from (f"     {comment(line)}" for line in cell.plain())
    yield ""
    yield f"   {comment(cell.paper)}" if cell.paper else "   Written by lstm_symbolic."
    yield f"   Build: {BUILD} (or -DREAL=double)"
    yield "   Arrays are time-major, (T, B, features), row by row. dims holds " + ", ".join(["T", "B", *dimensions(plan)]) + "."
    ins = [*plan.cell.inputs, *plan.cell.parameters, *(f"{s} before step 1 (or NULL)" for s in plan.step.previous)]
    yield f"   in holds {', '.join(ins)}."
    yield f"   layout(dims, at) gives the places in memory of {', '.join(k[2:] for k, _ in _visible(layout))}."
    if plan.gradients:
        ups = [*plan.step.outputs, *(f"{s} after step T" for s in plan.step.previous)]
        yield f"   up holds the gradients of {', '.join(ups)}; each may be NULL. A step whose mask is 0 does not happen. */"
    else:
        yield "   A step whose mask is 0 does not happen. */"


def _visible(layout: Layout) -> list[tuple[str, str]]:
    return [(k, v) for k, v in layout.forward_arrays() if k[:2] in ("s_", "y_")]


def _sizes(layout: Layout) -> Iterator[str]:
    names = [f"size_{d}" for d in dimensions(layout.plan)]
    yield "  const long T = dims[0], B = dims[1]" + "".join(f", {d} = dims[{i + 2}]" for i, d in enumerate(names)) + ";"
    yield "  const long span = B < 1 ? 1 : up_to(T, 1 + 255 / B); /* steps whose products are done at once */"
    yield f"  (void)span;{''.join(f' (void){d};' for d in names)}"


def _layout(layout: Layout) -> Iterator[str]:
    """Offsets in ``memory``, its size, offsets in ``work``, its size."""
    yield "/* Where arrays stand: in memory (and how long that is), then in work (and how long that is). */"
    yield "void layout(const long *dims, long *at) {"
    yield from _sizes(layout)
    number = 0
    for arrays in (list(layout.forward_arrays()), list(layout.backward_arrays()) if layout.plan.gradients else []):
        yield "  {"
        yield "    long used = 0;"
        index = {name: number + i for i, (name, _) in enumerate(arrays)}
        for name, count in arrays:
            if name[:2] == "d_" and name[2:] in layout.within:
                array, first = layout.within[name[2:]]
                yield f"    at[{number}] = at[{index[array]}] + {first}; /* {name} */"
            else:
                yield f"    at[{number}] = used; /* {name} */"
                yield f"    used += rounded({count}, 16);"
            number += 1
        yield f"    at[{number}] = used;"
        yield "  }"
        number += 1
    yield "}"


def _pointers(layout: Layout, backward: bool) -> Iterator[str]:
    plan = layout.plan
    forward = list(layout.forward_arrays())
    count = len(forward) + 2 + (len(list(layout.backward_arrays())) if plan.gradients else 0)
    yield f"  long at[{count}];"
    yield "  layout(dims, at);"
    given = [f"x_{k}" for k in plan.step.inputs] + [f"p_{k}" for k in plan.cell.parameters]
    yield from (f"  const REAL *{name} = in[{i}]; (void){name};" for i, name in enumerate(given))
    yield from (
        f"  {'const ' * (backward and name[0] != 'w')}REAL *{name} = memory + at[{i}]; (void){name};" for i, (name, _) in enumerate(forward)
    )
    if backward:
        start = len(forward) + 1
        yield from (f"  REAL *{name} = work + at[{start + i}]; (void){name};" for i, (name, _) in enumerate(layout.backward_arrays()))
        yield from (f"  const REAL *up_{name} = up[{i}];" for i, name in enumerate(plan.step.outputs))


def _steps(layout: Layout, w: Weight) -> tuple[str, str, str]:
    """The first entry of a block of a parameter, and its steps by row and by column of the map."""
    columns = spell(layout.plan.cell.shapes[w.name][1])
    if w.transposed:
        return (f"{spell(w.start)} * {columns}" if w.start != 0 else "0"), "1", columns
    return spell(w.start), columns, "1"


def _blocks(layout: Layout, g: Group, operand: int) -> Iterator[tuple[int, Weight, bool]]:
    """Node, weight, and whether the weight is added to an earlier one."""
    for k in g.nodes:
        found = [w for w, a in zip(layout.graph[k].weights, layout.graph[k].args, strict=True) if a == operand]
        yield from ((k, w, i > 0) for i, w in enumerate(found))


def _pack(layout: Layout, g: Group, a: int, backward: bool) -> Iterator[str]:
    n, size = spell(g.size), spell(layout.graph[a].size)
    for k, w, more in _blocks(layout, g, a):
        start, rows, columns = _steps(layout, w)
        first = g.offset(k) or "0"
        if backward:
            yield f"  pack(w{g.number}_{a}, {g.width}, {first}, {n}, 0, {size}, p_{w.name} + {start}, {rows}, {columns}, {int(more)});"
        else:
            yield f"  pack(w{g.number}_{a}, {size}, 0, {size}, {first}, {n}, p_{w.name} + {start}, {columns}, {rows}, {int(more)});"


def _forward(layout: Layout) -> Iterator[str]:
    plan, graph = layout.plan, layout.graph
    yield "void forward(const long *dims, const REAL *const *in, const unsigned char *mask, REAL *memory) {"
    yield from _sizes(layout)
    yield from _pointers(layout, False)
    for g in layout.groups:
        for a in g.args:
            yield from _pack(layout, g, a, False)
    first = len(plan.step.inputs) + len(plan.cell.parameters)
    for i, (name, k) in enumerate(plan.step.previous.items()):
        size = f"B * {spell(graph[k].size)} * sizeof(REAL)"
        yield f"  if (in[{first + i}]) memcpy(s_{name}, in[{first + i}], {size});"
        yield f"  else memset(s_{name}, 0, {size});"
    yield "  for (long first = 0, last = 0; first < T; first = last) {"
    yield "    last = up_to(first + span, T);"
    for g in layout.groups:
        for i, a in enumerate(a for a in g.args if graph[a].op == "input"):
            yield f"    {_product(layout, g, a, 'first', '(last - first) * B', bool(i))}"
    yield "    for (long t = first; t < last; t++) {"
    for level in range(max(layout.level.values(), default=0) + 1):
        for g in layout.groups:
            if g.level == level:
                started = any(graph[a].op == "input" for a in g.args)
                for i, a in enumerate(a for a in g.args if graph[a].op != "input"):
                    yield f"      {_product(layout, g, a, 't', 'B', started or i > 0)}"
        yield from (f"      {line}" for line in forward_loops(layout, level))
    yield "      for (long q = 0; mask && q < B; q++) {"
    yield "        if (mask[t * B + q]) continue;"
    for name, k in plan.step.previous.items():
        size = spell(graph[k].size)
        yield f"        memcpy(s_{name} + ((t + 1) * B + q) * {size}, s_{name} + (t * B + q) * {size}, {size} * sizeof(REAL));"
    for name, k in plan.step.outputs.items():
        if name not in plan.step.states:
            size = spell(graph[k].size)
            yield f"        memset(y_{name} + (t * B + q) * {size}, 0, {size} * sizeof(REAL));"
    yield from ["      }", "    }", "  }", "}"]


def _product(layout: Layout, g: Group, a: int, time: str, count: str, add: bool) -> str:
    rows, stride = layout.operand(a, time)
    target = f"a{g.number} + {time} * B * {g.width}"
    size = spell(layout.graph[a].size)
    return f"times({count}, {g.width}, {size}, {rows}, {stride}, 1, w{g.number}_{a}, {target}, {g.width}, {int(add)});"


def _backward(layout: Layout) -> Iterator[str]:
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
    yield from _sizes(layout)
    yield from _pointers(layout, True)
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
            yield from _pack(layout, g, a, True)
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
            for k, w, _ in (b for b in _blocks(layout, g, a) if b[1].name not in done):
                start, rows, columns = _steps(layout, w)
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
