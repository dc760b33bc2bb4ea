"""How the dimensions of a comparison fall into blocks.

``W @ concat(h, x)`` cuts the columns of W after n; then every symbol that meets those columns is cut in the same place. One union-find
over the axes of all nodes finds the common cuts; a dimension that nothing cuts stays whole, n + m included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..errors import UnsupportedNode
from .dag import UNIT, Dim, Node, walk, write_dim


class Axis:
    """One dimension of some nodes: whole, or a sequence of parts."""

    __slots__ = ("parent", "parts", "size")

    def __init__(self, size: Dim, parts: tuple[Axis, ...] = ()) -> None:
        self.size, self.parts = size, parts
        self.parent: Axis | None = None


def find(a: Axis) -> Axis:
    while a.parent is not None:
        a = a.parent
    return a


def leaves(a: Axis) -> list[Axis]:
    a = find(a)
    return [leaf for p in a.parts for leaf in leaves(p)] if a.parts else [a]


def minus(a: Dim, b: Dim) -> Dim | None:
    """a - b, where that is a positive sum."""
    left = dict(a)
    for name, count in b:
        left[name] = left.get(name, 0) - count
    rest = tuple(sorted((name, count) for name, count in left.items() if count))
    return rest if rest and all(count > 0 for _, count in rest) else None


def unify(a: Axis, b: Axis) -> None:
    """Cut both axes alike and make their parts one."""
    left, right = leaves(a), leaves(b)
    while left and right:
        left[:1], right[:1] = leaves(left[0]), leaves(right[0])
        x, y = left.pop(0), right.pop(0)
        if x is y:
            continue
        if x.size == y.size:
            x.parent = y
        elif (rest := minus(x.size, y.size)) is not None:
            x.parts = (y, Axis(rest))
            left.insert(0, x.parts[1])
        elif (rest := minus(y.size, x.size)) is not None:
            y.parts = (x, Axis(rest))
            right.insert(0, y.parts[1])
        else:
            raise UnsupportedNode(f"blocks of {write_dim(x.size)} and {write_dim(y.size)} that do not line up")


class Axes:
    """The axes of every node below some roots."""

    def __init__(self, roots: Iterable[Node]) -> None:
        self.of: dict[int, tuple[Axis, Axis]] = {}
        self.named: dict[str, tuple[Axis, Axis]] = {}
        for node in walk(roots):
            self.of[node.number] = self.axes(node)

    def blocks(self, node: Node) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
        """The sizes of the row blocks and of the column blocks of a node."""
        rows, cols = self.of[node.number]
        return tuple(x.size for x in leaves(rows)), tuple(x.size for x in leaves(cols))

    def axes(self, node: Node) -> tuple[Axis, Axis]:
        args = [self.of[a.number] for a in node.args]
        rule = _RULES.get(node.op)
        if rule is not None:
            return rule(node, args)
        if node.op == "sym":
            name = node.data[0]
            if name not in self.named:
                self.named[name] = fresh(node)
            return self.named[name]
        return self.elementwise(node, args)

    @staticmethod
    def elementwise(node: Node, args: list[tuple[Axis, Axis]]) -> tuple[Axis, Axis]:
        """All arguments of one shape; 1x1 arguments and constants fit every shape."""
        own: list[Axis] = []
        for k in (0, 1):
            same = [pair[k] for pair, a in zip(args, node.args, strict=True) if a.shape[k] == node.shape[k]]
            for other in same[1:]:
                unify(same[0], other)
            own.append(same[0] if same else Axis(node.shape[k]))
        return own[0], own[1]


Pairs = list[tuple[Axis, Axis]]


def fresh(node: Node) -> tuple[Axis, Axis]:
    return Axis(node.shape[0]), Axis(node.shape[1])


def _matmul(node: Node, args: Pairs) -> tuple[Axis, Axis]:
    unify(args[0][1], args[1][0])
    return args[0][0], args[1][1]


def _stack(along: int) -> Callable[[Node, Pairs], tuple[Axis, Axis]]:
    def rule(node: Node, args: Pairs) -> tuple[Axis, Axis]:
        across = args[0][1 - along]
        for pair in args[1:]:
            unify(across, pair[1 - along])
        stacked = Axis(node.shape[along], tuple(pair[along] for pair in args))
        return (stacked, across) if along == 0 else (across, stacked)

    return rule


def _diag(node: Node, args: Pairs) -> tuple[Axis, Axis]:
    axis = args[0][1] if node.args[0].shape[0] == UNIT else args[0][0]
    return axis, axis


def _eye(node: Node, args: Pairs) -> tuple[Axis, Axis]:
    axis = Axis(node.shape[0])
    return axis, axis


def _trace(node: Node, args: Pairs) -> tuple[Axis, Axis]:
    unify(*args[0])
    return fresh(node)


def _dense(node: Node, args: Pairs) -> tuple[Axis, Axis]:
    rows, cols = node.data
    return Axis(node.shape[0], tuple(Axis(UNIT) for _ in range(rows))), Axis(node.shape[1], tuple(Axis(UNIT) for _ in range(cols)))


_RULES: dict[str, Callable[[Node, Pairs], tuple[Axis, Axis]]] = {
    "matmul": _matmul, "T": lambda node, args: (args[0][1], args[0][0]), "vstack": _stack(0), "hstack": _stack(1), "diag": _diag,
    "eye": _eye, "trace": _trace, "dense": _dense, "total": lambda node, args: fresh(node), "norm": lambda node, args: fresh(node),
    "conv": lambda node, args: fresh(node), "sum": lambda node, args: args[0], "prod": lambda node, args: _trace_like(args),
}  # fmt: skip


def _trace_like(args: Pairs) -> tuple[Axis, Axis]:
    """A product over time multiplies its body with itself: rows and columns are cut alike."""
    unify(*args[0])
    return args[0]
