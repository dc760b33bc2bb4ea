"""Recursions written out for T steps: evaluated from the first line to the last, they give what the recursion gives."""

from collections.abc import Callable

import numpy as np
import pytest
from recurrence import FUNCTIONS, cotangents, draw, forward, run, sizes

from lstm_symbolic.audit.derive import derive
from lstm_symbolic.calculus import Gradients, backward, unrolled
from lstm_symbolic.cells import Cell, batched, bidirectional, cell, cells, stack
from lstm_symbolic.cli import main
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.expr import Evaluator, plain
from lstm_symbolic.expr.nodes import Grad

OTHERS: dict[str, Callable[[], Gradients]] = {
    "stacked": lambda: backward(stack(cell("lstm"), cell("gru"))),
    "bidirectional": lambda: backward(bidirectional(cell("lstm"))),
    "batch": lambda: backward(batched(cell("lstm_peephole"))),
    "windows of two steps": lambda: backward(cell("lstm"), truncate=2),
    "windows of one step": lambda: backward(cell("gru"), truncate=1),
    "window larger than T": lambda: backward(cell("rnn"), truncate=9),
    "two lags": lambda: backward(
        Cell.from_plain(["h[t] = tanh(W @ x[t] + U @ h[t - 1] + V @ h[t - 2])"], {"x": "m,1", "h": "n,1"}), outputs=["h"]
    ),
}


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("name", [*cells(), *OTHERS])
def test_line_by_line(name: str, steps: int) -> None:
    """No line reads an adjoint that stands below it, or that is none of the steps': those have no value here."""
    grads = OTHERS[name]() if name in OTHERS else backward(cell(name))
    dims = sizes(grads.cell)
    given = draw(grads.cell, steps, dims, 4)
    given |= {(n, -1): given[n, 0] for n in grads.cell.states}
    upstream = cotangents(grads, steps, dims, 4)
    values = forward(grads.cell, given, steps, dims)
    table = dict(values) | {(grads.upstream[o], t): v for (o, t), v in upstream.items()}
    found = {}
    for line in unrolled(grads, steps):
        value = Evaluator(table, dims, {}, FUNCTIONS)(line.rhs)
        assert value.shape == Evaluator({}, dims).size(*line.lhs.shape)
        table[line.lhs if isinstance(line.lhs, Grad) else (line.lhs.name, int(line.lhs.index[-1]))] = value
        found[plain(line.lhs).removeprefix("grad(").removesuffix(")")] = value
    expected = run(grads, values, upstream, steps, dims)
    assert set(expected) <= set(found)
    for label, gradient in expected.items():
        np.testing.assert_allclose(found[label], gradient, rtol=1e-12, atol=1e-13, err_msg=label)


def test_three_steps_of_the_simple_network() -> None:
    assert [plain(e) for e in unrolled(backward(cell("rnn")), 3)] == [
        "grad(h[3]) = dL_h[3]",
        "delta_h[3] = grad(h[3]) * (1 - h[3] ** 2)",
        "grad(h[2]) = dL_h[2] + U.T @ delta_h[3]",
        "delta_h[2] = grad(h[2]) * (1 - h[2] ** 2)",
        "grad(h[1]) = dL_h[1] + U.T @ delta_h[2]",
        "delta_h[1] = grad(h[1]) * (1 - h[1] ** 2)",
        "grad(W) = delta_h[1] @ x[1].T + delta_h[2] @ x[2].T + delta_h[3] @ x[3].T",
        "grad(U) = delta_h[1] @ h[0].T + delta_h[2] @ h[1].T + delta_h[3] @ h[2].T",
        "grad(b) = delta_h[1] + delta_h[2] + delta_h[3]",
        "grad(x[3]) = W.T @ delta_h[3]",
        "grad(x[2]) = W.T @ delta_h[2]",
        "grad(x[1]) = W.T @ delta_h[1]",
        "grad(h[0]) = U.T @ delta_h[1]",
    ]


def test_the_end_of_a_window_cuts_terms_off() -> None:
    text = derive("rnn", truncate=2, unroll=3, wrt="b", format="plain")
    assert text.splitlines()[2::2] == [
        "grad(h[2]) = dL_h[2]",
        "grad(h[1]) = dL_h[1] + U.T @ delta_h[2]",
        "grad(b) = delta_h[1] + delta_h[2] + delta_h[3]",
    ]


@pytest.mark.parametrize("steps", [0, -1, True, 2.0, "3", 10**6])
def test_steps_that_are_no_number(steps: object) -> None:
    with pytest.raises(LstmSymbolicError, match="steps to write out"):
        unrolled(backward(cell("rnn")), steps)  # type: ignore[arg-type]


def test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "rnn", "--unroll", "2", "--wrt", "x"]) == 0
    assert capsys.readouterr().out.splitlines()[4:6] == ["∂L / ∂x₂ = Wᵀ δ_{h,2}", "∂L / ∂x₁ = Wᵀ δ_{h,1}"]
    assert main(["derive", "lstm", "--outputs", "h,C", "--format", "plain", "--wrt", "C"]) == 0
    assert "grad(C[t]) = dL_C[t] + grad(h[t])" in capsys.readouterr().out
    assert main(["derive", "lstm", "--outputs", "q"]) == 2
    assert "the loss cannot read q" in capsys.readouterr().err
    assert main(["derive", "lstm", "--analysis", "ranges", "--unroll", "2"]) == 2
    assert "--unroll does not go with --analysis ranges" in capsys.readouterr().err
