"""A deck as Typst: built-in functions only. Every text stands in a string literal, so nothing in it is code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from sympy import Basic

from ..writing.as_unicode import printable
from ..writing.diagram.emit import typst as draw
from ..writing.show import write
from ..writing.style import Style
from .curves import figure
from .deck import Block, Code, Columns, Deck, Equations, Page, Picture, Plot, Sentence, Table
from .fonts import FAMILIES

_HEAD = """#set page(width: 25.4cm, height: 14.29cm, margin: (x: 1.5cm, top: 1.1cm, bottom: 1cm), footer: none)
#set text(size: 17pt, lang: {lang}, font: ({fonts}), fallback: true)
#show math.equation: set text(font: ("New Computer Modern Math", {fonts}))
#set par(leading: 0.6em)
#let fit(body) = layout(size => {{
  let inner = block(width: size.width, body)
  let tall = measure(inner).height
  if tall > size.height {{ scale(size.height / tall * 100%, origin: top + center, reflow: true, inner) }} else {{ inner }}
}})
#let wide(body) = layout(size => {{
  let across = measure(body).width
  if across > size.width {{ scale(size.width / across * 100%, origin: left, reflow: true, body) }} else {{ body }}
}})
#let shown(body) = layout(size => {{
  let inner = measure(body)
  let factor = calc.min(size.width / inner.width, 9.2cm / inner.height, 1.5)
  scale(factor * 100%, reflow: true, body)
}})
#let slide(about, title, body) = page({{
  place(top + right, dy: -0.45cm, text(size: 11pt, fill: gray, about))
  block(below: 0.7cm, wide(text(size: 24pt, weight: "bold", fill: rgb("#1f3d66"), title)))
  box(width: 100%, height: 10.4cm, fit(body))
  place(bottom + right, dy: 0.6cm, text(size: 10pt, fill: gray, context counter(page).display()))
}})
"""


def render(deck: Deck) -> str:
    """The whole source of a deck."""
    lang = {"zh": "zh", "th": "th", "vi": "vi"}.get(deck.lang, "en")
    head = _HEAD.format(lang=literal(lang), fonts=", ".join(map(literal, FAMILIES)))
    title = (
        "#page(align(center + horizon, {\n"
        f'  text(size: 38pt, weight: "bold", fill: rgb("#1f3d66"), {literal(deck.title)})\n'
        f"  linebreak()\n  text(size: 20pt, fill: gray, {literal(deck.subtitle)})\n}}))"
    )
    return "\n".join([head, title, *(_page(p, p.notation or deck.notation) for p in deck.pages)]) + "\n"


def literal(text: str) -> str:
    r"""A string of Typst.

    >>> print(literal('#read("x") \\'))
    "#read(\"x\") \\"
    """
    escaped = "".join(printable(c) if c != "\n" else "\n" for c in text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _page(page: Page, notation: Style) -> str:
    body = "\n  v(0.35cm)\n".join(f"  {block(b, notation)}" for b in page.blocks)
    return f"#slide({literal(page.about)}, {literal(page.title)}, {{\n{body}\n}})"


def _system(rows: Sequence[Sequence[Basic]], notation: Style) -> str:
    return f"wide($ {write(list(map(tuple, rows)), 'typst', notation)} $)"


@singledispatch
def block(b: Block, notation: Style) -> str:
    """Code of one block."""
    raise NotImplementedError(type(b).__name__)


@block.register
def _(b: Sentence, notation: Style) -> str:
    return f'text(size: 15pt, fill: rgb("#444444"), {literal(b.text)})'


@block.register
def _(b: Equations, notation: Style) -> str:
    if not b.sentences:
        return f"block(width: 100%, align(center, {_system(b.rows, notation)}))"
    cells = ",\n    ".join(_explained(row, say, notation) for row, say in zip(b.rows, b.sentences, strict=True))
    return f"grid(columns: (auto, 1fr, 6.2cm), column-gutter: (0cm, 0.7cm), row-gutter: 0.5cm, align: horizon,\n    {cells})"


def _explained(row: Sequence[Basic], say: str, notation: Style) -> str:
    """Three cells: the left side, the right side, and what the equation is for.

    Typst counts a fraction in a line as lower than it is, by the leading; less of it keeps rows of fractions apart.
    """
    left, _, right = write([tuple(row)], "typst", notation).partition(" &= ")
    said = f'text(size: 14pt, fill: rgb("#444444"), {literal(say)})'
    tall = "set par(leading: 0.25em)"
    return f'{{ {tall}; align(right, $display({left})$) }}, {{ {tall}; wide($display("" = {right})$) }}, {said}'


@block.register
def _(b: Picture, notation: Style) -> str:
    return f"align(center, shown({draw(b.drawing, notation).removeprefix('#')}))"


@block.register
def _(b: Plot, notation: Style) -> str:
    f = figure(b)
    parts = [f'place(top + left, text(size: 11pt, fill: rgb("#444444"), {literal(b.up)}))']
    dy = 0.6
    for s in f.strokes:
        points = [f"({x}cm, {y + dy:.3f}cm)" for x, y in s.points]
        lines = ", ".join(f"curve.line({p})" for p in points[1:])
        parts.append(f'place(curve(stroke: {s.width}pt + rgb("{s.color}"), curve.move({points[0]}), {lines}))')
    for m in f.marks:
        shift = {"start": 0.0, "middle": -5.0, "end": -10.0}[m.anchor]
        align = {"start": "left", "middle": "center", "end": "right"}[m.anchor]
        words = f'text(size: 11pt, fill: rgb("{m.color}"), {literal(m.text)})'
        parts.append(f"place(dx: {m.at[0] + shift:.2f}cm, dy: {m.at[1] + dy - 0.42:.2f}cm, box(width: 10cm, align({align}, {words})))")
    return f"align(center, box(width: {f.size[0]}cm, height: {f.size[1] + dy}cm, {{\n    " + "\n    ".join(parts) + "\n  }))"


@block.register
def _(b: Table, notation: Style) -> str:
    def cell(c: str | Basic) -> str:
        return literal(c) if isinstance(c, str) else f"${write(c, 'typst', notation)}$"

    head = ", ".join(f'text(weight: "bold", {literal(h)})' for h in b.header)
    rows = ", ".join(cell(c) for row in b.rows for c in row)
    stroke = '(x, y) => (bottom: 0.5pt + rgb("#999999"))'
    return f"align(center, table(columns: {len(b.header)}, stroke: {stroke}, inset: 0.3cm, align: left, {head}, {rows}))"


@block.register
def _(b: Code, notation: Style) -> str:
    title = f'text(size: 13pt, weight: "bold", {literal(b.title)})'
    inner = f'text(size: 13pt, font: ("DejaVu Sans Mono", {", ".join(map(literal, FAMILIES))}), {literal(b.text)})'
    return f'{title}\n  block(width: 100%, fill: rgb("#f4f4f2"), inset: 0.3cm, radius: 3pt, {inner})'


@block.register
def _(b: Columns, notation: Style) -> str:
    columns = ",\n    ".join("{\n" + "\n v(0.3cm)\n".join(block(x, notation) for x in column) + "\n}" for column in b.columns)
    return f"grid(columns: ({'1fr, ' * len(b.columns)}), column-gutter: 1cm,\n    {columns})"
