"""Shapes of damaged input: no shape is better than a crash."""

from __future__ import annotations

import pytest

from lstm_symbolic.expr import infer
from lstm_symbolic.expr.dims import shape
from lstm_symbolic.expr.term import read_equation


@pytest.mark.parametrize("text", ["h = concat(1, 2)", "h[t] = tanh(W @ concat(1, 2))", "h = vstack(1)", "h = hstack(2, pi)"])
def test_stacked_numbers_have_no_shape_of_their_own(text: str) -> None:
    shapes, conflicts = infer([read_equation(text)])
    assert "h" in shapes
    assert not conflicts


@pytest.mark.parametrize(
    ("given", "h", "x"),
    [("n,n+m", "n,1", "m,1"), ("n,m+n", "n,1", "m,1"), ("p,p+q", "p,1", "q,1"), ("4,6", "4,1", "2,1"), ("2*n,2*n+m", "2*n,1", "m,1")],
)
def test_the_parts_of_a_given_size_are_found_by_what_else_is_known(given: str, h: str, x: str) -> None:
    """One given shape is enough, whatever the order in which SymPy keeps ``n + m``."""
    system = ["f[t] = sigmoid(W @ concat(h[t - 1], x[t]) + b)", "h[t] = f[t] * h[t - 1]"]
    shapes, conflicts = infer([read_equation(e) for e in system], {"W": shape(given)})
    assert not conflicts
    assert (shapes["h"], shapes["x"], shapes["b"]) == (shape(h), shape(x), shape(h))


def test_a_given_size_that_does_not_fit_is_a_conflict() -> None:
    system = ["f[t] = sigmoid(W @ concat(h[t - 1], x[t]) + b)", "h[t] = f[t] * h[t - 1]"]
    _, conflicts = infer([read_equation(e) for e in system], {"W": shape("4,6"), "x": shape("3,1")})
    assert conflicts
