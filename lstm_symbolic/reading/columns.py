"""Gates in one column: ``(i; f; o; g) = (sigma; sigma; sigma; tanh) W (h; x)`` (Zaremba et al. 2014, equation 4) states four equations.

Each gate takes its function, and its own rows of what the functions are applied to: a cell of a column, a row of blocks, or rows of a
weight or a bias, which are symbols of their own: the rows of W for the gate i are ``W_i``.
"""

from __future__ import annotations

from dataclasses import replace

from .surface import Statement, Surface

#: What the reader of a report is told.
GATES = "a column of gates, read as one equation each; their rows of a weight or a bias are written with the gate's name"

#: Signs that a weight may stand before.
_MATRIX_PRODUCT = ("", "*", "@", r"\cdot", r"\times")


def by_gate(statement: Statement) -> list[Statement]:
    """The statements that a column of gates makes; none for any other statement, or where the rows do not come apart.

    >>> from .grammar import parse
    >>> from .tidy import split
    >>> from .tokens import tokenize
    >>> gates, functions = (rf"\\begin{{pmatrix}} {a} \\\\ {b} \\end{{pmatrix}}" for a, b in (("i", "g"), (r"\\sigma", r"\\tanh")))
    >>> s = parse(split(tokenize(f"{gates} = {functions} W x"))[0])
    >>> [(e.sides[1].glyph, e.sides[1].args[0].args[0].name.plain) for e in by_gate(s)]
    [('sigmoid', 'W_i'), ('tanh', 'W_g')]
    """
    if len(statement.sides) != 2 or statement.relation != "=":
        return []
    gates, right = _column(statement.sides[0]), statement.sides[1]
    if len(gates) < 2 or any(g.op != "sym" for g in gates):
        return []
    values = [_gate(right, k, gates) for k in range(len(gates))]
    return [replace(statement, sides=(g, v)) for g, v in zip(gates, values, strict=True) if v is not None] if None not in values else []


def _column(s: Surface) -> tuple[Surface, ...]:
    """The cells of a matrix with one column; none of anything else."""
    s = _bare(s)
    return tuple(row.args[0] for row in s.args) if s.op == "matrix" and all(len(row.args) == 1 for row in s.args) else ()


def _bare(s: Surface) -> Surface:
    while s.op == "group" and len(s.args) == 1:
        s = s.args[0]
    return s


def _gate(right: Surface, k: int, gates: tuple[Surface, ...]) -> Surface | None:
    """What gate ``k`` is: its cell of a column, or its function of its rows."""
    whole = _column(right)
    if whole:
        return whole[k] if len(whole) == len(gates) and all(c.op not in ("function", "sym", "num") for c in whole) else None
    functions = _column(right.args[0]) if right.op == "product" else ()
    if len(functions) != len(gates) or any(f.op != "function" for f in functions):
        return None
    rest = right.args[1] if len(right.args) == 2 else replace(right, args=right.args[1:], glyphs=right.glyphs[1:])
    rows = _rows(rest, k, gates)
    return None if rows is None else Surface("call", (rows,), functions[k].glyph, span=right.span)


def _rows(s: Surface, k: int, gates: tuple[Surface, ...]) -> Surface | None:
    """The rows of gate ``k`` of something that holds those of all gates below each other."""
    s = _bare(s)
    match s.op:
        case "sym" if s.name is not None:
            return replace(s, name=replace(s.name, subs=(*_without_size(s.name.subs), _tag(gates[k]))))
        case "matrix" if len(s.args) == len(gates):
            cells = s.args[k].args
            return cells[0] if len(cells) == 1 else replace(s, args=(s.args[k],))
        case "add":
            parts = [_rows(a, k, gates) for a in s.args]
            return replace(s, args=tuple(p for p in parts if p is not None)) if None not in parts else None
        case "product" | "apply":
            first = _rows(s.args[0], k, gates)
            if first is None or (s.glyphs and s.glyphs[0] not in _MATRIX_PRODUCT):
                return None
            rest = s.args[1:]
            return Surface("product", (first, *rest), glyphs=s.glyphs or ("",), span=s.span)
    return None


def _tag(gate: Surface) -> str:
    """A gate's name as an index; that it is a symbol is known."""
    return gate.name.stem if gate.name is not None else ""


def _without_size(subs: tuple[str, ...]) -> tuple[str, ...]:
    """``T_{2n,4n}`` says its shape, and is one map for all gates."""
    return tuple(t for t in subs if not any(c.isdigit() for c in t))
