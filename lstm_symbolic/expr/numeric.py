"""Numeric evaluation: the reference semantics of every node, in NumPy float64. It decides no verdict.

One function a node; ``values`` holds arrays by name, time-indexed symbols by ``(name, t)`` (or ``(name, l, t)``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod
from typing import Any

import numpy as np
import sympy
from sympy import Add, Basic, Expr, MatrixSymbol, Mul, Number, Pow, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Trace, Transpose, ZeroMatrix

from ..errors import LstmSymbolicError, UnsupportedNode
from . import nodes
from .functions import Elementwise

Array = np.ndarray[Any, Any]


def _sigmoid(x: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


_erf = np.vectorize(math.erf, otypes=[float])
_erfc = np.vectorize(math.erfc, otypes=[float])

#: Plain name -> NumPy function; also the table of the lambdify printer.
NUMPY: dict[str, Callable[..., Any]] = {
    "sigmoid": _sigmoid, "tanh": np.tanh, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign,
    "dsigmoid": lambda x: _sigmoid(x) * _sigmoid(-x), "dtanh": lambda x: 1.0 - np.tanh(x) ** 2,
    "relu": lambda x: np.maximum(x, 0.0), "softplus": lambda x: np.logaddexp(0.0, x), "erf": _erf, "erfc": _erfc,
    "cosh": np.cosh, "sinh": np.sinh, "where": np.where, "div": np.divide, "pow": np.power,
    "max": lambda *a: np.maximum.reduce(np.broadcast_arrays(*a)), "min": lambda *a: np.minimum.reduce(np.broadcast_arrays(*a)),
    "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal,
}  # fmt: skip


@dataclass(frozen=True)
class Evaluator:
    """Values of symbols, dimensions, time indices, and of uninterpreted functions."""

    values: Mapping[Any, Any]
    dims: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def __call__(self, e: Basic) -> Array:
        return np.asarray(self.node(e))

    def integer(self, e: Any) -> int:
        """A dimension or a time index."""
        found = e.subs({s: self.times.get(s.name, self.dims.get(s.name, s)) for s in e.free_symbols})
        if not found.is_Integer:
            raise LstmSymbolicError(f"no value for the dimension or time {found}")
        return int(found)

    def size(self, rows: Any, cols: Any) -> tuple[int, int]:
        return self.integer(rows), self.integer(cols)

    def lookup(self, key: Any) -> Any:
        if key not in self.values:
            raise LstmSymbolicError(f"no value for {key}")
        return self.values[key]

    def function(self, name: str, args: list[Any]) -> Any:
        table = NUMPY.get(name) or self.functions.get(name)
        if table is None:
            raise UnsupportedNode(f"{name} has no numeric value: give one in functions")
        return table(*args)

    @singledispatchmethod
    def node(self, e: Basic) -> Any:
        raise UnsupportedNode(f"no numeric value for {type(e).__name__}")

    @node.register(Number)
    def _(self, e: Number) -> Any:
        return float(e)

    @node.register(type(sympy.pi))
    def _(self, e: Basic) -> Any:
        return math.pi

    @node.register(Symbol)
    @node.register(MatrixSymbol)
    def _(self, e: Symbol) -> Any:
        if e.name in self.times:
            return float(self.times[e.name])
        return self.lookup(e.name)

    @node.register(nodes.TimeSymbol)
    def _(self, e: nodes.TimeSymbol) -> Any:
        return self.lookup((e.name, *(self.integer(i) for i in e.index)))

    @node.register(Add)
    @node.register(MatAdd)
    def _(self, e: Add) -> Any:
        total = self.node(e.args[0])
        for a in e.args[1:]:
            total = total + self.node(a)
        return total

    @node.register(Mul)
    @node.register(HadamardProduct)
    def _(self, e: Mul) -> Any:
        product = self.node(e.args[0])
        for a in e.args[1:]:
            product = product * self.node(a)
        return product

    @node.register(Pow)
    def _(self, e: Pow) -> Any:
        return np.power(self.node(e.base), self.node(e.exp))

    @node.register(MatMul)
    def _(self, e: MatMul) -> Any:
        product: Any = None
        for a in e.args:
            value = self.node(a)
            matrix = isinstance(a, sympy.MatrixExpr) and np.ndim(value) == 2
            both = product is not None and matrix and np.ndim(product) == 2
            product = value if product is None else (product @ value if both else product * value)
        return product

    @node.register(Transpose)
    def _(self, e: Transpose) -> Any:
        return np.transpose(self.node(e.arg))

    @node.register(Elementwise)
    def _(self, e: Elementwise) -> Any:
        return self.function(e.plain, [self.node(a) for a in e.args])

    @node.register(AppliedUndef)
    def _(self, e: AppliedUndef) -> Any:
        return self.function(e.func.__name__, [self.node(a) for a in e.args])

    @node.register(nodes.Apply)
    def _(self, e: nodes.Apply) -> Any:
        return self.function(e.function, [self.node(a) for a in e.operands])

    @node.register(nodes.Broadcast)
    def _(self, e: nodes.Broadcast) -> Any:
        return np.broadcast_to(self.node(e.args[0]), self.size(*e.args[1:]))

    @node.register(nodes.VStack)
    def _(self, e: nodes.VStack) -> Any:
        return np.concatenate([self.node(a) for a in e.args], axis=0)

    @node.register(nodes.HStack)
    def _(self, e: nodes.HStack) -> Any:
        return np.concatenate([self.node(a) for a in e.args], axis=1)

    @node.register(nodes.Diag)
    def _(self, e: nodes.Diag) -> Any:
        return np.diag(np.ravel(self.node(e.args[0])))

    @node.register(nodes.Softmax)
    def _(self, e: nodes.Softmax) -> Any:
        u = self.node(e.args[0])
        axis = 1 if e.shape[0] == 1 else 0
        w = np.exp(u - np.max(u, axis=axis, keepdims=True))
        return w / np.sum(w, axis=axis, keepdims=True)

    @node.register(nodes.Total)
    def _(self, e: nodes.Total) -> Any:
        return np.sum(self.node(e.args[0])).reshape(1, 1)

    @node.register(nodes.Norm)
    def _(self, e: nodes.Norm) -> Any:
        return np.sqrt(np.sum(np.square(self.node(e.args[0])))).reshape(1, 1)

    @node.register(Trace)
    def _(self, e: Trace) -> Any:
        return np.trace(self.node(e.arg))

    @node.register(OneMatrix)
    def _(self, e: OneMatrix) -> Any:
        return np.ones(self.size(*e.args))

    @node.register(ZeroMatrix)
    def _(self, e: ZeroMatrix) -> Any:
        return np.zeros(self.size(*e.args))

    @node.register(Identity)
    def _(self, e: Identity) -> Any:
        return np.eye(self.integer(e.args[0]))

    @node.register(sympy.ImmutableDenseMatrix)
    def _(self, e: sympy.ImmutableDenseMatrix) -> Any:
        return np.array([[self.node(x) for x in e.row(i)] for i in range(e.rows)], dtype=float)

    @node.register(nodes.Conv)
    def _(self, e: nodes.Conv) -> Any:
        kernel, x = (self.node(a) for a in e.args[:2])
        return sum(weight * _moved(x, a, b) for (a, b), weight in _around_the_middle(kernel))

    @node.register(nodes.ConvTranspose)
    def _(self, e: nodes.ConvTranspose) -> Any:
        kernel, g = (self.node(a) for a in e.args[:2])
        return sum(weight * _moved(g, -a, -b) for (a, b), weight in _around_the_middle(kernel))

    @node.register(nodes.ConvKernel)
    def _(self, e: nodes.ConvKernel) -> Any:
        x, g = (self.node(a) for a in e.args[:2])
        places = _around_the_middle(np.zeros(self.size(*e.shape)))
        return np.array([np.sum(g * _moved(x, a, b)) for (a, b), _ in places]).reshape(self.size(*e.shape))

    @node.register(nodes.TimeSum)
    def _(self, e: nodes.TimeSum) -> Any:
        body, var, low, high = e.args
        steps = range(self.integer(low), self.integer(high) + 1)
        terms = [self.at(var, k).node(body) for k in steps]
        return sum(terms[1:], terms[0]) if terms else np.zeros(self.size(*e.shape))

    @node.register(nodes.TimeProd)
    def _(self, e: nodes.TimeProd) -> Any:
        body, var, low, high = e.args
        product = np.eye(self.integer(e.shape[0]))
        for k in range(self.integer(low), self.integer(high) + 1):
            product = self.at(var, k).node(body) @ product
        return product

    def at(self, var: Basic, k: int) -> Evaluator:
        return replace(self, times={**self.times, var.name: k})  # type: ignore[attr-defined]

    @node.register(nodes.Grad)
    @node.register(nodes.Jacobian)
    def _(self, e: nodes.Grad) -> Any:
        """A derivative of the loss is a value like any other: it is looked up by its node, as it stands or at the present time."""
        if e in self.values:
            return self.values[e]
        return self.lookup(e.xreplace({s: sympy.Integer(self.times[s.name]) for s in _clock(e) if s.name in self.times}))


def _around_the_middle(kernel: Array) -> list[tuple[tuple[int, int], float]]:
    """The entries of a kernel by their place relative to its middle."""
    rows, cols = (size // 2 for size in kernel.shape)
    return [((i - rows, j - cols), float(w)) for (i, j), w in np.ndenumerate(kernel)]


def _moved(image: Array, down: int, right: int) -> Array:
    """Entry (i, j) is the image's entry (i + down, j + right), zero outside."""
    rows, cols = (range(max(0, -d), min(size, size - d)) for d, size in zip((down, right), image.shape, strict=True))
    result = np.zeros(image.shape)
    result[np.ix_(rows, cols)] = image[np.ix_([i + down for i in rows], [j + right for j in cols])]
    return result


def _clock(e: nodes.Grad) -> set[Symbol]:
    """The symbols of its time indices."""
    return {s for u in e.args for i in getattr(u, "index", ()) for s in i.free_symbols}


def evaluate(e: Expr, values: Mapping[Any, Any], dims: Mapping[str, int] | None = None, times: Mapping[str, int] | None = None) -> Array:
    """The float64 value of an expression.

    >>> from sympy.abc import x
    >>> from .functions import sigmoid
    >>> float(evaluate(sigmoid(x), {"x": 0.0}))
    0.5
    """
    return Evaluator(values, dims or {}, times or {})(e)
