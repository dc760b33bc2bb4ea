"""The peephole LSTM without its input gate: everything proposed is written."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + p_f * C[t - 1] + b_f)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "C[t] = f[t] * C[t - 1] + C_tilde[t]",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + p_o * C[t] + b_o)",
        "h[t] = o[t] * tanh(C[t])",
    ],
    name="lstm_nig",
    title="LSTM without input gate",
    paper="Greff et al. 2017, LSTM: a search space odyssey (arXiv 1503.04069), variant NIG",
    aliases=("nig",),
    variant_of="lstm_peephole",
)
