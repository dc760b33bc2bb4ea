"""Gradients of a batch: the sum over its samples for what they share, one column or row each for the rest; against torch's stored results.

Torch is given the batch as rows, whatever our layout, so the oracle knows nothing of columns, of transposition, or of one sample alone.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cases import BATCH, SIZES, STEPS, STORED, Array, Case
from recurrence import forward, run
from test_torch import WORST, stored

from lstm_symbolic.audit.recheck import recheck
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import Cell, batched, bidirectional, cell, cells, concatenated, stack, transposed
from lstm_symbolic.expr import build_equation, plain, read_equation

#: Their memory is a matrix for each sample.
SUPPORTED = [name for name in cells() if name not in ("conv_lstm", "mlstm", "mlstm_stabilised")]


def together(case: Case, name: str, samples: list[Array], rows: bool) -> Array:
    """Vectors of several samples as the rows, or the columns, of one matrix."""
    matrix = np.array([s.reshape(-1) for s in samples])
    return matrix if rows else matrix.T


def differences(case: Case, rows: bool, theirs: Mapping[str, Any]) -> dict[str, float]:
    """Relative, of every gradient; ``rows`` is the layout asked of the batch, the values are those of the cell as it stands."""
    known = case.cell
    turn = known.layout not in ("scalar", "row" if rows else "column")
    batch = batched(transposed(known) if turn else known)
    rows = batch.layout == "row"
    samples = range(BATCH)
    given = {name: value.T if turn else value for name, value in case.parameters().items()}
    drawn = [case.inputs(k) for k in samples]
    given |= {key: together(case, key[0], [d[key] for d in drawn], rows) for key in drawn[0]}
    starts = [case.initial(k) for k in samples]
    given |= {(name, 0): together(case, name, [s[name] for s in starts], rows) for name in known.states}
    given |= {(name, case.steps + 1): np.ones_like(given[name, 0]) for name in known.states}
    given |= {(name, case.steps + 1): np.ones(1) for name in known.defined if name not in known.states}
    losses = [case.upstream(k) for k in samples]
    upstream = {key: together(case, key[0], [u[key] for u in losses], rows) for key in losses[0]}
    dims = {**case.dims, "B": BATCH}
    found = run(backward(batch, outputs=known.outputs), forward(batch, given, case.steps, dims), upstream, case.steps, dims)
    assert set(found) == set(theirs)
    result = {}
    for label, gradient in found.items():
        shared = label in known.parameters
        expected = np.array(theirs[label])
        expected = expected.reshape(case.size(label)) if shared else expected.reshape(BATCH, -1)
        expected = expected.T if (turn if shared else not rows) else expected
        assert gradient.shape == expected.shape
        result[label] = float(np.linalg.norm(gradient - expected) / max(np.linalg.norm(expected), 1e-30))
        if np.linalg.norm(expected) < 1e-30:
            assert np.linalg.norm(gradient) < 1e-30
            result[label] = 0.0
    return result


@pytest.mark.parametrize("rows", [False, True], ids=["columns", "rows"])
@pytest.mark.parametrize("name", SUPPORTED)
def test_against_torch(name: str, rows: bool) -> None:
    for dims, steps in STORED:
        case = Case(cell(name), dims, steps)
        found = differences(case, rows, stored()[name][case.label])
        assert max(found.values()) <= WORST, found


@pytest.mark.parametrize("name", SUPPORTED)
def test_against_torch_itself(name: str) -> None:
    """Three sizes, each with 1, 3 and 7 steps, in both layouts; runs where torch is installed."""
    oracle = pytest.importorskip("torch_oracle")
    for dims in SIZES:
        for steps in STEPS:
            case = Case(cell(name), dims, steps)
            theirs = oracle.gradients(case)
            found = [differences(case, rows, theirs) for rows in (False, True)]
            assert max(max(f.values()) for f in found) <= WORST, found


def test_the_comparison_sees_a_mean_for_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    def mean(*given, of=run):
        return {label: g / BATCH if label == "b" else g for label, g in of(*given).items()}

    monkeypatch.setitem(globals(), "run", mean)
    case = Case(cell("rnn"), *STORED[0])
    found = differences(case, False, stored()["rnn"][case.label])
    assert [label for label, error in found.items() if error > WORST] == ["b"]


@pytest.mark.parametrize("name", SUPPORTED)
def test_every_step_is_proved(name: str) -> None:
    grads = backward(batched(cell(name)))
    assert [r.verdict.kind for r in recheck(grads)] == ["proved"] * len(grads.steps)


OTHERS = {
    "rows": lambda: backward(batched(transposed(cell("lstm_peephole")))),
    "features summed along rows": lambda: backward(batched(transposed(cell("lstm_layer_norm")))),
    "concatenated": lambda: backward(batched(concatenated(cell("lstm")))),
    "stacked": lambda: backward(batched(stack(cell("lstm"), cell("gru")))),
    "bidirectional": lambda: backward(batched(bidirectional(cell("lstm")))),
    "windows of five steps": lambda: backward(batched(cell("lstm")), truncate=5),
    "softmax of rows": lambda: backward(
        batched(Cell.from_plain(["h[t] = softmax(x[t] @ W + norm(h[t - 1]) * h[t - 1])"], {"x": "1,m", "h": "1,n"}))
    ),
    "attention": lambda: backward(
        batched(Cell.from_plain(["h[t] = (h[t - 1].T @ V @ x[t]) * tanh(W @ x[t] + h[t - 1])"], {"x": "m,1", "h": "n,1"}))
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_steps_of_other_cells(name: str) -> None:
    grads = OTHERS[name]()
    assert [r.verdict.kind for r in recheck(grads)] == ["proved"] * len(grads.steps)


def test_a_gradient_that_counts_the_samples_is_refused_at_its_step() -> None:
    grads = backward(batched(cell("rnn")))
    _, wrong = build_equation(read_equation("grad(b) = Sum(total(ones(B)) * delta_h[t] @ ones(B), (t, 1, T))"), grads.shapes)
    altered = tuple(replace(s, right=wrong) if plain(s.left) == "grad(b)" else s for s in grads.steps)
    kinds = {plain(r.step.left): r.verdict.kind for r in recheck(replace(grads, steps=altered))}
    assert {left: kind for left, kind in kinds.items() if kind != "proved"} == {"grad(b)": "refuted"}


def test_the_lines_of_a_batch() -> None:
    assert backward(batched(cell("rnn"))).plain() == [
        "grad(h[t]) = dL_h[t] + U.T @ delta_h[t + 1]",
        "delta_h[t] = grad(h[t]) * (1 - h[t] ** 2)",
        "grad(W) = Sum(delta_h[t] @ x[t].T, (t, 1, T))",
        "grad(U) = Sum(delta_h[t] @ h[t - 1].T, (t, 1, T))",
        "grad(b) = Sum(delta_h[t] @ ones(B), (t, 1, T))",
    ]
    assert backward(batched(cell("lstm_onnx"))).plain()[-2] == "grad(b_o) = Sum(ones(B).T @ delta_o[t], (t, 1, T))"
