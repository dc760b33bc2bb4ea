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
