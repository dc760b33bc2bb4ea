"""Gradients of every known cell, held against central differences of its forward run (FACTS 3.7: T = 3, nothing zero, m != n)."""

import time
from dataclasses import replace

import pytest
import sympy
from recurrence import cotangents, draw, forward, run, sizes, worst_error
from sympy import Eq

import lstm_symbolic as ls
from lstm_symbolic.calculus import Gradients, backward
from lstm_symbolic.cells import Cell, bidirectional, cell, cells, concatenated, stack
from lstm_symbolic.errors import CellError, LstmSymbolicError, UnsupportedNode
from lstm_symbolic.expr import build_equation, plain, read_equation
from lstm_symbolic.proof import compare_expressions

T = 3
DIFFERENTIABLE = cells()
#: Every cell is compared with torch; these also with no other oracle than the forward run.
SOME = ("rnn", "lstm", "gru", "qrnn", "lstm_lee", "lstm_fgr")

VECTORS = {"W": "n,m", "x": "m,1"}
#: name -> equations and shapes of cells that exercise the other nodes.
WRITTEN: dict[str, tuple[list[str], dict[str, str]]] = {
    "row": (
        ["f[t] = sigmoid(x[t] @ W + h[t - 1] @ U + b)", "h[t] = f[t] * h[t - 1] + (1 - f[t]) * tanh(x[t] @ V)"],
        {"x": "1,m", "h": "1,n", "W": "m,n"},
    ),
    "row concatenated": (["h[t] = tanh(concat(x[t], h[t - 1]) @ W + b)"], {"x": "1,m", "h": "1,n", "W": "m+n,n"}),
    "batch": (["h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)"], {"x": "m,B", "h": "n,B", "W": "n,m", "U": "n,n", "b": "n,1"}),
    "scalar": (["h[t] = a * tanh(w * x[t] + u * h[t - 1] + b) / (1 + h[t - 1] ** 2)"], {}),
    "softmax": (["s[t] = softmax(W @ x[t] + U @ h[t - 1])", "h[t] = s[t] * h[t - 1] + log(1 + exp(s[t]))"], VECTORS),
    "two lags": (["h[t] = tanh(W @ x[t] + U @ h[t - 1])", "y[t] = V @ (h[t] * h[t - 1])"], {**VECTORS, "V": "m,n"}),
    "named": (["a[t] = W @ x[t] + U @ h[t - 1]", "h[t] = tanh(a[t]) * a[t]"], VECTORS),
    "diag": (
        ["h[t] = tanh(diag(v) @ h[t - 1] + W @ x[t]) * norm(v) + total(v) * trace(U) * h[t - 1]"],
        {**VECTORS, "U": "n,n", "v": "n,1"},
    ),
    "nested": (["h[t] = tanh(V @ tanh(W @ x[t] + U @ h[t - 1]) + b) - 2 * h[t - 1]"], {**VECTORS, "V": "n,n", "U": "n,n"}),
}
OTHERS = {
    "concatenated": lambda: concatenated(cell("lstm")),
    "stacked": lambda: stack(cell("lstm"), cell("gru")),
    "bidirectional": lambda: bidirectional(cell("rnn")),
    **{name: lambda lines=lines, shapes=shapes: Cell.from_plain(lines, shapes) for name, (lines, shapes) in WRITTEN.items()},
}


def error_of(grads: Gradients, seed: int = 5) -> float:
    dims = sizes(grads.cell)
    given = draw(grads.cell, T, dims, seed)
    upstream = cotangents(grads, T, dims, seed)
    found = run(grads, forward(grads.cell, given, T, dims), upstream, T, dims)
    return worst_error(grads, found, given, upstream, T, dims)


@pytest.mark.parametrize("name", SOME)
def test_known_cells_against_central_differences(name: str) -> None:
    assert error_of(backward(cell(name))) < 2e-7


@pytest.mark.parametrize("name", OTHERS)
def test_other_cells_against_central_differences(name: str) -> None:
    assert error_of(backward(OTHERS[name]())) < 2e-7


def test_a_loss_that_reads_every_state() -> None:
    grads = backward(cell("lstm"), outputs=("h", "C"))
    assert list(grads.upstream) == ["h", "C"]
    assert error_of(grads) < 2e-7


def test_what_has_no_rule_is_named() -> None:
    with pytest.raises(UnsupportedNode, match="TimeSum"):
        backward(Cell.from_plain(["h[t] = tanh(h[t - 1] + Sum(k * h[t - 1], (k, 1, 3)))"]))


@pytest.mark.parametrize("name", [*DIFFERENTIABLE, *OTHERS])
def test_every_line_is_plain_syntax(name: str) -> None:
    grads = backward(OTHERS[name]() if name in OTHERS else cell(name))
    lines = [*grads.equations, *grads.boundary, *(Eq(s.left, s.right, evaluate=False) for s in grads.steps)]
    for e in lines:
        text = plain(e)
        left, right = build_equation(read_equation(text), grads.shapes)
        assert left == e.lhs
        assert right == e.rhs or plain(e.rhs) == "0" or compare_expressions(right, e.rhs).kind == "proved", text


ALTERED = {
    "the forget gate forgotten": ("grad(C[t + 1]) * f[t + 1]", "grad(C[t + 1])"),
    "f at the wrong step": ("grad(C[t + 1]) * f[t + 1]", "grad(C[t + 1]) * f[t]"),
    "C for tanh(C)": ("1 - tanh(C[t]) ** 2", "1 - C[t] ** 2"),
    "C[t] for C[t - 1]": ("grad(C[t]) * C[t - 1]", "grad(C[t]) * C[t]"),
    "one sigmoid' missing": ("grad(C[t]) * C[t - 1] * f[t] * (1 - f[t])", "grad(C[t]) * C[t - 1] * f[t]"),
    "one path missing": (" + U_f.T @ delta_f[t + 1]", ""),
    "a sign": ("+ U_i.T @ delta_i[t + 1]", "- U_i.T @ delta_i[t + 1]"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_the_check_sees_an_altered_factor(name: str) -> None:
    old, new = ALTERED[name]
    grads = backward(cell("lstm"))
    lines = [plain(e) for e in grads.recursion]
    altered = [line.replace(old, new) for line in lines]
    assert altered != lines
    wrong = tuple(Eq(*build_equation(read_equation(line), grads.shapes), evaluate=False) for line in altered)
    assert error_of(replace(grads, recursion=wrong)) > 1e-3


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_exactly_by_componentwise_differentiation(name: str) -> None:
    """T = 2, n = m = 2: the unrolled loss differentiated by SymPy, in 40 digits."""
    from componentwise import compare

    assert compare(cell(name)) < 1e-25


def test_truncation_cuts_at_the_ends_of_windows() -> None:
    """Windows of 2 in 4 steps: the gradient is that of two runs of 2 steps, the second started from the first's last state."""
    import numpy as np

    c = cell("lstm")
    cut, full = backward(c, truncate=2), backward(c)
    dims = sizes(c)
    given = draw(c, 4, dims, 3)
    upstream = cotangents(full, 4, dims, 3)
    values = forward(c, given, 4, dims)
    found = run(cut, values, upstream, 4, dims)
    total = dict.fromkeys(c.parameters, 0.0)
    for start in (0, 2):
        window = {k if isinstance(k, str) else (k[0], k[1] - start): v for k, v in values.items() if isinstance(k, str) or k[1] >= start}
        part = run(full, window, {(o, t - start): v for (o, t), v in upstream.items() if start < t <= start + 2}, 2, dims)
        total = {p: total[p] + part[p] for p in c.parameters}
    for p in c.parameters:
        np.testing.assert_allclose(found[p], total[p], rtol=1e-12, atol=1e-13)
    assert max(np.abs(found[p] - run(full, values, upstream, 4, dims)[p]).max() for p in c.parameters) > 1e-3


def test_truncation_at_one_step_has_no_recursion() -> None:
    grads = backward(cell("gru"), truncate=1)
    assert not grads.boundary
    assert plain(grads.recursion[0]) == "grad(h[t]) = dL_h[t]"


@pytest.mark.parametrize("k", [0, -1, True, 1.5, "2"])
def test_a_window_is_a_number_of_steps(k: object) -> None:
    with pytest.raises(LstmSymbolicError, match="window"):
        backward(cell("rnn"), truncate=k)  # type: ignore[arg-type]


def test_nothing_is_unrolled() -> None:
    grads = backward(cell("lstm"))
    assert all(value.args[3] == sympy.Symbol("T", integer=True) for value in grads.parameters.values())
    assert len(grads.recursion) == 6
    start = time.process_time()
    backward(cell("lstm"))
    assert time.process_time() - start < 0.5


def test_textbook_lines_of_the_lstm() -> None:
    assert [plain(e) for e in backward(cell("lstm")).wrt("W_f")] == [
        "grad(h[t]) = dL_h[t] + U_o.T @ delta_o[t + 1] + U_C.T @ delta_C_tilde[t + 1] + U_i.T @ delta_i[t + 1] + U_f.T @ delta_f[t + 1]",
        "grad(C[t]) = grad(h[t]) * o[t] * (1 - tanh(C[t]) ** 2) + grad(C[t + 1]) * f[t + 1]",
        "delta_o[t] = grad(h[t]) * tanh(C[t]) * o[t] * (1 - o[t])",
        "delta_C_tilde[t] = grad(C[t]) * i[t] * (1 - C_tilde[t] ** 2)",
        "delta_i[t] = grad(C[t]) * C_tilde[t] * i[t] * (1 - i[t])",
        "delta_f[t] = grad(C[t]) * C[t - 1] * f[t] * (1 - f[t])",
        "grad(W_f) = Sum(delta_f[t] @ x[t].T, (t, 1, T))",
    ]


def test_the_gru_keeps_the_transposed_product_whole() -> None:
    assert plain(backward(cell("gru")).parameters["U_h"]) == "Sum(delta_h_tilde[t] @ (r[t] * h[t - 1]).T, (t, 1, T))"


def test_a_parameter_without_influence_has_gradient_zero() -> None:
    c = Cell.from_plain(["y[t] = W @ x[t]", "h[t] = tanh(x[t] + h[t - 1])"], {"x": "n,1", "W": "m,n"}, outputs=["h"])
    assert plain(backward(c).parameters["W"]) == "0 * ones(m, n)"


def test_an_unknown_parameter_lists_the_known_ones() -> None:
    with pytest.raises(CellError) as caught:
        backward(cell("rnn")).wrt("W_q")
    assert "W, U, b" in caught.value.hint


def test_names_that_are_taken_are_left_alone() -> None:
    c = Cell.from_plain(["delta_h[t] = tanh(a_h * x[t])", "h[t] = tanh(w * h[t - 1] + delta_h[t])"])
    assert {"delta_h", "delta_h_2"} <= set(backward(c).shapes)
    assert error_of(backward(c)) < 2e-7


@pytest.mark.parametrize("lines", [["h[t] = tanh(x[T - t] + h[t - 1])"], ["h = tanh(w * x)"]])
def test_cells_without_steps_are_refused(lines: list[str]) -> None:
    with pytest.raises(CellError):
        backward(Cell.from_plain(lines))


def test_the_package_exports_it() -> None:
    assert isinstance(ls.backward(ls.cell("rnn")), Gradients)
    assert "frac" in ls.latex(ls.backward(ls.cell("rnn")))


def test_deep_nesting_is_refused_at_once():
    value = "x[t] + h[t - 1]"
    for _ in range(40):
        value = f"1 / (1 + {value})"
    with pytest.raises(UnsupportedNode, match="nested deeper"):
        backward(Cell.from_plain([f"h[t] = {value}"], shapes={"h": "1,1", "x": "1,1"}))


def test_one_matrix_a_gate_gives_blocks_of_its_product() -> None:
    """The state's rows of W^T delta, once for all gates; printed by their places."""
    grads = backward(concatenated(cell("lstm")))
    assert plain(grads.recursion[0].rhs) == (
        "dL_h[t] + hstack(eye(n), 0 * ones(n, m)) @ (W_o.T @ delta_o[t + 1] + W_C.T @ delta_C_tilde[t + 1]"
        " + W_i.T @ delta_i[t + 1] + W_f.T @ delta_f[t + 1])"
    )
    small = backward(concatenated(cell("rnn")))
    assert ls.latex(small).splitlines()[1].endswith(r"\mathrm{dL}_{h,t} + (W^{\top} \delta_{h,t+1})_{1:n} \\")
    assert r"(W^{\top} \delta_{h,t})_{n+1:m+n}" in ls.latex([(s.left, s.right) for s in small.steps if "x" in str(s.left)])


def test_time_and_size_do_not_depend_on_the_number_of_steps() -> None:
    """T is a symbol; what a window adds is one factor in each line that reads the next step."""
    full, windows = (len(str(backward(cell("lstm"), truncate=k))) for k in (None, 1000))
    assert full < windows < full + 60
