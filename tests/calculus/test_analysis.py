"""Ranges, claims about ranges, gates held at numbers, norm bounds, costs, and what the command line prints of them."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from recurrence import FUNCTIONS, draw, forward, sizes

import lstm_symbolic as ls
from lstm_symbolic.audit.bounds import within
from lstm_symbolic.calculus import fixed, growth, jacobian, norm_bounds, ranges
from lstm_symbolic.calculus.algebra import hadamard, total
from lstm_symbolic.cells import Cell, batched, cell, cells, operation_count, parameter_count, transposed
from lstm_symbolic.cli import main
from lstm_symbolic.errors import CellError
from lstm_symbolic.expr import Evaluator, plain

STEPS = 3


@pytest.mark.parametrize("name", cells())
def test_no_run_leaves_its_ranges(name: str) -> None:
    """Large random weights, states that start at 0; a float may round onto an open end."""
    c, dims = cell(name), sizes(cell(name))
    found = ranges(c)
    for seed in range(3):
        given = draw(c, STEPS, dims, seed)
        given = {k: 0 * v if not isinstance(k, str) and k[0] in c.defined and k[1] == 0 else 3 * v for k, v in given.items()}
        values = forward(c, given, STEPS, dims)
        for (own, t), v in ((k, v) for k, v in values.items() if not isinstance(k, str) and k[0] in found and 1 <= k[1] <= STEPS):
            assert np.all(v >= float(found[own].low)), (own, t)
            assert np.all(v <= float(found[own].high)), (own, t)


def test_ranges_of_the_textbook() -> None:
    lstm = {name: str(i) for name, i in ranges(cell("lstm")).items()}
    assert lstm == {"f": "(0, 1)", "i": "(0, 1)", "o": "(0, 1)", "C_tilde": "(-1, 1)", "C": "(-oo, oo)", "h": "(-1, 1)"}
    assert {name: str(ranges(cell(name))["h"]) for name in ("rnn", "gru", "gru_reset_after", "mgu", "qrnn")} == dict.fromkeys(
        ("rnn", "gru", "gru_reset_after", "mgu", "qrnn"), "(-1, 1)"
    )
    assert str(ranges(cell("lstm_cifg"))["C"]) == "(-1, 1)"
    assert growth(cell("lstm"), "C") == (1, 1)
    assert growth(cell("lstm_1997"), "C") == (1, 2)
    assert growth(cell("lstm_niaf"), "C") is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("a[t] = tanh(x[t]) * tanh(y[t])", "(-1, 1)"),
        ("a[t] = x[t] ** 2", "[0, oo)"),
        ("a[t] = tanh(x[t]) ** 2", "[0, 1)"),
        ("a[t] = relu(x[t]) + 1", "[1, oo)"),
        ("a[t] = 1 - 2 * sigmoid(x[t])", "(-1, 1)"),
        ("a[t] = sigmoid(x[t]) * 3 + (1 - sigmoid(x[t])) * 5", "(3, 5)"),
        ("a[t] = sigmoid(x[t]) * 3 + (1 - sigmoid(y[t])) * 5", "(0, 8)"),
        ("a[t] = max(tanh(x[t]), 0)", "[0, 1]"),
        ("a[t] = x[t] / y[t]", "(-oo, oo)"),
        ("a[t] = sigmoid(x[t]) * y[t]", "(-oo, oo)"),
        ("a[t] = 0 * y[t]", "[0, 0]"),
        ("a[t] = W @ tanh(z[t])", "(-oo, oo)"),
        ("a[t] = a[t - 1] / 2 + sigmoid(x[t])", "(-oo, oo)"),
        ("a[t] = abs(a[t - 1]) + 1", "[1, oo)"),
    ],
)
def test_rules_of_intervals(lines: str, expected: str) -> None:
    shapes = {"z": "m,1", "W": "n,m"} if "@" in lines else dict.fromkeys("axy", "n,1")
    assert str(ranges(Cell.from_plain([lines], shapes))["a"]) == expected


@pytest.mark.parametrize(("name", "state"), [("lstm", "C"), ("lstm_cs230", "c"), ("lstm_no_bias", "C"), ("sru", "c"), ("lstm_1997", "C")])
def test_the_memory_leaves_one(name: str, state: str) -> None:
    """Document 002 says that a tanh keeps the cell state within -1 and 1: no. The witness is run again here, in floats."""
    claim = within(cell(name), state, -1, 1)
    assert claim.verdict == "refuted"
    c = cell(name)
    values = {n: np.full((1, 1), float(v)) for n, v in claim.values.items() if n in c.parameters}
    values |= {(n, t): np.full((1, 1), float(claim.values[n])) for n in c.inputs for t in range(6)}
    values |= {(n, 0): np.zeros((1, 1)) for n in c.defined}
    for t in range(1, claim.step + 1):
        at = Evaluator(values, {"n": 1, "m": 1}, {"t": t}, FUNCTIONS)
        for e in c.in_order():
            values[e.lhs.name, t] = at(e.rhs)
    assert abs(float(values[state, claim.step][0, 0])) > 1
    assert float(values[state, claim.step][0, 0]) == pytest.approx(float(claim.value), abs=1e-4)


def test_claims_that_hold_and_claims_that_stay_open() -> None:
    assert within(cell("lstm"), "h", -1, 1).verdict == within(cell("gru"), "h", -1, 1).verdict == "proved"
    assert within(cell("lstm"), "f", Fraction(1, 100), 1).verdict == "refuted"
    assert within(cell("slstm"), "h", -1, 1).verdict == "undecided"  # true, and more than intervals see
    assert within(cell("lstm_lee"), "c", -1, 1).verdict == "undecided"
    with pytest.raises(CellError, match="does not define"):
        within(cell("lstm"), "q", 0, 1)


def test_what_a_shut_gate_leaves() -> None:
    """Document 003's bullet points: a shut input gate keeps what was there, a shut forget gate starts anew, a shut output gate hides."""
    lstm = cell("lstm")
    assert fixed(lstm, {"f": 1, "i": 0}).plain()[-2] == "C[t] = C[t - 1]"
    assert fixed(lstm, {"f": 0, "i": 1}).plain()[-2] == "C[t] = C_tilde[t]"
    assert fixed(lstm, {"o": 0}).plain()[-1] == "h[t] = 0"
    assert fixed(lstm, {"f": "1/2", "i": 0, "o": 1}).plain() == ["C[t] = 1 / 2 * C[t - 1]", "h[t] = tanh(C[t])"]
    assert ls.compare(fixed(cell("gru"), {"z": 0, "r": 1}), cell("rnn"), outputs=("h",)).kind in ("proved", "proved-under")
    with pytest.raises(CellError, match="no gate"):
        fixed(lstm, {"C": 0})


@pytest.mark.parametrize("turn", [False, True], ids=["own layout", "other layout"])
@pytest.mark.parametrize("name", [c for c in cells() if c not in ("conv_lstm", "mlstm", "mlstm_stabilised")])
def test_jacobians_against_central_differences(name: str, turn: bool) -> None:
    """In the letters of the cell, rows or columns: one row for each entry of the new state, one column for each of the old one."""
    c = transposed(cell(name)) if turn else cell(name)
    found, dims = jacobian(c), sizes(c)
    given = draw(c, 1, dims, 7)
    at = Evaluator(forward(c, given, 1, dims), dims, {"t": 1}, FUNCTIONS)
    for (a, b), block in found.blocks.items():
        columns = []
        for k in range(given[b, 0].size):
            ends = []
            for sign in (1, -1):
                moved = given[b, 0].copy()
                moved.flat[k] += sign * 1e-5
                ends.append(forward(c, {**given, (b, 0): moved}, 1, dims)[a, 1].reshape(-1))
            columns.append((ends[0] - ends[1]) / 2e-5)
        np.testing.assert_allclose(np.atleast_2d(at(block)), np.array(columns).T, rtol=1e-6, atol=1e-8, err_msg=f"{a}, {b}")


def test_rows_have_their_own_jacobian() -> None:
    rows = jacobian(cell("lstm_keras"))
    assert plain(rows.blocks["c", "h"]).startswith("diag(c[t - 1] * f[t] * (1 - f[t])) @ U_f.T + ")
    assert rows.cell is cell("lstm_keras")


@pytest.mark.parametrize(
    ("c", "reason"),
    [
        (batched(cell("lstm")), r"C\[t\] is n x B, and has no Jacobian"),
        (cell("mlstm"), r"C\[t\] is n x n, and has no Jacobian"),
        (Cell.from_plain(["h[t] = tanh(U @ h[t - 1] + V @ h[t - 2])"], {"h": "n,1"}), r"h\[t - 2\] is not read one step back"),
    ],
)
def test_states_without_a_jacobian_are_named(c: Cell, reason: str) -> None:
    with pytest.raises(CellError, match=reason):
        jacobian(c)


def test_gates_that_the_next_step_reads_are_held_there_too() -> None:
    shut, open_ = (fixed(cell("lstm_fgr"), {"f": number}) for number in (0, 1))
    assert "R_fi" not in str(shut)
    assert "R_fi @ ones(n)" in str(open_)
    assert "f[t - 1]" not in str(open_)
    assert "R_fi @ (1 / 2 * ones(n))" in str(fixed(cell("lstm_fgr"), {"f": "1/2"}))
    with pytest.raises(CellError, match="C is no gate"):
        fixed(cell("lstm_fgr"), {"C": 0})


def test_a_factor_that_one_term_has_twice_is_taken_out_once() -> None:
    a, b, c = sympy.symbols("a b c", real=True)
    assert plain(total(hadamard(a, a, b), hadamard(a, c))) == "a * (a * b + c)"
    assert plain(total(hadamard(a, a, b), hadamard(a, a, c))) == "a * a * (b + c)"
    assert main(["derive", "slstm_stabilised", "--analysis", "hessian"]) == 0


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "lstm_peephole", "minlstm", "lstm_1997", "lstm_keras"])
def test_norm_bounds_are_never_left(name: str) -> None:
    found = jacobian(cell(name))
    bounds, c, dims = norm_bounds(found), found.cell, sizes(found.cell)
    for seed in range(10):
        given = draw(c, 2, dims, seed)
        values = forward(c, {k: v * (0.3, 1, 4)[seed % 3] if isinstance(k, str) else v for k, v in given.items()}, 2, dims)
        at = Evaluator(values, dims, {"t": 2}, FUNCTIONS)
        for pair, block in found.blocks.items():
            assert np.linalg.norm(np.atleast_2d(at(block)), 2) <= float(np.squeeze(at(bounds[pair]))) * (1 + 1e-12), pair


def test_costs_in_closed_form() -> None:
    n, m = (sympy.Symbol(k, integer=True, positive=True) for k in "nm")
    lstm, gru = operation_count(cell("lstm")), operation_count(cell("gru"))
    assert (lstm.products, lstm.functions) == (8 * m * n + 8 * n**2, 5 * n)
    assert lstm.elementwise == 12 * n  # two sums in each of four gates, f * C + i * C_tilde, o * tanh(C)
    assert gru.products == 6 * m * n + 6 * n**2
    assert sympy.expand(parameter_count(cell("lstm")) - parameter_count(cell("gru"))) == sympy.expand(n * (m + n + 1))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("jacobian", "jac(C[t], C[t - 1]) = diag(f[t])"),
        ("forward", "d_C[t] = C[t - 1] * d_f[t] + f[t] * d_C[t - 1] + C_tilde[t] * d_i[t] + i[t] * d_C_tilde[t]"),
        ("hessian", "d_U_o.T @ delta_o[t + 1] + U_o.T @ d_delta_o[t + 1]"),
        ("ranges", "abs(C[t]) <= abs(C[t - 1]) + 1"),
    ],
)
def test_the_command_line(kind: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "lstm", "--analysis", kind, "--format", "plain"]) == 0
    assert expected in capsys.readouterr().out


def test_proofs_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "gru", "--prove"]) == 0
    assert capsys.readouterr().out.count("proved: ") == len(ls.backward(cell("gru")).steps)
