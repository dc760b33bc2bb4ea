"""Fused loops of the forward pass: which values one loop computes, and which the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .c_layout import Layout, Spot
from .c_loops import Loop


def forward_loops(layout: Layout, level: int, kind: type[Loop] = Loop) -> Iterator[str]:
    """What is computed after the products of a level."""
    ready: set[int] = set()

    def load(k: int) -> Spot | None:
        early = layout.graph[k].op in ("input", "previous") or layout.level.get(k, level) < level
        return layout.where.get(k) if early or k in ready else None

    stored = [k for k in layout.nodes if k in layout.where and layout.level[k] == level]
    stored = [k for k in stored if layout.graph[k].op not in ("input", "previous")]
    for size in dict.fromkeys(layout.graph[k].size for k in stored):
        loop = kind(layout, size, load)
        for i, nodes in enumerate(stages(layout, [k for k in stored if layout.graph[k].size == size], load)):
            if i:
                loop.next()
            for k in nodes:
                loop.value(k)
            for k in nodes:  # after everything is read: a gate stands where its pre-activation stood
                for spot in (layout.where[k], *layout.also.get(k, [])):
                    loop.put(spot, loop.value(k))
            ready.update(nodes)
        yield from loop.code([])
        ready.clear()


def stages(layout: Layout, stored: Sequence[int], load: Callable[[int], Spot | None]) -> list[list[int]]:
    """Nodes by how many functions in a row lead to them: a loop with short chains keeps a processor busier (measured: 5 % of a forward pass
    of an LSTM). One stage where a later one would need what an earlier one overwrites, or would compute a function again.

    >>> from ..cells import cell
    >>> from .planning import plan
    >>> layout = Layout(plan(cell("lstm")))
    >>> nodes = [k for k in layout.nodes if k in layout.where and layout.level[k] == 1]
    >>> [len(s) for s in stages(layout, nodes, lambda k: None)]
    [5, 1]
    """
    graph, depth = layout.graph, dict[int, int]()
    for k in layout.nodes:
        below = 0 if graph[k].op == "affine" or load(k) else max((depth.get(a, 0) for a in graph[k].args), default=0)
        depth[k] = below + (graph[k].op == "call" and not load(k))
    found = [[k for k in stored if depth[k] == d] for d in sorted({depth[k] for k in stored})]
    earlier: set[int] = set()
    computed: set[int] = set()
    for nodes in found:
        inner = set(nodes)
        stack = list(nodes)
        while stack:
            args = () if graph[k := stack.pop()].op == "affine" else graph[k].args
            new = [a for a in args if a not in inner | earlier and not load(a) and not graph.is_constant(a)]
            inner.update(new)
            stack += new
        written = {layout.where[k] for k in earlier}
        if any(graph[k].op == "affine" and layout.pre(k) in written or graph[k].op == "call" and k in computed for k in inner):
            return [list(stored)]
        earlier.update(nodes)
        computed |= inner
    return found
