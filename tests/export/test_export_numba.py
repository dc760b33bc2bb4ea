"""The exported Numba file: as plain Python for every cell of the zoo (a decorator that does nothing in the place of Numba's), and compiled
for the LSTM where Numba is installed; with LSTM_SYMBOLIC_ALL=1 every cell is compiled. Oracles are torch's stored gradients, and the NumPy
file, which is held to them by tests of its own.
"""

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from arrays import against_stored
from exported import SUPPORTED, draw, load, zoo
from test_export_c import agree, results
from test_export_interface import BAD, DIMS
from test_export_numpy import OTHERS, dims_of

from lstm_symbolic.cells import Cell, cell
from lstm_symbolic.errors import UnsupportedNode
from lstm_symbolic.export import export

HERE = importlib.util.find_spec("numba") is not None
COMPILED = (SUPPORTED if os.environ.get("LSTM_SYMBOLIC_ALL") else ("lstm",)) if HERE else ()
MASK = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 0, 0]])


def interpreted(c: Cell) -> ModuleType:
    """The file with a decorator that does nothing."""
    source = export(c, "numba")
    assert source.count("from numba import njit\n") == 1
    return load(source.replace("from numba import njit\n", "def njit(**options):\n    return lambda function: function\n"))


@cache
def slow(name: str) -> ModuleType:
    return interpreted(cell(name))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("numba")


@cache
def fast(name: str, folder: Path) -> ModuleType:
    """The file itself, imported: Numba keeps what it compiled beside it."""
    path = folder / f"{name}.py"
    path.write_text(export(name, "numba"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where Numba looks when it loads what it kept
    spec.loader.exec_module(module)
    return module


def says_the_same(g: ModuleType, name: str, mask: Any) -> None:
    x, params, state = draw(zoo(name), dims_of(cell(name)), 5, 3)
    if isinstance(x, np.ndarray) and mask is not None:
        x = np.where(mask[..., None], x, np.nan)  # what stands there is never read
    expected = results(zoo(name), x, params, state, mask=mask)
    agree(results(g, x, params, state, mask=mask), expected, 1e-12)
    narrow = [{k: v.astype("f4") for k, v in arrays.items()} for arrays in (params, state)]
    found = results(g, x.astype("f4"), *narrow, mask=mask)
    assert all(v.dtype == np.float32 for v in found.values())
    agree(found, expected, 1e-5)


@pytest.mark.parametrize("name", SUPPORTED)
def test_gradients_against_torch(name: str) -> None:
    against_stored(name, slow(name))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", SUPPORTED)
def test_the_numpy_file_says_the_same(name: str, masked: bool) -> None:
    """Gradients of outputs and of the final state, masks, in float64 and float32."""
    says_the_same(slow(name), name, MASK if masked else None)


@pytest.mark.parametrize("label", OTHERS)
def test_other_systems(label: str) -> None:
    assert interpreted(OTHERS[label]).check_gradients() < 1e-7


@pytest.mark.parametrize("label", BAD)
def test_bad_input_is_named(label: str) -> None:
    change, message = BAD[label]
    g = slow("lstm")
    x, params, state = draw(zoo("lstm"), DIMS)
    arguments: dict[str, Any] = {"x": x, "params": params, "state": state}
    change(arguments)
    if "workspace" in arguments:  # of another file
        key = arguments["workspace"].key
        arguments["workspace"] = g.workspace(key[0], key[1], DIMS, key[-1])
    with pytest.raises(ValueError, match=message):
        g.forward(**arguments)


@pytest.mark.parametrize(("steps", "batch"), [(0, 3), (5, 0), (0, 0), (1, 1), (4, 1)])
def test_empty_and_single(steps: int, batch: int) -> None:
    x, params, state = draw(zoo("lstm"), DIMS, steps, batch)
    agree(results(slow("lstm"), x, params, state), results(zoo("lstm"), x, params, state), 1e-12)


def test_arrays_that_are_no_blocks_or_may_not_be_written() -> None:
    x, params, state = draw(zoo("lstm"), DIMS)
    expected = results(zoo("lstm"), x, params, state)
    turned = {k: np.asfortranarray(v) for k, v in params.items()}
    for a in (x, *turned.values(), *state.values()):
        a.setflags(write=False)
    agree(results(slow("lstm"), np.repeat(x, 2, axis=2)[:, :, ::2], turned, state), expected, 1e-12)
    agree(results(slow("lstm"), x, turned, state), expected, 1e-12)


def test_workspaces_and_caches() -> None:
    g = slow("lstm")
    x, params, state = draw(zoo("lstm"), DIMS)
    ws = g.workspace(5, 3, DIMS)
    outputs, _, cache = g.forward(x, params, state, workspace=ws)
    ups = {"h": np.ones(outputs["h"].shape)}
    expected = {k: v.copy() for k, v in g.backward(ups, cache)[0].items()}
    agree(g.backward(ups, cache)[0], expected, 0)
    g.forward(2 * x, params, workspace=ws)
    with pytest.raises(ValueError, match="stale"):
        g.backward(ups, cache)
    _, _, cache = g.forward(x, params, state, workspace=ws)
    agree(g.backward(ups, cache)[0], expected, 0)
    _, _, cache = g.forward(x, params, state)
    once = g.backward(ups, cache)
    kept = once[1].copy()
    g.backward({"h": 2 * ups["h"]}, cache)
    assert np.array_equal(kept, once[1])
    with pytest.raises(ValueError, match=r"d_outputs\['h'\]"):
        g.backward({"h": x}, cache)


def test_forward_only() -> None:
    source = export("gru", "numba", gradients=False)
    assert "def backward" not in source
    assert "def _backward" not in source


def test_what_has_no_loop_is_refused() -> None:
    with pytest.raises(UnsupportedNode):
        export("conv_lstm", "numba")


def test_ruff_finds_nothing(tmp_path: Path) -> None:
    for name in ("lstm", "lstm_fgr"):
        (tmp_path / f"{name}.py").write_text(export(name, "numba"), encoding="utf-8")
    found = subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", str(tmp_path)], capture_output=True, text=True)
    assert found.returncode == 0 or "No module named ruff" in found.stderr, found.stdout


@pytest.mark.parametrize("name", COMPILED)
def test_compiled(name: str, folder: Path) -> None:
    """What the compiler makes of it: torch's gradients, masks, float32."""
    g = fast(name, folder)
    against_stored(name, g)
    for mask in (None, MASK):
        says_the_same(g, name, mask)
    for steps, batch in ((0, 3), (5, 0), (4, 1)):
        x, params, state = draw(zoo(name), dims_of(cell(name)), steps, batch)
        agree(results(g, x, params, state), results(zoo(name), x, params, state), 1e-12)
    frozen = draw(zoo(name), dims_of(cell(name)), 5, 3)
    for a in (*frozen[1].values(), *frozen[2].values(), frozen[0]):
        a.setflags(write=False)
    agree(results(g, *frozen), results(zoo(name), *frozen), 1e-12)
