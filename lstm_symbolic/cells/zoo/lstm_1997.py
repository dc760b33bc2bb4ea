"""The first LSTM: no forget gate, one cell a block, squashing functions 4 sigmoid(a) - 2 and 2 sigmoid(a) - 1."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + b_i)",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + b_o)",
        "C_tilde[t] = 4 * sigmoid(W_C @ x[t] + U_C @ h[t - 1] + b_C) - 2",
        "C[t] = C[t - 1] + i[t] * C_tilde[t]",
        "h[t] = o[t] * (2 * sigmoid(C[t]) - 1)",
    ],
    candidate="C_tilde",
    name="lstm_1997",
    title="LSTM of 1997",
    paper="Hochreiter and Schmidhuber 1997, Long short-term memory",
    aliases=("lstm_original",),
)
