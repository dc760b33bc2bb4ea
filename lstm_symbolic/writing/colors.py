"""One colour for each gate of a cell, carried through its equations, its derivation and its picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import cycle

from ..cells import Cell, leaves
from .style import Style

#: Dark enough for text on white; neighbours differ for the colour-blind too.
PALETTE = ("#b3401f", "#1f5fb3", "#2f7d32", "#7a3fa0", "#8a6d00", "#00707a")


def colored(chosen: Style, cells: Iterable[Cell]) -> Style:
    """A style that colours gates gives one colour to each gate and candidate, its weights, and the gradient of its pre-activation.

    >>> from ..cells import cell
    >>> colors = colored(Style(color="gates"), [cell("gru")]).colors
    >>> colors["r"] == colors["W_r"] == colors["delta_r"] != colors["z"]
    True
    """
    if chosen.color == "none":
        return chosen
    colors: dict[str, str] = {}
    palette = cycle(PALETTE)
    for cell in cells:
        for name in (n for n in cell.defined if (n in cell.gates or n == cell.candidate) and n not in colors):
            weights = [s.name for s in leaves(cell.definition(name)) if s.name in cell.parameters]
            shade = next(palette)
            for symbol in (name, f"delta_{name}", *weights):
                colors.setdefault(symbol, shade)
    return replace(chosen, colors={**colors, **chosen.colors})


def tint(color: str) -> str:
    """A light shade of a colour, to stand behind text of that colour.

    >>> tint("#000000")
    '#d1d1d1'
    """
    return "#" + "".join(f"{round(255 - 0.18 * (255 - int(color[k : k + 2], 16))):02x}" for k in (1, 3, 5))
