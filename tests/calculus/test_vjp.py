"""The table of derivative rules: held against the node set, and every rule alone against central differences."""

import numpy as np
import pytest
import sympy

from lstm_symbolic.calculus import RULES, vjp
from lstm_symbolic.calculus.tangent import tangent
from lstm_symbolic.calculus.vjp import _REASONS, rule_of
from lstm_symbolic.errors import UnsupportedNode
from lstm_symbolic.expr import NODES, SCALAR, build, evaluate, plain, read_term, shapes, variable
from lstm_symbolic.expr.functions import FUNCTIONS

DIMS = {"n": 3, "m": 2, "k": 4}
SIZES = shapes("K:5,5 I:n,k J:n,k A:n,m B:m,k C:n,m v:n,1 w:n,1 r:1,m u:m,1 S:n,n")


def formula(text: str) -> sympy.Expr:
    return build(read_term(text), SIZES)


def formula_of(name: str, like: str) -> sympy.Expr:
    return variable(name, SIZES.get(like, SCALAR))


def test_every_node_has_a_rule_or_a_reason() -> None:
    covered = {kind for kind in NODES if any(k in RULES for k in kind.__mro__)}
    assert set(NODES) - covered == set(_REASONS)
    assert not covered & set(_REASONS)


@pytest.mark.parametrize("kind", _REASONS)
def test_a_node_without_a_rule_is_named(kind: type) -> None:
    with pytest.raises(UnsupportedNode, match=kind.__name__) as caught:
        rule_of(object.__new__(kind))
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "A + C", "A * C", "-A * C * 3", "A @ B", "A.T", "A + v", "A * r", "p * A", "p * q * A @ B", "A / C", "A ** 2", "A ** 3", "A ** p",
        "p ** q", "p * q + p", "p / q", "trace(S)", "diag(v)", "diag(v) @ A", "A @ diag(u)", "softmax(v)", "softmax(A)", "total(A)",
        "norm(A)", "concat(v, u)", "hstack(A, v)", "vstack(A, r)", "concat(r, r * 2)", "A + p", "A + r", "matrix([[p, 1], [q, p * q]])",
        "v @ u.T", "where(A > C, A, C * 2)", "max(A, C)", "min(A, C)", "sigmoid(p)", "A * (v @ r)", "total(A) * C", "1 / (1 + exp(A))",
        "conv(K, I)", "conv(K * 2, tanh(I)) * J", "conv_transpose(K, I)", "conv_kernel(I, J * I, 5, 5)",
    ],
)  # fmt: skip
def test_a_rule_against_central_differences(text: str) -> None:
    check(text)


@pytest.mark.parametrize("name", [n for n, (_, counts) in FUNCTIONS.items() if counts == (1,)])
def test_a_function_against_central_differences(name: str) -> None:
    check(f"{name}(A)")


def check(text: str) -> None:
    """<g, de> = Σ <cotangent, d(argument)>, pushed down to the symbols."""
    random = np.random.default_rng(3)
    e = formula(text)
    images = {"K": (5, 5), "I": (3, 4), "J": (3, 4)}
    names = images
    names |= {"A": (3, 2), "B": (2, 4), "C": (3, 2), "v": (3, 1), "w": (3, 1), "r": (1, 2), "u": (2, 1), "S": (3, 3), "p": (), "q": ()}
    values = {name: random.uniform(0.4, 1.6, size=size) for name, size in names.items()}
    rows, cols = np.shape(np.atleast_2d(evaluate(e, values, DIMS)))
    g = sympy.ImmutableDenseMatrix(rows, cols, [sympy.Rational(int(x), 7) for x in random.integers(-9, 9, size=rows * cols)])
    upstream = np.array(g.tolist(), dtype=float)
    changes = {name: random.normal(size=np.shape(value)) for name, value in values.items()}
    forward = tangent(e, {formula(name): formula_of(f"d{name}", name) for name in values})
    moved = values | {f"d{name}": change for name, change in changes.items()}
    ends = [evaluate(e, {n: v + step * changes[n] for n, v in values.items()}, DIMS) for step in (1e-6, -1e-6)]
    np.testing.assert_allclose(evaluate(forward, moved, DIMS), (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-7)
    gradients = dict.fromkeys(values, 0.0)
    dense = {s: sympy.Integer(DIMS[s.name]) for s in e.atoms(sympy.Symbol) if s.name in DIMS}
    stack = [(e.xreplace(dense), g)]
    while stack:
        node, cotangent = stack.pop()
        if isinstance(node, sympy.Symbol | sympy.MatrixSymbol) and not isinstance(node, sympy.matrices.expressions.OneMatrix):
            gradients[node.name] = gradients[node.name] + evaluate(cotangent, values, DIMS).reshape(np.shape(values[node.name]))
        else:
            stack += vjp(node, cotangent)
    for name, gradient in gradients.items():
        direction = random.normal(size=np.shape(values[name]))
        ends = [np.sum(upstream * evaluate(e, {**values, name: values[name] + step * direction}, DIMS)) for step in (1e-6, -1e-6)]
        assert np.sum(gradient * direction) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-7), (name, plain(e))
