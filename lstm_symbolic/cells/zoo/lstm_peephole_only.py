"""The LSTM whose gates see the cell state in place of the hidden state, through full matrices, and whose candidate sees the input alone."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ C[t - 1] + b_f)",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ C[t - 1] + b_i)",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ C[t - 1] + b_o)",
        "C_tilde[t] = tanh(W_C @ x[t] + b_C)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "h[t] = o[t] * tanh(C[t])",
    ],
    outputs=("C", "h"),
    name="lstm_peephole_only",
    title="LSTM with peepholes in place of the hidden state",
    paper="Wikipedia, Long short-term memory, section Peephole LSTM",
    aliases=("lstm_wikipedia_peephole",),
)
