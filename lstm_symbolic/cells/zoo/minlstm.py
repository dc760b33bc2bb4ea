"""The minimal LSTM: gates that see the input only, normalised to sum to one."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t])",
        "i[t] = sigmoid(W_i @ x[t])",
        "h_tilde[t] = W_h @ x[t]",
        "h[t] = f[t] / (f[t] + i[t]) * h[t - 1] + i[t] / (f[t] + i[t]) * h_tilde[t]",
    ],
    candidate="h_tilde",
    name="minlstm",
    title="Minimal LSTM",
    paper="Feng et al. 2024, Were RNNs all we needed? (arXiv 2410.01201)",
    aliases=("min_lstm",),
)
