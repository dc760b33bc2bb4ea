"""The MGU with its gate after the matrix product, as Flax computes it; the candidate needs two biases."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)",
        "h_tilde[t] = tanh(W_h @ x[t] + b_h + f[t] * (U_h @ h[t - 1] + c_h))",
        "h[t] = (1 - f[t]) * h_tilde[t] + f[t] * h[t - 1]",
    ],
    name="mgu_reset_after",
    title="Minimal gated unit, gate after the product",
    paper="flax.linen.MGUCell; after Zhou et al. 2016 (arXiv 1603.09420)",
    aliases=("mgu_flax",),
)
