"""The peephole LSTM with full gate recurrence: every gate also sees all gates of the step before, so that gates are states."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + R_if @ i[t - 1] + R_ff @ f[t - 1] + R_of @ o[t - 1] + p_f * C[t - 1] + b_f)",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1] + R_ii @ i[t - 1] + R_fi @ f[t - 1] + R_oi @ o[t - 1] + p_i * C[t - 1] + b_i)",
        "C_tilde[t] = tanh(W_C @ x[t] + U_C @ h[t - 1] + b_C)",
        "C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + R_io @ i[t - 1] + R_fo @ f[t - 1] + R_oo @ o[t - 1] + p_o * C[t] + b_o)",
        "h[t] = o[t] * tanh(C[t])",
    ],
    outputs=("C", "h"),
    gates=("f", "i", "o"),
    name="lstm_fgr",
    title="LSTM with full gate recurrence",
    paper="Greff et al. 2017, LSTM: a search space odyssey (arXiv 1503.04069), variant FGR",
    aliases=("fgr",),
    variant_of="lstm_peephole",
)
