"""The exported torch file against torch's own gradients of hand-typed cells, gradcheck, autograd of its forward pass, and torch.nn."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from arrays import MASK, assert_stored, by_label, close, mapped, small, stored_case
from cases import STORED
from exported import SUPPORTED, load, zoo

from lstm_symbolic.cells import cell
from lstm_symbolic.export import export

torch: Any = pytest.importorskip("torch")


@cache
def exported(name: str) -> Any:
    return load(export(name, target="torch"))


def tensors(tree: Any, grad: bool = False) -> Any:
    return mapped(lambda v: torch.tensor(v, requires_grad=grad), tree)


def total(results: Any, *upstreams: Any) -> Any:
    return sum((result[k] * torch.tensor(up[k])).sum() for result, up in zip(results, upstreams, strict=False) for k in up)


def leaves(*trees: Any) -> list[Any]:
    return [v for tree in trees for v in (tree.values() if isinstance(tree, dict) else [tree])]


@pytest.mark.parametrize("name", SUPPORTED)
def test_gradients_against_torch(name: str) -> None:
    for number in range(len(STORED)):
        x, params, state, up, theirs = stored_case(name, number)
        given = [tensors(tree, True) for tree in (x, params, state)]
        total(exported(name).run(*given), up).backward()
        grads = [mapped(lambda v: v.grad.numpy(), tree) for tree in given]
        assert_stored(name, by_label(name, grads[1], grads[0], grads[2]), theirs)


@pytest.mark.parametrize("name", SUPPORTED)
def test_masked_against_autograd(name: str) -> None:
    """Forward against the NumPy file; our backward against autograd through the forward pass. NaN where the mask is off."""
    g, (x, params, state, up, last) = exported(name), small(name)
    hidden = np.where(MASK[..., None], x, np.nan)
    given = [tensors(tree, True) for tree in (hidden, params, state)]
    outputs, final, _ = g.forward(*given, MASK)
    theirs = zoo(name).forward(x, params, state, MASK)
    close(mapped(lambda v: v.detach(), outputs), theirs[0])
    close(mapped(lambda v: v.detach(), final), theirs[1])
    flat = leaves(*given)
    by_autograd = torch.autograd.grad(total((outputs, final), up, last), flat, allow_unused=True)
    ours = torch.autograd.grad(total(g.run(*given, MASK), up, last), flat)
    for mine, wanted in zip(ours, by_autograd, strict=True):
        wanted = torch.zeros_like(mine) if wanted is None else wanted
        assert torch.linalg.norm(mine - wanted) <= 1e-11 * max(float(torch.linalg.norm(wanted)), 1e-3)


@pytest.mark.parametrize("name", SUPPORTED)
def test_float32(name: str) -> None:
    g, (x, params, state, up, last) = exported(name), small(name)
    results = []
    for dtype in (torch.float64, torch.float32):
        narrow = [mapped(lambda v, dtype=dtype: torch.tensor(v, dtype=dtype), tree) for tree in (x, params, state, up, last)]
        outputs, _, saved = g.forward(*narrow[:3])
        d_params, d_x, d_state = g.backward(narrow[3], saved, narrow[4])
        results.append(
            {**{f"out {k}": v for k, v in outputs.items()}, **d_params, "d_x": d_x, **{f"{k}[0]": v for k, v in d_state.items()}}
        )
        assert all(v.dtype == dtype for v in results[-1].values())
    close(results[1], results[0], 1e-5)


@pytest.mark.parametrize("name", ["lstm", "gru", "lstm_peephole", "sru"])
def test_gradcheck(name: str) -> None:
    g, (x, params, state, _, _) = exported(name), small(name)
    names = [list(tree) for tree in (params, state)]

    def run(x: Any, *flat: Any) -> Any:
        params = dict(zip(names[0], flat, strict=False))
        outputs, final = g.run(x, params, dict(zip(names[1], flat[len(params) :], strict=True)), MASK)
        return *outputs.values(), *final.values()

    assert torch.autograd.gradcheck(run, leaves(*(tensors(tree, True) for tree in (x, params, state))))


def test_the_module() -> None:
    g = exported("lstm")
    torch.manual_seed(0)
    layer = g.Layer({"n": 4, "m": 3})
    assert set(layer.state_dict()) == {f"weights.{k}" for k in cell("lstm").parameters}
    outputs, final = layer(torch.randn(5, 2, 3))
    assert torch.equal(outputs["h"][-1], final["h"])
    outputs["h"].sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in layer.parameters())
    before = [p.detach().clone() for p in layer.parameters()]
    torch.optim.SGD(layer.parameters(), 0.1).step()
    assert not any(torch.equal(a, b) for a, b in zip(before, layer.parameters(), strict=True))


@pytest.mark.parametrize(("steps", "batch"), [(0, 2), (3, 0), (0, 0)])
def test_empty(steps: int, batch: int) -> None:
    g, params = exported("gru"), tensors(small("gru")[1])
    outputs, final, saved = g.forward(torch.zeros(steps, batch, 2, dtype=torch.float64), params)
    assert outputs["h"].shape == (steps, batch, 3)
    d_params, d_x, _ = g.backward({}, saved, {"h": final["h"] + 1})
    assert d_x.shape == (steps, batch, 2)
    assert not any(v.any() for v in d_params.values())


def test_bad_input_is_named() -> None:
    g = exported("lstm")
    x, params, state = (tensors(tree) for tree in small("lstm")[:3])
    for arguments, message in (
        ((x[0], params), r"x is float64 of shape \(2, 2\), expected float64 of shape"),
        ((x.float(), params), r"params\['W_f'\] is float64 .* expected float32"),
        ((x, {**params, "W_f": params["W_f"].T}), r"params\['W_f'\] is float64 of shape \(2, 3\), expected float64 of shape \(3, 2\)"),
        ((x, params, {"c": x}), "state is a dictionary of c, expected a dictionary of C, h"),
        ((x, params, state, torch.ones(2, 3)), r"mask has shape \(2, 3\), expected \(3, 2\)"),
        ((None, params), "x is NoneType"),
    ):
        with pytest.raises(ValueError, match=message):
            g.run(*arguments)
