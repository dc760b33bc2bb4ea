"""Whatever a caller gives to a public function, the answer is what was meant, or one of our errors that says what was given."""

from __future__ import annotations

import inspect
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import lstm_symbolic as ls
from lstm_symbolic.expr.wanted import described, wanted_number

WRONG: dict[str, Any] = {
    "nothing": None, "a number": 3, "true": True, "bytes": b"lstm", "an object": object(), "an empty list": [], "a list of nothing": [None],
    "an empty table": {}, "an empty text": "", "no cell": "no cell of ours", "an error": ValueError(),
}  # fmt: skip

#: Functions of a cell, which may be given by its name.
OF_CELLS = (
    "stack", "bidirectional", "batched", "transposed", "concatenated", "split", "parameter_count", "operation_count", "backward",
    "jacobian", "norm_bounds", "forward_mode", "ranges", "export", "lambdify", "latex", "typst", "mathml", "unicode", "hessian_product",
    "recheck", "slides",
)  # fmt: skip

#: What a function needs beside its first argument.
FIRST: dict[str, tuple[Any, ...]] = {
    "unrolled": ("rnn", 2), "growth": ("rnn", "h"), "fixed": ("lstm", {"f": 1}), "within": ("rnn", "h", -1, 1), "compare": ("rnn", "rnn"),
    "read_cell": (r"h_t = \tanh(W x_t + U h_{t-1})",), "check": ([],), "cell": ("rnn",),
}  # fmt: skip
FUNCTIONS = sorted({*OF_CELLS, *FIRST})
#: Switches that Python takes as true or false, and what only a program gives.
SWITCHES = ("alone", "gradients", "progress", "against", "to")


@cache
def public(name: str) -> Any:
    function = getattr(ls, name)
    return getattr(function, name) if inspect.ismodule(function) else function


def called(name: str, position: int, given: Any) -> None:
    """The function with one argument replaced."""
    usual = list(FIRST.get(name, ("rnn",)))
    parameters = [p.name for p in inspect.signature(public(name)).parameters.values()]
    if position < len(usual):
        usual[position] = given
        public(name)(*usual)
    else:
        public(name)(*usual, **{parameters[position]: given})


def places() -> list[tuple[str, int]]:
    found = []
    for name in FUNCTIONS:
        parameters = list(inspect.signature(public(name)).parameters.values())
        found += [(name, k) for k, p in enumerate(parameters) if p.name not in SWITCHES]
    return found


@pytest.mark.parametrize(("name", "position"), places())
def test_a_wrong_argument(name: str, position: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for given in WRONG.values():
        with suppress(ls.LstmSymbolicError):
            called(name, position, given)


@pytest.mark.parametrize("name", OF_CELLS)
@pytest.mark.parametrize("given", [None, 3, b"lstm", [None], ValueError()])
def test_what_is_no_cell_is_said(name: str, given: Any) -> None:
    with pytest.raises(ls.LstmSymbolicError) as caught:
        public(name)(given)
    inner = given[0] if isinstance(given, list) else given
    assert described(given) in caught.value.message or described(inner) in caught.value.message
    assert len(caught.value.message) < 300
    assert caught.value.hint or "cell" in caught.value.message


@pytest.mark.parametrize(
    "name", ["bidirectional", "batched", "transposed", "concatenated", "split", "backward", "jacobian", "forward_mode"]
)
def test_the_name_of_a_cell_is_the_cell(name: str) -> None:
    assert public(name)("lstm") == public(name)(ls.cell("lstm"))


def test_gradients_follow_from_a_cell() -> None:
    grads = ls.backward(ls.cell("gru"))
    assert ls.unrolled("gru", 2) == ls.unrolled(grads, 2)
    assert ls.hessian_product("rnn") == ls.hessian_product(ls.backward("rnn"))
    assert ls.norm_bounds("gru") == ls.norm_bounds(ls.jacobian("gru"))


def test_a_name_that_is_nearly_a_cell_is_helped() -> None:
    with pytest.raises(ls.LstmSymbolicError) as caught:
        ls.backward("lsmt")
    assert caught.value.hint == "did you mean lstm or xlstm or slstm?"


def test_one_name_may_stand_alone() -> None:
    assert ls.backward("lstm", outputs="C") == ls.backward("lstm", outputs=["C"])
    assert ls.forward_mode("lstm", "W_f") == ls.forward_mode("lstm", ["W_f"])


@pytest.mark.parametrize("given", [None, 3, [None], b"x", {3: 4}, object(), ["zz"], {"W": 3}, {"W": None}])
def test_what_makes_no_cell(given: Any) -> None:
    line = "h[t] = tanh(W @ x[t] + U @ h[t - 1])"
    makers = [lambda: ls.Cell.from_plain(given), lambda: ls.Cell.from_equations(given), lambda: ls.backward("rnn").wrt(given)]
    makers += [lambda: ls.cell("rnn").definition(given), lambda: ls.cell("rnn").symbol(given)]
    for make in makers:
        with pytest.raises(ls.LstmSymbolicError):
            make()
    for role in ("shapes", "inputs", "states", "outputs", "previous"):
        with suppress(ls.LstmSymbolicError):
            ls.Cell.from_plain([line], **{role: given})


def test_an_equation_of_a_list_may_take_two_lines() -> None:
    assert ls.Cell.from_plain(["h[t] = tanh(W @ x[t]\n + U @ h[t - 1])"]).states == ("h",)


@pytest.mark.parametrize("text", ["1e999999999", "1/0", "nan", "½", "", "1" * 100])
def test_what_is_no_exact_number(text: str) -> None:
    with pytest.raises(ls.LstmSymbolicError, match="a bound is wanted here"):
        wanted_number(text, "a bound")


def test_an_empty_path_is_not_the_folder_that_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("$$h_t = W x_t$$")
    monkeypatch.chdir(tmp_path)
    found = ls.check(["", "a.md"]).documents
    assert [(d.error, len(d.formulas)) for d in found] == [('an empty text names no document; for example ["lecture.md"]', 0), (None, 1)]
