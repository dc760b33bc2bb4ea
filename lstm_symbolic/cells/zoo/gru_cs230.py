"""The GRU column of the CS230 cheat sheet: the update gate writes, and the activation is the cell state."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "G_u[t] = sigmoid(W_u @ x[t] + U_u @ a[t - 1] + b_u)",
        "G_r[t] = sigmoid(W_r @ x[t] + U_r @ a[t - 1] + b_r)",
        "c_tilde[t] = tanh(W_c @ x[t] + U_c @ (G_r[t] * a[t - 1]) + b_c)",
        "c[t] = G_u[t] * c_tilde[t] + (1 - G_u[t]) * c[t - 1]",
        "a[t] = c[t]",
    ],
    name="gru_cs230",
    title="GRU of the CS230 cheat sheet",
    paper="Amidi and Amidi, CS230 recurrent neural networks cheat sheet",
    aliases=("cs230_gru",),
)
