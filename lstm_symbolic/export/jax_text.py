"""The parts of an exported JAX or torch file that are the same for every cell: sizes, checks, masks, and the two passes as loops.

``@name@`` stands for what the cell or the language decides.
"""

CHECKS = '''
def _shape(texts, dims):
    """The sizes of ("n", "n+m", "1", "2*n"); None where a dimension is unknown."""
    sums = {t: [[int(f) if f.isdigit() else dims.get(f) for f in a.split("*")] for a in t.split("+")] for t in texts if t not in dims}
    dims = dims | {t: None if any(None in f for f in s) else sum(map(math.prod, s)) for t, s in sums.items()}
    return tuple(dims[text] for text in texts)


def _sizes(inputs, params):
    """Every dimension, as most arrays say."""
    given, axes = inputs | (params if isinstance(params, dict) else {}), {k: ("T", "B", s) for k, s in INPUTS.items()} | PARAMETERS
    sizes = [pair for k, array in given.items() for pair in zip(axes.get(k, ()), getattr(array, "shape", ()), strict=False)]
    return {"T": None, "B": None} | dict(sorted([pair for pair in sizes if pair[0].isidentifier()], key=sizes.count)) | {"1": 1}


def _type(array):
    return str(getattr(array, "dtype", type(array).__name__)).removeprefix("torch.")


def _check(label, arrays, shapes, dtype, optional=False):
    """The arrays by name; a ValueError says which one is missing, unknown, or of another type or shape."""
    if not isinstance(arrays, dict) or not set(arrays) <= set(shapes) or not (optional or len(arrays) == len(shapes)):
        found = f"a dictionary of {', '.join(map(str, arrays))}" if isinstance(arrays, dict) else type(arrays).__name__
        raise ValueError(f"{label} is {found}, expected a dictionary of {', '.join(shapes)}")
    for name, array in arrays.items():
        shape = tuple(getattr(array, "shape", ()))
        if not hasattr(array, "dtype") or _type(array) not in DTYPES or _type(array) != dtype or shape != shapes[name]:
            named = f"{label}[{name!r}]" if label else name
            raise ValueError(f"{named} is {_type(array)} of shape {shape}, expected {dtype} of shape {shapes[name]}")
    return arrays


def _keep(on, new, old):
    """``new`` where the mask is on."""
    return new if on is None else @np@.where(on, new, old)


def _prepared(x, params, state, mask):
    """Inputs, parameters and states, checked, by name; the mask (T, B, 1) or None."""
    inputs, state = @inputs@, {} if state is None else state
    if not isinstance(inputs, dict):
        raise ValueError(f"x is {type(x).__name__}, expected a dictionary of {', '.join(INPUTS)}")
    dims, dtype = _sizes(inputs, params), next((_type(a) for a in inputs.values() if _type(a) in DTYPES), DTYPES[-1])
    T, B = dims["T"], dims["B"]
    starts = {k: (B, *_shape((size,), dims)) for k, size in STATES.items()}
    _check("", inputs, {k: (T, B, *_shape((size,), dims)) for k, size in INPUTS.items()}, dtype)
    _check("params", params, {k: _shape(shape, dims) for k, shape in PARAMETERS.items()}, dtype)
    _check("state", state, starts, dtype, optional=True)
    some = next(iter(inputs.values()))
    state = {k: state[k] if k in state else @zeros@ for k, shape in starts.items()}
    if mask is None:
        return inputs, params, state, None
@mask@
    if tuple(mask.shape) != (T, B):
        raise ValueError(f"mask has shape {tuple(mask.shape)}, expected ({T}, {B})")
    on = mask[..., None] != 0
    return {k: @np@.where(on, value, 0) for k, value in inputs.items()}, params, state, on
'''

FORWARD = '''

def forward(x, params, state=None, mask=None):
    """@shapes@"""
    return _forward(*_prepared(x, params, state, mask))


def _forward(inputs, params, state, on):
@packed@
@before@

    def step(old, at):
@forward_known@
@forward_lines@
        return @forward_result@

    final, (outputs, saved) = @scan@(step, @forward_start@, @forward_at@, length=@length@)
    return outputs, dict(zip(STATES, final, strict=True)), (inputs, params, on, saved)
'''

BACKWARD = '''

def backward(d_outputs, cache, d_state=None):
    """Gradients of parameters, inputs and initial state, from those of outputs and final state (0 where missing)."""
    inputs, params, on, saved = cache
    dims, some = _sizes(inputs, params), next(iter(inputs.values()))
    shapes = {k: (*some.shape[:2], *_shape((size,), dims)) for k, size in OUTPUTS.items()}
    ends = {k: (some.shape[1], *_shape((size,), dims)) for k, size in STATES.items()}
    up = _check("d_outputs", {} if d_outputs is None else d_outputs, shapes, _type(some), optional=True)
    last = _check("d_state", {} if d_state is None else d_state, ends, _type(some), optional=True)
    up = {k: up[k] if k in up else @zeros@ for k, shape in shapes.items()}
    last = {k: last[k] if k in last else @zeros@ for k, shape in ends.items()}
    d_params, d_inputs, d_start = _backward(inputs, params, on, saved, up, last)
    return d_params, @d_x@, d_start


def _backward(inputs, params, on, saved, up, last):
@packed_again@

    def step(later, at):
@backward_lines@
        return @backward_result@

    first, @received@ = @scan@(step, @backward_start@, @backward_at@, length=@length@, reverse=True)
@collecting@
    return d_params, d_inputs, dict(zip(STATES, first, strict=True))
'''
