"""The LSTM that hands out its cell state without squashing it."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + b_i)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + b_o)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "h[t] = o[t] * C[t]",
    ],
    name="lstm_no_output_tanh",
    title="LSTM without output activation",
    paper="Greff et al. 2017, LSTM: a search space odyssey (arXiv 1503.04069), variant NOAF",
    aliases=("lstm_noaf", "noaf"),
)
