"""A cell for a batch of samples: its run on numbers is the runs of the samples, one column or row each."""

from collections.abc import Sequence

import numpy as np
import pytest

from lstm_symbolic.cells import Cell, batched, bidirectional, cell, cells, concatenated, stack, transposed
from lstm_symbolic.errors import CellError, LstmSymbolicError
from lstm_symbolic.expr import Evaluator, plain

SAMPLES, DIMS = 3, {"n": 4, "m": 2, "p": 5, "k": 3, "q": 6, "n_1": 4, "n_2": 5}
#: Cells whose values are matrices for each sample: a batch of them is no matrix.
MATRICES = ("conv_lstm", "mlstm", "mlstm_stabilised")
COLUMN, ROW = {"x": "m,1", "h": "n,1"}, {"x": "1,m", "h": "1,n"}
#: name -> one equation that needs rewriting or care, its shapes, and how it is written for a batch.
REWRITTEN: dict[str, tuple[str, dict[str, str], str]] = {
    "sum of the features": ("h[t] = tanh(W @ x[t] + total(h[t - 1]))", COLUMN, "tanh(W @ x[t] + ones(n).T @ h[t - 1])"),
    "sum along a row": ("h[t] = tanh(x[t] @ W + total(h[t - 1]))", ROW, "tanh(x[t] @ W + h[t - 1] @ ones(n))"),
    "norm": ("h[t] = tanh(W @ x[t]) * norm(h[t - 1])", COLUMN, "tanh(W @ x[t]) * sqrt(ones(n).T @ h[t - 1] ** 2)"),
    "a sum of weights": ("h[t] = h[t - 1] * total(W) + W @ x[t]", COLUMN, "h[t - 1] * total(W) + W @ x[t]"),
    "softmax of a column": ("h[t] = softmax(W @ x[t] + h[t - 1])", COLUMN, "softmax(W @ x[t] + h[t - 1])"),
    "softmax of a row": (
        "h[t] = softmax(x[t] @ W + h[t - 1])", ROW, "exp(x[t] @ W + h[t - 1]) / (exp(x[t] @ W + h[t - 1]) @ ones(n))",
    ),
    "inner product": (
        "h[t] = (h[t - 1].T @ V @ x[t]) * (W @ x[t])", {**COLUMN, "V": "n,m"}, "ones(n).T @ (h[t - 1] * (V @ x[t])) * (W @ x[t])",
    ),
    "inner product of columns among rows": ("h[t] = (h[t - 1].T @ V @ x[t]) * h[t - 1]", {**COLUMN, "V": "n,m"}, ""),
    "inner product of rows": ("h[t] = (x[t] @ V @ h[t - 1].T) * h[t - 1]", {**ROW, "V": "m,n"}, "x[t] @ V * h[t - 1] @ ones(n) * h[t - 1]"),
    "two diagonals": ("h[t] = W @ x[t] + diag(h[t - 1]) @ diag(h[t - 1]) @ v", {**COLUMN, "v": "n,1"}, ""),
    "a number for each sample": (
        "h[t] = (w.T @ x[t]) * v + h[t - 1]", {**COLUMN, "w": "m,1", "v": "n,1"}, "ones(n) @ w.T @ x[t] * v + h[t - 1]",
    ),
    "outer product applied": ("h[t] = x[t] @ x[t].T @ W @ h[t - 1] + h[t - 1]", {"x": "n,1", "h": "n,1", "W": "n,n"}, ""),
    "diagonal": ("h[t] = diag(s[t]) @ h[t - 1] + W @ x[t]", {**COLUMN, "s": "n,1"}, "s[t] * h[t - 1] + W @ x[t]"),
    "diagonal of weights": ("h[t] = diag(w) @ h[t - 1] + W @ x[t]", {**COLUMN, "w": "n,1"}, "diag(w) @ h[t - 1] + W @ x[t]"),
    "diagonal beside a row": ("h[t] = h[t - 1] @ diag(s[t]) + x[t] @ W", {**ROW, "s": "1,n"}, "h[t - 1] * s[t] + x[t] @ W"),
    "a column read as a row": ("h[t] = (x[t].T @ W).T + h[t - 1]", {**COLUMN, "W": "m,n"}, "W.T @ x[t] + h[t - 1]"),
    "a number beside a row in a cell of columns": ("h[t] = (h[t - 1].T * total(x[t])).T", COLUMN, ""),
    "stacked with weights": ("h[t] = U @ concat(h[t - 1], w) + W @ x[t]", {**COLUMN, "w": "p,1", "U": "n,n+p"}, ""),
    "stacked beside weights": ("h[t] = concat(h[t - 1], w) @ U + x[t] @ W", {**ROW, "w": "1,p", "U": "n+p,n"}, ""),
    "weights and numbers alone": ("h[t] = v + 0 * (W @ x[t]) + total(h[t - 1]) ** 2", {**COLUMN, "v": "n,1"}, ""),
    "a repeated number": ("h[t] = total(h[t - 1]) / total(x[t])", COLUMN, "ones(n) @ (ones(n).T @ h[t - 1] / (ones(m).T @ x[t]))"),
    "division by weights": ("h[t] = W @ x[t] / v + 2 * h[t - 1] ** 3", {**COLUMN, "v": "n,1"}, "W @ x[t] / v + 2 * h[t - 1] ** 3"),
}  # fmt: skip


def size(c: Cell, name: str, dims: dict[str, int]) -> tuple[int, int]:
    return Evaluator({}, dims).size(*c.shapes[name])


def joined(one: Cell, name: str, samples: Sequence[np.ndarray]) -> np.ndarray:
    """Columns beside each other, rows on top of each other; a number counts as one of the layout's own."""
    rows, cols = one.shapes[name]
    return np.concatenate(samples, axis=0 if rows == 1 and not (cols == 1 and one.layout != "row") else 1)


def worst_difference(one: Cell) -> float:
    """The largest difference between one step of the batch and one step of each sample, over everything that is defined."""
    batch, random = batched(one), np.random.default_rng(3)
    dims = {name: DIMS.get(name, 3) for name in {s.name for pair in batch.shapes.values() for d in pair for s in d.free_symbols}}
    dims["B"] = SAMPLES
    shared = {name: 0.3 * np.abs(random.normal(size=size(one, name, dims))) for name in one.parameters}
    before = {(name, t): [random.normal(size=size(one, name, dims)) ** 2 + 0.1 for _ in range(SAMPLES)]
              for name in (*one.inputs, *one.states) for t in (0, 1, 2)}  # fmt: skip
    functions = {"f": np.sin, "g": np.cos, "h": np.tanh}

    def step(c: Cell, values: dict) -> dict:
        for e in c.in_order():
            values[e.lhs.name, 1] = Evaluator(values, dims, {"t": 1}, functions)(e.rhs)
        return values

    results = [step(one, {**shared, **{key: drawn[k] for key, drawn in before.items()}}) for k in range(SAMPLES)]
    together = step(batch, {**shared, **{key: joined(one, key[0], drawn) for key, drawn in before.items()}})
    for name in batch.shapes:
        if name not in batch.parameters:
            assert together[name, 1].shape == size(batch, name, dims), name
    return max(np.abs(together[name, 1] - joined(one, name, [r[name, 1] for r in results])).max() for name in one.defined)


@pytest.mark.parametrize("name", [c for c in cells() if c not in MATRICES])
def test_known_cells(name: str) -> None:
    assert worst_difference(cell(name)) < 1e-13
    assert worst_difference(transposed(cell(name))) < 1e-13


@pytest.mark.parametrize(
    "make", [lambda: concatenated(cell("gru")), lambda: stack(cell("lstm"), cell("gru")), lambda: bidirectional(cell("rnn"))]
)
def test_compositions(make) -> None:
    assert worst_difference(make()) < 1e-13


@pytest.mark.parametrize("name", REWRITTEN)
def test_what_is_written_otherwise(name: str) -> None:
    line, shapes, expected = REWRITTEN[name]
    one = Cell.from_plain([line], shapes)
    assert worst_difference(one) < 1e-13
    text = batched(one).plain()[0]
    assert not expected or text == f"h[t] = {expected}"
    again = Cell.from_plain([text], {n: tuple(s) for n, s in batched(one).shapes.items()}, layout=one.layout)
    assert again.plain() == [text]


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_for_each_sample_is_named(name: str) -> None:
    with pytest.raises(CellError, match=r"is (n x n|p x q) for each sample") as caught:
        batched(cell(name))
    assert "sum of the gradients of its samples" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("h[t] = tanh(W @ x[t] + trace(W @ (x[t] @ h[t - 1].T)))", r"^trace\(.*has no form for a batch"),
        ("h[t] = W @ x[t] + total(x[t] @ h[t - 1].T)", r"^x\[t\] @ h\[t - 1\].T is m x n for each sample"),
        ("h[t] = W @ x[t] + h[t - 1] * total(hstack(h[t - 1], h[t - 1]))", "is n x 2 for each sample"),
        ("h[t] = W @ x[t] + tanh(diag(h[t - 1])) @ v", "is n x n for each sample"),
        ("h[t] = W @ x[t] + tanh(v @ x[t].T) @ u", "is n x m for each sample"),
    ],
)
def test_other_matrices_are_refused(line: str, reason: str) -> None:
    with pytest.raises(CellError, match=reason):
        batched(Cell.from_plain([line], {**COLUMN, "W": "n,m", "v": "n,1", "u": "m,1"}))


def test_roles_and_layout_stay() -> None:
    one = cell("lstm_keras")
    batch = batched(one, "N")
    assert (batch.gates, batch.candidate, batch.states, batch.outputs, batch.layout) == (
        one.gates, one.candidate, one.states, one.outputs, "row",
    )  # fmt: skip
    assert {name: ",".join(map(str, batch.shapes[name])) for name in ("x", "h", "W_i", "b_i")} == {
        "x": "N,m", "h": "N,n", "W_i": "m,n", "b_i": "1,n",
    }  # fmt: skip
    assert batched(cell("lstm_lee")).shapes["c"] == (1, batched(cell("rnn")).shapes["h"][1])


def test_initial_values_are_batched() -> None:
    batch = batched(Cell.from_plain(["h[0] = b", "h[t] = tanh(W @ x[t] + h[t - 1] + b)"], {**COLUMN, "b": "n,1"}))
    assert plain(batch.initial[0]) == "h[0] = b @ ones(B).T"
    assert tuple(map(str, batch.initial[0].rhs.shape)) == ("n", "B")


@pytest.mark.parametrize(("size", "message"), [("n", "n is a size"), ("n+1", "is a size"), (0, "a batch of 0"), ("x y", "no dimension")])
def test_sizes_that_are_none(size: object, message: str) -> None:
    with pytest.raises(LstmSymbolicError, match=message):
        batched(cell("rnn"), size)  # type: ignore[arg-type]


def test_a_batch_of_a_given_size() -> None:
    assert batched(cell("rnn"), 32).shapes["x"][1] == 32
    assert batched(cell("rnn"), 1).shapes["h"][1] == 1
