"""Every cell of the zoo against a step written by hand in NumPy from the papers' formulas; roles; parameter counts in closed form."""

import numpy as np
import pytest
import sympy

from lstm_symbolic.cells import Cell, cell, cells, concatenated, parameter_count, split
from lstm_symbolic.errors import CellError
from lstm_symbolic.expr import Evaluator

N, M, P = 3, 4, 2


def s(a):
    return 1 / (1 + np.exp(-a))


def affine(p, gate, x, h):
    return p["W_" + gate] @ x + p["U_" + gate] @ h + p["b_" + gate]


def rnn(p, x, h):
    return {"h": np.tanh(p["W"] @ x + p["U"] @ h + p["b"])}


def lstm(p, x, C, h):
    c = s(affine(p, "f", x, h)) * C + s(affine(p, "i", x, h)) * np.tanh(affine(p, "C", x, h))
    return {"C": c, "h": s(affine(p, "o", x, h)) * np.tanh(c)}


def lstm_no_bias(p, x, C, h):
    return lstm(p | {f"b_{k}": 0.0 for k in "fiCo"}, x, C, h)


def lstm_peephole(p, x, C, h):
    f = s(affine(p, "f", x, h) + p["p_f"] * C)
    i = s(affine(p, "i", x, h) + p["p_i"] * C)
    c = f * C + i * np.tanh(affine(p, "C", x, h))
    return {"C": c, "h": s(affine(p, "o", x, h) + p["p_o"] * c) * np.tanh(c)}


def lstm_cifg(p, x, C, h):
    f = s(affine(p, "f", x, h))
    c = f * C + (1 - f) * np.tanh(affine(p, "C", x, h))
    return {"C": c, "h": s(affine(p, "o", x, h)) * np.tanh(c)}


def lstm_no_output_tanh(p, x, C, h):
    c = lstm(p, x, C, h)["C"]
    return {"C": c, "h": s(affine(p, "o", x, h)) * c}


def lstm_projection(p, x, C, h):
    full = lstm(p, x, C, h)
    return {"C": full["C"], "h": p["W_h"] @ full["h"]}


def lstm_1997(p, x, C, h):
    c = C + s(affine(p, "i", x, h)) * (4 * s(affine(p, "C", x, h)) - 2)
    return {"C": c, "h": s(affine(p, "o", x, h)) * (2 * s(c) - 1)}


def relevance(p, x, a):
    r = s(affine(p, "r", x, a))
    return np.tanh(affine(p, "c", x, r * a))


def lstm_cs230(p, x, c, a):
    c = s(affine(p, "u", x, a)) * relevance(p, x, a) + s(affine(p, "f", x, a)) * c
    return {"c": c, "a": s(affine(p, "o", x, a)) * c}


def gru_cs230(p, x, c, a):
    u = s(affine(p, "u", x, a))
    c = u * relevance(p, x, a) + (1 - u) * c
    return {"c": c, "a": c}


def gru(p, x, h):
    z, r = s(affine(p, "z", x, h)), s(affine(p, "r", x, h))
    g = np.tanh(affine(p, "h", x, r * h))
    return {"h": z * h + (1 - z) * g}


def gru_reset_after(p, x, h):
    z, r = s(affine(p, "z", x, h)), s(affine(p, "r", x, h))
    g = np.tanh(p["W_h"] @ x + p["b_h"] + r * (p["U_h"] @ h + p["c_h"]))
    return {"h": z * h + (1 - z) * g}


def mgu(p, x, h):
    f = s(affine(p, "f", x, h))
    return {"h": (1 - f) * h + f * np.tanh(affine(p, "h", x, f * h))}


def sru(p, x, c):
    f, r = s(p["W_f"] @ x + p["b_f"]), s(p["W_r"] @ x + p["b_r"])
    c = f * c + (1 - f) * (p["W"] @ x)
    return {"c": c, "h": r * np.tanh(c) + (1 - r) * x}


def mingru(p, x, h):
    z = s(p["W_z"] @ x)
    return {"h": (1 - z) * h + z * (p["W_h"] @ x)}


def minlstm(p, x, h):
    f, i = s(p["W_f"] @ x), s(p["W_i"] @ x)
    return {"h": f / (f + i) * h + i / (f + i) * (p["W_h"] @ x)}


def slstm(p, x, c, nu, h):
    f, i = s(affine(p, "f", x, h)), np.exp(affine(p, "i", x, h))
    c, nu = f * c + i * np.tanh(affine(p, "z", x, h)), f * nu + i
    return {"c": c, "nu": nu, "h": s(affine(p, "o", x, h)) * c / nu}


STEPS = {
    f.__name__: f
    for f in (
        rnn, lstm, lstm_no_bias, lstm_peephole, lstm_cifg, lstm_no_output_tanh, lstm_projection, lstm_1997, lstm_cs230, gru,
        gru_reset_after, gru_cs230, mgu, sru, mingru, minlstm, slstm,
    )
}  # fmt: skip


def draw(c: Cell, seed: int = 0) -> dict:
    """Random values for everything that a step reads, by plain name (previous states by their own name)."""
    rng = np.random.default_rng(seed)
    dims = {"n": N, "m": M, "p": P}
    names = [*c.parameters, *c.inputs, *c.states]
    drawn = {k: rng.normal(size=tuple(int(d.subs({x: dims[x.name] for x in d.free_symbols})) for d in c.shapes[k])) for k in names}
    return drawn | {k: abs(v) for k, v in drawn.items() if k == "epsilon"}


def step(c: Cell, drawn: dict) -> dict:
    """One step of the cell's own equations through the reference evaluator."""
    values = {k: drawn[k] for k in c.parameters} | {(k, 5): drawn[k] for k in c.inputs} | {(k, 4): drawn[k] for k in c.states}
    run = Evaluator(values, {"n": N, "m": M, "p": P}, {"t": 5})
    for e in c.in_order():
        values[e.lhs.name, 5] = run(e.rhs)
    return {k: values[k, 5] for k in c.outputs}


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_step_is_the_papers_step(name):
    c = cell(name)
    drawn = draw(c)
    got = step(c, drawn)
    want = STEPS[name]({k: drawn[k] for k in c.parameters}, drawn["x"], *(drawn[k] for k in c.states))
    assert got.keys() == want.keys()
    for key in want:
        np.testing.assert_allclose(got[key], want[key], rtol=1e-12)


def test_the_qrnn_step_reads_two_inputs():
    c = cell("qrnn")
    p, rng = draw(c), np.random.default_rng(1)
    now, before = rng.normal(size=(2, M, 1))
    values = {k: p[k] for k in c.parameters} | {("x", 5): now, ("x", 4): before, ("c", 4): p["c"]}
    run = Evaluator(values, {"n": N, "m": M}, {"t": 5})
    for e in c.in_order():
        values[e.lhs.name, 5] = run(e.rhs)
    z, f, o = (g(p["W_" + k] @ now + p["V_" + k] @ before) for k, g in (("z", np.tanh), ("f", s), ("o", s)))
    want = f * p["c"] + (1 - f) * z
    np.testing.assert_allclose(values["c", 5], want, rtol=1e-12)
    np.testing.assert_allclose(values["h", 5], o * want, rtol=1e-12)


def test_lees_worked_example_stores_seven_and_gives_it_out():
    """His slide: memory 3, then 7 (write 4 while keeping), kept, given out, cleared; gates saturate, g and h are the identity."""
    c = cell("lstm_lee")
    identity, gate = (lambda v: v), (lambda v: np.where(v > 0, 1.0, 0.0))
    memory, given = 0.0, []
    for write, keep, out, z in [(1, 1, 0, 3), (1, 1, 0, 4), (0, 1, 0, 2), (0, 1, 1, 1), (0, 0, 0, 3)]:
        values = {("z", 1): z, ("z_i", 1): write - 0.5, ("z_f", 1): keep - 0.5, ("z_o", 1): out - 0.5, ("c", 0): memory}
        run = Evaluator(values, {}, {"t": 1}, {"g": identity, "h": identity, "f": gate})
        for e in c.in_order():
            values[e.lhs.name, 1] = run(e.rhs)
        memory = float(values["c", 1])
        given.append((memory, float(values["a", 1])))
    assert given == [(3, 0), (7, 0), (7, 0), (7, 7), (0, 0)]


def test_the_convolutional_cell_is_the_peephole_cell_with_images():
    image, kernel = cell("conv_lstm"), cell("lstm_peephole")
    assert {image.shapes[k] for k in image.defined} == {
        (sympy.Symbol("p", integer=True, positive=True), sympy.Symbol("q", integer=True, positive=True))
    }
    strip = [line.replace("conv(", "(").replace(", ", " @ ") for line in image.plain()]
    assert {line.replace("(", "").replace(")", "") for line in strip} == {line.replace("(", "").replace(")", "") for line in kernel.plain()}


n, m, p = (sympy.Symbol(k, integer=True, positive=True) for k in "nmp")
COUNTS = {
    "rnn": n * (m + n + 1), "lstm": 4 * n * (m + n + 1), "lstm_peephole": 4 * n * (m + n + 1) + 3 * n, "lstm_cifg": 3 * n * (m + n + 1),
    "gru": 3 * n * (m + n + 1), "gru_reset_after": 3 * n * (m + n + 1) + n, "mgu": 2 * n * (m + n + 1), "lstm_no_bias": 4 * n * (m + n),
    "lstm_fgr": 4 * n * (m + n + 1) + 3 * n + 9 * n**2, "lstm_nog": 3 * n * (m + n + 1) + 2 * n, "lstm_torch": 4 * n * (m + n + 2),
    "gru_keras": 3 * n * (m + n + 2), "rhn": 3 * n * (m + n + 1) + 3 * n * (n + 1), "mlstm": 4 * n * (m + 1) + 2 * (m + 1),
    "lstm_projection": 4 * n * (m + p + 1) + p * n, "lstm_lee": sympy.Integer(0), "mingru": 2 * m * n,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_parameter_counts(name):
    assert sympy.expand(parameter_count(cell(name)) - COUNTS[name]) == 0


@pytest.mark.parametrize(
    ("name", "states", "gates", "candidate"),
    [
        ("rnn", ("h",), (), None),
        ("lstm", ("C", "h"), ("f", "i", "o"), "C_tilde"),
        ("lstm_cifg", ("C", "h"), ("f", "o"), "C_tilde"),
        ("lstm_cs230", ("c", "a"), ("G_u", "G_r", "G_f", "G_o"), "c_tilde"),
        ("gru", ("h",), ("r", "z"), "h_tilde"),
        ("lstm_lee", ("c",), (), None),
    ],
)
def test_roles(name, states, gates, candidate):
    c = cell(name)
    assert (c.states, c.gates, c.candidate) == (states, gates, candidate)


@pytest.mark.parametrize("name", cells())
def test_every_cell_has_its_name_title_paper_and_closes(name):
    c = cell(name)
    assert c.name == name
    assert c.title
    assert c.paper
    assert len(c.in_order()) == len(c.equations)
    assert set(c.shapes) == {*c.inputs, *c.parameters, *c.defined}


@pytest.mark.parametrize("name", cells())
def test_plain_text_gives_the_cell_back(name):
    c = cell(name)
    again = Cell.from_plain(c.plain(), c.shapes, c.inputs, outputs=c.outputs)
    assert again.equations == c.equations
    assert (again.states, again.parameters, again.shapes) == (c.states, c.parameters, c.shapes)


#: Cells without a pair W, U for each gate.
OTHER_WEIGHTS = ("lstm_lee", "qrnn", "conv_lstm", "lstm_fgr", "rhn")


@pytest.mark.parametrize("name", [k for k in cells() if cell(k).layout == "column" and k not in OTHER_WEIGHTS])
def test_concatenated_weights_are_the_same_function(name):
    c, joined = cell(name), concatenated(cell(name))
    drawn = draw(c)
    merged = dict(drawn)
    for k in joined.parameters:
        if joined.shapes[k] != c.shapes[k]:
            merged[k] = np.hstack([drawn["U" + k[1:]], drawn[k]])
    for key, value in step(c, drawn).items():
        np.testing.assert_allclose(step(joined, merged)[key], value, rtol=1e-12)
    back = split(joined)
    assert back.shapes == c.shapes
    for key, value in step(c, drawn).items():
        np.testing.assert_allclose(step(back, drawn)[key], value, rtol=1e-12)


def test_concatenation_merges_what_it_should():
    assert concatenated(cell("lstm")).plain()[0] == "f[t] = sigmoid(W_f @ concat(h[t - 1], x[t]) + b_f)"
    assert concatenated(cell("gru_reset_after")).plain()[2] == cell("gru_reset_after").plain()[2]


def test_aliases_and_spelling():
    assert cell("Elman") is cell("rnn")
    assert cell("GRU reset-before") is cell("gru")
    with pytest.raises(CellError) as error:
        cell("lsmt")
    assert "lstm" in error.value.render()


def test_aliases_are_unambiguous():
    every = [a for k in cells() for a in (k, *cell(k).aliases)]
    assert len(every) == len(set(every))
