"""The exported JAX file against torch's own gradients, JAX's own differentiation, and the NumPy file."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from arrays import MASK, assert_stored, by_label, close, mapped, small, stored_case
from exported import REFUSED, SUPPORTED, load, zoo

from lstm_symbolic.cells import Cell, cell, concatenated
from lstm_symbolic.errors import UnsupportedNode
from lstm_symbolic.export import export

jax: Any = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp: Any = jax.numpy


@cache
def exported(name: str) -> Any:
    return load(export(name, target="jax"))


def loss(run: Any, up: Any, last: Any) -> Any:
    def value(x: Any, params: Any, state: Any, mask: Any = None) -> Any:
        outputs, final, *_ = run(x, params, state, mask)
        return sum((outputs[k] * up[k]).sum() for k in up) + sum((final[k] * last[k]).sum() for k in last)

    return value


@pytest.mark.parametrize("name", SUPPORTED)
def test_gradients_against_torch(name: str) -> None:
    x, params, state, up, theirs = stored_case(name)
    gradients = jax.grad(loss(exported(name).run, up, {}), argnums=(1, 0, 2))(x, mapped(jnp.asarray, params), mapped(jnp.asarray, state))
    assert_stored(name, by_label(name, *gradients), theirs)


@pytest.mark.parametrize("name", SUPPORTED)
def test_masked_against_jax_itself(name: str) -> None:
    """Forward against the NumPy file; our backward against JAX's differentiation of the forward pass. NaN where the mask is off."""
    g, (x, params, state, up, last) = exported(name), small(name)
    hidden = np.where(MASK[..., None], x, np.nan)
    outputs, final, cache_ = g.forward(jnp.asarray(hidden), params, state, MASK)
    theirs = zoo(name).forward(x, params, state, MASK)
    close(outputs, theirs[0])
    close(final, theirs[1])
    d_params, d_x, d_state = g.backward(up, cache_, last)
    by_jax = jax.grad(loss(g.forward, up, last), argnums=(1, 0, 2))(x, params, state, MASK)
    close({**d_params, "x": d_x}, {**by_jax[0], "x": by_jax[1]})
    close(d_state, by_jax[2])


@pytest.mark.parametrize("name", SUPPORTED)
def test_float32(name: str) -> None:
    g, (x, params, state, up, last) = exported(name), small(name)
    results = []
    for dtype in (jnp.float64, jnp.float32):
        narrow = [mapped(lambda v, dtype=dtype: jnp.asarray(v, dtype), tree) for tree in (x, params, state, up, last)]
        outputs, _, saved = g.forward(*narrow[:3])
        d_params, d_x, d_state = g.backward(narrow[3], saved, narrow[4])
        results.append(
            {**{f"out {k}": v for k, v in outputs.items()}, **d_params, "d_x": d_x, **{f"{k}[0]": v for k, v in d_state.items()}}
        )
        assert all(v.dtype == dtype for v in results[-1].values())
    close(results[1], results[0], 1e-5)


def test_jit_and_vmap() -> None:
    g, (x, params, state, up, last) = exported("lstm"), small("lstm")
    value = loss(g.run, up, last)
    plain = jax.grad(value, argnums=1)(x, params, state)
    close(jax.jit(jax.grad(value, argnums=1))(x, params, state), plain)
    many = jax.vmap(jax.grad(value, argnums=1), in_axes=(0, None, None))(np.stack([x, 2 * x]), params, state)
    close({k: v[0] for k, v in many.items()}, plain)
    close({k: v[1] for k, v in many.items()}, jax.grad(value, argnums=1)(2 * x, params, state))


def test_init() -> None:
    made = exported("lstm").init({"n": 64, "m": 32}, jax.random.PRNGKey(0), "float32")
    assert made["U_i"].shape == (64, 64)
    assert made["U_i"].dtype == jnp.float32
    with pytest.raises(ValueError, match="dims is"):
        exported("lstm").init({"n": 3}, jax.random.PRNGKey(0))


@pytest.mark.parametrize(("steps", "batch"), [(0, 2), (3, 0), (0, 0)])
def test_empty(steps: int, batch: int) -> None:
    g, (_, params, _, _, _) = exported("gru"), small("gru")
    outputs, final, saved = g.forward(jnp.zeros((steps, batch, 2)), params)
    assert outputs["h"].shape == (steps, batch, 3)
    d_params, d_x, _ = g.backward({}, saved, {"h": final["h"] + 1})
    assert d_x.shape == (steps, batch, 2)
    assert not any(np.any(v) for v in d_params.values())


def test_bad_input_is_named() -> None:
    g, (x, params, state, _, _) = exported("lstm"), small("lstm")
    for arguments, message in (
        ((x[0], params), r"x is float64 of shape \(2, 2\), expected float64 of shape"),
        ((x[..., :1], params), r"x is float64 of shape \(3, 2, 1\), expected float64 of shape \(3, 2, 2\)"),
        ((x.astype("f4"), params), r"params\['W_f'\] is float64 .* expected float32"),
        ((x, {**params, "W_f": params["W_f"].T}), r"params\['W_f'\] is float64 of shape \(2, 3\), expected float64 of shape \(3, 2\)"),
        ((x, {}), "params is a dictionary of , expected a dictionary of W_f"),
        ((x, params, {"h": x}), r"state\['h'\]"),
        ((x, params, state, np.ones((2, 3))), r"mask has shape \(2, 3\), expected \(3, 2\)"),
        ((x.tolist(), params), "x is list"),
    ):
        with pytest.raises(ValueError, match=message):
            g.run(*arguments)
    with pytest.raises(ValueError, match=r"d_outputs\['h'\] is .* \(3, 2, 2\), expected float64 of shape \(3, 2, 3\)"):
        g.backward({"h": x}, g.forward(x, params)[2])


def test_concatenated_weights_and_several_inputs() -> None:
    """Blocks of one parameter; two inputs by name. JAX differentiates the equations as they stand."""
    x, params, state, up, last = small("gru")
    whole = {f"W_{k}": np.hstack([params[f"U_{k}"], params[f"W_{k}"]]) for k in "rzh"}
    g = load(export(concatenated(cell("gru")), target="jax"))
    names = {k: v for k, v in g.PARAMETERS.items() if v[1] != "1"}
    order = "xh" if names[next(iter(names))] == ("n", "m+n") else "hx"
    whole = {k: whole[k] for k in names}
    if order == "hx":
        full = whole | {k: params[k] for k in g.PARAMETERS if k not in names}
        outputs, _, saved = g.forward(x, full, state)
        close(outputs, zoo("gru").forward(x, params, state)[0])
        assert g.backward(up, saved, last)[0]["W_r"].shape == (3, 5)
        by_jax = jax.grad(loss(g.forward, up, last), argnums=1)(x, full, state)
        close(g.backward(up, saved, last)[0], by_jax)
    two = Cell.from_plain(["h[t] = tanh(W @ x[t] + V @ y[t] + p * h[t-1]) * x[t]"], shapes={"W": "n,n", "V": "n,m", "p": "n,1"})
    g = load(export(two, target="jax"))
    rng = np.random.default_rng(0)
    both = {"x": rng.standard_normal((3, 2, 3)), "y": rng.standard_normal((3, 2, 4))}
    params = {"W": rng.standard_normal((3, 3)), "V": rng.standard_normal((3, 4)), "p": rng.standard_normal((3, 1))}

    def by_hand(both: Any, params: Any) -> Any:
        h, total = jnp.zeros((2, 3)), 0.0
        for t in range(3):
            h = jnp.tanh(both["x"][t] @ params["W"].T + both["y"][t] @ params["V"].T + params["p"].T * h) * both["x"][t]
            total += (h * (t + 1)).sum()
        return total

    ups = {"h": np.broadcast_to(np.arange(1.0, 4)[:, None, None], (3, 2, 3))}
    mine = g.backward(ups, g.forward(both, params)[2])
    theirs = jax.grad(by_hand, argnums=(0, 1))(both, params)
    close(mine[0], theirs[1])
    close(mine[1], theirs[0])


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_schedule_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedNode, match="cannot be exported"):
        export(name, target="jax")
