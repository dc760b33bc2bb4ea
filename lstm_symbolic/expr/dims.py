"""Symbolic dimensions: ``"n"``, ``"n+m"``, ``"4*n"``, ``"3"``. A shape is a pair of them, written ``"n,n+m"`` (rows, columns)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sympy import Add, Expr, Integer, Mul, Symbol

from ..errors import ReadError
from .wanted import wanted

Shape = tuple[Expr, Expr]
_SHAPE = 'a shape is "rows,columns", for example "n,1"'
SCALAR: Shape = (Integer(1), Integer(1))

_TERM = re.compile(r"(?:(\d{1,6})\s*\*?\s*)?([A-Za-z_]\w{0,30})|(\d{1,6})")


def dim(text: str | int | Expr) -> Expr:
    """A dimension from its text.

    >>> dim("n+m"), dim("4*n"), dim("3"), dim(2)
    (m + n, 4*n, 3, 2)
    """
    if isinstance(text, Expr):
        return text
    terms = []
    for part in str(text).split("+"):
        match = _TERM.fullmatch(part.strip())
        if match is None:
            raise ReadError(f"{str(text)[:60]!r} is no dimension", hint='a dimension is a sum such as "n", "n+m", "4*n" or "3"')
        count, name, number = match.groups()
        terms.append(Integer(number) if number else Mul(Integer(count or 1), symbol(name)))
    return Add(*terms)


def symbol(name: str) -> Symbol:
    """A dimension symbol: a positive integer."""
    return Symbol(name, integer=True, positive=True)


def shape(text: str | Iterable[str | int | Expr]) -> Shape:
    """A shape from ``"n,n+m"``, or from a pair.

    >>> shape("n,n+m")
    (n, m + n)
    """
    parts = text.split(",") if isinstance(text, str) else list(wanted(text, (Iterable,), "a shape", _SHAPE))
    if len(parts) != 2:
        raise ReadError(f"{text!r} is no shape", hint=_SHAPE)
    rows, columns = dim(parts[0]), dim(parts[1])
    if rows.is_zero or columns.is_zero:
        raise ReadError(f"{str(text)[:60]!r} is no shape: it has a zero", hint="a size is 1 or more")
    return rows, columns


def shapes(table: Mapping[str, str | Iterable[str]] | str | None) -> dict[str, Shape]:
    """Shapes of several symbols, from a mapping or from ``"W:n,n h:n,1"``.

    >>> shapes("W:n,n h:n,1")["h"]
    (n, 1)
    """
    if not isinstance(table, str):
        given = {} if table is None else wanted(table, (Mapping,), "shapes", '"W:n,n h:n,1", or {"W": "n,n", "h": "n,1"}')
        return {name: shape(value) for name, value in given.items()}
    found = {}
    for item in re.finditer(r"\S+", table):
        name, _, value = item[0].partition(":")
        try:
            if not name.isidentifier():
                raise ReadError(f"{item[0][:60]!r} is no symbol with its shape", hint='write "W:n,n h:n,1", without blanks in a shape')
            found[name] = shape(value)
        except ReadError as error:
            raise ReadError(error.message, table, item.start(), error.hint) from None
    return found


def is_scalar(pair: Shape) -> bool:
    return pair[0] == 1 and pair[1] == 1


def write(dimension: Expr) -> str:
    """The text of a dimension, terms in alphabetical order.

    >>> write(dim("n + m"))
    'm+n'
    """
    return str(dimension).replace(" ", "")
