"""What a picture is made of: labels, shapes and lines with their places, and how large a label is.

Lengths are in units of the grid (0.35 cm), x to the right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from ...cells import Cell
from ...expr.nodes import Grad
from ..show import unicode

Spot = tuple[float, float]

FONT, SMALL = 1.3, 1.0


@dataclass(frozen=True)
class Label:
    """An expression or a sign at a place; ``size`` is the height of its letters, ``half`` its extent."""

    at: Spot
    main: Expr | str
    half: Spot
    size: float = FONT


@dataclass(frozen=True)
class Shape:
    """A ``box`` (a function), a ``circle`` (an operation) or a ``dot`` (a branch), and whose value it makes."""

    kind: str
    at: Spot
    half: Spot
    role: str = ""
    name: str = ""


@dataclass(frozen=True)
class Line:
    """A wire through points; ``tip`` at its end, ``tail`` at its start."""

    points: tuple[Spot, ...]
    tip: bool = False
    tail: bool = False
    net: int = 0


@dataclass(frozen=True)
class Drawing:
    """All of it; the lower left corner of the first thing is not special: ``emit`` moves the whole to the origin."""

    cell: Cell
    shapes: tuple[Shape, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    about: str = ""

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        things = [(s.at, s.half) for s in self.shapes] + [(label.at, label.half) for label in self.labels]
        corners = [(x + s * a, y + s * b) for (x, y), (a, b) in things for s in (-1, 1)]
        corners += [p for line in self.lines for p in line.points]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


def extent(text: Expr | str | None, size: float = FONT) -> float:
    """About how wide a label is, from its letters; scripts are smaller."""
    if isinstance(text, Grad):
        return extent(text.args[0], size) + size * 0.58  # type: ignore[arg-type]
    line = text if isinstance(text, str) else unicode(text) if text is not None else ""
    low = sum(c in "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵗ" for c in line)
    marks = sum("\u0300" <= c <= "\u036f" or c in "_^{}" for c in line)
    return size * (0.58 * (len(line) - low - marks) + 0.45 * low)
