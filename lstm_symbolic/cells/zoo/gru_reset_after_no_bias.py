"""The GRU with the reset gate after the matrix product, without biases, as lecture notes state it."""

from dataclasses import replace

from ..weights import without_bias
from .gru_reset_after import CELL as BIASED

CELL = replace(
    without_bias(BIASED), name="gru_reset_after_no_bias", title="Gated recurrent unit, reset after the product, without biases", aliases=()
)
