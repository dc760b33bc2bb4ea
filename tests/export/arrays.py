"""What the tests of the targets share: cases, the same numbers as arrays of a library, and how far two results lie apart."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from cases import BATCH, STORED, Case
from exported import draw, zoo

from lstm_symbolic.cells import cell

MASK = np.array([[1, 1], [0, 1], [1, 0]])
DIMS = {"n": 3, "m": 2, "p": 4, "q": 3, "k": 3}

STORED_GRADIENTS = json.loads((Path(__file__).parent.parent / "data" / "gradients.json").read_text(encoding="utf-8"))


def rows(arrays: list[Any]) -> Any:
    return np.array([a.reshape(-1) for a in arrays])


def of_case(case: Case) -> tuple[Any, ...]:
    """Inputs (T, B, m), parameters, the state before step 1, and the upstream of every output."""
    samples, steps = range(BATCH), range(1, case.steps + 1)
    drawn, starts, ups = [case.inputs(b) for b in samples], [case.initial(b) for b in samples], [case.upstream(b) for b in samples]
    x = {name: np.array([rows([d[name, t] for d in drawn]) for t in steps]) for name in case.cell.inputs}
    state = {name: rows([s[name] for s in starts]) for name in case.cell.states}
    if case.cell.name == "qrnn":
        state["x"] = rows([d["x", 0] for d in drawn])
    upstream = {o: np.array([rows([u[o, t] for u in ups]) for t in steps]) for o in case.cell.outputs}
    return (x if len(x) > 1 else next(iter(x.values()))), case.parameters(), state, upstream


def error(mine: Any, theirs: Any) -> float:
    """Normwise relative."""
    theirs = np.asarray(theirs, dtype=float)
    return float(np.linalg.norm(mine.ravel() - theirs.ravel()) / max(float(np.linalg.norm(theirs)), 1e-30))


def mapped(to: Callable[[Any], Any], tree: Any) -> Any:
    return {k: to(v) for k, v in tree.items()} if isinstance(tree, dict) else to(tree)


def stored_case(name: str, number: int = 0) -> tuple[Any, ...]:
    """Inputs, parameters, state, upstream, and the gradients by torch's own backward pass of the cell typed by hand."""
    case = Case(cell(name), *STORED[number])
    return *of_case(case), STORED_GRADIENTS[name][case.label]


def by_label(name: str, d_params: Any, d_x: Any, d_state: Any) -> dict[str, Any]:
    found = {**d_params, **{f"{k}[0]": v for k, v in d_state.items()}}
    return found | {f"{cell(name).inputs[0]}[{t + 1}]": v for t, v in enumerate(d_x)}


def assert_stored(name: str, mine: dict[str, Any], theirs: dict[str, Any], tolerance: float = 1e-11) -> None:
    assert set(mine) == set(theirs)
    for label, gradient in theirs.items():
        got = np.asarray(mine[label])
        zero = not np.any(gradient) and not np.any(got)
        assert zero or error(got, gradient) <= tolerance, label


def against_stored(name: str, module: ModuleType, tolerance: float = 1e-12) -> None:
    """Non-zero initial state, upstream at every step on every output, several sizes."""
    for number in range(len(STORED)):
        x, params, state, upstream, theirs = stored_case(name, number)
        _, _, cache = module.forward(x, params, state)
        assert_stored(name, by_label(name, *module.backward(upstream, cache)), theirs, tolerance)


def small(name: str, seed: int = 0) -> tuple[Any, Any, Any, Any, Any]:
    """T = 3, B = 2, n = 3, m = 2: inputs, parameters, a state without zeros, upstreams of the outputs and of the final state."""
    g = zoo(name)
    x, params, state = draw(g, DIMS, 3, 2, seed)
    outputs, final, _ = g.forward(x, params, state)
    rng = np.random.default_rng(seed + 1)
    return x, params, state, *({k: rng.standard_normal(v.shape) for k, v in arrays.items()} for arrays in (outputs, final))


def close(mine: Any, theirs: Any, tolerance: float = 1e-11) -> None:
    """Dictionaries of arrays, normwise."""
    assert set(mine) == set(theirs)
    for k, v in theirs.items():
        wanted = np.asarray(v, dtype=float)
        assert np.linalg.norm(np.asarray(mine[k], dtype=float) - wanted) <= tolerance * max(float(np.linalg.norm(wanted)), 1e-3), k
