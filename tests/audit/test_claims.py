"""Claims about ranges: wrong ones are refuted with numbers that are recomputed here, right ones and other text are left alone."""

from __future__ import annotations

import math
import time

import pytest

from lstm_symbolic.audit.check import check
from lstm_symbolic.reading import Source

LSTM = r"""
$$f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$$
$$i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)$$
$$\tilde{C}_t = \tanh(W_C x_t + U_C h_{t-1} + b_C)$$
$$C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t$$
$$o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)$$
$$h_t = o_t \odot \tanh(C_t)$$
"""


def findings(said: str, cell: str = LSTM):
    (document,) = check([Source("notes.md", cell + "\n" + said + "\n")], alone=True).documents
    return [f for f in document.findings if f.code == "E405"]


def memory(values: dict[str, float], steps: int) -> list[float]:
    """The cell state of an LSTM of size 1, written out."""
    w, c, h, out = dict(values), 0.0, 0.0, []
    for _ in range(steps):
        gate = {k: w[f"W_{k}"] * w["x"] + w[f"U_{k}"] * h + w[f"b_{k}"] for k in "fiCo"}
        f, i, o = (1 / (1 + math.exp(-gate[k])) for k in "fio")
        c = f * c + i * math.tanh(gate["C"])
        h = o * math.tanh(c)
        out.append(c)
    return out


@pytest.mark.parametrize(
    "said",
    [
        "The tanh keeps the cell state within ±1.",
        "The tanh keeps the cell state between -1 and 1.",
        "Here the cell state always stays in the range [-1, 1].",
        r"So $C_t \in [-1, 1]$.",
        r"So $C_t \in (-1, 1)$.",
        r"$$|C_t| \le 1$$",
        r"$-1 < C_t < 1$",
        r"$-1 \leq C_{t} \leq 1$",
    ],
)
def test_the_cell_state_is_not_bounded_by_tanh(said: str) -> None:
    (found,) = findings(said)
    assert found.severity == "error"
    assert found.witness is not None
    values = {name: float(eval_fraction(text)) for name, text in found.witness["values"].items()}
    assert max(map(abs, memory(values, 4))) > 1
    assert any(abs(c - float(found.witness["left"])) < 1e-4 for c in memory(values, 4))


def eval_fraction(text: str) -> float:
    top, _, bottom = text.partition("/")
    return int(top) / int(bottom or 1)


@pytest.mark.parametrize(
    "said",
    [
        "The tanh keeps the hidden state within ±1.",
        r"$|h_t| \le 1$ and $h_t \in (-1, 1)$",
        "The tanh gives values between -1 and 1, which are added to the cell state.",
        "The cell state carries what was written between step 1 and 5.",
        r"$f_t \in [0, 1]$",
        r"$C_t \in \mathbb{R}^n$",
        r"$t \in [1, 5]$",
    ],
)
def test_what_is_true_or_says_nothing_of_a_state(said: str) -> None:
    assert findings(said) == []


def test_no_proved_cell_no_claim() -> None:
    """A system that is not a known cell is not known to leave a range: here nothing is said of C."""
    assert findings("The tanh keeps the cell state within ±1.", "") == []
    assert findings("The tanh keeps the cell state within ±1.", LSTM.replace(r"i_t \odot \tilde{C}_t$$", r"(1 - f_t) \odot o_t$$")) == []


def test_bounds_that_are_wide_enough_for_the_candidates_are_not_refuted() -> None:
    assert findings(r"$|C_t| \le 100$") == [], "undecided: four steps do not reach 100"


def test_many_claims_take_bounded_time() -> None:
    start = time.monotonic()
    findings("\n".join(rf"$C_t \in [-1, {k}]$" for k in range(60)))
    assert time.monotonic() - start < 60
