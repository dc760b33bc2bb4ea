"""Values of a DAG at concrete sizes, over any ring: balls (for witnesses) and residues (for the fast filter) use the same walk.

A value is a list of rows. Sizes, times and symbols come from the caller; a ring says what numbers, functions and division are.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol

from ..errors import UnsupportedNode
from .dag import UNIT, Dim, Node, Time, walk

Matrix = list[list[Any]]


class Ring(Protocol):
    """Numbers, and the elementwise functions that they have."""

    def number(self, q: Fraction) -> Any: ...
    def pi(self) -> Any: ...
    def divide(self, a: Any, b: Any) -> Any: ...
    def power(self, a: Any, b: Any, exponent: Fraction | None) -> Any: ...
    def function(self, name: str, args: list[Any]) -> Any: ...


@dataclass
class Point:
    """Sizes of the dimensions, values of the free times, and of symbols: ``symbol(name, indices, rows, columns)``."""

    dims: Mapping[str, int]
    times: Mapping[str, int]
    symbol: Callable[[str, tuple[int, ...], int, int], Matrix]
    known: dict[Dim, int] = field(default_factory=lambda: {UNIT: 1}, init=False)

    def size(self, d: Dim) -> int:
        found = self.known.get(d)
        if found is None:
            found = self.known[d] = sum(count * self._size(name) for name, count in d)
        return found

    def _size(self, name: str) -> int:
        if not name:
            return 1
        if name in self.dims:
            return self.dims[name]
        product = 1
        for factor in re.split(r"(?<!\*)\*(?!\*)", name):
            base, _, exponent = factor.partition("**")
            product *= (int(base) if base.isdigit() else self.dims[base]) ** int(exponent or 1)
        return product

    def time(self, i: Time, running: Mapping[str, int]) -> int:
        base, shift = i
        if not base:
            return shift
        value = running.get(base, self.times.get(base))
        if value is None:
            raise UnsupportedNode(f"no value for the time {base}")
        return value + shift


def names_of_dims(roots: Iterable[Node]) -> list[str]:
    """The elementary dimensions, in order of appearance."""
    found: dict[str, None] = {}
    for node in walk(roots):
        for d in node.shape:
            for name, _ in d:
                for factor in re.split(r"\*+", name):
                    if factor and not factor.isdigit():
                        found.setdefault(factor)
    return list(found)


def times_of(roots: Iterable[Node]) -> list[str]:
    """The times that are free somewhere, in order of appearance."""
    found: dict[str, None] = {}
    bound: set[str] = set()
    for node in walk(roots):
        if node.op == "sym":
            found.update(dict.fromkeys(base for base, _ in node.data[1] if base))
        elif node.op == "time":
            found.setdefault(node.data[0])
        elif node.op in ("sum", "prod"):
            bound.add(node.data[0])
            found.update(dict.fromkeys(base for base, _ in node.data[1:] if base))
    return [name for name in found if name not in bound]


@lru_cache(maxsize=512)
def order(root: Node) -> tuple[Node, ...]:
    """Below the root, arguments first, but not inside sums over time: their bodies are walked once for every time."""
    seen: dict[int, Node] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if node.number not in seen:
            seen[node.number] = node
            if node.op not in ("sum", "prod"):
                stack.extend(node.args)
    return tuple(seen[k] for k in sorted(seen))


@dataclass
class Evaluation:
    """The values of nodes at one point."""

    ring: Ring
    point: Point
    running: dict[str, int] = field(default_factory=dict)
    done: dict[int, Matrix] = field(default_factory=dict)

    def __call__(self, root: Node) -> Matrix:
        for node in order(root):
            if node.number not in self.done:
                self.done[node.number] = self.node(node)
        return self.done[root.number]

    def sizes(self, node: Node) -> tuple[int, int]:
        return self.point.size(node.shape[0]), self.point.size(node.shape[1])

    def node(self, node: Node) -> Matrix:
        rule = RULES.get(node.op)
        if rule is not None:
            return rule(self, node, [] if node.op in ("sum", "prod") else [self.done[a.number] for a in node.args])
        raise UnsupportedNode(f"no value for {node.op}")

    def full(self, node: Node, f: Callable[[int, int], Any]) -> Matrix:
        rows, cols = self.sizes(node)
        return [[f(i, j) for j in range(cols)] for i in range(rows)]

    def each(self, node: Node, args: list[Matrix], f: Callable[[list[Any]], Any]) -> Matrix:
        """A function of the entries in one place; 1x1 arguments, rows and columns broadcast."""
        if all(len(a) == 1 == len(a[0]) for a in args) and self.sizes(node) == (1, 1):
            return [[f([a[0][0] for a in args])]]
        return self.full(node, lambda i, j: f([a[i if len(a) > 1 else 0][j if len(a[0]) > 1 else 0] for a in args]))

    def total(self, values: Iterable[Any]) -> Any:
        result = None
        for v in values:
            result = v if result is None else result + v
        return self.ring.number(Fraction(0)) if result is None else result


def product(values: list[Any]) -> Any:
    result = values[0]
    for v in values[1:]:
        result = result * v
    return result


def _matmul(e: Evaluation, a: Matrix, b: Matrix) -> Matrix:
    columns = list(zip(*b, strict=True))
    return [[e.total(x * y for x, y in zip(row, col, strict=True)) for col in columns] for row in a]


def _diag(e: Evaluation, node: Node, args: list[Matrix]) -> Matrix:
    entries, zero = [x for row in args[0] for x in row], e.ring.number(Fraction(0))
    return [[x if i == j else zero for j in range(len(entries))] for i, x in enumerate(entries)]


def _softmax(e: Evaluation, node: Node, args: list[Matrix]) -> Matrix:
    powers = [[e.ring.function("exp", [x]) for x in row] for row in args[0]]
    if node.shape[0] == UNIT:
        return [[e.ring.divide(x, e.total(row)) for x in row] for row in powers]
    sums = [e.total(col) for col in zip(*powers, strict=True)]
    return [[e.ring.divide(x, s) for x, s in zip(row, sums, strict=True)] for row in powers]


def _norm(e: Evaluation, node: Node, args: list[Matrix]) -> Matrix:
    return [[e.ring.function("sqrt", [e.total(x * x for row in args[0] for x in row)])]]


def _sum(e: Evaluation, node: Node, args: list[Matrix]) -> Matrix:
    steps = list(_steps(e, node))
    zero = e.ring.number(Fraction(0))
    if not steps:
        return e.full(node, lambda i, j: zero)
    return [[e.total(s[i][j] for s in steps) for j in range(len(steps[0][0]))] for i in range(len(steps[0]))]


def _prod(e: Evaluation, node: Node, args: list[Matrix]) -> Matrix:
    one, zero = e.ring.number(Fraction(1)), e.ring.number(Fraction(0))
    result = e.full(node, lambda i, j: one if i == j else zero)
    for step in _steps(e, node):
        result = _matmul(e, step, result)
    return result


def _steps(e: Evaluation, node: Node) -> Iterable[Matrix]:
    var, low, high = node.data
    for k in range(e.point.time(low, e.running), e.point.time(high, e.running) + 1):
        yield Evaluation(e.ring, e.point, {**e.running, var: k})(node.args[0])


def _symbol(e: Evaluation, node: Node, args: list[Matrix]) -> Matrix:
    name, index = node.data
    return e.point.symbol(name, tuple(e.point.time(i, e.running) for i in index), *e.sizes(node))


def _power(e: Evaluation, node: Node, args: list[Matrix]) -> Matrix:
    exponent = node.args[1]
    while exponent.op == "broadcast":
        exponent = exponent.args[0]
    value = exponent.data if exponent.op == "num" else _rational(exponent)
    return e.each(node, args, lambda x: e.ring.power(x[0], x[1], value))


def _rational(node: Node) -> Fraction | None:
    """The value of a constant such as 1/2."""
    if node.op == "num":
        return node.data  # type: ignore[no-any-return]
    if node.op in ("div", "mul", "add"):
        values = [_rational(a) for a in node.args]
        if any(v is None for v in values):
            return None
        known = [v for v in values if v is not None]
        if node.op == "div":
            return known[0] / known[1] if known[1] else None
        return product(known) if node.op == "mul" else sum(known, Fraction(0))  # type: ignore[no-any-return]
    return None


def _conv(e: Evaluation, node: Node, args: list[Matrix]) -> Matrix:
    """The plain instance of a convolution and of its adjoints: zeros outside, the kernel's middle on the entry."""
    parts = dict(zip((name for name in ("kernel", "image", "result") if name != node.data), args, strict=True))
    sizes = {name: (len(a), len(a[0])) for name, a in parts.items()} | {node.data: e.sizes(node)}
    (high, wide), (rows, cols) = sizes["kernel"], sizes["image"]
    terms: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for (i, j), (a, b) in itertools.product(_grid(sizes["result"]), _grid(sizes["kernel"])):
        r, c = i + a - high // 2, j + b - wide // 2
        if 0 <= r < rows and 0 <= c < cols:
            place = {"kernel": (a, b), "image": (r, c), "result": (i, j)}
            terms[place[node.data]].append(product([parts[name][place[name][0]][place[name][1]] for name in parts]))
    return e.full(node, lambda i, j: e.total(terms[i, j]))


def _grid(size: tuple[int, int]) -> list[tuple[int, int]]:
    return list(itertools.product(range(size[0]), range(size[1])))


#: One rule an operation of ``dag.OPS``.
RULES: dict[str, Callable[[Evaluation, Node, list[Matrix]], Matrix]] = {
    "num": lambda e, node, args: [[e.ring.number(node.data)]], "pi": lambda e, node, args: [[e.ring.pi()]],
    "sym": _symbol, "time": lambda e, node, args: [[e.ring.number(Fraction(e.point.time(node.data, e.running)))]],
    "add": lambda e, node, args: e.each(node, args, e.total), "mul": lambda e, node, args: e.each(node, args, product),
    "matmul": lambda e, node, args: _matmul(e, *args), "T": lambda e, node, args: [list(col) for col in zip(*args[0], strict=True)],
    "fn": lambda e, node, args: e.each(node, args, lambda x: e.ring.function(node.data, x)),
    "div": lambda e, node, args: e.each(node, args, lambda x: e.ring.divide(*x)), "pow": _power,
    "broadcast": lambda e, node, args: e.each(node, args, lambda x: x[0]),
    "vstack": lambda e, node, args: [row for a in args for row in a],
    "hstack": lambda e, node, args: [[x for a in args for x in a[i]] for i in range(len(args[0]))],
    "diag": _diag, "conv": _conv, "softmax": _softmax, "norm": _norm, "sum": _sum, "prod": _prod,
    "total": lambda e, node, args: [[e.total(x for row in args[0] for x in row)]],
    "trace": lambda e, node, args: [[e.total(row[i] for i, row in enumerate(args[0]))]],
    "ones": lambda e, node, args: e.full(node, lambda i, j: e.ring.number(Fraction(1))),
    "zero": lambda e, node, args: e.full(node, lambda i, j: e.ring.number(Fraction(0))),
    "eye": lambda e, node, args: e.full(node, lambda i, j: e.ring.number(Fraction(int(i == j)))),
    "dense": lambda e, node, args: [[args[i * node.data[1] + j][0][0] for j in range(node.data[1])] for i in range(node.data[0])],
}  # fmt: skip
