"""The elementwise decision: identities with cases, domains and conditions, written out by hand."""

from __future__ import annotations

import json

import pytest

from lstm_symbolic.errors import ReadError
from lstm_symbolic.proof import compare_record
from lstm_symbolic.proof.check_certificate import check


def verdict(a: str, b: str, domain: str | None = None):  # type: ignore[no-untyped-def]
    return compare_record({"lhs": a, "rhs": b, "domain": domain})


@pytest.mark.parametrize(
    ("a", "b", "where"),
    [
        ("x / x", "1", ["x != 0"]), ("log(x ** 2)", "2 * log(x)", ["x > 0"]), ("sqrt(x) ** 2", "x", ["x > 0"]),
        ("(x ** 2 - y ** 2) / (x - y)", "x + y", ["x - y != 0"]), ("exp(log(x))", "x", ["x > 0"]), ("x / abs(x)", "sign(x)", ["x != 0"]),
        ("1 / (1 - exp(x)) - 1 / (1 - exp(x))", "0", ["x != 0"]),
    ],
)  # fmt: skip
def test_conditions(a: str, b: str, where: list[str]) -> None:
    found = verdict(a, b)
    assert found.kind == "proved-where-defined"
    assert [w.replace(">=", ">") for w in found.where] == where


@pytest.mark.parametrize(
    ("a", "b", "where"),
    [
        ("where(p > 1, log(-3), r)", "where(p > 1, 5, r)", ["-p + 1 >= 0"]), ("1 / relu(p)", "1 / p", ["p > 0"]),
        ("where(p * r > 1, sqrt(-q ** 2 - 1), abs(r))", "where(p * r > 1, 5, abs(r))", ["-p * r + 1 >= 0"]),
        ("where(p > 1, where(q > 0, log(-3), 1), r)", "where(p > 1, where(q > 0, 5, 1), r)", ["max(-p + 1, -q) >= 0"]),
        ("where(p > 1, log(q), r)", "where(p > 1, log(q * q) / 2, r)", ["where(p - 1 > 0, q, 1) > 0"]),
        ("where(p == 1, log(-3), r)", "where(p == 1, 5, r)", ["p - 1 != 0"]),
        ("log(p) + where(p > 0, q, r)", "log(p ** 2) / 2 + where(p > 0, q, r)", ["p > 0"]),
        ("log(x / y)", "log(x) - log(y)", ["y > 0", "x > 0"]), ("sqrt(x / y)", "sqrt(x) / sqrt(y)", ["y > 0", "x >= 0"]),
        ("log((1 + y) / (1 - y))", "log(1 + y) - log(1 - y)", ["-y + 1 > 0", "y + 1 > 0"]),
        ("q + log(max(r, p)) - log(max(r, p))", "q", ["where(r - p <= 0, p, 1) > 0", "where(r - p >= 0, r, 1) > 0"]),
    ],
)  # fmt: skip
def test_branches(a: str, b: str, where: list[str]) -> None:
    found = verdict(a, b)
    assert (found.kind, list(found.where)) == ("proved-where-defined", where)
    assert check(json.loads(json.dumps(found.certificate))).startswith("accepted")


@pytest.mark.parametrize(
    "positive",
    [
        "1 + abs(y)", "1 + relu(y)", "max(abs(y), 1)", "max(abs(y), exp(-z))", "softplus(y)", "softplus(softplus(y))",
        "y + sqrt(1 + y ** 2)", "exp(y) - y", "y ** 2 - 2 * y + 2", "abs(y) + abs(z) + 1", "where(y > 0, y, 1)",
        "min(abs(y) + 1, 2)", "log(2 + y ** 2)", "cosh(y)", "max(softplus(y), z)", "2 + tanh(y)", "softplus(y) - y",
    ],
)  # fmt: skip
def test_what_is_positive_asks_for_nothing(positive: str) -> None:
    for left in (f"x * ({positive}) / ({positive})", f"x + log({positive}) - log({positive})", f"x * sqrt({positive}) ** 2 / ({positive})"):
        assert verdict(left, "x").kind == "proved"


@pytest.mark.parametrize(
    "open_", ["y", "abs(y)", "relu(y)", "y ** 2 - 2 * y + 1", "abs(y) - 1", "exp(y) - 1", "log(1 + y ** 2)", "y ** 2 - 2"]
)
def test_what_may_be_zero_asks_for_that(open_: str) -> None:
    assert verdict(f"x * ({open_}) / ({open_})", "x").kind == "proved-where-defined"


@pytest.mark.parametrize(
    ("a", "b", "domain"),
    [
        ("sqrt(x ** 2)", "x", "x >= 0"), ("abs(x - 1)", "1 - x", "x < 1"), ("log(x * y)", "log(x) + log(y)", "x > 0, y > 0"),
        ("tanh(log((1 + x) / (1 - x)) / 2)", "x", "-1 < x < 1"), ("x / x", "1", "x > 2"), ("max(x, y)", "x", "x > y"),
        ("x ** (1 / 2) * x ** (1 / 2)", "x", "x > 0"),
    ],
)  # fmt: skip
def test_domains(a: str, b: str, domain: str) -> None:
    assert verdict(a, b, domain).kind == "proved"
    assert verdict(a, b).kind != "proved"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("max(a, max(b, c))", "max(c, max(a, b))"), ("max(a, b) + min(a, b)", "a + b"), ("max(a, b) * min(a, b)", "a * b"),
        ("abs(abs(x) - 1)", "max(abs(x) - 1, 1 - abs(x))"), ("where(x > 0, 1, 0) + where(x < 0, 1, 0) + where(x == 0, 1, 0)", "1"),
        ("where(x >= 0, x, 0)", "where(x > 0, x, 0)"), ("relu(x) * relu(-x)", "0"), ("sigmoid(x) ** 2 + dsigmoid(x)", "sigmoid(x)"),
        ("min(0, exp(x) - 1) + max(0, x)", "where(x > 0, x, exp(x) - 1)"), ("sqrt(8) * sqrt(2)", "4"), ("log(6)", "log(2) + log(3)"),
        ("exp(2 * log(1 + x ** 2))", "(1 + x ** 2) ** 2"), ("g(sigmoid(x))", "g(1 / (1 + exp(-x)))"), ("erf(-x)", "-erf(x)"),
        ("where(x > 0, log(x), 0)", "where(x > 0, log(abs(x)), 0 * x)"), ("cosh(x) ** 2 - sinh(x) ** 2", "1"),
        ("softplus(x) - softplus(-x)", "x"), ("sqrt(x ** 2)", "abs(x)"), ("sign(x) * abs(x)", "x"), ("sqrt(exp(x))", "exp(x / 2)"),
    ],
)  # fmt: skip
def test_proved(a: str, b: str) -> None:
    found = verdict(a, b)
    assert found.kind == "proved", found


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("where(x >= 0, 1, 0)", "where(x > 0, 1, 0)"), ("abs(x + y)", "abs(x) + abs(y)"), ("sqrt(x ** 2)", "x"),
        ("softplus(x)", "max(x, 0)"), ("exp(x)", "1 + x + x ** 2 / 2"), ("tanh(1000 * x)", "sign(x)"),
        ("max(a, b)", "max(a, b) + 1 / 10 ** 40"),
        ("sigmoid(x + 1 / 10 ** 30)", "sigmoid(x)"), ("g(x) + g(y)", "g(x + y)"), ("erf(x)", "tanh(x)"), ("x ** 3", "abs(x) ** 3"),
    ],
)  # fmt: skip
def test_refuted(a: str, b: str) -> None:
    found = verdict(a, b)
    assert found.kind == "refuted", found
    assert found.witness is not None
    assert found.witness.left != found.witness.right


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("log(-exp(x))", "x"),
        ("1 / (x - x)", "1"),
        ("log(x)", "log(-x)"),
        ("sqrt(-1 - x ** 2)", "0"),
        ("1 / 0", "1 / 0"),
        ("log(-1)", "log(-1)"),
    ],
)
def test_defined_nowhere_is_undecided(a: str, b: str) -> None:
    found = verdict(a, b)
    assert found.kind == "undecided"
    assert found.reason


def test_a_comparison_beyond_the_domain_is_not_a_witness() -> None:
    found = verdict("abs(x)", "-x", "x > 0")
    assert found.kind == "refuted"
    assert found.witness is not None
    assert "-" not in found.witness.values["x"]


def test_a_bad_domain_is_an_error() -> None:
    with pytest.raises(ReadError):
        verdict("x", "x + 0", "x is nice")
