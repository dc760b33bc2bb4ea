"""The LSTM with layer normalisation of every pre-activation and of the memory on its way out: g scales, b shifts, total(ones(n)) is n."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "a_f[t] = W_f @ x[t] + U_f @ h[t - 1]",
        "d_f[t] = a_f[t] - total(a_f[t]) / total(ones(n))",
        "f[t] = sigmoid(g_f * d_f[t] / sqrt(total(d_f[t] ** 2) / total(ones(n)) + epsilon) + b_f)",
        "a_i[t] = W_i @ x[t] + U_i @ h[t - 1]",
        "d_i[t] = a_i[t] - total(a_i[t]) / total(ones(n))",
        "i[t] = sigmoid(g_i * d_i[t] / sqrt(total(d_i[t] ** 2) / total(ones(n)) + epsilon) + b_i)",
        "a_C[t] = W_C @ x[t] + U_C @ h[t - 1]",
        "d_C[t] = a_C[t] - total(a_C[t]) / total(ones(n))",
        "C_tilde[t] = tanh(g_C * d_C[t] / sqrt(total(d_C[t] ** 2) / total(ones(n)) + epsilon) + b_C)",
        "a_o[t] = W_o @ x[t] + U_o @ h[t - 1]",
        "d_o[t] = a_o[t] - total(a_o[t]) / total(ones(n))",
        "o[t] = sigmoid(g_o * d_o[t] / sqrt(total(d_o[t] ** 2) / total(ones(n)) + epsilon) + b_o)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "d[t] = C[t] - total(C[t]) / total(ones(n))",
        "h[t] = o[t] * tanh(g * d[t] / sqrt(total(d[t] ** 2) / total(ones(n)) + epsilon) + b)",
    ],
    {"x": "m,1", "h": "n,1", "C": "n,1", "g": "n,1", "b": "n,1", "epsilon": "1,1", "a_f": "n,1", "a_i": "n,1", "a_C": "n,1", "a_o": "n,1"},
    candidate="C_tilde",
    gates=("f", "i", "o"),
    name="lstm_layer_norm",
    title="LSTM with layer normalisation",
    paper="Ba, Kiros and Hinton 2016, Layer normalization (arXiv 1607.06450), each gate by itself",
    aliases=("layer_norm_lstm",),
    variant_of="lstm",
)
