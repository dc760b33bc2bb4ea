"""What a user holds: it can be copied, stored, compared, put into sets, and shown in a notebook and in every markup."""

from __future__ import annotations

import copy
import pickle
from functools import cache
from pathlib import Path

import pytest

import lstm_symbolic as ls
from lstm_symbolic.reading import Source


@cache
def held(name: str) -> object:
    rnn = ls.cell("rnn")
    made = {
        "cell": lambda: rnn,
        "stack": lambda: ls.stack(rnn, rnn),
        "gradients": lambda: ls.backward(rnn),
        "step": lambda: ls.backward(rnn).steps[0],
        "jacobian": lambda: ls.jacobian(rnn),
        "proved": lambda: ls.compare("tanh(x)", "2*sigmoid(2*x) - 1"),
        "refuted": lambda: ls.compare("x", "x**2"),
        "report": lambda: ls.check(Source("a.md", r"$$h_t = \tanh(W x_t + U h_{t-1} + b)$$")),
    }
    return made[name]()


NAMES = ("cell", "stack", "gradients", "step", "jacobian", "proved", "refuted", "report")


@pytest.mark.parametrize("name", NAMES)
def test_copies_are_equal(name: str) -> None:
    o = held(name)
    for twin in (copy.copy(o), copy.deepcopy(o), pickle.loads(pickle.dumps(o))):
        assert twin == o
        assert len({o, twin}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_show_it(name: str) -> None:
    o = held(name)
    assert o._repr_html_().startswith(("<math", "<pre>"))  # type: ignore[attr-defined]
    assert (o._repr_latex_() or "$$").startswith("$$")  # type: ignore[attr-defined]


@pytest.mark.parametrize("write", [ls.latex, ls.typst, ls.mathml, ls.unicode])
def test_a_derivation_is_printed_line_by_line(write) -> None:
    steps = ls.backward(ls.cell("rnn")).steps
    assert write(list(steps)) == write([(s.left, s.right) for s in steps])
    assert write(steps[0]) == write((steps[0].left, steps[0].right))


@pytest.mark.parametrize("name", ["no/d.html", "no/d.tex", "no/d.pdf"])
def test_a_deck_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    if name.endswith("pdf"):
        pytest.importorskip("typst")
    with pytest.raises(ls.LstmSymbolicError, match=rf"{name} cannot be written"):
        ls.slides(ls.cell("rnn"), to=tmp_path / name)


def test_what_makes_no_slides() -> None:
    with pytest.raises(ls.LstmSymbolicError, match=r"a list of these is wanted here, not 3 \(int\)"):
        ls.slides([3])  # type: ignore[list-item]
