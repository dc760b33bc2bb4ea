"""Compositions of cells are cells: layers on top of each other, and one cell run in both directions.

The last output of a cell is what the next layer reads. Every name of a layer gets the layer's suffix, and so does every dimension
of its own, so that layers may have different widths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sympy import Expr

from ..errors import CellError
from ..expr import Shape, Term, TermEquation, read_equation, symbol, write
from .catalogue import as_cell
from .cell import Cell
from .timing import TIME


def stack(*layers: Cell | str) -> Cell:
    """Layers: each reads the last output of the one below. A known cell may be given by its name.

    Layer k has its own width n_k; ``CellError`` where a layer has not exactly one input.

    >>> two = stack("rnn", "rnn")
    >>> print(two)
    h_1[t] = tanh(W_1 @ x[t] + U_1 @ h_1[t - 1] + b_1)
    h_2[t] = tanh(W_2 @ h_1[t] + U_2 @ h_2[t - 1] + b_2)
    >>> two.shapes["W_2"]
    (n_2, n_1)
    """
    if not layers:
        raise CellError("no layer to stack")
    lines: list[TermEquation] = []
    shapes: dict[str, Shape] = {}
    below: tuple[str, Shape] | None = None
    known = [as_cell(layer) for layer in layers]
    for number, layer in enumerate(known, 1):
        source = _only_input(layer)
        names = {name: f"{name}_{number}" for name in layer.shapes} | {source: below[0] if below else source}
        dims = _dimensions(layer, source, str(number), below[1] if below else layer.shapes[source])
        lines += _renamed(layer, names, dims)
        shapes |= {names[name]: _resize(shape, dims) for name, shape in layer.shapes.items()}
        below = names[layer.outputs[-1]], shapes[names[layer.outputs[-1]]]
    name = " over ".join(layer.name or "cell" for layer in reversed(known))
    outputs = [f"{o}_{len(layers)}" for o in known[-1].outputs]
    return Cell.from_terms(lines, shapes, outputs=outputs, name=name, title=f"{len(layers)} layers", layout=known[0].layout)


def bidirectional(cell: Cell | str) -> Cell:
    """The cell forward in time beside the same cell backward in time; the last outputs of both, stacked, are the output.

    Schuster and Paliwal 1997. The output has twice the rows of the cell's: 2n x 1. ``CellError`` where the cell has not exactly one input.

    >>> print(bidirectional("rnn"))
    h_fwd[t] = tanh(W_fwd @ x[t] + U_fwd @ h_fwd[t - 1] + b_fwd)
    h_bwd[t] = tanh(W_bwd @ x[t] + U_bwd @ h_bwd[t + 1] + b_bwd)
    h[t] = concat(h_fwd[t], h_bwd[t])
    """
    cell = as_cell(cell)
    source, output = _only_input(cell), cell.outputs[-1]
    lines: list[TermEquation] = []
    shapes: dict[str, Shape] = {}
    for suffix, direction in (("fwd", _as_it_is), ("bwd", _reversed)):
        names = {name: f"{name}_{suffix}" for name in cell.shapes} | {source: source}
        lines += [_mapped(e, direction) for e in _renamed(cell, names, {})]
        shapes |= {names[name]: shape for name, shape in cell.shapes.items()}
    lines.append(read_equation(f"{output}[t] = concat({output}_fwd[t], {output}_bwd[t])"))
    about: dict[str, Any] = {"name": f"bidirectional {cell.name}".strip(), "title": "Bidirectional", "layout": cell.layout}
    return Cell.from_terms(lines, shapes, outputs=[output], **about)


def _only_input(cell: Cell) -> str:
    if len(cell.inputs) != 1:
        raise CellError(f"{cell.name or 'the cell'} has {len(cell.inputs)} inputs; a composition needs exactly one")
    return cell.inputs[0]


def _dimensions(cell: Cell, source: str, suffix: str, given: Shape) -> dict[Expr, Expr]:
    """New dimensions of a layer: those of its input are given, the others are its own."""
    own = {d for shape in cell.shapes.values() for side in shape for d in side.free_symbols}
    table: dict[Expr, Expr] = {d: symbol(f"{d}_{suffix}") for d in own}
    for have, want in zip(cell.shapes[source], given, strict=True):
        if have in table:
            table[have] = want
        elif have != want:
            raise CellError(f"{cell.name or 'the layer'} reads {write(have)} rows, here they are {write(want)}")
    return table


def _resize(shape: Shape, dims: Mapping[Expr, Expr]) -> Shape:
    return shape[0].xreplace(dims), shape[1].xreplace(dims)


def _renamed(cell: Cell, names: Mapping[str, str], dims: Mapping[Expr, Expr]) -> list[TermEquation]:
    """The equations with other names and dimensions."""
    sizes = {d.name: new for d, new in dims.items()}

    def rename(term: Term) -> Term:
        if term.op == "sym":
            return replace(term, name=names[term.name])
        if term.op in ("ones", "eye"):
            return replace(term, index=tuple(i.subs({s: sizes.get(s.name, s) for s in i.free_symbols}) for i in term.index))
        return term

    return [_mapped(replace(read_equation(line), text=""), rename) for line in cell.plain()]


def _as_it_is(term: Term) -> Term:
    return term


def _reversed(term: Term) -> Term:
    """Time runs backward: ``h[t - 1]`` becomes ``h[t + 1]``."""
    if term.op != "sym" or not term.index:
        return term
    *layer, time = term.index
    return replace(term, index=(*layer, 2 * TIME - time))


def _mapped(equation: TermEquation, change: Callable[[Term], Term]) -> TermEquation:
    def walk(term: Term) -> Term:
        return change(replace(term, args=tuple(walk(a) for a in term.args)))

    return replace(equation, sides=tuple(walk(s) for s in equation.sides))
