"""The LSTM with torch's two biases a gate (bias_ih and bias_hh); only their sum can be told."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "i[t] = sigmoid(W_i @ x[t] + b_i + U_i @ h[t - 1] + c_i)",
        "f[t] = sigmoid(W_f @ x[t] + b_f + U_f @ h[t - 1] + c_f)",
        "g[t] = tanh(W_g @ x[t] + b_g + U_g @ h[t - 1] + c_g)",
        "o[t] = sigmoid(W_o @ x[t] + b_o + U_o @ h[t - 1] + c_o)",
        "C[t] = f[t] * C[t - 1] + i[t] * g[t]",
        "h[t] = o[t] * tanh(C[t])",
    ],
    name="lstm_torch",
    title="LSTM with two biases",
    paper="torch.nn.LSTM; cuDNN",
    variant_of="lstm",
)
