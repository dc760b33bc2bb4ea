"""LaTeX mathematics with the commands of amsmath, which GitHub and MathJax render too."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .as_unicode import PIECES, Unicode, printable
from .names import GREEK, Name
from .style import SIGNS

_TO_LATEX = {letter: "\\" + command for command, letter in GREEK.items()} | {
    "⟨": r"\langle ", "<": r"\langle ", "⟩": r" \rangle", ">": r" \rangle", "′": "'", "×": r" \times ", "·": r"{\cdot}",
}  # fmt: skip
_LATEX_SPECIAL = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "^": r"\hat{}", "_": r"\_", "%": r"\%", "~": r"\sim ",
}  # fmt: skip
_OPERATORS = ("tanh", "exp", "log", "max", "min", "cosh", "sinh", "det")


class Latex(Unicode):
    """LaTeX mathematics with the commands of amsmath, which GitHub and MathJax render too."""

    closed_fractions = True

    def text(self, word: str) -> str:
        if len(word) == 1:
            return _TO_LATEX.get(word, _LATEX_SPECIAL.get(word, printable(word)))
        return rf"\mathrm{{{self._escape(word)}}}"

    def _escape(self, text: str) -> str:
        return "".join(_LATEX_SPECIAL.get(c, _TO_LATEX.get(c, c) + (" " if c in _TO_LATEX else "")) for c in printable(text))

    def function(self, word: str) -> str:
        return f"\\{word}" if word in _OPERATORS else self.text(word) if len(word) == 1 else rf"\operatorname{{{self._escape(word)}}}"

    def operator(self, glyph: str) -> str:
        table = {u: latex for latex, u in SIGNS.items() if u}
        table |= {"−": "-", "∗": "*", "≥": r"\ge", "≤": r"\le", "≠": r"\ne", "÷": r"\div", "⋯": r"\cdots"}
        return table.get(glyph, glyph)

    def word(self, latex: str) -> str:
        return latex

    def script(self, text: str) -> str:
        pieces = [p if len(p) < 3 or not p.isalpha() or not p.isascii() else rf"\mathrm{{{p}}}" for p in PIECES.findall(printable(text))]
        out = ""
        for piece in pieces:
            written = piece if piece.startswith(r"\mathrm") else _TO_LATEX.get(piece) or self._escape(piece)
            gap = " " if re.search(r"\\[A-Za-z]+$", out) and written[:1].isalpha() else ""
            out += gap + written
        return out.strip()

    def symbol(self, name: Name, subs: Sequence[str], sups: Sequence[str]) -> str:
        font = {"bold": r"\mathbf", "cal": r"\mathcal", "italic": r"\mathit", "upright": r"\mathrm"}.get(name.font)
        base = self.text(name.base)
        if font and not base.startswith(r"\math"):
            base = rf"{font}{{{base}}}" if not base.startswith("\\") else rf"\boldsymbol{{{base}}}" if name.font == "bold" else base
        out = (rf"\{name.accent}{{{base}}}" if name.accent else base) + "'" * name.primes
        below, above = ",".join(self.script(s) for s in subs), ",".join(self.script(s) for s in sups)
        if below:
            out += self._script("_", below)
        if above and name.primes:
            out = f"{{{out}}}"
        return out + (self._script("^", above) if above else "")

    @staticmethod
    def _script(mark: str, text: str) -> str:
        return f"{mark}{text}" if len(text) == 1 else f"{mark}{{{text}}}"

    def color(self, text: str, color: str) -> str:
        r"""``\textcolor`` of the package xcolor, as Beamer and MathJax have it."""
        return rf"\textcolor[HTML]{{{color[1:].upper()}}}{{{text}}}"

    def paren(self, x: str) -> str:
        tall = r"\frac" in x or r"\begin" in x or r"\sum" in x or r"\prod" in x
        return rf"\left({x}\right)" if tall else f"({x})"

    def bars(self, x: str, double: bool) -> str:
        return rf"\left\| {x} \right\|" if double else rf"\left| {x} \right|"

    def call(self, function: str, args: Sequence[str]) -> str:
        return function + self.paren(", ".join(args))

    def fraction(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def prefix(self, letter: str, x: str) -> str:
        return f"{_TO_LATEX[letter]} {x}"

    def power(self, base: str, exponent: str) -> str:
        base = f"{{{base}}}" if ("^" in base and not base.endswith(")")) or base.endswith("'") else base
        return base + self._script("^", exponent)

    def transpose(self, base: str, mark: str) -> str:
        return self.power(base, mark)

    def prime(self, function: str) -> str:
        return f"{function}'"

    def root(self, x: str) -> str:
        return rf"\sqrt{{{x}}}"

    def big(self, product: bool, var: str, low: str, high: str, body: str) -> str:
        return rf"\{'prod' if product else 'sum'}_{{{var}={low}}}^{{{high}}} {body}"

    def subscripted(self, base: str, text: str) -> str:
        return base + self._script("_", self.script(text))

    def bold(self, text: str) -> str:
        return rf"\mathbf{{{text}}}"

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        return r"\begin{bmatrix} " + r" \\ ".join(" & ".join(row) for row in rows) + r" \end{bmatrix}"

    def cases(self, condition: str, yes: str, no: str) -> str:
        return rf"\begin{{cases}} {yes} & \text{{if }} {condition} \\ {no} & \text{{otherwise}} \end{{cases}}"

    def system(self, rows: Sequence[Sequence[str]]) -> str:
        body = " \\\\\n".join(f"{row[0]} &= {' = '.join(row[1:])}" if len(row) > 1 else f"& {row[0]}" for row in rows)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
