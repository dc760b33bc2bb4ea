"""Shapes of damaged input: no shape is better than a crash."""

from __future__ import annotations

import pytest

from lstm_symbolic.expr import infer
from lstm_symbolic.expr.term import read_equation


@pytest.mark.parametrize("text", ["h = concat(1, 2)", "h[t] = tanh(W @ concat(1, 2))", "h = vstack(1)", "h = hstack(2, pi)"])
def test_stacked_numbers_have_no_shape_of_their_own(text: str) -> None:
    shapes, conflicts = infer([read_equation(text)])
    assert "h" in shapes
    assert not conflicts
