"""The LSTM with coupled input and forget gate: what is forgotten is what is written."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + b_o)",
        "C[t] = f[t] * C[t - 1] + (1 - f[t]) * C_tilde[t]",
        "h[t] = o[t] * tanh(C[t])",
    ],
    name="lstm_cifg",
    title="LSTM with coupled input and forget gate",
    paper="Greff et al. 2017, LSTM: a search space odyssey (arXiv 1503.04069), variant CIFG",
    aliases=("cifg", "coupled_lstm"),
)
