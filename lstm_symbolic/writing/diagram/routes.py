"""Wires between nodes on a fine grid: no wire touches a node it does not belong to, two wires only ever cross at right angles.

Each value is a tree of wires from the node that makes it to those that read it. A branch is found by a shortest-path search (A*) in which
bends and crossings cost more than length; a tree that is already there costs nothing, so that wires share what they can.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise
from math import ceil

from .places import Point

Direction = tuple[int, int]
_BEND, _CROSSING = 4, 3
_AROUND: tuple[Direction, ...] = ((1, 0), (-1, 0), (0, 1), (0, -1))


class NoRoute(Exception):
    """There is no way left between two nodes."""


@dataclass(frozen=True)
class Plug:
    """What a wire may touch of a node: for each entry the point outside it, and the direction that leads away from the node."""

    middle: Point
    half: Point
    doors: Mapping[Point, Direction]

    @staticmethod
    def of(middle: Point, half: tuple[float, float], sides: str, spread: int = 0) -> Plug:
        """``sides`` are letters of N, E, S, W; ``spread`` entries beside the middle one below a wide box."""
        (x, y), wide, high = middle, ceil(half[0]), ceil(half[1])
        doors: dict[Point, Direction] = {}
        for side in sides:
            dx, dy = {"N": (0, -1), "S": (0, 1), "E": (1, 0), "W": (-1, 0)}[side]
            for k in sorted(range(-spread, spread + 1), key=abs) if side == "S" else (0,):
                doors[x + dx * wide + (k if dx == 0 else 0), y + dy * high] = (dx, dy)
        return Plug(middle, (wide, high), doors)

    def ring(self) -> Iterator[Point]:
        """The points next to the node, and in it."""
        (x, y), (wide, high) = self.middle, self.half
        return ((x + i, y + j) for i in range(-wide, wide + 1) for j in range(-high, high + 1))


@dataclass
class Wire:
    """The tree of one value: its edges, and where it ends."""

    edges: set[tuple[Point, Point]] = field(default_factory=set)
    start: Point | None = None
    ends: dict[int, Point] = field(default_factory=dict)

    def points(self) -> set[Point]:
        return {p for edge in self.edges for p in edge}

    def degree(self) -> dict[Point, int]:
        count: dict[Point, int] = defaultdict(int)
        for a, b in self.edges:
            count[a] += 1
            count[b] += 1
        return count


class Router:
    """The grid: which points belong to nodes, and which are used by wires in which direction."""

    def __init__(self, plugs: Mapping[int, Plug]) -> None:
        self.plugs = plugs
        self.owners: dict[Point, set[int]] = defaultdict(set)
        for k, plug in plugs.items():
            for point in plug.ring():
                self.owners[point].add(k)
        self.used: dict[Point, dict[int, set[Direction]]] = defaultdict(lambda: defaultdict(set))
        xs, ys = zip(*self.owners, strict=True)
        self.low, self.high = (min(xs) - 4, min(ys) - 4), (max(xs) + 4, max(ys) + 4)
        self.wires: dict[int, Wire] = {}

    def connect(self, source: int, target: int, doors: Sequence[Point] | None = None, leave: Sequence[Point] | None = None) -> None:
        """One more branch of the value of ``source``."""
        wire = self.wires.setdefault(source, Wire())
        goals = {p: d for p, d in self.plugs[target].doors.items() if self.free(p, target) and (doors is None or p in doors)}
        exits = {p: d for p, d in self.plugs[source].doors.items() if self.free(p, source) and (leave is None or p in leave)}
        starts = {p: None for p in wire.points() if len(self.used[p]) == 1 and len(self.owners[p]) == 0} if wire.edges else exits
        if wire.edges and wire.start is not None and not starts:
            starts = {wire.start: None}
        path = self.search(source, target, starts, goals)
        for a, b in pairwise(path):
            wire.edges.add((min(a, b), max(a, b)))
            step = (b[0] - a[0], b[1] - a[1])
            self.used[a][source] |= {step}
            self.used[b][source] |= {(-step[0], -step[1])}
        wire.start = wire.start or path[0]
        wire.ends[target] = path[-1]
        for p in (path[0], path[-1]):
            self.used[p][source] |= {(0, 0)}

    def free(self, point: Point, node: int) -> bool:
        return not self.used[point] and self.owners[point] <= {node}

    def search(self, net: int, target: int, starts: Mapping[Point, Direction | None], goals: Mapping[Point, Direction]) -> list[Point]:
        """The cheapest path; it enters a node straight."""
        if not starts or not goals:
            raise NoRoute
        allowed = {*starts, *goals}
        queue: list[tuple[float, int, Point, Direction | None]] = []
        best: dict[tuple[Point, Direction | None], float] = {}
        came: dict[tuple[Point, Direction | None], tuple[Point, Direction | None]] = {}
        count = 0

        def left(p: Point) -> int:
            return min(abs(p[0] - g[0]) + abs(p[1] - g[1]) for g in goals)

        for p, d in starts.items():
            best[p, d] = 0
            heappush(queue, (left(p), count, p, d))
            count += 1
        while queue:
            _, _, p, d = heappop(queue)
            cost = best[p, d]
            if p in goals and d == (-goals[p][0], -goals[p][1]):
                path = [p]
                state: tuple[Point, Direction | None] = (p, d)
                while state in came:
                    state = came[state]
                    path.append(state[0])
                return path[::-1]
            for step in _AROUND:
                if d is not None and step == (-d[0], -d[1]):
                    continue
                q = (p[0] + step[0], p[1] + step[1])
                if not self.enters(net, p, q, step, d, allowed):
                    continue
                aside = _BEND if q in goals and q[0] != self.plugs[target].middle[0] and step[0] == 0 else 0
                aside += (q[1] < 0) + (_CROSSING if q in goals and step == (0, 1) and q[1] < 0 else 0)  # not over the lanes
                worth = cost + aside + 1 + (_BEND if d is not None and step != d else 0) + (_CROSSING if self.others(q, net) else 0)
                if worth < best.get((q, step), float("inf")):
                    best[q, step] = worth
                    came[q, step] = (p, d)
                    count += 1
                    heappush(queue, (worth + left(q), count, q, step))
        raise NoRoute

    def others(self, p: Point, net: int) -> list[set[Direction]]:
        return [ways for k, ways in self.used[p].items() if k != net] if p in self.used else []

    def enters(self, net: int, p: Point, q: Point, step: Direction, came: Direction | None, allowed: Iterable[Point]) -> bool:
        """Whether the wire may go from p to q: not through nodes, not along another wire, straight across one."""
        if not all(a <= x <= b for a, x, b in zip(self.low, q, self.high, strict=True)):
            return False
        if self.owners.get(q) and q not in allowed:
            return False
        if self.others(p, net) and came is not None and step != came:
            return False
        if net in self.used.get(q, {}) and q not in allowed:
            return False
        across = {(step[1], step[0]), (-step[1], -step[0])}
        return all(ways == across for ways in self.others(q, net))
