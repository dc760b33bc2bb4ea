"""The plain syntax: written and read without loss, errors that point at the place, and nothing evaluated, however bad the text."""

import json
import time
from fractions import Fraction
from pathlib import Path

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_symbolic.errors import LstmSymbolicError, ReadError
from lstm_symbolic.expr import build, build_equation, infer, plain, read_equation, read_term, shape_of, shapes
from lstm_symbolic.expr.term import Term

SHAPES = shapes("W:n,n U:n,n h:n,1 x:n,1 b:n,1 H:n,k r:1,n")
PAIRS = json.loads((Path(__file__).parents[1] / "data" / "pairs_dev.json").read_text(encoding="utf-8"))


def again(text: str, table=SHAPES):
    """Text -> expression -> text -> expression."""
    first = build(read_term(text), table, text)
    return first, build(read_term(plain(first)), table)


def read(text: str):
    return build_equation(read_equation(text), {})


SCALARS = st.sampled_from(["a", "b", "alpha", "2", "1 / 3", "0.25", "pi", "-3", "g(a)", "trace(W)", "norm(x[t])", "total(W)"])
VECTORS = st.sampled_from(["h[t]", "h[t - 1]", "x[t]", "b", "ones(n)", "softmax(x[t])", "r[t].T", "grad(h[t])", "Sum(x[t], (t, 1, T))"])
MATRICES = st.sampled_from(["W", "U", "W.T", "eye(n)", "diag(x[t])", "h[t] @ x[t].T", "jac(h[t], h[t - 1])", "ones(n, n)"])


def grow(leaf, other, functions=("sigmoid", "tanh", "exp", "phi", "abs", "relu")):
    """Expressions of one shape, of any depth: sums, products, quotients, powers, functions, matrix products."""

    def deeper(u):
        pair = st.tuples(u, u)
        return st.one_of(
            pair.map(lambda p: f"({p[0]}) + ({p[1]})"),
            pair.map(lambda p: f"({p[0]}) - ({p[1]})"),
            pair.map(lambda p: f"({p[0]}) * ({p[1]})"),
            pair.map(lambda p: f"({p[0]}) / ({p[1]})"),
            u.map(lambda e: f"-({e})"),
            u.map(lambda e: f"({e}) ** 2"),
            st.tuples(st.sampled_from(functions), u).map(lambda p: f"{p[0]}({p[1]})"),
            st.tuples(other, u).map(lambda p: f"({p[0]}) {'@' if other is MATRICES else '*'} ({p[1]})"),
            pair.map(lambda p: f"where(({p[0]}) > ({p[1]}), {p[0]}, max({p[0]}, {p[1]}))"),
        )

    return st.recursive(leaf, deeper, max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(grow(VECTORS, MATRICES))
def test_vectors_come_back(text):
    first, second = again(text)
    assert second == first
    assert plain(second) == plain(first)


@settings(max_examples=100, deadline=None)
@given(grow(SCALARS, SCALARS))
def test_scalars_come_back(text):
    first, second = again(text)
    assert plain(second) == plain(first)
    assert second == first


@settings(max_examples=60, deadline=None)
@given(grow(MATRICES, MATRICES))
def test_matrices_come_back(text):
    first, second = again(text)
    assert second == first


@pytest.mark.parametrize(
    "text",
    [
        "a - (b - c)", "a / (b / c)", "a / b / c", "-a ** 2", "(-a) ** 2", "a * -b", "2 ** -1", "-(a + b)", "a - -b", "h[t] * (W @ x[t])",
        "W @ (U @ x[t])", "(W @ U).T @ x[t]", "h[t].T @ x[t]", "x[t] / (h[t] * b)", "x[t] / h[t] * b", "concat(h[t], x[t])",
        "vstack(W, U)", "hstack(W, U)", "matrix([[1, -2], [0.5, 3]])", "Sum(h[t] @ x[t].T, (t, 1, T))",
        "Prod(W @ diag(h[k]), (k, j + 1, t))", "h[l, t - 1]", "2 * (W @ x[t])", "-(W @ x[t]) * b", "(1 - h[t]) * x[t]", "r + 1", "H + b",
        "where(a >= 0, a, -a)", "conv(W, h[t])", 
        "conv_transpose(W, h[t])", "conv_kernel(x[t], h[t], k, k)", "1 / a", "a ** b", "0.14 * a", "1 / 3 * a",
    ],
)  # fmt: skip
def test_the_corners_come_back(text):
    first, second = again(text)
    assert second == first


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p["id"])
@pytest.mark.parametrize("side", ["lhs", "rhs"])
def test_real_expressions_and_systems_come_back(pair, side):
    lines = pair[side] if isinstance(pair[side], list) else [pair[side]]
    terms = [read_equation(line) for line in lines]
    given_shapes = shapes(pair.get("shapes") or {})
    found, conflicts = infer(terms, given_shapes)
    assert conflicts == []
    for term in terms:
        sides = build_equation(term, found)
        text = plain(sides)
        assert build_equation(read_equation(text), found) == sides
        assert plain(build_equation(read_equation(text), found)) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("W@x[t]+b", "W @ x[t] + b"),
        ("a+b-c", "a + b - c"),
        ("- a", "-a"),
        ("0.14", "0.14"),
        ("1/3", "1 / 3"),
        ("2**3", "8"),
        ("h[t-1]", "h[t - 1]"),
        ("a*c*2", "a * c * 2"),
        ("b*2", "2 * b"),
        ("vstack(h[t], x[t])", "concat(h[t], x[t])"),
    ],
)
def test_written_form(text, written):
    assert plain(build(read_term(text), SHAPES, text)) == written


def test_the_authors_order_is_kept():
    assert plain(build(read_term("U @ h[t - 1] + W @ x[t] + b"), SHAPES)) == "U @ h[t - 1] + W @ x[t] + b"
    assert plain(build(read_term("b2 + a1"), SHAPES)) == "b2 + a1"


def test_decimals_are_exact():
    assert read_term("0.1") == Term("num", number=Fraction(1, 10))
    assert build(read_term("1e-3"), {}) == sympy.Rational(1, 1000)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("a + ", 3, "cannot read"),
        ("f(x, y=1)", 1, "not part of the plain syntax"),
        ("a if b else c", 1, "IfExp"),
        ("a % b", 1, "Mod"),
        ("2 + 'text'", 5, "only numbers"),
        ("x[1.5]", 3, "no index"),
        ("softmax(a, b)", 1, "softmax takes 1 argument"),
        ("sigmoid(a, b)", 1, "sigmoid takes 1"),
        ("matrix([[1, 2], [3]])", 1, "one length"),
        ("a = = b", 4, "an expression is missing"),
        ("h[t] = W @", 10, "cannot read"),
        ("__import__('os').system('x')", 1, "not part of the plain syntax"),
        ("(lambda: 0)()", 1, ""),
        ("9**9**9**9", 4, "too large"),
        ("a.b", 1, "Attribute"),
        ("x[t].T.mean()", 1, "not part"),
    ],
)
def test_errors_point_at_the_place(text, column, says):
    with pytest.raises(ReadError) as caught:
        read(text)
    error = caught.value
    assert says in error.message
    if says:
        line, caret = error.render().splitlines()[1:3]
        assert line.strip() == text.strip()
        assert caret.index("^") - 2 == column - 1


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "-" * 10_000 + "a",
        "sigmoid(" * 10_000 + "a" + ")" * 10_000,
        "a" + "[t" * 10_000,
        "2**" * 10_000 + "2",
        "a + " * 300_000 + "a",
        "a" * 1_000_000,
        "\x00",
        "",
        "   ",
        "\ud800",
        "a\u202eb",
        "٣ + ②",
        "∑ x",
        "ℵ₀ + 𝔸½",
        "h_t = σ(W)",
        "\\sigma",
        "=",
        "a=b=",
        "#",
        "a;b",
        "a:=b",
        "f'{a}'",
        "yield",
        "0x1F + 1j",
        "1_000",
        "x[t:]",
        "*a",
    ],
    ids=lambda s: ascii(s[:12]) + str(len(s)),
)
def test_bad_text_is_refused_quickly_or_read(text):
    start = time.perf_counter()
    message = ""
    try:
        read(text)
    except LstmSymbolicError as error:
        message = error.render()
    assert len(message) < 1000
    assert time.perf_counter() - start < 2


def test_a_long_sum_is_no_deep_tree():
    text = " + ".join(f"a{k}" for k in range(2000))
    assert plain(build(read_term(text), {})) == text


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("abW[]()t-+*/@=,.' 123_Tσ{}\\\n"), max_size=30))
def test_any_text_is_read_or_refused_with_our_error(text):
    try:
        sides = read(text)
    except LstmSymbolicError:
        return
    assert all(shape_of(s) for s in sides)
