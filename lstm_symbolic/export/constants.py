"""Gradients of what is made of parameters alone (``exp(A)``, ``1 - p``): computed once, after the loop, by the chain rule."""

from __future__ import annotations

from .graph import Graph
from .partials import partials


def gradient(graph: Graph, k: int) -> dict[str, int]:
    """The derivative of a constant by each parameter in it, entry by entry.

    >>> from .graph import Node
    >>> g = Graph()
    >>> p = g.put(Node("parameter", name="p"))
    >>> slope = gradient(g, g.mul(p, p))["p"]
    >>> g[slope].op, [g[a].name for a in g[slope].args]
    ('add', ['p', 'p'])
    """
    received = {k: graph.number(1)}
    for node in reversed(graph.needed([k])):
        if node in received and graph[node].args:
            for a, local in partials(graph, node):
                part = graph.mul(received[node], local)
                received[a] = graph.add(received[a], part) if a in received else part
    return {graph[node].name: slope for node, slope in received.items() if graph[node].op == "parameter"}
