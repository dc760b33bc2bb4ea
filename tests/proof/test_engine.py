"""Verdicts as values, budgets, the second opinion, and sizes that must not hang."""

from __future__ import annotations

import pytest
from sympy import Symbol

from lstm_symbolic.expr.functions import sigmoid, tanh
from lstm_symbolic.proof import Verdict, compare_expressions, compare_record, difference, settle
from lstm_symbolic.proof.budget import Budget, Exhausted, Inconsistent
from lstm_symbolic.proof.residue import Residue, Residues, field, residues_differ


def test_json_has_every_field() -> None:
    found = compare_record({"lhs": "x", "rhs": "-x"}).to_json()
    assert set(found) == {
        "verdict", "under", "where", "witness", "certificate", "reason", "seconds", "names", "instance", "difference",
    }  # fmt: skip
    assert found["witness"] == {"values": {"x": "1"}, "left": "1", "right": "-1"}
    assert found["instance"] is None


def test_a_kind_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="maybe"):
        Verdict("maybe")


def test_sympy_objects() -> None:
    x = Symbol("x", real=True)
    assert compare_expressions(tanh(x / 2), 2 * sigmoid(x) - 1).kind == "proved"


def test_primes_divide_one_another() -> None:
    for level in range(1, 5):
        (below, _), (q, g) = field(level - 1), field(level)
        assert (q - 1) % below == 0
        assert pow(g, below, q) == 1
        assert g != 1


def test_exp_is_a_homomorphism_of_residues() -> None:
    import random

    ring = Residues(2)
    a, b = ring.random(random.Random(1)), ring.random(random.Random(2))
    assert (a + b).exp().values == (a.exp() * b.exp()).values
    assert isinstance(a.exp().exp(), Residue)


def test_the_second_opinion_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A normal form that called everything equal would be caught."""
    monkeypatch.setattr(settle, "residues_differ", lambda pairs, *seed: bool(seed) and residues_differ(pairs, *seed))
    monkeypatch.setattr(settle, "block_differences", lambda *args: {})
    with pytest.raises(Inconsistent):
        compare_record({"lhs": "tanh(x)", "rhs": "sigmoid(x)"})


def test_a_budget_runs_out() -> None:
    with pytest.raises(Exhausted):
        Budget(seconds=0.0).check()
    with pytest.raises(Exhausted):
        Budget(monomials=10).check(11)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("(a + b + c + d + e + f) ** 40", "(a + b + c + d + e + f) ** 40 + 0 * x"),
        ("exp(" * 12 + "x" + ")" * 12, "x"),
        ("log(10 ** 400 + 7)", "log(10 ** 400 + 9)"),
        ("max(a, b, c, d, max(e, f, g, h))", "max(max(a, e), max(b, f), max(c, g), max(d, h))"),
        ("tanh(x) ** 150", "tanh(x) ** 151"),
        ("exp(x / 1000003)", "exp(x / 1000033)"),
        (" * ".join(["trace(A)"] * 9), " * ".join(["trace(A.T)"] * 9)),
    ],
)
def test_large_things_end(a: str, b: str) -> None:
    found = compare_record({"lhs": a, "rhs": b, "shapes": {"A": "n,n"}}, seconds=3)
    assert found.seconds < 6
    assert found.kind in ("proved", "refuted", "undecided")


def test_a_long_recursion_is_refuted_quickly() -> None:
    def unrolled(steps: int) -> str:
        h = "h0"
        for k in range(steps):
            h = f"tanh(w * x{k} + u * {h})"
        return h

    assert compare_record({"lhs": unrolled(12), "rhs": unrolled(12).replace("x11", "x10")}).kind == "refuted"


def test_difference_localises() -> None:
    from lstm_symbolic.expr import build, read_term, shapes

    table = shapes("U:n,n d:n,1 V:n,n e:n,1")
    a, b = (build(read_term(t), table) for t in ("U.T @ d + V.T @ e", "U.T @ d + V @ e"))
    assert difference(a, b) == ["left: V[k,i]*e[k]", "right: V[i,k]*e[k]"]


def test_a_time_that_is_a_matrix_is_undecided() -> None:
    """``t`` with a shape beside a sum over t: once an IndexError in the evaluation."""
    shapes = {"W": "n,p", "t": "p,k", "S": "n,k", "T": "p,k"}
    verdict = compare_record({"lhs": "W @ t", "rhs": "0 * W @ Sum(t, (t, 1, T))", "shapes": shapes})
    assert verdict.kind == "undecided"
    assert "t is a time and a matrix" in verdict.reason
