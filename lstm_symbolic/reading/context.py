"""What is known of a system's names before its readings are weighed: times, uses, declarations, the likely layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr, Integer

from .surface import Name, Statement, Surface

_STATES = {"h", "c", "s", "C", "H", "S", "a", "y"}


@dataclass(frozen=True)
class Context:
    """What is known before a system is read: time-indexed names, defined names, declared kinds, layout."""

    layout: str = "column"
    timed: frozenset[str] = frozenset()
    plain_use: frozenset[str] = frozenset()
    declared: Mapping[str, str] = field(default_factory=dict)
    convolution: bool = False


def timed_name(name: Name) -> tuple[Name, tuple[Expr, ...]]:
    """The name without its time, and its index."""
    index: tuple[Expr, ...] = () if name.time is None else (name.time,)
    if name.layer is not None:
        index = (name.layer, *index) if index else (name.layer,)
    bare = replace(name, time=None, layer=None)
    return bare, index


def with_numeric_times(statement: Statement, timed: frozenset[str]) -> Statement:
    """``h_0``, ``h_1`` are times where h has times elsewhere; beside a symbolic time (``C_3 = C_{t-1} + ...``) a number is a tag."""
    nodes = [n for side in statement.sides for n in side.walk()]
    if any(n.name is not None and n.name.time is not None and n.name.time.free_symbols for n in nodes):
        return statement

    def walk(node: Surface) -> Surface:
        name = node.name
        if name is not None and name.time is None and len(name.subs) == 1 and name.subs[0].isdigit() and not name.sups:
            rest = replace(name, subs=())
            if rest.plain in timed or (name.subs[0] == "0" and name.base in _STATES):
                name = replace(rest, time=Integer(int(name.subs[0])))
        return replace(node, name=name, args=tuple(walk(a) for a in node.args))

    return replace(statement, sides=tuple(walk(s) for s in statement.sides))


def names_of(statements: Sequence[Statement]) -> Context:
    """Which names have a time somewhere, and which are used other than as a function."""
    timed, plain_use = set(), set()
    for node in (n for s in statements for side in s.sides for n in side.walk()):
        if node.op == "sym" and node.name is not None and node.name.time is not None:
            timed.add(replace(node.name, time=None, layer=None).plain)
    heads = {id(n.args[0]) for s in statements for side in s.sides for n in side.walk() if n.op == "apply"}
    for s in statements:
        for side in s.sides:
            plain_use |= {n.name.plain for n in side.walk() if n.op == "sym" and n.name is not None and id(n) not in heads}
    return Context(timed=frozenset(timed), plain_use=frozenset(plain_use))


def likely_layout(statements: Sequence[Statement]) -> str:
    """By the order of weight and state in the products; only which layout is tried first depends on it."""
    votes = 0
    for node in (n for s in statements for side in s.sides for n in side.walk() if n.op == "product"):
        weights = [k for k, f in enumerate(node.args) if f.name is not None and f.name.base[:1] in "WUV" and f.name.time is None]
        states = [k for k, f in enumerate(node.args) if f.name is not None and f.name.time is not None]
        if weights and states:
            votes += 1 if weights[0] < states[0] else -1
    return "row" if votes < 0 else "column"
