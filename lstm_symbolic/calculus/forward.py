"""Forward mode: how a small change of parameters, inputs and first states runs through the steps, and what it does to the gradients.

The tangent of every equation is an equation again, so that a direction is carried along with the states and nothing is kept for a
backward pass (real-time recurrent learning). Applied to the lines of the adjoint recursion it gives the product of the Hessian with the
direction, by one more forward and one more backward sweep (Pearlmutter 1994), and never the Hessian itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sympy import Eq, Expr, Symbol

from ..cells import Cell, as_cell, leaves
from ..expr import Shape, TimeSymbol, plain, shape_of, variable
from ..expr.nodes import Grad
from ..expr.wanted import wanted_list
from ..notebook import Shown
from .backward import as_gradients
from .gradients import Gradients
from .named_step import NamedStep
from .preactivations import Names
from .tangent import change, tangent


@dataclass(frozen=True)
class Tangents(Shown):
    """``lines`` in the order of evaluation, from t = 1 on; ``directions`` maps a symbol to the name of its change."""

    cell: Cell
    lines: tuple[Eq, ...]
    directions: Mapping[str, str] = field(hash=False)
    shapes: Mapping[str, Shape] = field(hash=False)

    @property
    def equations(self) -> tuple[Eq, ...]:
        return self.lines

    def __str__(self) -> str:
        return "\n".join(plain(e) for e in self.equations)


@dataclass(frozen=True)
class HessianProduct(Shown):
    """``forward`` carries the direction to T, ``recursion`` the changes of the adjoints back to 1; ``parameters`` are the rows of H v."""

    forward: Tangents
    recursion: tuple[Eq, ...]
    parameters: Mapping[str, Expr] = field(hash=False)

    @property
    def equations(self) -> tuple[Eq, ...]:
        sums = [Eq(Symbol(f"H_{name}", real=True), value, evaluate=False) for name, value in self.parameters.items()]
        return (*self.forward.lines, *self.recursion, *sums)

    def __str__(self) -> str:
        lines = [*self.forward.lines, *self.recursion]
        return "\n".join([*(plain(e) for e in lines), *(f"H_{name} = {plain(value)}" for name, value in self.parameters.items())])


def forward_mode(cell: Cell | str, wrt: Collection[str] | None = None) -> Tangents:
    """The tangent equations of one step, for changes of ``wrt`` (parameters and inputs; all of them by default).

    Williams and Zipser 1989, for one direction. ``d_U`` is the change of U and has its shape; ``CellError`` for an unknown name.

    >>> print(forward_mode("rnn", ["U"]))
    d_h[t] = (1 - h[t] ** 2) * (d_U @ h[t - 1] + U @ d_h[t - 1])
    """
    cell = as_cell(cell)
    chosen = [*cell.parameters, *cell.inputs] if wrt is None else wanted_list(wrt, str, "the name of a parameter or an input")
    moving = tuple(n for n in (*cell.parameters, *cell.inputs) if n in chosen)
    for name in chosen:
        cell.symbol(name)  # an unknown name is an error that says which there are
    names = Names({*cell.shapes})
    directions = {name: names.fresh(f"d_{name}") for name in (*moving, *_reached(cell, moving))}
    step = NamedStep(cell, None, cell.outputs)
    values = {e.rhs: e.lhs for e in step.equations if not e.rhs.is_symbol}
    inner: dict[Expr, Expr] = {}
    lines = []
    for e in step.equations:
        changes = {s: _moved(s, directions) for s in leaves(e.rhs) if s.name in directions}
        found = change(e.rhs, changes | inner)
        if found is not None and e.lhs.name in step.owner:
            inner[e.lhs] = found
        elif found is not None:
            lines.append(Eq(_moved(e.lhs, directions), found.xreplace(values).xreplace(step.arguments), evaluate=False))
    return Tangents(cell, tuple(lines), directions, {d: cell.shapes[name] for name, d in directions.items()})


def hessian_product(grads: Gradients | Cell | str, wrt: Collection[str] | None = None) -> HessianProduct:
    """H v for the direction v = (d_W, ...): the tangent of every line of the adjoint recursion. The loss is linear in what it reads.

    Pearlmutter 1994. A row of H v has the shape of its parameter, and H itself is never built.

    >>> print(hessian_product("rnn", ["b"]).recursion[0].rhs)
    U.T*d_delta_h[t + 1]
    """
    grads = as_gradients(grads)
    forward = forward_mode(grads.cell, wrt)
    names = Names({*grads.shapes, *forward.shapes})
    table = {name: names.fresh(f"d_{name}") for name in (e.lhs.name for e in grads.recursion if isinstance(e.lhs, TimeSymbol))}
    adjoints = {e.lhs.args[0].name: names.fresh(f"d_grad_{e.lhs.args[0].name}") for e in grads.recursion if isinstance(e.lhs, Grad)}

    def changes(e: Expr) -> dict[Expr, Expr]:
        found = {s: _moved(s, {**forward.directions, **table}) for s in leaves(e) if s.name in forward.directions or s.name in table}
        return found | {g: _moved(g.args[0], adjoints) for g in e.atoms(Grad) if g.args[0].name in adjoints}

    lines = []
    for e in grads.recursion:
        left = _moved(e.lhs.args[0], adjoints) if isinstance(e.lhs, Grad) else _moved(e.lhs, table)
        lines.append(Eq(left, tangent(e.rhs, changes(e.rhs)), evaluate=False))
    sums = {name: tangent(value, changes(value)) for name, value in grads.parameters.items()}
    return HessianProduct(forward, tuple(lines), sums)


def _reached(cell: Cell, moving: Collection[str]) -> tuple[str, ...]:
    """What a change of ``moving`` reaches, now or later."""
    reached = set(moving)
    while True:
        new = {e.lhs.name for e in cell.equations if any(s.name in reached for s in leaves(e.rhs))} - reached
        if not new:
            return tuple(name for name in cell.defined if name in reached)
        reached |= new


def _moved(symbol: Expr, directions: Mapping[str, str]) -> Expr:
    return variable(directions[symbol.name], shape_of(symbol), symbol.index if isinstance(symbol, TimeSymbol) else ())
