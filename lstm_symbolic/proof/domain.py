"""The declared domain of a comparison: ``"x > 0"``, ``"-1 < x, x < 1"``. It narrows what is proved and where witnesses may lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ..errors import LstmSymbolicError, ReadError
from ..expr import build, read_term
from .dag import Dag, Node
from .field import Field
from .generators import used
from .quotients import Element
from .translate import Translator

_AND = re.compile(r"(,|;|\band\b)")
_SIGN = re.compile(r"(<=|>=|!=|<|>)")
#: (lowest, is it excluded, highest, is it excluded); None: no limit.
Interval = tuple[Any, bool, Any, bool]


@dataclass(frozen=True)
class Condition:
    """``node > 0``, ``node >= 0`` or ``node != 0``."""

    kind: str
    node: Node


def read_domain(text: str | None, dag: Dag, shapes: dict[str, Any] | None = None) -> tuple[Condition, ...]:
    """The conditions of a domain text; chains ``0 < x < 1`` are allowed.

    >>> [c.kind for c in read_domain("-1 < x, x != 0", Dag())]
    ['>', '!=']
    """
    if not text or not text.strip():
        return ()

    def operand(piece: str, at: int) -> Node:
        try:
            return translate(build(read_term(piece), shapes or {}, piece))
        except LstmSymbolicError as error:
            raise type(error)(error.message, text, at + (error.offset or 0), error.hint) from None

    found = []
    for start, part in _cut(_AND, text)[::2]:
        pieces = _cut(_SIGN, part, start)
        if len(pieces) < 3:
            raise ReadError(f"{part.strip()!r} is no condition", text, start, 'write "x > 0" or "-1 < x, x < 1"')
        translate = Translator(dag)
        for (at, left), (_, sign), (after, right) in zip(pieces[::2], pieces[1::2], pieces[2::2], strict=False):
            a, b = operand(left, at), operand(right, after)
            if "<" in sign:
                a, b, sign = b, a, sign.replace("<", ">")
            found.append(Condition(sign, dag.add(a, dag.scale(-1, b))))  # type: ignore[arg-type]
    return tuple(found)


def _cut(sign: re.Pattern[str], text: str, start: int = 0) -> list[tuple[int, str]]:
    """Pieces with their offsets; what separates them stands at the odd places."""
    pieces = sign.split(text)
    return list(zip(accumulate(map(len, pieces), initial=start), pieces, strict=False))


class Facts:
    """What the domain says about signs, in one field: of its own polynomials, and of polynomials linear in one limited generator."""

    def __init__(self, conditions: list[tuple[str, Element]]) -> None:
        self.signs: dict[str, tuple[int, bool]] = {}
        self.limits: dict[int, Interval] = {}
        for kind, (n, d) in conditions:
            if used(d) or not used(n) or kind == "!=":
                continue
            lead = n.leading_coefficient()
            self.signs[str(n / lead)] = (1 if lead > 0 else -1, kind == ">")
            if n.total_degree() == 1 and len(used(n)) == 1:
                self.limit(n, kind == ">")

    def limit(self, n: Any, strict: bool) -> None:
        i, slope, rest = _linear(n)
        low, open_low, high, open_high = self.limits.get(i, (None, False, None, False))
        at = -rest / slope
        if slope > 0 and (low is None or at > low):
            low, open_low = at, strict
        if slope < 0 and (high is None or at < high):
            high, open_high = at, strict
        self.limits[i] = (low, open_low, high, open_high)

    def __call__(self, field: Field, f: Any) -> int | None:
        """The strict sign of a polynomial on the domain, where it has one."""
        if not self.signs:
            return None
        lead = f.leading_coefficient()
        sign, strict = self.signs.get(str(f / lead), (0, False))
        if strict:
            return sign if lead > 0 else -sign
        if f.total_degree() != 1 or len(used(f)) != 1:
            return None
        i, slope, rest = _linear(f)
        low, open_low, high, open_high = self.limits.get(i, (None, False, None, False))
        ends = [(low, open_low), (high, open_high)] if slope > 0 else [(high, open_high), (low, open_low)]
        for (end, is_open), sign in zip(ends, (1, -1), strict=True):
            if end is not None:
                value = slope * end + rest
                if value * sign > 0 or (value == 0 and is_open):
                    return sign
        return None


def _linear(f: Any) -> tuple[int, Any, Any]:
    """generator, slope and constant of a linear polynomial in one generator."""
    (i,) = used(f)
    slope, rest = 0, 0
    for e, q in f.terms():
        if e[i]:
            slope = q
        else:
            rest = q
    return i, slope, rest
