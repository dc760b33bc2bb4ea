"""The rnn cell without biases, as many write-ups state it."""

from dataclasses import replace

from ..weights import without_bias
from .rnn import CELL as BIASED

CELL = replace(without_bias(BIASED), name="rnn_no_bias", title="Plain recurrent network without biases", aliases=())
