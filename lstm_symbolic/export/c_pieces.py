"""What the two functions of an exported C file share: sizes, pointers, and the packing of weights."""

from __future__ import annotations

from collections.abc import Iterator

from .c_layout import Group, Layout, spell
from .graph import Weight
from .plan import Plan


def dimensions(plan: Plan) -> list[str]:
    return sorted({s.name for shape in plan.cell.shapes.values() for d in shape for s in d.free_symbols})


def sizes(layout: Layout) -> Iterator[str]:
    names = [f"size_{d}" for d in dimensions(layout.plan)]
    yield "  const long T = dims[0], B = dims[1]" + "".join(f", {d} = dims[{i + 2}]" for i, d in enumerate(names)) + ";"
    yield "  const long span = B < 1 ? 1 : up_to(T, 1 + (ROWS - 1) / B); /* steps whose products are done at once */"
    yield f"  (void)span;{''.join(f' (void){d};' for d in names)}"


def parallel(layout: Layout, call: str) -> Iterator[str]:
    """The body of a function: the call, by every thread if that pays."""
    products = [f"{g.width} * {spell(layout.graph[a].size)}" for g in layout.groups for a in g.args]
    yield from sizes(layout)
    yield "  Team team = {0, 0};"
    yield f"#pragma omp parallel if (T * B * ({' + '.join(products) or '0'}) > SHARED)"
    yield f"  {call}"
    yield "}"


def pointers(layout: Layout, backward: bool) -> Iterator[str]:
    plan = layout.plan
    forward = list(layout.forward_arrays())
    count = len(forward) + 2 + (len(list(layout.backward_arrays())) if plan.gradients else 0)
    yield "  const long low = part(B, 2, 0), high = part(B, 2, 1); /* the samples of this thread */"
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


def steps_of(layout: Layout, w: Weight) -> tuple[str, str, str]:
    """The first entry of a block of a parameter, and its steps by row and by column of the map."""
    columns = spell(layout.plan.cell.shapes[w.name][1])
    if w.transposed:
        return (f"{spell(w.start)} * {columns}" if w.start != 0 else "0"), "1", columns
    return spell(w.start), columns, "1"


def blocks(layout: Layout, g: Group, operand: int) -> Iterator[tuple[int, Weight, bool]]:
    """Node, weight, and whether the weight is added to an earlier one."""
    for k in g.nodes:
        found = [w for w, a in zip(layout.graph[k].weights, layout.graph[k].args, strict=True) if a == operand]
        yield from ((k, w, i > 0) for i, w in enumerate(found))


def packing(layout: Layout, g: Group, a: int, backward: bool) -> Iterator[str]:
    n, size = spell(g.size), spell(layout.graph[a].size)
    for k, w, more in blocks(layout, g, a):
        start, rows, columns = steps_of(layout, w)
        first = g.offset(k) or "0"
        if backward:
            yield f"  pack_part(w{g.number}_{a}, {g.width}, {first}, {n}, 0, {size}, p_{w.name} + {start}, {rows}, {columns}, {int(more)});"
        else:
            yield f"  pack_part(w{g.number}_{a}, {size}, 0, {size}, {first}, {n}, p_{w.name} + {start}, {columns}, {rows}, {int(more)});"
