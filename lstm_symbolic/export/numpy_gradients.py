"""What follows the loop in an exported NumPy file: gradients of weights, biases, other parameters and inputs, one product each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sympy import Expr

from .constants import gradient
from .graph import runs
from .numpy_forward import filled, weight_span
from .numpy_ops import expression
from .numpy_views import blocks, times

if TYPE_CHECKING:
    from .numpy_backward import Backward

#: Parameter -> the pieces of its gradient: (the columns it belongs to, or "" for all, and the value in the parameter's own layout).
Pieces = dict[str, list[tuple[str, str]]]


def gradients(back: Backward) -> Iterator[str]:
    """All lines after the loop."""
    plan, views = back.views.plan, back.views
    pieces: Pieces = defaultdict(list)
    for size, numbers in back.deltas.items():
        buffer = views.buffer("deltas", size)
        rows = times(len(numbers), size)
        yield f"    {buffer} = ws.{buffer}.reshape(T * B, {rows})"
        yield from _weights(back, size, numbers, buffer, pieces)
    _constants(back, pieces)
    yield from _inputs(back)
    for name in plan.cell.parameters:
        found = pieces[name]
        if len(found) == 1 and not found[0][0]:
            continue
        yield f'    d_{name} = np.zeros_like(params["{name}"])'
        yield from (f"    d_{name}{columns or '[...]'} += {value}" for columns, value in found)
    simple = {name: found[0][1] for name, found in pieces.items() if len(found) == 1 and not found[0][0]}
    yield from filled("    ", "d_params = {", [f'"{k}": {simple.get(k, f"d_{k}")}' for k in plan.cell.parameters], "}")
    inputs = [f'"{name}": d_{name}' for name in plan.step.inputs]
    d_x = f"d_{plan.cell.inputs[0]}" if len(plan.cell.inputs) == 1 else f"{{{', '.join(inputs)}}}"
    yield from filled("    ", f"return d_params, {d_x}, {{", [f'"{name}": {later}.T.copy()' for name, later in back.later.items()], "}")


def _weights(back: Backward, size: Expr, numbers: list[int], buffer: str, pieces: Pieces) -> Iterator[str]:
    plan, views = back.views.plan, back.views
    graph = plan.step.graph
    position = {k: numbers.index(n) for k, n in plan.back.affine.items() if n in numbers}
    for operand in dict.fromkeys(a for k in position for a in graph[k].args):
        reading = {position[k]: k for k in position if operand in graph[k].args}
        rows = _operand(back, operand)
        for first, last in runs(list(reading)):
            name = views.names.fresh("d_weights")
            part = buffer if (first, last) == (0, len(numbers)) else f"{buffer}[:, {blocks(first, last, len(numbers), size)}]"
            yield f"    {name} = np.matmul({part}.T, {rows})"
            for i in range(first, last):
                for w, a in zip(graph[reading[i]].weights, graph[reading[i]].args, strict=True):
                    if a == operand:
                        block = f"{name}[{blocks(i - first, i - first + 1, last - first, size)}]"
                        pieces[w.name].append((weight_span(views, w), block + (".T" if w.transposed else "")))
    if any(graph[k].biases for k in position):
        name = views.names.fresh("d_biases")
        yield f"    {name} = {buffer}.sum(axis=0)"
        for k, i in position.items():
            for b in graph[k].biases:
                span = blocks(i, i + 1, len(numbers), size)
                pieces[b].append(("", f"{name}[{span}, None]" if plan.cell.shapes[b][1] == 1 else f"{name}[None, {span}]"))


def _operand(back: Backward, operand: int) -> str:
    """What an operand was at every step, a row for each sample."""
    plan, views = back.views.plan, back.views
    node = plan.step.graph[operand]
    size = views.spell(node.size)
    if node.op == "input":
        return f'inputs["{node.name}"].reshape(T * B, {size})'
    return views.operand_rows(plan.operands.index(plan.code[operand]))


def _constants(back: Backward, pieces: Pieces) -> None:
    """Parameters that are no weights: the sum over steps and samples, times what does not change."""
    plan, views = back.views.plan, back.views
    graph = plan.step.graph
    for i, (use, factor) in enumerate(zip(plan.back.uses, plan.uses, strict=True)):
        total = f"use_{i + 1}[:, None]"
        if factor.buffer == "constant" and not graph.is_number(use.factor, 1):
            total = f"{total} * {expression(graph, use.factor, views.parameter)}"
        for name, slope in gradient(graph, use.constant).items():
            value = total if graph.is_number(slope, 1) else f"{total} * {expression(graph, slope, views.parameter)}"
            rows, columns = plan.cell.shapes[name]
            if rows == columns == 1:
                value = f"np.sum({value})"
            pieces[name].append(("", f"({value}).T" if columns != 1 else value))


def _inputs(back: Backward) -> Iterator[str]:
    plan, views = back.views.plan, back.views
    graph = plan.step.graph
    for name, node in plan.step.inputs.items():
        size = views.spell(graph[node].size)
        started = bool(plan.back.inputs.get(name))
        if started:
            yield f"    d_{name} = direct_{name}"
        for deltas_size, numbers in back.deltas.items():
            buffer = views.buffer("deltas", deltas_size)
            reading = {numbers.index(n): k for k, n in plan.back.affine.items() if n in numbers and node in graph[k].args}
            for first, last in runs(list(reading)):
                nodes = [reading[i] for i in range(first, last)]
                stacked, halved = back.stacked(nodes, deltas_size, plan.code[node]), list(back.halved(nodes, deltas_size))
                if halved:
                    packed = views.names.fresh(f"weights_{name}")
                    yield f"    {packed} = {stacked}{'' if stacked.startswith('np.') else '.copy()'}"
                    yield from (f"    {packed}[{rows}] *= {factor}" for rows, factor in halved)
                    stacked = packed
                part = buffer if (first, last) == (0, len(numbers)) else f"{buffer}[:, {blocks(first, last, len(numbers), deltas_size)}]"
                value = f"np.matmul({part}, {stacked}).reshape(T, B, {size})"
                yield f"    d_{name} {'+=' if started else '='} {value}"
                started = True
        if not started:
            yield f"    d_{name} = np.zeros((T, B, {size}), dtype)"
