"""Hung-yi Lee's memory cell: four scalar inputs; g and h squash, f is the activation of every gate. All three are left open."""

from ..cell import Cell

CELL = Cell.from_plain(
    [
        "c[t] = g(z[t]) * f(z_i[t]) + c[t - 1] * f(z_f[t])",
        "a[t] = h(c[t]) * f(z_o[t])",
    ],
    inputs=("z", "z_i", "z_f", "z_o"),
    outputs=("c", "a"),
    name="lstm_lee",
    title="Hung-yi Lee's memory cell",
    paper="Hung-yi Lee, Machine learning (National Taiwan University), recurrent neural networks I",
    aliases=("lee", "memory_cell"),
)
