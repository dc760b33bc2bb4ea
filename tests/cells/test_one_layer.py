"""Deep recurrent networks written by layer: what the layer below says is an input, not the layer's own state."""

import pytest

from lstm_symbolic.audit.check import audit
from lstm_symbolic.audit.compare import compare
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import Cell
from lstm_symbolic.cells.layers import one_layer
from lstm_symbolic.expr import plain, read_equation
from lstm_symbolic.expr.plain import write
from lstm_symbolic.proof.compare import compare_record
from lstm_symbolic.reading import Source

RNN = "h[l, t] = tanh(W @ h[l - 1, t] + U @ h[l, t - 1] + b)"


@pytest.mark.parametrize(
    ("source", "flat"),
    [
        (RNN, "h[t] = tanh(W @ h_below[t] + U @ h[t - 1] + b)"),
        ("h[2, t] = tanh(W @ h[1, t] + U @ h[2, t - 1])", "h[t] = tanh(W @ h_1[t] + U @ h[t - 1])"),
        ("h[l + 1, t] = tanh(W @ h[l, t] + U @ h[l + 1, t - 1])", "h[t] = tanh(W @ h_below[t] + U @ h[t - 1])"),
        ("z[t] = sigmoid(W @ h[l - 1, t] + U @ h[l, t - 1])", "z[t] = sigmoid(W @ h_below[t] + U @ h[t - 1])"),
        ("h[l, t] = tanh(h_below[t] * h[l - 1, t])", "h[t] = tanh(h_below[t] * h_below_[t])"),
        ("h[t] = tanh(W @ x[t])", "h[t] = tanh(W @ x[t])"),
    ],
)
def test_a_layer_by_itself(source: str, flat: str) -> None:
    [equation] = one_layer([read_equation(source)])
    assert " = ".join(write(s) for s in equation.sides) == flat


def test_a_layer_is_a_cell_like_any_other() -> None:
    """The state below was once taken for the state itself: a cell with it was refuted, and its gradients had terms too many."""
    cell = Cell.from_plain([RNN])
    assert (cell.states, cell.inputs) == (("h",), ("h_below",))
    assert compare(cell, "rnn").kind == "proved"
    gradients = {plain(e.lhs): plain(e.rhs) for e in backward(cell).equations}
    assert gradients["grad(h[t])"] == "dL_h[t] + U.T @ delta_h[t + 1]"
    assert gradients["grad(W)"] == "Sum(delta_h[t] @ h_below[t].T, (t, 1, T))"
    assert compare_record({"lhs": [RNN], "rhs": ["s[t] = tanh(A @ y[t] + B @ s[t - 1] + c)"]}).kind == "proved-under"


STACKED = r"""
$$z_t^l = \sigma(W_z^l h_t^{l-1} + U_z^l h_{t-1}^l)$$
$$r_t^l = \sigma(W_r^l h_t^{l-1} + U_r^l h_{t-1}^l)$$
$$\tilde h_t^l = \tanh(W_h^l h_t^{l-1} + U_h^l (r_t^l \odot h_{t-1}^l))$$
$$h_t^l = (1-z_t^l) \odot h_{t-1}^l + z_t^l \odot \tilde h_t^l$$
"""


def test_a_layer_is_recognised() -> None:
    report, _ = audit(Source("x.md", STACKED))
    assert [s.cell for s in report.systems] == ["gru_no_bias"]
    assert not [f for f in report.findings if f.severity == "error"]


def test_a_slip_between_layers_is_found_and_mended() -> None:
    report, _ = audit(Source("x.md", STACKED.replace(r"\odot h_{t-1}^l +", r"\odot h_{t-1}^{l-1} +")))
    [found] = [f for f in report.findings if f.severity == "error"]
    assert found.line == 5
    assert found.fix is not None
    assert STACKED.splitlines()[4] == f"$${found.fix.text}$$"


def test_gradients_of_one_layer() -> None:
    forward = r"$$h_t^l = \tanh(W^l h_t^{l-1} + U^l h_{t-1}^l + b^l)$$"
    lines = [
        r"$$\frac{\partial L}{\partial a_t^l} = \frac{\partial L}{\partial h_t^l} \odot (1 - (h_t^l)^2)$$",
        r"$$\frac{\partial L}{\partial W^l} = \sum_t \frac{\partial L}{\partial a_t^l} (h_t^{l-1})^T$$",
    ]
    report, _ = audit(Source("x.md", "\n".join([forward, *lines])))
    assert not report.findings
    wrong, _ = audit(Source("x.md", "\n".join([forward, lines[0], lines[1].replace("l-1", "l")])))
    assert [(f.line, f.severity) for f in wrong.findings] == [(3, "error")]
