"""The mgu cell without biases, as many write-ups state it."""

from dataclasses import replace

from ..weights import without_bias
from .mgu import CELL as BIASED

CELL = replace(without_bias(BIASED), name="mgu_no_bias", title="Minimal gated unit without biases", aliases=())
