"""One row a function: how NumPy computes it, in place for a call of the schedule, or as an expression."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from .graph import Graph

#: name -> the call, with ``out`` for the result; {0}, {1}, ... are the arguments.
CALLS: dict[str, str] = {
    "add": "add({0}, {1}, out={out})",
    "sub": "subtract({0}, {1}, out={out})",
    "mul": "multiply({0}, {1}, out={out})",
    "div": "divide({0}, {1}, out={out})",
    "neg": "negative({0}, out={out})",
    "pow": "power({0}, {1}, out={out})",
    "copy": "copyto({out}, {0})",
    "tanh": "tanh({0}, out={out})",
    "exp": "exp({0}, out={out})",
    "log": "log({0}, out={out})",
    "sqrt": "sqrt({0}, out={out})",
    "abs": "absolute({0}, out={out})",
    "sign": "sign({0}, out={out})",
    "cosh": "cosh({0}, out={out})",
    "sinh": "sinh({0}, out={out})",
    "relu": "maximum({0}, 0, out={out})",
    "softplus": "logaddexp({0}, 0, out={out})",
    "max": "maximum({0}, {1}, out={out})",
    "min": "minimum({0}, {1}, out={out})",
    "gt": "greater({0}, {1}, out={out})",
    "ge": "greater_equal({0}, {1}, out={out})",
    "lt": "less({0}, {1}, out={out})",
    "le": "less_equal({0}, {1}, out={out})",
    "eq": "equal({0}, {1}, out={out})",
    "ne": "not_equal({0}, {1}, out={out})",
    "where": "copyto({out}, where({0}, {1}, {2}))",
    "erf": "copyto({out}, erf({0}))",
    "erfc": "copyto({out}, erfc({0}))",
}

#: Functions that NumPy lacks, by the definition that the file carries.
DEFINITIONS = {name: f"{name} = np.vectorize(math.{name}, otypes=[float])" for name in ("erf", "erfc")}

_INFIX = {"add": "({0} + {1})", "sub": "({0} - {1})", "mul": "{0} * {1}", "div": "({0} / {1})", "neg": "(-{0})", "pow": "{0} ** {1}"}


def function(call: str) -> str:
    """The NumPy function of a row: ``tanh`` for ``tanh({0}, out={out})``."""
    return call.partition("(")[0]


def literal(value: Fraction) -> str:
    """A number as Python writes it."""
    return str(value.numerator) + ".0" if value.denominator == 1 and abs(value) < 2**53 else repr(float(value))


def expression(graph: Graph, k: int, name: Callable[[str], str]) -> str:
    """A constant of the step as one expression; ``name`` spells the parameters."""
    node = graph[k]
    if node.op == "number":
        return f"({literal(node.number)})" if node.number < 0 else literal(node.number)
    if node.op == "pi":
        return repr(math.pi)
    if node.op == "parameter":
        return name(node.name)
    args = [expression(graph, a, name) for a in node.args]
    if node.op in _INFIX:
        return _INFIX[node.op].format(*args)
    if node.name in ("relu", "softplus"):
        args.append("0.0")
    if node.name == "sigmoid":
        return f"(0.5 * np.tanh(0.5 * {args[0]}) + 0.5)"
    called = node.name if node.name in DEFINITIONS else f"np.{'where' if node.name == 'where' else function(CALLS[node.name])}"
    return f"{called}({', '.join(args)})"
