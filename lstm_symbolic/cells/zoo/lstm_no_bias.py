"""The LSTM without biases (torch's ``bias=False``)."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1])",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1])",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1])",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1])",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "h[t] = o[t] * tanh(C[t])",
    ],
    name="lstm_no_bias",
    title="LSTM without biases",
    paper="Gers, Schmidhuber and Cummins 2000, with every bias zero",
)
