"""What every adjoint of a forward step is: the adjoints of one step, written out in what arrives at its states from outside.

``h_in[t]`` stands for ∂L/∂h_t as far as it does not pass through the step itself: the loss at t, and step t+1. Everything else (gates,
pre-activations, parameters, the states before) is linear in these, by the derivative rules of ``calculus``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Eq, Expr

from ...calculus.algebra import total, zero
from ...calculus.preactivations import Names, PreActivations, symbols_of
from ...calculus.vjp import rule_of
from ...cells import TIME, Cell, leaves
from ...errors import CellError
from ...expr import Shape, TimeSymbol, shape_of
from ...expr.functions import Elementwise
from ...expr.nodes import Apply

#: How an adjoint can be meant. ``recurrent`` is the part that comes from step t+1, ``direct`` the rest.
KINDS = ("total", "pre", "recurrent", "direct")


@dataclass(frozen=True, order=True)
class Meaning:
    """One adjoint: its kind, and the variable or parameter (for ``inner`` a number: a place inside an equation)."""

    kind: str
    name: str


@dataclass(frozen=True)
class Step:
    """One forward step, and its adjoints at time t in the symbols ``<state>_in[t]``.

    ``lagged`` holds what the step hands to the states before it, as summands; ``inner`` the cotangents at the places inside equations.
    """

    cell: Cell
    equations: tuple[Eq, ...]
    total: Mapping[str, Expr]
    pre: Mapping[str, Expr]
    parameters: Mapping[str, Expr]
    lagged: Mapping[str, tuple[Expr, ...]]
    uses: Mapping[str, tuple[Expr, ...]]
    inner: tuple[Expr, ...]
    carried: frozenset[str]

    @property
    def arriving(self) -> dict[str, TimeSymbol]:
        return {name: incoming(self.cell, name) for name in self.total if name in self.carried}


def incoming(cell: Cell, name: str) -> TimeSymbol:
    return TimeSymbol(f"{name}_in", *shape_of(_symbol(cell, name)), TIME)


def _symbol(cell: Cell, name: str) -> Expr:
    return next((e.lhs for e in cell.equations if e.lhs.name == name), None) or cell.symbol(name)


def step_of(cell: Cell) -> Step:
    """The adjoints of one step of a cell.

    >>> from ...cells import cell
    >>> from ...expr import plain
    >>> step = step_of(cell("rnn"))
    >>> plain(step.pre["h"]), plain(step.parameters["b"])
    ('h_in[t] * (1 - h[t] ** 2)', 'h_in[t] * (1 - h[t] ** 2)')
    """
    named = PreActivations(Names(symbols_of(cell)), cell.parameters)
    equations = named.equations(cell.in_order())
    owner = {symbol.name: name for symbol, name in named.owner.items()}
    written: dict[Expr, Expr] = {}
    for e in equations:
        if e.lhs.name in owner:
            written[e.lhs] = e.rhs.xreplace(written)
    values = named.values | {e.rhs: e.lhs for e in equations if not e.rhs.is_symbol}
    now: dict[str, list[Expr]] = defaultdict(list)
    lagged: dict[str, list[Expr]] = defaultdict(list)
    parameters: dict[str, list[Expr]] = defaultdict(list)
    inner: list[Expr] = []
    read_now = {s.name for e in equations for s in leaves(e.rhs) if isinstance(s, TimeSymbol) and s.index[-1] == TIME}
    carried = frozenset(e.lhs.name for e in equations if e.lhs.name in cell.states or e.lhs.name not in read_now)
    adjoints: dict[str, Expr] = {}
    for e in reversed(equations):
        name = e.lhs.name
        arriving = [incoming(cell, name)] if name in carried else []
        adjoints[name] = total(*arriving, *now[name]) if arriving or now[name] else zero(shape_of(e.lhs))
        stack = [(e.rhs, adjoints[name])]
        while stack:
            node, g = stack.pop()
            if not node.is_symbol:
                inner.append(g.xreplace(written))
                stack += [(a, c) for a, c in rule_of(node).pull(node, g, values.get(node, node))]
            elif not isinstance(node, TimeSymbol):
                parameters[node.name].append(g.xreplace(written))
            elif node.index[-1] == TIME:
                now[node.name].append(g.xreplace(written))
            elif node.index[-1] == TIME - 1:
                lagged[node.name].append(g.xreplace(written))
            else:
                raise CellError(f"{node} is read more than one step away")
    for name in cell.inputs:
        if now[name]:
            adjoints[name] = total(*now[name])
    for e in equations:  # f = sigmoid(a_f) where the author names a_f
        if e.lhs.name not in owner.values() and isinstance(e.rhs, Apply | Elementwise):
            activated = str(getattr(e.rhs.args[-1], "name", ""))
            if activated in cell.defined:
                owner.setdefault(activated, e.lhs.name)
    return Step(
        cell, tuple(equations),
        {n: a.xreplace(written) for n, a in adjoints.items() if n not in owner or n in cell.defined},
        {owner[n]: a.xreplace(written) for n, a in adjoints.items() if n in owner},
        {n: total(*found) for n, found in parameters.items()},
        {n: tuple(found) for n, found in lagged.items()},
        {n: tuple(found) for n, found in now.items() if n not in owner},
        tuple(dict.fromkeys(inner)),
        carried,
    )  # fmt: skip


def expanded(e: Expr, step: Step, shifts: range) -> Expr:
    """The expression with what arrives at step t written as the loss at t plus what step t+1 hands back, for every t but the last."""
    for shift in shifts:
        table = {}
        for name, symbol in step.arriving.items():
            handed = [x.xreplace({TIME: TIME + shift + 1}) for x in step.lagged.get(name, ())]
            own = [] if read_in_step(step, name) else [TimeSymbol(f"{name}_loss", *symbol.shape, TIME + shift)]
            table[symbol.xreplace({TIME: TIME + shift})] = total(*own, *handed) if own or handed else zero(symbol.shape)
        e = e.xreplace(table)
    return e


def read_in_step(step: Step, name: str) -> bool:
    """Does the step itself read the value? Then the loss does not read it directly: it reads what is made of it."""
    return bool(step.uses.get(name))


def shapes_of(step: Step) -> dict[str, Shape]:
    return dict(step.cell.shapes)
