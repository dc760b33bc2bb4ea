"""From the equations of a cell to the graph of one step. What has no place in such a graph is refused, with the equation named.

A sum of weighted vectors and biases becomes one affine node: ``W @ x[t] + U @ h[t - 1] + b``, or ``W @ concat(h[t - 1], x[t]) + b`` with
the columns of W split between h and x, or the same in rows. Everything else works entry by entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce, singledispatchmethod
from keyword import iskeyword

import sympy
from sympy import Add, Basic, Eq, Expr, Integer, MatrixExpr, MatrixSymbol, Mul, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Transpose, ZeroMatrix

from ..cells import TIME, Cell, leaves
from ..errors import CellError, UnsupportedNode
from ..expr import Shape, TimeSymbol, plain, shape_of
from ..expr.functions import FUNCTIONS, Elementwise
from ..expr.nodes import Apply, Broadcast, Diag, HStack, VStack
from .graph import ONE, Graph, Node, Weight


@dataclass(frozen=True)
class Step:
    """The graph of one step. ``values`` holds the node of everything that an equation defines.

    ``states`` are all values that are read one step later, and their nodes; an input that is read late is a state too.
    """

    cell: Cell
    graph: Graph
    values: Mapping[str, int]
    states: Mapping[str, int]
    outputs: Mapping[str, int]
    inputs: Mapping[str, int]
    previous: Mapping[str, int]

    @property
    def roots(self) -> list[int]:
        return list(dict.fromkeys([*self.states.values(), *self.outputs.values()]))


def lower(cell: Cell) -> Step:
    """The step of a cell.

    >>> from ..cells import cell
    >>> step = lower(cell("rnn"))
    >>> [step.graph[k].op for k in step.graph.needed(step.roots)]
    ['input', 'previous', 'affine', 'call']
    """
    for name in cell.shapes:
        if not re.fullmatch(r"[^\W\d]\w{0,60}", name, re.ASCII) or iskeyword(name):
            raise CellError(f"the symbol {name[:60]!r} cannot be a name in code", hint="rename it: letters, digits and underscores")
    late = {s.name for e in cell.equations for s in leaves(e.rhs) if isinstance(s, TimeSymbol) and s.index[-1] != TIME}
    lowering = Lowering(cell)
    for e in cell.in_order():
        lowering.define(e)
    inputs = {name: lowering.input(name) for name in cell.inputs}
    known = {**inputs, **lowering.values}
    results: dict[str, int] = {}
    for name in (*(n for n in cell.defined if n in late or n in cell.states), *(n for n in cell.inputs if n in late), *cell.outputs):
        if name not in results:
            results[name] = lowering.result(name, known[name], results)
    states = {name: k for name, k in results.items() if name in late or name in cell.states}
    outputs = {name: results[name] for name in cell.outputs}
    return Step(cell, lowering.graph, lowering.values, states, outputs, inputs, {name: lowering.previous(name) for name in states})


def features(shape: Shape) -> Expr:
    """How many features a vector has."""
    rows, columns = shape
    if rows != 1 and columns != 1:
        raise UnsupportedNode(f"a {plain(rows)} x {plain(columns)} matrix changes with time; only vectors are scheduled")
    return columns if rows == 1 else rows


@dataclass
class Lowering:
    """One rule a node. ``symbols`` gives nodes to plain symbols (the slots of a derivative)."""

    cell: Cell | None
    graph: Graph = field(default_factory=Graph)
    values: dict[str, int] = field(default_factory=dict)
    symbols: Mapping[Basic, int] = field(default_factory=dict)

    def define(self, e: Eq) -> None:
        try:
            if not isinstance(e.lhs, TimeSymbol) or len(e.lhs.index) != 1:
                raise UnsupportedNode(f"{plain(e.lhs)} has no time t alone")
            size = features(e.lhs.shape)
            node = self.node(e.rhs)
            if self.graph[node].size not in (size, ONE) or (self.graph[node].size != size and not self.graph.is_constant(node)):
                raise UnsupportedNode(f"{plain(e.lhs)} has {size} features, its equation {self.graph[node].size}")
            self.values[e.lhs.name] = node
        except (UnsupportedNode, RecursionError) as error:
            message = error.message if isinstance(error, UnsupportedNode) else "nested too deeply"
            text = plain(e) if isinstance(error, UnsupportedNode) else plain(e.lhs)
            raise UnsupportedNode(f"this cannot be exported: {text}", hint=message) from None

    def input(self, name: str) -> int:
        assert self.cell is not None
        return self.graph.put(Node("input", size=features(self.cell.shapes[name]), name=name))

    def previous(self, name: str) -> int:
        assert self.cell is not None
        return self.graph.put(Node("previous", size=features(self.cell.shapes[name]), name=name))

    def result(self, name: str, k: int, others: Mapping[str, int]) -> int:
        """The node of a state or an output: a place of its own, also where it equals another, an input, or a constant."""
        if k not in others.values() and self.graph[k].op not in ("input", "previous") and not self.graph.is_constant(k):
            return k
        assert self.cell is not None
        return self.graph.put(Node("copy", (k,), features(self.cell.shapes[name]), name))

    @singledispatchmethod
    def node(self, e: Basic) -> int:
        raise UnsupportedNode(f"{type(e).__name__} has no place in a schedule of vectors")

    @node.register(Rational)
    def _(self, e: Rational) -> int:
        return self.graph.number(Fraction(int(e.p), int(e.q)))

    @node.register(type(sympy.pi))
    def _(self, e: Basic) -> int:
        return self.graph.put(Node("pi"))

    @node.register(Symbol)
    @node.register(MatrixSymbol)
    def _(self, e: Symbol) -> int:
        if e in self.symbols:
            return self.symbols[e]
        if self.cell is None or e.name not in self.cell.parameters:
            raise UnsupportedNode(f"{e} is no parameter")
        return self.graph.put(Node("parameter", size=features(shape_of(e)), name=e.name))

    @node.register(TimeSymbol)
    def _(self, e: TimeSymbol) -> int:
        shift = e.index[-1] - TIME
        if len(e.index) != 1 or shift not in (0, -1):
            raise UnsupportedNode(f"{plain(e)} is not read at t or t - 1")
        if shift == -1:
            return self.previous(e.name)
        return self.values[e.name] if e.name in self.values else self.input(e.name)

    @node.register(Add)
    @node.register(MatAdd)
    def _(self, e: Add) -> int:
        """What is weighted, and the bare biases beside it, are one affine node; the other terms are added to it."""
        nodes = [self.node(a) for a in e.args]
        weighted = [k for k in nodes if self.graph[k].op == "affine"]
        if not weighted:
            return reduce(self.graph.add, nodes)
        biases = [k for k in nodes if self.graph[k].op == "parameter" and self.graph[k].size == self.graph[weighted[0]].size]
        parts = [self.graph[k] for k in weighted]
        whole = replace(
            parts[0],
            args=tuple(a for p in parts for a in p.args),
            weights=tuple(w for p in parts for w in p.weights),
            biases=(*(b for p in parts for b in p.biases), *(self.graph[k].name for k in biases)),
        )
        rest = [k for k in nodes if k not in weighted and k not in biases]
        return reduce(self.graph.add, rest, self.graph.put(whole))

    @node.register(Mul)
    @node.register(HadamardProduct)
    def _(self, e: Mul) -> int:
        product = self.graph.number(1)
        for a in e.args:
            if isinstance(a, Pow) and a.exp == -1:
                product = self.graph.div(product, self.node(a.base))
            else:
                product = self.graph.mul(product, self.node(a))
        return product

    @node.register(Pow)
    def _(self, e: Pow) -> int:
        return self.graph.pow(self.node(e.base), self.node(e.exp))

    @node.register(Transpose)
    def _(self, e: Transpose) -> int:
        features(shape_of(e))
        return self.node(e.arg)

    @node.register(Elementwise)
    def _(self, e: Elementwise) -> int:
        return self.call(e.plain, e.args)

    @node.register(AppliedUndef)
    def _(self, e: AppliedUndef) -> int:
        return self.call(e.func.__name__, e.args)

    @node.register(Apply)
    def _(self, e: Apply) -> int:
        features(shape_of(e))
        return self.call(e.function, e.operands)

    def call(self, name: str, args: tuple[Expr, ...]) -> int:
        nodes = [self.node(a) for a in args]
        if name in ("div", "pow"):
            return self.graph.div(*nodes) if name == "div" else self.graph.pow(*nodes)
        if name not in FUNCTIONS:
            raise UnsupportedNode(f"the function {name} has no definition")
        if name in ("max", "min"):
            return reduce(lambda a, b: self.graph.call(name, (a, b)), nodes)
        return self.graph.call(name, nodes)

    @node.register(Broadcast)
    def _(self, e: Broadcast) -> int:
        features(shape_of(e))
        return self.node(e.args[0])

    @node.register(OneMatrix)
    @node.register(ZeroMatrix)
    def _(self, e: OneMatrix) -> int:
        features(shape_of(e))
        return self.graph.number(int(isinstance(e, OneMatrix)))

    @node.register(MatMul)
    def _(self, e: MatMul) -> int:
        """Scalars in front, then matrices applied one after the other to the vector, from the right (from the left in rows)."""
        scalars = [self.node(a) for a in e.args if not isinstance(a, MatrixExpr)]
        factors = [a for a in e.args if isinstance(a, MatrixExpr)]
        features(shape_of(e))
        if len(factors) == 1:
            return reduce(lambda product, s: self.graph.mul(s, product), scalars, self.node(factors[0]))
        if shape_of(e)[1] != 1 or not _changes(factors[-1]):
            factors = [_turned(a) for a in reversed(factors)]
        *matrices, vector = factors
        if shape_of(vector)[1] != 1 or not _changes(vector):
            raise UnsupportedNode(f"{plain(vector)} is multiplied by a matrix, and is no vector that changes with time")
        pieces = [self.node(p) for p in (vector.args if isinstance(vector, VStack) else (vector,))]
        for m in reversed(matrices):
            pieces = [self.product(m, pieces)]
        return reduce(lambda product, s: self.graph.mul(s, product), scalars, pieces[0])

    def product(self, matrix: Expr, pieces: list[int]) -> int:
        if isinstance(matrix, Identity) and len(pieces) == 1:
            return pieces[0]
        if isinstance(matrix, Diag) and len(pieces) == 1:
            return self.graph.mul(self.node(matrix.args[0]), pieces[0])
        blocks = list(matrix.args) if isinstance(matrix, HStack) else [matrix]
        weights: list[Weight] = []
        start: Expr = Integer(0)
        for k in pieces:
            if not blocks:
                raise UnsupportedNode(f"the blocks of {plain(matrix)} do not fit what they multiply")
            weights.append(self.weight(blocks[0], start, self.graph[k].size))
            start = start + self.graph[k].size
            if start == shape_of(blocks[0])[1]:
                del blocks[0]
                start = Integer(0)
        if blocks:
            raise UnsupportedNode(f"the blocks of {plain(matrix)} do not fit what they multiply")
        return self.graph.put(Node("affine", tuple(pieces), shape_of(matrix)[0], weights=tuple(weights)))

    def weight(self, matrix: Expr, start: Expr, width: Expr) -> Weight:
        inner = matrix.arg if isinstance(matrix, Transpose) else matrix
        if not isinstance(inner, MatrixSymbol) or self.cell is None or inner.name not in self.cell.parameters:
            raise UnsupportedNode(f"{plain(matrix)} stands where a weight matrix belongs, and is no parameter")
        return Weight(inner.name, isinstance(matrix, Transpose), start, width)


def _changes(e: Expr) -> bool:
    """Whether an expression changes with time."""
    return any(isinstance(s, TimeSymbol) for s in leaves(e))


def _turned(e: Expr) -> Expr:
    """The transpose, pushed down to the symbols of a product in rows."""
    if isinstance(e, Transpose):
        return e.arg
    if isinstance(e, Identity | Diag):
        return e
    if isinstance(e, VStack | HStack):
        return (HStack if isinstance(e, VStack) else VStack)(*(_turned(a) for a in e.args))
    return Transpose(e)
