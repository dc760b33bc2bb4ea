"""The recurrent highway network of depth 2: two highway layers a step, u lets the new value in, c carries the old one."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "g_1[t] = tanh(W_g @ x[t] + R_g1 @ h[t - 1] + b_g1)",
        "u_1[t] = sigmoid(W_u @ x[t] + R_u1 @ h[t - 1] + b_u1)",
        "c_1[t] = sigmoid(W_c @ x[t] + R_c1 @ h[t - 1] + b_c1)",
        "s[t] = g_1[t] * u_1[t] + h[t - 1] * c_1[t]",
        "g_2[t] = tanh(R_g2 @ s[t] + b_g2)",
        "u_2[t] = sigmoid(R_u2 @ s[t] + b_u2)",
        "c_2[t] = sigmoid(R_c2 @ s[t] + b_c2)",
        "h[t] = g_2[t] * u_2[t] + s[t] * c_2[t]",
    ],
    {"h": "n,1", "x": "m,1"},
    name="rhn",
    title="Recurrent highway network, depth 2",
    paper="Zilly et al. 2017, Recurrent highway networks (arXiv 1607.03474), eq. 6-9",
    aliases=("recurrent_highway",),
)
