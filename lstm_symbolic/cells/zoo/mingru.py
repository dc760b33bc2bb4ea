"""The minimal GRU: gate and candidate see the input only, so that the state can be computed by a parallel scan."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "z[t] = sigmoid(W_z @ x[t])",
        "h_tilde[t] = W_h @ x[t]",
        "h[t] = (1 - z[t]) * h[t - 1] + z[t] * h_tilde[t]",
    ],
    candidate="h_tilde",
    name="mingru",
    title="Minimal GRU",
    paper="Feng et al. 2024, Were RNNs all we needed? (arXiv 2410.01201)",
    aliases=("min_gru",),
)
