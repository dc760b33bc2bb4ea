"""Tokens of LaTeX and of plain formula text, each with its place.

Unicode operators, Greek letters, math alphabets, sub- and superscript digits become the LaTeX command they stand for, so that the
grammar meets one notation. Spacing commands vanish. Nothing is decided: a run of letters stays a run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MAX_TOKENS = 5000


@dataclass(frozen=True)
class Token:
    """``kind``: cmd (``\\sigma``), word (a run of letters), num, op (one character), end. ``gap``: something blank stands before it;
    ``wide``: a space that the author asked for (``\\;``), which separates the entries of ``[h \\; x]``."""

    kind: str
    text: str
    start: int
    end: int
    gap: bool = False
    wide: bool = False

    @property
    def is_end(self) -> bool:
        return self.kind == "end"


_UNICODE = {
    "σ": r"\sigma", "·": r"\cdot", "⋅": r"\cdot", "∙": r"\cdot", "•": r"\cdot", "⊙": r"\odot", "ʘ": r"\odot", "∘": r"\circ",
    "◦": r"\circ", "○": r"\circ", "⊗": r"\otimes", "⨂": r"\otimes", "⊕": r"\oplus", "⨁": r"\oplus", "×": r"\times", "⋆": r"\star",
    "★": r"\star", "−": "-", "–": "-", "∗": "*", "＊": "*", "⊤": r"\top", "⟨": r"\langle", "⟩": r"\rangle", "〈": r"\langle",
    "〉": r"\rangle", "∂": r"\partial", "∇": r"\nabla", "Σ": r"\sum", "∑": r"\sum", "∏": r"\prod", "√": r"\sqrt", "∈": r"\in",
    "ℝ": r"\mathbb{R}", "←": r"\leftarrow", "→": r"\rightarrow", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≔": ":=", "＝": "=",
    "（": "(", "）": ")", "［": "[", "］": "]", "，": ",", "；": ";", "＋": "+", "′": "'", "’": "'", "″": "''", "‖": r"\|", "∥": r"\|",
    "∣": "|", "…": r"\dots", "∞": r"\infty", "≈": r"\approx", "ℒ": "L", "\u2062": "",
    "\u200b": "", "\ufeff": "", "\u2061": "", "Ⅰ": "I",
}  # fmt: skip
_GREEK_NAMES = "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi pi rho sigma tau phi chi psi omega"
_GREEK = {
    unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}"): "\\" + (name if size == "SMALL" else name.capitalize())
    for size in ("SMALL", "CAPITAL")
    for name in _GREEK_NAMES.split()
}
GREEK = {g.lstrip("\\").replace("lamda", "lambda").replace("Lamda", "Lambda") for g in _GREEK.values()} | {
    "varepsilon", "vartheta", "varphi", "varrho", "varsigma", "ell", "upsilon", "Upsilon", "hbar", "imath", "jmath",
}  # fmt: skip
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aehijklmnoprstuvx", strict=True))
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ", "0123456789+-=()abcdefghijklmnoprstuvwxyzT", strict=True))
_ACCENTS = {"\u0303": "tilde", "\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u20d7": "vec", "\u0307": "dot", "\u0308": "ddot"}

#: Commands that only space, size or style the output.
_LAYOUT = """left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm limits nolimits displaystyle textstyle
    scriptstyle nonumber notag smallskip medskip bigskip noindent centering hfill strut null relax rm bf it mathop mathbin mathrel mathord
    allowbreak break small large Large hline thinspace enspace space nobreakspace boldmath"""
_WIDE = frozenset({r"\;", r"\:", r"\ ", r"\>", "~", r"\enspace"})
_FENCES = frozenset({r"\left", r"\right", r"\middle"})
SKIPPED = frozenset({"\\" + name for name in _LAYOUT.split()} | {"\\" + sign for sign in ",;:!> \n"} | {"~"})

_OPENING, _CLOSING = {"(", "[", "{", r"\{", r"\begin"}, {")", "]", "}", r"\}", r"\end"}
_TOKEN = re.compile(
    r"(?P<gap>\s+|%[^\n]*)|(?P<cmd>\\[A-Za-z]+\*?|\\.|\\\n)|(?P<num>\d+(?:\.\d+)?|\.\d+)|(?P<word>[A-Za-z]+)|(?P<op>\*\*|[\s\S])"
)


def _characters(text: str) -> tuple[str, list[int]]:
    """``text`` with Unicode mathematics written in ASCII, and the offset that each character came from."""
    out: list[str] = []
    origin: list[int] = []
    k = 0
    while k < len(text):
        c = text[k]
        step, new = 1, c
        if c in _SUBSCRIPTS or c in _SUPERSCRIPTS:
            table, mark = (_SUBSCRIPTS, "_") if c in _SUBSCRIPTS else (_SUPERSCRIPTS, "^")
            while k + step < len(text) and text[k + step] in table:
                step += 1
            new = f"{mark}{{{''.join(table[x] for x in text[k : k + step])}}}"
        elif c in _UNICODE:
            new = _UNICODE[c] + (" " if _UNICODE[c].startswith("\\") else "")
        elif c in _GREEK:
            new = _GREEK[c].replace("lamda", "lambda").replace("Lamda", "Lambda") + " "
        elif ord(c) > 127:
            new = _compatible(c)
        if k + step < len(text) and text[k + step] in _ACCENTS:
            new = f"\\{_ACCENTS[text[k + step]]}{{{new}}}"
            step += 1
        out.append(new)
        origin += [k] * len(new)
        k += step
    origin.append(len(text))
    return "".join(out), origin


def _compatible(c: str) -> str:
    """A letter of a mathematical alphabet or a precomposed accent, taken apart; anything else stays."""
    folded = unicodedata.normalize("NFKC", c)
    if folded != c and len(folded) == 1:
        return _GREEK.get(folded, folded) + (" " if folded in _GREEK else "")
    parts = unicodedata.normalize("NFD", c)
    if len(parts) == 2 and parts[1] in _ACCENTS and parts[0].isascii():
        return f"\\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return c


def tokenize(text: str) -> list[Token]:
    """The tokens of a formula, closed by one of kind ``end``.

    >>> [t.text for t in tokenize(r"f_t = \\sigma(W x)")][:5]
    ['f', '_', 't', '=', '\\\\sigma']
    """
    characters, origin = _characters(text)
    tokens: list[Token] = []
    gap = wide = fence = False
    for m in _TOKEN.finditer(characters):
        kind = str(m.lastgroup)
        if kind == "gap" or m[0] in SKIPPED:
            gap, wide, fence = True, wide or m[0] in _WIDE, m[0] in _FENCES or (fence and kind == "gap")
            continue
        if m[0] == "." and fence:
            continue
        tokens.append(Token(kind, m[0], origin[m.start()], origin[m.end() - 1] + 1, gap, wide))
        gap = wide = fence = False
        if len(tokens) > MAX_TOKENS:
            break
    tokens.append(Token("end", "", len(text), len(text), gap))
    return tokens


def nesting(tokens: Sequence[Token]) -> int:
    """How deep brackets and environments stand in one another."""
    depth = deepest = 0
    for token in tokens:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        deepest = max(deepest, depth)
    return deepest
