"""``lambdify``: one step as a NumPy function, against the reference evaluation; and the verb ``export``."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import SIZES, Case

import lstm_symbolic as ls
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import cells, transposed
from lstm_symbolic.cli import main
from lstm_symbolic.errors import UnsupportedNode
from lstm_symbolic.expr import Evaluator

OPEN = {"conv_lstm", "lstm_lee"}  # images; functions without definition


@pytest.mark.parametrize("name", [n for n in cells() if n not in OPEN])
@pytest.mark.parametrize("layout", ["own", "other"])
def test_a_step_of_every_cell(name: str, layout: str) -> None:
    c = ls.cell(name)
    if layout == "other":
        c = transposed(c)
    case = Case(c, SIZES[0], 1)
    given: Any = {**case.parameters(), **case.inputs(0), **{(k, 0): v for k, v in case.initial(0).items()}}
    step = ls.lambdify(c)
    arguments = {}
    for argument in inspect.signature(step).parameters:
        if argument in c.parameters:
            arguments[argument] = given[argument]
        else:
            arguments[argument] = given[argument.removesuffix("_prev"), int(not argument.endswith("_prev"))]
    found = step(**arguments)
    assert list(found) == [e.lhs.name for e in c.in_order()]
    for e in c.in_order():
        given[e.lhs.name, 1] = Evaluator(given, case.dims, {"t": 1})(e.rhs)
        assert np.allclose(found[e.lhs.name], given[e.lhs.name, 1], rtol=1e-13, atol=1e-15)


def test_a_step_of_the_gradients_of_an_rnn() -> None:
    """delta = (dL + U.T delta_next) * (1 - h**2), written out."""
    step = ls.lambdify(backward(ls.cell("rnn")))
    rng = np.random.default_rng(0)
    h, dl, after, x, before = (rng.uniform(-1, 1, (size, 1)) for size in (3, 3, 3, 2, 3))
    weights = rng.standard_normal((3, 3))
    values = {"h": h, "dL_h": dl, "delta_h_next": after, "U": weights, "x": x, "h_prev": before, "W": rng.standard_normal((3, 2))}
    found = step(**{k: values[k] for k in inspect.signature(step).parameters})
    delta = (dl + weights.T @ after) * (1 - h**2)
    assert np.allclose(found["delta_h"], delta)
    assert np.allclose(found["grad_U"], delta @ before.T)
    assert np.allclose(found["grad_x"], values["W"].T @ delta)


@pytest.mark.parametrize("name", ["lstm", "gru", "lstm_peephole", "sru"])
def test_gradients_have_steps_too(name: str) -> None:
    step = ls.lambdify(backward(ls.cell(name)))
    assert {"x", "W_f" if name != "gru" else "W_r"} <= {*inspect.signature(step).parameters} | {"x", "W_f", "W_r"}
    assert "One step" in (step.__doc__ or "")


def test_open_functions_and_images_are_refused() -> None:
    for name in OPEN:
        with pytest.raises(UnsupportedNode):
            ls.lambdify(ls.cell(name))
    with pytest.raises(ls.LstmSymbolicError, match=r"a cell or the name of one is wanted here, not 3 \(int\)"):
        ls.lambdify(3)  # type: ignore[arg-type]


def test_the_name_of_a_cell_is_enough() -> None:
    assert inspect.signature(ls.lambdify("lstm")) == inspect.signature(ls.lambdify(ls.cell("lstm")))


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "lstm", "-o", str(tmp_path / "lstm.py")]) == 0
    assert (tmp_path / "lstm.py").read_text(encoding="utf-8") == ls.export(ls.cell("lstm"))
    assert main(["export", "gru", "--explain"]) == 0
    assert "forward, at step t" in capsys.readouterr().out
    assert main(["export", "gru", "--no-grad", "--dtype", "float32"]) == 0
    printed = capsys.readouterr().out
    assert "def backward" not in printed
    assert '("float32",)' in printed
    for bad, message in ((["mlstm"], "cannot be exported"), (["nonsense"], "nonsense")):
        assert main(["export", *bad]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert "Traceback" not in error


def test_a_document_is_exported(tmp_path: Path) -> None:
    document = tmp_path / "notes.md"
    document.write_text(
        "$$f_t = \\sigma(W_f [h_{t-1}, x_t] + b_f)$$\n\n$$g_t = \\tanh(W_g [h_{t-1}, x_t] + b_g)$$\n\n"
        "$$c_t = f_t \\odot c_{t-1} + (1 - f_t) \\odot g_t$$\n\n$$h_t = \\tanh(c_t)$$\n",
        encoding="utf-8",
    )
    assert main(["export", str(document), "-o", str(tmp_path / "cell.py")]) == 0
    module: dict[str, Any] = {"__name__": "exported"}
    exec((tmp_path / "cell.py").read_text(encoding="utf-8"), module)
    assert module["PARAMETERS"]["W_f"] == ("n", "m+n")
    assert module["check_gradients"]() < 1e-7
