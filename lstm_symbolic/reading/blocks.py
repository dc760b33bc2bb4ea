"""Environments inside a formula: matrices, vectors of symbols, cases."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from .surface import Surface
from .tidy import group_end

if TYPE_CHECKING:
    from .grammar import Parser
    from .tokens import Token

_MATRICES = {"bmatrix", "pmatrix", "matrix", "vmatrix", "Bmatrix", "Vmatrix", "smallmatrix", "array"}


def environment(parser: Parser, token: Token) -> Surface:
    """A matrix or a case distinction; ``\\begin`` is already taken."""
    name = "".join(t.text for t in parser.group()).rstrip("*")
    if name in ("array", "tabular") and parser.text == "{":
        parser.position = group_end(parser.tokens, parser.position)
    if name not in _MATRICES and name not in ("cases", "dcases", "rcases"):
        raise parser.fail(f"the environment {name[:20]!r} is not part of a formula", token)
    rows = _rows(parser)
    end = parser.tokens[parser.position - 1].end
    span = (token.start, end)
    if name.endswith("cases"):
        return _cases(parser, rows, token, span)
    rows = [r for r in rows if r]
    if not rows:
        raise parser.fail("an empty matrix", token)
    if len({len(r) for r in rows}) > 1:
        raise parser.fail("the rows of the matrix have different lengths", token)
    return Surface("matrix", tuple(Surface("row", tuple(r)) for r in rows), name, span=span)


def _rows(parser: Parser) -> list[list[Surface]]:
    """The entries; brackets around the environment say nothing inside it."""
    outer, parser.bars = parser.bars, 0
    rows = _entries(parser)
    parser.bars = outer
    return rows


def _entries(parser: Parser) -> list[list[Surface]]:
    rows: list[list[Surface]] = [[]]
    while True:
        text = parser.text
        if parser.peek().is_end:
            raise parser.fail("the environment is never closed", hint=r"write \end{...}")
        if text == r"\end":
            parser.take()
            parser.group()
            return rows
        if text == r"\\":
            parser.take()
            rows.append([])
        elif text in ("&", ","):
            parser.take()
        elif text in (r"\text", r"\mbox", r"\textrm", r"\mathrm") and _words(parser):
            parser.take()
            parser.group()
            rows[-1].append(Surface("otherwise"))
        elif text in (r"\hdots", r"\vdots", r"\ddots", r"\dots", r"\cdots", r"\ldots"):
            raise parser.fail("dots leave out a part that no reader can fill in")
        else:
            rows[-1].append(parser.expression(0))


def _words(parser: Parser) -> bool:
    inner = parser.tokens[parser.position + 2 : group_end(parser.tokens, parser.position + 1) - 1]
    return "".join(t.text for t in inner).strip().lower() in ("otherwise", "if", "else", "sonst", "when", "for", "and", "")


def _cases(parser: Parser, rows: list[list[Surface]], token: Token, span: tuple[int, int]) -> Surface:
    branches = [r for r in rows if r]
    flat: list[Surface] = []
    for row in branches:
        conditions = [x for x in row[1:] if x.op != "otherwise"]
        if len(conditions) > 1 or (conditions and conditions[0].op != "compare"):
            raise parser.fail("a case needs one condition such as t > 0", token)
        flat += [row[0], conditions[0] if conditions else Surface("otherwise")]
    return Surface("cases", tuple(flat), span=span)


def number_row(p: Parser, close: str) -> Surface | None:
    """``[0.14 -0.67 0.31]``: a row of numbers separated by blanks is no subtraction."""
    k = p.position
    values: list[Surface] = []
    while p.tokens[k].text != close:
        sign = p.tokens[k].text == "-"
        number = p.tokens[k + sign] if k + sign < len(p.tokens) else p.tokens[-1]
        if number.kind != "num" or (values and not p.tokens[k].gap):
            return None
        values.append(Surface("num", number=Fraction(number.text) * (-1 if sign else 1), span=(number.start, number.end)))
        k += 1 + sign
    if len(values) < 2:
        return None
    p.position = k
    return Surface("matrix", (Surface("row", tuple(values)),))
