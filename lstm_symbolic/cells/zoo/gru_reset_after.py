"""The GRU with the reset gate after the matrix product, as torch, cuDNN and Keras compute it; the candidate needs two biases."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "r[t] = sigmoid(W_r @ x[t] + U_r @ h[t - 1] + b_r)",
        "z[t] = sigmoid(W_z @ x[t] + U_z @ h[t - 1] + b_z)",
        "h_tilde[t] = tanh(W_h @ x[t] + b_h + r[t] * (U_h @ h[t - 1] + c_h))",
        "h[t] = z[t] * h[t - 1] + (1 - z[t]) * h_tilde[t]",
    ],
    name="gru_reset_after",
    title="Gated recurrent unit, reset after the product",
    paper="Cho et al. 2014 (arXiv 1406.1078v1); torch.nn.GRU; Keras GRU with reset_after=True",
    aliases=("gru_torch", "gru_cudnn"),
)
