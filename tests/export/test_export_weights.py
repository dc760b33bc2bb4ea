"""Conversions of weights: the cell with converted weights computes what torch, onnxruntime and Keras's equations compute, and back."""

from typing import Any

import numpy as np
import pytest
from arrays import DIMS
from exported import draw, load

from lstm_symbolic.cells import Cell, cell, concatenated, transposed
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.export import export

CELLS = {
    **{name: cell(name) for name in ("lstm", "lstm_torch", "lstm_keras", "lstm_no_bias")},
    **{name: cell(name) for name in ("gru_reset_after", "gru_keras", "gru_reset_after_no_bias", "gru", "gru_z_writes", "gru_onnx")},
    **{name: cell(name) for name in ("lstm_peephole", "lstm_onnx")},
    "lstm_concatenated": concatenated(cell("lstm")), "gru_rows": transposed(concatenated(cell("gru"))),
}  # fmt: skip
LSTMS = ("lstm", "lstm_torch", "lstm_keras", "lstm_no_bias", "lstm_concatenated")
AFTER = ("gru_reset_after", "gru_keras", "gru_reset_after_no_bias")
BEFORE = ("gru", "gru_z_writes", "gru_onnx", "gru_rows")
PEEPHOLES = ("lstm_peephole", "lstm_onnx")


def made(label: str, framework: str) -> tuple[Any, Any, Any, Any, Any]:
    """The file; inputs, parameters, state, and its output h."""
    g = load(export(CELLS[label], weights=framework))
    x, params, state = draw(g, DIMS, 4, 2)
    outputs, _, _ = g.forward(x, params, state)
    return g, x, params, state, outputs["H" if "H" in outputs else "h"]


def states(state: Any) -> list[Any]:
    """h, and c where there is one."""
    return [state["H" if "H" in state else "h"], *(v for k, v in state.items() if k in "Cc")]


def back_again(g: Any, framework: str, arrays: Any, x: Any, state: Any, wanted: Any) -> None:
    """Weights that come from the framework give its output; back in the framework they are the same function."""
    returned = getattr(g, f"from_{framework}")(arrays)
    assert {k: v.shape for k, v in returned.items()} == {k: g._shape(s, DIMS) for k, s in g.PARAMETERS.items()}
    outputs, _, _ = g.forward(x, {k: np.ascontiguousarray(v) for k, v in returned.items()}, state)
    assert np.allclose(outputs["H" if "H" in outputs else "h"], wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("label", [*LSTMS, *AFTER])
def test_torch(label: str) -> None:
    torch: Any = pytest.importorskip("torch")
    g, x, params, state, h = made(label, "torch")
    arrays = g.to_torch(params)
    layer = (torch.nn.LSTM if label in LSTMS else torch.nn.GRU)(2, 3, bias="no_bias" not in label, dtype=torch.float64)
    layer.load_state_dict({k: torch.tensor(v) for k, v in arrays.items()})
    start = [torch.tensor(v)[None] for v in states(state)]
    with torch.no_grad():
        theirs, _ = layer(torch.tensor(x), tuple(start) if label in LSTMS else start[0])
    assert np.allclose(theirs.numpy(), h, rtol=1e-12, atol=1e-12)
    torch.manual_seed(3)
    layer.reset_parameters()
    with torch.no_grad():
        theirs, _ = layer(torch.tensor(x), tuple(start) if label in LSTMS else start[0])
    back_again(g, "torch", {k: v.detach().numpy() for k, v in layer.state_dict().items()}, x, state, theirs.numpy())


def run_onnx(arrays: Any, kind: str, x: Any, start: list[Any], after: bool) -> Any:
    helper, ort = pytest.importorskip("onnx").helper, pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    names = ["X", "W", "R", "B" if "B" in arrays else "", "", "h0", *(["c0"] if kind == "LSTM" else []), *(["P"] if "P" in arrays else [])]
    given = {"X": x, **arrays, "h0": start[0][None], **({"c0": start[1][None]} if kind == "LSTM" else {})}
    given = {k: np.asarray(v, dtype=np.float32) for k, v in given.items()}
    more = {} if kind == "LSTM" else {"linear_before_reset": int(after)}
    node = helper.make_node(kind, names, ["Y"], hidden_size=3, **more)
    values = [helper.make_tensor_value_info(k, onnx.TensorProto.FLOAT, v.shape) for k, v in given.items()]
    graph = helper.make_graph([node], "cell", values, [helper.make_tensor_value_info("Y", onnx.TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return ort.InferenceSession(model.SerializeToString()).run(None, given)[0][:, 0]


@pytest.mark.parametrize("label", [*LSTMS, *AFTER, *BEFORE, *PEEPHOLES])
def test_onnx(label: str) -> None:
    """onnxruntime has float32 only."""
    g, x, params, state, h = made(label, "onnx")
    kind = "GRU" if "gru" in label else "LSTM"
    arrays = g.to_onnx(params)
    assert np.allclose(run_onnx(arrays, kind, x, states(state), label in AFTER), h, rtol=1e-5, atol=1e-5)
    rng = np.random.default_rng(9)
    others = {k: rng.standard_normal(v.shape) for k, v in arrays.items()}
    returned = g.from_onnx(others)
    outputs, _, _ = g.forward(x, {k: np.ascontiguousarray(v) for k, v in returned.items()}, state)
    theirs = run_onnx(others, kind, x, states(state), label in AFTER)
    assert np.allclose(outputs["H" if "H" in outputs else "h"], theirs, rtol=1e-4, atol=1e-5)


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def by_keras(arrays: Any, x: Any, start: list[Any], kind: str) -> Any:
    """The step functions of keras.layers.LSTM and GRU, as their source has them (bias of GRU: (2, 3n) with reset_after)."""
    h, c = start[0], start[-1]
    units = h.shape[1]
    kernel, recurrent, bias = arrays["kernel"], arrays["recurrent_kernel"], arrays.get("bias")
    found = []
    for step in x:
        if kind == "lstm":
            z = step @ kernel + h @ recurrent + (0 if bias is None else bias)
            i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            outer, inner = bias if bias is not None and bias.ndim == 2 else (0 if bias is None else bias, 0)
            by_x, by_h = step @ kernel + outer, h @ recurrent + inner
            z, r = (sigmoid(by_x[:, k * units : (k + 1) * units] + by_h[:, k * units : (k + 1) * units]) for k in (0, 1))
            late = r * by_h[:, 2 * units :] if kind == "after" else (r * h) @ recurrent[:, 2 * units :]
            h = z * h + (1 - z) * np.tanh(by_x[:, 2 * units :] + late)
        found.append(h)
    return np.array(found)


@pytest.mark.parametrize("label", [*LSTMS, *AFTER, *BEFORE])
def test_keras(label: str) -> None:
    g, x, params, state, h = made(label, "keras")
    kind = "lstm" if label in LSTMS else "after" if label in AFTER else "before"
    arrays = g.to_keras(params)
    assert arrays["kernel"].shape == (2, (4 if kind == "lstm" else 3) * 3)
    if "bias" in arrays:
        assert arrays["bias"].shape == {"lstm": (12,), "after": (2, 9), "before": (9,)}[kind]
    assert np.allclose(by_keras(arrays, x, states(state), kind), h, rtol=1e-12, atol=1e-12)
    rng = np.random.default_rng(9)
    others = {k: rng.standard_normal(v.shape) for k, v in arrays.items()}
    back_again(g, "keras", others, x, state, by_keras(others, x, states(state), kind))


@pytest.mark.parametrize("framework", ["torch", "keras", "onnx"])
@pytest.mark.parametrize("name", ["lstm_cifg", "rnn", "lstm_no_output_tanh", "mgu", "lstm_goodfellow"])
def test_what_is_another_cell_is_refused(name: str, framework: str) -> None:
    with pytest.raises(LstmSymbolicError, match="is not proved to be an LSTM or GRU of"):
        export(name, weights=framework)


def test_what_counts_is_what_a_gate_does() -> None:
    """Gates that are called something else are found; an LSTM with the forget gate in place of the output gate is refused."""
    lines = list(cell("lstm").plain())
    shapes = {k: f"{r},{c}" for k, (r, c) in cell("lstm").shapes.items()}
    renamed = [line.replace("f[t]", "keep[t]").replace("W_f", "A").replace("U_f", "B").replace("b_f", "d") for line in lines]
    other = {"keep": "n,1", "A": "n,m", "B": "n,n", "d": "n,1"} | {k: v for k, v in shapes.items() if k not in ("f", "W_f", "U_f", "b_f")}
    g = load(export(Cell.from_plain(renamed, shapes=other), weights="torch"))
    forget = np.arange(24.0).reshape(12, 2)
    arrays = {"weight_ih_l0": forget, "weight_hh_l0": np.zeros((12, 3)), "bias_ih_l0": np.zeros(12), "bias_hh_l0": np.zeros(12)}
    assert np.array_equal(g.from_torch(arrays)["A"], forget[3:6])
    wrong = [line.replace("h[t] = o[t]", "h[t] = f[t]") for line in lines]
    with pytest.raises(LstmSymbolicError, match="is not proved"):
        export(Cell.from_plain(wrong, shapes=shapes), weights="torch")


@pytest.mark.parametrize(("label", "framework"), [("gru", "torch"), ("lstm_peephole", "torch"), ("lstm_peephole", "keras")])
def test_what_the_framework_lacks_is_refused(label: str, framework: str) -> None:
    with pytest.raises(LstmSymbolicError, match=f"LSTM or GRU of {framework}"):
        export(label, weights=framework)


def test_bad_arrays_and_targets() -> None:
    g = load(export("lstm", weights="torch"))
    arrays = g.to_torch(g.init({"n": 3, "m": 2}, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="arrays are weight_ih_l0, expected weight_ih_l0, weight_hh_l0"):
        g.from_torch({"weight_ih_l0": arrays["weight_ih_l0"]})
    with pytest.raises(ValueError, match=r"weight_ih_l0 has shape \(9, 2\), expected 4 blocks of 3"):
        g.from_torch({**arrays, "weight_ih_l0": arrays["weight_ih_l0"][:9]})
    with pytest.raises(LstmSymbolicError, match="files for c"):
        export("lstm", target="c", weights="torch")
    with pytest.raises(LstmSymbolicError, match="no weights of 'mxnet'"):
        export("lstm", weights="mxnet")


@pytest.mark.parametrize("target", ["jax", "torch"])
def test_other_targets(target: str) -> None:
    pytest.importorskip(target)
    _, _, params, _, _ = made("lstm_concatenated", "keras")
    other = load(export(CELLS["lstm_concatenated"], target=target, weights="keras"))
    if target == "torch":
        params = {k: pytest.importorskip("torch").tensor(v) for k, v in params.items()}
    arrays = other.to_keras(params)
    for k, v in other.from_keras(arrays).items():
        assert np.allclose(np.asarray(v), np.asarray(params[k]))
