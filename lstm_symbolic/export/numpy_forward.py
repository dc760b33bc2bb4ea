"""The forward half of an exported NumPy file: buffers, packed weights, the loop over steps, the results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from sympy import Add

from . import numpy_ops as ops
from .lines import assigned, filled
from .numpy_text import PREPARED_ONCE
from .numpy_views import SHORT, Views, times
from .numpy_weights import packing, split, weights, wide
from .plan import BIAS
from .schedule import Call, Place

_BUFFER = rf"self\.((?:{'|'.join(SHORT)})(?:_\w+)?)\b"

#: What a loop may call.
FUNCTIONS = {"matmul", "where", "copyto"} | {ops.function(row) for row in ops.CALLS.values()}


def buffers(views: Views) -> Iterator[str]:
    """Memory of the forward pass."""
    plan = views.plan
    yield "class Workspace:"
    yield '    """Buffers for T steps of B samples, samples innermost, and the views of them that each step uses."""'
    yield "    def __init__(self, T, B, dims, dtype=DTYPES[-1]):"
    yield from views.dimension_lines("        ")
    yield f"        self.key, self.used, self.kinds = (T, B, {', '.join([*views.dimensions, 'np.dtype(dtype)'])}), 0, None"
    what = ", ".join("1" if k == BIAS else views.label(Place("operands", plan.graph[k].size, i)) for i, k in enumerate(plan.operands))
    yield f"        self.operands = np.ones((T + 1, {views.spell(Add(*plan.operand_sizes))}, B), dtype)  # {what}"
    for size, held in plan.values.items():
        labels = ", ".join(views.label(Place("values", size, i)) for i in range(len(held)))
        yield f"        self.{views.buffer('values', size)} = np.zeros((T + 1, {len(held)}, {views.spell(size)}, B), dtype)  # {labels}"
    for size, count in plan.scratch.items():
        yield f"        self.{views.buffer('scratch', size)} = np.empty(({count}, {views.spell(size)}, B), dtype)"
    for i, product in enumerate(plan.products):
        for j, (first, last) in enumerate(product.ranges):
            columns, rows = views.spell(Add(*plan.operand_sizes[first:last])), times(len(product.nodes), product.size)
            yield f'        self.{weights(views, i, j)} = np.zeros(({rows}, {columns}), dtype, "F" if B == 1 else "C")'
            if views.early(first, last) > first:
                yield f"        self.{wide(views, i, j)} = np.empty((T if B == 1 else 0, {rows}), dtype)  # of one sample"
    parts = dict.fromkeys(times(len(p.nodes), p.size) for p in plan.products if len(p.ranges) > 1)
    if parts:
        yield f"        self.part = np.empty((max({', '.join(parts)}, 0), B), dtype)"


def step_views(views: Views) -> list[str]:
    """The views of each step; the loop has named them already."""
    spelled = []
    for place, flat in views.per_step():
        if place.buffer == "operands" and flat:
            columns, cut = views.columns(place.slot, place.end), views.early(place.slot, place.end)
            if place.slot < cut < place.end:
                start, _, end = columns.partition(":")
                columns = f"{views.columns(0, cut)[1:]} if B == 1 else {start or 0}:{end}"
            spelled.append(f"self.operands[t, {columns}]")
        else:
            spelled.append(views.flat(place, "t", "t + 1", flat).replace("ws.", "self."))
    return spelled


def listed(target: str, spelled: Sequence[str], each: str) -> tuple[list[str], dict[str, str]]:
    """A list of tuples of views, with short names for the buffers; and these names."""
    found = {name: re.sub(r"^[a-z]+", lambda m: SHORT[m[0]], name) for text in spelled for name in re.findall(_BUFFER, text)}
    short = [re.sub(_BUFFER, lambda m: found[m[1]], text) for text in spelled]
    return filled("        ", f"self.{target} = [(", short, f") for {each}]"), {v: f"self.{k}" for k, v in found.items()}


def local_functions(body: Iterable[str], others: Mapping[str, str]) -> list[str]:
    """Functions that a loop calls, and constants, as local names."""
    called = sorted({word for line in body for word in re.findall(r"\b([a-z_0-9]+)\(", line)} & FUNCTIONS)
    table = {name: f"np.{name}" for name in called} | dict(others)
    return assigned("    ", list(table), list(table.values()))


def loop_body(views: Views) -> list[str]:
    """One step."""
    plan = views.plan
    body: list[str] = []
    for line in plan.forward:
        if isinstance(line, Call):
            args = [views.constant(a.slot) if a.buffer == "constant" else views.name(a) for a in line.args]
            body.append(ops.CALLS[line.name].format(*args, out=views.name(line.out)))
        else:
            body += list(product_lines(views, [p.nodes for p in plan.products].index(line)))
    if plan.previous:
        body.append("if off is not None:")
        for place in plan.previous.values():
            body.append(f"    copyto({views.at(place, 't + 1', '')}, {views.at(place, 't', '')}, where=off[t])")
    return body


def product_lines(views: Views, number: int) -> Iterator[str]:
    """A product with packed weights; operands that do not stand together are added up."""
    product = views.plan.products[number]
    out = views.name(product.out, flat=product.out.count > 1)
    part = f"ws.part[: {times(len(product.nodes), product.size)}]"
    for j, (first, last) in enumerate(product.ranges):
        place, cut = Place("operands", views.plan.operand_sizes[first], first, 0, last - first), views.early(first, last)
        call = [f"matmul({weights(views, number, j)}, {views.name(place, flat=True)}, out={part if j else out})"]
        if j:
            call.append(f"add({out}, {part}, out={out})")
        if cut == last:
            known = f"{wide(views, number, j)}[t]"
            yield from ("if B == 1:", f"    add({out}, {known}, out={out})" if j else f"    copyto({out}, {known})", "else:")
            yield from (f"    {line}" for line in call)
            continue
        yield from call
        if cut > first:
            yield from ("if B == 1:", f"    add({out}, {wide(views, number, j)}[t], out={out})")


def forward_function(views: Views, called: str = "forward") -> Iterator[str]:
    """The function ``forward``."""
    plan = views.plan
    cell = plan.cell
    single = cell.inputs[0] if len(cell.inputs) == 1 else ""
    argument = views.names.fresh(single) if single else "x"
    body = loop_body(views)
    yield f"def {called}({argument}, params, state=None, mask=None, workspace=None):"
    yield from docstring(views)
    if not single:
        yield "    if not isinstance(x, dict) or list(x) != list(INPUTS):"
        yield "        raise ValueError(f\"x is not a dictionary of {', '.join(INPUTS)}, in this order\")"
    prepared = PREPARED_ONCE.replace("@inputs@", f'{{"{single}": {argument}}}' if single else "x")
    values = ", ".join(f'"{d}"' for d in views.dimensions)
    yield prepared.replace("@values@", values).replace("@names@", "".join(f"{d}, " for d in views.dimensions))
    yield from (f"    {line}" for line in packing(views))
    for name, node in plan.step.inputs.items():
        if node not in plan.operands:
            continue
        place = Place("operands", plan.graph[node].size, plan.operands.index(node))
        yield f'    {views.at(place, ":T", "")} = inputs["{name}"].transpose(0, 2, 1)'
    for name, place in plan.previous.items():
        yield f'    {views.at(place, "0", "")} = state["{name}"].T if "{name}" in state else 0'
    yield from local_functions(body, {})
    constants = views.constant_values(body)
    named = {weights(views, i, j): f"ws.{weights(views, i, j)}" for i, p in enumerate(plan.products) for j in range(len(p.ranges))}
    for i, j, first, last, cut in split(views):
        packed, columns, out = f"ws.{weights(views, i, j)}", views.part(first, first, cut, last), f"ws.{wide(views, i, j)}"
        rows = f"reshape(len({out}), {views.spell(Add(*plan.operand_sizes[first:cut]))})"
        yield f"    matmul(ws.operands[: len({out}), {views.columns(first, cut)}].{rows}, {packed}[:, {columns}].T, out={out})"
        if cut < last:
            named[weights(views, i, j)] = f"{packed}[:, {columns[1:]} if B == 1 else 0:]"
        named[wide(views, i, j)] = f"ws.{wide(views, i, j)}[..., None]"
    named |= {views.known[place, flat]: views.flat(place, "", "", flat) for place, flat in views.still()} | constants
    yield from assigned("    ", [*named], [*named.values()])
    unpacked = [views.known[v] for v in views.per_step()]
    yield from filled("    ", "for t, (", unpacked, ") in enumerate(ws.steps):")
    yield from (f"        {line}" for line in body)
    yield from _results(views)


def docstring(views: Views) -> Iterator[str]:
    """What ``forward`` takes and returns, with shapes."""
    plan, spell = views.plan, views.spell
    inputs = ", ".join(f"{k} (T, B, {spell(plan.graph[n].size)})" for k, n in plan.step.inputs.items())
    outputs = ", ".join(f"{k} (T, B, {spell(plan.graph[n].size)})" for k, n in plan.step.outputs.items())
    states = ", ".join(f"{k} (B, {spell(plan.graph[n].size)})" for k, n in plan.step.previous.items())
    text = f"Outputs {outputs}; the final state {states}; a cache, from inputs {inputs}."
    yield from wrap(f'"""{text}"""', 136, initial_indent="    ", subsequent_indent="    ")


def _results(views: Views) -> Iterator[str]:
    plan = views.plan
    texts = []
    for name, place in plan.outputs().items():
        if name in plan.previous:
            texts.append(f'"{name}": {views.at(place, "", "1:")}.transpose(0, 2, 1)')
        else:
            yield "    if off is not None:"
            yield f"        copyto({views.at(place, ':T', '')}, 0, where=off[:, None])"
            texts.append(f'"{name}": {views.at(place, ":T", "")}.transpose(0, 2, 1)')
    final = [f'"{k}": {views.at(p, "T", "")}.T' for k, p in plan.previous.items()]
    yield from filled("    ", "outputs = {", texts, "}")
    whole = f"    return outputs, {{{', '.join(final)}}}, (ws, ws.used, inputs, params, off)"
    yield from [whole] if len(whole) <= 138 else filled("    ", "return outputs, {", final, "}, (ws, ws.used, inputs, params, off)")
