"""The exported ONNX file: its models pass ONNX's checker, and onnxruntime computes with them what the NumPy file computes."""

import ast
from typing import Any

import numpy as np
import pytest
from arrays import DIMS, small
from exported import SUPPORTED, load, zoo

from lstm_symbolic.cells import Cell, cell, concatenated, transposed
from lstm_symbolic.errors import UnsupportedNode
from lstm_symbolic.export import export

#: What is one operator of ONNX; onnxruntime runs it in float32 only.
OPERATORS = (
    "gru", "gru_keras", "gru_no_bias", "gru_onnx", "gru_reset_after", "gru_reset_after_no_bias", "gru_z_writes",
    "lstm", "lstm_keras", "lstm_no_bias", "lstm_onnx", "lstm_peephole", "lstm_torch",
)  # fmt: skip


def run(model: Any, given: dict[str, Any], dtype: str) -> dict[str, Any]:
    session = pytest.importorskip("onnxruntime").InferenceSession(model.SerializeToString())
    results = session.run(None, {k: v.astype(dtype) for k, v in given.items()})
    return dict(zip([o.name for o in session.get_outputs()], results, strict=True))


def agrees(source: str, numpy_file: Any, dtype: str, given: tuple[Any, Any, Any], tolerance: float) -> set[str]:
    pytest.importorskip("onnx")
    x, params, state = given
    outputs, final, _ = numpy_file.forward(x, params, state)
    found = run(load(source).build(params, dtype), {next(iter(numpy_file.INPUTS)): x, **{f"{k}_0": v for k, v in state.items()}}, dtype)
    wanted = {**outputs, **{f"{k}_T": v for k, v in final.items()}}
    for k, v in found.items():
        assert v.shape == wanted[k].shape
        assert np.linalg.norm(v - wanted[k]) <= tolerance * max(float(np.linalg.norm(wanted[k])), 1e-3), k
    return set(wanted) - set(found)


@pytest.mark.parametrize("name", SUPPORTED)
def test_onnxruntime_agrees_with_numpy(name: str) -> None:
    source = export(name, target="onnx")
    missing = agrees(source, zoo(name), "float32", small(name)[:3], 1e-5)
    if name in OPERATORS:
        assert missing <= {"C", "c"}  # the operator gives the memory at the end only
        assert "Scan" not in source
    else:
        assert not missing
        assert not agrees(source, zoo(name), "float64", small(name)[:3], 1e-11)


@pytest.mark.parametrize("c", [concatenated(cell("lstm")), concatenated(cell("lstm_cifg")), transposed(concatenated(cell("mgu")))])
def test_blocks_of_one_parameter(c: Cell) -> None:
    g = load(export(c))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 2, 2))
    params = {k: rng.standard_normal(g._shape(s, DIMS)) for k, s in g.PARAMETERS.items()}
    state = {k: rng.standard_normal((2, 3)) for k in g.STATES}
    agrees(export(c, target="onnx"), g, "float32", (x, params, state), 1e-5)


@pytest.mark.parametrize("name", ["lstm", "mgu"])
def test_bad_parameters_are_named(name: str) -> None:
    pytest.importorskip("onnx")
    g, params = load(export(name, target="onnx")), small(name)[1]
    with pytest.raises(ValueError, match=r"params\['U_f'\] has shape \(3, 2\), expected \('n', 'n'\) with n = 3"):
        g.build({**params, "U_f": params["U_f"][:, :2]})
    with pytest.raises(ValueError, match="params are W, type float32; expected W_f"):
        g.build({"W": params["W_f"]})
    with pytest.raises(ValueError, match="type float16"):
        g.build(params, "float16")


def test_the_file_says_that_it_only_runs_forward() -> None:
    source = export("lstm", target="onnx")
    assert "no backward" in " ".join(source.split())
    assert "def backward" not in source
    evil = Cell.from_plain(["h[t] = tanh(W @ x[t] + U @ h[t - 1])"], title='"""\nimport os; os.abort()\n\\', name="a\nb")
    tree = ast.parse(export(evil, target="onnx"))
    assert {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names} == {"sys", "numpy", "onnx"}


def test_what_onnx_lacks_is_refused() -> None:
    with pytest.raises(UnsupportedNode, match="no operator for erfc"):
        export(Cell.from_plain(["h[t] = erfc(x[t] + h[t - 1])"]), target="onnx")
