"""The GRU with the reset gate before the matrix product; z keeps the old state."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "r[t] = sigmoid(W_r @ x[t] + U_r @ h[t - 1] + b_r)",
        "z[t] = sigmoid(W_z @ x[t] + U_z @ h[t - 1] + b_z)",
        "h_tilde[t] = tanh(W_h @ x[t] + U_h @ (r[t] * h[t - 1]) + b_h)",
        "h[t] = z[t] * h[t - 1] + (1 - z[t]) * h_tilde[t]",
    ],
    name="gru",
    title="Gated recurrent unit",
    paper="Cho et al. 2014 (arXiv 1406.1078v3), eq. 5-8, with biases",
    aliases=("gru_reset_before",),
)
