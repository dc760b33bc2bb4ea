"""Oracles for gradients: a cell run forward and its recursion run backward on numbers, with nothing of the calculus in between."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Integer

from lstm_symbolic.calculus import Gradients
from lstm_symbolic.cells import TIME, Cell
from lstm_symbolic.expr import Evaluator
from lstm_symbolic.expr.nodes import Grad

#: The functions that Lee's cell leaves open, and their derivatives.
FUNCTIONS = {
    "f": lambda x: np.sin(x) + 0.5 * x, "g": np.sin, "h": np.tanh,
    "df": lambda x: np.cos(x) + 0.5, "dg": np.cos, "dh": lambda x: 1 - np.tanh(x) ** 2,
}  # fmt: skip

Values = dict[Any, Any]


def sizes(cell: Cell, first: int = 3) -> dict[str, int]:
    """Every dimension another number, so that a forgotten transpose does not fit."""
    names = sorted({s.name for pair in cell.shapes.values() for d in pair for s in d.free_symbols})
    return {name: first + k - (name == "m") * (first + k - 2) for k, name in enumerate(n for n in names)}


def draw(cell: Cell, steps: int, dims: Mapping[str, int], seed: int) -> Values:
    """Random parameters, inputs, and values before the first and after the last step (none of them zero)."""
    random = np.random.default_rng(seed)
    values: Values = {}
    ruler = Evaluator({}, dims)
    for name, shape in cell.shapes.items():
        size = ruler.size(*shape)
        if name in cell.parameters:
            values[name] = np.full(size, 0.1) if name == "epsilon" else random.normal(size=size) * 0.7
        elif name in cell.inputs:
            values |= {(name, t): random.normal(size=size) for t in range(steps + 2)}
        else:
            values |= {(name, t): random.normal(size=size) * 0.8 + 1.5 * (name.startswith("nu")) for t in (0, steps + 1)}
    return values


def forward(cell: Cell, given: Values, steps: int, dims: Mapping[str, int]) -> Values:
    """Every value of every step; the sweeps let values that run backward in time reach everything."""
    values = dict(given)
    ruler = Evaluator({}, dims)
    for name in cell.defined:
        values |= {(name, t): np.zeros(ruler.size(*cell.shapes[name])) for t in range(1, steps + 1)}
    both = any("t + 1" in line for line in cell.plain())
    for _ in range(steps + 1 if both else 1):
        for t in range(1, steps + 1):
            at = Evaluator(values, dims, {"t": t}, FUNCTIONS)
            for e in cell.in_order():
                values[e.lhs.name, t] = at(e.rhs)
    return values


def loss(grads: Gradients, values: Values, steps: int, upstream: Values) -> float:
    return sum(float(np.sum(upstream[o, t] * values[o, t])) for o in grads.upstream for t in range(1, steps + 1))


def cotangents(grads: Gradients, steps: int, dims: Mapping[str, int], seed: int) -> Values:
    """A random upstream gradient at every step."""
    random = np.random.default_rng(seed + 1)
    ruler = Evaluator({}, dims)
    return {(o, t): random.normal(size=ruler.size(*grads.cell.shapes[o])) for o in grads.upstream for t in range(1, steps + 1)}


def run(grads: Gradients, values: Values, upstream: Values, steps: int, dims: Mapping[str, int]) -> dict[str, Any]:
    """The gradients by the recursion: of parameters, inputs at every step (``x[2]``), and initial values (``h[0]``)."""
    table = dict(values) | {(grads.upstream[o], t): v for (o, t), v in upstream.items()}
    if grads.mask:
        table |= {(grads.mask, t): np.full((1, 1), float(t % grads.truncate != 0)) for t in range(steps + 2)}
    ruler = Evaluator({}, dims)

    def place(left: sympy.Expr, t: int) -> Any:
        return left.xreplace({TIME: Integer(t)}) if isinstance(left, Grad) else (left.name, t)

    for e in grads.recursion:
        table |= {place(e.lhs, t): np.zeros(ruler.size(*e.lhs.shape)) for t in range(steps + 3)}
    both = any("t + 1" in line for line in grads.cell.plain())
    for _ in range(steps + 1 if both else 1):
        for t in range(steps, 0, -1):
            at = Evaluator(table, dims, {"t": t, "T": steps}, FUNCTIONS)
            for e in grads.recursion:
                table[place(e.lhs, t)] = at(e.rhs)
    found: dict[str, Any] = {}
    for name, value in grads.parameters.items():
        found[name] = Evaluator(table, dims, {"T": steps}, FUNCTIONS)(value)
    for name, value in grads.inputs.items():
        for t in range(1, steps + 1):
            found[f"{name}[{t}]"] = Evaluator(table, dims, {"t": t}, FUNCTIONS)(value)
    for name, value in grads.initial.items():
        early = f"{name}[t - 1]" in str(grads.cell)
        found[f"{name}[{0 if early else steps + 1}]"] = Evaluator(table, dims, {"T": steps}, FUNCTIONS)(value)
    return found


def slot(label: str) -> Any:
    name, _, time = label.partition("[")
    return (name, int(time[:-1])) if time else name


def worst_error(grads: Gradients, found: Mapping[str, Any], given: Values, upstream: Values, steps: int, dims: Mapping[str, int]) -> float:
    """The largest relative difference from central differences of the forward run, along three random directions each."""
    random, step, worst = np.random.default_rng(9), 1e-5, 0.0
    for label, gradient in found.items():
        for _ in range(3):
            direction = random.normal(size=np.shape(given[slot(label)]))
            ends = []
            for sign in (1, -1):
                moved = {**given, slot(label): given[slot(label)] + sign * step * direction}
                ends.append(loss(grads, forward(grads.cell, moved, steps, dims), steps, upstream))
            numeric = (ends[0] - ends[1]) / (2 * step)
            analytic = float(np.sum(gradient * direction))
            difference = abs(numeric - analytic) / max(1.0, abs(numeric))
            assert np.isfinite(difference), label
            worst = max(worst, difference)
    return worst
