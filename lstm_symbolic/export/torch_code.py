"""The torch target: one file that imports only torch; our backward pass as an autograd function, and the cell as a module."""

from __future__ import annotations

from collections.abc import Sequence

from .jax_language import Language
from .jax_passes import header, outputs_table, packed, passes, steps_of
from .jax_text import BACKWARD, CHECKS, FORWARD
from .plan import Plan

_NAMED = ("tanh", "exp", "log", "sqrt", "abs", "sign", "cosh", "sinh", "sigmoid", "relu", "erf", "erfc")

TORCH = Language(
    module="torch",
    functions={
        **{name: f"torch.{name}({{0}})" for name in _NAMED},
        "dsigmoid": "torch.sigmoid({0}) * torch.sigmoid(-({0}))", "dtanh": "(1.0 - torch.tanh({0}) ** 2)",
        "softplus": "torch.logaddexp({0}, torch.zeros_like({0}))", "max": "torch.maximum({0}, {1})", "min": "torch.minimum({0}, {1})",
        "where": "torch.where({0}, {1}, {2})", "zeros": "torch.zeros_like({0})",
    },
    concatenate="torch.cat([{0}], {1})",
    split="torch.tensor_split({0}, {1}, {2})",
    number="torch.tensor({0}, dtype=dtype)",
)  # fmt: skip

_FIXED = {
    "np": "torch", "zeros": "some.new_zeros(shape)", "scan": "_scan",
    "mask": "    mask = torch.as_tensor(mask, device=some.device)",
}  # fmt: skip

_INIT = '''

def init(dims, rng=None, dtype=DTYPES[-1]):
    """Random parameters, for dimensions by name; ``rng`` is a torch.Generator."""
    shapes, kind = {k: _shape(shape, dims) for k, shape in PARAMETERS.items()}, str(dtype).removeprefix("torch.")
    if kind not in DTYPES or any(None in shape for shape in shapes.values()):
        raise ValueError(f"dims is {dims}, dtype {dtype}; expected every dimension of PARAMETERS by name, {' or '.join(DTYPES)}")
    return {k: (2 * torch.rand(s, generator=rng, dtype=getattr(torch, kind)) - 1) / max(*s, 1) ** 0.5 for k, s in shapes.items()}


def _tree(f, first, *others):
    """``f`` on the tensors of dictionaries and tuples that are built alike."""
    if isinstance(first, dict):
        return {k: _tree(f, v, *(o[k] for o in others)) for k, v in first.items()}
    if isinstance(first, tuple):
        return tuple(_tree(f, *values) for values in zip(first, *others, strict=True))
    return None if first is None else f(first, *others)


def _scan(step, carry, at, length, reverse=False):
    """``carry, result = step(carry, at[t])`` for every t; the last carry, and the results of all steps, stacked."""
    results = []
    for t in reversed(range(length)) if reverse else range(length):
        carry, result = step(carry, _tree(lambda v, t=t: v[t], at))
        results.append(result)
    if not results:
        _, result = step(carry, _tree(lambda v: v.new_zeros(v.shape[1:]), at))
        return carry, _tree(lambda v: v.new_empty((0, *v.shape)), result)
    return carry, _tree(lambda *values: torch.stack(values), *(reversed(results) if reverse else results))
'''

_MODULE = '''

class _Run(torch.autograd.Function):
    """``forward`` and ``backward`` for autograd. Tensors: inputs, parameters, states, in the order of the tables."""

    @staticmethod
    def forward(ctx, on, *tensors):
        names, rest = (INPUTS, PARAMETERS, STATES), iter(tensors)
        outputs, final, (inputs, params, _, saved) = _forward(*({k: next(rest) for k in table} for table in names), on)
        ctx.names = list(saved)
        ctx.save_for_backward(on, *inputs.values(), *params.values(), *saved.values())
        return *outputs.values(), *(v.clone() for v in final.values())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, *cotangents):
        on, *tensors = ctx.saved_tensors
        rest, received = iter(tensors), iter(cotangents)
        inputs, params, saved = ({k: next(rest) for k in table} for table in (INPUTS, PARAMETERS, ctx.names))
        up, last = ({k: next(received) for k in table} for table in (OUTPUTS, STATES))
        d_params, d_inputs, d_start = _backward(inputs, params, on, saved, up, last)
        return None, *d_inputs.values(), *(d_params[k] for k in PARAMETERS), *d_start.values()


def run(x, params, state=None, mask=None):
    """Outputs and final state, for autograd: what is differentiated is ``backward``."""
    inputs, params, state, on = _prepared(x, params, state, mask)
    results = iter(_Run.apply(on, *(inputs[k] for k in INPUTS), *(params[k] for k in PARAMETERS), *(state[k] for k in STATES)))
    return {k: next(results) for k in OUTPUTS}, {k: next(results) for k in STATES}


class Layer(torch.nn.Module):
    """The cell as a layer; its parameters are those of the cell, by their names."""

    def __init__(self, dims, dtype=torch.float32):
        super().__init__()
        self.weights = torch.nn.ParameterDict(init(dims, dtype=dtype))

    def forward(self, x, state=None, mask=None):
        return run(x, {k: self.weights[k] for k in PARAMETERS}, state, mask)
'''


def torch_source(plan: Plan, dtypes: Sequence[str] = ("float32", "float64")) -> str:
    """The text of the exported file."""
    steps = steps_of(plan, TORCH)
    remarks = "forward and backward are plain functions; run and Layer are for autograd, which differentiates them once."
    if not plan.gradients:
        remarks = "Autograd differentiates it step by step."
    parts = [header(plan, "torch", remarks, "import math\n\nimport torch"), outputs_table(plan, dtypes), (CHECKS + _INIT).rstrip("\n")]
    parts += packed(steps, list(steps.packing()))
    text = "\n".join(parts).rstrip("\n") + "\n" + FORWARD
    return passes(plan, steps, text, BACKWARD + _MODULE if plan.gradients else "", _FIXED).rstrip("\n") + "\n"
