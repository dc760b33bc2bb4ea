"""The simple recurrent unit (first version): no matrix product touches the state; the highway needs inputs of n entries."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "x_tilde[t] = W @ x[t]",
        "f[t] = sigmoid(W_f @ x[t] + b_f)",
        "r[t] = sigmoid(W_r @ x[t] + b_r)",
        "c[t] = f[t] * c[t - 1] + (1 - f[t]) * x_tilde[t]",
        "h[t] = r[t] * tanh(c[t]) + (1 - r[t]) * x[t]",
    ],
    {"x": "n,1", "c": "n,1"},
    outputs=("c", "h"),
    candidate="x_tilde",
    name="sru",
    title="Simple recurrent unit",
    paper="Lei et al. 2018, Simple recurrent units for highly parallelizable recurrence (arXiv 1709.02755v1)",
)
