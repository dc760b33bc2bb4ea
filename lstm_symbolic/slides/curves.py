"""A plot as plain geometry, on a logarithmic scale: the renderers only draw its lines and texts. Lengths are in cm, y down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

from ..writing.colors import PALETTE
from .deck import Plot

Spot = tuple[float, float]
_WIDE, _HIGH, _LEFT, _BELOW = 20.0, 7.2, 1.6, 1.5
#: Below this nothing is told apart on a slide.
_FLOOR = -8.0


@dataclass(frozen=True)
class Stroke:
    points: tuple[Spot, ...]
    color: str
    width: float


@dataclass(frozen=True)
class Mark:
    """A text; ``anchor`` is start, middle or end."""

    at: Spot
    text: str
    anchor: str = "middle"
    color: str = "#333333"


@dataclass(frozen=True)
class Figure:
    size: Spot
    strokes: tuple[Stroke, ...]
    marks: tuple[Mark, ...]


def figure(plot: Plot) -> Figure:
    """Axes, grid lines at powers of ten, the curves with their names at the right.

    >>> figure(Plot((("a", (1.0, 0.1)),), "k", "size")).strokes[-1].points[0]
    (1.6, 0.3)
    """
    most = max(len(values) for _, values in plot.curves) - 1
    logs = [[max(log10(v), _FLOOR) if v > 0 else _FLOOR for v in values] for _, values in plot.curves]
    top, low = ceil(max(map(max, logs)) - 1e-9), min(floor(min(map(min, logs))), -1)
    names = 0.26 * max(len(name) for name, _ in plot.curves) + 0.5
    right = _WIDE - min(names, 8.0)

    def at(k: float, v: float) -> Spot:
        x = _LEFT + (right - _LEFT) * k / max(most, 1)
        return round(x, 3), round(0.3 + (_HIGH - 0.3) * (top - v) / (top - low), 3)

    strokes = [Stroke((at(0, v), at(most, v)), "#dddddd" if v > low else "#333333", 0.6) for v in range(low, top + 1)]
    strokes.append(Stroke((at(0, top), at(0, low)), "#333333", 0.6))
    marks = [Mark((_LEFT - 0.2, at(0, v)[1] + 0.13), f"{10.0**v:.0e}" if v < -3 else f"{10.0**v:g}", "end") for v in range(low, top + 1)]
    marks += [Mark((at(k, low)[0], _HIGH + 0.5), str(k)) for k in _ticks(most)]
    marks.append(Mark(((_LEFT + right) / 2, _HIGH + 1.2), plot.across))
    ends = _spread([at(len(line) - 1, line[-1])[1] for line in logs])
    for j, ((name, _), line) in enumerate(zip(plot.curves, logs, strict=True)):
        color = PALETTE[j % len(PALETTE)]
        strokes.append(Stroke(tuple(at(k, v) for k, v in enumerate(line)), color, 1.8))
        marks.append(Mark((right + 0.25, ends[j] + 0.13), name[:40], "start", color))
    return Figure((_WIDE, _HIGH + _BELOW), tuple(strokes), tuple(marks))


def _ticks(most: int) -> Iterator[int]:
    step = max(most // 5, 1)
    yield from range(0, most + 1, step)


def _spread(heights: list[float]) -> list[float]:
    """Names that would overlap move down."""
    placed: list[float] = []
    out = dict.fromkeys(range(len(heights)), 0.0)
    for j in sorted(range(len(heights)), key=lambda j: heights[j]):
        y = heights[j] if not placed else max(heights[j], placed[-1] + 0.55)
        placed.append(y)
        out[j] = y
    return [out[j] for j in range(len(heights))]
