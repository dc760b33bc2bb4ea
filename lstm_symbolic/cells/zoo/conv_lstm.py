"""The convolutional LSTM: images for vectors, convolutions for matrix products, one peephole weight for each cell and pixel."""

from ..cell import Cell

_IMAGES = ("x", "h", "C", "C_tilde", "i", "f", "o", "b_i", "b_f", "b_C", "b_o", "p_i", "p_f", "p_o")
_KERNELS = ("W_i", "U_i", "W_f", "U_f", "W_C", "U_C", "W_o", "U_o")

CELL = Cell.from_plain(
    [
        "i[t] = sigmoid(conv(W_i, x[t]) + conv(U_i, h[t - 1]) + p_i * C[t - 1] + b_i)",
        "f[t] = sigmoid(conv(W_f, x[t]) + conv(U_f, h[t - 1]) + p_f * C[t - 1] + b_f)",
        "C_tilde[t] = tanh(conv(W_C, x[t]) + conv(U_C, h[t - 1]) + b_C)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "o[t] = sigmoid(conv(W_o, x[t]) + conv(U_o, h[t - 1]) + p_o * C[t] + b_o)",
        "h[t] = o[t] * tanh(C[t])",
    ],
    dict.fromkeys(_IMAGES, "p,q") | dict.fromkeys(_KERNELS, "k,k"),
    name="conv_lstm",
    title="Convolutional LSTM",
    paper="Shi et al. 2015, Convolutional LSTM network (arXiv 1506.04214), eq. 3, one channel",
    aliases=("convlstm",),
)
