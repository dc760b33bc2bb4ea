"""The peephole LSTM without input activation: what is proposed is linear in input and state."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + p_f * C[t - 1] + b_f)",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + p_i * C[t - 1] + b_i)",
        "C_tilde[t] = W_C @ x[t] + U_C @ h[t - 1] + b_C",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + p_o * C[t] + b_o)",
        "h[t] = o[t] * tanh(C[t])",
    ],
    candidate="C_tilde",
    name="lstm_niaf",
    title="LSTM without input activation",
    paper="Greff et al. 2017, LSTM: a search space odyssey (arXiv 1503.04069), variant NIAF",
    aliases=("niaf",),
    variant_of="lstm_peephole",
)
