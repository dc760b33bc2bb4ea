"""Jacobians, tangents and Hessian products against differences of the forward run and of the gradients."""

from typing import Any

import numpy as np
import pytest
from recurrence import FUNCTIONS, cotangents, draw, forward, run, sizes
from sympy import Integer

from lstm_symbolic.calculus import backward
from lstm_symbolic.calculus.forward import forward_mode, hessian_product
from lstm_symbolic.calculus.jacobian import jacobian
from lstm_symbolic.cells import TIME, Cell, cell, cells
from lstm_symbolic.errors import CellError
from lstm_symbolic.expr import Evaluator, build_equation, plain, read_equation
from lstm_symbolic.expr.nodes import Grad

T = 3
WITHOUT = {"conv_lstm", "mlstm", "mlstm_stabilised"}
WITH = [name for name in cells() if name not in WITHOUT]


def stacked(values: dict[Any, Any], names: tuple[str, ...], t: int) -> np.ndarray:
    return np.concatenate([np.ravel(values[name, t]) for name in names])


@pytest.mark.parametrize("name", WITH)
def test_the_product_of_factors_is_the_jacobian_over_three_steps(name: str) -> None:
    found = jacobian(cell(name))
    c, dims = found.cell, sizes(found.cell)
    given = draw(c, T, dims, 4)
    values = forward(c, given, T, dims)
    product: Any = 1.0
    for t in range(1, T + 1):
        at = Evaluator(values, dims, {"t": t}, FUNCTIONS)
        block = np.block([[np.atleast_2d(at(found.blocks[a, b])) for b in c.states] for a in c.states])
        product = block @ product if t > 1 else block
    step = 1e-6
    for b in c.states:
        start = given[b, 0]
        for k in range(start.size):
            ends = []
            for sign in (1, -1):
                moved = start.copy()
                moved.flat[k] += sign * step
                ends.append(stacked(forward(c, {**given, (b, 0): moved}, T, dims), c.states, T))
            column = sum(given[s, 0].size for s in c.states[: c.states.index(b)]) + k
            np.testing.assert_allclose(product[:, column], (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-8)


def test_textbook_factors() -> None:
    assert str(jacobian(cell("gru"))).splitlines()[0] == (
        "jac(h[t], h[t - 1]) = diag(z[t] * (1 - z[t]) * (h[t - 1] - h_tilde[t])) @ U_z + diag(z[t])"
        " + diag((1 - z[t]) * (1 - h_tilde[t] ** 2)) @ U_h @ (diag(h[t - 1] * r[t] * (1 - r[t])) @ U_r + diag(r[t]))"
    )
    assert [plain(e) for e in jacobian(cell("lstm")).step[:1]] == ["jac(C[t], C[t - 1]) = diag(f[t])"]
    assert not jacobian(cell("rnn")).paths


@pytest.mark.parametrize("name", ["lstm", "slstm", "gru_keras"])
def test_factors_are_plain_syntax(name: str) -> None:
    found = jacobian(cell(name))
    for e in found.step:
        assert build_equation(read_equation(plain(e)), found.cell.shapes) == (e.lhs, e.rhs)


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_states_that_are_matrices_have_no_such_jacobian(name: str) -> None:
    with pytest.raises(CellError, match="no Jacobian that is a matrix"):
        jacobian(cell(name))


def direction(c: Cell, given: dict[Any, Any]) -> dict[Any, Any]:
    random = np.random.default_rng(8)
    return {k: random.normal(size=np.shape(v)) for k, v in given.items() if (k if isinstance(k, str) else k[0]) not in c.defined}


def carried(c: Cell, values: dict[Any, Any], moves: dict[Any, Any], dims: dict[str, int]) -> dict[Any, Any]:
    """Values and tangents, the tangents by their own equations."""
    found = forward_mode(c)
    table = dict(values)
    for key, move in moves.items():
        name = found.directions[key if isinstance(key, str) else key[0]]
        table[name if isinstance(key, str) else (name, key[1])] = move
    ruler = Evaluator({}, dims)
    table |= {(found.directions[n], t): np.zeros(ruler.size(*c.shapes[n])) for n in c.defined if n in found.directions for t in (0, T + 1)}
    for t in range(1, T + 1):
        at = Evaluator(table, dims, {"t": t}, FUNCTIONS)
        for e in found.lines:
            table[e.lhs.name, t] = at(e.rhs)
    return table


@pytest.mark.parametrize("name", cells())
def test_tangents_against_differences(name: str) -> None:
    c, dims = cell(name), sizes(cell(name))
    given = draw(c, T, dims, 6)
    moves, step = direction(c, given), 1e-6
    found = carried(c, forward(c, given, T, dims), moves, dims)
    ends = [forward(c, {k: v + sign * step * moves.get(k, 0) for k, v in given.items()}, T, dims) for sign in (1, -1)]
    for o in c.outputs:
        numeric = (ends[0][o, T] - ends[1][o, T]) / (2 * step)
        np.testing.assert_allclose(found[forward_mode(c).directions[o], T], numeric, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "gru_reset_after", "lstm_peephole", "slstm", "minlstm", "conv_lstm", "lstm_keras"])
def test_hessian_products_against_differences_of_the_gradient(name: str) -> None:
    c, dims = cell(name), sizes(cell(name))
    grads = backward(c)
    given, upstream = draw(c, T, dims, 6), cotangents(grads, T, dims, 6)
    moves, step = direction(c, given), 1e-5
    found = hessian_product(grads)
    values = forward(c, given, T, dims)
    table = carried(c, values, moves, dims) | {(grads.upstream[o], t): v for (o, t), v in upstream.items()}
    ruler = Evaluator({}, dims)
    for mine, theirs in zip(grads.recursion, found.recursion, strict=True):
        for t in range(T + 2):
            blank = np.zeros(ruler.size(*mine.lhs.shape))
            key = mine.lhs.xreplace({TIME: Integer(t)}) if isinstance(mine.lhs, Grad) else (mine.lhs.name, t)
            table |= {key: blank, (theirs.lhs.name, t): blank}
    for t in range(T, 0, -1):
        at = Evaluator(table, dims, {"t": t, "T": T}, FUNCTIONS)
        for mine, theirs in zip(grads.recursion, found.recursion, strict=True):
            table[mine.lhs.xreplace({TIME: Integer(t)}) if isinstance(mine.lhs, Grad) else (mine.lhs.name, t)] = at(mine.rhs)
            table[theirs.lhs.name, t] = at(theirs.rhs)
    ends = []
    for sign in (1, -1):
        moved = {k: v + sign * step * moves.get(k, 0) for k, v in given.items()}
        ends.append(run(grads, forward(c, moved, T, dims), upstream, T, dims))
    for p in c.parameters:
        numeric = (ends[0][p] - ends[1][p]) / (2 * step)
        np.testing.assert_allclose(Evaluator(table, dims, {"T": T}, FUNCTIONS)(found.parameters[p]), numeric, rtol=1e-5, atol=1e-6)
