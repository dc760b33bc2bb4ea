"""Every form that a user holds a formula in leads to the same equations."""

from __future__ import annotations

from pathlib import Path

import pytest
import sympy

from lstm_symbolic.audit.show import show, zoo, zoo_text
from lstm_symbolic.audit.sides import Side, sides, syntax
from lstm_symbolic.cells import cell, cells
from lstm_symbolic.errors import LstmSymbolicError, ReadError, ShapeError
from lstm_symbolic.expr import plain, shapes
from lstm_symbolic.expr.plain import write


def _lines(side: Side) -> list[str]:
    return [" = ".join(write(s) for s in e.sides) for e in side.terms]


RNN = "h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)"


@pytest.mark.parametrize(
    "form",
    [
        RNN, [RNN], "rnn", cell("rnn"), r"h_t = \tanh(W x_t + U h_{t-1} + b)", r"$h_t = \tanh(W x_t + U h_{t-1} + b)$",
        r"\begin{aligned} h_t &= \tanh(W x_t + U h_{t-1} + b) \end{aligned}", list(cell("rnn").equations),
    ],
    ids=["plain", "list", "name", "cell", "latex", "dollars", "aligned", "sympy"],
)  # fmt: skip
def test_one_system_in_many_forms(form):
    (side,) = sides(form)
    assert _lines(side) == [RNN]
    assert not side.is_formula
    ((left, right),) = side.system()
    assert plain(left) == "h[t]"
    assert str(left.shape) == str(right.shape) == "(n, 1)"


@pytest.mark.parametrize(
    "text",
    [
        r"f_t = x_t \\[2pt] h_t = f_t \odot x_t",
        r"\begin{align} f_t &= x_t \\ h_t &= f_t \odot x_t \end{align}",
        r"\[ f_t = x_t \] and \( h_t = f_t \odot x_t \)",
    ],
)
def test_delimiters_are_optional(text):
    assert _lines(sides(text)[0]) == ["f[t] = x[t]", "h[t] = f[t] * x[t]"]


def test_a_document_and_a_system_of_it(tmp_path: Path):
    path = tmp_path / "notes.md"
    path.write_text("Text $x$.\n\n$$h_t = \\tanh(W x_t + U h_{t-1} + b)$$\n")
    assert _lines(sides(path)[0]) == [RNN]
    assert _lines(sides(Path(f"{path}#s1"))[0]) == [RNN]
    with pytest.raises(LstmSymbolicError, match="no system s9"):
        sides(Path(f"{path}#s9"))
    with pytest.raises(LstmSymbolicError, match="does not exist"):
        sides(tmp_path / "gone.md")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("tanh(x) + 1", "either"),
        ("h_t = o_t * tanh(C_t)", "either"),
        ("h[t] = o[t] * tanh(C[t])", "plain"),
        ("W @ x", "plain"),
        ("x**2", "plain"),
        (r"\tanh(x)", "latex"),
        ("h_{t-1} + x", "latex"),
        ("f_t C_t", "latex"),
        ("h[t] = W @", "plain"),
    ],
)
def test_syntax(text, kind):
    assert syntax(text) == kind


def test_ambiguous_text_follows_what_stands_beside_it():
    ambiguous = "h_t = o_t * tanh(C_t)"
    assert _lines(sides(ambiguous, ambiguous)[0]) == ["h_t = o_t * tanh(C_t)"]
    assert _lines(sides(ambiguous, r"h_t = o_t \odot C_t")[0]) == ["h[t] = o[t] * tanh(C[t])"]
    assert _lines(sides(ambiguous, "rnn")[0]) == ["h[t] = o[t] * tanh(C[t])"]
    assert _lines(sides(ambiguous, r"h_t", plain=True)[0]) == ["h_t = o_t * tanh(C_t)"]


def test_two_latex_formulas_agree_on_the_kinds_of_their_symbols():
    left, right = sides(r"W (x + y)", r"W x + W y")
    assert str(left.formula().shape) == str(right.formula().shape)
    assert _lines(right) == ["W @ x + W @ y"]


def test_sympy_functions_and_symbols():
    x = sympy.Symbol("x")
    (side,) = sides(sympy.tanh(x) * sympy.exp(-x) + sympy.Max(x, 1))
    assert side.is_formula
    value = side.formula()
    assert sorted(f.func.__name__ for f in value.atoms(sympy.Function)) == ["exp", "maximum", "tanh"]
    assert all(s.is_real for s in value.free_symbols)


def test_a_formula_beside_a_single_equation_is_compared_with_its_value():
    assert plain(sides("h = tanh(x)")[0].formula()) == "tanh(x)"
    with pytest.raises(LstmSymbolicError, match="a formula and the other a system"):
        sides("h = x; y = z")[0].formula()


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("", ReadError), (" \n ", ReadError), ("h[t] = W @", ReadError), (r"h_t = \tanh(", ReadError), (3, LstmSymbolicError),
        ([], LstmSymbolicError),
    ],
)  # fmt: skip
def test_what_cannot_be_read(form, error):
    with pytest.raises(error):
        sides(form)


def test_shapes_that_do_not_fit():
    given = shapes("W:n,m x:m,1 h:n,1")
    for text in ("h[t] = W @ x[t] + W", r"h_t = W x_t + W"):
        (side,) = sides(text, shapes=given)
        with pytest.raises(ShapeError):
            side.system()


def test_given_shapes_are_for_text():
    given = shapes("W:k,k x:k,1")
    assert [str(s.formula().shape) for s in sides("W @ x", r"W^\top x", shapes=given)] == ["(k, 1)", "(k, 1)"]
    assert sides("W @ x[t]", "rnn", shapes=given)[1].shapes["W"] == shapes("W:n,m")["W"]


@pytest.mark.parametrize("name", cells())
@pytest.mark.parametrize("markup", ["latex", "typst", "mathml", "unicode", "plain", "sympy"])
def test_every_cell_can_be_shown(name, markup):
    text = show(name, markup)
    assert text
    assert markup != "plain" or text == "\n".join(cell(name).plain())


def test_shown_plain_text_reads_back():
    for name in cells():
        assert show(show(name, "plain"), "plain") == show(name, "plain")


def test_zoo():
    assert [row["name"] for row in zoo()] == list(cells())
    assert zoo("lstm")[0]["parameters"]["U_f"] == "n,n"
    page = zoo_text(zoo("lstm"))
    assert "Gers" in page
    assert "hₜ = oₜ ⊙ tanh(Cₜ)" in page
    assert len(zoo_text(zoo()).splitlines()) == len(cells())
    with pytest.raises(LstmSymbolicError, match="no cell is called"):
        zoo("lstn")
