"""What can be printed: an expression, an equation, a chain of sides, a line of a derivation, a cell, or anything that holds equations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sympy import Basic, Equality, Expr

from ..calculus import Step
from ..cells import Cell, as_cell, concatenated, leaves, split, transposed
from ..errors import LstmSymbolicError, UnsupportedNode
from ..expr import shape_of
from ..expr.wanted import described
from .as_latex import Latex
from .as_mathml import MathML
from .as_typst import Typst
from .as_unicode import Unicode
from .colors import colored
from .names import Name
from .notations import style
from .style import Style
from .walk import Writer

MARKUPS = {"latex": Latex(), "unicode": Unicode(), "typst": Typst(), "mathml": MathML()}
_WEIGHTS = {"concatenated": concatenated, "split": split}

Row = Sequence[Basic]


def write(obj: Any, markup: str, notation: str | Style = "default") -> str:
    """``obj`` in a markup: one formula, or a system with one row for each equation."""
    chosen = style(notation)
    kind = MARKUPS[markup]
    obj = as_cell(obj) if isinstance(obj, str) else obj
    try:
        if isinstance(obj, Basic | tuple | Step) and not isinstance(obj, Cell) and not _is_system(obj):
            row = _row(obj)
            pen = writer(kind, chosen, [row])
            text = pen(row[0])
            for side in row[1:]:
                text = kind.relation("=", text, pen(side))
            return kind.group(text)
        known = in_notation(obj, chosen) if isinstance(obj, Cell) else getattr(obj, "cell", None)
        chosen = colored(chosen, [known] if isinstance(known, Cell) else [])
        rows = [_row(e) for e in _equations(obj, chosen)]
        pen = writer(kind, chosen, rows)
        return kind.system([[pen(side) for side in row] for row in rows])
    except RecursionError:
        raise LstmSymbolicError("the formula is nested too deeply to print") from None


def latex(obj: Any, notation: str | Style = "default") -> str:
    r"""LaTeX of an expression, an equation, a list of equations, or a cell; a system is an ``aligned`` block.

    ``notation`` is a name, a ``Style``, or a TOML file of your own. ``UnsupportedNode`` for what is no formula.

    >>> print(latex("rnn", notation="colah"))
    \begin{aligned}
    h_t &= \tanh(W \cdot [h_{t-1}, x_t] + b)
    \end{aligned}
    """
    return write(obj, "latex", notation)


def unicode(obj: Any, notation: str | Style = "default") -> str:
    """Plain text, for a terminal: an expression, an equation, a list of equations, or a cell.

    >>> print(unicode("mingru"))
    zₜ = σ(W_z xₜ)
    h̃ₜ = Wₕ xₜ
    hₜ = (1 − zₜ) ⊙ hₜ₋₁ + zₜ ⊙ h̃ₜ
    """
    return write(obj, "unicode", notation)


def typst(obj: Any, notation: str | Style = "default") -> str:
    """Typst mathematics, to stand between dollar signs: an expression, an equation, a list of equations, or a cell.

    >>> print(typst("rnn"))
    h_t &= op("tanh") (W x_t + U h_(t - 1) + b)
    """
    return write(obj, "typst", notation)


def mathml(obj: Any, notation: str | Style = "default") -> str:
    """A ``<math>`` element: an expression, an equation, a list of equations, or a cell.

    >>> from lstm_symbolic.cells import cell
    >>> print(mathml(cell("rnn").symbol("h")))
    <math><mrow><msub><mi>h</mi><mrow><mrow><mi>t</mi></mrow></mrow></msub></mrow></math>
    """
    return write(obj, "mathml", notation)


def _is_system(obj: Any) -> bool:
    """A tuple of equations (``cell.equations``) is a system; a tuple of expressions is a chain of sides."""
    return isinstance(obj, tuple) and any(isinstance(e, Equality | tuple | Step) for e in obj)


def _row(obj: Any) -> Row:
    if isinstance(obj, Equality):
        return (obj.lhs, obj.rhs)
    if isinstance(obj, Step):
        return (obj.left, obj.right)
    row = obj if isinstance(obj, tuple) else (obj,)
    for side in row:
        if not isinstance(side, Basic):
            raise _unprintable(side)
    return row


def _equations(obj: Any, chosen: Style) -> Iterable[Any]:
    if isinstance(obj, Cell):
        obj = in_notation(obj, chosen)
        return (*obj.initial, *obj.equations)
    held = getattr(obj, "equations", obj)
    if not isinstance(held, Iterable) or isinstance(held, bytes) or not (rows := list(held)):
        raise _unprintable(obj)
    return rows


def _unprintable(obj: object) -> UnsupportedNode:
    return UnsupportedNode(f"{described(obj)} cannot be printed", hint="print an expression, an equation or a cell")


def in_notation(cell: Cell, notation: str | Style) -> Cell:
    """The same cell with its weights split or concatenated, and its vectors as columns or rows, as the notation has them."""
    chosen = style(notation)
    cell = _WEIGHTS[chosen.weights](cell) if chosen.weights in _WEIGHTS else cell
    return transposed(cell) if {chosen.layout, cell.layout} == {"row", "column"} else cell


def _kind(symbol: Expr) -> str:
    """What a notation may set in bold: a ``vector`` or a ``matrix``."""
    long = sum(d != 1 for d in shape_of(symbol))
    return ("", "vector", "matrix")[long]


def writer(markup: Unicode, chosen: Style, rows: Iterable[Row]) -> Writer:
    """Two names that would print alike fall back: from the style's symbol to the plain one, and from that to the name itself."""
    glyphs = {s.name: chosen.glyph(s.name, _kind(s)) for row in rows for side in row for s in leaves(side)}
    for fallback in (Name.plain, _itself):
        count = Counter(glyphs.values())
        glyphs |= {name: fallback(name) for name, glyph in glyphs.items() if count[glyph] > 1}
    if len(set(glyphs.values())) < len(glyphs):
        glyphs = {name: _itself(name) for name in glyphs}
    return Writer(markup, chosen, glyphs)


def _itself(name: str) -> Name:
    return Name(name, font="upright")
