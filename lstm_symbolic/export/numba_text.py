"""The parts of an exported Numba file that are the same for every cell: products, and what calls the compiled functions.

Marks as in the parts of the NumPy file; ``@locals@`` are the dimensions by name, ``@memory@`` and ``@backward_arrays@`` the arrays.
"""

RUNTIME = '''
compiled = njit(cache=True, error_model="numpy")


@compiled
def clear(row, size):
    for j in range(size):
        row[j] = 0


@compiled
def panel(rows, count, size, stride):
    """``count`` rows of ``size`` entries that lie ``stride`` apart, as a matrix."""
    if stride == size:
        return rows[: count * size].reshape(count, size)
    made = np.empty((count, size), rows.dtype)
    for i in range(count):
        for j in range(size):
            made[i, j] = rows[i * stride + j]
    return made


@compiled
def times(count, rows, stride, weights, target, add):
    """target (+)= rows @ weights."""
    depth, width = weights.shape
    if not count * width:
        return
    if not depth:
        if not add:
            clear(target, count * width)
    elif add:
        product = np.dot(panel(rows, count, depth, stride), weights).reshape(-1)
        for j in range(count * width):
            target[j] += product[j]
    else:
        np.dot(panel(rows, count, depth, stride), weights, panel(target, count, width, width))


@compiled
def pack(weights, first, rows, columns, block, row, column):
    """Adds a block (its steps by row and column given), turned, from a column on."""
    for i in range(rows):
        for j in range(columns):
            weights[j, first + i] += block[i * row + j * column]

'''

BACKWARD_RUNTIME = '''
@compiled
def gradient(deltas, width, rows, stride, count, size, target):
    """target = the sum of (delta times row) over steps and samples, (width, size)."""
    if count * width * size:
        np.dot(panel(deltas, count, width, width).T, panel(rows, count, size, stride), panel(target, width, size, size))
    else:
        clear(target, width * size)


@compiled
def spread(target, row, column, block, rows, columns):
    """Adds a block to a gradient, in the steps of the parameter."""
    for i in range(rows):
        for j in range(columns):
            target[i * row + j * column] += block[i * columns + j]


@compiled
def keep(size, target, later, up):
    """A step that does not happen hands on what it receives."""
    for j in range(size):
        target[j] = later[j] + up[j]

'''

WORKSPACE = '''
class Workspace:
    """Arrays for T steps of B samples; what the compiled functions read and write is flat."""

    def __init__(self, T, B, dims, dtype=DTYPES[-1]):
@locals@
        self.sizes, self.dims = (T, B, *(dims[d] for d in DIMENSIONS)), dims | {"1": 1}
        self.key, self.used, self.work = (*self.sizes, np.dtype(dtype)), 0, None
@memory@
        named = dict(zip(MEMORY, self.memory))
        self.states = {k: named[f"s_{k}"].reshape(T + 1, B, *_shape((size,), self.dims)) for k, size in STATES.items()}
        self.ups = {k: (T, B, *_shape((size,), self.dims)) for k, size in OUTPUTS.items()}
        self.outputs = {k: self.states[k][1:] if k in STATES else named[f"y_{k}"].reshape(shape) for k, shape in self.ups.items()}
@backward_arrays@

workspace = Workspace  # workspace(T, B, dims, dtype)


def _flat(arrays):
    return [np.require(a, requirements=["C", "W"]).reshape(-1) for a in arrays]


'''

FORWARD = """@prepared@
    ws = Workspace(T, B, dims, dtype) if workspace is None else workspace
    expected = (T, B, *(dims[d] for d in DIMENSIONS), dtype)
    if ws.key != expected:
        raise ValueError(f"workspace is for {ws.key}, expected {expected}: T, B, dimensions, type")
    ws.used += 1
    for k, value in ws.states.items():
        value[0] = state.get(k, 0)
    on = np.empty(0, bool) if off is None else ~off.reshape(-1)
    given = _flat([*(inputs[k] for k in INPUTS), *(params[k] for k in PARAMETERS)])
    _forward(*ws.sizes, on, *given, *ws.memory)
    return dict(ws.outputs), {k: v[T] for k, v in ws.states.items()}, (ws, ws.used, on, given, workspace is None)
"""

BACKWARD = '''

def backward(d_outputs, cache, d_state=None):
    """Gradients of parameters, inputs and initial state, from those of outputs and final state (0 where missing)."""
    ws, used, on, given, fresh = cache
    if ws.used != used:
        raise ValueError("cache is stale: its workspace was used by another forward pass")
    dtype = ws.key[-1]
    ups = _check("d_outputs", {} if d_outputs is None else d_outputs, ws.ups, dtype, optional=True)
    ends = _check("d_state", {} if d_state is None else d_state, {k: v.shape[1:] for k, v in ws.states.items()}, dtype, optional=True)
    upstream = _flat([ups[k] if k in ups else np.zeros(shape, dtype) for k, shape in ws.ups.items()])
    work = ws.backward_arrays() if fresh or ws.work is None else ws.work
    ws.work = None if fresh else work
    named = dict(zip(WORK, work))
    d_start = {k: named[f"later_{k}"].reshape(v.shape[1:]) for k, v in ws.states.items()}
    for k, value in d_start.items():
        value[...] = ends.get(k, 0)
    _backward(*ws.sizes, on, *given, *upstream, *ws.memory, *work)
    d_params = {k: named[f"d_{k}"].reshape(_shape(shape, ws.dims)) for k, shape in PARAMETERS.items()}
    d_inputs = {k: named[f"dx_{k}"].reshape(*ws.key[:2], *_shape((size,), ws.dims)) for k, size in INPUTS.items()}
    return d_params, @d_inputs@, d_start
'''
