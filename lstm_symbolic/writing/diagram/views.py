"""Other pictures of a cell: the way of the gradients, and the steps 1, 2, …, T side by side."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer, Symbol

from ...cells import Cell
from ...cells.timing import TIME
from ...expr import TimeSymbol, nodes, shape_of
from ...expr.functions import FUNCTIONS
from .drawing import picture
from .figure import Drawing, Label, Line, Shape, extent
from .flow import Node, flow

_HORIZON = Symbol("T", integer=True)


def backward_view(cell: Cell) -> Drawing:
    """The same picture with every wire running back: states carry ∂L/∂h_t, gates the delta of their pre-activation.

    >>> from ...cells import cell
    >>> [line.tip for line in backward_view(cell("rnn")).lines]
    [False, False, False]
    """
    drawn = picture(cell, [_adjoint(n) for n in flow(cell)])
    lines = tuple(replace(line, tip=line.tail, tail=line.tip) for line in drawn.lines)
    return replace(drawn, lines=lines)


def _adjoint(n: Node) -> Node:
    if n.kind in ("source", "sink") and isinstance(n.main, TimeSymbol):
        return replace(n, main=nodes.Grad(n.main))
    if n.kind == "affine" and isinstance(n.main, TimeSymbol):
        return replace(n, main=TimeSymbol(f"delta_{n.main.name}", *n.main.shape, *n.main.index), note=_slope(n.note))
    return n


def _slope(note: Expr | None) -> Expr | None:
    """σ′ for σ, where the derivative has a name."""
    if isinstance(note, nodes.Apply) and f"d{note.function}" in FUNCTIONS and len(note.operands) == 1:
        return nodes.Apply(f"d{note.function}", *note.operands)
    return note


def unrolled(cell: Cell) -> Drawing:
    """The steps 1, 2, …, T: states go from step to step, every step reads its inputs from below and hands its outputs up.

    >>> from ...cells import cell
    >>> len([s for s in unrolled(cell("lstm")).shapes if s.kind == "box"])
    3
    """
    times: list[Expr] = [Integer(1), Integer(2), _HORIZON]
    title = Symbol((cell.name or "cell").split("_")[0].upper())
    states = cell.states or cell.outputs
    shown = [n for n in cell.outputs if n == cell.outputs[-1]]
    high, wide = 1.6 * len(states) + 1.4, extent(title) / 2 + 1.2
    names = (*states, *cell.inputs)
    room = max(extent(_at(cell, n, TIME - 1)) for n in names)
    gap = room + 4.6
    wide = max(wide, (len(cell.inputs) * (room + 0.6) - gap + 1) / 2)
    shapes: list[Shape] = []
    lines: list[Line] = []
    labels: list[Label] = []
    steps = [0.0, 2 * wide + gap, 2 * (2 * wide + gap) + 3.0]
    for time, x in zip(times, steps, strict=True):
        shapes.append(Shape("box", (x, 0), (wide, high), "state"))
        labels.append(_label((x, 0), title))
        spread = [x + (j - (len(cell.inputs) - 1) / 2) * (room + 0.6) for j in range(len(cell.inputs))]
        for name, u in zip(cell.inputs, spread, strict=True):
            end = min(max(u, x - wide + 0.5), x + wide - 0.5)
            lines.append(Line(((u, high + 2.4), (u, high + 1.2), (end, high + 1.2), (end, high)), tip=True))
            labels.append(_label((u, high + 3.4), _at(cell, name, time)))
        for name in shown:
            lines.append(Line(((x, -high), (x, -high - 2)), tip=True))
            labels.append(_label((x, -high - 3), _at(cell, name, time)))
    for row, name in enumerate(states):
        y = 3.2 * (row - (len(states) - 1) / 2)
        left, right = steps[0] - wide, steps[-1] + wide
        lines.append(Line(((left - 2.4, y), (left, y)), tip=True))
        labels.append(_label((left - 2.7 - extent(_at(cell, name, Integer(0))) / 2, y), _at(cell, name, Integer(0))))
        lines.append(Line(((steps[0] + wide, y), (steps[1] - wide, y)), tip=True))
        labels.append(_label(((steps[0] + steps[1]) / 2, y - 1), _at(cell, name, Integer(1))))
        middle = (steps[1] + steps[2]) / 2
        lines.append(Line(((steps[1] + wide, y), (middle - 1.1, y))))
        labels.append(Label((middle, y), "⋯", (0.8, 0.5)))
        lines.append(Line(((middle + 1.1, y), (steps[2] - wide, y)), tip=True))
        lines.append(Line(((right, y), (right + 2.4, y)), tip=True))
        labels.append(_label((right + 2.7 + extent(_at(cell, name, _HORIZON)) / 2, y), _at(cell, name, _HORIZON)))
    return Drawing(cell, tuple(shapes), tuple(lines), tuple(labels), f"{cell.title or cell.name}, t = 1, …, T")


def _at(cell: Cell, name: str, time: Expr) -> Expr:
    symbol = cell.symbol(name)
    if not isinstance(symbol, TimeSymbol):
        return symbol
    return TimeSymbol(name, *shape_of(symbol), *symbol.index[:-1], time)


def _label(at: tuple[float, float], main: Expr) -> Label:
    return Label(at, main, (extent(main) / 2, 0.75))
