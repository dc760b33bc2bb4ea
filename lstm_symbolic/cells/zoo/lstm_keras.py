"""The LSTM with rows for vectors, as Keras and TensorFlow store it: kernel W, recurrent kernel U, one bias a gate."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "i[t] = sigmoid(x[t] @ W_i + h[t - 1] @ U_i + b_i)",
        "f[t] = sigmoid(x[t] @ W_f + h[t - 1] @ U_f + b_f)",
        "c_tilde[t] = tanh(x[t] @ W_c + h[t - 1] @ U_c + b_c)",
        "c[t] = f[t] * c[t - 1] + i[t] * c_tilde[t]",
        "o[t] = sigmoid(x[t] @ W_o + h[t - 1] @ U_o + b_o)",
        "h[t] = o[t] * tanh(c[t])",
    ],
    {"x": "1,m", "h": "1,n"},
    name="lstm_keras",
    title="LSTM with row vectors",
    paper="keras.layers.LSTM",
    variant_of="lstm",
)
