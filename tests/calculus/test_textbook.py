"""The lines of Greff et al. 2017 (appendix) and of the GRU textbooks, proved equal to the derived ones."""

import re

import pytest

from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import cell
from lstm_symbolic.expr import build, plain, read_term
from lstm_symbolic.proof import compare_expressions

LINES = {
    "lstm": {
        "h": "dL_h[t] + U_f.T @ delta_f[t + 1] + U_i.T @ delta_i[t + 1] + U_C.T @ delta_C_tilde[t + 1] + U_o.T @ delta_o[t + 1]",
        "C": "o[t] * grad(h[t]) * dtanh(C[t]) + f[t + 1] * grad(C[t + 1])",
        "delta_o": "(tanh(C[t]) * grad(h[t])) * (o[t] - o[t] ** 2)",
        "delta_f": "grad(C[t]) * C[t - 1] * f[t] - grad(C[t]) * C[t - 1] * f[t] ** 2",
        "delta_C_tilde": "grad(C[t]) * i[t] * (1 - C_tilde[t]) * (1 + C_tilde[t])",
    },
    "gru": {
        "h": "dL_h[t] + grad(h[t + 1]) * z[t + 1]"
        " + (U_h.T @ delta_h_tilde[t + 1]) * r[t + 1] + U_r.T @ delta_r[t + 1] + U_z.T @ delta_z[t + 1]",
        "delta_z": "grad(h[t]) * (h[t - 1] - h_tilde[t]) * z[t] * (1 - z[t])",
        "delta_r": "(U_h.T @ delta_h_tilde[t]) * h[t - 1] * r[t] * (1 - r[t])",
        "delta_h_tilde": "grad(h[t]) * (1 - z[t]) * (1 - h_tilde[t] ** 2)",
    },
    "lstm_peephole": {
        "C": "grad(h[t]) * o[t] * (1 - tanh(C[t]) ** 2) + grad(C[t + 1]) * f[t + 1]"
        " + p_o * delta_o[t] + p_i * delta_i[t + 1] + p_f * delta_f[t + 1]",
    },
}  # fmt: skip


def symbols(text: str) -> str:
    """Adjoints of states as symbols of their own."""
    return re.sub(r"grad\((\w+)(\[[^]]*\])\)", r"G_\1\2", text)


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, lines in LINES.items() for key in lines])
def test_a_textbook_line(name: str, key: str) -> None:
    grads = backward(cell(name))
    sizes = {**grads.shapes, **{f"G_{s}": grads.shapes[s] for s in ("h", "C") if s in grads.shapes}}
    ours, theirs = (build(read_term(symbols(text)), sizes) for text in (plain(grads.deltas[key]), LINES[name][key]))
    assert compare_expressions(ours, theirs).kind == "proved"


#: Lines that were published (or are easily written) and are wrong, with where they were seen.
WRONG = {
    "tanh' left out of the memory's gradient": ("lstm", "C", "grad(h[t]) * o[t] + grad(C[t + 1]) * f[t + 1]"),
    "1 - C^2 for 1 - tanh(C)^2": ("lstm", "C", "grad(h[t]) * o[t] * (1 - C[t] ** 2) + grad(C[t + 1]) * f[t + 1]"),
    "1 - h^2, a habit from the simple network": ("lstm", "C", "grad(h[t]) * o[t] * (1 - h[t] ** 2) + grad(C[t + 1]) * f[t + 1]"),
    "no carousel (nicodjimenez/lstm, pull request 49)": ("lstm", "C", "grad(h[t]) * o[t] * (1 - tanh(C[t]) ** 2)"),
    "the forget gate of the wrong step": ("lstm", "C", "grad(h[t]) * o[t] * (1 - tanh(C[t]) ** 2) + grad(C[t + 1]) * f[t]"),
    "C[t] for C[t - 1]": ("lstm", "delta_f", "grad(C[t]) * C[t] * f[t] * (1 - f[t])"),
    "the forget gate's slope left out (CaptainE/RNN-LSTM-in-numpy, issue 1)": ("lstm", "delta_f", "grad(C[t]) * C[t - 1]"),
    "nothing comes back through the gates": ("lstm", "h", "dL_h[t]"),
    "the weight not transposed": (
        "lstm", "h",
        "dL_h[t] + U_o @ delta_o[t + 1] + U_C @ delta_C_tilde[t + 1] + U_i @ delta_i[t + 1] + U_f @ delta_f[t + 1]",
    ),
    "the output gate's peephole left out": (
        "lstm_peephole", "C",
        "grad(h[t]) * o[t] * (1 - tanh(C[t]) ** 2) + grad(C[t + 1]) * f[t + 1] + p_i * delta_i[t + 1] + p_f * delta_f[t + 1]",
    ),
    "the peephole of the next output gate": (
        "lstm_peephole", "C",
        "grad(h[t]) * o[t] * (1 - tanh(C[t]) ** 2) + grad(C[t + 1]) * f[t + 1] + p_o * delta_o[t + 1] + p_i * delta_i[t + 1]"
        " + p_f * delta_f[t + 1]",
    ),
    "the sign of the update gate (the other convention's)": ("gru", "delta_z", "grad(h[t]) * (h_tilde[t] - h[t - 1]) * z[t] * (1 - z[t])"),
    "the reset gate's delta with r for h' (CRAN rnn, the GRU vignette)": (
        "gru", "delta_r", "(U_h.T @ delta_h_tilde[t]) * r[t] * r[t] * (1 - r[t])",
    ),
    "the straight path left out": (
        "gru", "h", "dL_h[t] + (U_h.T @ delta_h_tilde[t + 1]) * r[t + 1] + U_r.T @ delta_r[t + 1] + U_z.T @ delta_z[t + 1]",
    ),
    "the reset inside the product": (
        "gru", "h",
        "dL_h[t] + grad(h[t + 1]) * z[t + 1] + U_h.T @ (delta_h_tilde[t + 1] * r[t + 1]) + U_r.T @ delta_r[t + 1] + U_z.T @ delta_z[t + 1]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", WRONG)
def test_a_wrong_line_is_refuted(title: str) -> None:
    name, key, text = WRONG[title]
    grads = backward(cell(name))
    sizes = {**grads.shapes, **{f"G_{s}": grads.shapes[s] for s in ("h", "C") if s in grads.shapes}}
    ours, theirs = (build(read_term(symbols(line)), sizes) for line in (plain(grads.deltas[key]), text))
    verdict = compare_expressions(ours, theirs, pointwise=True)
    assert verdict.kind == "refuted"
    assert verdict.witness is not None


#: The sums of Greff et al. are stated with the steps counted from 0; a bias sums the deltas alone.
SUMS = {
    ("lstm", "U_f"): "Sum(delta_f[t] @ h[t - 1].T, (t, 1, T))", ("lstm", "W_o"): "Sum(delta_o[t] @ x[t].T, (t, 1, T))",
    ("lstm", "b_i"): "Sum(delta_i[t], (t, 1, T))", ("lstm_peephole", "p_o"): "Sum(C[t] * delta_o[t], (t, 1, T))",
    ("lstm_peephole", "p_f"): "Sum(C[t - 1] * delta_f[t], (t, 1, T))",
    ("gru", "U_h"): "Sum(delta_h_tilde[t] @ (r[t] * h[t - 1]).T, (t, 1, T))",
    ("gru_reset_after", "U_h"): "Sum((delta_h_tilde[t] * r[t]) @ h[t - 1].T, (t, 1, T))",
}  # fmt: skip


@pytest.mark.parametrize(("name", "parameter"), SUMS)
def test_the_sum_of_a_weight(name: str, parameter: str) -> None:
    grads = backward(cell(name))
    theirs = build(read_term(SUMS[name, parameter]), grads.shapes)
    assert compare_expressions(grads.parameters[parameter], theirs, pointwise=True).kind == "proved"


def test_a_weights_gradient_with_the_new_state_is_refuted() -> None:
    grads = backward(cell("lstm"))
    theirs = build(read_term("Sum(delta_f[t] @ h[t].T, (t, 1, T))"), grads.shapes)
    assert compare_expressions(grads.parameters["U_f"], theirs, pointwise=True).kind == "refuted"
