"""How large the gradient of a loss at the last step is at every step before: numbers from the cell's own equations and gradients.

They illustrate; nothing is decided by them.
"""

from __future__ import annotations

import inspect
from itertools import pairwise
from typing import Any

import numpy as np
from sympy import Expr

from ..calculus import backward, fixed
from ..cells import TIME, Cell, leaves
from ..errors import LstmSymbolicError
from ..export import lambdify
from ..expr import TimeSymbol, shape_of
from ..expr.nodes import Apply
from .purpose import carried, purpose

_SIZE, _STEPS = 8, 50


def gradient_flow(cell: Cell, steps: int = _STEPS, seed: int = 0) -> tuple[float, ...]:
    """The norm of the loss's gradient by the states, k = 0, 1, … steps before the last one, relative to k = 0.

    Weights are uniform in ±1/√n, biases zero, but ±2 for a gate that keeps the old state, so that it begins open; inputs are standard
    normal; the loss is a random linear function of the output at T.

    >>> from ..cells import cell
    >>> flow = gradient_flow(cell("rnn"), 20)
    >>> flow[0], flow[20] < 0.01
    (1.0, True)
    """
    if not all(s.name.isidentifier() for e in cell.equations for s in (e.lhs, *leaves(e.rhs))):
        raise LstmSymbolicError("names that are no words are not made into code")
    grads = backward(cell)
    forward, back = lambdify(cell), lambdify(grads)
    rng = np.random.default_rng(seed)
    values = {p: _weights(cell.shapes[p], rng) for p in cell.parameters} | _open(cell)
    zero = {n: np.zeros(_shape(cell.symbol(n).shape)) for n in cell.defined}
    past: dict[str, Any] = {n: np.ones_like(z) if n in _below_a_fraction(cell) else z for n, z in zero.items()}
    inputs = [{n: rng.standard_normal(_shape(cell.symbol(n).shape)) for n in cell.inputs} for _ in range(steps + 2)]
    with np.errstate(all="ignore"):
        trace = _forward(forward, values, past, inputs)
        upstream = {name: rng.standard_normal(np.shape(trace[-1][output])) for output, name in grads.upstream.items()}
        norms = _backward(cell, back, trace, upstream)
    if not np.isfinite(norms).all() or norms[0] == 0:
        raise LstmSymbolicError(f"{cell.name or 'this cell'} has no gradient to show")
    return tuple(v / norms[0] for v in norms)


def _forward(step: Any, values: dict[str, Any], past: dict[str, Any], inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Everything that each step computes and reads."""
    trace: list[dict[str, Any]] = []
    for before, given in pairwise(inputs):
        known = {**values, **given, **_named(past, "_prev"), **_named(before, "_prev")}
        past = _call(step, known)
        trace.append({**known, **past})
    return trace


def _backward(cell: Cell, step: Any, trace: list[dict[str, Any]], upstream: dict[str, Any]) -> list[float]:
    """The norms of the gradients by the states, from the last step back."""
    later: dict[str, Any] = {}
    norms = []
    for t in reversed(range(len(trace))):
        last = t == len(trace) - 1
        loss = {name: u if last else np.zeros_like(u) for name, u in upstream.items()}
        adjoints = {key: later.get(key.removesuffix("_next"), _nothing(key, trace[t])) for key in _next_adjoints(step)}
        later = _call(step, {**_named(trace[t if last else t + 1], "_next"), **trace[t], **loss, **adjoints})
        norms.append(float(np.sqrt(sum(np.sum(later[f"grad_{s}"] ** 2) for s in cell.states if f"grad_{s}" in later))))
    return norms


def _shape(shape: tuple[Expr, Expr]) -> tuple[int, int]:
    rows, cols = (int(d.subs(dict.fromkeys(d.free_symbols, _SIZE))) for d in shape)
    return rows, cols


def _weights(shape: tuple[Expr, Expr], rng: np.random.Generator) -> Any:
    size = _shape(shape)
    return np.zeros(size) if 1 in size else rng.uniform(-1, 1, size) / np.sqrt(_SIZE)


def _open(cell: Cell) -> dict[str, Any]:
    """Biases that let the old state through: 2 where a gate multiplies it, -2 where 1 - z does."""
    found: dict[str, Any] = {}
    for gate in cell.gates:
        if purpose(cell, gate) in ("forget", "update"):
            bias = [s.name for s in leaves(cell.definition(gate)) if s.name in cell.parameters and 1 in _shape(shape_of(s))]
            keeps = any(_keeps(fixed(cell, {gate: 1}), s) for s in cell.states if s in carried(cell))
            found |= {b: np.full(_shape(cell.shapes[b]), 2.0 if keeps else -2.0) for b in bias[-1:]}
    return found


def _keeps(cell: Cell, state: str) -> bool:
    old = any(isinstance(s, TimeSymbol) and s.index[-1] != TIME for s in leaves(cell.definition(state)) if s.name == state)
    return state in cell.defined and old


def _below_a_fraction(cell: Cell) -> set[str]:
    """States that something is divided by start at one."""
    quotients = [q for e in cell.equations for q in e.rhs.atoms(Apply) if q.function == "div"]
    below = {s.name for q in quotients for s in leaves(q.operands[1])}
    return {s for s in cell.states if s in below}


def _named(values: dict[str, Any], tail: str) -> dict[str, Any]:
    return {f"{k}{tail}": v for k, v in values.items()}


def _next_adjoints(function: Any) -> list[str]:
    return [k for k in inspect.signature(function).parameters if k.endswith("_next") and k.startswith(("grad_", "delta_"))]


def _nothing(key: str, values: dict[str, Any]) -> Any:
    name = key.removesuffix("_next").removeprefix("grad_").removeprefix("delta_")
    return np.zeros_like(values[name]) if name in values else 0.0


def _call(function: Any, known: dict[str, Any]) -> dict[str, Any]:
    return dict(function(**{k: known[k] for k in inspect.signature(function).parameters}))
