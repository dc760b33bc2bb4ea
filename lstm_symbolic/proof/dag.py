"""The prover's own form of an expression: an interned DAG with the shape of every node.

Equal subexpressions are one node (``is``), numbered so that arguments come before the nodes that use them; later passes walk by number
and never recurse. Nothing is simplified here: refutations are evaluated on this form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

#: A dimension as a sum: (("m", 1), ("n", 1)) is n + m; the name "" is the number 1.
Dim = tuple[tuple[str, int], ...]
Shape = tuple[Dim, Dim]
UNIT: Dim = (("", 1),)
SCALAR: Shape = (UNIT, UNIT)

#: A time index ``base + shift``: ("t", -1) is t - 1, ("", 3) is 3.
Time = tuple[str, int]

#: Operations, with what ``data`` holds.
OPS = {
    "num": "Fraction", "pi": "", "sym": "(name, time indices)", "time": "time index", "add": "", "mul": "", "matmul": "", "T": "",
    "fn": "name", "div": "", "pow": "", "broadcast": "", "vstack": "", "hstack": "", "diag": "", "softmax": "", "total": "", "norm": "",
    "trace": "", "ones": "", "zero": "", "eye": "", "dense": "(rows, columns)", "sum": "(variable, low, high)",
    "prod": "(variable, low, high)", "conv": "result, image or kernel: what the other two make",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Node:
    """One operation; compared by identity."""

    number: int
    op: str
    args: tuple[Node, ...]
    data: Any
    shape: Shape

    def walk(self) -> list[Node]:
        """Every node below, arguments first, this node last."""
        return walk([self])

    def symbols(self) -> Iterator[Node]:
        return (n for n in self.walk() if n.op == "sym")


def walk(roots: Iterable[Node]) -> list[Node]:
    """Every node below some roots, each once, arguments first."""
    seen: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.number not in seen:
            seen[node.number] = node
            stack.extend(node.args)
    return [seen[k] for k in sorted(seen)]


class Dag:
    """The table of nodes of one comparison."""

    def __init__(self) -> None:
        self._table: dict[Any, Node] = {}

    def node(self, op: str, *args: Node, data: Any = None, shape: Shape = SCALAR) -> Node:
        key = (op, tuple(a.number for a in args), data, shape)
        found = self._table.get(key)
        if found is None:
            found = self._table[key] = Node(len(self._table), op, args, data, shape)
        return found

    def num(self, value: int | Fraction) -> Node:
        return self.node("num", data=Fraction(value))

    def sym(self, name: str, shape: Shape = SCALAR, index: tuple[Time, ...] = ()) -> Node:
        return self.node("sym", data=(name, index), shape=shape)

    def zero(self, shape: Shape) -> Node:
        return self.num(0) if shape == SCALAR else self.node("zero", shape=shape)

    def add(self, *terms: Node) -> Node:
        return terms[0] if len(terms) == 1 else self.node("add", *terms, shape=terms[0].shape)

    def scale(self, factor: Fraction, u: Node) -> Node:
        return u if factor == 1 else self.node("mul", self.num(factor), u, shape=u.shape)

    def transpose(self, u: Node) -> Node:
        if u.op == "T":
            return u.args[0]
        return u if u.shape == SCALAR else self.node("T", u, shape=(u.shape[1], u.shape[0]))

    def rebuild(self, roots: Iterable[Node], rule: Callable[[Node, tuple[Node, ...]], Node | None]) -> list[Node]:
        """Each root with ``rule(node, new arguments)`` put for its nodes, bottom up; None keeps the node (over its new arguments)."""
        roots = list(roots)
        done: dict[int, Node] = {}
        for node in walk(roots):
            args = tuple(done[a.number] for a in node.args)
            new = rule(node, args)
            if new is None:
                new = node if args == node.args else self.node(node.op, *args, data=node.data, shape=node.shape)
            done[node.number] = new
        return [done[r.number] for r in roots]

    def substitute(self, roots: Iterable[Node], table: Mapping[Node, Node]) -> list[Node]:
        """Each root with nodes replaced (shapes must agree)."""
        return self.rebuild(roots, lambda node, _: table.get(node))

    def retime(self, root: Node, old: Time, new: Time) -> Node:
        """The root with time ``old`` base replaced: ``("t", 0) -> ("t", -1)`` shifts by one, ``("k", 0) -> ("t", 0)`` renames."""
        if old == new:
            return root

        def moved(time: Time) -> Time:
            return (new[0], time[1] - old[1] + new[1]) if time[0] == old[0] else time

        def rule(node: Node, args: tuple[Node, ...]) -> Node | None:
            if node.op == "sym":
                return self.sym(node.data[0], node.shape, tuple(moved(i) for i in node.data[1]))
            if node.op == "time":
                return self.node("time", data=moved(node.data))
            if node.op in ("sum", "prod"):
                var, low, high = node.data
                return self.node(node.op, *args, data=(var, moved(low), moved(high)), shape=node.shape)
            return None

        return self.rebuild([root], rule)[0]

    def redim(self, roots: Iterable[Node], names: Mapping[str, str]) -> list[Node]:
        """The roots with dimensions renamed."""

        def renamed(d: Dim) -> Dim:
            return tuple(sorted(("*".join(names.get(x, x) for x in name.split("*")), count) for name, count in d))

        def rule(node: Node, args: tuple[Node, ...]) -> Node | None:
            return self.node(node.op, *args, data=node.data, shape=(renamed(node.shape[0]), renamed(node.shape[1])))

        return self.rebuild(roots, rule)


def write_time(time: Time) -> str:
    """``t-1``, ``t``, ``3``."""
    base, shift = time
    return str(shift) if not base else base if not shift else f"{base}{shift:+d}"


def write_symbol(name: str, index: tuple[Time, ...]) -> str:
    """``C[t-1]``, ``W_f``, ``grad(h[t])``: names of derivatives hold a place for each index."""
    if "{" in name:
        return name.format(*(write_time(i) for i in index))
    return f"{name}[{','.join(write_time(i) for i in index)}]" if index else name


def write_dim(dim: Dim) -> str:
    return "+".join(str(count) if not name else name if count == 1 else f"{count}*{name}" for name, count in dim) or "0"
