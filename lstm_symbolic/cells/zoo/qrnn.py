"""The quasi-recurrent network with a window of two inputs and fo-pooling: the convolution written out as two products."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "z[t] = tanh(W_z @ x[t] + V_z @ x[t - 1])",
        "f[t] = sigmoid(W_f @ x[t] + V_f @ x[t - 1])",
        "o[t] = sigmoid(W_o @ x[t] + V_o @ x[t - 1])",
        "c[t] = f[t] * c[t - 1] + (1 - f[t]) * z[t]",
        "h[t] = o[t] * c[t]",
    ],
    outputs=("c", "h"),
    name="qrnn",
    title="Quasi-recurrent network, window 2, fo-pooling",
    paper="Bradbury et al. 2016, Quasi-recurrent neural networks (arXiv 1611.01576)",
)
