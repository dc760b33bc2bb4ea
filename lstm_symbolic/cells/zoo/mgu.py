"""The minimal gated unit: one gate both resets and updates."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)",
        "h_tilde[t] = tanh(W_h @ x[t] + U_h @ (f[t] * h[t - 1]) + b_h)",
        "h[t] = (1 - f[t]) * h[t - 1] + f[t] * h_tilde[t]",
    ],
    name="mgu",
    title="Minimal gated unit",
    paper="Zhou et al. 2016, Minimal gated unit for recurrent neural networks (arXiv 1603.09420)",
    aliases=("minimal_gated_unit",),
)
