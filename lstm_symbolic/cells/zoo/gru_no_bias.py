"""The gru cell without biases, as many write-ups state it."""

from dataclasses import replace

from ..weights import without_bias
from .gru import CELL as BIASED

CELL = replace(without_bias(BIASED), name="gru_no_bias", title="Gated recurrent unit without biases", aliases=())
