"""Checkpoints change memory and nothing else: the same results as torch, as the plain file, and proved equal to the equations."""

import tracemalloc
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from arrays import against_stored
from exported import draw, load, zoo
from test_export_interface import BAD, DIMS, run
from test_export_numpy import OTHERS

from lstm_symbolic.cells import cell
from lstm_symbolic.cli import main
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.export import export
from lstm_symbolic.export.prove import unproved_source

FEW = ("lstm", "gru", "lstm_peephole", "qrnn", "slstm")


@cache
def every(name: str, steps: int) -> ModuleType:
    return load(export(name, checkpoint=steps))


@pytest.mark.parametrize("name", FEW)
def test_gradients_against_torch(name: str) -> None:
    against_stored(name, every(name, 2))


@pytest.mark.parametrize("steps", [0, 1, 3, 7, 9])
def test_the_same_as_without(steps: int) -> None:
    """Steps in less than one part, in whole parts, and with a rest; masks, gradients of the final state; a workspace used twice."""
    g = every("lstm", 3)
    x, params, state = draw(g, DIMS, steps, 2)
    ws = g.workspace(steps, 2, DIMS)
    for mask in (None, np.arange(2 * steps).reshape(steps, 2) % 3 != 0):
        plain = run(zoo("lstm"), x, params, state, mask=mask)
        for more in ({}, {"workspace": ws}, {"workspace": ws}):
            mine = run(g, x, params, state, mask=mask, **more)
            assert len(mine) == len(plain)
            for a, b in zip(mine, plain, strict=True):
                assert a.shape == b.shape
                assert np.allclose(a, b, rtol=1e-12, atol=1e-13)


def test_missing_gradients_are_zero() -> None:
    x, params, state = draw(zoo("lstm"), DIMS)
    results = []
    for g in (zoo("lstm"), every("lstm", 2)):
        outputs, _, kept = g.forward(x, params, state)
        results.append([g.backward(None, kept), g.backward({"C": outputs["C"]}, kept)])
    for mine, theirs in zip(*results, strict=True):
        for k, v in theirs[0].items():
            assert np.allclose(mine[0][k], v, rtol=1e-12, atol=1e-13)
        assert np.allclose(mine[1], theirs[1], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("label", ["two inputs", "layers", "constants", "an output", "nothing learnt"])
def test_other_systems(label: str) -> None:
    """By the file's own differences, over four steps."""
    g = load(export(OTHERS[label], checkpoint=3))
    assert g.check_gradients() < 1e-7


@pytest.mark.parametrize("name", ["rnn", "gru"])
def test_the_file_is_proved(name: str) -> None:
    source = export(name, checkpoint=1)
    assert unproved_source(source, cell(name), 2, 1) == []
    assert "d_params[k] += some" in source
    assert unproved_source(source.replace("d_params[k] += some", "d_params[k] = some"), cell(name), 2, 1)


def test_memory() -> None:
    """Outputs and the gradient of the inputs are three arrays of T * B * H numbers; there is room for less than three more."""
    steps, batch, n = 200, 16, 32
    peaks = []
    for g in (zoo("lstm"), every("lstm", 10)):
        x, params, state = draw(g, {"n": n, "m": n}, steps, batch)
        up: dict[str, Any] = {"h": np.ones((steps, batch, n))}
        tracemalloc.start()
        g.backward(up, g.forward(x, params, state)[2])
        peaks.append(tracemalloc.get_traced_memory()[1] / (8 * steps * batch * n))
        tracemalloc.stop()
    assert peaks[0] <= 24
    assert peaks[1] <= 6


@pytest.mark.parametrize("label", [k for k in BAD if "workspace" not in k])
def test_bad_input_is_named(label: str) -> None:
    change, message = BAD[label]
    x, params, state = draw(zoo("lstm"), DIMS)
    arguments: dict[str, Any] = {"x": x, "params": params, "state": state}
    change(arguments)
    with pytest.raises(ValueError, match=message):
        every("lstm", 2).forward(**arguments)


def test_caches() -> None:
    g = every("lstm", 2)
    x, params, state = draw(g, DIMS)
    ws = g.workspace(5, 3, DIMS)
    _, _, kept = g.forward(x, params, state, workspace=ws)
    g.forward(x, params, state, workspace=ws)
    with pytest.raises(ValueError, match="stale"):
        g.backward({}, kept)
    with pytest.raises(ValueError, match="workspace is for"):
        g.forward(x[:4], params, state, workspace=ws)
    _, _, kept = g.forward(x, params, state)
    with pytest.raises(ValueError, match=r"d_outputs\['h'\]"):
        g.backward({"h": x}, kept)


def test_what_has_no_checkpoints() -> None:
    for target, gradients, steps in (("numpy", True, 0), ("numpy", False, 4), ("c", True, 4)):
        with pytest.raises(LstmSymbolicError, match=f"no checkpoint every {steps} steps"):
            export("lstm", target, gradients=gradients, checkpoint=steps)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "rnn", "--checkpoint", "7"]) == 0
    assert "BETWEEN, OUTPUTS = 7," in capsys.readouterr().out
    assert main(["export", "rnn", "--checkpoint", "0"]) == 2
