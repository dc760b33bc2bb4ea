"""The LSTM as the Deep Learning book prints it: the candidate, written into the state's line, passes through a sigmoid."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)",
        "g[t] = sigmoid(W_g @ x[t] + U_g @ h[t - 1] + b_g)",
        "s_tilde[t] = sigmoid(W_s @ x[t] + U_s @ h[t - 1] + b_s)",
        "s[t] = f[t] * s[t - 1] + g[t] * s_tilde[t]",
        "q[t] = sigmoid(W_q @ x[t] + U_q @ h[t - 1] + b_q)",
        "h[t] = tanh(s[t]) * q[t]",
    ],
    outputs=("s", "h"),
    name="lstm_goodfellow",
    title="LSTM of the Deep Learning book",
    paper="Goodfellow, Bengio and Courville 2016, Deep Learning, equations 10.40 to 10.44",
    variant_of="lstm",
)
