"""Keras's GRU (reset_after=True): rows for vectors, two biases a gate."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "z[t] = sigmoid(x[t] @ W_z + b_z + h[t - 1] @ U_z + c_z)",
        "r[t] = sigmoid(x[t] @ W_r + b_r + h[t - 1] @ U_r + c_r)",
        "h_tilde[t] = tanh(x[t] @ W_h + b_h + r[t] * (h[t - 1] @ U_h + c_h))",
        "h[t] = z[t] * h[t - 1] + (1 - z[t]) * h_tilde[t]",
    ],
    {"x": "1,m", "h": "1,n"},
    name="gru_keras",
    title="GRU with row vectors, reset after the product",
    paper="keras.layers.GRU",
    variant_of="gru_reset_after",
)
