"""The parts of an exported NumPy file that are the same for every cell: sizes, checks, parameters, the gradient check.

``@dims@`` stands for dimensions of an example, ``@x@`` for the inputs that the caller passes, ``@inputs@`` for them by name, ``@d_x@`` for
their gradients by name, ``@names@`` and ``@values@`` for dimensions and what they are.
"""

from textwrap import indent

CHECKS = '''
def _shape(texts, dims):
    """The sizes of ("n", "n+m", "1", "2*n"); None where a dimension is unknown."""
    sums = {t: [[int(f) if f.isdigit() else dims.get(f) for f in a.split("*")] for a in t.split("+")] for t in texts if t not in dims}
    dims = dims | {t: None if any(None in f for f in s) else int(sum(map(np.prod, s))) for t, s in sums.items()} if sums else dims
    return tuple(dims[text] for text in texts)


def _check(label, arrays, shapes, dtype, optional=False):
    """The arrays by name; a ValueError says which one is missing, unknown, or of another type or shape."""
    if not isinstance(arrays, dict) or not set(arrays) <= set(shapes) or not (optional or len(arrays) == len(shapes)):
        found = f"a dictionary of {', '.join(map(str, arrays))}" if isinstance(arrays, dict) else type(arrays).__name__
        raise ValueError(f"{label} is {found}, expected a dictionary of {', '.join(shapes)}")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shapes[name]:
            found = f"{getattr(array, 'dtype', type(array).__name__)} of shape {np.shape(array)}"
            raise ValueError(f"{f'{label}[{name!r}]' if label else name} is {found}, expected {dtype} of shape {shapes[name]}")
    return arrays


def init(dims, rng, dtype=DTYPES[-1]):
    """Random parameters, for dimensions such as @dims@."""
    shapes = {k: _shape(shape, dims) for k, shape in PARAMETERS.items()}
    if np.dtype(dtype) not in DTYPES or any(None in shape for shape in shapes.values()):
        raise ValueError(f"dims is {dims}, dtype {dtype}; expected dimensions such as @dims@, {' or '.join(DTYPES)}")
    return {k: (rng.uniform(-1, 1, s) / np.sqrt(max(*s, 1))).astype(dtype) for k, s in shapes.items()}
'''

_ARGUMENTS = """    inputs, dims, state = @inputs@, {"T": None, "B": None, "1": 1}, {} if state is None else state
"""

_SIZES = """\
    given, axes = inputs | (params if isinstance(params, dict) else {}), {k: ("T", "B", s) for k, s in INPUTS.items()} | PARAMETERS
    sizes = [pair for k, array in given.items() for pair in zip(axes.get(k, ()), np.shape(array)) if pair[0].isidentifier()]
    dims |= dict(sorted(dict.fromkeys(sizes), key=sizes.count))  # what most arrays say
    dtype = np.dtype(next((a.dtype for a in inputs.values() if getattr(a, "dtype", None) in DTYPES), DTYPES[-1]))
    _check("", inputs, {k: _shape(("T", "B", size), dims) for k, size in INPUTS.items()}, dtype)
    _check("params", params, {k: _shape(shape, dims) for k, shape in PARAMETERS.items()}, dtype)
    _check("state", state, {k: _shape(("B", size), dims) for k, size in STATES.items()}, dtype, optional=True)
"""

_MASK = """    if mask is not None and (np.shape(mask) != (T, B) or not np.isin(mask, (0, 1)).all()):
        raise ValueError(f"mask has shape {np.shape(mask)}, expected ({T}, {B}), and nothing but 0 and 1")
    off = None if mask is None else np.asarray(mask) == 0
    inputs = inputs if off is None else {k: np.where(off[..., None], dtype.type(0), value) for k, value in inputs.items()}"""

PREPARED = _ARGUMENTS + _SIZES + '    T, B = dims["T"], dims["B"]\n' + _MASK

_KINDS = """    arrays = [d.items() for d in (inputs, params, state) if isinstance(d, dict)]
    kinds = [[(k, a.dtype, a.shape) if type(a) is np.ndarray else object() for k, a in d] for d in arrays]
    if workspace is None or workspace.kinds != kinds:  # else all of this was checked before
"""

_WORKSPACE = """        key = (*_shape(("T", "B", @values@), dims), dtype)
        workspace = Workspace(dims["T"], dims["B"], dims, dtype) if workspace is None else workspace
        if workspace.key != key:
            raise ValueError(f"workspace is for {workspace.key}, expected {key}: T, B, dimensions, type")
    ws, (T, B, @names@dtype) = workspace, workspace.key
"""

#: The same with a workspace, which remembers names, types and shapes that were right (measured: a tenth of 32 steps of one sample).
PREPARED_ONCE = _ARGUMENTS + _KINDS + indent(_SIZES, "    ") + _WORKSPACE + _MASK + "\n    ws.used, ws.kinds = ws.used + 1, kinds"

GRADIENT_CHECK = '''

def check_gradients(seed=0, eps=1e-6):
    """The error of backward against a central difference in a random direction of all arrays, masked steps included."""
    rng, dims, mask = np.random.default_rng(seed), @dims@, np.arange(4)[:, None] < [4, 2, 4]
    inputs = {k: rng.standard_normal((4, 3, *_shape((size,), dims))) for k, size in INPUTS.items()}
    start = init(dims, rng, "float64"), inputs, {k: rng.uniform(0.5, 1, (3, *_shape((size,), dims))) for k, size in STATES.items()}
    ways = [{k: rng.standard_normal(v.shape) for k, v in arrays.items()} for arrays in start]
    moved = [[{k: v + e * way[k] for k, v in arrays.items()} for arrays, way in zip(start, ways)] for e in (eps, -eps, 0)]
    runs = [forward(@x@, params, state, mask) for params, inputs, state in moved]
    ups = [{k: rng.standard_normal(v.shape) for k, v in arrays.items()} for arrays in runs[2][:2]]
    d_params, d_x, d_state = backward(ups[0], runs[2][2], ups[1])
    above, below = (sum(np.vdot(up[k], v[k]) for up, v in zip(ups, run) for k in up) for run in runs[:2])
    return abs((above - below) / (2 * eps) - sum(np.vdot(d[k], w[k]) for d, w in zip((d_params, @d_x@, d_state), ways) for k in w))


if __name__ == "__main__":
    print(f"gradient error: {check_gradients():.1e}")
    raise SystemExit(not check_gradients() < 1e-6)
'''
