"""The simple recurrent network: the new state is one layer of the input and the old state."""

from ..cell import Cell

CELL = Cell.from_plain(
    ["h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)"],
    {"W": "n,m", "U": "n,n", "b": "n,1"},
    name="rnn",
    title="Simple recurrent network",
    paper="Elman 1990, Finding structure in time",
    aliases=("elman", "simple_rnn", "vanilla_rnn"),
)
