"""The update gate RNN: a GRU without its reset gate, which courses teach as the simplified GRU."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "z[t] = sigmoid(W_z @ x[t] + U_z @ h[t - 1] + b_z)",
        "h_tilde[t] = tanh(W_h @ x[t] + U_h @ h[t - 1] + b_h)",
        "h[t] = z[t] * h[t - 1] + (1 - z[t]) * h_tilde[t]",
    ],
    name="ugrnn",
    title="Update gate RNN",
    paper="Collins, Sohl-Dickstein and Sussillo 2017, Capacity and trainability in recurrent neural networks (arXiv 1611.09913)",
    aliases=("gru_simplified", "gru_no_reset"),
)
