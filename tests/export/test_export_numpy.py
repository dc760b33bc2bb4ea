"""The exported NumPy file against oracles that share nothing with it: torch in float64, the equations step by step, differences."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from arrays import against_stored, of_case
from cases import BATCH, STORED, Case
from exported import REFUSED, SUPPORTED, draw, module_of, zoo
from recurrence import forward as by_equations

from lstm_symbolic.cells import Cell, bidirectional, cell, concatenated, split, stack, transposed
from lstm_symbolic.errors import CellError, UnsupportedNode
from lstm_symbolic.export import export, plan


@pytest.mark.parametrize("name", SUPPORTED)
def test_gradients_against_torch(name: str) -> None:
    """Non-zero initial state, upstream at every step on every output, several sizes: stored results of torch in float64."""
    against_stored(name, zoo(name))


@pytest.mark.parametrize("name", SUPPORTED)
def test_forward_against_the_equations(name: str) -> None:
    """Each sample by itself, each step by the reference semantics of every node."""
    case = Case(cell(name), STORED[0][0], STORED[0][1])
    x, params, state, _ = of_case(case)
    outputs, final, _ = zoo(name).forward(x, params, state)
    for b in range(BATCH):
        given: Any = {**case.parameters(), **case.inputs(b), **{(k, 0): v for k, v in case.initial(b).items()}}
        values = by_equations(case.cell, given, case.steps, case.dims)
        for o in case.cell.outputs:
            for t in range(1, case.steps + 1):
                assert np.allclose(outputs[o][t - 1, b], values[o, t].ravel(), rtol=1e-13, atol=1e-14)
        for k in case.cell.states:
            assert np.allclose(final[k][b], values[k, case.steps].ravel(), rtol=1e-13, atol=1e-14)


def dims_of(c: Cell) -> dict[str, int]:
    names = sorted({s.name for shape in c.shapes.values() for d in shape for s in d.free_symbols})
    return {name: 3 + k for k, name in enumerate(names)}


@pytest.mark.parametrize("name", SUPPORTED)
def test_a_masked_step_does_not_happen(name: str) -> None:
    """Every sample alone, its masked steps cut out: the same states and gradients, to rounding. What stands there may be NaN."""
    g, c = zoo(name), cell(name)
    x, params, state = draw(g, dims_of(c))
    steps, batch = x.shape[:2]
    mask = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 0, 0]])
    rng = np.random.default_rng(7)
    outputs, final, cache = g.forward(np.where(mask[..., None], x, np.nan), params, state, mask)
    ups = {k: rng.standard_normal(v.shape) for k, v in outputs.items()}
    d_final = {k: rng.standard_normal(v.shape) for k, v in final.items()}
    d_params, d_x, d_state = g.backward(ups, cache, d_final)
    total = {k: np.zeros_like(v) for k, v in params.items()}
    for b in range(batch):
        kept = np.flatnonzero(mask[:, b])
        _, last, alone = g.forward(x[kept, b : b + 1], params, {k: v[b : b + 1] for k, v in state.items()})
        one = {k: np.zeros((len(kept), 1, v.shape[2])) for k, v in ups.items()}
        before = {k: np.zeros((1, v.shape[1])) for k, v in state.items()}
        for t in range(steps):
            position = int(np.sum(kept <= t)) - 1
            for k in ups:
                if k not in state and not mask[t, b]:
                    assert not outputs[k][t, b].any()
                elif position >= 0:
                    one[k][position, 0] += ups[k][t, b]
                else:
                    before[k][0] += ups[k][t, b]
        some_params, some_x, some_state = g.backward(one, alone, {k: v[b : b + 1] for k, v in d_final.items()})
        for k in total:
            total[k] += some_params[k]
        assert np.allclose(d_x[kept, b], some_x[:, 0], rtol=1e-10, atol=1e-12)
        assert not d_x[mask[:, b] == 0, b].any()
        for k in state:
            assert np.allclose(final[k][b], last[k][0], rtol=1e-12)
            assert np.allclose(d_state[k][b], some_state[k][0] + before[k][0], rtol=1e-10, atol=1e-12)
    for k in total:
        assert np.allclose(d_params[k], total[k], rtol=1e-10, atol=1e-12), k


OTHERS = {
    "rows": transposed(cell("lstm")), "concatenated": concatenated(cell("lstm")), "split": split(concatenated(cell("gru"))),
    "rows, concatenated": transposed(concatenated(cell("lstm_peephole"))), "layers": stack(cell("lstm"), cell("gru"), cell("rnn")),
    "constants": Cell.from_plain(["h[t] = exp(-exp(a)) * h[t-1] + softplus(s) * (W @ x[t])"], shapes={"a": "n,1"}),
    "one weight twice": Cell.from_plain(["h[t] = tanh(W @ x[t] + U @ h[t-1] + U @ (h[t-1]*h[t-1]) + b + b)"]),
    "a delay": Cell.from_plain(["k[t] = h[t-1]", "h[t] = tanh(W @ x[t] + k[t-1])"]),
    "nothing learnt": Cell.from_plain(["h[t] = x[t] - h[t-1] / 2"]),
    "an output": Cell.from_plain(["h[t] = relu(W @ x[t] + U @ h[t-1])", "y[t] = V @ h[t] + c"], outputs=["y", "h"]),
    "a bias": Cell.from_plain(["h[t] = sigmoid(b) * h[t-1] + x[t]"], shapes={"b": "n,1", "h": "n,1", "x": "n,1"}),
    "names": Cell.from_plain(["np[t] = tanh(T * add[t] + ws * np[t-1] + B)", "list[t] = np[t] * multiply"], outputs=["np", "list"]),
    "two inputs": Cell.from_plain(["h[t] = tanh(W @ x[t] + V @ y[t] + h[t-1])"]),
    "kinks": Cell.from_plain(["h[t] = where(h[t-1] > 0, erf(h[t-1]), abs(W @ x[t])) - max(h[t-1], x_2[t]) * dsigmoid(W @ x[t])"]),
}  # fmt: skip


@pytest.mark.parametrize("label", OTHERS)
def test_other_systems(label: str) -> None:
    """Forward by the equations; backward by the file's own differences, which know nothing of the backward pass."""
    c = OTHERS[label]
    g, dims = module_of(c), dims_of(c)
    assert g.check_gradients() < 1e-7
    x, params, state = draw(g, dims)
    inputs = x if isinstance(x, dict) else {c.inputs[0]: x}
    outputs, _, _ = g.forward(x, params, state)
    size = {k: tuple(int(d.subs({s: dims[s.name] for s in d.free_symbols})) for d in shape) for k, shape in c.shapes.items()}
    for b in range(3):
        given: Any = {**params, **{(k, t + 1): v[t, b].reshape(size[k]) for k, v in inputs.items() for t in range(len(v))}}
        given |= {(k, 0): v[b].reshape(size[k]) for k, v in state.items()}
        values = by_equations(c, given, 5, dims)
        for o in c.outputs:
            assert all(np.allclose(outputs[o][t, b], values[o, t + 1].ravel(), rtol=1e-12, atol=1e-13) for t in range(5)), o


def test_the_gradient_check_can_fail() -> None:
    source = export("gru")
    assert "subtract(one, w" in source
    wrong: dict[str, Any] = {"__name__": "exported"}
    exec(source.replace("subtract(one, w", "subtract(0.99, w"), wrong)
    assert wrong["check_gradients"]() > 1e-3


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_schedule_is_refused_by_its_equation(name: str) -> None:
    with pytest.raises(UnsupportedNode, match=r"cannot be exported: \w+\[t\] = ") as caught:
        plan(cell(name))
    assert caught.value.hint


def test_more_refusals() -> None:
    with pytest.raises(UnsupportedNode):
        plan(bidirectional(cell("rnn")))
    with pytest.raises(UnsupportedNode, match="cannot be exported"):
        plan(Cell.from_plain(["h[t] = tanh(h[t - 2] + x[t])"]))
    with pytest.raises(UnsupportedNode, match="size of no input"):
        export(Cell.from_plain(["h[t] = tanh(h[t-1])", "y[t] = W @ x[t]"], shapes={"h": "n,1"}, outputs=["h", "y"]))
    with pytest.raises(UnsupportedNode, match="no input"):
        export(Cell.from_plain(["h[t] = tanh(W @ h[t-1])"]))
    with pytest.raises(CellError, match="cannot be a name"):
        plan(Cell.from_plain(["ĥ[t] = tanh(ĥ[t-1] + x[t])"]))


def test_no_text_of_a_document_becomes_code() -> None:
    evil = Cell.from_plain(["h[t] = tanh(W @ x[t] + U @ h[t - 1])"], title='"""\nimport os; os.abort()\n\\', paper='\\\'"""', name="a\nb")
    source = export(evil)
    assert '"""' not in source.splitlines()[0][3:]
    assert module_of(evil).check_gradients() < 1e-7


class Watched:
    """NumPy, with a note of what was allocated from one matrix product to the next: every step of a loop has one."""

    def __init__(self) -> None:
        self.most: list[int] = []
        self.before = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def matmul(self, *args: Any, **named: Any) -> Any:
        self.most.append(tracemalloc.get_traced_memory()[1] - self.before)
        result = np.matmul(*args, **named)
        tracemalloc.reset_peak()
        self.before = tracemalloc.get_traced_memory()[0]
        return result


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", ["lstm", "gru_reset_after", "rnn"])
def test_no_step_allocates_with_a_workspace(name: str, masked: bool) -> None:
    """Views and nothing else; with a mask also NumPy's own buffers (at most 8192 numbers for each operand), and no array of the step."""
    steps, batch, n = 30, 64, 512
    g = module_of(cell(name))
    x, params, state = draw(g, {"n": n, "m": 4}, steps, batch)
    mask = np.arange(steps * batch).reshape(steps, batch) % 3 != 0 if masked else None
    ws = g.workspace(steps, batch, {"n": n, "m": 4})
    g.np = watched = Watched()  # type: ignore[attr-defined]
    tracemalloc.start()
    outputs, _, kept = g.forward(x, params, state, mask, ws)
    g.backward({"h": outputs["h"]}, kept)
    tracemalloc.stop()
    forward, back = watched.most[2 : steps + 1], watched.most[steps + 2 : 2 * steps + 1]  # before them stands the product of all inputs
    assert max(forward + back) < (8 * n * batch / 3 if masked else 1000)
