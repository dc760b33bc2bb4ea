"""The verb ``derive``: formats, one parameter, reasons, windows, files, and what it says about bad input."""

import json
from pathlib import Path

import pytest

import lstm_symbolic as ls
from lstm_symbolic.audit.analyse import analyse
from lstm_symbolic.audit.derive import cell_of, derive
from lstm_symbolic.cells import cell
from lstm_symbolic.cli import main
from lstm_symbolic.errors import CellError, LstmSymbolicError
from lstm_symbolic.expr import read_equation

RNN = r"""
$$h_t = \tanh(W x_t + U h_{t-1} + b)$$
"""


def test_one_parameter_in_plain_syntax(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "rnn", "--wrt", "U", "--format", "plain"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "grad(h[t]) = dL_h[t] + U.T @ delta_h[t + 1]",
        "delta_h[t] = grad(h[t]) * (1 - h[t] ** 2)",
        "grad(U) = Sum(delta_h[t] @ h[t - 1].T, (t, 1, T))",
        "delta_h[T + 1] = 0",
    ]


def test_json_is_complete() -> None:
    data = json.loads(derive("lstm", truncate=5, steps=True, rules=True, format="json"))
    assert set(data["parameters"]) == set(cell("lstm").parameters)
    assert data["deltas"]["C"] == "grad(h[t]) * o[t] * (1 - tanh(C[t]) ** 2) + keep[t] * grad(C[t + 1]) * f[t + 1]"
    assert data["shapes"]["delta_f"] == "n,1"
    assert data["mask"] == "keep"
    assert {"left", "right", "rule", "because"} == set(data["steps"][0])
    assert any(r.startswith("matrix product: ") for r in data["rules"])
    for line in data["equations"]:
        assert len(read_equation(line).sides) == 2


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("text", "δ_{h,t} = (∂L / ∂hₜ) ⊙ (1 − hₜ²)\n    elementwise function: the pre-activation of h[t] is used in h[t]"),
        ("latex", r"\delta_{h,t} &= \frac{\partial L}{\partial h_t} \odot (1 - h_t^2)"),
        ("markdown", "$$\n\\begin{aligned}"),
        ("typst", "δ_(h, t) &="),
        ("html", "<math"),
    ],
)
def test_every_format(format: str, expected: str) -> None:
    assert expected in derive("rnn", steps=True, format=format)


def test_steps_of_one_parameter_leave_the_others_out() -> None:
    text = derive("lstm", wrt="W_o", steps=True, format="plain")
    assert "# grad(o[t]) = grad(h[t]) * tanh(C[t])" in text
    assert "W_f" not in text
    assert "grad(C[0])" not in text


def test_a_document_and_equations_describe_cells(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(RNN)
    assert derive(path, wrt="W", format="plain") == derive("rnn", wrt="W", format="plain")
    assert cell_of("h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)").states == ("h",)


def test_bad_input_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "rnn", "--wrt", "W_q"]) == 2
    assert capsys.readouterr().err == "lstm-symbolic: rnn has no parameter 'W_q'\n  known are W, U, b, x, h\n"


def test_what_is_no_cell() -> None:
    with pytest.raises(CellError, match="no cell"):
        derive("lstmm")
    with pytest.raises(LstmSymbolicError, match="no cell"):
        derive("W @ x")


def test_the_table_of_rules_as_text_and_as_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "rnn", "--rules"]) == 0
    assert "matrix product: d(A @ B) = dA @ B + A @ dB: A receives g @ B.T, B receives A.T @ g" in capsys.readouterr().out
    assert main(["derive", "rnn", "--rules", "--format", "latex"]) == 0
    printed = capsys.readouterr().out
    assert "y &= A C \\\\\n\\frac{\\partial L}{\\partial A} &= g C^{\\top}" in printed
    assert r"y &= \sigma(A) \\" in printed
    assert r"\frac{\partial L}{\partial b} &= g_{n+1:2n}" in printed


def test_gates_at_zero_and_one() -> None:
    text = analyse("lstm", "limits", format="plain").splitlines()
    assert [line for line in text if not line.startswith("#")] == [
        "f[t] = 0", "C[t] = i[t] * C_tilde[t]", "f[t] = 1", "C[t] = C[t - 1] + i[t] * C_tilde[t]",
        "i[t] = 0", "C[t] = f[t] * C[t - 1]", "i[t] = 1", "C[t] = f[t] * C[t - 1] + C_tilde[t]",
        "o[t] = 0", "h[t] = 0", "o[t] = 1", "h[t] = tanh(C[t])",
    ]  # fmt: skip
    with pytest.raises(LstmSymbolicError, match="is no gate"):
        analyse("lstm", "limits", wrt="W_f")


@pytest.mark.parametrize(("name", "count"), [("lstm", "4 * n * (1 + m + n)"), ("gru", "3 * n * (1 + m + n)"), ("rnn", "n * (1 + m + n)")])
def test_costs(name: str, count: str) -> None:
    assert analyse(name, "costs", format="plain").splitlines()[0] == f"parameters = {count}"


def test_a_derivation_in_a_notation_and_in_colour(capsys) -> None:
    assert main(["derive", "lstm", "--notation", "greff", "--color", "--format", "latex", "--wrt", "W_f"]) == 0
    out = capsys.readouterr().out
    assert r"\textcolor[HTML]{B3401F}{\boldsymbol{\delta}_f^t}" in out
    assert r"\frac{\partial L}{\partial \mathbf{y}^t}" in out
    assert main(["derive", "lstm", "--notation", "klingon"]) == 2
    assert "known notations: default" in capsys.readouterr().err


def test_a_batch_in_either_layout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "gru", "--batch", "--layout", "row", "--steps", "--wrt", "b_z"]) == 0
    out = capsys.readouterr().out
    assert "∂L / ∂b_z = ∑_{t=1}^{T} 1_Bᵀ δ_{z,t}\n    repetition: b_z is used in the pre-activation of z[t]" in out
    assert out.endswith("x[t] is B x m, h[t] is B x n\n")
    assert main(["derive", "mlstm", "--batch", "32"]) == 2
    assert "C[t] is n x n for each sample" in capsys.readouterr().err


def test_deltas_inside_one_line_are_told_apart() -> None:
    text = derive("lstm_layer_norm", wrt="g")
    assert "delta_h_2[t] is the gradient by total(d[t] ** 2) / total(ones(n)) + epsilon" in text
    assert "is the gradient by W" not in derive("lstm", wrt="W_f")


@pytest.mark.parametrize("format", ["text", "plain", "latex", "typst", "markdown", "html", "json"])
def test_proofs_are_shown_in_every_format(format: str) -> None:
    text = derive("rnn", prove=True, rules=True, format=format)
    assert text.count("proved: ") == 7
    if format == "plain":
        assert [line for line in text.splitlines() if not line.startswith("#")] == derive("rnn", format="plain").splitlines()


def test_a_matrix_of_zeros_is_one_sign_and_is_read_again() -> None:
    text = analyse("h[t] = tanh(W @ concat(h[t - 1], x[t]))", "jacobian", format="latex")
    assert r"\begin{bmatrix} I_n \\ \mathbf{0}_{m \times n} \end{bmatrix}" in text
    given = "W:n,n+m a:n,n"
    assert (
        ls.compare(r"W \begin{bmatrix} a \\ \mathbf{0}_{m \times n} \end{bmatrix}", "W @ vstack(a, 0 * ones(m, n))", shapes=given).kind
        == "proved"
    )
    assert (
        ls.compare(r"W \begin{bmatrix} a \\ \mathbf{1}_{m \times n} \end{bmatrix}", "W @ vstack(a, 0 * ones(m, n))", shapes=given).kind
        == "refuted"
    )


def test_what_the_loss_does_not_see_is_said() -> None:
    """Only c is carried on: without a word the gradients of W_o would be zero for no reason that a reader sees."""
    cell = "c[t] = f[t] * c[t - 1] + tanh(W @ x[t])\nh[t] = sigmoid(W_o @ x[t]) * c[t]"
    assert "the loss does not see h, which nothing reads: --outputs c,h lets it" in derive(cell)
    assert "does not see" not in derive(cell, outputs=["c", "h"])
    assert "does not see" not in derive("lstm")
