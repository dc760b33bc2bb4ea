"""Where the nodes of a data flow stand: states that pass through on lanes at the top, gates in a row, operations between, buses below.

Time runs to the right. A lane is a state whose new value comes from its old one by elementwise operations alone (the memory of an LSTM);
its operations stand on it. Everything stands on a coarse grid of columns and rows, one node a place, so that nothing can overlap; the
router (``routes``) then works on the fine grid of the units in which positions are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from .flow import Node

Point = tuple[int, int]
_LEFT, _ROW, _BUS_PITCH = 5, 6, 4


@dataclass(frozen=True)
class Places:
    """The middle of every node, and the nodes on each lane from left to right."""

    at: Mapping[int, Point]
    lanes: Sequence[Sequence[int]]


def places(flow: Sequence[Node], halves: Mapping[int, float], pitch: int = 0) -> Places:
    """Columns and rows; ``halves`` are half the widths of the nodes, ``pitch`` is space added where the router had too little."""
    work = _Placing(flow)
    work.columns()
    return Places(work.points(halves, pitch), work.lanes)


class _Placing:
    def __init__(self, flow: Sequence[Node]) -> None:
        self.flow = flow
        self.lanes = self.find_lanes()
        self.lane = {k: row for row, lane in enumerate(self.lanes) for k in lane}
        self.gates = [k for k, n in enumerate(flow) if self.is_gate(n) and k not in self.lane]
        self.up: dict[int, int] = {}
        self.down: dict[int, int] = {}
        for k, n in enumerate(flow):
            if n.kind in ("op", "box", "affine") and k not in self.lane and k not in self.gates:
                self.level(k, n)
        self.column: dict[int, int] = {}

    def find_lanes(self) -> list[list[int]]:
        """For every state the way from its old to its new value through operations alone."""
        found: list[list[int]] = []
        for k, n in enumerate(self.flow):
            if n.kind == "sink":
                way = self.way(n.inputs[0], n.symbol)
                if way and not any(set(way) & set(lane) for lane in found):
                    found.append([*way, k])
        return found

    def way(self, k: int, name: str) -> list[int]:
        """From the source ``name`` at t - 1 to node k."""
        open_: list[list[int]] = [[k]]
        seen = {k}
        while open_:
            path = open_.pop(0)
            node = self.flow[path[0]]
            if node.kind == "source" and node.symbol == name:
                return path
            if node.kind in ("op", "box"):
                open_ += [[i, *path] for i in node.inputs if i not in seen]
                seen.update(node.inputs)
        return []

    def is_gate(self, n: Node) -> bool:
        """What stands in the row of gates: maps of inputs and states, and named maps of anything but states."""
        raw = [self.flow[i].kind in ("source", "join") for i in n.inputs]
        sinks = {s.symbol for s in self.flow if s.kind == "sink"}
        return (n.kind == "affine" and (any(raw) or (n.symbol != "" and n.symbol not in sinks))) or (n.kind == "box" and all(raw))

    def level(self, k: int, n: Node) -> None:
        """How far above the gates, or, for what follows a lane, how far below the lanes."""
        below = [self.down.get(i, 0) for i in n.inputs if i in self.down or self.on_lane(i)]
        if below:
            self.down[k] = 1 + max(below)
        else:
            self.up[k] = 1 + max((self.up.get(i, 0) for i in n.inputs), default=0)

    def on_lane(self, k: int) -> bool:
        return k in self.lane and self.flow[k].kind != "source"

    @property
    def middle(self) -> int:
        """How many rows there are between the lanes and the gates."""
        return max((*self.up.values(), *self.down.values()), default=0)

    def row(self, k: int) -> int:
        return self.middle + 1 - self.up[k] if k in self.up else self.down[k]

    def columns(self) -> None:
        """Every node as far left as what it reads allows, one node a place."""
        taken: set[tuple[str, int, int]] = set()
        last = 0
        for k, n in enumerate(self.flow):
            if n.kind in ("source", "sink", "join"):
                continue
            reads = [(i, self.column[i]) for i in n.inputs if i in self.column]
            least = max((c + (self.on_lane(i) and k not in self.lane) for i, c in reads), default=1)
            if k in self.gates:
                where = ("gate", 0)
                least = max(last + 1, max((c + 1 for i, c in reads if i not in self.gates), default=1))
                last = least
            elif k in self.lane:
                where = ("lane", self.lane[k])
                before = [self.column[i] for i in self.lanes[self.lane[k]] if i in self.column]
                least = max(least, max(before, default=0) + 1)
            else:
                where = ("middle", self.row(k))
            while (*where, least) in taken:
                least += 1
            taken.add((*where, least))
            self.column[k] = least

    def points(self, halves: Mapping[int, float], pitch: int) -> dict[int, Point]:
        """Fine coordinates: columns as wide as their widest node and two wires."""
        columns = self.column | {k: self.column[g] for k in range(len(self.flow)) if (g := self.above(k)) is not None}
        widths = {c: max(ceil(halves[k]) for k, at in columns.items() if at == c) for c in columns.values()}
        states = [k for k, n in enumerate(self.flow) if n.kind == "source" and k not in self.lane and not n.now]
        left = [*states, *(lane[0] for lane in self.lanes)]
        edge = max((ceil(halves[k]) for k in left), default=0)
        x, xs = 2 * edge + _LEFT + 4 * sum(n.kind == "join" for n in self.flow), {}
        for c in range(1, max(self.column.values(), default=0) + 1):
            x += widths.get(c, 2)
            xs[c] = x
            x += widths.get(c, 2) + 3 + pitch
        rows = _ROW + pitch
        top = rows * max(len(self.lanes) - 1, 0)
        gate = top + rows * (self.middle + 1) if self.lanes or self.middle else 0
        bus = gate + 5
        at: dict[int, Point] = {}
        for k, c in self.column.items():
            at[k] = xs[c], rows * self.lane[k] if k in self.lane else gate if k in self.gates else top + rows * self.row(k)
        for row, lane in enumerate(self.lanes):
            at[lane[0]] = ceil(halves[lane[0]]), rows * row
        joins = [k for k, n in enumerate(self.flow) if n.kind == "join"]
        first = 2 * edge + 4
        for j, k in enumerate(joins):
            at[k] = first + 4 * j, bus
        for row, k in enumerate(states):
            at[k] = edge, bus + _BUS_PITCH * row
        self.inputs(at, xs, halves, bus + _BUS_PITCH * max(len(states) - 1, 0) + 6, first + 4 * max(len(joins) - 1, 0))
        self.ends(at, halves, x + 1)
        return at

    def above(self, k: int) -> int | None:
        """The gate over a source that nothing else reads."""
        readers = [i for i, m in enumerate(self.flow) if k in m.inputs]
        return readers[0] if self.flow[k].kind == "source" and len(readers) == 1 and readers[0] in self.gates else None

    def inputs(self, at: dict[int, Point], xs: Mapping[int, int], halves: Mapping[int, float], y: int, left: int) -> None:
        """Sources of this step stand below: under the one gate that reads them, or at the left."""
        for k, n in enumerate(self.flow):
            if n.kind != "source" or k in at:
                continue
            gate = self.above(k)
            at[k] = (left if gate is None else at[gate][0]), y
            left += 2 * ceil(halves[k]) + 4 if gate is None else 0

    def ends(self, at: dict[int, Point], halves: Mapping[int, float], x: int) -> None:
        """New values leave at the right, at the height at which they come."""
        taken: list[int] = [at[lane[-2]][1] for lane in self.lanes]
        for k, n in enumerate(self.flow):
            if n.kind == "sink":
                y = at[n.inputs[0]][1]
                while k not in self.lane and any(abs(y - other) < 4 for other in taken):
                    y += 1
                taken.append(y)
                at[k] = x + ceil(halves[k]), y
