"""Rows for columns: the transposed cell has the transposed values, equation by equation, on NumPy arrays."""

import numpy as np
import pytest
from sympy import Expr

from lstm_symbolic.audit.compare import compare
from lstm_symbolic.cells import TIME, Cell, cell, cells, leaves, transposed
from lstm_symbolic.errors import CellError
from lstm_symbolic.expr import TimeSymbol
from lstm_symbolic.expr.build import shape_of
from lstm_symbolic.expr.dims import symbol
from lstm_symbolic.expr.numeric import Evaluator

SIZES = {"n": 3, "m": 2, "p": 4, "q": 5, "k": 3}
DIMS = {symbol(name): size for name, size in SIZES.items()}
FUNCTIONS = {"f": np.cos, "g": np.sin, "h": np.arctan}
MORE = [
    Cell.from_plain(["h[t] = tanh(W.T @ x[t] + diag(d) @ h[t - 1]) + matrix([[1, 2], [3, 4]]) @ softmax(h[t - 1])"], {"h": "2,1"}),
    Cell.from_plain(["h[t] = tanh(vstack(A, B) @ x[t] + trace(A) * h[t - 1] / norm(x[t]) + ones(2*m) * total(x[t]))"], "A:m,m B:m,m x:m,1"),
]
ALL = [*map(cell, cells()), *MORE]


def key(s: Expr) -> object:
    return (s.name, int(s.index[-1].subs(TIME, 1))) if isinstance(s, TimeSymbol) else s.name


def values(c: Cell) -> dict[object, np.ndarray]:
    """A value for every symbol that stands on a right side."""
    rng = np.random.default_rng(7)
    symbols = {key(s): s for e in c.equations for s in leaves(e.rhs)}
    drawn = {k: rng.standard_normal([int(d.subs(DIMS)) for d in shape_of(s)]) for k, s in symbols.items()}
    return drawn | {k: abs(v) for k, v in drawn.items() if k == "epsilon"}


@pytest.mark.parametrize("c", ALL, ids=lambda c: c.name)
def test_transposed_values(c: Cell) -> None:
    known, other = values(c), transposed(c)
    columns = Evaluator(known, SIZES, {"t": 1}, FUNCTIONS)
    rows = Evaluator({k: v.T for k, v in known.items()}, SIZES, {"t": 1}, FUNCTIONS)
    assert {c.layout, other.layout} in ({"row", "column"}, {"scalar"})
    for mine, theirs in zip(c.equations, other.equations, strict=True):
        np.testing.assert_allclose(np.transpose(rows(theirs.rhs)), columns(mine.rhs), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("c", ALL, ids=lambda c: c.name)
def test_the_other_layout_twice_is_the_cell(c: Cell) -> None:
    back = transposed(transposed(c))
    assert back.plain() == c.plain()
    assert (back.shapes, back.layout, back.states, back.outputs) == (c.shapes, c.layout, c.states, c.outputs)


def test_written_out() -> None:
    assert transposed(MORE[0]).plain() == ["h[t] = tanh(x[t] @ W.T + h[t - 1] @ diag(d)) + softmax(h[t - 1]) @ matrix([[1, 3], [2, 4]])"]
    assert str(transposed(MORE[1])).startswith("h[t] = tanh(x[t] @ hstack(A, B) + ")
    assert "ones(1, 2*m) * total(x[t])" in str(transposed(MORE[1]))


def test_what_has_no_transpose_in_the_same_letters() -> None:
    with pytest.raises(CellError, match="prod has no transpose"):
        transposed(Cell.from_plain(["h[t] = Prod(W, (k, 1, t)) @ h[t - 1]"], "W:n,n h:n,1"))


#: A state that is a matrix, of which the prover cannot say which side of its transpose the other one is.
UNDECIDED = {"mlstm", "mlstm_stabilised"}


@pytest.mark.parametrize("name", [name for name in cells() if name not in UNDECIDED])
def test_the_prover_agrees(name: str) -> None:
    assert compare(transposed(cell(name)), cell(name)).kind in ("proved", "proved-under")


@pytest.mark.parametrize("names", ["W", "V"])
def test_one_pre_activation_bare_and_under_a_function(names: str) -> None:
    """It stands as a column at one place and as a row at the other: still one choice of the matrix for both."""
    lines = ["c[t] = c[t - 1] + W @ x[t]", "h[t] = tanh(c[t])"]
    columns = Cell.from_plain(lines, outputs=["c", "h"])
    rows = transposed(Cell.from_plain([line.replace("W", names) for line in lines], outputs=["c", "h"]))
    assert compare(rows, columns).kind == "proved-under"
    wrong = Cell.from_plain(["c[t] = c[t - 1] + W @ x[t]", "h[t] = tanh(c[t] + W @ x[t])"], outputs=["c", "h"])
    assert compare(rows, wrong).kind == "refuted"
