"""From SymPy to the prover's DAG, once. After this nothing that SymPy evaluates or sorts is inside a proof.

One small function a node of ``expr.NODES``; a node outside it raises ``UnsupportedNode``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache, singledispatchmethod
from typing import Any

import sympy
from sympy import Add, Basic, MatrixSymbol, Mul, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Trace, Transpose, ZeroMatrix

from ..errors import UnsupportedNode
from ..expr import nodes
from ..expr.functions import Elementwise
from .dag import SCALAR, Dag, Dim, Node, Shape, Time

MAX_DEPTH = 250


@lru_cache(maxsize=1024)
def dimension(d: Any) -> Dim:
    """A dimension as a sum of named ones; a product of dimensions is a name of its own."""
    d = sympy.sympify(d)
    terms = []
    for term in Add.make_args(d):
        count, rest = term.as_coeff_Mul()
        if not count.is_Integer or count <= 0:
            raise UnsupportedNode(f"the dimension {d}")
        terms.append(("" if rest == 1 else str(rest).replace(" ", ""), int(count)))
    return tuple(sorted(terms))


def shape(e: Basic) -> Shape:
    pair = getattr(e, "shape", None)
    return (dimension(pair[0]), dimension(pair[1])) if pair else SCALAR


@lru_cache(maxsize=1024)
def time(i: Any) -> Time:
    """``base + shift``; anything else is a base of its own."""
    i = sympy.sympify(i)
    shift, rest = i.as_coeff_Add()
    if not shift.is_Integer:
        shift, rest = sympy.Integer(0), i
    return ("" if rest == 0 else str(rest).replace(" ", "")), int(shift)


class Translator:
    """The walk; ``times`` holds the names that stand for a time, so that ``t`` as a number is known for one."""

    def __init__(self, dag: Dag, times: frozenset[str] = frozenset(), bound: Mapping[str, str] | None = None) -> None:
        self.dag, self.times, self.bound, self.depth = dag, times, dict(bound or {}), 0
        self.done: dict[Basic, Node] = {}

    def __call__(self, e: Basic) -> Node:
        found = self.done.get(e)
        if found is not None:
            return found
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnsupportedNode(f"nested deeper than {MAX_DEPTH}")
        node = self.done[e] = self.rule(e)
        self.depth -= 1
        return node

    def time(self, i: Any) -> Time:
        base, shift = time(i)
        if base not in self.bound and any(s.name in self.bound for s in getattr(i, "free_symbols", ())):
            raise UnsupportedNode(f"the time index {i}")
        return self.bound.get(base, base), shift

    def make(self, op: str, e: Basic, args: tuple[Basic, ...], data: Any = None) -> Node:
        return self.dag.node(op, *(self(a) for a in args), data=data, shape=shape(e))

    @singledispatchmethod
    def rule(self, e: Basic) -> Node:
        raise UnsupportedNode(f"the prover has no rule for {type(e).__name__}")

    @rule.register(Rational)
    def _(self, e: Rational) -> Node:
        return self.dag.num(Fraction(int(e.p), int(e.q)))

    @rule.register(type(sympy.pi))
    def _(self, e: Basic) -> Node:
        return self.dag.node("pi")

    @rule.register(Symbol)
    @rule.register(MatrixSymbol)
    def _(self, e: Symbol) -> Node:
        if e.name in self.times or e.name in self.bound:
            if shape(e) != SCALAR:
                raise UnsupportedNode(f"{e.name} is a time and a matrix")
            return self.dag.node("time", data=self.time(e))
        return self.dag.sym(e.name, shape(e))

    @rule.register(nodes.TimeSymbol)
    def _(self, e: nodes.TimeSymbol) -> Node:
        return self.dag.sym(e.name, shape(e), tuple(self.time(i) for i in e.index))

    @rule.register(Add)
    @rule.register(MatAdd)
    def _(self, e: Add) -> Node:
        return self.make("add", e, e.args)

    @rule.register(Mul)
    @rule.register(HadamardProduct)
    def _(self, e: Mul) -> Node:
        return self.make("mul", e, e.args)

    @rule.register(MatMul)
    def _(self, e: MatMul) -> Node:
        """Scalars in front scale the product of the matrices, taken from the left."""
        scalars = [self(a) for a in e.args if not isinstance(a, sympy.MatrixExpr | sympy.MatrixBase)]
        matrices = [self(a) for a in e.args if isinstance(a, sympy.MatrixExpr | sympy.MatrixBase)]
        product = matrices[0]
        for m in matrices[1:]:
            product = self.dag.node("matmul", product, m, shape=(product.shape[0], m.shape[1]))
        return self.dag.node("mul", *scalars, product, shape=product.shape) if scalars else product

    @rule.register(Pow)
    def _(self, e: Pow) -> Node:
        if e.exp == -1:
            return self.dag.node("div", self.dag.num(1), self(e.base))
        return self.make("pow", e, e.args)

    @rule.register(Transpose)
    def _(self, e: Transpose) -> Node:
        return self.make("T", e, e.args)

    @rule.register(Elementwise)
    def _(self, e: Elementwise) -> Node:
        return self.make("fn", e, e.args, e.plain)

    @rule.register(AppliedUndef)
    def _(self, e: AppliedUndef) -> Node:
        return self.make("fn", e, e.args, e.func.__name__)

    @rule.register(nodes.Apply)
    def _(self, e: nodes.Apply) -> Node:
        if e.function in ("div", "pow"):
            return self.make(e.function, e, e.operands)
        return self.make("fn", e, e.operands, e.function)

    @rule.register(nodes.Broadcast)
    def _(self, e: nodes.Broadcast) -> Node:
        return self.make("broadcast", e, e.args[:1])

    @rule.register(nodes.VStack)
    def _(self, e: nodes.VStack) -> Node:
        return self.make("vstack", e, e.args)

    @rule.register(nodes.HStack)
    def _(self, e: nodes.HStack) -> Node:
        return self.make("hstack", e, e.args)

    @rule.register(nodes.Diag)
    def _(self, e: nodes.Diag) -> Node:
        return self.make("diag", e, e.args)

    @rule.register(nodes.Softmax)
    def _(self, e: nodes.Softmax) -> Node:
        return self.make("softmax", e, e.args)

    @rule.register(nodes.Total)
    def _(self, e: nodes.Total) -> Node:
        return self.make("norm" if isinstance(e, nodes.Norm) else "total", e, e.args)

    @rule.register(Trace)
    def _(self, e: Trace) -> Node:
        return self.dag.node("trace", self(e.arg))

    @rule.register(OneMatrix)
    def _(self, e: OneMatrix) -> Node:
        return self.make("ones", e, ())

    @rule.register(ZeroMatrix)
    def _(self, e: ZeroMatrix) -> Node:
        return self.make("zero", e, ())

    @rule.register(Identity)
    def _(self, e: Identity) -> Node:
        return self.make("eye", e, ())

    @rule.register(sympy.ImmutableDenseMatrix)
    def _(self, e: sympy.ImmutableDenseMatrix) -> Node:
        size: Shape = ((("", e.rows),), (("", e.cols),))
        return self.dag.node("dense", *(self(x) for x in e.flat()), data=(e.rows, e.cols), shape=size)

    @rule.register(nodes.TimeSum)
    def _(self, e: nodes.TimeSum) -> Node:
        """The body is translated apart, its running time under a name of its own: the same letter may mean something else outside."""
        body, var, low, high = e.args
        name = f"{var}~{len(self.bound)}"
        inner = Translator(self.dag, self.times, {**self.bound, str(var): name})
        inner.depth = self.depth
        op = "prod" if isinstance(e, nodes.TimeProd) else "sum"
        return self.dag.node(op, inner(body), data=(name, self.time(low), self.time(high)), shape=shape(e))

    @rule.register(nodes.Conv)
    def _(self, e: nodes.Conv) -> Node:
        return self.make("conv", e, e.args[:2], "result")

    @rule.register(nodes.ConvTranspose)
    def _(self, e: nodes.ConvTranspose) -> Node:
        return self.make("conv", e, e.args[:2], "image")

    @rule.register(nodes.ConvKernel)
    def _(self, e: nodes.ConvKernel) -> Node:
        return self.make("conv", e, e.args[:2], "kernel")

    @rule.register(nodes.Grad)
    def _(self, e: nodes.Grad) -> Node:
        return self.derivative("grad({})", e, e.args)

    @rule.register(nodes.Jacobian)
    def _(self, e: nodes.Jacobian) -> Node:
        return self.derivative("jac({}, {})", e, e.args)

    def derivative(self, form: str, e: Basic, symbols: tuple[Basic, ...]) -> Node:
        """A derivative of the loss or of a symbol is a symbol of its own."""
        parts, index = [], []
        for s in symbols:
            node = self(s)
            if node.op != "sym":
                raise UnsupportedNode(f"a derivative with respect to {s}")
            name, own = node.data
            parts.append(name + (f"[{','.join('{}' for _ in own)}]" if own else ""))
            index += own
        return self.dag.sym(form.format(*parts) if not index else form.replace("{}", "%s") % tuple(parts), shape(e), tuple(index))


def scalar_times(roots: list[Basic]) -> frozenset[str]:
    """Names that occur in a time index, so that the same name as a number is a time as well."""
    found: set[str] = set()
    for root in roots:
        for e in sympy.preorder_traversal(root):
            if isinstance(e, nodes.TimeSymbol):
                found |= {s.name for i in e.index for s in i.free_symbols}
            elif isinstance(e, nodes.TimeSum):
                found |= {s.name for i in e.args[2:] for s in i.free_symbols}  # type: ignore[attr-defined]
    return frozenset(found)
