"""Inputs made to exhaust the prover: each ends within the budget, with a verdict or with ``undecided`` and a reason. Which verdicts are
right is plain from how each pair is made; no time is asserted but the budget's own limit."""

import pytest

from lstm_symbolic.proof import compare_record

SECONDS = 4.0


def tower(function: str, height: int, inner: str = "x") -> str:
    return function + f"({function}" * (height - 1) + f"({inner})" + ")" * (height - 1)


def gates(letter: str, count: int, first: str = "sigmoid") -> dict:
    """A recurrence with many gates, and its shapes."""
    names = [f"{letter}{k}" for k in range(count)]
    lines = [f"{g}[t] = {first if k == 0 else 'sigmoid'}(W_{g} @ x[t] + U_{g} @ h[t - 1] + b_{g})" for k, g in enumerate(names)]
    lines.append("h[t] = tanh(" + " + ".join(f"{g}[t] * h[t - 1]" for g in names) + ")")
    shapes = {k: v for g in names for k, v in ((g, "n,1"), (f"W_{g}", "n,m"), (f"U_{g}", "n,n"), (f"b_{g}", "n,1"))}
    return {"lines": lines, "shapes": {**shapes, "x": "m,1", "h": "n,1"}}


def many(letter: str, count: int, last: str = "") -> str:
    return " * ".join(f"({letter}{k} + 1{last if k == count - 1 else ''})" for k in range(count))


BIG = 10**400
EQUAL = {
    "a tower of 40 tanh": (tower("tanh", 40), "-" + tower("tanh", 40, "-x")),
    "a tower of 30 exp": (tower("exp", 30), tower("exp", 30, "2 * x - x")),
    "degree 40": ("(x + y) ** 40", "((y + x) ** 20) ** 2 + 0 * z"),
    "huge constants": (f"x * {BIG} / {BIG - 1}", f"({BIG} * x) / {BIG - 1}"),
    "200 summands": (" + ".join(f"tanh(x{k})" for k in range(200)), " + ".join(f"tanh(x{k})" for k in reversed(range(200)))),
    "60 factors": (many("x", 60), " * ".join(f"(1 + x{k})" for k in reversed(range(60)))),
    "14 kinks": (
        " + ".join(f"relu(x{k} - x{k + 1})" for k in range(14)),
        " + ".join(f"(x{k} - x{k + 1} + abs(x{k} - x{k + 1})) / 2" for k in range(14)),
    ),
}
DIFFERENT = {
    "towers of 40 and 41 sigmoids": (tower("sigmoid", 40), tower("sigmoid", 41)),
    "a tower of 12 exp": (tower("exp", 12), tower("exp", 12, "x + 1")),
    "degree 40": ("(x + y + z + w) ** 40", "(x + y + z + w) ** 39 * (x + y + z - w)"),
    "a constant near 1": (f"x * {BIG} / {BIG - 1}", "x"),
    "exponents in the billions": (f"x ** {10**9}", f"x ** {10**9 + 1}"),
    "exp of a billion": (f"exp({10**9} * x)", f"exp({10**9 + 1} * x)"),
    "30 factors": (many("x", 30), many("x", 30, " + y")),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal(name: str) -> None:
    left, right = EQUAL[name]
    found = compare_record({"lhs": left, "rhs": right}, seconds=SECONDS)
    assert found.kind == "proved" or (found.kind == "undecided" and found.reason)
    assert found.seconds < 3 * SECONDS


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name: str) -> None:
    left, right = DIFFERENT[name]
    found = compare_record({"lhs": left, "rhs": right}, seconds=SECONDS)
    assert found.kind == "refuted" or (found.kind == "undecided" and found.reason)
    assert found.seconds < 3 * SECONDS


def test_twelve_gates() -> None:
    left, right, other = gates("g", 12), gates("q", 12), gates("q", 12, "tanh")
    shapes = {**left["shapes"], **right["shapes"]}
    record = {"lhs": left["lines"], "shapes": shapes, "outputs": ["h"]}
    assert compare_record({**record, "rhs": right["lines"]}).kind == "proved-under"
    assert compare_record({**record, "rhs": other["lines"]}).kind == "refuted"
