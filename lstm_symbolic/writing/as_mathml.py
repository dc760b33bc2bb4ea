"""MathML Core, which browsers render without any script."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from .as_unicode import PIECES, Unicode, letters, printable
from .names import Name
from .style import SIGNS

_ACCENT_MARKS = {"tilde": "˜", "hat": "^", "bar": "¯", "dot": "˙", "ddot": "¨", "vec": "→", "check": "ˇ", "breve": "˘", "acute": "´"}


class MathML(Unicode):
    """MathML Core, which browsers render without any script."""

    closed_fractions = True

    space = "<mo>&#x2062;</mo>"

    def text(self, word: str) -> str:
        return f"<mi>{html.escape(printable(word))}</mi>"

    def number(self, text: str) -> str:
        return f"<mn>{html.escape(text)}</mn>"

    def operator(self, glyph: str) -> str:
        return f"<mo>{html.escape(glyph)}</mo>"

    def sign(self, latex: str) -> str:
        return self.operator(SIGNS[latex]) if SIGNS[latex] else self.space

    def script(self, text: str) -> str:
        return self._row(
            f"<mn>{p}</mn>" if p[0].isdigit() else self.text(p) if p[0].isalpha() else self.operator("−" if p == "-" else p)
            for p in PIECES.findall(printable(text))
        )

    @staticmethod
    def _row(parts: Iterable[str]) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"

    def symbol(self, name: Name, subs: Sequence[str], sups: Sequence[str]) -> str:
        variant = ' mathvariant="normal"' if name.font == "upright" else ""
        base = f"<mi{variant}>{html.escape(printable(letters(name)))}</mi>"
        if name.accent:
            mark = _ACCENT_MARKS[name.accent]
            base = f'<mover accent="true">{base}<mo stretchy="false">{mark}</mo></mover>'
        above = "".join([f"<mo>{'′' * name.primes}</mo>" if name.primes else "", *(self.script(s) for s in sups)])
        below = "<mo>,</mo>".join(self.script(s) for s in subs)
        if below and above:
            return f"<msubsup>{base}<mrow>{below}</mrow><mrow>{above}</mrow></msubsup>"
        if below:
            return f"<msub>{base}<mrow>{below}</mrow></msub>"
        return f"<msup>{base}<mrow>{above}</mrow></msup>" if above else base

    def color(self, text: str, color: str) -> str:
        return f'<mstyle mathcolor="{color}">{text}</mstyle>'

    def paren(self, x: str) -> str:
        return f"<mrow><mo>(</mo>{x}<mo>)</mo></mrow>"

    def bracket(self, items: Sequence[str], separator: str) -> str:
        return f"<mrow><mo>[</mo>{f'<mo>{separator}</mo>'.join(items)}<mo>]</mo></mrow>"

    def bars(self, x: str, double: bool) -> str:
        bar = "‖" if double else "|"
        return f"<mrow><mo>{bar}</mo>{x}<mo>{bar}</mo></mrow>"

    def call(self, function: str, args: Sequence[str]) -> str:
        return f"{function}<mo>&#x2061;</mo>{self.paren('<mo>,</mo>'.join(args))}"

    def fraction(self, top: str, bottom: str) -> str:
        return f"<mfrac><mrow>{top}</mrow><mrow>{bottom}</mrow></mfrac>"

    def prefix(self, letter: str, x: str) -> str:
        return f"<mi>{letter}</mi>{x}"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"

    def transpose(self, base: str, mark: str) -> str:
        return self.power(base, "<mo>⊤</mo>")

    def prime(self, function: str) -> str:
        return self.power(function, "<mo>′</mo>")

    def root(self, x: str) -> str:
        return f"<msqrt>{x}</msqrt>"

    def big(self, product: bool, var: str, low: str, high: str, body: str) -> str:
        sign = self.operator("∏" if product else "∑")
        return f"<munderover>{sign}<mrow>{var}<mo>=</mo>{low}</mrow><mrow>{high}</mrow></munderover>{body}"

    def subscripted(self, base: str, text: str) -> str:
        return f"<msub><mrow>{base}</mrow>{self.script(text)}</msub>"

    def bold(self, text: str) -> str:
        return f'<mrow style="font-weight:bold">{text}</mrow>'

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        cells = "".join("<mtr>" + "".join(f"<mtd>{x}</mtd>" for x in row) + "</mtr>" for row in rows)
        return f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"

    def cases(self, condition: str, yes: str, no: str) -> str:
        table = ((yes, f"<mtext>if </mtext>{condition}"), (no, "<mtext>otherwise</mtext>"))
        rows = "".join(f"<mtr><mtd>{value}</mtd><mtd>{when}</mtd></mtr>" for value, when in table)
        return f"<mrow><mo>{{</mo><mtable>{rows}</mtable></mrow>"

    def relation(self, sign: str, left: str, right: str) -> str:
        return f"{left}{self.operator(sign)}{right}"

    def add(self, pieces: Sequence[tuple[bool, str]]) -> str:
        return "".join(
            (self.operator("−" if negative else "+") if negative or k else "") + piece for k, (negative, piece) in enumerate(pieces)
        )

    def group(self, x: str) -> str:
        return f"<math><mrow>{x}</mrow></math>"

    def system(self, rows: Sequence[Sequence[str]]) -> str:
        lines = "".join(
            f'<mtr><mtd style="text-align:right;padding-right:0">{row[0]}</mtd>'
            f'<mtd style="text-align:left;padding-left:0.2em">{"".join(f"<mo>=</mo>{x}" for x in row[1:])}</mtd></mtr>'
            for row in rows
        )
        return f'<math display="block"><mtable displaystyle="true">{lines}</mtable></math>'
