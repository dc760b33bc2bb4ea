"""The peephole LSTM without its output gate: the memory is always shown."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + p_f * C[t - 1] + b_f)",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + p_i * C[t - 1] + b_i)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "h[t] = tanh(C[t])",
    ],
    name="lstm_nog",
    title="LSTM without output gate",
    paper="Greff et al. 2017, LSTM: a search space odyssey (arXiv 1503.04069), variant NOG",
    aliases=("nog",),
    variant_of="lstm_peephole",
)
