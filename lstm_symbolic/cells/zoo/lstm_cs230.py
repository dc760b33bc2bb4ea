"""The LSTM column of the CS230 cheat sheet: a relevance gate inside the candidate, no tanh on the way out."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "G_u[t] = sigmoid(W_u @ x[t] + U_u @ a[t - 1] + b_u)",
        "G_r[t] = sigmoid(W_r @ x[t] + U_r @ a[t - 1] + b_r)",
        "G_f[t] = sigmoid(W_f @ x[t] + U_f @ a[t - 1] + b_f)",
        "G_o[t] = sigmoid(W_o @ x[t] + U_o @ a[t - 1] + b_o)",
        "c_tilde[t] = tanh(W_c @ x[t] + U_c @ (G_r[t] * a[t - 1]) + b_c)",
        "c[t] = G_u[t] * c_tilde[t] + G_f[t] * c[t - 1]",
        "a[t] = G_o[t] * c[t]",
    ],
    name="lstm_cs230",
    title="LSTM of the CS230 cheat sheet",
    paper="Amidi and Amidi, CS230 recurrent neural networks cheat sheet",
    aliases=("cs230", "cs230_lstm"),
)
