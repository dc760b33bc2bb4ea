"""The picture of a cell, computed from its equations, as SVG, Typst or TikZ.

>>> from ...cells import cell
>>> diagram(cell("lstm"), "svg").count("<rect")
5
"""

from ...cells import Cell
from ..style import Style
from .drawing import draw
from .emit import EMITTERS, emit
from .figure import Drawing
from .views import backward_view, unrolled

__all__ = ["EMITTERS", "Drawing", "backward_view", "diagram", "draw", "emit", "unrolled"]


def diagram(cell: Cell, markup: str = "svg", notation: str | Style = "default") -> str:
    """One step of a cell as a picture."""
    return emit(draw(cell), markup, notation)
