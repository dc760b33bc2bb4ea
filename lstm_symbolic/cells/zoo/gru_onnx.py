"""The GRU operator of ONNX (linear_before_reset=0): rows for vectors, two biases a gate (weights are stored transposed)."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "z[t] = sigmoid(X[t] @ W_z + H[t - 1] @ R_z + b_z + c_z)",
        "r[t] = sigmoid(X[t] @ W_r + H[t - 1] @ R_r + b_r + c_r)",
        "h_tilde[t] = tanh(X[t] @ W_h + (r[t] * H[t - 1]) @ R_h + b_h + c_h)",
        "H[t] = (1 - z[t]) * h_tilde[t] + z[t] * H[t - 1]",
    ],
    {"X": "1,m", "H": "1,n"},
    name="gru_onnx",
    title="GRU operator of ONNX",
    paper="ONNX operator GRU, opset 22",
    variant_of="gru",
)
