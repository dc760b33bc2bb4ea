"""The derivative of every node, backward: given the cotangent g = ∂L/∂e of a node e, the cotangent of each argument.

``RULES`` is the whole table, one rule a node of the closed set (``expr.NODES``; a test holds one against the other). A rule pushes exactly
one step and yields (argument, cotangent) pairs; an argument that the value does not depend on is not yielded. ``value`` is the
node, or the name that it has. A node without a rule raises an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy
from sympy import Add, Basic, Eq, Expr, Integer, MatrixExpr, MatrixSymbol, Mul, Number, Pow, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Trace, Transpose, ZeroMatrix

from ..errors import UnsupportedNode
from ..expr import build, nodes, read_term, shape_of, shapes, variable
from ..expr.build import add, apply, broadcast, divide, hstack, ones, power
from ..expr.functions import Elementwise
from .algebra import hadamard, product, scale, transpose, zero
from .derivatives import partial

Cotangents = Iterator[tuple[Expr, Expr]]
Pull = Callable[[Expr, Expr, Expr], Cotangents]


@dataclass(frozen=True)
class Rule:
    """What a derivation says about one kind of node: the rule's name, its formula, and the rule itself."""

    name: str
    formula: str
    pull: Pull


RULES: dict[type[Basic], Rule] = {}


def rule_of(e: Basic) -> Rule:
    """The rule of a node, or an error that names the node."""
    for kind in type(e).__mro__:
        if kind in RULES:
            return RULES[kind]
    raise UnsupportedNode(f"no derivative rule for {type(e).__name__}", hint=_REASONS.get(type(e), ""))


#: Nodes that have no rule, and why.
_REASONS: dict[type[Basic], str] = {
    nodes.TimeSum: "a sum over time inside a step reads every other step; write it as a recursion",
    nodes.TimeProd: "a product over time inside a step reads every other step; write it as a recursion",
    nodes.Grad: "it is a derivative already",
    nodes.Jacobian: "it is a derivative already",
}


def _rule(name: str, formula: str, *kinds: type[Basic]) -> Callable[[Pull], Pull]:
    def register(pull: Pull) -> Pull:
        RULES.update(dict.fromkeys(kinds, Rule(name, formula, pull)))
        return pull

    return register


def _others(args: tuple[Expr, ...], k: int) -> tuple[Expr, ...]:
    return args[:k] + args[k + 1 :]


def _into(e: Expr, g: Expr) -> Expr:
    """The cotangent of an argument that was repeated to the shape of ``g``: summed over the repetitions."""
    (rows, cols), (have_rows, have_cols) = shape_of(g), shape_of(e)
    if (rows, cols) == (have_rows, have_cols):
        return g
    if have_rows == have_cols == 1:
        return nodes.Total(g)
    return product(g, ones(cols)) if have_rows == rows else product(transpose(ones(rows)), g)


@_rule("constant", "", Number, type(sympy.pi), OneMatrix, ZeroMatrix, Identity, Symbol, MatrixSymbol)
def _leaf(e: Expr, g: Expr, value: Expr) -> Cotangents:
    """Symbols end the walk: what reaches them is their gradient."""
    return iter(())


@_rule("sum", "d(a + b) = da + db: each summand receives g", Add, MatAdd)
def _sum(e: Expr, g: Expr, value: Expr) -> Cotangents:
    for a in e.args:
        yield a, _into(a, g)


@_rule("elementwise product", "d(a * b) = da * b + a * db: each factor receives g * (the others)", Mul, HadamardProduct)
def _product(e: Expr, g: Expr, value: Expr) -> Cotangents:
    for k, a in enumerate(e.args):
        yield a, hadamard(g, *_others(e.args, k))


@_rule("matrix product", "d(A @ B) = dA @ B + A @ dB: A receives g @ B.T, B receives A.T @ g", MatMul)
def _matmul(e: Expr, g: Expr, value: Expr) -> Cotangents:
    scalars = tuple(a for a in e.args if not isinstance(a, MatrixExpr))
    matrices = tuple(a for a in e.args if isinstance(a, MatrixExpr))
    for k, a in enumerate(scalars):
        yield a, _into(a, hadamard(g, *_others(scalars, k), product(*matrices)))
    scaled = hadamard(g, *scalars)
    for k, a in enumerate(matrices):
        if isinstance(a, nodes.Diag) and k == 0 and len(matrices) > 1 and shape_of(a.args[0])[1] == 1:
            rest = product(*matrices[1:])  # diag(v) @ y is v * y, so that v receives g * y, summed over the columns of y
            yield a.args[0], _into(a.args[0], hadamard(scaled, rest))
            continue
        left, right = matrices[:k], matrices[k + 1 :]
        yield a, product(*([transpose(product(*left))] if left else []), scaled, *([transpose(product(*right))] if right else []))


@_rule("transpose", "d(A.T) = dA.T: A receives g.T", Transpose)
def _transpose(e: Expr, g: Expr, value: Expr) -> Cotangents:
    yield e.arg, transpose(g)


@_rule("trace", "trace(A) = Σ A_ii: A receives g * eye(n)", Trace)
def _trace(e: Expr, g: Expr, value: Expr) -> Cotangents:
    yield e.arg, hadamard(g, Identity(e.arg.shape[0]))


@_rule("power", "d(a ** b) = b * a ** (b - 1) * da + log(a) * a ** b * db", Pow)
def _power(e: Expr, g: Expr, value: Expr) -> Cotangents:
    base, exponent = e.args
    yield from _power_of(base, exponent, g, value)


def _power_of(base: Expr, exponent: Expr, g: Expr, value: Expr) -> Cotangents:
    if isinstance(exponent, Number):
        below = base if exponent == 2 else power(base, exponent - 1)
        yield base, _into(base, hadamard(exponent, g, below))
    else:
        yield base, _into(base, hadamard(g, exponent, power(base, _minus_one(exponent))))
        yield exponent, _into(exponent, hadamard(g, value, apply("log", base)))


def _minus_one(e: Expr) -> Expr:
    return sympy.MatAdd(e, broadcast(Integer(-1), shape_of(e))) if isinstance(e, MatrixExpr) else Add(e, -1, evaluate=False)


@_rule("elementwise function", "d f(a) = f'(a) * da: a receives g * f'(a)", Elementwise, AppliedUndef)
def _function(e: Expr, g: Expr, value: Expr) -> Cotangents:
    name = e.plain if isinstance(e, Elementwise) else e.func.__name__
    yield from _function_of(name, e.args, g, value)


def _function_of(name: str, args: tuple[Expr, ...], g: Expr, value: Expr) -> Cotangents:
    for k, a in enumerate(args):
        slope = partial(name, k, args, value)
        if slope is not None:
            yield a, _into(a, hadamard(g, slope))


@_rule("elementwise function", "d f(a) = f'(a) * da: a receives g * f'(a); a / b: g / b and -g * (a / b) / b", nodes.Apply)
def _apply(e: nodes.Apply, g: Expr, value: Expr) -> Cotangents:
    if e.function == "pow":
        base, exponent = e.operands
        yield from _power_of(base, exponent, g, value)
    elif e.function == "div":
        above, below = e.operands
        yield above, _into(above, divide(g, below))
        yield below, _into(below, scale(Integer(-1), divide(hadamard(g, value), below)))
    else:
        yield from _function_of(e.function, e.operands, g, value)


@_rule("repetition", "b is added to every column: b receives the sum of the columns of g", nodes.Broadcast)
def _broadcast(e: Expr, g: Expr, value: Expr) -> Cotangents:
    yield e.args[0], _into(e.args[0], g)


@_rule("stacking", "[a; b]: each block receives its rows of g", nodes.VStack)
def _vstack(e: Expr, g: Expr, value: Expr) -> Cotangents:
    for k, a in enumerate(e.args):
        yield a, product(_selector(e, k, axis=0), g)


@_rule("stacking", "[a, b]: each block receives its columns of g", nodes.HStack)
def _hstack(e: Expr, g: Expr, value: Expr) -> Cotangents:
    for k, a in enumerate(e.args):
        yield a, product(g, transpose(_selector(e, k, axis=1)))


def _selector(e: Expr, k: int, axis: int) -> Expr:
    """[0 I 0]: the matrix that picks block k of a stack."""
    sizes = [shape_of(a)[axis] for a in e.args]
    before, after = ([zero((sizes[k], sum(beside, Integer(0))))] if beside else [] for beside in (sizes[:k], sizes[k + 1 :]))
    return hstack(*before, Identity(sizes[k]), *after)


@_rule("diagonal", "diag(v): v receives the diagonal of g; in diag(v) @ y, which is v * y, it receives g * y", nodes.Diag)
def _diag(e: Expr, g: Expr, value: Expr) -> Cotangents:
    column = product(hadamard(g, Identity(e.shape[0])), ones(e.shape[0]))
    yield e.args[0], column if e.args[0].shape[1] == 1 else transpose(column)


@_rule("softmax", "s = softmax(a): a receives s * (g - Σ s * g)", nodes.Softmax)
def _softmax(e: Expr, g: Expr, value: Expr) -> Cotangents:
    rows, cols = e.shape
    weighted = hadamard(value, g)
    if rows == 1 or cols == 1:
        mean: Expr = nodes.Total(weighted)
    else:
        mean = product(ones(rows), product(transpose(ones(rows)), weighted))
    yield e.args[0], hadamard(value, add(g, scale(Integer(-1), mean)))


@_rule("sum of the entries", "total(A) = Σ A_ij: every entry receives g", nodes.Total)
def _total(e: Expr, g: Expr, value: Expr) -> Cotangents:
    yield e.args[0], broadcast(g, shape_of(e.args[0]))


@_rule("norm", "d norm(A) = Σ A_ij dA_ij / norm(A): A receives g * A / norm(A)", nodes.Norm)
def _norm(e: Expr, g: Expr, value: Expr) -> Cotangents:
    yield e.args[0], hadamard(broadcast(divide(g, value), shape_of(e.args[0])), e.args[0])


@_rule("convolution", "conv(K, x): K receives conv_kernel(x, g), x receives conv_transpose(K, g)", nodes.Conv)
def _conv(e: nodes.Conv, g: Expr, value: Expr) -> Cotangents:
    kernel, x = e.args[:2]
    yield kernel, nodes.ConvKernel(x, g, *shape_of(kernel))
    yield x, nodes.ConvTranspose(kernel, g, *shape_of(x))


@_rule("convolution", "conv_transpose(K, y): K receives conv_kernel(g, y), y receives conv(K, g)", nodes.ConvTranspose)
def _conv_transpose(e: nodes.ConvTranspose, g: Expr, value: Expr) -> Cotangents:
    kernel, y = e.args[:2]
    yield kernel, nodes.ConvKernel(g, y, *shape_of(kernel))
    yield y, nodes.Conv(kernel, g, *shape_of(y))


@_rule("convolution", "conv_kernel(x, y): x receives conv_transpose(g, y), y receives conv(g, x)", nodes.ConvKernel)
def _conv_kernel(e: nodes.ConvKernel, g: Expr, value: Expr) -> Cotangents:
    x, y = e.args[:2]
    yield x, nodes.ConvTranspose(g, y, *shape_of(x))
    yield y, nodes.Conv(g, x, *shape_of(y))


@_rule("matrix of entries", "entry (i, j) receives g_ij", sympy.ImmutableDenseMatrix)
def _entries(e: sympy.ImmutableDenseMatrix, g: Expr, value: Expr) -> Cotangents:
    for i in range(e.rows):
        for j in range(e.cols):
            if e[i, j].free_symbols:
                yield e[i, j], product(transpose(_unit(e.rows, i)), g, _unit(e.cols, j))


def _unit(size: int, k: int) -> Expr:
    return sympy.ImmutableDenseMatrix(size, 1, lambda i, _: int(i == k))


def vjp(e: Expr, g: Expr, value: Expr | None = None) -> list[tuple[Expr, Expr]]:
    """The cotangents of the arguments of ``e``, given its own.

    >>> from ..expr import plain, read_term, build, shapes
    >>> sizes = shapes("W:n,m x:m,1 g:n,1")
    >>> e, g = (build(read_term(s), sizes) for s in ("W @ x", "g"))
    >>> [plain(cotangent) for _, cotangent in vjp(e, g)]
    ['g @ x.T', 'W.T @ g']
    """
    return list(rule_of(e).pull(e, g, e if value is None else value))


#: One formula for each rule, with the shapes of its symbols; ``y`` is its value and ``g`` its cotangent.
_SHOWN = (
    "A + B", "A * B", "A @ C", "A.T", "sigmoid(A)", "tanh(A)", "exp(A)", "A / B", "A ** 3", "A + b", "concat(a, b)", "diag(a)", "trace(S)",
    "softmax(a)", "total(A)", "norm(A)", "conv(K, A)",
)  # fmt: skip
_SIZES = "A:n,m B:n,m C:m,k S:n,n K:p,p a:n,1 b:n,1"


def table() -> tuple[Eq, ...]:
    """The rules as equations: a value, then the gradient of each of its arguments, as the rules give them.

    >>> from ..expr import plain
    >>> [plain(e) for e in table()[6:9]]
    ['y = A @ C', 'grad(A) = g @ C.T', 'grad(C) = A.T @ g']
    """
    sizes = shapes(_SIZES)
    lines = []
    for text in _SHOWN:
        e = build(read_term(text), sizes)
        y, g = (variable(name, shape_of(e)) for name in ("y", "g"))
        lines.append(Eq(y, e, evaluate=False))
        lines += [Eq(nodes.Grad(a), cotangent, evaluate=False) for a, cotangent in _down_to_symbols(e, g, y)]
    return tuple(lines)


def _down_to_symbols(e: Expr, g: Expr, value: Expr) -> Cotangents:
    """Repetitions and signs are walked through, so that every line speaks of a symbol."""
    for a, cotangent in vjp(e, g, value):
        if a.is_symbol:
            yield a, cotangent
        else:
            yield from _down_to_symbols(a, cotangent, a)
