"""Rows for columns: the same cell with every vector and matrix transposed, ``W @ x + b`` as ``x @ W + b``.

Transposition reverses matrix products and passes through all that works entry by entry; so each equation is transposed as a whole, down to
its symbols, and the transpose of a symbol is called by the symbol's own name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Expr, Integer

from ..errors import CellError
from ..expr import Term, TermEquation, build, read_equation
from ..expr.to_term import to_term
from .catalogue import as_cell
from .cell import Cell

#: The operation that the transposed operands need; what is not here has no transpose in the same letters.
_OPERATIONS = {
    op: op
    for op in (
        "num", "pi", "sym", "eye", "ones", "add", "neg", "mul", "div", "pow", "call", "T", "matmul", "concat", "diag", "trace", "total",
        "norm", "softmax", "sum", "conv", "grad",
    )
} | {"vstack": "hstack", "hstack": "vstack"}  # fmt: skip


def transposed(cell: Cell | str) -> Cell:
    """The cell in the other layout; a scalar cell stays as it is. Every shape (r, c) becomes (c, r), since (A B)^T = B^T A^T.

    >>> rows = transposed("rnn")
    >>> print(rows, rows.layout, rows.shapes["W"])
    h[t] = tanh(x[t] @ W + h[t - 1] @ U + b) row (m, n)
    """
    cell = as_cell(cell)
    equations = [TermEquation(tuple(_transpose(side) for side in read_equation(line).sides)) for line in cell.plain()]
    shapes = {name: (columns, rows) for name, (rows, columns) in cell.shapes.items()}
    layout = {"column": "row", "row": "column"}.get(cell.layout, cell.layout)
    roles: dict[str, Any] = {"gates": cell.gates, "candidate": cell.candidate, "layout": layout}
    about: dict[str, Any] = {"name": cell.name, "title": cell.title, "paper": cell.paper, "aliases": cell.aliases}
    return Cell.from_terms(equations, shapes, cell.inputs, cell.states, cell.outputs, **roles, **about)


def _transpose(term: Term) -> Term:
    """The transpose of a term whose symbols stand for their own transposes."""
    if term.op == "matrix":
        columns = zip(*(row.args for row in term.args), strict=True)
        return replace(term, args=tuple(Term("row", tuple(_transpose(entry) for entry in column)) for column in columns))
    if term.op not in _OPERATIONS:
        raise CellError(f"{term.op} has no transpose in the same letters")
    args = tuple(_transpose(a) for a in term.args)
    index = term.index
    if term.op == "ones":
        index = (*index, Integer(1))[1::-1]
    return replace(term, op=_OPERATIONS[term.op], args=args[::-1] if term.op == "matmul" else args, index=index)


def in_letters(e: Expr, cell: Cell) -> Expr:
    """A matrix that was computed for ``transposed(cell)``, in the letters of ``cell``: what is W there is W.T here.

    >>> from .catalogue import cell
    >>> rows = cell("lstm_keras")
    >>> U = transposed(rows).symbol("U_f")
    >>> in_letters(U, rows)
    U_f.T
    """
    return build(_restored(to_term(e)), cell.shapes)


def _restored(term: Term) -> Term:
    """Products keep their order; only the symbols, and what works entry by entry, are turned. diag(v) is the same for a row v."""
    if term.op in ("num", "pi", "eye", "ones"):
        return term
    if term.op in ("matmul", "add", "neg", "hstack", "vstack") or term.op == "mul" and term.args[0].op == "num":
        return replace(term, args=tuple(_restored(a) for a in term.args))
    if term.op == "diag":
        return _transpose(term)
    if term.op == "T":
        return _transpose(term.args[0])
    return Term("T", (_transpose(term),))
