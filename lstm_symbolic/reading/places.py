"""A part of a vector by its places: ``(W_f^T \\delta_f)_{1:n}``, ``(\\delta W^T)_{:, n+1:n+m}``, ``(W_f.T @ d)[:n]``.

A part is a matrix product with [0 I 0]. How many places follow the last one is written nowhere: the shapes of the whole system say it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sympy import Dummy, Expr, Integer, Symbol

from ..errors import ReadError
from ..expr.dims import dim, write
from ..expr.infer import infer
from ..expr.term import Term, TermEquation

#: Terms with one argument and the first and last place in their index (the first alone: to the end). ``in_full`` removes them.
ROWS, COLUMNS = "rows", "columns"


@dataclass(frozen=True)
class Places:
    """The first and the last place (counted from 1; None is the end), and the axis where the author names it."""

    first: Expr
    last: Expr | None
    axis: str = ""

    @property
    def index(self) -> tuple[Expr, ...]:
        return (self.first,) if self.last is None else (self.first, self.last)


def read_places(text: str, program: bool = False) -> Places | None:
    """The places that an index names, or None where it names none.

    Programs count from zero. An index below a bracket counts from one, except where its start fits no count from one: ``n:n+m``, ``:n``.

    >>> read_places("n+1:n+m"), read_places(":, :n")
    (Places(first=n + 1, last=m + n, axis=''), Places(first=1, last=n, axis='columns'))
    """
    parts = re.sub(r"[\s\\{}]", "", text).split(",")
    axis = "" if len(parts) == 1 else COLUMNS if parts[0] == ":" else ROWS
    ranges = [p for p in parts if p != ":"]
    if len(parts) > 2 or len(ranges) != 1 or ranges[0].count(":") != 1:
        return None
    start, end = ranges[0].split(":")
    try:
        first, last = dim(start or "0"), dim(end) if end else None
    except ReadError:
        return None
    from_one = not program and first.as_coeff_Add()[0] >= 1
    return Places(first if from_one else first + 1, last, axis)


def read_size(text: str) -> tuple[Expr, ...]:
    """The dimensions below a number: those of a vector or a matrix of ones; none where the text names none.

    >>> read_size("n"), read_size(r"n\\times m"), read_size("x>0")
    ((n,), (n, m), ())
    """
    try:
        return tuple(_written(dim(part)) for part in re.split(r"\\times|×|,", re.sub(r"[\s{}]", "", text)))
    except ReadError:
        return ()


def in_full(equations: Sequence[TermEquation | ReadError], layout: str) -> tuple[TermEquation | ReadError, ...]:
    """The equations of a system with every part written as the product that picks it.

    >>> from ..expr.plain import write
    >>> from ..expr.term import read_equation, read_term
    >>> part = Term(ROWS, (read_term("W.T @ d[t]"),), index=read_places("1:n").index)
    >>> system = [TermEquation((read_term("h[t]"), part)), read_equation("W = d[t] @ concat(h[t], x[t]).T")]
    >>> write(in_full(system, "column")[0].sides[1])
    'hstack(eye(n), 0 * ones(n, q)) @ W.T @ d[t]'
    """
    system = [e for e in equations if isinstance(e, TermEquation)]
    parts = [_Part(t) for t in dict.fromkeys(t for e in system for s in e.sides for t in s.walk()) if t.op in (ROWS, COLUMNS)]
    if not parts:
        return tuple(equations)
    proper = [p for p in parts if p.holds_places]
    lengths, _ = _sought(proper, system, layout)
    proper = [replace(p, ends=p.is_last_of(length)) for p, length in zip(proper, lengths, strict=True)]
    widths, clashing = _sought(proper, system, layout)
    selectors = {p.term: p.selector(w) for p, w in zip(proper, widths, strict=True) if p not in clashing}
    return tuple(e if isinstance(e, ReadError) else _resolved(e, selectors) for e in equations)


@dataclass(frozen=True)
class _Part:
    """A part of a vector; ``ends``: the vector ends with it (None while the vector's length is sought)."""

    term: Term
    ends: bool | None = None

    @property
    def before(self) -> Expr:
        return self.term.index[0] - 1

    @property
    def last(self) -> Expr | None:
        return self.term.index[1] if len(self.term.index) == 2 else None

    @property
    def holds_places(self) -> bool:
        """``n + 1`` to ``n`` is nothing."""
        return self.last is None or all(c > 0 for c in (self.last - self.before).as_coefficients_dict().values())

    def is_last_of(self, length: Expr) -> bool:
        """Does a vector of this length end with the part? Where nothing else says how long it is, it goes on after a first part alone."""
        if self.last is None:
            return True
        if length.is_Symbol and length not in self.last.free_symbols:
            return self.before != 0
        return _summands(length) <= _summands(self.last)

    def selector(self, width: Expr) -> Term:
        """[0 I 0]; ``width`` is what the author does not say: of all, of what follows the part, or of a part that goes to the end."""
        size = width if self.last is None else self.last - self.before
        if self.ends is None:
            selector = _of_ones(Dummy("rows") if self.last is None else size, width)
        else:
            one = Term("eye", index=(_written(size),))
            blocks = (*_zeros(size, self.before), one, *_zeros(size, Integer(0) if self.ends else width))
            selector = Term("hstack", blocks) if len(blocks) > 1 else one
        return selector if self.term.op == ROWS else Term("T", (selector,))


def _summands(dimension: Expr) -> int:
    """n + n + m has three; a number is one."""
    return sum(1 if s == 1 else int(c) for s, c in dimension.as_coefficients_dict().items())


def _sought(parts: Sequence[_Part], system: Sequence[TermEquation], layout: str) -> tuple[list[Expr], list[_Part]]:
    """The width that the shapes of the system give each part, and the parts that do not fit."""
    unknown = [Dummy("width") for _ in parts]
    selectors = {p.term: p.selector(d) for p, d in zip(parts, unknown, strict=True)}
    named = [TermEquation((_of_ones(d, Integer(1)), Term("sym", name=f"part {k}"))) for k, d in enumerate(unknown)]
    shapes, conflicts = infer([*(_with(e, selectors) for e in system), *named], layout=layout)
    clashing = {factor for c in conflicts if c.term.op == "matmul" for factor in c.term.args}
    return [shapes[f"part {k}"][0] for k in range(len(parts))], [p for p in parts if selectors[p.term] in clashing]


def _resolved(equation: TermEquation, selectors: Mapping[Term, Term]) -> TermEquation | ReadError:
    for part in (t for s in equation.sides for t in s.walk() if t.op in (ROWS, COLUMNS) and t not in selectors):
        places = ":".join(write(i) for i in part.index)
        return ReadError(f"the places {places} do not fit the vector", "", part.span[0] if part.span else None)
    return _with(equation, selectors)


def _with(equation: TermEquation, selectors: Mapping[Term, Term]) -> TermEquation:
    def walk(term: Term) -> Term:
        args = tuple(walk(a) for a in term.args)
        if term not in selectors:
            return replace(term, args=args)
        if term.op == ROWS:
            return _before(selectors[term], args[0])
        return Term("matmul", (args[0], selectors[term]), span=term.span)

    return replace(equation, sides=tuple(walk(s) for s in equation.sides))


def _before(selector: Term, whole: Term) -> Term:
    """The selector as the first factor of a chain of products."""
    if whole.op != "matmul":
        return Term("matmul", (selector, whole), span=whole.span)
    return replace(whole, args=(_before(selector, whole.args[0]), whole.args[1]))


def _of_ones(rows: Expr, columns: Expr) -> Term:
    return Term("ones", index=(_written(rows), _written(columns)))


def _zeros(rows: Expr, columns: Expr) -> list[Term]:
    return [Term("mul", (Term("num"), _of_ones(rows, columns)))] if columns != 0 else []


def _written(dimension: Expr) -> Expr:
    """A dimension as terms hold it."""
    return dimension.subs({s: Symbol(s.name, integer=True) for s in dimension.free_symbols if not s.is_Dummy})
