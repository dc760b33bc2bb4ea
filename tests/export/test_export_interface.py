"""The interface of the exported file: types, layouts, workspaces, and what it says to bad input."""

import ast
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import SUPPORTED, draw, load, zoo

from lstm_symbolic.cells import cell
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.export import explain, export, plan

DIMS = {"n": 4, "m": 3}


def lstm() -> Any:
    return zoo("lstm")


def test_parameters_are_the_cell_s_own() -> None:
    g = lstm()
    assert g.PARAMETERS["W_f"] == ("n", "m")
    assert g.PARAMETERS["b_o"] == ("n", "1")
    made = g.init({"n": 64, "m": 32}, np.random.default_rng(0), "float32")
    assert made["U_i"].shape == (64, 64)
    assert made["U_i"].dtype == np.float32


@pytest.mark.parametrize("name", SUPPORTED)
def test_float32(name: str) -> None:
    g = zoo(name)
    dims = {k: 3 for shape in [*g.PARAMETERS.values(), (*g.INPUTS.values(), *g.STATES.values())] for k in "nmpqk" if k in "".join(shape)}
    x, params, state = draw(g, dims)
    results = []
    for dtype in ("float64", "float32"):
        narrow = [{k: v.astype(dtype) for k, v in arrays.items()} for arrays in (params, state)]
        outputs, _, cache = g.forward(x.astype(dtype), *narrow)
        d_params, d_x, d_state = g.backward({k: np.ones_like(v) for k, v in outputs.items()}, cache)
        results.append({**outputs, **{f"d_{k}": v for k, v in {**d_params, **d_state}.items()}, "d_x": d_x})
        assert all(v.dtype == dtype for v in results[-1].values())
    for k, v in results[0].items():
        assert np.linalg.norm(results[1][k] - v) <= 1e-5 * np.linalg.norm(v) + 1e-12, k


def run(g: Any, x: Any, params: Any, state: Any, **more: Any) -> list[Any]:
    outputs, final, cache = g.forward(x, params, state, **more)
    d_params, d_x, d_state = g.backward({k: v * 0 + 1 for k, v in outputs.items()}, cache, {k: v * 0 + 2 for k, v in final.items()})
    return [*outputs.values(), *final.values(), *d_params.values(), d_x, *d_state.values()]


def test_memory_order_does_not_matter() -> None:
    g = lstm()
    x, params, state = draw(g, DIMS)
    turned = [np.asfortranarray(x), {k: np.asfortranarray(v) for k, v in params.items()}, {k: v[::-1][::-1] for k, v in state.items()}]
    wide = np.repeat(x, 2, axis=2)[:, :, ::2]
    for other in ((turned[0], turned[1], turned[2]), (wide, params, state)):
        assert all(np.allclose(a, b, rtol=1e-13) for a, b in zip(run(g, x, params, state), run(g, *other), strict=True))


@pytest.mark.parametrize(("steps", "batch"), [(0, 3), (5, 0), (0, 0), (1, 1), (1, 3), (5, 1)])
def test_empty_and_single(steps: int, batch: int) -> None:
    g = lstm()
    x, params, state = draw(g, DIMS, steps, batch)
    outputs, final, cache = g.forward(x, params, state)
    assert outputs["h"].shape == (steps, batch, 4)
    assert steps or np.array_equal(final["C"], state["C"])
    d_params, d_x, d_state = g.backward({}, cache, {"C": np.ones((batch, 4))})
    assert d_x.shape == x.shape
    assert all(d_params[k].shape == params[k].shape for k in params)
    assert steps or not any(v.any() for v in d_params.values())
    assert steps or d_state["C"].all()


def test_nan_goes_through() -> None:
    g = lstm()
    x, params, state = draw(g, DIMS)
    x[2, 1, 0] = np.nan
    outputs, _, _ = g.forward(x, params, state)
    assert np.isnan(outputs["h"][2:, 1]).all()
    assert not np.isnan(outputs["h"][:, [0, 2]]).any()


def test_a_workspace_gives_the_same_without_allocating_in_the_loop() -> None:
    g = lstm()
    steps = 200
    x, params, state = draw(g, {"n": 8, "m": 5}, steps, 4)
    ws = g.workspace(steps, 4, {"n": 8, "m": 5}, np.float64)
    first = [a.copy() for a in run(g, x, params, state, workspace=ws)]
    assert all(np.array_equal(a, b) for a, b in zip(first, run(g, x, params, state), strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(first, run(g, x, params, state, workspace=ws), strict=True))
    tracemalloc.start()
    outputs, _, cache = g.forward(x, params, state, workspace=ws)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000  # one step of the outputs is 512 bytes, a whole array 51200
    assert outputs["h"].base is not None
    del cache


def test_results_without_a_workspace_are_fresh() -> None:
    g = lstm()
    x, params, state = draw(g, DIMS)
    first = run(g, x, params, state)
    kept = [a.copy() for a in first]
    run(g, x + 1, params, state)
    assert all(np.array_equal(a, b) for a, b in zip(first, kept, strict=True))


def test_backward_may_be_called_twice_and_not_on_a_stale_cache() -> None:
    g = lstm()
    x, params, state = draw(g, DIMS)
    ws = g.workspace(5, 3, DIMS)
    outputs, _, cache = g.forward(x, params, state, workspace=ws)
    ups = {"h": np.ones(outputs["h"].shape)}
    once, again = g.backward(ups, cache), g.backward(ups, cache)
    assert all(np.array_equal(once[0][k], again[0][k]) for k in params)
    g.forward(x, params, state, workspace=ws)
    with pytest.raises(ValueError, match="stale"):
        g.backward(ups, cache)


BAD: dict[str, tuple[Any, str]] = {
    "x without batch": (lambda a: a.update(x=a["x"][0]), r"x is float64 of shape \(3, 3\)"),
    "x of another size": (lambda a: a.update(x=a["x"][..., :2]), r"x is float64 of shape \(5, 3, 2\), expected .* \(5, 3, 3\)"),
    "x of integers": (lambda a: a.update(x=a["x"].astype(int)), "x is int64 .* expected float64"),
    "x is a list": (lambda a: a.update(x=a["x"].tolist()), "x is list"),
    "x is nothing": (lambda a: a.update(x=None), "x is NoneType"),
    "other byte order": (lambda a: a.update(x=a["x"].astype(">f8")), "x is >f8"),
    "mixed types": (lambda a: a["params"].update(W_f=a["params"]["W_f"].astype("f4")), r"params\['W_f'\] is float32 .* expected float64"),
    "a parameter turned": (lambda a: a["params"].update(W_f=a["params"]["W_f"].T), r"params\['W_f'\] is .*\(3, 4\), expected .*\(4, 3\)"),
    "a bias without columns": (lambda a: a["params"].update(b_f=a["params"]["b_f"][:, 0]), r"params\['b_f'\] .* \(4,\), .* \(4, 1\)"),
    "a parameter missing": (lambda a: a["params"].pop("U_o"), "params is a dictionary of .* expected a dictionary of W_f"),
    "a parameter too many": (lambda a: a["params"].update(V=a["x"]), "params is a dictionary of .*, V, expected"),
    "parameters as a list": (lambda a: a.update(params=[1]), "params is list, expected"),
    "a state of another size": (lambda a: a["state"].update(h=a["x"][0]), r"state\['h'\] is .*\(3, 3\), expected .*\(3, 4\)"),
    "an unknown state": (lambda a: a["state"].update(c=a["x"][0]), "state is a dictionary of C, h, c, expected a dictionary of C, h"),
    "a state as an array": (lambda a: a.update(state=a["state"]["h"]), "state is ndarray"),
    "a mask of another shape": (lambda a: a.update(mask=np.ones((3, 5))), r"mask has shape \(3, 5\), expected \(5, 3\)"),
    "a mask of halves": (lambda a: a.update(mask=np.full((5, 3), 0.5)), "nothing but 0 and 1"),
    "a workspace of another size": (lambda a: a.update(workspace=zoo("lstm").workspace(4, 3, DIMS)), "workspace is for"),
    "a workspace of another type": (lambda a: a.update(workspace=zoo("lstm").workspace(5, 3, DIMS, "float32")), "workspace is for"),
}


@pytest.mark.parametrize("after", ["nothing", "a right call"])
@pytest.mark.parametrize("label", BAD)
def test_bad_input_is_named(label: str, after: str) -> None:
    """Also where the workspace has seen right arrays, which are not checked again."""
    change, message = BAD[label]
    x, params, state = draw(lstm(), DIMS)
    arguments = {"x": x, "params": params, "state": state}
    if after == "a right call":
        arguments["workspace"] = lstm().workspace(5, 3, DIMS)
        lstm().forward(**arguments)
    change(arguments)
    with pytest.raises(ValueError, match=message):
        lstm().forward(**arguments)


def test_bad_gradients_are_named() -> None:
    g = lstm()
    x, params, state = draw(g, DIMS)
    _, _, cache = g.forward(x, params, state)
    for ups, ends, message in (
        ({"h": x}, None, r"d_outputs\['h'\] is .*\(5, 3, 3\), expected .*\(5, 3, 4\)"),
        ({"y": x}, None, "d_outputs is a dictionary of y"),
        (x, None, "d_outputs is ndarray"),
        (None, {"h": x}, r"d_state\['h'\]"),
    ):
        with pytest.raises(ValueError, match=message):
            g.backward(ups, cache, ends)
    with pytest.raises(ValueError, match="dims is"):
        g.init({"n": 3}, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["lstm", "gru", "sru", "lstm_fgr"])
def test_the_file_is_readable(name: str, tmp_path: Path) -> None:
    """Ruff finds nothing, only numpy is imported, no line is too wide, the check runs; the LSTM has less than 200 lines."""
    path = tmp_path / "cell.py"
    path.write_text(export(name), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 140 or name == "lstm_fgr"  # whose equations are wider
    assert name != "lstm" or len(lines) < 200
    imported = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert [a.name for n in imported for a in n.names] == ["numpy"]
    found = subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", str(path)], capture_output=True, text=True)
    assert found.returncode == 0 or "No module named ruff" in found.stderr, found.stdout
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "gradient error" in done.stdout


def test_one_type_and_forward_only() -> None:
    g = load(export("lstm", dtype="float32", gradients=False))
    assert not hasattr(g, "backward")
    x, params, state = draw(lstm(), DIMS)
    narrow = (x.astype("f4"), {k: v.astype("f4") for k, v in params.items()}, {k: v.astype("f4") for k, v in state.items()})
    assert np.allclose(g.forward(*narrow)[0]["h"], lstm().forward(x, params, state)[0]["h"], atol=1e-6)
    with pytest.raises(ValueError, match="expected float32"):
        g.forward(x, params, state)


def test_unknown_targets_and_types() -> None:
    with pytest.raises(LstmSymbolicError, match="no target 'fortran'"):
        export("lstm", target="fortran")
    with pytest.raises(LstmSymbolicError, match="no type"):
        export("lstm", dtype="float16")


def test_the_lstm_is_scheduled_as_by_hand() -> None:
    """One product, seven elementwise calls a step; two junctions; the whole LSTM in the words of --explain."""
    text = explain(plan(cell("lstm")))
    forward = text.partition("forward, at step t\n")[2].partition("\n\n")[0]
    assert forward.count("\n") == 7
    assert text.count("d_h =") == text.count("d_C =") == 1
