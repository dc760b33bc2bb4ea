"""Exported NumPy, C and Numba against torch, JAX, textbook NumPy and the bare matrix products: forward and BPTT, all gradients; exported C
against onnxruntime, forward only.

Run with an interpreter that has torch, JAX, onnx and onnxruntime (and numba): ``python benchmarks/bench_export.py [--target c]
[--threads 1]``. Every system is first checked against torch in float64; then all are timed in turn, several rounds, and the least time of
each counts (by default processor time on one thread, which other work on the machine disturbs less, and wall time on two). Ratios are ours
over theirs; after the strokes stand what the ratio must be and what it aims at. C uses one thread, unless the environment says
CFLAGS=-fopenmp (and, where the machine does other work too, OMP_WAIT_POLICY=passive).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

#: Seconds between two systems: threads that wait for more work in a loop would take a core from the next one.
REST = 0.02

Run = Callable[[], Any]
Bar = tuple[float, float]
CLOCKS = {"wall": time.perf_counter, "process": time.process_time}
SHAPES = ((1, 1, 10, 20), (32, 1, 64, 64), (100, 32, 64, 128), (200, 16, 128, 256), (50, 64, 512, 512))
HELD_OUT = ((20, 8, 32, 96), (64, 4, 100, 200), (30, 128, 40, 80))
CELLS = {"lstm": ("lstm_torch", "ifgo"), "gru": ("gru_reset_after", "rzh")}


def threads(number: int) -> None:
    """Before anything numerical is imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(number)
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if number > 1 else 'false'} intra_op_parallelism_threads={number}"
    os.environ["JAX_ENABLE_X64"] = "1"
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:number]))


def data(np: Any, kind: str, shape: tuple[int, int, int, int], dtype: str) -> dict[str, Any]:
    """Weights as torch has them, gates below each other; upstream at every step."""
    steps, batch, m, n = shape
    gates = 4 if kind == "lstm" else 3
    rng = np.random.default_rng(1)
    sizes = {"x": (steps, batch, m), "W": (gates * n, m), "U": (gates * n, n), "b": (gates * n,), "c": (gates * n,), "h": (batch, n)}
    sizes |= {"C": (batch, n), "up": (steps, batch, n)}
    return {k: (rng.standard_normal(s) * (1 / np.sqrt(n) if k in "WUbc" else 1)).astype(dtype) for k, s in sizes.items()}


def ours(
    np: Any, module: ModuleType, kind: str, d: dict[str, Any], shape: tuple[int, ...], reuse: bool = True, gradients: bool = True
) -> Run:
    """The exported file; biases of the LSTM are one sum, as they are in the zoo's own cell."""
    steps, batch, m, n = shape
    parts = {k: np.split(d[k], len(d[k]) // n) for k in ("W", "U", "b", "c")}
    params = {}
    for i, g in enumerate("ifCo" if kind == "lstm" else "rzh"):
        bias = parts["b"][i] + parts["c"][i] * (kind == "lstm" or g != "h")
        params |= {f"W_{g}": parts["W"][i], f"U_{g}": parts["U"][i], f"b_{g}": bias[:, None]}
    params = {k: np.ascontiguousarray(v) for k, v in params.items()}
    if kind == "gru":
        params["c_h"] = np.ascontiguousarray(parts["c"][2][:, None])
    state = {"h": d["h"], "C": d["C"]} if kind == "lstm" else {"h": d["h"]}
    ws = module.workspace(steps, batch, {"n": n, "m": m}, d["x"].dtype) if reuse else None

    def run() -> Any:
        outputs, _, cache = module.forward(d["x"], params, state, workspace=ws)
        d_params, d_x, d_state = module.backward({"h": d["up"]}, cache)
        return outputs["h"], d_x, d_state["h"], [d_params[f"{w}_{g}"] for w in "WU" for g in ("ifCo" if kind == "lstm" else "rzh")]

    return run if gradients else lambda: module.forward(d["x"], params, state, workspace=ws)[0]["h"]


def by_torch(torch: Any, kind: str, d: dict[str, Any], shape: tuple[int, ...]) -> Run:
    _, _, m, n = shape
    layer = (torch.nn.LSTM if kind == "lstm" else torch.nn.GRU)(m, n).to(torch.from_numpy(d["x"]).dtype)
    for target, k in zip(layer.parameters(), ("W", "U", "b", "c"), strict=True):
        target.data.copy_(torch.from_numpy(d[k]))
    x, h, c = (torch.from_numpy(d[k]).requires_grad_() for k in ("x", "h", "C"))
    up = torch.from_numpy(d["up"])

    def run() -> Any:
        for t in (x, h, c, *layer.parameters()):
            t.grad = None
        y, _ = layer(x, (h[None], c[None]) if kind == "lstm" else h[None])
        y.backward(up)
        gates = [g.numpy() for p in list(layer.parameters())[:2] for g in p.grad.chunk(len(d["W"]) // n)]
        return y.detach().numpy(), x.grad.numpy(), h.grad.numpy(), gates

    return run


def by_jax(jax: Any, kind: str, d: dict[str, Any]) -> Run:
    import jax.numpy as jnp

    def step(p: Any, s: Any, x: Any) -> Any:
        h, c = s
        if kind == "lstm":
            i, f, g, o = jnp.split(x @ p["W"].T + h @ p["U"].T + (p["b"] + p["c"]), 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
        else:
            a, b = jnp.split(x @ p["W"].T + p["b"], 3, axis=1), jnp.split(h @ p["U"].T + p["c"], 3, axis=1)
            r, z = jax.nn.sigmoid(a[0] + b[0]), jax.nn.sigmoid(a[1] + b[1])
            h = (1 - z) * jnp.tanh(a[2] + r * b[2]) + z * h
        return (h, c), h

    def loss(p: Any, x: Any, h: Any, c: Any, up: Any) -> Any:
        _, y = jax.lax.scan(lambda s, v: step(p, s, v), (h, c), x)
        return (y * up).sum(), y

    fast = jax.jit(jax.grad(loss, argnums=(0, 1, 2, 3), has_aux=True))
    p = {k: jnp.asarray(d[k]) for k in ("W", "U", "b", "c")}
    rest = [jnp.asarray(d[k]) for k in ("x", "h", "C", "up")]

    def run() -> Any:
        (dp, dx, dh, _), y = jax.block_until_ready(fast(p, *rest))
        return y, dx, dh, [g for k in "WU" for g in jnp.split(dp[k], len(d["W"]) // d["h"].shape[1])]

    return run


def textbook(np: Any, kind: str, d: dict[str, Any]) -> Run:
    """As it is taught: a product for each gate, a list for each value, sums of outer products."""
    n = d["h"].shape[1]
    w, u = (np.split(d[k], len(d[k]) // n) for k in ("W", "U"))
    b, c = (np.split(d[k], len(d[k]) // n) for k in ("b", "c"))

    def sigmoid(a: Any) -> Any:
        return 1 / (1 + np.exp(-a))

    def lstm() -> Any:
        h, s, kept, y = d["h"], d["C"], [], []
        for x in d["x"]:
            i, f, g, o = (k(x @ w[j].T + h @ u[j].T + b[j] + c[j]) for j, k in enumerate((sigmoid, sigmoid, np.tanh, sigmoid)))
            old, s = s, f * s + i * g
            kept.append((x, h, old, i, f, g, o, s))
            h = o * np.tanh(s)
            y.append(h)
        dw, du, dx = [np.zeros_like(v) for v in w], [np.zeros_like(v) for v in u], np.zeros_like(d["x"])
        dh, ds = np.zeros_like(h), np.zeros_like(s)
        for t in reversed(range(len(kept))):
            x, before, old, i, f, g, o, s = kept[t]
            dh = dh + d["up"][t]
            tc = np.tanh(s)
            ds = ds + dh * o * (1 - tc**2)
            deltas = (ds * g * i * (1 - i), ds * old * f * (1 - f), ds * i * (1 - g**2), dh * tc * o * (1 - o))
            ds, dh = ds * f, sum(z @ u[j] for j, z in enumerate(deltas))
            dx[t] = sum(z @ w[j] for j, z in enumerate(deltas))
            for j, z in enumerate(deltas):
                dw[j] += z.T @ x
                du[j] += z.T @ before
        return np.array(y), dx, dh, [*dw, *du]

    def gru() -> Any:
        h, kept, y = d["h"], [], []
        for x in d["x"]:
            r, z = (sigmoid(x @ w[j].T + b[j] + h @ u[j].T + c[j]) for j in range(2))
            q = h @ u[2].T + c[2]
            g = np.tanh(x @ w[2].T + b[2] + r * q)
            kept.append((x, h, r, z, q, g))
            h = z * h + (1 - z) * g
            y.append(h)
        dw, du, dx = [np.zeros_like(v) for v in w], [np.zeros_like(v) for v in u], np.zeros_like(d["x"])
        dh = np.zeros_like(h)
        for t in reversed(range(len(kept))):
            x, h, r, z, q, g = kept[t]
            dh = dh + d["up"][t]
            dg = dh * (1 - z) * (1 - g**2)
            inner = (dg * q * r * (1 - r), dh * (h - g) * z * (1 - z), dg)
            outer = (*inner[:2], dg * r)
            dh = dh * z + sum(e @ u[j] for j, e in enumerate(outer))
            dx[t] = sum(e @ w[j] for j, e in enumerate(inner))
            for j in range(3):
                dw[j] += inner[j].T @ x
                du[j] += outer[j].T @ h
        return np.array(y), dx, dh, [*dw, *du]

    return lstm if kind == "lstm" else gru


def products(np: Any, kind: str, d: dict[str, Any], shape: tuple[int, ...]) -> Run:
    """The matrix products alone, in row-major layout: x W, then h U at every step, back again, and dW, dU, dx."""
    steps, batch, m, n = shape
    x = d["x"].reshape(steps * batch, m)
    rows = len(d["W"])
    a, h, deltas = np.empty((batch, rows), x.dtype), np.ones((steps * batch, n), x.dtype), np.ones((steps * batch, rows), x.dtype)
    back, wide, dx = np.empty((batch, n), x.dtype), np.empty((steps * batch, rows), x.dtype), np.empty_like(x)
    dw, du, wt, ut = np.empty_like(d["W"]), np.empty_like(d["U"]), d["W"].T.copy(), d["U"].T.copy()

    def run() -> Any:
        np.matmul(x, wt, out=wide)
        for t in range(steps):
            np.matmul(h[t * batch : (t + 1) * batch], ut, out=a)
        for t in range(steps):
            np.matmul(deltas[t * batch : (t + 1) * batch], d["U"], out=back)
        np.matmul(deltas.T, x, out=dw)
        np.matmul(deltas.T, h, out=du)
        np.matmul(deltas, d["W"], out=dx)

    return run


def distance(np: Any, mine: Any, theirs: Any) -> float:
    """The largest normwise relative error."""

    def flat(result: Any) -> Iterator[Any]:
        y, dx, dh, weights = result
        yield from (y, dx, dh, *weights)

    pairs = [(np.asarray(a, "d"), np.asarray(b, "d")) for a, b in zip(flat(mine), flat(theirs), strict=True)]
    return max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs)


def least(systems: dict[str, Run], seconds: float, clock: Callable[[], float]) -> dict[str, float]:
    """The least time of each, taken in turn."""
    best = dict.fromkeys(systems, float("inf"))
    counts = {}
    for name, run in systems.items():
        start = clock()
        run()
        counts[name] = max(1, int(0.01 / (clock() - start)))
    end = time.perf_counter() + seconds
    rounds = 0
    while time.perf_counter() < end or rounds < 3:
        rounds += 1
        for name, run in systems.items():
            time.sleep(REST)
            start = clock()
            for _ in range(counts[name]):
                run()
            best[name] = min(best[name], (clock() - start) / counts[name])
    return best


def bars(target: str, kind: str, dtype: str, shape: tuple[int, ...]) -> dict[str, Bar]:
    """The musts and aims of the issue, by what is compared with."""
    single, named = shape[1] == 1, shape in SHAPES
    if target == "numba":  # nothing is promised: it is reported
        return {}
    if target == "c":
        table: dict[str, Bar] = {"jax": (1.0, 0.6)}
        if single:
            table["torch"] = (0.2 if kind == "lstm" else 0.15, 0.1)
        elif kind == "lstm" and dtype == "float32":
            table["torch"] = (1.25, 0.9)
        return table | {"onnxruntime": (0.6, 0.3) if single else (1.2, 0.8)}
    if single:
        table = {"torch": (0.75, 0.5)}
    else:
        table = {"torch": (0.95, 0.7) if dtype == "float64" else (1.35, 1.0) if kind == "lstm" else (1.0, 0.6)}
    if not single or shape == SHAPES[1]:
        table["jax"] = (2.2, 1.0) if single else (1.0, 0.6)
    if not single and dtype == "float32":
        table["textbook"] = (0.95, 0.6)
    if named and shape[1] > 1:
        table["products"] = (1.3, 1.1) if shape == SHAPES[4] else (1.4, 1.15)
    return table


def exported(target: str, kind: str, folder: Path) -> ModuleType:
    """The exported file as a module."""
    from lstm_symbolic.export import beside, export

    path = folder / f"{kind}_{target}.py"
    name = "lstm" if kind == "lstm" else "gru_reset_after"
    if target != "c":
        path.write_text(export(name, target), encoding="utf-8")
    else:
        path.with_suffix(".c").write_text(export(name, target), encoding="utf-8")
        path.write_text(beside(name, target)[".py"], encoding="utf-8")
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_onnxruntime(np: Any, kind: str, d: dict[str, Any], shape: tuple[int, ...], number: int) -> Run:
    """The LSTM and GRU operators of ONNX; gates are i o f c and z r h there."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    steps, batch, m, n = shape
    order = [0, 3, 1, 2] if kind == "lstm" else [1, 0, 2]

    def gates(a: Any) -> Any:
        return np.concatenate([np.split(a, len(order))[g] for g in order])

    weights = {"W": gates(d["W"])[None], "R": gates(d["U"])[None], "B": np.concatenate([gates(d["b"]), gates(d["c"])])[None]}
    starts = {"h0": d["h"][None]} | ({"c0": d["C"][None]} if kind == "lstm" else {})
    more = {} if kind == "lstm" else {"linear_before_reset": 1}
    node = helper.make_node(kind.upper(), ["x", "W", "R", "B", "", *starts], ["y"], hidden_size=n, **more)
    inputs = {"x": (steps, batch, m), **dict.fromkeys(starts, (1, batch, n))}
    graph = helper.make_graph(
        [node], "cell",
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (steps, 1, batch, n))],
        [numpy_helper.from_array(v, k) for k, v in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = number
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": d["x"], **starts})[0][:, 0]


def forward_only(run: Run, exact: Any, np: Any) -> float:
    return float(np.linalg.norm(run() - exact) / np.linalg.norm(exact))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--target", default="numpy", choices=("numpy", "c", "numba"))
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--seconds", type=float, default=3.0, help="for each row")
    options.add_argument("--quick", action="store_true", help="float32 LSTM and GRU at three shapes")
    options.add_argument("--cells", default="lstm,gru")
    options.add_argument("--dtypes", default="float32,float64")
    options.add_argument("--shape", action="append", type=lambda s: tuple(map(int, s.split(","))), help="T,B,X,H; may be repeated")
    options.add_argument("--clock", choices=CLOCKS)
    options.add_argument("--fresh", action="store_true", help="without a workspace")
    args = options.parse_args()
    threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        missed = table(args, Path(folder))
    print(f"{missed} musts missed, {args.threads} thread(s)", file=sys.stderr)


def table(args: argparse.Namespace, folder: Path) -> int:
    """All rows; how many musts were missed."""
    import numpy as np
    import torch

    try:
        import jax
    except ImportError:
        jax = None
    torch.set_num_threads(args.threads)
    clock = CLOCKS[args.clock or ("wall" if args.threads > 1 else "process")]
    missed = 0
    for kind in args.cells.split(","):
        module = exported(args.target, kind, folder)
        for dtype in ("float32",) if args.quick else args.dtypes.split(","):
            for shape in args.shape or (SHAPES[1:4] if args.quick else SHAPES + HELD_OUT):
                d = data(np, kind, shape, dtype)
                exact = by_torch(torch, kind, {k: v.astype("float64") for k, v in d.items()}, shape)()
                systems = {args.target: ours(np, module, kind, d, shape, not args.fresh), "torch": by_torch(torch, kind, d, shape)}
                systems |= {"jax": by_jax(jax, kind, d)} if jax else {}
                if args.target == "numpy":
                    systems |= {"textbook": textbook(np, kind, d), "products": products(np, kind, d, shape)}
                errors = {name: distance(np, run(), exact) for name, run in systems.items() if name != "products"}
                assert all(e < (1e-12 if dtype == "float64" else 2e-5) for e in errors.values()), errors
                times = least(systems, args.seconds, clock)
                ratios = {name: times[args.target] / times[name] for name in list(systems)[1:]}
                if args.target == "c" and dtype == "float32":
                    ratios |= inference(np, module, kind, d, shape, args, exact[0], clock)
                wanted = bars(args.target, kind, dtype, shape)
                row = []
                for name, ratio in ratios.items():
                    must = "/{}/{}".format(*wanted[name]) if name in wanted else ""
                    miss = name in wanted and ratio > wanted[name][0]
                    missed += miss
                    row.append(f"{name} {ratio:.2f}{must}{' MISSED' if miss else ''}")
                note = "" if shape in SHAPES else " (held out)"
                what = f"{kind} {dtype} {shape}{note}: {times[args.target] * 1e6:.0f} us, error {errors[args.target]:.0e}"
                print(f"{what}; {'; '.join(row)}", flush=True)
    return missed


def inference(np: Any, module: ModuleType, kind: str, d: dict[str, Any], shape: Any, args: Any, exact: Any, clock: Any) -> dict[str, float]:
    """Forward only, over onnxruntime."""
    try:
        theirs = by_onnxruntime(np, kind, d, shape, args.threads)
    except ImportError:
        return {}
    systems = {"c": ours(np, module, kind, d, shape, not args.fresh, gradients=False), "onnxruntime": theirs}
    errors = {name: forward_only(run, exact, np) for name, run in systems.items()}
    assert all(e < 2e-5 for e in errors.values()), errors
    times = least(systems, args.seconds / 2, clock)
    return {"onnxruntime": times["c"] / times["onnxruntime"]}


if __name__ == "__main__":
    main()
