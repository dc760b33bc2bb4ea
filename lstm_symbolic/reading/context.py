"""What is known of a system's names before its readings are weighed: times, uses, declarations, the likely layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr, Integer, Symbol

from .surface import Name, Statement, Surface

_STATES = {"h", "c", "s", "C", "H", "S", "a", "y"}
_WEIGHTS = ("W", "U", "V", "R", "B", "b")
#: Letters that may count steps besides t; the others are tags of gates.
_COUNTERS = {"k", "j", "s", "n", "l"}


@dataclass(frozen=True)
class Context:
    """What is known before a system is read: time-indexed names, defined names, declared kinds, layout."""

    layout: str = "column"
    timed: frozenset[str] = frozenset()
    plain_use: frozenset[str] = frozenset()
    declared: Mapping[str, str] = field(default_factory=dict)
    convolution: bool = False


def timed_name(name: Name) -> tuple[Name, tuple[Expr, ...]]:
    """The name without its time, and its index. The layer of a weight is a tag, as its gate is: W^{(l)} is W_l."""
    if name.layer is not None and name.time is None and name.layer.is_Symbol and name.base[:1] in _WEIGHTS:
        name = replace(name, layer=None, subs=(*name.subs, str(name.layer)))
    index: tuple[Expr, ...] = () if name.time is None else (name.time,)
    if name.layer is not None:
        index = (name.layer, *index) if index else (name.layer,)
    bare = replace(name, time=None, layer=None) if index else name
    return bare, index


def symbols(statement: Statement) -> tuple[str, ...]:
    """The plain names of a statement's symbols, each once."""
    return tuple(dict.fromkeys(timed_name(n.name)[0].plain for side in statement.sides for n in side.walk() if n.name is not None))


def running(statement: Statement) -> frozenset[str]:
    """Letters that count time steps in a statement: the k of h_{k+1}, of h_{t-k}, of a product over k."""
    nodes = [n for side in statement.sides for n in side.walk()]
    times = [n.name.time for n in nodes if n.name is not None and n.name.time is not None]
    indices = [*times, *(i for n in nodes if n.op in ("sum", "prod") for i in n.index)]
    return frozenset(str(s) for i in indices for s in i.free_symbols)


def with_times(statement: Statement, timed: frozenset[str], letters: frozenset[str]) -> Statement:
    """``h_k`` beside ``h_{k+1}`` and ``h_1`` beside ``h_0`` are times; so are they where h has times elsewhere in the system.

    ``letters`` are those that count steps anywhere in the system. Beside a symbolic time (``C_3 = C_{t-1} + ...``) a number is a tag.
    """
    own = running(statement)
    letters = (own if own else letters) & _COUNTERS
    digits = not own
    known = timed | {n.name.base for s in statement.sides for n in s.walk() if n.name is not None and n.name.subs == ("0",)} & _STATES
    started = digits and any(
        n.name is not None and n.name.subs == ("0",) and n.name.base in _STATES for s in statement.sides for n in s.walk()
    )

    def time(name: Name) -> Expr | None:
        (tag,), rest = name.subs, replace(name, subs=())
        if tag in letters and name.base[:1] not in _WEIGHTS:
            return Symbol(tag, integer=True)
        steps = rest.plain in known or (started and len(name.base) == 1 and name.base.islower() and name.base not in "bwup")
        return Integer(int(tag)) if digits and tag.isdigit() and steps else None

    def walk(node: Surface) -> Surface:
        name = node.name
        if name is not None and name.time is None and len(name.subs) == 1 and not name.sups:
            found = time(name)
            name = name if found is None else replace(name, subs=(), time=found)
        args = tuple(walk(a) for a in node.args)
        same = name is node.name and all(a is b for a, b in zip(args, node.args, strict=True))
        return node if same else replace(node, name=name, args=args)

    return replace(statement, sides=tuple(walk(s) for s in statement.sides))


def names_of(statements: Sequence[Statement]) -> Context:
    """Which names have a time somewhere, and which are used without one and other than as a function."""
    timed, plain_use = set(), set()
    for node in (n for s in statements for side in s.sides for n in side.walk()):
        if node.op == "sym" and node.name is not None and node.name.time is not None:
            timed.add(replace(node.name, time=None, layer=None).plain)
    heads = {id(n.args[0]) for s in statements for side in s.sides for n in side.walk() if n.op == "apply"}
    for s in statements:
        for side in s.sides:
            used = (n.name for n in side.walk() if n.op == "sym" and id(n) not in heads)
            plain_use |= {name.plain for name in used if name is not None and name.time is None}
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
