"""The LSTM with a forget gate, as torch, Keras and colah's blog use it (split weights: W for the input, U for the state)."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + b_i)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + b_o)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "h[t] = o[t] * tanh(C[t])",
    ],
    name="lstm",
    title="Long short-term memory",
    paper="Gers, Schmidhuber and Cummins 2000, Learning to forget (with tanh for the squashing functions)",
    aliases=("vanilla_lstm", "lstm_forget", "lstm_2000"),
)
