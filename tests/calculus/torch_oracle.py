"""Every cell of the zoo typed by hand for torch, and its gradients by torch's own backward pass in float64: nothing of ours computes.

Vectors are rows here, a batch of them a matrix; a parameter has the shape that the cell gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cases import BATCH, Case

torch = pytest.importorskip("torch")
exp, log, sigmoid, tanh = torch.exp, torch.log, torch.sigmoid, torch.tanh

Tensor = Any
Values = dict[str, Tensor]
Step = Callable[..., Values]


def gate(p: Values, k: str, x: Tensor, h: Tensor, bias: str = "b") -> Tensor:
    total = x @ p["W_" + k].T + h @ p["U_" + k].T
    return total + p[f"{bias}_{k}"].T if f"{bias}_{k}" in p else total


def rnn(p: Values, s: Values, x: Tensor) -> Values:
    return {"h": tanh(x @ p["W"].T + s["h"] @ p["U"].T + (p["b"].T if "b" in p else 0))}


def lstm_peephole_only(p: Values, s: Values, x: Tensor) -> Values:
    c = sigmoid(gate(p, "f", x, s["C"])) * s["C"] + sigmoid(gate(p, "i", x, s["C"])) * tanh(x @ p["W_C"].T + p["b_C"].T)
    return {"C": c, "h": sigmoid(gate(p, "o", x, s["C"])) * tanh(c)}


def lstm(p: Values, s: Values, x: Tensor) -> Values:
    c = sigmoid(gate(p, "f", x, s["h"])) * s["C"] + sigmoid(gate(p, "i", x, s["h"])) * tanh(gate(p, "C", x, s["h"]))
    return {"C": c, "h": sigmoid(gate(p, "o", x, s["h"])) * tanh(c)}


def lstm_no_output_tanh(p: Values, s: Values, x: Tensor) -> Values:
    c = lstm(p, s, x)["C"]
    return {"C": c, "h": sigmoid(gate(p, "o", x, s["h"])) * c}


def lstm_projection(p: Values, s: Values, x: Tensor) -> Values:
    new = lstm(p, s, x)
    return {"C": new["C"], "h": new["h"] @ p["W_h"].T}


def lstm_1997(p: Values, s: Values, x: Tensor) -> Values:
    c = s["C"] + sigmoid(gate(p, "i", x, s["h"])) * (4 * sigmoid(gate(p, "C", x, s["h"])) - 2)
    return {"C": c, "h": sigmoid(gate(p, "o", x, s["h"])) * (2 * sigmoid(c) - 1)}


def lstm_cifg(p: Values, s: Values, x: Tensor) -> Values:
    f = sigmoid(gate(p, "f", x, s["h"]))
    c = f * s["C"] + (1 - f) * tanh(gate(p, "C", x, s["h"]))
    return {"C": c, "h": sigmoid(gate(p, "o", x, s["h"])) * tanh(c)}


def peephole(without: str = "") -> Step:
    """Greff's vanilla LSTM, and what is left of it: a gate that is left out is 1."""

    def step(p: Values, s: Values, x: Tensor) -> Values:
        def opened(k: str, c: Tensor) -> Tensor:
            return torch.ones_like(c) if k == without else sigmoid(gate(p, k, x, s["h"]) + c * p["p_" + k].T)

        z = gate(p, "C", x, s["h"])
        c = opened("f", s["C"]) * s["C"] + opened("i", s["C"]) * (z if without == "input activation" else tanh(z))
        return {"C": c, "h": opened("o", c) * tanh(c)}

    return step


def lstm_fgr(p: Values, s: Values, x: Tensor) -> Values:
    def full(k: str, c: Tensor) -> Tensor:
        gates = s["i"] @ p["R_i" + k].T + s["f"] @ p["R_f" + k].T + s["o"] @ p["R_o" + k].T
        return sigmoid(gate(p, k, x, s["h"]) + gates + c * p["p_" + k].T)

    i, f = full("i", s["C"]), full("f", s["C"])
    c = f * s["C"] + i * tanh(gate(p, "C", x, s["h"]))
    o = full("o", c)
    return {"i": i, "f": f, "o": o, "C": c, "h": o * tanh(c)}


def lstm_torch(p: Values, s: Values, x: Tensor) -> Values:
    i, f, g, o = (gate(p, k, x, s["h"]) + p["c_" + k].T for k in "ifgo")
    c = sigmoid(f) * s["C"] + sigmoid(i) * tanh(g)
    return {"C": c, "h": sigmoid(o) * tanh(c)}


def lstm_keras(p: Values, s: Values, x: Tensor) -> Values:
    i, f, z, o = (x @ p["W_" + k] + s["h"] @ p["U_" + k] + p["b_" + k] for k in "ifco")
    c = sigmoid(f) * s["c"] + sigmoid(i) * tanh(z)
    return {"c": c, "h": sigmoid(o) * tanh(c)}


def onnx_gate(p: Values, k: str, x: Tensor, h: Tensor) -> Tensor:
    return x @ p["W_" + k] + h @ p["R_" + k] + p["b_" + k] + p["c_" + k]


def lstm_onnx(p: Values, s: Values, x: Tensor) -> Values:
    i, f = (sigmoid(onnx_gate(p, k, x, s["H"]) + p["P_" + k] * s["C"]) for k in "if")
    c = f * s["C"] + i * tanh(onnx_gate(p, "c", x, s["H"]))
    return {"C": c, "H": sigmoid(onnx_gate(p, "o", x, s["H"]) + p["P_o"] * c) * tanh(c)}


def gru_onnx(p: Values, s: Values, x: Tensor) -> Values:
    z, r = (sigmoid(onnx_gate(p, k, x, s["H"])) for k in "zr")
    return {"H": (1 - z) * tanh(onnx_gate(p, "h", x, r * s["H"])) + z * s["H"]}


def gru_keras(p: Values, s: Values, x: Tensor) -> Values:
    z, r = (sigmoid(x @ p["W_" + k] + p["b_" + k] + s["h"] @ p["U_" + k] + p["c_" + k]) for k in "zr")
    new = tanh(x @ p["W_h"] + p["b_h"] + r * (s["h"] @ p["U_h"] + p["c_h"]))
    return {"h": z * s["h"] + (1 - z) * new}


def relevance(p: Values, a: Tensor, x: Tensor) -> Tensor:
    return tanh(gate(p, "c", x, sigmoid(gate(p, "r", x, a)) * a))


def lstm_cs230(p: Values, s: Values, x: Tensor) -> Values:
    c = sigmoid(gate(p, "u", x, s["a"])) * relevance(p, s["a"], x) + sigmoid(gate(p, "f", x, s["a"])) * s["c"]
    return {"c": c, "a": sigmoid(gate(p, "o", x, s["a"])) * c}


def gru_cs230(p: Values, s: Values, x: Tensor) -> Values:
    u = sigmoid(gate(p, "u", x, s["a"]))
    c = u * relevance(p, s["a"], x) + (1 - u) * s["c"]
    return {"c": c, "a": c}


def gru(p: Values, s: Values, x: Tensor) -> Values:
    r, z = sigmoid(gate(p, "r", x, s["h"])), sigmoid(gate(p, "z", x, s["h"]))
    return {"h": z * s["h"] + (1 - z) * tanh(gate(p, "h", x, r * s["h"]))}


def gru_z_writes(p: Values, s: Values, x: Tensor) -> Values:
    r, z = sigmoid(gate(p, "r", x, s["h"])), sigmoid(gate(p, "z", x, s["h"]))
    return {"h": (1 - z) * s["h"] + z * tanh(gate(p, "h", x, r * s["h"]))}


def after(p: Values, x: Tensor, h: Tensor, r: Tensor) -> Tensor:
    biases = (p["b_h"].T, p["c_h"].T) if "b_h" in p else (0, 0)
    return tanh(x @ p["W_h"].T + biases[0] + r * (h @ p["U_h"].T + biases[1]))


def gru_reset_after(p: Values, s: Values, x: Tensor) -> Values:
    r, z = sigmoid(gate(p, "r", x, s["h"])), sigmoid(gate(p, "z", x, s["h"]))
    return {"h": z * s["h"] + (1 - z) * after(p, x, s["h"], r)}


def ugrnn(p: Values, s: Values, x: Tensor) -> Values:
    z = sigmoid(gate(p, "z", x, s["h"]))
    return {"h": z * s["h"] + (1 - z) * tanh(gate(p, "h", x, s["h"]))}


def lstm_goodfellow(p: Values, s: Values, x: Tensor) -> Values:
    f, g, q, new = (sigmoid(gate(p, k, x, s["h"])) for k in "fgqs")
    state = f * s["s"] + g * new
    return {"s": state, "h": tanh(state) * q}


def mgu(p: Values, s: Values, x: Tensor) -> Values:
    f = sigmoid(gate(p, "f", x, s["h"]))
    return {"h": (1 - f) * s["h"] + f * tanh(gate(p, "h", x, f * s["h"]))}


def mgu_reset_after(p: Values, s: Values, x: Tensor) -> Values:
    f = sigmoid(gate(p, "f", x, s["h"]))
    return {"h": (1 - f) * after(p, x, s["h"], f) + f * s["h"]}


def sru(p: Values, s: Values, x: Tensor) -> Values:
    f, r = (sigmoid(x @ p["W_" + k].T + p["b_" + k].T) for k in "fr")
    c = f * s["c"] + (1 - f) * (x @ p["W"].T)
    return {"c": c, "h": r * tanh(c) + (1 - r) * x}


def mingru(p: Values, s: Values, x: Tensor) -> Values:
    z = sigmoid(x @ p["W_z"].T)
    return {"h": (1 - z) * s["h"] + z * (x @ p["W_h"].T)}


def minlstm(p: Values, s: Values, x: Tensor) -> Values:
    f, i = sigmoid(x @ p["W_f"].T), sigmoid(x @ p["W_i"].T)
    return {"h": f / (f + i) * s["h"] + i / (f + i) * (x @ p["W_h"].T)}


def qrnn(p: Values, s: Values, x: Tensor, before: Tensor) -> Values:
    z, f, o = (act(x @ p["W_" + k].T + before @ p["V_" + k].T) for k, act in (("z", tanh), ("f", sigmoid), ("o", sigmoid)))
    c = f * s["c"] + (1 - f) * z
    return {"c": c, "h": o * c}


def slstm(p: Values, s: Values, x: Tensor) -> Values:
    f, i = sigmoid(gate(p, "f", x, s["h"])), exp(gate(p, "i", x, s["h"]))
    c, nu = f * s["c"] + i * tanh(gate(p, "z", x, s["h"])), f * s["nu"] + i
    return {"c": c, "nu": nu, "h": sigmoid(gate(p, "o", x, s["h"])) * c / nu}


def slstm_stabilised(p: Values, s: Values, x: Tensor) -> Values:
    log_f, log_i = log(sigmoid(gate(p, "f", x, s["h"]))), gate(p, "i", x, s["h"])
    mu = torch.maximum(log_f + s["mu"], log_i)
    f, i = exp(log_f + s["mu"] - mu), exp(log_i - mu)
    c, nu = f * s["c"] + i * tanh(gate(p, "z", x, s["h"])), f * s["nu"] + i
    return {"mu": mu, "c": c, "nu": nu, "h": sigmoid(gate(p, "o", x, s["h"])) * c / nu}


def memory(p: Values, s: Values, x: Tensor, f: Tensor, i: Tensor, least: Tensor) -> Values:
    q, k, v, o = (x @ p["W_" + name].T + p["b_" + name].T for name in "qkvo")
    c = f[:, :, None] * s["C"] + i[:, :, None] * (v[:, :, None] * k[:, None, :])
    nu = f * s["nu"] + i * k
    size = torch.maximum((nu * q).sum(1, keepdim=True).abs(), least)
    return {"C": c, "nu": nu, "h": sigmoid(o) * (c @ q[:, :, None])[:, :, 0] / size}


def mlstm(p: Values, s: Values, x: Tensor) -> Values:
    i, f = exp(x @ p["w_i"] + p["b_i"]), sigmoid(x @ p["w_f"] + p["b_f"])
    return memory(p, s, x, f, i, torch.ones_like(f))


def mlstm_stabilised(p: Values, s: Values, x: Tensor) -> Values:
    log_i, log_f = x @ p["w_i"] + p["b_i"], log(sigmoid(x @ p["w_f"] + p["b_f"]))
    mu = torch.maximum(log_f + s["mu"], log_i)
    return {"mu": mu, **memory(p, s, x, exp(log_f + s["mu"] - mu), exp(log_i - mu), exp(-mu))}


def rhn(p: Values, s: Values, x: Tensor) -> Values:
    g, u, c = (x @ p["W_" + k].T + s["h"] @ p[f"R_{k}1"].T + p[f"b_{k}1"].T for k in "guc")
    middle = tanh(g) * sigmoid(u) + s["h"] * sigmoid(c)
    g, u, c = (middle @ p[f"R_{k}2"].T + p[f"b_{k}2"].T for k in "guc")
    return {"h": tanh(g) * sigmoid(u) + middle * sigmoid(c)}


def lstm_layer_norm(p: Values, s: Values, x: Tensor) -> Values:
    def normed(a: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        spread = a.var(1, unbiased=False, keepdim=True)
        return scale.T * (a - a.mean(1, keepdim=True)) / torch.sqrt(spread + p["epsilon"]) + shift.T

    f, i, z, o = (normed(x @ p["W_" + k].T + s["h"] @ p["U_" + k].T, p["g_" + k], p["b_" + k]) for k in "fiCo")
    c = sigmoid(f) * s["C"] + sigmoid(i) * tanh(z)
    return {"C": c, "h": sigmoid(o) * tanh(normed(c, p["g"], p["b"]))}


def conv_lstm(p: Values, s: Values, x: Tensor) -> Values:
    def conv(kernel: Tensor, image: Tensor) -> Tensor:
        return torch.nn.functional.conv2d(image[:, None], kernel[None, None], padding=kernel.shape[0] // 2)[:, 0]

    def both(k: str) -> Tensor:
        return conv(p["W_" + k], x) + conv(p["U_" + k], s["h"]) + p["b_" + k]

    c = sigmoid(both("f") + p["p_f"] * s["C"]) * s["C"] + sigmoid(both("i") + p["p_i"] * s["C"]) * tanh(both("C"))
    return {"C": c, "h": sigmoid(both("o") + p["p_o"] * c) * tanh(c)}


def lstm_lee(p: Values, s: Values, z: Tensor, z_i: Tensor, z_f: Tensor, z_o: Tensor) -> Values:
    """With functions that are open in the cell and fixed in the tests: f(x) = sin x + x / 2, g = sin, h = tanh."""

    def f(a: Tensor) -> Tensor:
        return torch.sin(a) + 0.5 * a

    c = torch.sin(z) * f(z_i) + s["c"] * f(z_f)
    return {"c": c, "a": tanh(c) * f(z_o)}


CELLS: dict[str, Step] = {
    "rnn": rnn, "rnn_no_bias": rnn, "lstm_peephole_only": lstm_peephole_only, "ugrnn": ugrnn, "lstm_goodfellow": lstm_goodfellow,
    "lstm": lstm, "lstm_no_bias": lstm, "lstm_no_output_tanh": lstm_no_output_tanh,
    "lstm_projection": lstm_projection, "lstm_1997": lstm_1997, "lstm_cifg": lstm_cifg, "lstm_peephole": peephole(),
    "lstm_nig": peephole("i"), "lstm_nfg": peephole("f"), "lstm_nog": peephole("o"), "lstm_niaf": peephole("input activation"),
    "lstm_fgr": lstm_fgr, "lstm_torch": lstm_torch, "lstm_keras": lstm_keras, "lstm_onnx": lstm_onnx, "lstm_cs230": lstm_cs230,
    "lstm_lee": lstm_lee, "lstm_layer_norm": lstm_layer_norm, "gru": gru, "gru_no_bias": gru, "gru_reset_after": gru_reset_after,
    "gru_reset_after_no_bias": gru_reset_after, "gru_z_writes": gru_z_writes, "gru_cs230": gru_cs230, "gru_keras": gru_keras,
    "gru_onnx": gru_onnx, "mgu": mgu, "mgu_no_bias": mgu, "mgu_reset_after": mgu_reset_after, "sru": sru, "mingru": mingru,
    "minlstm": minlstm, "qrnn": qrnn, "slstm": slstm, "slstm_stabilised": slstm_stabilised, "mlstm": mlstm,
    "mlstm_stabilised": mlstm_stabilised, "rhn": rhn, "conv_lstm": conv_lstm,
}  # fmt: skip


def flat(case: Case, name: str, array: Any) -> Any:
    """A vector as a row of the batch, whatever the cell's own layout; a matrix stays."""
    return array.reshape(-1) if 1 in case.size(name) else array


def gradients(case: Case) -> dict[str, Any]:
    """Every gradient as nested lists: parameters; inputs and initial values, one for each sample."""

    def batch(name: str, arrays: list[Any]) -> Tensor:
        return torch.tensor([flat(case, name, a).tolist() for a in arrays], dtype=torch.float64)

    samples = range(BATCH)
    p = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in case.parameters().items()}
    drawn = [case.inputs(b) for b in samples]
    x = {key: batch(key[0], [d[key] for d in drawn]).requires_grad_() for key in drawn[0]}
    starts = [case.initial(b) for b in samples]
    first = {k: batch(k, [s[k] for s in starts]).requires_grad_() for k in case.cell.states}
    upstream = [case.upstream(b) for b in samples]
    state, loss = dict(first), torch.zeros((), dtype=torch.float64)
    for t in range(1, case.steps + 1):
        now = [x[name, t] for name in case.cell.inputs]
        extra = [x["x", t - 1]] if case.cell.name == "qrnn" else []
        state = CELLS[case.cell.name](p, state, *now, *extra)
        for o in case.cell.outputs:
            loss = loss + (state[o] * batch(o, [u[o, t] for u in upstream])).sum()
    loss.backward()
    wanted = {**p, **{f"{name}[0]": v for name, v in first.items()}}
    wanted |= {f"{name}[{t}]": v for (name, t), v in x.items() if 1 <= t <= case.steps or (t == 0 and case.cell.name == "qrnn")}
    return {label: (torch.zeros_like(v) if v.grad is None else v.grad).tolist() for label, v in wanted.items()}
