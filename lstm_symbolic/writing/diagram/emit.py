"""A drawing as SVG, Typst or TikZ; the labels are written by the same walk as the equations."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from sympy import Expr

from ...errors import LstmSymbolicError
from ..as_svg import SvgText
from ..colors import colored, tint
from ..notations import style
from ..show import MARKUPS, writer
from ..style import SIGNS, Style
from ..walk import Writer
from .figure import Drawing, Label, Line, Shape, Spot

_UNIT = 0.35  # cm
_PIXELS = 13.0
_FILLS = {"gate": "#ffe9a8", "candidate": "#cfe3ff", "value": "#e4ecdf", "function": "#f3dfe6", "operation": "#ffffff", "state": "#e8e8f4"}
_INK = "#333333"


def svg(drawing: Drawing, notation: str | Style = "default") -> str:
    """A picture of its own, without scripts or outside fonts."""
    pen = _Pen(drawing, notation, SvgText())
    left, top, right, bottom = drawing.bounds()
    k, wide, high = _PIXELS, right - left + 1, bottom - top + 1

    def at(p: Spot) -> str:
        return f"{(p[0] - left + 0.5) * k:.1f},{(p[1] - top + 0.5) * k:.1f}"

    def line(wire: Line) -> str:
        tips = (' marker-end="url(#tip)"' if wire.tip else "") + (' marker-start="url(#tip)"' if wire.tail else "")
        return f'<polyline points="{" ".join(at(p) for p in wire.points)}"{tips}/>'

    def shape(s: Shape) -> str:
        (x, y), (a, b) = s.at, s.half
        cx, cy = at(s.at).split(",")
        if s.kind == "box":
            px, py = at((x - a, y - b)).split(",")
            size = f'width="{2 * a * k:.1f}" height="{2 * b * k:.1f}"'
            return f'<rect x="{px}" y="{py}" {size} rx="5" fill="{pen.fill(s)}"/>'
        return f'<circle cx="{cx}" cy="{cy}" r="{a * k:.1f}" fill="{_INK if s.kind == "dot" else pen.fill(s)}"/>'

    def label(text: Label) -> str:
        x, y = at(text.at).split(",")
        return f'<text x="{x}" y="{float(y) + 0.33 * text.size * k:.1f}" font-size="{text.size * k:.1f}">{pen.text(text.main)}</text>'

    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide * k:.0f} {high * k:.0f}" width="{wide * k:.0f}" '
            f'height="{high * k:.0f}" font-family="Latin Modern Math, STIX Two Math, Cambria Math, DejaVu Serif, serif" '
            f'text-anchor="middle">',
            f"<title>{html.escape(drawing.about)}</title>",
            '<defs><marker id="tip" viewBox="0 0 9 8" refX="8" refY="4" markerWidth="9" markerHeight="8" markerUnits="userSpaceOnUse" '
            f'orient="auto-start-reverse"><path d="M0 0.5 9 4 0 7.5 2 4z" fill="{_INK}"/></marker></defs>',
            f'<g fill="none" stroke="{_INK}" stroke-width="1.4" stroke-linejoin="round">',
            *map(line, drawing.lines),
            *map(shape, drawing.shapes),
            "</g>",
            *map(label, drawing.labels),
            "</svg>",
        ]
    )


def typst(drawing: Drawing, notation: str | Style = "default") -> str:
    """A block of Typst code (``#box(...)``) with built-in primitives only."""
    pen = _Pen(drawing, notation, MARKUPS["typst"])
    left, top, right, bottom = drawing.bounds()

    def cm(*lengths: float) -> list[str]:
        return [f"{_UNIT * v:.3f}cm" for v in lengths]

    def xy(p: Spot) -> tuple[str, str]:
        x, y = cm(p[0] - left + 0.5, p[1] - top + 0.5)
        return x, y

    def line(wire: Line) -> Iterable[str]:
        points = [xy(p) for p in wire.points]
        moves = ", ".join(f"curve.line(({x}, {y}))" for x, y in points[1:])
        yield f'place(curve(stroke: 0.9pt + rgb("{_INK}"), curve.move(({points[0][0]}, {points[0][1]})), {moves}))'
        for on, a, b in ((wire.tip, wire.points[-2], wire.points[-1]), (wire.tail, wire.points[1], wire.points[0])):
            if on:
                x, y = xy(b)
                head = "(0cm, 0cm), (-0.22cm, -0.095cm), (-0.17cm, 0cm), (-0.22cm, 0.095cm)"
                turned = f'rotate({_angle(a, b)}deg, origin: top + left, polygon(fill: rgb("{_INK}"), {head}))'
                yield f"place(dx: {x}, dy: {y}, {turned})"

    def shape(s: Shape) -> str:
        x, y = xy((s.at[0] - s.half[0], s.at[1] - s.half[1]))
        wide, high = cm(2 * s.half[0], 2 * s.half[1])
        fill = f'rgb("{_INK if s.kind == "dot" else pen.fill(s)}")'
        if s.kind == "box":
            form = f'rect(width: {wide}, height: {high}, radius: 3.5pt, fill: {fill}, stroke: 0.8pt + rgb("{_INK}"))'
        else:
            form = f'circle(radius: {cm(s.half[0])[0]}, fill: {fill}, stroke: 0.8pt + rgb("{_INK}"))'
        return f"place(dx: {x}, dy: {y}, {form})"

    def label(text: Label) -> str:
        room = max(text.half[0] + 1, 2)
        x, y = xy((text.at[0] - room, text.at[1] - 1))
        wide, high = cm(2 * room, 2)
        inner = f"text(size: {text.size * _UNIT * 0.92:.3f}cm, ${pen.text(text.main)}$)"
        return f"place(dx: {x}, dy: {y}, box(width: {wide}, height: {high}, align(center + horizon, {inner})))"

    wide, high = cm(right - left + 1, bottom - top + 1)
    parts = [*(p for wire in drawing.lines for p in line(wire)), *map(shape, drawing.shapes), *map(label, drawing.labels)]
    return f"#box(width: {wide}, height: {high}, {{\n  " + "\n  ".join(parts) + "\n})"


def tikz(drawing: Drawing, notation: str | Style = "default") -> str:
    r"""A ``tikzpicture``; it needs ``\usetikzlibrary{arrows.meta}``."""
    pen = _Pen(drawing, notation, MARKUPS["latex"])
    left, top, _, _ = drawing.bounds()

    def xy(p: Spot) -> str:
        return f"({_UNIT * (p[0] - left):.3f},{_UNIT * (p[1] - top):.3f})"

    def line(wire: Line) -> str:
        tips = ("<" if wire.tail else "") + "-" + (">" if wire.tip else "")
        return rf"\draw[{tips}] {' -- '.join(map(xy, wire.points))};"

    def shape(s: Shape) -> str:
        color = f"lsym-{'ink' if s.kind == 'dot' else pen.fill(s)[1:]}"
        if s.kind == "box":
            corner = (s.at[0] - s.half[0], s.at[1] - s.half[1]), (s.at[0] + s.half[0], s.at[1] + s.half[1])
            return rf"\draw[rounded corners=1.2mm,fill={color}] {xy(corner[0])} rectangle {xy(corner[1])};"
        return rf"\draw[fill={color}] {xy(s.at)} circle ({_UNIT * s.half[0]:.3f});"

    def label(text: Label) -> str:
        size = r"\scriptstyle " if text.size < 1 else ""
        return rf"\node[inner sep=0pt] at {xy(text.at)} {{${size}{pen.text(text.main)}$}};"

    used = sorted({pen.fill(s) for s in drawing.shapes if s.kind != "dot"})
    colors = [rf"\definecolor{{lsym-{c[1:]}}}{{HTML}}{{{c[1:].upper()}}}" for c in used]
    return "\n".join(
        [
            *colors,
            rf"\definecolor{{lsym-ink}}{{HTML}}{{{_INK[1:]}}}",
            r"\begin{tikzpicture}[y=-1cm,line width=0.7pt,draw=lsym-ink,>={Stealth[length=2mm]}]",
            *map(line, drawing.lines),
            *map(shape, drawing.shapes),
            *map(label, drawing.labels),
            r"\end{tikzpicture}",
        ]
    )


def _angle(a: Spot, b: Spot) -> int:
    if abs(b[0] - a[0]) > abs(b[1] - a[1]):
        return 0 if b[0] > a[0] else 180
    return 90 if b[1] > a[1] else -90


class _Pen:
    """Labels and colours of a drawing in a markup and a notation."""

    def __init__(self, drawing: Drawing, notation: str | Style, markup: SvgText | object) -> None:
        self.style = colored(style(notation), [drawing.cell])
        mains: Sequence[Expr] = [x.main for x in drawing.labels if isinstance(x.main, Expr)]
        self.write: Writer = writer(markup, self.style, [tuple(mains)])  # type: ignore[arg-type]

    def text(self, main: Expr | str) -> str:
        """A sign of the notation, a function without its operand, or an expression."""
        markup = self.write.markup
        if isinstance(main, Expr):
            name = function_of(main)
            return self.write.function(name) if name else self.write(main)
        if main == "1−":
            return markup.number("1") + markup.operator("−")
        product = SIGNS[self.style.product]
        signs = {"⊙": "×" if product in ("", "∗") else product, "·": "⋅"}
        return markup.operator(signs.get(main, main))

    def fill(self, shape: Shape) -> str:
        if shape.role in ("gate", "candidate") and shape.name in self.style.colors:
            return tint(self.style.colors[shape.name])
        return _FILLS.get(shape.role, _FILLS["function"])


def function_of(e: Expr) -> str:
    """``tanh`` for tanh(·), so that the box shows the name alone."""
    from ...expr import nodes
    from ...expr.functions import Elementwise

    if isinstance(e, nodes.Apply) and len(e.operands) == 1 and getattr(e.operands[0], "name", "") == "·":
        return e.function
    if isinstance(e, Elementwise) and len(e.args) == 1 and getattr(e.args[0], "name", "") == "·":
        return str(e.plain)
    return ""


EMITTERS = {"svg": svg, "typst": typst, "tikz": tikz}


def emit(drawing: Drawing, markup: str, notation: str | Style = "default") -> str:
    """The drawing in one of ``svg``, ``typst``, ``tikz``."""
    if markup not in EMITTERS:
        raise LstmSymbolicError(f"no diagram in {markup[:40]!r}", hint=f"one of {', '.join(EMITTERS)}")
    return EMITTERS[markup](drawing, notation)
