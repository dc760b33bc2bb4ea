"""A deck as one HTML file: MathML, inline SVG, no outside files. Arrow keys turn the pages; printing gives one page a slide.

The only script is ours; every text is escaped, and a content security policy forbids any other script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import singledispatch
from html import escape

from sympy import Basic

from ..writing.as_unicode import printable
from ..writing.diagram.emit import svg as draw
from ..writing.show import write
from ..writing.style import Style
from .curves import figure
from .deck import Block, Code, Columns, Deck, Equations, Page, Picture, Plot, Sentence, Table

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #222; font-family: "Libertinus Serif", "Noto Serif", Georgia, "Liberation Serif", "DejaVu Serif",
  "Noto Serif CJK SC", "Noto Serif Thai", "Laksaman", "WenQuanYi Micro Hei", serif; font-size: clamp(15px, 1.9vw, 26px); }
section { min-height: 100vh; padding: 4vh 5vw; display: none; flex-direction: column; gap: 2.2vh; position: relative; }
section.on { display: flex; }
section.title { justify-content: center; text-align: center; }
h1 { font-size: 2.1em; color: #1f3d66; margin: 0; }
h2 { font-size: 1.45em; color: #1f3d66; margin: 0 0 1vh; }
.about { position: absolute; top: 1.2vh; right: 2vw; color: #888; font-size: .65em; }
p { margin: 0; color: #444; font-size: .85em; line-height: 1.45; }
.math { overflow-x: auto; overflow-y: hidden; padding: .2em 0; }
.explained { display: grid; grid-template-columns: minmax(0, 1.45fr) minmax(0, 1fr); gap: .6vh 3vw; align-items: center; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14em), 1fr)); gap: 2vh 3vw; }
.columns > div { display: flex; flex-direction: column; gap: 1.5vh; min-width: 0; }
svg { display: block; max-width: 100%; max-height: 70vh; height: auto; margin: 0 auto; }
.plot { width: 100%; }
table.data { border-collapse: collapse; margin: 0 auto; }
table.data th, table.data td { border-bottom: 1px solid #bbb; padding: .4em .8em; text-align: left; }
pre { background: #f4f4f2; padding: .6em; margin: .2em 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .75em; }
math { font-size: 1.08em; }
.explained math { width: max-content; }
footer { position: absolute; bottom: 1vh; right: 2vw; color: #999; font-size: .6em; }
@media (max-width: 700px) { .explained { grid-template-columns: minmax(0, 1fr); } .explained p { margin-bottom: 1.4vh; } }
@media print {
  @page { size: 25.4cm 14.29cm; margin: 0; }
  body { font-size: 19px; }
  section { display: flex !important; min-height: 0; height: 14.2cm; padding: 1cm 1.5cm; break-after: page; overflow: hidden; }
  svg { max-height: 9cm; }
}
"""
_SCRIPT = """
const pages = [...document.querySelectorAll("section")];
let here = 0;
function show(k) {
  here = Math.max(0, Math.min(pages.length - 1, k));
  pages.forEach((p, j) => p.classList.toggle("on", j === here));
  history.replaceState(null, "", "#" + (here + 1));
  window.scrollTo(0, 0);
  fit();
}
function fit() {
  for (const box of pages[here].querySelectorAll(".math")) {
    box.style.fontSize = "";
    const part = box.clientWidth / box.scrollWidth;
    if (part < 1) box.style.fontSize = Math.max(part * 0.98, 0.55) + "em";
  }
}
addEventListener("resize", fit);
document.addEventListener("keydown", e => {
  const step = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 }[e.key];
  if (step) { e.preventDefault(); show(here + step); }
  if (e.key === "Home") show(0);
  if (e.key === "End") show(pages.length - 1);
});
document.addEventListener("click", e => { if (!getSelection().toString()) show(here + (e.clientX < innerWidth / 4 ? -1 : 1)); });
window.addEventListener("hashchange", () => show(parseInt(location.hash.slice(1) || "1") - 1));
show(parseInt(location.hash.slice(1) || "1") - 1);
"""


def render(deck: Deck) -> str:
    """The whole page."""
    hashed = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'"
    pages = "\n".join(_page(p, k, p.notation or deck.notation) for k, p in enumerate(deck.pages, 2))
    return (
        f'<!doctype html>\n<html lang="{escape(deck.lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{_text(deck.title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<section class="title on"><h1>{_text(deck.title)}</h1><p>{_text(deck.subtitle)}</p></section>\n'
        f"{pages}\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    return escape("".join(c if c == "\n" else printable(c) for c in text))


def _page(page: Page, number: int, notation: Style) -> str:
    body = "\n".join(block(b, notation) for b in page.blocks)
    about = f'<div class="about">{_text(page.about)}</div>' if page.about else ""
    return f"<section>{about}<h2>{_text(page.title)}</h2>\n{body}\n<footer>{number}</footer></section>"


def _system(rows: Sequence[Sequence[Basic]], notation: Style) -> str:
    return f'<div class="math">{write(list(map(tuple, rows)), "mathml", notation)}</div>'


@singledispatch
def block(b: Block, notation: Style) -> str:
    """The element of one block."""
    raise NotImplementedError(type(b).__name__)


@block.register
def _(b: Sentence, notation: Style) -> str:
    return f"<p>{_text(b.text)}</p>"


@block.register
def _(b: Equations, notation: Style) -> str:
    if not b.sentences:
        return _system(b.rows, notation)
    lines = (f"{_system([row], notation)}<p>{_text(say)}</p>" for row, say in zip(b.rows, b.sentences, strict=True))
    return f'<div class="explained">{"".join(lines)}</div>'


@block.register
def _(b: Picture, notation: Style) -> str:
    return draw(b.drawing, notation)


@block.register
def _(b: Plot, notation: Style) -> str:
    f = figure(b)
    k = 40.0
    parts = [f'<text x="0" y="14" font-size="15" fill="#444">{_text(b.up)}</text>']
    for s in f.strokes:
        points = " ".join(f"{x * k:.1f},{y * k + 26:.1f}" for x, y in s.points)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{s.color}" stroke-width="{s.width * 1.3:.1f}"/>')
    for m in f.marks:
        at = f'x="{m.at[0] * k:.1f}" y="{m.at[1] * k + 26:.1f}"'
        parts.append(f'<text {at} text-anchor="{m.anchor}" font-size="15" fill="{m.color}">{_text(m.text)}</text>')
    box = f"0 0 {f.size[0] * k:.0f} {f.size[1] * k + 30:.0f}"
    return f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{"".join(parts)}</svg>'


@block.register
def _(b: Table, notation: Style) -> str:
    def cell(c: str | Basic) -> str:
        return _text(c) if isinstance(c, str) else write(c, "mathml", notation)

    head = "".join(f"<th>{_text(h)}</th>" for h in b.header)
    rows = "".join("<tr>" + "".join(f"<td>{cell(c)}</td>" for c in row) + "</tr>" for row in b.rows)
    return f'<div class="math"><table class="data"><tr>{head}</tr>{rows}</table></div>'


@block.register
def _(b: Code, notation: Style) -> str:
    return f"<div><p><b>{_text(b.title)}</b></p><pre>{_text(b.text)}</pre></div>"


@block.register
def _(b: Columns, notation: Style) -> str:
    columns = ("<div>" + "\n".join(block(x, notation) for x in column) + "</div>" for column in b.columns)
    return f'<div class="columns">{"".join(columns)}</div>'
