"""The peephole LSTM without its forget gate: nothing is forgotten."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + p_i * C[t - 1] + b_i)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "C[t] = C[t - 1] + i[t] * C_tilde[t]",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + p_o * C[t] + b_o)",
        "h[t] = o[t] * tanh(C[t])",
    ],
    name="lstm_nfg",
    title="LSTM without forget gate",
    paper="Greff et al. 2017, LSTM: a search space odyssey (arXiv 1503.04069), variant NFG",
    aliases=("nfg",),
    variant_of="lstm_peephole",
)
