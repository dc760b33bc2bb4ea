"""Local derivatives: an elementwise node of the graph by each of its arguments, as nodes of the same graph."""

from __future__ import annotations

from sympy import Symbol

from ..calculus.derivatives import partial
from .graph import Graph
from .lower import Lowering


def partials(graph: Graph, k: int) -> list[tuple[int, int]]:
    """The arguments of an elementwise node, each with the derivative of the node by it.

    Functions are differentiated by the table of ``calculus``, in terms of the function's value.
    """
    node = graph[k]
    one = graph.number(1)
    match node.op, node.args:
        case "add", (a, b):
            return [(a, one), (b, one)]
        case "sub", (a, b):
            return [(a, one), (b, graph.number(-1))]
        case "copy", (a,):
            return [(a, one)]
        case "neg", (a,):
            return [(a, graph.number(-1))]
        case "mul", (a, b):
            return [(a, b), (b, a)]
        case "div", (a, b):
            return [(a, graph.div(one, b)), (b, graph.neg(graph.div(k, b)))]
        case "pow", (a, b):
            by_base = graph.mul(b, graph.pow(a, graph.sub(b, one)))
            return [(a, by_base), (b, graph.mul(k, graph.call("log", (a,))))]
    slots = [Symbol(f"x{i}", real=True) for i in range(len(node.args))]
    value = Symbol("y", real=True)
    lowering = Lowering(None, graph, symbols={**dict(zip(slots, node.args, strict=True)), value: k})
    slopes = [(a, partial(node.name, i, slots, value)) for i, a in enumerate(node.args)]
    return [(a, lowering.node(slope)) for a, slope in slopes if slope is not None]
