"""What a cell becomes when a gate is shut or wide open: the gate's equation is left out, its number put in, and what is idle falls away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Add, Eq, Expr, MatrixExpr, Mul, Rational
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul

from ..cells import Cell, as_cell, leaves
from ..errors import CellError
from ..expr import nodes, shape_of
from ..expr.build import broadcast, ones, times
from ..expr.wanted import wanted, wanted_number
from .algebra import hadamard, split, total


def fixed(cell: Cell | str, values: Mapping[str, int | str | Rational]) -> Cell:
    """The cell with some of its gates held at exact numbers, in every entry; ``CellError`` for a state, and for what no
    equation defines.

    With f = 1 and i = 0 the state is carried along unchanged: the constant error carousel (Hochreiter and Schmidhuber 1997).

    >>> print(fixed("lstm", {"f": 1, "i": 0, "o": 1}))
    C[t] = C[t - 1]
    h[t] = tanh(C[t])
    >>> print(fixed("gru", {"z": 0, "r": 0}))
    h_tilde[t] = tanh(W_h @ x[t] + b_h)
    h[t] = h_tilde[t]
    """
    cell = as_cell(cell)
    numbers: dict[Expr, Expr] = {}
    for name, value in wanted(values, (Mapping,), "a table of gates and numbers", 'for example {"f": 1, "i": 0}').items():
        if name not in cell.gates and (name not in cell.defined or name in cell.states):
            held = ", ".join(cell.gates) or ", ".join(cell.intermediates)
            raise CellError(f"{str(name)[:60]} is no gate of {cell.name or 'this cell'}", hint=f"gates are {held}")
        number = sympy.Rational(wanted_number(value, f"a number for {name}"))
        for symbol in (cell.symbol(name, shift) for shift in (0, -1)):  # a gate may be read by the next step too
            numbers[symbol] = broadcast(number, shape_of(symbol)) if isinstance(symbol, MatrixExpr) else number
    left = [Eq(e.lhs, simplified(e.rhs.xreplace(numbers)), evaluate=False) for e in cell.equations if e.lhs not in numbers]
    needed = set(cell.outputs)
    while True:
        read = {s.name for e in left if e.lhs.name in needed for s in leaves(e.rhs)} | needed
        if read == needed:
            break
        needed = read
    about: dict[str, Any] = {"layout": cell.layout, "name": f"{cell.name} with {', '.join(f'{k} = {v}' for k, v in values.items())}"}
    return Cell.from_equations([e for e in left if e.lhs.name in needed], outputs=cell.outputs, **about)


def simplified(e: Expr) -> Expr:
    """Zeros and ones worked out, and nothing else changed."""
    found = _worked_out(e)
    return broadcast(sympy.Integer(0), shape_of(e)) if isinstance(e, MatrixExpr) and _is_zero(found) else found


def _worked_out(e: Expr) -> Expr:
    if not e.args or e.is_symbol:
        return e
    args = [simplified(a) for a in e.args]
    if isinstance(e, Add | MatAdd):
        return total(*args)
    if isinstance(e, Mul | HadamardProduct) and not isinstance(e, MatMul):
        return hadamard(*args)
    if any(_is_zero(a) for a in args) and isinstance(e, MatMul | nodes.Conv | nodes.Broadcast | sympy.Transpose):
        return hadamard(sympy.Integer(0), sympy.OneMatrix(*shape_of(e)))
    if isinstance(e, MatMul):
        args = [_with_ones(a) for a in args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else e.func(*args)


def _with_ones(e: Expr) -> Expr:
    """A repeated number with its shape written out: beside a matrix product nothing else says it."""
    number, rest = split(e)
    if not isinstance(e, nodes.Broadcast) or rest != 1:
        return e
    return ones(*shape_of(e)) if number == 1 else times(number, ones(*shape_of(e)))


def _is_zero(e: Expr) -> bool:
    return isinstance(e, Expr) and split(e)[0] == 0
