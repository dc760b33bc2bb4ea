"""The GRU whose update gate writes: z is the share of the new value, 1 - z of the old one."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "r[t] = sigmoid(W_r @ x[t] + U_r @ h[t - 1] + b_r)",
        "z[t] = sigmoid(W_z @ x[t] + U_z @ h[t - 1] + b_z)",
        "h_tilde[t] = tanh(W_h @ x[t] + U_h @ (r[t] * h[t - 1]) + b_h)",
        "h[t] = (1 - z[t]) * h[t - 1] + z[t] * h_tilde[t]",
    ],
    name="gru_z_writes",
    title="GRU whose update gate writes",
    paper="Chung et al. 2014 (arXiv 1412.3555), with biases",
    aliases=("gru_chung",),
    variant_of="gru",
)
