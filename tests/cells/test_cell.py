"""Roles follow from the equations; documents' ways to write a step come out as one form; what is no cell says why."""

import pickle

import numpy as np
import pytest
from sympy import Eq, Integer, MatrixSymbol, Symbol

from lstm_symbolic.cells import TIME, Cell, bidirectional, cell, leaves, stack
from lstm_symbolic.errors import CellError, LstmSymbolicError, ReadError, ShapeError
from lstm_symbolic.expr import Evaluator, TimeSymbol, dim

GRU = ["z[t] = sigmoid(U @ h[t-1] + V @ x[t])", "h[t] = (1 - z[t]) * h[t-1] + z[t] * tanh(V_h @ x[t])"]


def test_roles_by_the_equations():
    c = Cell.from_plain(GRU)
    assert (c.inputs, c.states, c.outputs, c.parameters) == (("x",), ("h",), ("h",), ("U", "V", "V_h"))
    assert (c.gates, c.intermediates, c.layout) == (("z",), ("z",), "column")


def test_roles_by_hand_win():
    c = Cell.from_plain([*GRU, "y[t] = W_y @ h[t]"], outputs=["y"], inputs=["x"])
    assert c.outputs == ("y",)
    assert c.shapes["y"] != c.shapes["h"]


def test_an_undefined_gate_is_an_input():
    c = Cell.from_plain(["C[t] = f[t] * C[t-1] + i[t] * g[t]"])
    assert c.inputs == ("f", "i", "g")
    assert c.undefined == ()


def test_a_state_without_equation_is_noticed():
    assert Cell.from_plain(["h[t] = tanh(U @ h[t-1] + V @ s[t-1])"]).undefined == ("s",)


def test_row_vectors_are_a_layout():
    c = Cell.from_plain(["h[t] = tanh(x[t] @ W + h[t-1] @ U + b)"])
    assert c.layout == "row"
    assert c.shapes["b"] == (Integer(1), dim("n"))


@pytest.mark.parametrize(
    ("lines", "plain"),
    [
        (["h[t+1] = tanh(h[t] + x[t+1])"], ["h[t] = tanh(h[t - 1] + x[t])"]),
        (["a[t] = c[t] = f[t] * c[t-1]"], ["c[t] = f[t] * c[t - 1]", "a[t] = c[t]"]),
        (["h[0] = 0", "h[t] = tanh(h[t-1])"], ["h[0] = 0", "h[t] = tanh(h[t - 1])"]),
        ("h[t] = tanh(h[t-1])\n\n", ["h[t] = tanh(h[t - 1])"]),
    ],
)
def test_other_ways_to_write_a_step(lines, plain):
    assert Cell.from_plain(lines).plain() == plain


def test_the_initial_value_is_no_definition():
    c = Cell.from_plain(["h[0] = 0", "h[t] = tanh(h[t-1])"])
    assert len(c.initial) == 1
    assert c.states == ("h",)


def test_values_without_time():
    c = Cell.from_plain(
        ["c_new = g(z) * f(z_i) + c * f(z_f)", "a = h(c_new) * f(z_o)"], inputs=["z", "z_i", "z_f", "z_o"], previous={"c_new": "c"}
    )
    assert c.plain() == ["c_new[t] = g(z[t]) * f(z_i[t]) + c_new[t - 1] * f(z_f[t])", "a[t] = h(c_new[t]) * f(z_o[t])"]
    assert c.states == ("c_new",)
    assert c.layout == "scalar"


def test_from_sympy_equations():
    n, t = dim("n"), TIME
    h, U = (lambda k: TimeSymbol("h", n, 1, t + k)), MatrixSymbol("U", n, n)
    c = Cell.from_equations([Eq(h(0), U * h(-1), evaluate=False)])
    assert (c.states, c.parameters, c.shapes["U"]) == (("h",), ("U",), (n, n))


def test_leaves_ignore_dimensions_and_times():
    expr = Cell.from_plain(["h[t] = U @ h[t-1] + ones(n) * b"], {"h": "n,1"}).equations[0].rhs
    assert [s.name for s in leaves(expr)] == ["U", "h", "b"]
    assert Symbol("n", integer=True) not in list(leaves(expr))


def test_equations_in_order():
    c = Cell.from_plain(["h[t] = o[t] * C[t]", "C[t] = C[t-1] + x[t]", "o[t] = sigmoid(C[t] + h[t-1])"])
    assert [e.lhs.name for e in c.in_order()] == ["C", "o", "h"]


@pytest.mark.parametrize(
    ("lines", "options", "error", "says"),
    [
        (["h[t] = x[t]", "h[t] = x[t]"], {}, CellError, "h is defined twice"),
        (["h[t] = x[t]"], {"states": ["C"]}, CellError, "the state C is never defined"),
        (["h[t] = x[t]"], {"outputs": ["y"]}, CellError, "the output y is never defined"),
        (["h[t] = x[t]"], {"inputs": ["h"]}, CellError, "the input h is defined"),
        (["h[t] = h[t-1]"], {"states": []}, CellError, "h is used at another time"),
        (["h[t] + 1 = x[t]"], {}, CellError, "this defines no symbol"),
        (["h[t]"], {}, CellError, "this defines no symbol"),
        ([], {}, CellError, "no equation"),
        (["h[0] = 0"], {}, CellError, "no equation"),
        (["c_new = c"], {"previous": {"d": "c"}}, CellError, "the state d is never defined"),
        (["h[t] = W @ x[t] + U @ x[t]"], {"shapes": {"W": "n,m", "U": "n,3", "x": "m,1"}}, ShapeError, "matrix product"),
        (["h[t] = (x[t]"], {}, ReadError, "cannot read"),
        (["h[t] = x[t]"], {"shapes": {"h": "n"}}, ReadError, "no shape"),
    ],
)
def test_what_is_no_cell_says_why(lines, options, error, says):
    with pytest.raises(error) as caught:
        Cell.from_plain(lines, **options)
    assert says in caught.value.render()


def test_a_circle_is_named():
    with pytest.raises(CellError, match=r"a\[t\].*b\[t\]|b\[t\].*a\[t\]"):
        Cell.from_plain(["a[t] = b[t]", "b[t] = a[t]"]).in_order()


def test_unknown_definition_and_symbol():
    with pytest.raises(CellError, match="does not define y"):
        cell("rnn").definition("y")
    with pytest.raises(LstmSymbolicError, match="no symbol y"):
        cell("rnn").symbol("y")


def test_cells_are_values():
    c = cell("lstm")
    assert pickle.loads(pickle.dumps(c)) == c
    assert hash(c) == hash(pickle.loads(pickle.dumps(c)))


def run(c: Cell, xs: list, parameters: dict, dims: dict) -> dict:
    """A whole sequence through the reference evaluator, time running forward for t-1 states and backward for t+1 states."""
    T = len(xs)
    values = dict(parameters) | {("x", t): x for t, x in enumerate(xs, 1)}
    for k in c.states:
        for t in (0, T + 1):
            values[k, t] = np.zeros([int(d.subs(dims)) for d in c.shapes[k]])
    sizes = {d.name: v for d, v in dims.items()}
    ready, waiting = True, [(e, t) for e in c.in_order() for t in range(1, T + 1)]
    while waiting and ready:
        ready = False
        for e, t in list(waiting):
            try:
                values[e.lhs.name, t] = Evaluator(values, sizes, {"t": t})(e.rhs)
            except LstmSymbolicError:
                continue
            waiting.remove((e, t))
            ready = True
    assert not waiting
    return values


def hand_rnn(xs, W, U, b):
    h, out = np.zeros((len(b), 1)), []
    for x in xs:
        h = np.tanh(W @ x + U @ h + b)
        out.append(h)
    return out


def draws(c: Cell, dims: dict, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    return {k: rng.normal(size=[int(d.subs(dims)) for d in c.shapes[k]]) for k in c.parameters}


def test_a_stack_of_two_is_one_network_after_the_other():
    c = stack(cell("rnn"), cell("rnn"))
    dims = {dim("n_1"): 3, dim("n_2"): 2, dim("m"): 4}
    p, xs = draws(c, dims, 0), list(np.random.default_rng(1).normal(size=(5, 4, 1)))
    values = run(c, xs, p, dims)
    middle = hand_rnn(xs, p["W_1"], p["U_1"], p["b_1"])
    want = hand_rnn(middle, p["W_2"], p["U_2"], p["b_2"])
    np.testing.assert_allclose([values["h_2", t] for t in range(1, 6)], want, rtol=1e-12)
    assert c.outputs == ("h_2",)
    assert c.inputs == ("x",)


def test_the_bidirectional_cell_reads_from_both_ends():
    c = bidirectional(cell("rnn"))
    dims = {dim("n"): 3, dim("m"): 4}
    p, xs = draws(c, dims, 2), list(np.random.default_rng(3).normal(size=(5, 4, 1)))
    values = run(c, xs, p, dims)
    forward = hand_rnn(xs, p["W_fwd"], p["U_fwd"], p["b_fwd"])
    backward = hand_rnn(xs[::-1], p["W_bwd"], p["U_bwd"], p["b_bwd"])[::-1]
    want = [np.vstack(pair) for pair in zip(forward, backward, strict=True)]
    np.testing.assert_allclose([values["h", t] for t in range(1, 6)], want, rtol=1e-12)
    assert c.states == ("h_fwd", "h_bwd")
    assert c.outputs == ("h",)


def test_compositions_compose():
    c = stack(bidirectional(cell("lstm")), cell("gru"))
    assert c.shapes["W_z_2"] == (dim("n_2"), 2 * dim("n_1"))
    assert c.outputs == ("h_2",)
    assert len(c.in_order()) == len(c.equations) == 6 + 6 + 1 + 4


def test_a_stack_needs_one_input():
    with pytest.raises(CellError, match="4 inputs"):
        stack(cell("rnn"), cell("lstm_lee"))
    with pytest.raises(CellError, match="no layer"):
        stack()
