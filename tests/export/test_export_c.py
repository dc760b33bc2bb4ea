"""The exported C, compiled and called through its Python file: against torch, the exported NumPy, and its own differences.

A handful of cells runs here; with LSTM_SYMBOLIC_ALL=1 every cell of the zoo that has a schedule does.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from arrays import against_stored
from exported import SUPPORTED, draw, zoo
from test_export_interface import BAD, DIMS
from test_export_numpy import OTHERS, dims_of

from lstm_symbolic.cells import Cell, cell
from lstm_symbolic.cli import main
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.export import beside, export

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")

FEW = ("lstm", "gru", "lstm_peephole", "rhn", "qrnn")
CHOSEN = SUPPORTED if os.environ.get("LSTM_SYMBOLIC_ALL") else FEW
FEW_OTHERS = ("rows, concatenated", "layers", "constants", "two inputs", "kinks")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


def built(c: Cell, name: str, folder: Path) -> ModuleType:
    """The two files, written and imported."""
    path = folder / f"{name}.py"
    if not path.exists():
        path.with_suffix(".c").write_text(export(c, "c"), encoding="utf-8")
        path.write_text(beside(c, "c")[".py"], encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def compiled(name: str, folder: Path) -> ModuleType:
    return built(cell(name), name, folder)


@pytest.mark.parametrize("name", CHOSEN)
def test_gradients_against_torch(name: str, folder: Path) -> None:
    """Non-zero initial state, upstream at every step on every output, several sizes: stored results of torch in float64."""
    against_stored(name, compiled(name, folder))


def results(g: Any, x: Any, params: Any, state: Any, **more: Any) -> dict[str, Any]:
    outputs, final, cache = g.forward(x, params, state, **more)
    rng = np.random.default_rng(5)

    def ups(values: dict[str, Any]) -> dict[str, Any]:
        return {k: rng.standard_normal(v.shape).astype(v.dtype) for k, v in values.items()}

    d_params, d_x, d_state = g.backward(ups(outputs), cache, ups(final))
    d_inputs = d_x if isinstance(d_x, dict) else {"x": d_x}
    parts = {"": outputs, "final ": final, "d_": d_params, "d_input ": d_inputs, "d_start ": d_state}
    return {label + k: v for label, values in parts.items() for k, v in values.items()}


def agree(mine: dict[str, Any], theirs: dict[str, Any], bound: float) -> None:
    assert list(mine) == list(theirs)
    for k, v in theirs.items():
        assert mine[k].shape == v.shape, k
        assert np.linalg.norm(mine[k] - v) <= bound * np.linalg.norm(v) + 1e-30, k


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", CHOSEN)
def test_the_numpy_file_says_the_same(name: str, masked: bool, folder: Path) -> None:
    """Gradients of outputs and of the final state, masks (what stands there may be NaN), in float64 and float32."""
    g, theirs = compiled(name, folder), zoo(name)
    x, params, state = draw(theirs, dims_of(cell(name)), 5, 3)
    mask = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 0, 0]]) if masked else None
    x = np.where(mask[..., None], x, np.nan) if mask is not None else x
    expected = results(theirs, x, params, state, mask=mask)
    agree(results(g, x, params, state, mask=mask), expected, 1e-13)
    if CHOSEN == FEW and name not in FEW[:2]:
        return  # each type is compiled for itself, which takes seconds
    narrow = [{k: v.astype("f4") for k, v in arrays.items()} for arrays in (params, state)]
    agree(results(g, x.astype("f4"), *narrow, mask=mask), expected, 1e-5)


@pytest.mark.parametrize("label", OTHERS if os.environ.get("LSTM_SYMBOLIC_ALL") else FEW_OTHERS)
def test_other_systems(label: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLAGS", "-O1")  # which compiles faster
    c = OTHERS[label]
    g = built(c, re_name(label), folder)
    assert g.check_gradients() < 1e-7


def re_name(label: str) -> str:
    return "other_" + "".join(a if a.isalnum() else "_" for a in label)


@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (33, 1), (3, 2), (7, 37), (300, 1), (0, 3), (5, 0)])
def test_sizes_around_panels_and_chunks(steps: int, batch: int, folder: Path) -> None:
    """Panels have 16 and 32 columns, kernels 8 rows, chunks 256: sizes on both sides of each, and none at all."""
    for n, m in ((1, 1), (9, 35), (67, 2)) if steps * batch < 100 else ((9, 35),):
        x, params, state = draw(zoo("lstm"), {"n": n, "m": m}, steps, batch)
        agree(results(compiled("lstm", folder), x, params, state), results(zoo("lstm"), x, params, state), 1e-12)


def test_wide_products(folder: Path) -> None:
    """More than 256 rows of a panel, more than 128 rows of a factor."""
    x, params, state = draw(zoo("gru"), {"n": 300, "m": 270}, 3, 140)
    agree(results(compiled("gru", folder), x, params, state), results(zoo("gru"), x, params, state), 1e-12)


@pytest.mark.parametrize("name", ["lstm", "lstm_peephole", "gru"])
def test_threads_share_a_call(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three threads, however small the call: samples of a step, panels of weights, rows of their gradients; a mask; a second chunk."""
    monkeypatch.setenv("CFLAGS", "-O1 -fopenmp -DSHARED=0")
    g = built(cell(name), f"shared_{name}", folder)
    try:
        library = g._library(np.dtype("f8"))
    except RuntimeError as error:
        pytest.skip(f"no OpenMP: {error}")
    library.omp_set_num_threads(3)
    for steps, batch in ((40, 13), (3, 2), (2, 300), (0, 3)):
        x, params, state = draw(zoo(name), {"n": 37, "m": 70}, steps, batch)
        mask = np.random.default_rng(0).integers(0, 2, (steps, batch))
        for more in ({}, {"mask": mask}):
            agree(results(g, x, params, state, **more), results(zoo(name), x, params, state, **more), 1e-12)


def test_extreme_pre_activations(folder: Path) -> None:
    """C = sigmoid(x) tanh(x) from zero: gates that saturate, NaN and infinity, relative accuracy near 0 (of normal numbers)."""
    g = compiled("lstm", folder)
    values = np.array([0, 1e-30, -1e-6, 1e-3, 0.3, -2, 30, -80, -300, 5000, -1e30, np.inf, np.nan])
    with np.errstate(over="ignore"):
        expected = np.tanh(values) / (1 + np.exp(-values))
    for dtype, relative, least in (("f8", 1e-14, 1e-300), ("f4", 1e-6, 1e-37)):
        params = {k: (np.ones if k[0] == "W" else np.zeros)((1, 1), dtype) for k in g.PARAMETERS}
        outputs, _, _ = g.forward(values.reshape(1, -1, 1).astype(dtype), params)
        assert np.allclose(outputs["C"].ravel(), expected, rtol=relative, atol=least, equal_nan=True)


@pytest.mark.parametrize("label", [k for k in BAD if "workspace" not in k])
def test_bad_input_is_named(label: str, folder: Path) -> None:
    change, message = BAD[label]
    x, params, state = draw(zoo("lstm"), DIMS)
    arguments = {"x": x, "params": params, "state": state}
    change(arguments)
    with pytest.raises(ValueError, match=message):
        compiled("lstm", folder).forward(**arguments)


def test_a_workspace_sees_new_values_and_new_arrays(folder: Path) -> None:
    """The arrays of the last call are not checked again; what stands in them is read again, and others are checked."""
    g = compiled("lstm", folder)
    x, params, state = draw(zoo("lstm"), DIMS)
    ws = g.workspace(5, 3, DIMS)
    for change in (lambda: None, lambda: None, lambda: x.__imul__(2), lambda: params["U_f"].__iadd__(1), lambda: state["h"].fill(0)):
        change()
        agree(results(g, x, params, state, workspace=ws), results(zoo("lstm"), x, params, state), 1e-13)
    swapped = {**params, "W_f": params["W_i"], "W_i": params["W_f"]}
    other = {k: swapped[k] for k in ("W_i", "U_f", "b_f", "W_f", *list(params)[4:])}
    assert [id(a) for a in other.values()] == [id(a) for a in params.values()]
    agree(results(g, x, other, state, workspace=ws), results(zoo("lstm"), x, other, state), 1e-13)
    agree(results(g, np.asfortranarray(x), params, state, workspace=ws), results(zoo("lstm"), x, params, state), 1e-13)
    with pytest.raises(ValueError, match="x is float64 of shape"):
        g.forward(x[..., :2], params, state, workspace=ws)
    with pytest.raises(ValueError, match="workspace is for"):
        g.forward(x[:4], params, state, workspace=ws)


def test_caches(folder: Path) -> None:
    g = compiled("lstm", folder)
    x, params, state = draw(zoo("lstm"), DIMS)
    ws = g.workspace(5, 3, DIMS)
    outputs, _, cache = g.forward(x, params, state, workspace=ws)
    g.forward(x, params, state, workspace=ws)
    with pytest.raises(ValueError, match="stale"):
        g.backward({}, cache)
    _, _, cache = g.forward(x, params, state)
    ups = {"h": np.ones(outputs["h"].shape)}
    once = g.backward(ups, cache)
    kept = once[1].copy()
    g.backward({"h": 2 * ups["h"]}, cache)
    assert np.array_equal(kept, once[1])
    with pytest.raises(ValueError, match=r"d_outputs\['h'\]"):
        g.backward({"h": x}, cache)


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    g = built(cell("rnn"), "rnn", tmp_path)
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(RuntimeError, match=r"no C compiler 'no-such-compiler': set CC, or build .*rnn\.double\.so"):
        g.workspace(1, 1, {"n": 1, "m": 1})


def test_the_command_writes_both_files(tmp_path: Path) -> None:
    """What the build line makes is loaded; no compiler is needed then."""
    assert main(["export", "rnn", "--target", "c", "-o", str(tmp_path / "cell.c")]) == 0
    line = next(a for a in (tmp_path / "cell.c").read_text(encoding="utf-8").splitlines() if "Build:" in a)
    command = line.split("Build: ")[1].split(" (")[0].replace("float", "double").split()
    subprocess.run([*command, "-Wall", "-Werror", "-Wno-unused-function", "-Wno-unknown-pragmas", "cell.c", "-o", "cell.double.so", "-lm"],
                   cwd=tmp_path, check=True)  # fmt: skip
    done = subprocess.run([sys.executable, "cell.py"], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "CC": "none"})
    assert done.returncode == 0, done.stderr
    assert "gradient error" in done.stdout
    found = subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "cell.py"], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0 or "No module named ruff" in found.stderr, found.stdout


def test_forward_only(folder: Path) -> None:
    c = cell("gru")
    path = folder / "forward_only.py"
    path.with_suffix(".c").write_text(export(c, "c", gradients=False), encoding="utf-8")
    path.write_text(beside(c, "c", gradients=False)[".py"], encoding="utf-8")
    g = built(c, "forward_only", folder)
    assert not hasattr(g, "backward")
    x, params, state = draw(zoo("gru"), DIMS)
    assert np.allclose(g.forward(x, params, state)[0]["h"], zoo("gru").forward(x, params, state)[0]["h"], rtol=1e-13)


def test_no_text_of_a_document_becomes_code() -> None:
    evil = Cell.from_plain(["h[t] = tanh(W @ x[t] + U @ h[t - 1])"], title="*/ int main() {\n#define REAL", paper="*/ /* \\", name="a\nb")
    source = export(evil, "c")
    comment, _, code = source.partition("*/")
    assert "int main" not in code
    assert "/*" not in comment[2:]
    words = Cell.from_plain(["double[t] = tanh(int @ x[t] + REAL @ double[t - 1] + memset)"])
    assert "p_int" in export(words, "c")
    with pytest.raises(LstmSymbolicError):
        export("conv_lstm", "c")
