r"""A deck as a Beamer document: pdfLaTeX for English, XeLaTeX or LuaLaTeX for the other languages.

Every text is escaped letter by letter, so that no command of a document reaches TeX; long formulas are scaled to the line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import singledispatch

from sympy import Basic

from ..writing.as_unicode import printable
from ..writing.diagram.emit import tikz as draw
from ..writing.names import GREEK
from ..writing.show import write
from ..writing.style import Style
from .curves import figure
from .deck import Block, Code, Columns, Deck, Equations, Page, Picture, Plot, Sentence, Table
from .fonts import SCRIPTS

_HEAD = r"""% !TeX program = %(engine)s
\documentclass[aspectratio=169,10pt]{beamer}
\usepackage{amsmath,amssymb,graphicx,array,tikz,iftex}
\usetikzlibrary{arrows.meta}
\ifTUTeX
  \usepackage[no-math]{fontspec}
  \newcommand{\lsymchar}[2]{#1}
  %(fonts)s
\else
  \newcommand{\lsymchar}[2]{[U+#2]}
  \usepackage[utf8]{inputenc}
  \usepackage[%(encoding)s]{fontenc}
  \usepackage{lmodern}
\fi
\usefonttheme[onlymath]{serif}
\setbeamertemplate{navigation symbols}{}
\setbeamertemplate{footline}[frame number]
\newsavebox{\lsymbox}
\newcommand{\fitwide}[1]{\sbox{\lsymbox}{#1}\ifdim\wd\lsymbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\lsymbox}}\else\usebox{\lsymbox}\fi}
\newcommand{\fitpage}[1]{\sbox{\lsymbox}{\fitwide{#1}}%
  \ifdim\dimexpr\ht\lsymbox+\dp\lsymbox\relax>0.68\textheight\resizebox*{!}{0.68\textheight}{\usebox{\lsymbox}}\else\usebox{\lsymbox}\fi}
\title{%(title)s}
\author{}
\date{}
\begin{document}
\begin{frame}\titlepage\end{frame}
"""
#: Languages without spaces between words: where XeTeX may break a line.
_BREAKS = {lang: [rf'\ifXeTeX\XeTeXlinebreaklocale "{lang}"\XeTeXlinebreakskip=0pt plus 1pt\fi'] for lang in ("zh", "th")}
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "^": r"\textasciicircum{}", "_": r"\_",
    "%": r"\%", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "−": r"$-$", "…": r"\ldots{}",
    "±": r"$\pm$", "√": r"$\surd$", "·": r"$\cdot$", "×": r"$\times$", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}", "'": "'", "-": "{-}",
} | {letter: rf"$\{command}$" for command, letter in GREEK.items()}  # fmt: skip


def render(deck: Deck) -> str:
    """The whole source."""
    wide = [s for s in SCRIPTS if any(map(s.has, "".join(deck.texts())))]
    values = {
        "engine": "pdflatex" if deck.lang == "en" and not wide else "xelatex",
        "fonts": "\n  ".join([*(_font(s.fonts) for s in wide), *_BREAKS.get(deck.lang, [])])
        or "% Latin letters: the default font has them",
        "encoding": "T1,T5" if deck.lang == "vi" else "T1",
        "title": escape(deck.title),
    }
    head = _HEAD
    for key, value in values.items():
        head = head.replace(f"%({key})s", value)
    return head + "\n".join(_page(p, p.notation or deck.notation) for p in deck.pages) + "\n\\end{document}\n"


def _font(names: Sequence[str]) -> str:
    """The first of the fonts that is there."""
    out = ""
    for name in reversed(names):
        out = rf"\IfFontExistsTF{{{name}}}{{\setsansfont{{{name}}}\setmonofont{{{name}}}}}{{{out}}}"
    return out


def escape(text: str) -> str:
    r"""Text for TeX.

    >>> print(escape(r"\input{x} 50%"), escape("C₃ → h"))
    \textbackslash{}input\{x\} 50\% C$_3$ \lsymchar{→}{2192} h
    """
    return "".join("\\par " if c == "\n" else "".join(map(_letter, printable(c))) for c in text)


def _letter(c: str) -> str:
    """A letter of an index is set as one; a sign that pdfLaTeX has not is named by its number there."""
    kind, _, base = unicodedata.decomposition(c).partition(" ")
    if c in _SPECIAL:
        return _SPECIAL[c]
    if kind in ("<sub>", "<super>") and " " not in base and chr(int(base, 16)).isascii():
        return f"${'_' if kind == '<sub>' else '^'}{chr(int(base, 16))}$"
    plain = ord(c) < 0x180 or 0x1E00 <= ord(c) < 0x1F00 or c in "ƠơƯư–—‘’“”•" or any(script.has(c) for script in SCRIPTS)
    return c if plain else rf"\lsymchar{{{c}}}{{{ord(c):04X}}}"


def _page(page: Page, notation: Style) -> str:
    body = "\n\\vfill\n".join(block(b, notation) for b in page.blocks)
    about = rf"\hfill{{\tiny\color{{gray}}{escape(page.about)}}}" if page.about else ""
    return f"\\begin{{frame}}[t]\n\\frametitle{{{escape(page.title)}{about}}}\n{body}\n\\vfill\n\\end{{frame}}"


def _system(rows: Sequence[Sequence[Basic]], notation: Style) -> str:
    return rf"\fitpage{{$\displaystyle {write(list(map(tuple, rows)), 'latex', notation)}$}}"


@singledispatch
def block(b: Block, notation: Style) -> str:
    """The source of one block."""
    raise NotImplementedError(type(b).__name__)


@block.register
def _(b: Sentence, notation: Style) -> str:
    return rf"{{\small {escape(b.text)}\par}}"


@block.register
def _(b: Equations, notation: Style) -> str:
    if not b.sentences:
        return rf"{{\centering {_system(b.rows, notation)}\par}}"
    lines = [
        rf"\begin{{minipage}}{{0.58\linewidth}}{_system([row], notation)}\end{{minipage}}\hfill"
        rf"\begin{{minipage}}{{0.38\linewidth}}\raggedright\footnotesize {escape(say)}\end{{minipage}}\par"
        for row, say in zip(b.rows, b.sentences, strict=True)
    ]
    rows = "\n\\bigskip\n".join(lines)
    return f"\\fitpage{{\\begin{{minipage}}[b]{{\\linewidth}}\n{rows}\n\\end{{minipage}}}}\\par"


@block.register
def _(b: Picture, notation: Style) -> str:
    return f"{{\\centering\\fitpage{{{draw(b.drawing, notation)}}}\\par}}"


@block.register
def _(b: Plot, notation: Style) -> str:
    f = figure(b)
    colors = sorted({s.color for s in f.strokes} | {m.color for m in f.marks})
    lines = [rf"\definecolor{{lsym-{c[1:]}}}{{HTML}}{{{c[1:].upper()}}}" for c in colors]
    lines.append(r"\begin{tikzpicture}[y=-1cm,font=\scriptsize]")
    lines.append(rf"\node[anchor=south west] at (0,-0.1) {{{escape(b.up)}}};")
    for s in f.strokes:
        lines.append(rf"\draw[draw=lsym-{s.color[1:]},line width={s.width}pt] " + " -- ".join(f"({x},{y})" for x, y in s.points) + ";")
    anchors = {"start": "base west", "middle": "base", "end": "base east"}
    for m in f.marks:
        at = f"({m.at[0]},{m.at[1]})"
        lines.append(rf"\node[anchor={anchors[m.anchor]},inner sep=0pt,text=lsym-{m.color[1:]}] at {at} {{{escape(m.text)}}};")
    return "{\\centering\\fitpage{" + "\n".join([*lines, r"\end{tikzpicture}"]) + "}\\par}"


@block.register
def _(b: Table, notation: Style) -> str:
    def cell(c: str | Basic) -> str:
        return escape(c) if isinstance(c, str) else f"${write(c, 'latex', notation)}$"

    rows = [" & ".join(rf"\textbf{{{escape(h)}}}" for h in b.header), *(" & ".join(map(cell, row)) for row in b.rows)]
    inner = " \\\\ \\hline\n".join(rows)
    return f"{{\\centering\\fitpage{{\\begin{{tabular}}{{{'l' * len(b.header)}}}\n{inner}\n\\end{{tabular}}}}\\par}}"


@block.register
def _(b: Code, notation: Style) -> str:
    return rf"{{\small\textbf{{{escape(b.title)}}}\par\scriptsize\ttfamily\raggedright {escape(b.text)}\par}}"


@block.register
def _(b: Columns, notation: Style) -> str:
    share = 0.96 / len(b.columns)
    columns = (f"\\column{{{share:.2f}\\textwidth}}\n" + "\n\\medskip\n".join(block(x, notation) for x in c) for c in b.columns)
    return "\\begin{columns}[t]\n" + "\n".join(columns) + "\n\\end{columns}"
