"""The C target: one self-contained file, its matrix products included. Compiled once for float and once for double (-DREAL=float)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

from .c_backward import backward_function
from .c_layout import Group, Layout, spell
from .c_pieces import dimensions, packing, parallel, pointers, sizes
from .c_stages import forward_loops
from .naming import clean
from .numpy_code import check_dimensions
from .plan import Plan

#: How the file is compiled.
BUILD = "cc -O3 -march=native -fno-math-errno -fno-trapping-math -shared -fPIC -DREAL=float"


def c_source(plan: Plan, dtypes: Sequence[str] = ("float32", "float64")) -> str:
    """The text of the C file.

    >>> from ..cells import cell
    >>> from .planning import plan
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
        parts += ["", *backward_function(layout)]
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


def _layout(layout: Layout) -> Iterator[str]:
    """Offsets in ``memory``, its size, offsets in ``work``, its size."""
    yield "/* Where arrays stand: in memory (and how long that is), then in work (and how long that is). */"
    yield "void layout(const long *dims, long *at) {"
    yield from sizes(layout)
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


def _forward(layout: Layout) -> Iterator[str]:
    plan, graph = layout.plan, layout.graph
    arguments = "const long *dims, const REAL *const *in, const unsigned char *mask, REAL *memory"
    yield f"static void forward_part({arguments}, Team *team) {{"
    yield from sizes(layout)
    yield from pointers(layout, False)
    for g in layout.groups:
        for a in g.args:
            yield from packing(layout, g, a, False)
    first = len(plan.step.inputs) + len(plan.cell.parameters)
    for i, (name, k) in enumerate(plan.step.previous.items()):
        start, size = f"low * {spell(graph[k].size)}", f"(high - low) * {spell(graph[k].size)} * sizeof(REAL)"
        yield f"  if (in[{first + i}]) memcpy(s_{name} + {start}, in[{first + i}] + {start}, {size});"
        yield f"  else memset(s_{name} + {start}, 0, {size});"
    yield "  meet(team);"
    yield "  for (long first = 0, last = 0; first < T; first = last) {"
    yield "    last = up_to(first + span, T);"
    for g in layout.groups:
        for i, a in enumerate(a for a in g.args if graph[a].op == "input"):
            rows, stride = layout.operand(a, "first")
            target = f"a{g.number} + first * B * {g.width}, {g.width}, {int(i > 0)}"
            product = f"{g.width}, {spell(graph[a].size)}, {rows}, {stride}, 1, w{g.number}_{a}, {target}"
            yield f"    times_part((last - first) * B, {product});"
    if any(graph[a].op == "input" for g in layout.groups for a in g.args):
        yield "    meet(team);"
    yield "    for (long t = first; t < last; t++) {"
    for level in range(max(layout.level.values(), default=0) + 1):
        for g in layout.groups:
            if g.level == level:
                started = any(graph[a].op == "input" for a in g.args)
                for i, a in enumerate(a for a in g.args if graph[a].op != "input"):
                    yield f"      {_product(layout, g, a, started or i > 0)}"
        yield from (f"      {line}" for line in forward_loops(layout, level))
    yield "      for (long q = low; mask && q < high; q++) {"
    yield "        if (mask[t * B + q]) continue;"
    for name, k in plan.step.previous.items():
        size = spell(graph[k].size)
        yield f"        memcpy(s_{name} + ((t + 1) * B + q) * {size}, s_{name} + (t * B + q) * {size}, {size} * sizeof(REAL));"
    for name, k in plan.step.outputs.items():
        if name not in plan.step.states:
            size = spell(graph[k].size)
            yield f"        memset(y_{name} + (t * B + q) * {size}, 0, {size} * sizeof(REAL));"
    yield from ["      }", "    }", "  }", "}", ""]
    yield f"void forward({arguments}) {{"
    yield from parallel(layout, "forward_part(dims, in, mask, memory, &team);")


def _product(layout: Layout, g: Group, a: int, add: bool) -> str:
    """Weights applied to the thread's samples of a step."""
    rows, stride = layout.operand(a, "t")
    target = f"a{g.number} + (t * B + low) * {g.width}"
    size = spell(layout.graph[a].size)
    factor = f"{rows} + low * {stride}, {stride}, 1, w{g.number}_{a}"
    return f"times(high - low, {g.width}, {size}, {factor}, {target}, {g.width}, {int(add)});"
