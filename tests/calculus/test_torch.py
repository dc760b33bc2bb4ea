"""Every gradient of every cell against torch in float64: normwise relative error at most 1e-12, two samples, a loss on all outputs."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import BATCH, SIZES, STEPS, STORED, Case
from recurrence import forward, run

from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import cell, cells

WORST = 1e-12
PATH = Path(__file__).parent.parent / "data" / "gradients.json"


@cache
def stored() -> dict[str, Any]:
    return json.loads(PATH.read_text(encoding="utf-8"))


def ours(case: Case) -> dict[str, Any]:
    """Parameters summed over the batch, the others one for each sample."""
    grads = backward(case.cell, outputs=case.cell.outputs)
    found: dict[str, Any] = {}
    for sample in range(BATCH):
        given: dict[Any, Any] = {**case.parameters(), **case.inputs(sample), **{(k, 0): v for k, v in case.initial(sample).items()}}
        given |= {(k, case.steps + 1): np.ones(case.size(k)) for k in case.cell.defined}  # read beside adjoints that are zero there
        one = run(grads, forward(case.cell, given, case.steps, case.dims), case.upstream(sample), case.steps, case.dims)
        for label, gradient in one.items():
            if label in case.cell.parameters:
                found[label] = found.get(label, 0) + gradient
            else:
                found.setdefault(label, []).append(gradient)
    return found


def compare(case: Case, theirs: dict[str, Any]) -> None:
    mine = ours(case)
    assert set(mine) == set(theirs)
    for label, gradient in theirs.items():
        expected = np.array(gradient).reshape(np.shape(mine[label]))
        error = np.linalg.norm(mine[label] - expected) / max(np.linalg.norm(expected), 1e-30)
        assert error <= WORST or np.linalg.norm(expected) < 1e-30 > np.linalg.norm(mine[label]), (label, error)


@pytest.mark.parametrize("name", cells())
def test_against_stored_results(name: str) -> None:
    for dims, steps in STORED:
        case = Case(cell(name), dims, steps)
        compare(case, stored()[name][case.label])


@pytest.mark.parametrize("name", cells())
def test_against_torch_itself(name: str) -> None:
    """Three sizes, each with 1, 3 and 7 steps; runs where torch is installed."""
    oracle = pytest.importorskip("torch_oracle")
    for dims in SIZES:
        for steps in STEPS:
            case = Case(cell(name), dims, steps)
            compare(case, oracle.gradients(case))
