"""What ``derive --analysis`` prints: what else follows from the equations of a cell, beside its gradients."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import sympy
from sympy import Eq

from ..calculus import backward, fixed, forward_mode, growth, hessian_product, jacobian, norm_bounds, ranges
from ..cells import Cell, operation_count, parameter_count
from ..errors import LstmSymbolicError
from ..expr import plain
from ..writing import Style, style
from ..writing.colors import colored
from .derive import PAGES, Lines, cell_of


def analyse(what: Any, kind: str, wrt: str | None = None, format: str = "text", notation: str | Style = "default") -> str:
    """What else follows from the equations of a cell: ``kind`` is jacobian, forward, hessian, ranges, limits or costs.

    >>> print(analyse("rnn", "jacobian", format="plain"))
    jac(h[t], h[t - 1]) = diag(1 - h[t] ** 2) @ U
    jac(h[T], h[k]) = Prod(diag(1 - h[t] ** 2) @ U, (t, k + 1, T))
    >>> print(analyse("rnn", "ranges"))
    h[t] in (-1, 1)
    >>> print(analyse("minlstm", "limits", wrt="i", format="plain").splitlines()[2])
    i[t] = 1
    """
    c = cell_of(what)
    if wrt is not None and kind not in WITH_RESPECT_TO:
        raise LstmSymbolicError(f"{kind} is an analysis of the whole cell, not by {wrt[:60]}")
    chosen, notes = _ANALYSES[kind](c, None if wrt is None else [wrt])
    if format == "json":
        return json.dumps({"cell": c.name, "equations": [plain(e) for e in chosen], "notes": notes}, indent=1)
    if not chosen:
        return "\n".join(notes)
    return PAGES[format](chosen, [], [] if format == "plain" else notes, colored(style(notation), [c]))


def _jacobian(c: Cell, wrt: list[str] | None) -> tuple[Lines, list[str]]:
    found = jacobian(c)
    bounds = [f"norm(jac({a}[t], {b}[t - 1])) <= {plain(bound)}" for (a, b), bound in norm_bounds(found).items() if bound != 0]
    held = [f"with the gates held fixed: {plain(e)}" for e in found.paths]
    return found.equations, [*held, *bounds]


def _forward(c: Cell, wrt: list[str] | None) -> tuple[Lines, list[str]]:
    found = forward_mode(c, wrt)
    return found.lines, [f"{d} is the change of {name}" for name, d in found.directions.items() if name not in c.defined]


def _hessian(c: Cell, wrt: list[str] | None) -> tuple[Lines, list[str]]:
    grads = backward(c)
    found = hessian_product(grads, wrt)
    known = [f"{d} is the change of {name}" for name, d in found.forward.directions.items() if name not in c.defined]
    return found.equations, [*known, "beside the lines of the gradients, and for a loss that is linear in what it reads"]


def _limits(c: Cell, wrt: list[str] | None) -> tuple[Lines, list[str]]:
    """Each gate shut and wide open, and the equations that change."""
    found: list[Eq] = []
    for gate, number in itertools.product(wrt or c.gates, (0, 1)):
        held = fixed(c, {gate: number})
        changed = [e for e in held.equations if e.rhs != c.definition(e.lhs.name)]
        found += [Eq(c.symbol(gate), sympy.Integer(number), evaluate=False), *changed]
    return tuple(found), ["each gate held at 0 and at 1, with the lines that change; the other lines stay"]


def _costs(c: Cell, wrt: list[str] | None) -> tuple[Lines, list[str]]:
    """What there is to learn, and what one step computes, as formulas in the sizes."""
    spent = operation_count(c)
    counts = {"parameters": parameter_count(c), "products": spent.products, "elementwise": spent.elementwise, "functions": spent.functions}
    notes = ["one step: additions and multiplications of matrix products, operations on entries, and values of functions as sigma and tanh"]
    return tuple(Eq(sympy.Symbol(name), value, evaluate=False) for name, value in counts.items()), notes


def _ranges(c: Cell, wrt: list[str] | None) -> tuple[Lines, list[str]]:
    found = ranges(c)
    grown = {s: growth(c, s) for s in c.states if found[s].size == sympy.oo}
    steps = [
        f"abs({s}[t]) <= {f'{a} * ' if a != 1 else ''}abs({s}[t - 1]) + {b}"
        for s, pair in grown.items()
        if pair is not None
        for a, b in [pair]
    ]
    return (), [*(f"{name}[t] in {interval}" for name, interval in found.items()), *steps]


_ANALYSES: dict[str, Callable[[Cell, list[str] | None], tuple[Lines, list[str]]]] = {
    "jacobian": _jacobian, "forward": _forward, "hessian": _hessian, "ranges": _ranges, "limits": _limits, "costs": _costs,
}  # fmt: skip

#: The analyses that can be asked for by one symbol.
WITH_RESPECT_TO = ("forward", "hessian", "limits")
