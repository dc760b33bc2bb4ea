"""A symbol as it is printed: base, accent, primes, scripts. It comes from a plain name, or from an author's own LaTeX.

The author's LaTeX is untrusted: it is parsed into this closed form and printed again from it, so no other command gets through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from ..errors import ReadError

#: LaTeX command (and plain word) -> Unicode letter.
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "ell": "ℓ", "nabla": "∇", "partial": "∂",
}  # fmt: skip
ACCENTS = ("tilde", "hat", "bar", "dot", "ddot", "vec", "check", "breve", "acute")
_ALIASES = {"widetilde": "tilde", "widehat": "hat", "overline": "bar", "overrightarrow": "vec"}
_FONTS = {
    "mathbf": "bold", "boldsymbol": "bold", "bm": "bold", "mathrm": "upright", "text": "upright", "mathit": "italic",
    "mathcal": "cal", "operatorname": "upright",
}  # fmt: skip

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}_^']|\s+|[^\s]", re.DOTALL)
_MAX_LENGTH = 80


@dataclass(frozen=True)
class Name:
    """All text is Unicode: ``Name("C", accent="tilde", subs=("x,i",))``.

    >>> Name.plain("C_tilde")
    Name(base='C', accent='tilde', font='', primes=0, subs=(), sups=())
    >>> Name.plain("W_f_1").subs, Name.latex(r"\\Gamma_u").base
    (('f', '1'), 'Γ')
    """

    base: str
    accent: str = ""
    font: str = ""
    primes: int = 0
    subs: tuple[str, ...] = ()
    sups: tuple[str, ...] = ()

    @staticmethod
    @lru_cache(maxsize=4096)
    def plain(name: str) -> Name:
        """The glyph of a plain name: ``W_f``, ``C_tilde`` or ``Ctilde``, ``alpha``, ``c_prime``."""
        head, *parts = [p for p in name.split("_") if p] or [name]
        result = _base(head)
        for part in parts:
            if part in ACCENTS and not result.accent:
                result = replace(result, accent=part)
            elif part == "prime":
                result = replace(result, primes=result.primes + 1)
            else:
                result = replace(result, subs=(*result.subs, GREEK.get(part, part)))
        return result

    @staticmethod
    @lru_cache(maxsize=4096)
    def latex(text: str) -> Name:
        """The glyph of a symbol in LaTeX; anything that is not one symbol is an error."""
        if len(text) > _MAX_LENGTH:
            raise ReadError(f"{text[:40]!r}... is too long for a symbol")
        reader = _Reader(_TOKEN.findall(text), text)
        name = reader.symbol()
        reader.end()
        return name


def _base(head: str) -> Name:
    """A letter, a Greek word, or a word; an accent at the end of a single letter is one (``htilde``)."""
    for accent in ("tilde", "hat", "bar"):
        stem = head.removesuffix(accent)
        if stem != head and (len(stem) == 1 or stem in GREEK):
            return Name(GREEK.get(stem, stem), accent=accent)
    return Name(GREEK.get(head, head))


class _Reader:
    """A symbol: an accented or styled letter with scripts and primes."""

    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens = [t for t in tokens if t.strip()]
        self.text = text

    def fail(self) -> ReadError:
        return ReadError(f"{self.text!r} is not one symbol", hint=r"a symbol is for example \tilde{C}, W_f or \mathbf{h}")

    def take(self) -> str:
        if not self.tokens:
            raise self.fail()
        return self.tokens.pop(0)

    def end(self) -> None:
        if self.tokens:
            raise self.fail()

    def symbol(self) -> Name:
        name = self.base()
        while self.tokens and self.tokens[0] in ("_", "^", "'"):
            mark = self.take()
            if mark == "'":
                name = replace(name, primes=name.primes + 1)
            elif mark == "_":
                name = replace(name, subs=(*name.subs, self.script()))
            else:
                script = self.script()
                primes = script.count("′")
                rest = script.replace("′", "")
                name = replace(name, primes=name.primes + primes, sups=(*name.sups, rest) if rest else name.sups)
        return name

    def base(self) -> Name:
        token = self.take()
        command = _ALIASES.get(token[1:], token[1:]) if token.startswith("\\") else ""
        if command in ACCENTS:
            return replace(self.group(), accent=command)
        if command in _FONTS:
            return replace(self.group(), font=_FONTS[command])
        if command in GREEK:
            return Name(GREEK[command])
        if token == "{":
            self.tokens.insert(0, token)
            return self.group()
        if len(token) == 1 and token.isalnum():
            return Name(token)
        raise self.fail()

    def group(self) -> Name:
        """A braced symbol or word, or a single token."""
        if not self.tokens or self.tokens[0] != "{":
            return self.base()
        self.take()
        letters: list[str] = []
        while self.tokens and self.tokens[0].isalnum():
            letters.append(self.take())
        name = Name("".join(letters)) if len(letters) > 1 else None
        if name is None:
            self.tokens[:0] = letters
            name = self.symbol()
        if self.take() != "}":
            raise self.fail()
        return name

    def script(self) -> str:
        """Scripts are short text: letters, digits, Greek, + - , and brackets."""
        token = self.take()
        if token != "{":
            return self.letter(token)
        out = ""
        depth = 1
        while True:
            token = self.take()
            depth += (token == "{") - (token == "}")
            if depth == 0:
                return out
            out += "" if token in "{}" else self.letter(token)

    def letter(self, token: str) -> str:
        if token.startswith("\\"):
            if token[1:] in _FONTS:
                return ""
            if token == r"\prime":
                return "′"
            if token in (r"\langle", r"\rangle"):
                return "⟨" if token == r"\langle" else "⟩"
            if token[1:] in GREEK:
                return GREEK[token[1:]]
        elif token.isalnum() or token in "+-,()<>*":
            return token
        raise self.fail()
