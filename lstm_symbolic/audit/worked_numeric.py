"""Matrices of balls: the numbers of a worked example, enclosed exactly, so that no rounding decides whether a stated value is right.

One row of ``_RULES`` for each operation that a cell's equations use; any other is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from ..errors import ShapeError, UnsupportedNode
from ..expr.term import Term
from ..proof.balls import FUNCTIONS

Matrix = list[list[Any]]


def ball(x: Fraction) -> Any:
    """The ball of a fraction."""
    return arb(fmpq(x.numerator, x.denominator))


def _elementwise(function: Callable[..., Any], *parts: Matrix) -> Matrix:
    """Entry by entry; one row, one column or one number is repeated."""
    rows, columns = max(len(p) for p in parts), max(len(p[0]) for p in parts)
    if any(len(p) not in (1, rows) or len(p[0]) not in (1, columns) for p in parts):
        raise ShapeError(" and ".join(f"{len(p)}x{len(p[0])}" for p in parts) + " do not fit entry by entry")
    return [[function(*(p[i % len(p)][j % len(p[0])] for p in parts)) for j in range(columns)] for i in range(rows)]


def _matmul(a: Matrix, b: Matrix) -> Matrix:
    if len(a[0]) != len(b):
        raise ShapeError(f"{len(a)}x{len(a[0])} times {len(b)}x{len(b[0])} is no product")
    return [[sum((x * y for x, y in zip(row, column, strict=True)), arb(0)) for column in zip(*b, strict=True)] for row in a]


def _concat(*parts: Matrix) -> Matrix:
    """Columns below each other, rows beside each other."""
    if all(len(p[0]) == 1 for p in parts):
        return [row for p in parts for row in p]
    if len({len(p) for p in parts}) > 1:
        raise ShapeError("parts of one row have different heights")
    return [[x for p in parts for x in p[i]] for i in range(len(parts[0]))]


#: What the operations of a cell do to matrices of balls.
_RULES: dict[str, Callable[..., Matrix]] = {
    "add": lambda *p: _elementwise(lambda *x: sum(x[1:], x[0]), *p), "neg": lambda p: _elementwise(lambda x: -x, p),
    "mul": lambda a, b: _elementwise(lambda x, y: x * y, a, b), "div": lambda a, b: _elementwise(lambda x, y: x / y, a, b),
    "matmul": _matmul, "concat": _concat, "T": lambda p: [list(c) for c in zip(*p, strict=True)],
}  # fmt: skip


def value(term: Term, lookup: Callable[[Term], Matrix]) -> Matrix:
    """The value of a term; ``lookup`` gives the symbols."""
    if term.op == "sym":
        return lookup(term)
    if term.op == "num":
        return [[ball(term.number)]]
    parts = [value(a, lookup) for a in term.args]
    if term.op == "call" and term.name in FUNCTIONS:
        return _elementwise(FUNCTIONS[term.name], *parts)
    if term.op not in _RULES:
        raise UnsupportedNode(f"{term.name or term.op} is not computed with numbers")
    return _RULES[term.op](*parts)


def without_zeros(term: Term, zero: Callable[[Term], bool]) -> Term | None:
    """The term with its zero parts dropped; None where all of it is zero.

    >>> from ..expr.term import read_term
    >>> from ..expr.plain import write
    >>> write(without_zeros(read_term("sigmoid(x @ W + h @ U + b)"), lambda s: s.name == "h"))
    'sigmoid(x @ W + b)'
    """
    if term.op == "sym":
        return None if zero(term) else term
    parts = [without_zeros(a, zero) for a in term.args]
    kept = tuple(p for p in parts if p is not None)
    if term.op == "add":
        return replace(term, args=kept) if len(kept) > 1 else kept[0] if kept else None
    gone = any(p is None for p in parts)
    if gone and (term.op in ("mul", "matmul", "neg", "div", "T") or (term.op, term.name) == ("call", "tanh")):
        return None
    return term if gone else replace(term, args=kept)


__all__ = ["Matrix", "ball", "value", "without_zeros"]
