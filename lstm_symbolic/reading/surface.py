"""The surface tree: what was written, undecided.

A product keeps its glyph, ``[h, x]`` stays a pairing, ``f(...)`` an application that may turn out a call, a product or a time index.
Elaboration decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from sympy import Expr

Span = tuple[int, int]


#: op -> what the arguments are:
#: num, sym, function (a function's name alone), add, neg, product (``glyphs`` between the factors, "" for juxtaposition), apply (a name
#: and a bracketed group), call (glyph = the function), group (brackets that the author wrote), pair (``[a, b]``), power, transpose, frac,
#: sum, prod, grad, jac, norm, matrix and row, cases, compare.
@dataclass(frozen=True)
class Surface:
    """One node; ``glyph`` is the operator, function or bracket as written, ``name`` a symbol's name."""

    op: str
    args: tuple[Surface, ...] = ()
    glyph: str = ""
    glyphs: tuple[str, ...] = ()
    number: Fraction = Fraction(0)
    name: Name | None = None
    index: tuple[Expr, ...] = ()
    span: Span = field(default=(0, 0), compare=False)

    def walk(self) -> Iterator[Surface]:
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.args))


@dataclass(frozen=True)
class Name:
    """A symbol's name taken apart: ``\\tilde{C}^{(l)}_{t-1}``.

    ``base`` with accents and primes, ``subs`` and ``sups`` the tags below and above (kept apart: W_f and W^f may be two symbols),
    ``time`` the time index, ``layer`` another index that is an expression.
    """

    base: str
    accents: tuple[str, ...] = ()
    primes: int = 0
    subs: tuple[str, ...] = ()
    sups: tuple[str, ...] = ()
    time: Expr | None = None
    layer: Expr | None = None

    @property
    def stem(self) -> str:
        """The base with accents and primes, without tags."""
        return "_".join([self.base, *self.accents]) + ("prime" if self.primes == 1 else f"prime{self.primes}" if self.primes else "")

    @property
    def plain(self) -> str:
        """The name in plain syntax: the stem and all tags.

        >>> Name("C", ("tilde",)).plain, Name("W", subs=("f",)).plain
        ('C_tilde', 'W_f')
        """
        return "_".join([self.stem, *self.subs, *self.sups])

    @property
    def glyphs(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """What identifies the symbol on the page."""
        return self.stem, self.subs, self.sups


@dataclass(frozen=True)
class Statement:
    """One formula of a span: the sides of a chain of equations, or one expression. ``relation`` is ``=``, ``+=`` or ``in``."""

    sides: tuple[Surface, ...]
    span: Span
    relation: str = "="
    notes: tuple[tuple[Span, str, str], ...] = ()
