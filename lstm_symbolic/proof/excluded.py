"""Whole cases in which a side has no value, as conditions: ``where(p > 1, log(-3), r)`` asks for ``p <= 1``.

A case is a set of assumed signs. What excludes it is that one of them does not hold; cases that differ in one sign only, and have all its
values, are one case without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from .quotients import Case


@dataclass(frozen=True)
class Assumed:
    """The sign of a polynomial in a case; ``strict`` where zero is a case of its own (else it belongs to both neighbours).

    ``text`` and ``negated`` are the polynomial and its negative in plain syntax.
    """

    name: str
    sign: int
    strict: bool
    polynomial: Any = field(compare=False)
    text: str = field(compare=False)
    negated: str = field(compare=False)

    def about(self, polynomial: str) -> bool:
        """Whether this is the sign of a polynomial or of its negative."""
        return polynomial in (str(self.polynomial), str(-self.polynomial))

    @property
    def opposite(self) -> str:
        """What is positive where the sign is the other one."""
        return self.negated if self.sign > 0 else self.text


Cube = frozenset[Assumed]


def cube(case: Case, text: Callable[[Any], str]) -> Cube:
    """What a case assumes."""
    signs = [(name, *case.signs[name], p) for name, p in case.polynomials.items() if case.signs[name][0]]
    signs += [(str(p), 0, True, p) for p in case.zeros]
    return frozenset(Assumed(name, sign, strict, p, text(p), text(-p)) for name, sign, strict, p in signs)


def merged(cubes: Iterable[Cube]) -> list[Cube]:
    """Fewer cubes that cover the same: an assumption that has all its signs is dropped."""
    found = dict.fromkeys(cubes)
    for c in list(found):
        for a in c:
            siblings = [c - {a} | {replace(a, sign=s)} for s in ((1, -1, 0) if a.strict else (1, -1))]
            if all(s in found for s in siblings):
                return merged([*(x for x in found if x not in siblings), c - {a}])
    return list(found)


def outside(c: Cube) -> str:
    """The condition that a value is in no such case, in plain syntax."""
    strict, shared = ([a for a in sorted(c, key=lambda a: a.name) if a.strict == kind] for kind in (True, False))
    if len(c) == 1 and strict and not strict[0].sign:
        return f"{strict[0].text} != 0"
    if not shared and all(a.sign for a in strict):
        return f"{_largest(strict)} >= 0"
    return inside(strict, _largest(shared) if shared else "0") + " > 0"


def branches(c: Cube, asked: str) -> Cube:
    """What decides which branch is taken; not the sign, up to zero, of the polynomial that a condition itself asks about."""
    return frozenset(a for a in c if a.strict or not a.about(asked))


def inside(c: Iterable[Assumed], text: str) -> str:
    """A value in a case, and 1 outside of it."""
    for a in sorted(c, key=lambda a: a.name):
        text = f"where({a.text} {'<=>'[a.sign + 1]}{'' if a.sign and a.strict else '='} 0, {text}, 1)"
    return text


def _largest(assumed: list[Assumed]) -> str:
    texts = [a.opposite for a in assumed]
    return texts[0] if len(texts) == 1 else f"max({', '.join(texts)})"
