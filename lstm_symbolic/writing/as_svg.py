"""Mathematics in an SVG ``<text>``: one line of ``<tspan>`` elements, scripts moved up and down."""

from __future__ import annotations

import html
from collections.abc import Sequence

from .as_unicode import PIECES, Unicode, letters, printable
from .names import Name
from .style import WORDS

_MARKS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7", "check": "\u030c",
          "breve": "\u0306", "acute": "\u0301"}  # fmt: skip


class SvgText(Unicode):
    """Mathematics in an SVG ``<text>``; every text that comes in is escaped."""

    def text(self, word: str) -> str:
        safe = html.escape(printable(word))
        return f'<tspan font-style="italic">{safe}</tspan>' if len(word) == 1 and word.isalpha() else safe

    def function(self, word: str) -> str:
        return html.escape(printable(word))

    def word(self, latex: str) -> str:
        return self.text(WORDS[latex])

    def number(self, text: str) -> str:
        return html.escape(text)

    def operator(self, glyph: str) -> str:
        return html.escape(glyph)

    def symbol(self, name: Name, subs: Sequence[str], sups: Sequence[str]) -> str:
        base = html.escape(printable(letters(name))) + _MARKS.get(name.accent, "")
        slant = ' font-style="italic"' if len(name.base) == 1 and name.font not in ("upright", "bold") else ""
        out = f"<tspan{slant}>{base}</tspan>" + "′" * name.primes
        return out + self._moved(self._scripts(subs), 0.3) + self._moved(self._scripts(sups), -0.5)

    def color(self, text: str, color: str) -> str:
        return f'<tspan fill="{color}">{text}</tspan>'

    def _scripts(self, scripts: Sequence[str]) -> str:
        return ",".join("".join(self.text("−" if p == "-" else p) for p in PIECES.findall(s)) for s in scripts)

    @staticmethod
    def _moved(text: str, by: float) -> str:
        """Down or up, and back again for what follows (lengths in the size of the moved text)."""
        if not text:
            return ""
        back = f'<tspan dy="{-by * 0.7:.3f}em">&#8203;</tspan>'
        return f'<tspan dy="{by}em" font-size="70%">{text}</tspan>{back}'

    def power(self, base: str, exponent: str) -> str:
        return base + self._moved(exponent, -0.5)

    def transpose(self, base: str, mark: str) -> str:
        return base + self._moved("⊤", -0.5)

    def subscripted(self, base: str, text: str) -> str:
        return base + self._moved(html.escape(printable(text)), 0.3)
