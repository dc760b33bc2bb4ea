"""The sLSTM: an exponential input gate and a normaliser state (nu, the paper's n); one head, without the stabiliser."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "z[t] = tanh(W_z @ x[t] + U_z @ h[t - 1] + b_z)",
        "i[t] = exp(W_i @ x[t] + U_i @ h[t - 1] + b_i)",
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + b_o)",
        "c[t] = f[t] * c[t - 1] + i[t] * z[t]",
        "nu[t] = f[t] * nu[t - 1] + i[t]",
        "h[t] = o[t] * (c[t] / nu[t])",
    ],
    gates=("i", "f", "o"),
    name="slstm",
    title="sLSTM",
    paper="Beck et al. 2024, xLSTM: extended long short-term memory (arXiv 2405.04517)",
    aliases=("xlstm",),
)
