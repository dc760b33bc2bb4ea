"""Where parameters enter: the slots of a step, and the skeleton that is left when they are taken out.

A slot is a largest subexpression that is linear in the parameters: the pre-activation ``W h + U x + b`` of a gate, a projection at the
end. The skeleton holds a free symbol for each slot and no parameter, so how two systems use their gates can be compared before any
parameter is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UnsupportedNode
from .dag import Dag, Node, walk

LINEAR = ("add", "T", "broadcast", "vstack", "hstack", "diag", "total", "trace", "sum", "dense")
PRODUCTS = ("mul", "matmul", "conv")


@dataclass(frozen=True)
class Slot:
    """``symbol`` stands in the skeleton for ``form``, whose own inner slots are symbols already."""

    symbol: Node
    form: Node
    outer: bool


@dataclass(frozen=True)
class Skeleton:
    """The roots with slots taken out; ``products`` tells that parameters multiply each other, as in ``W V h``."""

    roots: tuple[Node, ...]
    slots: tuple[Slot, ...]
    products: bool


def skeleton(dag: Dag, roots: Sequence[Node], parameters: frozenset[str], mark: str) -> Skeleton:
    """Cut the slots out of some roots; their symbols are named ``mark0``, ``mark1``, ..."""
    new: dict[int, Node] = {}
    degree: dict[int, int] = {}
    slots: dict[int, Slot] = {}
    products = False

    def cut(node: Node, outer: bool = False) -> Node:
        whole = new[node.number]
        form = dag.transpose(whole) if whole.op == "T" else whole  # a row here and a column there are one slot
        found = slots.get(form.number)
        if found is None:
            if any("~" in base for n in form.symbols() for base, _ in n.data[1]):
                raise UnsupportedNode("parameters under a function inside a sum over time")
            symbol = dag.sym(f"{mark}{len(slots)}", form.shape)
            found = slots[form.number] = Slot(symbol, form, outer)
        shown = found.symbol if form is whole else dag.transpose(found.symbol)
        if not outer:
            return shown
        rest = dag.substitute([whole], {n: dag.zero(n.shape) for n in whole.symbols() if n.data[0] in parameters})[0]
        return dag.add(shown, rest)

    for node in walk(roots):
        degrees = [degree[a.number] for a in node.args]
        if node.op == "sym":
            degree[node.number] = int(node.data[0] in parameters)
            new[node.number] = node
            continue
        if node.op in LINEAR:
            degree[node.number], keep = max(degrees, default=0), True
        elif node.op in PRODUCTS:
            degree[node.number], keep = sum(degrees), sum(degrees) < 2
            products = products or not keep
        elif node.op == "div":
            degree[node.number], keep = degrees[0] if not degrees[1] else 0, not degrees[1]
        else:
            degree[node.number], keep = 0, False
        if not keep:
            degree[node.number] = 0
        args = [new[a.number] if keep or not d else cut(a) for a, d in zip(node.args, degrees, strict=True)]
        new[node.number] = dag.node(node.op, *args, data=node.data, shape=node.shape)
    cut_roots = tuple(cut(r, True) if degree[r.number] else new[r.number] for r in roots)
    return Skeleton(cut_roots, tuple(slots.values()), products)
