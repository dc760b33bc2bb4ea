"""One picture of a cell, computed from its equations: boxes, circles, wires and texts with their places. Markups draw it (``emit``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ...cells import Cell
from ...errors import LstmSymbolicError
from ...expr.nodes import Grad
from .figure import FONT, SMALL, Drawing, Label, Line, Shape, Spot, extent
from .flow import Node, flow
from .places import Places, Point, places
from .routes import NoRoute, Plug, Router, Wire

#: More operations than this are no picture that a lecturer would show.
MAX_NODES = 60
_ATTEMPTS = 8
_HALVES = {"box": (1.9, 1.5), "op": (0.85, 0.85), "text": (1.0, 0.8), "join": (0.3, 0.3)}


def draw(cell: Cell) -> Drawing:
    """The picture of one step.

    >>> from ...cells import cell
    >>> [s.name for s in draw(cell("gru")).shapes if s.role == "gate"]
    ['r', 'z']
    """
    return picture(cell, flow(cell))


def picture(cell: Cell, nodes: Sequence[Node]) -> Drawing:
    """A data flow with places and wires."""
    if len(nodes) > MAX_NODES:
        reason = f"{cell.name or 'this cell'} has {len(nodes)} operations, a picture has room for {MAX_NODES}"
        raise LstmSymbolicError(reason, hint="draw one of its layers")
    urgent: list[tuple[int, int]] = []
    for attempt in range(_ATTEMPTS):
        where = places(nodes, {k: _half(n)[0] for k, n in enumerate(nodes)}, attempt)
        try:
            return _drawing(cell, nodes, where, _wired(nodes, where, urgent))
        except _Stuck as stuck:
            urgent.insert(0, stuck.wire)
    raise LstmSymbolicError(f"no picture of {cell.name or 'this cell'} without wires over boxes was found")


class _Stuck(Exception):
    def __init__(self, wire: tuple[int, int]) -> None:
        super().__init__()
        self.wire = wire


def _half(n: Node) -> Spot:
    kind = {"source": "text", "sink": "text", "op": "op", "join": "join"}.get(n.kind, "box")
    wide, high = _HALVES[kind]
    if kind in ("op", "join"):
        return wide, high
    high = 1.3 if isinstance(n.main, Grad) else high
    return max(wide, extent(n.main) / 2 + 0.4, 0.4 + extent(n.note, SMALL) / 2 if n.note is not None else 0), high


def _wired(flow: Sequence[Node], where: Places, urgent: Iterable[tuple[int, int]]) -> Router:
    """All wires: lanes first, so that they are straight; then what was stuck before; then from the shortest to the longest."""
    router = Router({k: _plug(n, where.at[k], where) for k, n in enumerate(flow)})
    done: set[tuple[int, int]] = set()

    def connect(pairs: Iterable[tuple[int, int]]) -> None:
        for source, target in pairs:
            if (source, target) not in done:
                try:
                    router.connect(source, target)
                except NoRoute:
                    raise _Stuck((source, target)) from None
                done.add((source, target))

    for lane in where.lanes:
        for source, target in pairwise(lane):
            (_x, y), (u, v) = where.at[source], where.at[target]
            out, into = [p for p, d in router.plugs[source].doors.items() if d == (1, 0)], [(u - 2, v)]
            straight = y == v and flow[source].kind != "box" and flow[target].kind == "op"
            try:
                router.connect(source, target, into if straight else None, out)
            except NoRoute:
                raise _Stuck((source, target)) from None
            done.add((source, target))
    connect(urgent)
    wires = [(i, k) for k, n in enumerate(flow) for i in n.inputs]
    buses = [w for w in wires if flow[w[0]].kind == "join"]
    connect(sorted(buses, key=lambda w: -_distance(where, w)))
    connect(sorted((w for w in wires if w not in buses), key=lambda w: _distance(where, w)))
    return router


def _distance(where: Places, wire: tuple[int, int]) -> int:
    (a, b), (c, d) = where.at[wire[0]], where.at[wire[1]]
    return abs(a - c) + abs(b - d)


def _plug(n: Node, at: Point, where: Places) -> Plug:
    half = _half(n)
    match n.kind:
        case "source":
            return Plug.of(at, (half[0], 2), "E" if at[0] < min(x for k, (x, _) in where.at.items() if x != at[0]) else "N")
        case "sink":
            return Plug.of(at, (half[0], 2), "W")
        case "join":
            return Plug.of(at, (1, 1), "NESW")
        case "op":
            return Plug.of(at, (2, 2), "NESW")
        case "affine":
            return Plug.of(at, (half[0], 2), "SNEW", 1)
    return Plug.of(at, (half[0], 2), "NSEW")


def _drawing(cell: Cell, flow: Sequence[Node], where: Places, router: Router) -> Drawing:
    shapes: list[Shape] = []
    labels: list[Label] = []
    for k, n in enumerate(flow):
        at, half = where.at[k], _half(n)
        if n.kind in ("affine", "box"):
            shapes.append(Shape("box", at, half, n.role or "function", n.symbol))
            labels += _inside(n, at)
        elif n.kind == "op":
            shapes.append(Shape("circle", at, half, "operation"))
            labels.append(Label(at, n.main, (0.6, 0.6), FONT if len(str(n.main)) == 1 else SMALL))
        elif n.kind == "join":
            shapes.append(Shape("circle", at, half, "operation"))
        else:
            labels.append(Label(at, n.main, (extent(n.main) / 2, half[1] - 0.05)))
    lines: list[Line] = []
    for k, wire in router.wires.items():
        lines += _lines(k, wire, flow, where)
        dots = [p for p, count in wire.degree().items() if count > 2]
        shapes += [Shape("dot", p, (0.2, 0.2), name=str(k)) for p in dots]
    return Drawing(cell, tuple(shapes), tuple(lines), tuple(labels), cell.title or cell.name)


def _inside(n: Node, at: Point) -> list[Label]:
    """A box shows its value and, below in small, the function."""
    x, y = at
    if n.note is None:
        return [Label(at, n.main, (extent(n.main) / 2, 0.75))]
    below = Label((x, y + 0.75), n.note, (extent(n.note, SMALL) / 2, 0.45), SMALL)
    return [Label((x, y - 0.5), n.main, (extent(n.main) / 2, 0.7)), below]


def _lines(net: int, wire: Wire, flow: Sequence[Node], where: Places) -> list[Line]:
    """The tree as polylines between its ends and branches, with the last piece up to the node."""
    around: dict[Point, list[Point]] = {}
    for a, b in wire.edges:
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)
    ends: Mapping[Point, int] = {p: k for k, p in wire.ends.items()}
    assert wire.start is not None
    out: list[Line] = []
    open_: list[tuple[Point, Point | None]] = [(wire.start, None)]
    seen: set[Point] = set()
    while open_:
        first, second = open_.pop()
        path = [first] if second is None else [first, second]
        while (len(around.get(path[-1], ())) == 2 or len(path) == 1) and path[-1] not in ends:
            onward = [p for p in around.get(path[-1], ()) if p not in path]
            if not onward:
                break
            path.append(onward[0])
        spots: list[Spot] = list(_straight(path))
        if first == wire.start and first not in seen:
            spots = [_edge(where.at[net], _half(flow[net]), first), *spots]
        target = ends.get(path[-1])
        if target is not None:
            spots.append(_edge(where.at[target], _half(flow[target]), path[-1]))
        seen.add(first)
        out.append(Line(tuple(_straight(spots)), tip=target is not None and flow[target].kind != "join", net=net))
        if path[-1] not in seen:
            seen.add(path[-1])
            open_ += [(path[-1], p) for p in around.get(path[-1], ()) if p not in path]
    return out


def _edge(middle: Point, half: Spot, door: Point) -> Spot:
    """Where a wire through the door meets the node."""
    (x, y), (a, b), (u, v) = middle, half, door
    if abs(v - y) >= 2 or (u == x and v != y):
        return u, y + b * (1 if v > y else -1)
    return x + a * (1 if u > x else -1), v


def _straight(path: Sequence[Spot]) -> list[Spot]:
    """Corners only."""
    kept = list(path[:1])
    for before, here, after in zip(path, path[1:], path[2:], strict=False):
        if (here[0] - before[0]) * (after[1] - here[1]) != (here[1] - before[1]) * (after[0] - here[0]):
            kept.append(here)
    return [*kept, *path[len(path) - 1 :]] if len(path) > 1 else kept
