"""What follows the loop in an exported NumPy file: gradients of weights, biases, other parameters and inputs, one product each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sympy import Expr

from .constants import gradient
from .graph import runs
from .lines import filled
from .numpy_ops import expression
from .numpy_views import blocks, times
from .numpy_weights import halved, stacked, weight_span
from .plan import BIAS

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
    """One product for neighbouring operands that meet the same deltas; the ones among them make it the gradient of biases too.

    It is written transposed: measured, that takes a tenth to a quarter less time in float64, and no more in float32.
    """
    plan, views = back.views.plan, back.views
    graph, shapes = plan.step.graph, plan.cell.shapes
    nodes = {numbers.index(n): k for k, n in plan.back.affine.items() if n in numbers}
    reading: dict[int, tuple[int, ...]] = {}
    for operand in dict.fromkeys(a for k in nodes.values() for a in graph[k].args):
        reading[plan.operands.index(plan.code[operand])] = tuple(sorted(i for i, k in nodes.items() if operand in graph[k].args))
    biased = {i for i, k in nodes.items() if graph[k].biases}
    ones = plan.operands.index(BIAS) if BIAS in plan.operands else -1
    beside = next((reading[p] for p in (ones - 1, ones + 1) if biased and biased <= set(reading.get(p, ()))), None)
    if biased and beside:
        reading[ones] = beside
    elif biased:
        name = views.names.fresh("d_biases")
        yield f"    {name} = {buffer}.sum(axis=0)"
        for i in sorted(biased):
            for b in graph[nodes[i]].biases:
                span = blocks(i, i + 1, len(numbers), size)
                pieces[b].append(("", f"{name}[{span}, None]" if shapes[b][1] == 1 else f"{name}[None, {span}]"))
    for start, end in _alike(reading):
        rows = _operands(back, start, end)
        for first, last in runs(reading[start]):
            name = views.names.fresh("d_weights")
            part = buffer if (first, last) == (0, len(numbers)) else f"{buffer}[:, {blocks(first, last, len(numbers), size)}]"
            yield f"    {name} = np.matmul({rows}, {part}).T"
            for p in range(start, end):
                columns = "" if end - start == 1 else f", {views.part(start, p, p + 1, end)}"
                for i in range(first, last):
                    block = f"{name}[{blocks(i - first, i - first + 1, last - first, size)}{columns}]"
                    for b in graph[nodes[i]].biases if p == ones else ():
                        pieces[b].append(("", block + (".T" if shapes[b][1] != 1 else "")))
                    for w, operand in zip(graph[nodes[i]].weights, graph[nodes[i]].args, strict=True):
                        if plan.operands.index(plan.code[operand]) == p:
                            pieces[w.name].append((weight_span(views, w), block + (".T" if w.transposed else "")))


def _alike(reading: dict[int, tuple[int, ...]]) -> list[tuple[int, int]]:
    """Ranges of neighbours that are read alike."""
    found: list[tuple[int, int]] = []
    for p in sorted(reading):
        if found and found[-1][1] == p and reading[p] == reading[p - 1]:
            found[-1] = (found[-1][0], p + 1)
        else:
            found.append((p, p + 1))
    return found


def _operands(back: Backward, start: int, end: int) -> str:
    """What operands were at every step, a column for each sample."""
    plan, views = back.views.plan, back.views
    node = plan.graph[plan.operands[start]]
    if end - start == 1 and node.op == "input":
        return f'inputs["{node.name}"].reshape(T * B, {views.spell(node.size)}).T'
    return views.operand_columns(start, end)


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
                below, factors = stacked(views, nodes, deltas_size, plan.code[node]), list(halved(views, nodes, deltas_size))
                if factors:
                    packed = views.names.fresh(f"weights_{name}")
                    yield f"    {packed} = {below}{'' if below.startswith('np.') else '.copy()'}"
                    yield from (f"    {packed}[{rows}] *= {factor}" for rows, factor in factors)
                    below = packed
                part = buffer if (first, last) == (0, len(numbers)) else f"{buffer}[:, {blocks(first, last, len(numbers), deltas_size)}]"
                value = f"np.matmul({part}, {below}).reshape(T, B, {size})"
                yield f"    d_{name} {'+=' if started else '='} {value}"
                started = True
        if not started:
            yield f"    d_{name} = np.zeros((T, B, {size}), dtype)"
