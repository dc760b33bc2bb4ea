"""The two passes of an exported JAX or torch file: the lines of ``Steps`` put into the text that all cells share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from textwrap import wrap

from ..errors import UnsupportedNode
from ..expr import write
from .docstrings import described
from .jax_backward import BothSteps
from .jax_language import COMPARED, Language
from .jax_steps import Steps
from .lines import filled
from .naming import Names
from .numpy_code import check_dimensions, tables
from .plan import Plan

_RESERVED = (
    "jax", "jnp", "torch", "math", "step", "old", "later", "at", "on", "up", "last", "first", "final", "outputs", "inputs", "params",
    "state", "mask", "saved", "cache", "dims", "dtype", "forward", "backward", "init", "run", "d_params", "d_inputs", "T", "B", "d_x",
    "Layer", "k", "v", "ctx", "self", "tensors",
)  # fmt: skip


def steps_of(plan: Plan, language: Language) -> BothSteps:
    """The step of a plan, with the names that its file uses."""
    check_dimensions(plan)
    step = plan.step
    for name, k in {**step.states, **step.outputs}.items():
        if plan.graph[k].op == "copy" and plan.graph.is_constant(plan.graph[k].args[0]):
            raise UnsupportedNode(f"{name} is the same for all samples, which only the target numpy can hold")
    missing = {n.name for n in plan.graph.nodes if n.op == "call"} - set(language.functions) - set(COMPARED)
    if missing:
        raise UnsupportedNode(f"{language.module} has no function {', '.join(sorted(missing))}")
    taken = [f"{lead}_{name}" for name in (*step.previous, *step.inputs) for lead in ("later", "direct")]
    taken += [f"{lead}_{i}" for lead in ("weights", "biases", "from_inputs", "use") for i in range(1, 60)]
    taken += [f"weights_{i}_{j}" for i in range(1, 60) for j in range(1, 9)]
    return BothSteps(step, plan.back, language, Names.of(plan.cell, *_RESERVED, "weights", "biases", "from_inputs", *taken))


def header(plan: Plan, language: str, remarks: str, imports: str) -> str:
    """What the file holds, where it comes from, how its arrays lie, and what it imports."""
    return "\n".join([*described(plan, language, remarks), imports, ""])


def outputs_table(plan: Plan, dtypes: Sequence[str]) -> str:
    """The tables of the NumPy file, and the sizes of the outputs."""
    outputs = ", ".join(f'"{k}": "{write(plan.graph[node].size)}"' for k, node in plan.step.outputs.items())
    return f"{tables(plan, dtypes)}OUTPUTS = {{{outputs}}}\n"


def _tuple(items: Sequence[str]) -> str:
    return f"({', '.join(items)}{',' * (len(items) == 1)})"


#: A placeholder's line with nothing to say, to be left out.
_NOTHING = "\0"


def _indented(lines: Sequence[str], indent: int) -> str:
    if not lines:
        return _NOTHING
    return "\n".join(f"{' ' * indent}{line}" for line in lines)


def _dict(names: Mapping[str, str] | Sequence[str]) -> str:
    pairs = names.items() if isinstance(names, Mapping) else zip(names, names, strict=True)
    return "{" + ", ".join(f'"{k}": {v}' for k, v in pairs) + "}"


def _used(names: Sequence[str], lines: Sequence[str]) -> list[str]:
    """The names, with _ for those that no line reads."""
    words = set(re.findall(r"\w+", "\n".join(lines)))
    return [name if name in words else "_" for name in names]


def _assigned(names: Sequence[str], source: str) -> list[str]:
    """``i, f = saved["i"], saved["f"]``, a few in a line."""
    rows = [names[i : i + 4] for i in range(0, len(names), 4)]
    return [f"{', '.join(row)} = " + ", ".join(f'{source}["{n}"]' for n in row) for row in rows]


def packed(steps: Steps, lines: Sequence[str]) -> list[str]:
    """The function that stacks the weights, and its results by name."""
    names = [m[1] for line in lines if (m := re.match(r"((?:weights|biases)\w*) = ", line))]
    text = "\n".join(lines)
    dims = sorted(set(re.findall(r"\b[A-Za-z_]\w*\b", "".join(re.findall(r"\[:, [^\]]*\]", text)))))
    head = ["dims = _sizes(inputs, params)", f"{', '.join(dims)} = " + ", ".join(f'dims["{d}"]' for d in dims)]
    if not names:
        return []
    body = [*(head if dims else []), *lines, f"return {', '.join(names)}"]
    opening = ["def _packed(inputs, params):", '    """Weights and biases of the gates below each other."""']
    return ["", "", *opening, *(f"    {b}" for b in body)]


def passes(plan: Plan, steps: BothSteps, forward_text: str, backward_text: str, fixed: Mapping[str, str]) -> str:
    """The text of both passes."""
    step, cell = plan.step, plan.cell
    packing = list(steps.packing())
    names = [m[1] for line in packing if (m := re.match(r"((?:weights|biases)\w*) = ", line))]
    before = list(steps.input_products())
    scanned = [m[1] for line in before if (m := re.match(r"(from_inputs\w*) = ", line))]
    lines, named = steps.forward()
    new = [named[step.states[s]] for s in step.previous]
    old = [named[k] for k in step.previous.values()]
    kept = [f"{n} = _keep(on, {n}, {o})" for n, o in zip(new, old, strict=True)]
    kept += [f"{named[k]} = _keep(on, {named[k]}, 0)" for o, k in step.outputs.items() if o not in step.previous]
    known = [f"{', '.join(old)}{',' * (len(old) == 1)} = old"] if old else []
    read = {n: named[step.inputs[n]] for n in steps.read}
    known.append(f"{', '.join([*scanned, *read.values(), 'on'])}{',' * (not scanned and not read)} = at")
    saved = _dict({named[k]: named[k] for k in steps.saved})
    outputs = _dict({o: named[k] for o, k in step.outputs.items()})
    single = cell.inputs[0] if len(cell.inputs) == 1 else ""
    dtype = "dtype = next(iter(inputs.values())).dtype"
    body = _indented([*lines, *kept], 8)
    values = {
        **fixed,
        "inputs": f'{{"{single}": x}}' if single else "x", "d_x": f'd_inputs["{single}"]' if single else "d_inputs",
        "packed": _indented([f"{', '.join(names)} = _packed(inputs, params)"] if names else [], 4),
        "before": _indented([*before, *([dtype] if "dtype" in body else [])], 4),
        "forward_known": _indented(known, 8), "forward_lines": body,
        "forward_result": f"{_tuple(new)}, ({outputs}, {saved})",
        "forward_start": _tuple([f'state["{s}"]' for s in step.previous]),
        "forward_at": _tuple([*scanned, *(f'inputs["{n}"]' for n in read), "on"]), "length": f'inputs["{cell.inputs[0]}"].shape[0]',
        "shapes": _shapes(plan),
    }  # fmt: skip
    text = forward_text
    if plan.gradients:
        lines, carries = steps.backward()
        results = [*steps.deltas, *(f"direct_{n}" for n in steps.direct), *steps.use_names]
        returned = [*steps.deltas, *steps.direct.values(), *steps.sums]
        held, used = [steps.known[k] for k in steps.saved], [*lines, *carries.values(), *returned]
        reading = {n: steps.known[step.inputs[n]] for n in steps.back_inputs}
        known = [f"{', '.join(f'later_{s}' for s in step.previous)}{',' * (len(old) == 1)} = later"] if old else []
        known.append(f"{', '.join(['up', 'on', 'saved', *reading.values()])} = at")
        body = _indented([*known, *_assigned([n for n in held if n in _used(held, used)], "saved"), *lines], 8)
        collecting = list(steps.collecting())
        again = _used(names, [*lines, *carries.values(), *returned, *collecting])
        values |= {
            "backward_lines": body,
            "packed_again": _indented([f"{', '.join(again)} = _packed(inputs, params)"] if {*again} - {"_"} else [], 4),
            "backward_result": f"{_tuple([carries[s] for s in step.previous])}, {_tuple(returned)}",
            "backward_start": _tuple([f'last["{s}"]' for s in step.previous]), "received": _tuple(results),
            "backward_at": _tuple(["up", "on", "saved", *(f'inputs["{n}"]' for n in reading)]),
            "collecting": _indented(collecting, 4),
        }  # fmt: skip
        if "dtype" in body:
            values["backward_lines"] = f"        {dtype}\n{body}"
        text += backward_text
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return folded("\n".join(line for line in text.split("\n") if line != _NOTHING))


def _shapes(plan: Plan) -> str:
    """What goes in and comes out."""
    inputs = ", ".join(f"{k} (T, B, {write(plan.graph[n].size)})" for k, n in plan.step.inputs.items())
    outputs = ", ".join(f"{k} (T, B, {write(plan.graph[n].size)})" for k, n in plan.step.outputs.items())
    states = ", ".join(f"{k} (B, {write(plan.graph[n].size)})" for k, n in plan.step.previous.items())
    text = f"Outputs {outputs}; the final state {states}; a cache, from inputs {inputs}."
    return "\n    ".join(wrap(text, 130))


def folded(text: str) -> str:
    """Lines that are too wide, with the items of their widest bracket on lines of their own."""
    return "\n".join(part for line in text.split("\n") for part in (_fold(line) if len(line) > 138 else [line]))


def _fold(line: str) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    spans, stack = [], []
    for i, c in enumerate(line):
        if c in "([{":
            stack.append(i)
        elif c in ")]}" and stack:
            spans.append((len(stack), stack.pop(), i))
    depth = min((d for d, a, b in spans if "," in line[a:b]), default=0)
    first, last = max(((a, b) for d, a, b in spans if d == depth), key=lambda s: s[1] - s[0], default=(0, 0))
    if not last:
        return [line]
    items, level, start = [], 0, first + 1
    for i in range(first + 1, last):
        level += (line[i] in "([{") - (line[i] in ")]}")
        if line[i] == "," and level == 0:
            items.append(line[start:i].strip())
            start = i + 1
    items += [tail] if (tail := line[start:last].strip()) else []
    if len(items) < 2:
        return [line]
    folded = filled(indent, line[len(indent) : first + 1], items, line[last:])
    return [part for f in folded for part in (_fold(f) if len(f) > 138 and f != line else [f])]
