"""The mLSTM: a matrix memory with a scalar input gate exp and a scalar forget gate; nu is the paper's n; W_k holds 1/sqrt(n)."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "q[t] = W_q @ x[t] + b_q",
        "k[t] = W_k @ x[t] + b_k",
        "v[t] = W_v @ x[t] + b_v",
        "i[t] = exp(w_i.T @ x[t] + b_i)",
        "f[t] = sigmoid(w_f.T @ x[t] + b_f)",
        "o[t] = sigmoid(W_o @ x[t] + b_o)",
        "C[t] = f[t] * C[t - 1] + i[t] * (v[t] @ k[t].T)",
        "nu[t] = f[t] * nu[t - 1] + i[t] * k[t]",
        "h[t] = o[t] * (C[t] @ q[t]) / max(abs(nu[t].T @ q[t]), 1)",
    ],
    {
        "x": "m,1",
        "q": "n,1",
        "k": "n,1",
        "v": "n,1",
        "C": "n,n",
        "nu": "n,1",
        "h": "n,1",
        "w_i": "m,1",
        "w_f": "m,1",
        "b_i": "1,1",
        "b_f": "1,1",
        "i": "1,1",
        "f": "1,1",
    },
    outputs=("C", "nu", "h"),
    gates=("i", "f", "o"),
    name="mlstm",
    title="mLSTM",
    paper="Beck et al. 2024, xLSTM: extended long short-term memory (arXiv 2405.04517), eq. 19-27",
)
