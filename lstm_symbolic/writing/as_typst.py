"""Typst mathematics, without the dollar signs; letters and signs stand as Unicode."""

from __future__ import annotations

from collections.abc import Sequence

from .as_unicode import PIECES, Unicode, printable
from .names import Name
from .style import WORDS


class Typst(Unicode):
    """Typst mathematics, without the dollar signs; letters and signs stand as Unicode."""

    closed_fractions = True

    def text(self, word: str) -> str:
        if len(word) == 1 and word.isalpha():
            return word
        escaped = printable(word).replace("\\", "\\\\").replace('"', '\\"')
        return f'upright("{escaped}")'

    def function(self, word: str) -> str:
        return word if len(word) == 1 and word.isalpha() else self.text(word).replace("upright(", "op(", 1)

    def word(self, latex: str) -> str:
        return self.function(WORDS[latex])

    def call(self, function: str, args: Sequence[str]) -> str:
        """The space keeps Typst from calling the function itself."""
        return f"{function} ({', '.join(args)})"

    def operator(self, glyph: str) -> str:
        return {"−": "-"}.get(glyph, glyph)

    def script(self, text: str) -> str:
        return " ".join(self._piece(p) for p in PIECES.findall(printable(text)))

    def _piece(self, piece: str) -> str:
        if piece in "()":
            return "\\" + piece
        if piece.isdigit() or piece in "+-,=⟨⟩×" or (len(piece) == 1 and piece.isalpha()):
            return piece
        return " ".join(piece) if len(piece) == 2 and piece.isalpha() else self.text(piece)

    def symbol(self, name: Name, subs: Sequence[str], sups: Sequence[str]) -> str:
        base = self.text(name.base)
        base = f"bold({base})" if name.font == "bold" else f"cal({base})" if name.font == "cal" else base
        accent = {"ddot": "dot.double", "vec": "arrow", "check": "caron"}.get(name.accent, name.accent)
        out = f"{accent}({base})" if accent else base
        primes = ["′" * name.primes] if name.primes else []
        if subs:
            below = ", ".join(self.script(s) for s in subs)
            out += f"_{below}" if len(below) == 1 else f"_({below})"
        above = [*primes, *(self.script(s) for s in sups)]
        return out + (f"^({', '.join(above)})" if above else "")

    def color(self, text: str, color: str) -> str:
        return f'#text(fill: rgb("{color}"), ${text}$)'

    def bracket(self, items: Sequence[str], separator: str) -> str:
        return f"[{f'{separator} '.join(items)}]"

    def bars(self, x: str, double: bool) -> str:
        return f"norm({x})" if double else f"abs({x})"

    def fraction(self, top: str, bottom: str) -> str:
        return f"frac({top}, {bottom})"

    def prefix(self, letter: str, x: str) -> str:
        return f"{letter} {x}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^({exponent})"

    def transpose(self, base: str, mark: str) -> str:
        return f"{base}^⊤"

    def root(self, x: str) -> str:
        return f"sqrt({x})"

    def big(self, product: bool, var: str, low: str, high: str, body: str) -> str:
        return f"{'product' if product else 'sum'}_({var}={low})^({high}) {body}"

    def subscripted(self, base: str, text: str) -> str:
        return f"{base}_({self.script(text)})"

    def bold(self, text: str) -> str:
        return f"bold({text})"

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        return 'mat(delim: "[", ' + "; ".join(", ".join(row) for row in rows) + ")"

    def cases(self, condition: str, yes: str, no: str) -> str:
        return f'cases({yes} & "if" {condition}, {no} & "otherwise")'

    def system(self, rows: Sequence[Sequence[str]]) -> str:
        return " \\\n".join(f"{row[0]} &= {' = '.join(row[1:])}" if len(row) > 1 else f"& {row[0]}" for row in rows)
