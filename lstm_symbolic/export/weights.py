"""Whether a cell's parameters are the weights of an LSTM or GRU of torch, Keras or ONNX, and how they correspond.

Whether a cell has such weights at all is decided by the prover, not by names: the cell and the framework's equations are equal as families,
and ``under`` gives each symbol of one side as a signed sum of symbols of the other, transposed or beside each other. Read forwards it
converts one way; solved for one of its summands (the others are 0) it converts back.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..cells import Cell
from ..errors import LstmSymbolicError
from ..proof import System, Verdict, compare_systems
from .weights_layouts import Convention, conventions

#: How long one comparison with a framework's equations may take.
_SECONDS = 10.0


@dataclass(frozen=True)
class Summand:
    """``sign`` times a symbol, or its transpose."""

    sign: str
    name: str
    transposed: bool


@dataclass(frozen=True)
class Block:
    """A symbol's value: blocks side by side along ``axis`` (-1: one block), each a sum."""

    axis: int
    parts: tuple[tuple[Summand, ...], ...]


@dataclass(frozen=True)
class Match:
    """A convention that a cell was proved to follow; ``cell_side``: the keys of ``forms`` are the cell's symbols, not the framework's."""

    convention: Convention
    forms: dict[str, Block]
    cell_side: bool
    states: dict[str, str]


def match(cell: Cell, framework: str) -> Match:
    """The convention of a framework that a cell follows, by proof.

    >>> from ..cells import cell
    >>> match(cell("gru_z_writes"), "onnx").forms["kernel_z"].parts
    ((Summand(sign='-', name='W_z', transposed=False),),)
    """
    vectors = [name for name in cell.parameters if 1 in cell.shapes[name]]
    for convention in conventions(framework, len(cell.states), bool(vectors)):
        theirs = convention.cell()
        if set(theirs.parameters) & set(cell.shapes):
            continue
        outputs = [name for name in cell.outputs if name in cell.states][-1:]
        for output in dict.fromkeys([*outputs, *cell.states]):
            verdict = _compared(cell, theirs, output)
            if verdict.kind in ("proved", "proved-under") and (found := _matched(cell, theirs, convention, verdict, output)):
                return found
    raise LstmSymbolicError(
        f"the cell is not proved to be an LSTM or GRU of {framework}, so that its weights cannot be converted",
        hint="compare it with lstm_torch, gru_reset_after, lstm_onnx or gru_onnx to see what differs",
    )


def _compared(cell: Cell, theirs: Cell, output: str) -> Verdict:
    mine = System(tuple((e.lhs, e.rhs) for e in cell.equations), (output,))
    return compare_systems(mine, System(tuple((e.lhs, e.rhs) for e in theirs.equations), ("h",)), outputs_rhs=["h"], seconds=_SECONDS)


def _matched(cell: Cell, theirs: Cell, convention: Convention, verdict: Verdict, output: str) -> Match | None:
    forms = {name: form for name, text in verdict.under.items() if (form := _form(ast.parse(text, mode="eval").body)) is not None}
    if len(forms) != len(verdict.under):
        return None
    cell_side = set(forms) <= set(cell.parameters)
    keys, others = (cell.parameters, theirs.parameters) if cell_side else (theirs.parameters, cell.parameters)
    read = [s.name for form in forms.values() for part in form.parts for s in part]
    if set(forms) != set(keys) or sorted(read) != sorted(others):
        return None
    rest = [name for name in cell.states if name != output]
    return Match(convention, forms, cell_side, {"h": output, **({"c": rest[0]} if rest else {})})


def _form(node: ast.expr) -> Block | None:
    """A value as the prover writes it; None for anything but signed sums of symbols, transposed or beside each other."""
    parts, axis = [node], -1
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("hstack", "vstack") and len(node.args) == 2:
        parts, axis = node.args, int(node.func.id == "hstack")
    sums = [_summands(part) for part in parts]
    return None if any(not s for s in sums) else Block(axis, tuple(tuple(s) for s in sums))


def _summands(node: ast.expr, negative: bool = False) -> list[Summand]:
    """The summands, none where something else stands between."""
    match node:
        case ast.Name(id=name):
            return [Summand("-" if negative else "", name, False)]
        case ast.Attribute(value=ast.Name(id=name), attr="T"):
            return [Summand("-" if negative else "", name, True)]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _summands(inner, not negative)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            first, second = _summands(left, negative), _summands(right, negative != isinstance(op, ast.Sub))
            return [*first, *second] if first and second else []
    return []
