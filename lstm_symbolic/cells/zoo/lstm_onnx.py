"""The LSTM operator of ONNX: rows for vectors, two biases a gate, peepholes (weights are stored transposed)."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "i[t] = sigmoid(X[t] @ W_i + H[t - 1] @ R_i + P_i * C[t - 1] + b_i + c_i)",
        "f[t] = sigmoid(X[t] @ W_f + H[t - 1] @ R_f + P_f * C[t - 1] + b_f + c_f)",
        "c_tilde[t] = tanh(X[t] @ W_c + H[t - 1] @ R_c + b_c + c_c)",
        "C[t] = f[t] * C[t - 1] + i[t] * c_tilde[t]",
        "o[t] = sigmoid(X[t] @ W_o + H[t - 1] @ R_o + P_o * C[t] + b_o + c_o)",
        "H[t] = o[t] * tanh(C[t])",
    ],
    {"X": "1,m", "H": "1,n"},
    name="lstm_onnx",
    title="LSTM operator of ONNX",
    paper="ONNX operator LSTM, opset 22",
    variant_of="lstm_peephole",
)
