"""Exported NumPy against torch, JAX, textbook NumPy and the bare matrix products: forward and BPTT, all gradients.

Run with an interpreter that has torch and JAX: ``python benchmarks/bench_export.py [--threads 1] [--quick]``. Every system is first checked
against torch in float64; then all are timed in turn, several rounds, and the least time of each counts. Ratios are ours over theirs.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

Run = Callable[[], Any]
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


def ours(np: Any, module: ModuleType, kind: str, d: dict[str, Any], shape: tuple[int, ...], reuse: bool = True) -> Run:
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

    return run


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


def least(systems: dict[str, Run], seconds: float) -> dict[str, float]:
    """The least time of each, taken in turn."""
    best = dict.fromkeys(systems, float("inf"))
    counts = {}
    for name, run in systems.items():
        start = time.perf_counter()
        run()
        counts[name] = max(1, int(0.01 / (time.perf_counter() - start)))
    end = time.perf_counter() + seconds
    rounds = 0
    while time.perf_counter() < end or rounds < 3:
        rounds += 1
        for name, run in systems.items():
            start = time.perf_counter()
            for _ in range(counts[name]):
                run()
            best[name] = min(best[name], (time.perf_counter() - start) / counts[name])
    return best


def bars(kind: str, dtype: str, shape: tuple[int, ...]) -> dict[str, float]:
    """The musts of the issue for the numpy target."""
    single, named = shape[1] == 1, shape in SHAPES
    table = {"torch": 0.75 if single else 0.95 if dtype == "float64" else 1.35 if kind == "lstm" else 1.0}
    if not single or shape == SHAPES[1]:
        table["jax"] = 2.2 if single else 1.0
    if not single and dtype == "float32":
        table["textbook"] = 0.95
    if named and shape[1] > 1:
        table["products"] = 1.3 if shape == SHAPES[4] else 1.4
    return table


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--seconds", type=float, default=3.0, help="for each row")
    options.add_argument("--quick", action="store_true", help="float32 LSTM and GRU at three shapes")
    options.add_argument("--cells", default="lstm,gru")
    options.add_argument("--fresh", action="store_true", help="without a workspace")
    args = options.parse_args()
    threads(args.threads)
    import numpy as np
    import torch

    try:
        import jax
    except ImportError:
        jax = None
    from lstm_symbolic.export import export

    torch.set_num_threads(args.threads)
    missed = 0
    for kind in args.cells.split(","):
        module = ModuleType("exported")
        exec(export("lstm" if kind == "lstm" else "gru_reset_after"), module.__dict__)
        for dtype in ("float32",) if args.quick else ("float32", "float64"):
            for shape in SHAPES[1:4] if args.quick else SHAPES + HELD_OUT:
                d = data(np, kind, shape, dtype)
                exact = by_torch(torch, kind, {k: v.astype("float64") for k, v in d.items()}, shape)()
                systems = {"numpy": ours(np, module, kind, d, shape, not args.fresh), "torch": by_torch(torch, kind, d, shape)}
                systems |= {"jax": by_jax(jax, kind, d)} if jax else {}
                systems |= {"textbook": textbook(np, kind, d), "products": products(np, kind, d, shape)}
                errors = {name: distance(np, run(), exact) for name, run in systems.items() if name != "products"}
                assert all(e < (1e-12 if dtype == "float64" else 2e-5) for e in errors.values()), errors
                times = least(systems, args.seconds)
                wanted = bars(kind, dtype, shape)
                row = []
                for name in list(systems)[1:]:
                    ratio = times["numpy"] / times[name]
                    must = f"/{wanted[name]}" if name in wanted else ""
                    miss = name in wanted and ratio > wanted[name]
                    missed += miss
                    row.append(f"{name} {ratio:.2f}{must}{' MISSED' if miss else ''}")
                note = "" if shape in SHAPES else " (held out)"
                what = f"{kind} {dtype} {shape}{note}: {times['numpy'] * 1e6:.0f} us, error {errors['numpy']:.0e}"
                print(f"{what}; {'; '.join(row)}", flush=True)
    print(f"{missed} musts missed, {args.threads} thread(s)", file=sys.stderr)


if __name__ == "__main__":
    main()
