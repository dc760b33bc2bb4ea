"""The exported file, run on symbols, is proved equal to the equations; and a wrong file is not."""

import pytest

from lstm_symbolic.cells import Cell, cell, concatenated, transposed
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.export import export, unproved
from lstm_symbolic.export.prove import unproved_source

FEATURES = ("rnn", "lstm", "gru", "gru_reset_after", "lstm_projection", "lstm_1997", "mgu", "sru", "qrnn", "minlstm", "rhn", "gru_keras")
STEPS = ("rnn", "gru", "gru_cs230", "mgu", "mingru", "minlstm", "sru", "qrnn", "lstm_1997")


@pytest.mark.parametrize("name", FEATURES)
def test_two_features(name: str) -> None:
    """A transpose, or a weight in the wrong place, would be seen."""
    assert unproved(cell(name), steps=1, size=2) == []


@pytest.mark.parametrize("name", STEPS)
def test_two_steps(name: str) -> None:
    """The recursion, forward and backward."""
    assert unproved(cell(name), steps=2, size=1) == []


def test_both_at_once() -> None:
    assert unproved(cell("rnn"), steps=2, size=2) == []
    assert unproved(transposed(concatenated(cell("rnn"))), steps=2, size=2) == []


def test_parameters_that_are_no_weights() -> None:
    c = Cell.from_plain(["h[t] = exp(a) * h[t-1] / (1 + s * s) + p * (W @ x[t])"], shapes={"a": "n,1", "p": "n,1"})
    assert unproved(c, steps=2, size=2) == []


@pytest.mark.parametrize(
    ("right", "wrong", "label"),
    [
        ('("U_C", "U_f"', '("U_f", "U_C"', "h[1]"),
        ("weights_x[n:] *= 2.0", "weights_x[n:] *= 1.0", "d_x[1]"),
        ("add(C_tilde_f_i_o_rows, wide[t], out", "add(C_tilde_f_i_o_rows, wide[0], out", "h[2]"),
        ("m + 1 if B == 1 else 0:]", "m + 1:]", "h[1]"),
        ("subtract(one, w", "add(one, w", "d_W_i"),
        ("copyto(k[:, 0], v[:, 2])", "copyto(k[:, 0], v[:, 1])", "d_C[0]"),
    ],
)
def test_wrong_files(right: str, wrong: str, label: str) -> None:
    source = export("lstm")
    assert right in source
    steps, size = (2, 1) if label == "h[2]" else (1, 2)
    assert label in unproved_source(source.replace(right, wrong), cell("lstm"), steps, size)


def test_a_forgotten_transpose() -> None:
    source = export("rnn")
    assert ":].T.copy()" in source
    assert unproved_source(source.replace(":].T.copy()", ":].copy()"), cell("rnn"), 1, 2) == ["d_h[0]"]


def test_too_large_is_said() -> None:
    with pytest.raises(LstmSymbolicError, match="neither proved nor disproved"):
        unproved(cell("lstm_fgr"), steps=3, size=2)
