r"""Values that carry the time of what they are made of: ``h'_{t-1} = r_t \odot h_{t-1}`` is computed at t.

A value cannot be of an earlier step than what it is computed from, so such an index is a part of the name. Where the document uses the
name with this index only, it is written with the step at which the value arises. Gradients do run back in time and stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sympy import Expr, Integer, Symbol

from .adjoints import about_gradients, spoken, variable_of
from .surface import Name, Statement, Surface

#: How many such values in a row may be made of each other; longer chains keep the indices that they have (the work has a budget).
_LONGEST = 8

_T = Symbol("t", integer=True)
_NOW = Integer(0)


def in_step(statements: Sequence[Statement | None]) -> list[Statement | None]:
    """The statements of a document, such values at the step that computes them."""
    moved = list(statements)
    for _ in range(_LONGEST):  # one value may be made of another one
        late = _late([s for s in moved if s is not None])
        if not late:
            break
        moved = [None if s is None else replace(s, sides=tuple(_moved(x, late) for x in s.sides)) for s in moved]
    return moved


def _late(statements: Sequence[Statement]) -> dict[str, Expr]:
    """Names with an index before t that are computed at t -> how many steps they come too early."""
    document = spoken(statements)
    heads = [s for s in statements if len(s.sides) > 1 and s.sides[0].op == "sym" and s.sides[0].name is not None]
    equations = [s for s in heads if not about_gradients(s, document)]
    read = {n.name.plain for s in equations for side in s.sides[1:] for n in side.walk() if n.name is not None}
    computed = {s.sides[0].name.plain for s in equations if s.sides[0].name is not None and _shift(s.sides[0].name) in (None, _NOW)}
    used: dict[str, set[Expr | None]] = {}
    for node in (n for s in statements for side in s.sides for n in side.walk()):
        if node.name is not None:
            used.setdefault(node.name.plain, set()).add(_shift(node.name))
    found = {}
    for s in equations:
        target = s.sides[0].name
        shift = _shift(target) if target is not None else None
        if target is None or shift is None or shift >= 0 or used[target.plain] != {shift} or target.plain not in read:
            continue
        names = [n.name for side in s.sides[1:] for n in side.walk() if n.name is not None]
        if any(_shift(n) == shift for n in names) and any(_shift(n) == 0 or (n.time is None and n.plain in computed) for n in names):
            found[target.plain] = -shift
    return found


def _shift(name: Name) -> Expr | None:
    """The steps after t; None without a time, or at a time of its own."""
    shift = None if name.time is None else name.time - _T
    return shift if shift is not None and shift.is_Integer else None


def _moved(node: Surface, late: Mapping[str, Expr]) -> Surface:
    name = node.name
    whose = None if name is None else name.plain if name.plain in late else variable_of(name.plain, late)
    if name is not None and name.time is not None and whose:
        name = replace(name, time=name.time + late[whose])
    return replace(node, name=name, args=tuple(_moved(a, late) for a in node.args))
