"""The mLSTM with the stabiliser mu (the paper's m), which keeps the exponentials bounded and changes no output."""

from ...expr import shapes
from ..cell import Cell
from .mlstm import CELL as PLAIN

CELL = Cell.from_plain(
    [
        "q[t] = W_q @ x[t] + b_q",
        "k[t] = W_k @ x[t] + b_k",
        "v[t] = W_v @ x[t] + b_v",
        "i_tilde[t] = w_i.T @ x[t] + b_i",
        "f_tilde[t] = w_f.T @ x[t] + b_f",
        "o[t] = sigmoid(W_o @ x[t] + b_o)",
        "mu[t] = max(log(sigmoid(f_tilde[t])) + mu[t - 1], i_tilde[t])",
        "i[t] = exp(i_tilde[t] - mu[t])",
        "f[t] = exp(log(sigmoid(f_tilde[t])) + mu[t - 1] - mu[t])",
        "C[t] = f[t] * C[t - 1] + i[t] * (v[t] @ k[t].T)",
        "nu[t] = f[t] * nu[t - 1] + i[t] * k[t]",
        "h[t] = o[t] * (C[t] @ q[t]) / max(abs(nu[t].T @ q[t]), exp(-mu[t]))",
    ],
    {**PLAIN.shapes, **shapes("mu:1,1 i_tilde:1,1 f_tilde:1,1")},
    outputs=("C", "nu", "mu", "h"),
    gates=("i", "f", "o"),
    name="mlstm_stabilised",
    title="mLSTM with stabiliser",
    paper="Beck et al. 2024, xLSTM (arXiv 2405.04517), with the state m",
    variant_of="mlstm",
)
