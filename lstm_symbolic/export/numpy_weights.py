"""Weights as an exported NumPy file packs them: below each other for the products of the forward pass, transposed for those backward."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sympy import Expr

from . import numpy_ops as ops
from .graph import Weight, runs
from .lines import filled
from .naming import sized
from .numpy_views import Views, blocks, times
from .plan import BIAS, Product


def weights(views: Views, number: int, part: int) -> str:
    """The packed weights of one range of one product."""
    ranges = views.plan.products[number].ranges
    return "weights" + (f"_{number + 1}" if len(views.plan.products) > 1 else "") + ("abcdefgh"[part] if len(ranges) > 1 else "")


def wide(views: Views, number: int, part: int) -> str:
    """What one range of one product makes of inputs, at every step."""
    return weights(views, number, part).replace("weights", "wide")


def split(views: Views) -> list[tuple[int, int, int, int, int]]:
    """The ranges of products that inputs are part of: product, range, first, last operand, and where the inputs end."""
    ranges = [(i, j, *r, views.early(*r)) for i, p in enumerate(views.plan.products) for j, r in enumerate(p.ranges)]
    return [r for r in ranges if r[4] > r[2]]


def packing(views: Views) -> Iterator[str]:
    """Weights and biases stacked, as the products read them; what feeds a sigmoid is halved."""
    plan = views.plan
    for i, product in enumerate(plan.products):
        for j, (first, last) in enumerate(product.ranges):
            target = f"ws.{weights(views, i, j)}"
            for position in range(first, last):
                yield from _below(views, product, target, position, (first, last))
            scaled = [r for r, k in enumerate(product.nodes) if plan.graph[k].number != 1]
            for a, b in runs(scaled):
                yield f"{target}[{blocks(a, b, len(product.nodes), product.size)}] *= {ops.literal(plan.graph[product.nodes[a]].number)}"


def _below(views: Views, product: Product, target: str, position: int, ends: tuple[int, int]) -> Iterator[str]:
    """The blocks of one operand below each other: one call where every node has one."""
    plan = views.plan
    first, last = ends
    columns = views.part(first, position, position + 1, last)
    operand = plan.operands[position]
    found: list[list[str]] = []
    for k in product.nodes:
        node = plan.graph[k]
        if operand == BIAS:
            found.append([views.bias(b) for b in node.biases])
        else:
            found.append([views.weight(w) for w, a in zip(node.weights, node.args, strict=True) if a == operand])
    if all(len(b) == 1 for b in found) and len(found) > 1:
        named = [re.fullmatch(r'params\["(\w+)"\](.*)', b[0]) for b in found]
        tails = {match[2] for match in named if match}
        texts = ", ".join(f'"{match[1]}"' for match in named if match)
        listed = f"[params[k]{tails.pop()} for k in ({texts})]" if len(tails) == 1 else f"({', '.join(b[0] for b in found)})"
        yield f"np.concatenate({listed}, out={target}[:, {columns}])"
        return
    for row, summands in enumerate(found):
        rows = blocks(row, row + 1, len(product.nodes), product.size)
        yield from (f"{target}[{rows}, {columns}] {'+=' if n else '='} {text}" for n, text in enumerate(summands))


def weight_span(views: Views, w: Weight) -> str:
    """The columns of a parameter that a weight is, or nothing where it is the whole."""
    whole = w.start == 0 and w.width == views.plan.cell.shapes[w.name][0 if w.transposed else 1]
    return "" if whole else f"[{views.span(w)}]" if w.transposed else f"[:, {views.span(w)}]"


def transposed(views: Views, i: int) -> str:
    """The transposed weights of one pull."""
    return f"transposed_{i + 1}" if len(views.plan.pulls) > 1 else "transposed"


def transposes(views: Views) -> Iterator[str]:
    """Contiguous transposes of the weights (measured: a view costs 1.4 times as much in the loop)."""
    plan = views.plan
    for i, pull in enumerate(plan.pulls):
        found = pieces(views, pull.affine, pull.rows, plan.code[pull.node])
        columns, n, count = views.spell(pull.size), sized(pull.rows), len(pull.affine)
        if len(found) > 1:
            texts = f"({', '.join(f'{array}[{rows}, {part}].T' for array, rows, part in found)})"
        elif found[0][1] == ":" and count > 1:  # by gates, not at once: measured, a third of the time where n is 512
            texts = f"[{found[0][0]}[k * {n}:(k + 1) * {n}, {found[0][2]}].T for k in range({count})]"
        else:
            texts = ""
            yield f"    {transposed(views, i)} = {found[0][0]}[{found[0][1]}, {found[0][2]}].T.copy()"
        if texts:
            out = f"out=np.empty(({columns}, {times(count, pull.rows)}), dtype)"
            yield from filled("    ", f"{transposed(views, i)} = np.concatenate(", [texts, "axis=1", out], ")")
        yield from (f"    {transposed(views, i)}[:, {rows}] *= {factor}" for rows, factor in halved(views, pull.affine, pull.rows))


def halved(views: Views, nodes: Sequence[int], size: Expr) -> Iterator[tuple[str, str]]:
    """The rows of packed weights that do not stand there as the equations have them, and what makes them so."""
    numbers = [views.plan.graph[views.plan.code[k]].number for k in nodes]
    for number in dict.fromkeys(n for n in numbers if n != 1):
        for first, last in runs([r for r, n in enumerate(numbers) if n == number]):
            yield blocks(first, last, len(nodes), size), ops.literal(1 / number)


def stacked(views: Views, nodes: Sequence[int], size: Expr, operand: int) -> str:
    """The weights of affine nodes for one operand below each other."""
    texts = [f"{array}[{rows}, {columns}]" for array, rows, columns in pieces(views, nodes, size, operand)]
    return texts[0] if len(texts) == 1 else f"np.concatenate(({', '.join(texts)}))"


def pieces(views: Views, nodes: Sequence[int], size: Expr, operand: int) -> list[tuple[str, str, str]]:
    """The weights of affine nodes for one operand, in as few pieces as they stand: the array, rows and columns."""
    plan = views.plan
    position = plan.operands.index(operand)
    found: list[list[int]] = []  # product, first row, last row
    for k in nodes:
        number = next(n for n, p in enumerate(plan.products) if plan.code[k] in p.nodes)
        row = plan.products[number].nodes.index(plan.code[k])
        if found and found[-1][0] == number and found[-1][2] == row:
            found[-1][2] += 1
        else:
            found.append([number, row, row + 1])
    pieces = []
    for number, first, last in found:
        product = plan.products[number]
        part, ends = next((j, (a, b)) for j, (a, b) in enumerate(product.ranges) if a <= position < b)
        columns = views.part(ends[0], position, position + 1, ends[1])
        pieces.append((f"ws.{weights(views, number, part)}", blocks(first, last, len(product.nodes), size), columns))
    return pieces
