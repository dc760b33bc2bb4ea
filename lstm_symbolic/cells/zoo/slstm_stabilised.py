"""The sLSTM with the stabiliser mu (the paper's m): exponentials are bounded, and c / nu is the same."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "z[t] = tanh(W_z @ x[t] + U_z @ h[t - 1] + b_z)",
        "i_tilde[t] = W_i @ x[t] + U_i @ h[t - 1] + b_i",
        "f_tilde[t] = W_f @ x[t] + U_f @ h[t - 1] + b_f",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1] + b_o)",
        "mu[t] = max(log(sigmoid(f_tilde[t])) + mu[t - 1], i_tilde[t])",
        "i[t] = exp(i_tilde[t] - mu[t])",
        "f[t] = exp(log(sigmoid(f_tilde[t])) + mu[t - 1] - mu[t])",
        "c[t] = f[t] * c[t - 1] + i[t] * z[t]",
        "nu[t] = f[t] * nu[t - 1] + i[t]",
        "h[t] = o[t] * (c[t] / nu[t])",
    ],
    gates=("i", "f", "o"),
    name="slstm_stabilised",
    title="sLSTM with stabiliser",
    paper="Beck et al. 2024, xLSTM (arXiv 2405.04517), with the state m",
    variant_of="slstm",
)
