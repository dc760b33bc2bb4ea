"""Unicode text, for terminals and messages; also the base of the other markups, which override what they write differently.

Each markup knows how to write a symbol, a bracket, a fraction and a system, and how to escape text: the walk (``walk.py``) is the same
for all. Texts that come in are Unicode and untrusted; every one goes through ``text`` (words) or ``script`` (indices), which escape.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from .names import Name
from .style import SIGNS, WORDS

_SUBSCRIPTS = dict(zip("0123456789+-()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_SUPERSCRIPTS = dict(zip("0123456789+-()abcdefghijklmnoprstuvwxyzT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ", strict=True))
_COMBINING = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7", "check": "\u030c",
              "breve": "\u0306", "acute": "\u0301"}  # fmt: skip

#: First letter, the same letter in bold, how many follow it in order.
_ALPHABETS = (("A", 0x1D400, 26), ("a", 0x1D41A, 26), ("Α", 0x1D6A8, 25), ("α", 0x1D6C2, 25))
_BOLD = {ord(first) + k: chr(bold + k) for first, bold, count in _ALPHABETS for k in range(count)}

#: A run of letters, a number, or one other character.
PIECES = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)?|.", re.DOTALL)


def printable(text: str) -> str:
    """Text without control characters."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def letters(name: Name) -> str:
    """The letters of a symbol; Unicode has bold ones for Latin and Greek.

    >>> letters(Name("W", font="bold"))
    '𝐖'
    """
    return name.base.translate(_BOLD) if name.font == "bold" else name.base


def _width(text: str) -> int:
    """The number of columns on a terminal: combining marks take none."""
    return sum(unicodedata.combining(c) == 0 for c in text)


class Unicode:
    """Plain text for terminals and messages; also the base of the other markups, which override what they write differently."""

    space = " "
    #: Whether a fraction stands by itself in a product, without brackets.
    closed_fractions = False

    def text(self, word: str) -> str:
        """An operator's or a symbol's name."""
        return printable(word)

    def function(self, word: str) -> str:
        """The name of a function."""
        return self.text(word)

    def number(self, text: str) -> str:
        return text

    def sign(self, latex: str) -> str:
        """A product sign, with the spaces around it; juxtaposition is a space."""
        glyph = self.operator(SIGNS[latex]) if SIGNS[latex] else ""
        return f" {glyph} " if glyph else self.space

    def operator(self, glyph: str) -> str:
        return glyph

    def word(self, latex: str) -> str:
        """A function of the notation (sigma, tanh) given as LaTeX."""
        return self.text(WORDS[latex])

    def script(self, text: str) -> str:
        return printable(text)

    def symbol(self, name: Name, subs: Sequence[str], sups: Sequence[str]) -> str:
        accent = f"_{name.accent}" if name.accent and len(name.base) > 1 else _COMBINING.get(name.accent, "")
        base = letters(name) + accent
        out = self.text(base) + "′" * name.primes
        if subs:
            out += self._raise(",".join(subs), "_", _SUBSCRIPTS)
        if sups:
            above = self.script(",".join(sups))
            out += above if above.startswith("⟨") else self._raise(above, "^", _SUPERSCRIPTS)
        return out

    def _raise(self, text: str, mark: str, table: dict[str, str]) -> str:
        text = self.script(text)
        if all(c in table for c in text):
            return "".join(table[c] for c in text)
        return f"{mark}{text}" if len(text) == 1 else f"{mark}{{{text}}}"

    def color(self, text: str, color: str) -> str:
        """A symbol in a colour; plain text has none."""
        return text

    def paren(self, x: str) -> str:
        return f"({x})"

    def bracket(self, items: Sequence[str], separator: str) -> str:
        return f"[{f'{separator} '.join(items)}]"

    def bars(self, x: str, double: bool) -> str:
        return f"‖{x}‖" if double else f"|{x}|"

    def call(self, function: str, args: Sequence[str]) -> str:
        return f"{function}({', '.join(args)})"

    def fraction(self, top: str, bottom: str) -> str:
        return f"{self._close(top)} / {self._close(bottom)}"

    @staticmethod
    def _close(x: str) -> str:
        return f"({x})" if " " in x else x

    def prefix(self, letter: str, x: str) -> str:
        """The ∂ or δ of a symbol."""
        return letter + x

    def power(self, base: str, exponent: str) -> str:
        return base + self._raise(exponent, "^", _SUPERSCRIPTS)

    def transpose(self, base: str, mark: str) -> str:
        return f"{base}ᵀ"

    def prime(self, function: str) -> str:
        return f"{function}′"

    def root(self, x: str) -> str:
        return f"√({x})"

    def big(self, product: bool, var: str, low: str, high: str, body: str) -> str:
        return f"{'∏' if product else '∑'}_{{{var}={low}}}^{{{high}}} {body}"

    def subscripted(self, base: str, text: str) -> str:
        return base + self._raise(text, "_", _SUBSCRIPTS)

    def bold(self, text: str) -> str:
        return text

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        return "[" + "; ".join(", ".join(row) for row in rows) + "]"

    def cases(self, condition: str, yes: str, no: str) -> str:
        return f"{{{yes} if {condition}, else {no}}}"

    def relation(self, sign: str, left: str, right: str) -> str:
        return f"{left} {self.operator(sign)} {right}"

    def add(self, pieces: Sequence[tuple[bool, str]]) -> str:
        """Summands, each with whether it is subtracted."""
        out = ""
        for k, (negative, piece) in enumerate(pieces):
            glyph = self.operator("−" if negative else "+")
            out += (glyph if negative else "") + piece if k == 0 else f" {glyph} {piece}"
        return out

    def group(self, x: str) -> str:
        """One formula as a unit of the markup."""
        return x

    def system(self, rows: Sequence[Sequence[str]]) -> str:
        width = max((_width(row[0]) for row in rows), default=0)
        return "\n".join(" = ".join([" " * (width - _width(row[0])) + row[0], *row[1:]]) for row in rows)
