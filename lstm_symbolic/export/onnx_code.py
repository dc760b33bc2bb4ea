"""The ONNX target: a Python file that builds a model for inference with ``onnx.helper``.

A cell that is proved to be ONNX's LSTM or GRU becomes that operator; any other becomes a Scan over the nodes of its step. There is no
backward pass: a model is for inference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sympy import Expr

from ..errors import LstmSymbolicError, UnsupportedNode
from ..expr import write
from .graph import Weight
from .jax_passes import folded, header
from .lines import filled
from .naming import Names
from .numpy_code import check_dimensions, tables
from .numpy_ops import literal
from .plan import Plan
from .weights import Match, match
from .weights_code import LANGUAGES, conversions

#: Operation or function of a step -> the operator of ONNX.
OPERATORS = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "neg": "Neg", "pow": "Pow", "copy": "Identity", "sigmoid": "Sigmoid",
    "tanh": "Tanh", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "abs": "Abs", "sign": "Sign", "cosh": "Cosh", "sinh": "Sinh",
    "relu": "Relu", "softplus": "Softplus", "max": "Max", "min": "Min", "erf": "Erf", "gt": "Greater", "ge": "GreaterOrEqual",
    "lt": "Less", "le": "LessOrEqual", "eq": "Equal", "where": "Where",
}  # fmt: skip

_RESERVED = (
    "np",
    "onnx",
    "sys",
    "params",
    "build",
    "dtype",
    "dims",
    "arrays",
    "nodes",
    "model",
    "kind",
    "body",
    "inputs",
    "outputs",
    "X",
    "Y",
)

_CHECK = '''

def _checked(params, dtype):
    """The parameters as arrays of one type; a ValueError says which one is missing, unknown, or of another shape."""
    if dtype not in DTYPES or not isinstance(params, dict) or set(params) != set(PARAMETERS):
        found = ", ".join(map(str, params)) if isinstance(params, dict) else type(params).__name__
        raise ValueError(f"params are {found}, type {dtype}; expected {', '.join(PARAMETERS)}, {' or '.join(DTYPES)}")
    params, dims = {k: np.asarray(params[k], dtype) for k in PARAMETERS}, {"1": 1}
    for name, axes in PARAMETERS.items():
        if params[name].ndim != 2:
            raise ValueError(f"params[{name!r}] has shape {params[name].shape}, expected {axes}")
        for axis, size in zip(axes, params[name].shape, strict=True):
            if (axis.isidentifier() or axis == "1") and dims.setdefault(axis, size) != size:
                raise ValueError(f"params[{name!r}] has shape {params[name].shape}, expected {axes} with {axis} = {dims[axis]}")
    for name, axes in PARAMETERS.items():
        for axis, size in zip(axes, params[name].shape, strict=True):
            parts = axis.split("+")
            known = sum(dims.get(part, 0) for part in parts)
            for part in set(parts) - set(dims):  # the one that no axis has alone
                dims[part] = size - known
            if size != sum(dims[part] for part in parts) or min(dims.values()) < 0:
                raise ValueError(f"params[{name!r}] has shape {params[name].shape}, expected {axes} with {dims}")
    return params, dims


def _value(name, dtype, shape):
    return onnx.helper.make_tensor_value_info(name, getattr(onnx.TensorProto, {"float32": "FLOAT", "float64": "DOUBLE"}[dtype]), shape)


def _model(nodes, inputs, outputs, arrays):
    tensors = [onnx.numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in arrays.items()]
    graph = onnx.helper.make_graph(nodes, "cell", inputs, outputs, tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9, producer_name="lstm_symbolic")
    onnx.checker.check_model(model, full_check=True)
    return model
'''

_MAIN = """

if __name__ == "__main__":
    given = np.load(sys.argv[1])  # the parameters by name, as np.savez writes them
    onnx.save(build({k: given[k] for k in given.files}), sys.argv[2])
"""


def onnx_source(plan: Plan, dtypes: Sequence[str] = ("float32", "float64")) -> str:
    """The text of the exported file."""
    check_dimensions(plan)
    try:
        found: Match | None = match(plan.cell, "onnx")
    except LstmSymbolicError:
        found = None
    kind = f"the operator {found.convention.kind.upper()} (which onnxruntime runs in float32 only)" if found else "a Scan over its step"
    remarks = f"The model is {kind}, for inference: it has no backward pass and no mask. Initial states are inputs, named h_0. \
python FILE params.npz model.onnx writes it."
    forward = Plan(**{**plan.__dict__, "gradients": False})
    top = header(forward, "ONNX", remarks, "import sys\n\nimport numpy as np\nimport onnx")
    body = "\n".join(_operator(plan, found) if found else _Scan(plan).lines())
    converted = conversions(plan.cell, "onnx", LANGUAGES["numpy"]).rstrip("\n") if found else ""
    return folded(f"{top}\n{tables(plan, dtypes)}" + _CHECK.rstrip("\n") + converted + "\n\n\n" + body + _MAIN)


def _spelled(size: Expr) -> str:
    """A dimension of a model: its name."""
    return f'"{write(size)}"'


def _io(plan: Plan, sequences: Sequence[str]) -> Iterator[str]:
    """Inputs and outputs of the model."""
    graph = plan.graph
    inputs = [f'_value("{n}", dtype, ["T", "B", {_spelled(graph[k].size)}])' for n, k in plan.step.inputs.items()]
    inputs += [f'_value("{n}_0", dtype, ["B", {_spelled(graph[k].size)}])' for n, k in plan.step.previous.items()]
    outputs = [f'_value("{n}", dtype, ["T", "B", {_spelled(graph[plan.step.outputs[n]].size)}])' for n in sequences]
    outputs += [f'_value("{n}_T", dtype, ["B", {_spelled(graph[k].size)}])' for n, k in plan.step.previous.items()]
    yield from filled("    ", "inputs = [", inputs, "]")
    yield from filled("    ", "outputs = [", outputs, "]")


def _operator(plan: Plan, found: Match) -> Iterator[str]:
    """A graph of one LSTM or GRU; the axis of its one direction is put in and taken out."""
    convention, names = found.convention, found.states
    kind, states = convention.kind.upper(), [names[k] for k in ("h", "c") if k in names]
    given = ["X", "W", "R", "B" if convention.biases else "", "", *(f"{s}_start" for s in states)]
    given += ["P"] if convention.peepholes else []
    results = ["Y", *(f"{s}_end" for s in states)]
    more = f", linear_before_reset={int(convention.after)}" if kind == "GRU" else ""
    (x,) = plan.cell.inputs
    yield "def build(params, dtype=DTYPES[0]):"
    rest = [o for o in plan.cell.outputs if o != names["h"]]
    late = f" ({', '.join(rest)} at the end only)" if rest else ""
    yield f'    """The model: {x} (T, B, m) and states *_0 (B, n) to {names["h"]} (T, B, n){late} and final states *_T (B, n)."""'
    yield "    params, _ = _checked(params, dtype)"
    yield '    arrays = to_onnx(params) | {"direction_0": np.array([0]), "direction_1": np.array([1])}'
    yield "    make = onnx.helper.make_node"
    yield "    nodes = ["
    yield from (f'        make("Unsqueeze", ["{s}_0", "direction_0"], ["{s}_start"]),' for s in states)
    quoted = ", ".join(f'"{g}"' for g in [x, *given[1:]])
    made = ", ".join(f'"{r}"' for r in results)
    yield f'        make("{kind}", [{quoted}], [{made}], hidden_size=arrays["R"].shape[2]{more}),'
    yield f'        make("Squeeze", ["Y", "direction_1"], ["{names["h"]}"]),'
    yield from (f'        make("Squeeze", ["{s}_end", "direction_0"], ["{s}_T"]),' for s in states)
    yield "    ]"
    yield from _io(plan, [names["h"]])
    yield "    return _model(nodes, inputs, outputs, arrays)"


@dataclass
class _Scan:
    """The step as nodes, inside a Scan."""

    plan: Plan
    arrays: dict[str, str] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)
    at: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        step = self.plan.step
        taken = [*step.inputs, *step.outputs, *step.previous]
        self.names = Names.of(step.cell, *_RESERVED, *taken, *(f"{n}_{e}" for n in taken for e in ("0", "T", "t", "old", "next", "out")))

    def put(self, operator: str, args: Sequence[str], result: str) -> str:
        listed = ", ".join(f'"{a}"' for a in args)
        self.nodes.append(f'        make("{operator}", [{listed}], ["{result}"]),')
        return result

    def array(self, wanted: str, text: str) -> str:
        """The name of a constant array of the model."""
        for name, known in self.arrays.items():
            if known == text:
                return name
        name = self.names.fresh(wanted)
        self.arrays[name] = text
        return name

    def node(self, k: int) -> None:
        step, node = self.plan.step, self.plan.graph[k]
        own = next((n for n, value in step.values.items() if value == k), node.name or node.op)
        if node.op in ("number", "pi"):
            text = repr(math.pi) if node.op == "pi" else literal(node.number)
            self.at[k] = self.array("number", f"np.array({text}, dtype)")
        elif node.op == "parameter":
            self.at[k] = self.array(node.name, f'params["{node.name}"].reshape(-1)')
        elif node.op in ("input", "previous"):
            self.at[k] = f"{node.name}_{'t' if node.op == 'input' else 'old'}"
        elif node.op == "affine":
            parts = [
                self.put("MatMul", [self.at[a], self.array(w.name, self.weight(w))], self.names.fresh("product"))
                for w, a in zip(node.weights, node.args, strict=True)
            ]
            parts += [self.array(b, f'params["{b}"].reshape(-1)') for b in node.biases]
            self.at[k] = parts[0]
            for part in parts[1:]:
                self.at[k] = self.put("Add", [self.at[k], part], self.names.fresh("sum"))
        else:
            name = node.name if node.op == "call" else node.op
            if name not in OPERATORS:
                raise UnsupportedNode(f"ONNX has no operator for {name}")
            self.at[k] = self.put(OPERATORS[name], [self.at[a] for a in node.args], self.names.fresh(own))

    def weight(self, w: Weight) -> str:
        text = f'params["{w.name}"]' + (".T" if w.transposed else "")
        rows, columns = self.plan.cell.shapes[w.name]
        if w.start == 0 and w.width == (rows if w.transposed else columns):
            return f"{text}.T"
        dims = {s.name: f'dims["{s.name}"]' for s in (w.start + w.width).free_symbols}
        first, last = (" + ".join(dims.get(p.strip(), p.strip()) for p in write(e).split("+")) for e in (w.start, w.start + w.width))
        return f"{text}[:, {first}:{last}].T"

    def lines(self) -> Iterator[str]:
        step = self.plan.step
        for k in self.plan.graph.needed(step.roots):
            self.node(k)
        for name, k in step.states.items():
            self.put("Identity", [self.at[k]], f"{name}_next")
        for name, k in step.outputs.items():
            self.put("Identity", [self.at[k]], f"{name}_out")
        states, inputs, outputs = list(step.previous), list(step.inputs), list(step.outputs)
        yield "def build(params, dtype=DTYPES[0]):"
        yield '    """The model: inputs (T, B, features) and states *_0 (B, features) to outputs of all steps and final states *_T."""'
        dims = any('dims["' in text for text in self.arrays.values())
        yield f"    params, {'dims' if dims else '_'} = _checked(params, dtype)"
        yield "    make = onnx.helper.make_node"
        yield "    arrays = {"
        yield from (f'        "{name}": {text},' for name, text in self.arrays.items())
        yield "    }"
        yield "    nodes = ["
        yield from self.nodes
        yield "    ]"
        read = ", ".join(f'"{n}"' for n in [*(f"{s}_old" for s in states), *(f"{i}_t" for i in inputs)])
        made = ", ".join(f'"{n}"' for n in [*(f"{s}_next" for s in states), *(f"{o}_out" for o in outputs)])
        yield f"    read = [{read}]"
        yield f"    made = [{made}]"
        yield "    ends = [[_value(name, dtype, None) for name in names] for names in (read, made)]"
        yield '    body = onnx.helper.make_graph(nodes, "step", *ends)'
        given = ", ".join(f'"{n}"' for n in [*(f"{s}_0" for s in states), *inputs])
        results = ", ".join(f'"{n}"' for n in [*(f"{s}_T" for s in states), *outputs])
        yield f'    scan = make("Scan", [{given}], [{results}], body=body, num_scan_inputs={len(inputs)})'
        yield from _io(self.plan, outputs)
        yield "    return _model([scan], inputs, outputs, arrays)"
