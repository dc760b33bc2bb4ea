"""Numeric evaluation against values computed by hand, and the shapes that inference finds."""

import math

import numpy as np
import pytest

from lstm_symbolic.errors import LstmSymbolicError, ShapeError, UnsupportedNode
from lstm_symbolic.expr import Evaluator, build, build_equation, dim, evaluate, infer, layout_of, read_equation, read_term, shapes

SHAPES = shapes("W:2,2 U:2,2 h:2,1 x:2,1 r:1,2 K:2,3")
W = np.array([[1.0, 2.0], [3.0, 4.0]])
H = np.array([[1.0], [-2.0]])
X = np.array([[3.0], [0.5]])
VALUES = {
    "W": W, "U": np.eye(2), "K": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "r": np.array([[10.0, 20.0]]), "a": 2.0, "c": -0.5,
    ("h", 1): H, ("h", 2): 2 * H, ("h", 3): 3 * H, ("x", 1): X, ("x", 2): X, ("x", 3): X,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("W @ h[t]", [[-3.0], [-5.0]]),
        ("h[t] * x[t]", [[3.0], [-1.0]]),
        ("h[t] / x[t]", [[1 / 3], [-4.0]]),
        ("h[t].T @ x[t]", [[2.0]]),
        ("2 * h[t] - x[t]", [[-1.0], [-4.5]]),
        ("1 - h[t]", [[0.0], [3.0]]),
        ("h[t] ** 2", [[1.0], [4.0]]),
        ("h[t + 1] - h[t]", [[1.0], [-2.0]]),
        ("a * c", -1.0),
        ("a ** 2 / c", -8.0),
        ("max(a, c)", 2.0),
        ("where(a > 0, a, c)", 2.0),
        ("where(h[t] > 0, h[t], 0)", [[1.0], [0.0]]),
        ("relu(h[t])", [[1.0], [0.0]]),
        ("sigmoid(h[t] - h[t])", [[0.5], [0.5]]),
        ("dsigmoid(0 * h[t])", [[0.25], [0.25]]),
        ("dtanh(0 * h[t])", [[1.0], [1.0]]),
        ("tanh(a)", math.tanh(2.0)),
        ("exp(c)", math.exp(-0.5)),
        ("softplus(0 * a)", math.log(2.0)),
        ("erf(a) + erfc(a)", 1.0),
        ("pi", math.pi),
        ("concat(h[t], x[t])", [[1.0], [-2.0], [3.0], [0.5]]),
        ("vstack(W, U)", [[1, 2], [3, 4], [1, 0], [0, 1]]),
        ("hstack(W, U)", [[1, 2, 1, 0], [3, 4, 0, 1]]),
        ("diag(h[t])", [[1.0, 0.0], [0.0, -2.0]]),
        ("trace(W)", 5.0),
        ("total(W)", [[10.0]]),
        ("norm(W @ U)", [[math.sqrt(30.0)]]),
        ("softmax(0 * h[t])", [[0.5], [0.5]]),
        ("ones(2)", [[1.0], [1.0]]),
        ("eye(2)", [[1.0, 0.0], [0.0, 1.0]]),
        ("matrix([[1, 1 / 2], [-1, 0.25]])", [[1.0, 0.5], [-1.0, 0.25]]),
        ("K + matrix([[1], [2]])", [[2.0, 3.0, 4.0], [6.0, 7.0, 8.0]]),
        ("r + 1", [[11.0, 21.0]]),
        ("Sum(h[t], (t, 1, T))", [[6.0], [-12.0]]),
        ("Sum(h[k] @ x[k].T, (k, 1, 2))", [[9.0, 1.5], [-18.0, -3.0]]),
        ("Sum(h[k], (k, 2, 1))", [[0.0], [0.0]]),
    ],
)  # fmt: skip
def test_values_by_hand(text, value):
    e = build(read_term(text), SHAPES, text)
    np.testing.assert_allclose(evaluate(e, VALUES, times={"t": 1, "T": 3}), value, rtol=1e-14, atol=1e-15)


def test_a_product_over_time_has_the_largest_index_leftmost():
    a, b, c = (np.array(m, dtype=float) for m in ([[1, 1], [0, 1]], [[1, 0], [2, 1]], [[3, 0], [0, 1]]))
    e = build(read_term("Prod(A[k], (k, j + 1, t))"), shapes("A:2,2"))
    got = evaluate(e, {("A", 1): a, ("A", 2): b, ("A", 3): c}, times={"j": 0, "t": 3})
    np.testing.assert_array_equal(got, c @ b @ a)
    assert not np.array_equal(got, a @ b @ c)


def test_softmax_runs_down_columns_and_along_rows():
    exps = np.exp([1.0, 2.0])
    down = evaluate(build(read_term("softmax(v)"), shapes("v:2,1")), {"v": np.array([[1.0], [2.0]])})
    along = evaluate(build(read_term("softmax(v)"), shapes("v:1,2")), {"v": np.array([[1.0, 2.0]])})
    np.testing.assert_allclose(down[:, 0], exps / exps.sum())
    np.testing.assert_allclose(along[0], exps / exps.sum())


def test_uninterpreted_functions_and_derivatives_are_given():
    e = build(read_term("g(a) + c"), {})
    assert float(Evaluator(VALUES, functions={"g": lambda v: v**3})(e)) == 7.5
    with pytest.raises(UnsupportedNode, match="g has no numeric value"):
        evaluate(e, VALUES)
    grad = build(read_term("grad(h[t])"), SHAPES)
    np.testing.assert_array_equal(Evaluator({grad: H}, times={"t": 1})(grad), H)


def test_a_missing_value_is_named():
    with pytest.raises(LstmSymbolicError, match="no value for q"):
        evaluate(build(read_term("q + 1"), {}), {})


LSTM = [
    "f[t] = sigmoid(W_f @ concat(h[t - 1], x[t]) + b_f)",
    "g[t] = tanh(W_g @ x[t] + U_g @ h[t - 1] + b_g)",
    "C[t] = f[t] * C[t - 1] + (1 - f[t]) * g[t]",
    "h[t] = tanh(C[t])",
]


def found(lines, given=None, layout=None):
    return infer([read_equation(line) for line in lines], shapes(given), layout)


def test_the_shapes_of_a_cell_follow_from_its_equations():
    table, conflicts = found(LSTM)
    n, m = dim("n"), dim("m")
    assert conflicts == []
    assert table["W_f"] == (n, m + n)
    assert table["W_g"] == (n, m)
    assert table["U_g"] == (n, n)
    assert table["b_f"] == table["h"] == table["C"] == (n, 1)
    assert table["x"] == (m, 1)


def test_rows_are_recognised_and_turn_everything():
    lines = ["h[t] = tanh(x[t] @ W + h[t - 1] @ U + b)"]
    table, conflicts = found(lines)
    n, m = dim("n"), dim("m")
    assert layout_of([read_equation(line) for line in lines]) == "row"
    assert (table["W"], table["U"], table["b"], table["x"]) == ((m, n), (n, n), (1, n), (1, m))
    assert conflicts == []


def test_a_system_without_products_is_scalar():
    table, _ = found(["c[t] = g(z[t]) * f(z_i[t]) + c[t - 1] * f(z_f[t])"])
    assert set(table.values()) == {(1, 1)}


def test_given_shapes_win_and_spread():
    table, conflicts = found(["y[t] = V @ h[t]"], {"V": "3,5"})
    assert conflicts == []
    assert (table["y"], table["h"]) == ((3, 1), (5, 1))


def test_a_conflict_is_located_and_does_not_sink_the_system():
    table, conflicts = found(["a[t] = W @ x[t]", "b[t] = V @ x[t]", "c[t] = tanh(U @ a[t])"], {"W": "2,3", "V": "2,4"})
    assert [c.equation for c in conflicts] == [1]
    assert "the matrix product needs" in conflicts[0].message
    assert {"3", "4"} <= {conflicts[0].left, conflicts[0].right}
    assert table["c"][1] == 1


def test_a_dimension_cannot_be_a_part_of_itself():
    _, conflicts = found(["h[t] = W @ concat(h[t - 1], x[t]) + 0 * concat(h[t], x[t])"])
    assert conflicts


def test_the_sides_of_an_equation_must_agree():
    with pytest.raises(ShapeError, match="the sides have shapes"):
        build_equation(read_equation("h[t] = W"), SHAPES)
    assert len(build_equation(read_equation("h[0] = 0"), SHAPES)) == 2
