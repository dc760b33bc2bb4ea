"""Values that differ only in a thin band between the edges of two comparisons; and those that do not differ at all."""

import json
from fractions import Fraction

import pytest

from lstm_symbolic.proof import compare_record
from lstm_symbolic.proof.check_certificate import check

BANDS = [
    ("where(q > p, r, q)", "where(q > p + p / 1000000000, r, q)"),
    ("where(q > dsigmoid(q), dtanh(q), p)", "where(q + q / 1000000000 > dsigmoid(q), dtanh(q), p)"),
    ("where(tanh(q) > sigmoid(2) * (r - 2), q / 10, r ** 2)", "where(sigmoid(q) > sigmoid(2) * (r - 2), q / 10, r ** 2)"),
    ("where(q > p, 1, 0)", "where(q >= p, 1, 0)"),
    ("where(exp(q) > p, 1, 0)", "where(exp(q) + 1/10000000 > p, 1, 0)"),
]
SAME = [
    ("where(q > p, r, q)", "where(-p > -q, r, q)"),
    ("where(q > p, r, q)", "where(p >= q, q, r)"),
    ("where(exp(q) > exp(p), r, q)", "where(exp(q) > exp(p), r + 0 * p, q)"),
]


@pytest.mark.parametrize(("left", "right"), BANDS)
def test_a_thin_band_is_found(left: str, right: str) -> None:
    v = compare_record({"lhs": left, "rhs": right, "shapes": {}})
    assert v.kind == "refuted"
    assert v.witness is not None
    assert all(Fraction(str(x)) is not None for x in v.witness.to_json()["values"].values())
    assert "accepted" in check(json.loads(json.dumps(v.certificate)))


@pytest.mark.parametrize(("left", "right"), SAME)
def test_equal_comparisons_have_no_band(left: str, right: str) -> None:
    assert compare_record({"lhs": left, "rhs": right, "shapes": {}}).kind == "proved"
