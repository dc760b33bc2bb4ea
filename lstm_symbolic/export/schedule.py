"""From nodes to calls: where each value stands, and which calls become one because they do the same to neighbours.

Values stand in slots: vectors of one size, one after the other. A call writes over an argument that nothing reads any more; equal
operations whose arguments and results are neighbours in the same order are packed into one call (tanh of all gates).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr

from .graph import ELEMENTWISE, ONE, Graph

_COMMUTE = ("add", "mul")


@dataclass(frozen=True)
class Place:
    """``count`` slots of a buffer from ``slot`` on; ``shift`` is 1 for what belongs to the next step.

    Buffers are ``values`` (kept for every step), ``operands`` (what weights are applied to), ``factors`` and ``uses`` (kept for a block of
    steps), ``scratch`` and ``work`` (of a step, of a block), and ``constant``, where ``slot`` is the node itself.
    """

    buffer: str
    size: Expr
    slot: int
    shift: int = 0
    count: int = 1

    @property
    def end(self) -> int:
        return self.slot + self.count

    @property
    def key(self) -> tuple[str, str, int, int]:
        """The order in which places are compared: neighbours stand beside each other."""
        return self.buffer, str(self.size), self.shift, self.slot


@dataclass(frozen=True)
class Call:
    """An elementwise operation on places; ``copy`` has one argument."""

    name: str
    args: tuple[Place, ...]
    out: Place


@dataclass
class Schedule:
    """Places and calls while they are being made. ``fixed`` nodes have to end up where they are told, ``kept`` ones in a slot of their own.

    ``products`` says after which level which groups of affine nodes are due; their places are given.
    """

    graph: Graph
    at: dict[int, Place]
    fixed: Mapping[int, Sequence[Place]]
    kept: frozenset[int]
    values: dict[Expr, list[int | str]]
    calls: list[Call] = field(default_factory=list)
    free: dict[Expr, list[bool]] = field(default_factory=lambda: defaultdict(list))
    owner: dict[Place, int] = field(default_factory=dict)

    def place(self, k: int) -> Place:
        if self.graph.is_constant(k):
            return Place("constant", self.graph[k].size, k)
        return self.at[k]

    def levels(self, nodes: Iterable[int]) -> dict[int, int]:
        """How many calls stand before each node at least; affine nodes stand alone on a level."""
        table: dict[int, int] = {}
        for k in sorted(nodes):
            below = [table[a] for a in self.graph[k].args if a in table]
            table[k] = max(below, default=-1) + 1
        return table

    def run(self, nodes: Sequence[int], groups: Mapping[int, tuple[int, ...]], scratch: str = "scratch") -> list[Call | tuple[int, ...]]:
        """The calls for all nodes, and between them the groups of affine nodes that are computed there.

        ``groups`` gives the group of an affine node; a group is due when the last of its nodes is.
        """
        level = self.levels(nodes)
        for group in set(groups.values()):
            for k in group:
                level[k] = max(level[g] for g in group)
        buckets: dict[tuple[int, str, str, str], list[int]] = defaultdict(list)
        for k in nodes:
            if self.graph[k].op in ELEMENTWISE:
                node = self.graph[k]
                buckets[level[k], node.op, node.name, str(node.size)].append(k)
            elif self.graph[k].op == "affine":
                buckets[level[k], "", str(groups[k]), ""].append(k)
        order = [buckets[key] for key in sorted(buckets)]
        last = {a: i for i, bucket in enumerate(order) for k in bucket for a in self.graph[k].args}
        result: list[Call | tuple[int, ...]] = []
        for i, bucket in enumerate(order):
            if self.graph[bucket[0]].op == "affine":
                result.append(groups[bucket[0]])
            else:
                self.calls = []
                self.bucket(bucket, {k for k in last if last[k] == i}, scratch)
                result += self.calls
            for k in bucket:
                for a in self.graph[k].args:
                    self.release(a, last[a] == i, scratch)
        return result

    def bucket(self, nodes: list[int], dying: set[int], scratch: str) -> None:
        """One operation on several nodes: places for the results, then as few calls as the places allow."""
        arguments = {k: self.ordered(k) for k in nodes}
        nodes = sorted(nodes, key=lambda k: ([p.key for p in arguments[k]], k))
        waiting = []
        for k in nodes:
            place = self.fixed_or_reused(k, nodes, dying)
            if place is None:
                waiting.append(k)
            else:
                self.at[k] = place
                self.owner[place] = k
        self.allocate(waiting, scratch)
        calls: list[Call] = []
        for k in nodes:
            call = Call(self.graph[k].name if self.graph[k].op == "call" else self.graph[k].op, arguments[k], self.at[k])
            joined = _joined(calls[-1], call) if calls else None
            calls[-1:] = [joined] if joined else [*calls[-1:], call]
        self.calls += calls
        for k in nodes:
            self.calls += [Call("copy", (self.at[k],), other) for other in self.fixed.get(k, ())[1:]]

    def ordered(self, k: int) -> tuple[Place, ...]:
        places = tuple(self.place(a) for a in self.graph[k].args)
        return tuple(sorted(places, key=lambda p: p.key)) if self.graph[k].op in _COMMUTE else places

    def fixed_or_reused(self, k: int, bucket: list[int], dying: set[int]) -> Place | None:
        if self.fixed.get(k):
            return self.fixed[k][0]
        for a in self.graph[k].args:
            alone = sum(a in self.graph[b].args for b in bucket) == 1
            place = self.at.get(a)
            pinned = a in self.kept or a in self.fixed or self.graph[a].op in ("input", "previous")
            if place is None or a not in dying or not alone or pinned:
                continue
            if place.size == self.graph[k].size and place.buffer in (("values",) if k in self.kept else ("values", "scratch", "work")):
                return place
        return None

    def allocate(self, nodes: list[int], scratch: str) -> None:
        loose = []
        for k in nodes:
            size = self.graph[k].size
            if k in self.kept:
                self.at[k] = Place("values", size, len(self.values.setdefault(size, [])))
                self.values[size].append(k)
            else:
                loose.append(k)
        if not loose:
            return
        size = self.graph[loose[0]].size
        free = self.free[size]
        start = next(s for s in range(len(free) + 1) if all(free[s : s + len(loose)]))
        free += [True] * (start + len(loose) - len(free))
        for offset, k in enumerate(loose):
            free[start + offset] = False
            self.at[k] = place = Place(scratch, size, start + offset)
            self.owner[place] = k

    def release(self, k: int, dead: bool, scratch: str) -> None:
        place = self.at.get(k)
        if dead and place is not None and place.buffer == scratch and self.owner.get(place) == k:
            self.free[place.size][place.slot] = True


def _joined(first: Call, second: Call) -> Call | None:
    """One call for two that do the same to neighbours; an argument may also be the same for both, where it is one vector."""
    if first.name != second.name or first.out.size == ONE and first.out.buffer == "operands":
        return None
    shared = [a == b and a.count == 1 for a, b in zip(first.args, second.args, strict=True)]
    behind = [_follows(a, b) and a.count == first.out.count for a, b in zip(first.args, second.args, strict=True)]
    if not _follows(first.out, second.out) or not any(behind) or not all(s or b for s, b in zip(shared, behind, strict=True)):
        return None
    args = tuple(a if s else _both(a) for a, s in zip(first.args, shared, strict=True))
    return Call(first.name, args, _both(first.out))


def _both(place: Place) -> Place:
    return replace(place, count=place.count + 1)


def _follows(a: Place, b: Place) -> bool:
    """b is the slot behind a; operands are blocks of their own and never packed."""
    return a.buffer == b.buffer and a.buffer not in ("operands", "constant") and a.shift == b.shift and a.end == b.slot and a.size == b.size
