"""The pairs of known truth: every verdict right, every instance found, every witness confirmed by NumPy, none slow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_symbolic.expr import build, evaluate, read_term, shapes
from lstm_symbolic.proof import compare_record

DATA = Path(__file__).parent.parent / "data"
PAIRS = [p for name in ("pairs_dev.json", "pairs_proof.json") for p in json.loads((DATA / name).read_text())]
EXPRESSIONS = [p for p in PAIRS if isinstance(p["lhs"], str) and p["verdict"] == "refuted"]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p["id"])
def test_verdict(pair: dict[str, Any]) -> None:
    verdict = compare_record(pair)
    assert verdict.kind == pair["verdict"], verdict
    if pair.get("instance"):
        assert verdict.instance is not None
    if verdict.kind == "refuted":
        assert verdict.witness is not None
    if verdict.kind == "proved-where-defined":
        assert verdict.where
    if verdict.kind == "proved-under":
        assert verdict.under
    assert verdict.seconds < 2


def number(text: str) -> float:
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)


def array(value: Any) -> Any:
    return number(value) if isinstance(value, str) else np.array([[number(x) for x in row] for row in value])


@pytest.mark.parametrize("pair", EXPRESSIONS, ids=lambda p: p["id"])
def test_witness_is_confirmed_by_numpy(pair: dict[str, Any]) -> None:
    """The values of the witness, put into both sides by the float64 evaluator, give the two numbers that the witness states."""
    witness = compare_record(pair).witness
    assert witness is not None
    assert witness.left != witness.right
    if not witness.values or "T" in witness.values or any("(" in name for name in witness.values):
        pytest.skip("shapes, times or unknown functions")
    given = shapes(pair.get("shapes"))
    values = {name: array(value) for name, value in witness.values.items()}
    dims = {}
    for name, (rows, cols) in given.items():
        if name in values and np.ndim(values[name]) == 2:
            dims.update({str(d): size for d, size in zip((rows, cols), values[name].shape, strict=True) if d.is_Symbol})
    left, right = (evaluate(build(read_term(pair[side]), given), values, dims) for side in ("lhs", "rhs"))
    expected = float(witness.left), float(witness.right)
    places = zip(np.ravel(left), np.ravel(right), strict=True)
    assert any(np.allclose((x, y), expected, rtol=1e-3, atol=1e-12) for x, y in places)


def test_the_median_is_fast() -> None:
    times = sorted(compare_record(p).seconds for p in PAIRS)
    assert times[len(times) // 2] < 0.05
