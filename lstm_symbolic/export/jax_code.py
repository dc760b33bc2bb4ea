"""The JAX target: one file that imports only jax; our backward pass stands behind ``jax.grad``."""

from __future__ import annotations

from collections.abc import Sequence

from .jax_language import Language
from .jax_passes import header, outputs_table, packed, passes, steps_of
from .jax_text import BACKWARD, CHECKS, FORWARD
from .plan import Plan

_NAMED = ("tanh", "exp", "log", "sqrt", "abs", "sign", "cosh", "sinh")

JAX = Language(
    module="jnp",
    functions={
        **{name: f"jnp.{name}({{0}})" for name in _NAMED},
        "sigmoid": "jax.nn.sigmoid({0})", "dsigmoid": "jax.nn.sigmoid({0}) * jax.nn.sigmoid(-({0}))", "dtanh": "(1.0 - jnp.tanh({0}) ** 2)",
        "relu": "jnp.maximum({0}, 0.0)", "softplus": "jnp.logaddexp({0}, 0.0)", "max": "jnp.maximum({0}, {1})",
        "min": "jnp.minimum({0}, {1})", "where": "jnp.where({0}, {1}, {2})", "erf": "jax.scipy.special.erf({0})",
        "erfc": "jax.scipy.special.erfc({0})", "zeros": "jnp.zeros_like({0})",
    },
    concatenate="jnp.concatenate([{0}], {1})",
    split="jnp.split({0}, {1}, {2})",
    number="jnp.asarray({0}, dtype)",
)  # fmt: skip

_FIXED = {
    "np": "jnp", "zeros": "jnp.zeros(shape, some.dtype)", "scan": "jax.lax.scan",
    "mask": "    mask = jnp.asarray(mask)",
}  # fmt: skip

_INIT = '''

def init(dims, rng, dtype=DTYPES[-1]):
    """Random parameters, for dimensions by name; ``rng`` is a key of jax.random."""
    shapes = {k: _shape(shape, dims) for k, shape in PARAMETERS.items()}
    if str(jnp.dtype(dtype)) not in DTYPES or any(None in shape for shape in shapes.values()):
        raise ValueError(f"dims is {dims}, dtype {dtype}; expected every dimension of PARAMETERS by name, {' or '.join(DTYPES)}")
    keys = jax.random.split(rng, max(1, len(shapes)))
    return {k: jax.random.uniform(key, s, dtype, -1, 1) / max(*s, 1) ** 0.5 for key, (k, s) in zip(keys, shapes.items(), strict=False)}
'''

_RUN = '''

@jax.custom_vjp
def _run(inputs, params, state, on):
    return _forward(inputs, params, state, on)[:2]


def _run_forward(inputs, params, state, on):
    outputs, final, cache = _forward(inputs, params, state, on)
    return (outputs, final), cache


def _run_backward(cache, cotangents):
    d_params, d_inputs, d_start = _backward(*cache, *cotangents)
    return d_inputs, d_params, d_start, None


_run.defvjp(_run_forward, _run_backward)


def run(x, params, state=None, mask=None):
    """Outputs and final state, for jax.grad, jax.jit and jax.vmap: what is differentiated is ``backward``."""
    return _run(*_prepared(x, params, state, mask))
'''


def jax_source(plan: Plan, dtypes: Sequence[str] = ("float32", "float64")) -> str:
    """The text of the exported file."""
    steps = steps_of(plan, JAX)
    remarks = "float64 needs the option jax_enable_x64."
    imports = "import math\n\nimport jax\nimport jax.numpy as jnp"
    parts = [header(plan, "JAX", remarks, imports), outputs_table(plan, dtypes), (CHECKS + _INIT).rstrip("\n")]
    parts += packed(steps, list(steps.packing()))
    text = "\n".join(parts).rstrip("\n") + "\n" + FORWARD
    return passes(plan, steps, text, BACKWARD + _RUN if plan.gradients else "", _FIXED).rstrip("\n") + "\n"
