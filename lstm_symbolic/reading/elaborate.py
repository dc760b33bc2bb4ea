"""Elaboration: from what was written to what is meant, for a whole system at once.

Every symbol gets a kind, every undecided product, pairing and application a meaning (``meaning`` has the rules). Readings are kept in a
bounded beam and the cheapest one of the whole system wins; a runner-up that costs nearly the same makes a formula ambiguous, and the
report says so. Column and row vectors are tried both. Dimensions follow by unification (``expr.infer``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import ReadError
from ..expr.plain import write
from ..expr.term import Term, TermEquation
from .beam import Kinds, prune
from .context import Context, likely_layout, names_of, running, symbols, with_times
from .meaning import Elaborator, is_number
from .places import in_full
from .surface import Statement

#: A second reading within this cost of the best one makes a formula ambiguous.
NARROW = 0.25
#: The price of an equation between two kinds; a name may well stand for a row.
_CLASHES = {frozenset("sv"): 2.0, frozenset("vw"): 0.7}


@dataclass(frozen=True)
class Elaborated:
    """The reading of a system: one equation (or the error) for each statement, the kinds, the layout, and which ones are ambiguous."""

    equations: tuple[TermEquation | ReadError, ...]
    kinds: Kinds
    layout: str
    cost: float
    ambiguous: Mapping[int, str]


_Readings = list[tuple[float, Kinds, tuple[Term, ...]]]


@dataclass(frozen=True, eq=False)
class _Path:
    """The reading of the statements so far: the last one, and the path before it, which others share."""

    cost: float
    kinds: Kinds
    last: TermEquation | ReadError | None = None
    before: _Path | None = None

    @property
    def equations(self) -> tuple[TermEquation | ReadError, ...]:
        found: list[TermEquation | ReadError] = []
        path: _Path | None = self
        while path is not None and path.last is not None:
            found.append(path.last)
            path = path.before
        return tuple(reversed(found))


def elaborate(
    statements: Sequence[Statement], declared: Mapping[str, str] | None = None, layout: str | None = None, convolution: bool = False
) -> Elaborated:
    """The cheapest reading of a system of statements, over both layouts unless one is given.

    >>> from .tidy import split
    >>> from .grammar import parse
    >>> from .tokens import tokenize
    >>> from ..expr.plain import write
    >>> s = parse(split(tokenize(r"h_t = o_t \\cdot \\tanh(W \\cdot c_t)"))[0])
    >>> [write(side) for side in elaborate([s]).equations[0].sides]
    ['h[t]', 'o[t] * tanh(W @ c[t])']
    """
    base = replace(names_of(statements), declared=declared or {}, convolution=convolution)
    letters = frozenset[str]().union(*(running(s) for s in statements))
    statements = [with_times(s, base.timed, letters) for s in statements]
    best = _run(statements, replace(base, layout=layout or likely_layout(statements)))
    if layout or best.cost < 1.0:
        return best
    other = _run(statements, replace(base, layout="row" if best.layout == "column" else "column"))
    return min(best, other, key=lambda r: r.cost)


def _run(statements: Sequence[Statement], context: Context) -> Elaborated:
    elaborator = Elaborator(context)
    beam = [_Path(0.0, {})]
    for statement in statements:
        names = symbols(statement)
        readings: dict[tuple[tuple[str, str], ...], _Readings | ReadError] = {}
        grown: list[_Path] = []
        failure: ReadError | None = None
        for path in beam:
            own = {name: path.kinds[name] for name in names if name in path.kinds}
            key = tuple(own.items())  # paths that agree on the symbols of a statement read it alike
            if key not in readings:
                readings[key] = _sides(elaborator, statement, own)
            found = readings[key]
            if isinstance(found, ReadError):
                failure = found
            else:
                grown += [_Path(path.cost + cost, kinds, TermEquation(sides), path) for cost, kinds, sides in found]
        beam = [_Path(p.cost, _with(p.before, p.kinds), p.last, p.before) for p in prune(grown)] or [
            _Path(p.cost, p.kinds, failure, p) for p in beam
        ]
    best, *others = (in_full(p.equations, context.layout) for p in beam if p.cost - beam[0].cost < NARROW)
    ambiguous: dict[int, str] = {}
    for other in others:
        for k, (a, b) in enumerate(zip(best, other, strict=True)):
            if a != b and isinstance(b, TermEquation) and k not in ambiguous:
                ambiguous[k] = " = ".join(write(s) for s in b.sides)
    return Elaborated(best, beam[0].kinds, context.layout, beam[0].cost, ambiguous)


def _sides(elaborator: Elaborator, statement: Statement, kinds: Kinds) -> _Readings | ReadError:
    found = []
    elaborator.memo.clear()
    try:
        threads = elaborator.thread(statement.sides, kinds)
    except ReadError as error:
        return error
    for b in threads:
        present = {i.kind for i in b.items if not is_number(i.term)}
        clash = 0.0 if len(present) <= 1 else _CLASHES.get(frozenset(present), 3.0)
        found.append((b.cost + clash, b.kinds, tuple(i.term for i in b.items)))
    return found


def _with(before: _Path | None, found: Kinds) -> Kinds:
    """All kinds of a path that goes on; a statement without new symbols leaves them as they are."""
    known: Kinds = {} if before is None else before.kinds
    return known if found.keys() <= known.keys() else {**known, **found}
