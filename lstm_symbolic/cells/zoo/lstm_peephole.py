"""The LSTM whose gates also see the cell state, each unit its own: i and f the old one, o the new one."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + p_f * C[t - 1] + b_f)",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + p_i * C[t - 1] + b_i)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + p_o * C[t] + b_o)",
        "h[t] = o[t] * tanh(C[t])",
    ],
    name="lstm_peephole",
    title="LSTM with peepholes",
    paper="Gers and Schmidhuber 2000, Recurrent nets that time and count; Graves 2013 (arXiv 1308.0850), eq. 7-11",
    aliases=("peephole", "peephole_lstm", "lstm_graves"),
)
