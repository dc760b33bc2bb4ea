"""The LSTM with a recurrent projection: the state that is fed back has p entries, the memory n (torch's ``proj_size``)."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + b_i)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + b_o)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "h[t] = W_h @ (o[t] * tanh(C[t]))",
    ],
    {"h": "p,1", "C": "n,1", "x": "m,1"},
    name="lstm_projection",
    title="LSTM with projection",
    paper="Sak, Senior and Beaufays 2014 (arXiv 1402.1128), without peepholes",
    aliases=("lstmp",),
)
