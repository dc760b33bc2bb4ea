"""One time step as a graph of feature vectors: what a sample holds, whatever the layout of the cell.

Shapes are gone here: a column ``(n, 1)`` and a row ``(1, n)`` are both a vector with n features, and a weight is a block of a parameter
that maps one vector to another. Equal nodes are one node, and every node stands behind its arguments: an index is also an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from sympy import Expr, Integer

from ..errors import UnsupportedNode

ONE = Integer(1)

#: Operations that map entries to entries; ``call`` is a function by name, ``copy`` the same value in a place of its own.
ELEMENTWISE = ("add", "sub", "mul", "div", "neg", "pow", "call", "copy")


@dataclass(frozen=True)
class Weight:
    """The columns ``start`` to ``start + width`` of a parameter, or of its transpose: a map from ``width`` features to others."""

    name: str
    transposed: bool
    start: Expr
    width: Expr


@dataclass(frozen=True)
class Node:
    """``op`` is ``number``, ``pi``, ``parameter``, ``input``, ``previous`` (a value one step back), ``affine`` or an elementwise operation.

    An affine node is ``number`` times the sum of its weights applied to its arguments and of its biases.
    """

    op: str
    args: tuple[int, ...] = ()
    size: Expr = ONE
    name: str = ""
    number: Fraction = Fraction(1)
    weights: tuple[Weight, ...] = ()
    biases: tuple[str, ...] = ()


def runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """Positions as ranges, as few as there can be.

    >>> runs([3, 1, 2, 7])
    [(1, 4), (7, 8)]
    """
    ranges: list[tuple[int, int]] = []
    for p in sorted(positions):
        if ranges and ranges[-1][1] == p:
            ranges[-1] = (ranges[-1][0], p + 1)
        else:
            ranges.append((p, p + 1))
    return ranges


@dataclass
class Graph:
    """Nodes in order; the constructors leave out what changes nothing (x + 0, 1 * x, -(-x))."""

    nodes: list[Node] = field(default_factory=list)
    index: dict[Node, int] = field(default_factory=dict)

    def __getitem__(self, k: int) -> Node:
        return self.nodes[k]

    def put(self, node: Node) -> int:
        if node not in self.index:
            self.index[node] = len(self.nodes)
            self.nodes.append(node)
        return self.index[node]

    def number(self, value: Fraction | int) -> int:
        return self.put(Node("number", number=Fraction(value)))

    def is_number(self, k: int, value: int | None = None) -> bool:
        return self[k].op == "number" and (value is None or self[k].number == value)

    def is_constant(self, k: int) -> bool:
        """Made of numbers and parameters only: the same at every step and for every sample."""
        node = self[k]
        if node.op == "copy":
            return False
        return node.op in ("number", "pi", "parameter") or (node.op in ELEMENTWISE and all(self.is_constant(a) for a in node.args))

    def apply(self, op: str, args: Sequence[int], name: str = "") -> int:
        """An elementwise node; a constant with one feature is repeated over the features of the others."""
        sizes = {self[a].size for a in args} - {ONE}
        if len(sizes) > 1:
            raise UnsupportedNode(f"an elementwise operation on vectors with {' and '.join(sorted(map(str, sizes)))} features")
        if sizes and any(self[a].size == ONE and not self.is_constant(a) for a in args):
            raise UnsupportedNode("a value with one feature that changes with time is repeated over the features of another")
        return self.put(Node(op, tuple(args), sizes.pop() if sizes else ONE, name))

    def add(self, a: int, b: int) -> int:
        if self.is_number(a, 0):
            return b
        if self.is_number(b, 0):
            return a
        if self[b].op == "neg":
            return self.sub(a, self[b].args[0])
        if self[a].op == "neg":
            return self.sub(b, self[a].args[0])
        return self.fold("add", a, b)

    def sub(self, a: int, b: int) -> int:
        if self.is_number(b, 0):
            return a
        if self.is_number(a, 0):
            return self.neg(b)
        if self[b].op == "neg":
            return self.add(a, self[b].args[0])
        return self.fold("sub", a, b)

    def neg(self, a: int) -> int:
        if self[a].op == "number":
            return self.number(-self[a].number)
        if self[a].op == "neg":
            return self[a].args[0]
        if self[a].op == "sub":
            return self.sub(*reversed(self[a].args))
        return self.apply("neg", (a,))

    def mul(self, a: int, b: int) -> int:
        if self.is_number(b) and not self.is_number(a):
            a, b = b, a
        if self.is_number(a, 0) or self.is_number(a, 1):
            return a if self.is_number(a, 0) else b
        if self.is_number(a, -1):
            return self.neg(b)
        if self[a].op == "neg":
            return self.neg(self.mul(self[a].args[0], b))
        if self[b].op == "neg":
            return self.neg(self.mul(a, self[b].args[0]))
        return self.fold("mul", a, b)

    def div(self, a: int, b: int) -> int:
        if self.is_number(b, 1) or self.is_number(a, 0):
            return a
        if self[a].op == "neg":
            return self.neg(self.div(self[a].args[0], b))
        return self.fold("div", a, b)

    def pow(self, a: int, b: int) -> int:
        """Whole powers up to 4 are products."""
        exponent = self[b].number
        if self[b].op == "number" and exponent in (1, 2, 3, 4):
            square = self.mul(a, a) if exponent > 1 else a
            return {1: a, 2: square, 3: self.mul(square, a), 4: self.mul(square, square)}[int(exponent)]
        if self.is_number(b, -1):
            return self.div(self.number(1), a)
        if self[b].op == "number" and exponent == Fraction(1, 2):
            return self.call("sqrt", (a,))
        return self.apply("pow", (a, b))

    def call(self, name: str, args: Sequence[int]) -> int:
        return self.apply("call", args, name)

    def fold(self, op: str, a: int, b: int) -> int:
        """A number where both are numbers."""
        x, y = self[a].number, self[b].number
        if self.is_number(a) and self.is_number(b) and not (op == "div" and y == 0):
            value = {"add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y, "div": lambda: x / y}[op]()
            return self.number(value)
        return self.apply(op, (a, b))

    def users(self, roots: Sequence[int]) -> dict[int, list[int]]:
        """Who reads each node, among the nodes that the roots need."""
        table: dict[int, list[int]] = {k: [] for k in self.needed(roots)}
        for k in table:
            for a in dict.fromkeys(self[k].args):
                table[a].append(k)
        return table

    def needed(self, roots: Sequence[int]) -> list[int]:
        """The nodes that the roots are made of, in order."""
        seen, stack = set(roots), list(roots)
        while stack:
            for a in self[stack.pop()].args:
                if a not in seen:
                    seen.add(a)
                    stack.append(a)
        return sorted(seen)
