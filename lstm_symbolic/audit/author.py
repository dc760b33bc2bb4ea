"""Terms in the author's own notation: for fixes that can be pasted into the document.

Symbols, functions and product signs are taken from the places of the document where the author wrote them; what is unchanged is copied
to the letter. What the author never wrote is put together from the nearest symbol of the same name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import sympy

from ..expr.term import Term, time_shift
from ..reading.document import Document, Formula

_FUNCTIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "exp": r"\exp", "log": r"\log", "max": r"\max"}
SUM, PRODUCT, ATOM = 1, 2, 3


@dataclass(frozen=True)
class Author:
    """How one document writes: symbols by name and shift, functions, the sign of the elementwise and of the matrix product."""

    text: str
    symbols: Mapping[tuple[str, int | None], str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    product: str = r" \odot "
    matmul: str = " "
    copy: bool = True

    @classmethod
    def of(cls, document: Document, renamed: Mapping[str, str], formula: Formula) -> Author:
        """The habits of a document, this formula's own line first; ``renamed`` maps names as read to names as settled."""
        rows = [formula, *(f for f in document.formulas if f.group == formula.group and f is not formula)]
        symbols: dict[tuple[str, int | None], str] = {}
        functions: dict[str, str] = {}
        signs: Counter[str] = Counter()
        outer: Counter[str] = Counter()
        source = document.source.text
        for f in rows:
            if f.equation is None:
                continue
            damaged = any(not a.why.startswith("flattened") for a in f.repairs)
            weight = 5 if f is formula else 1
            for term in (t for s in f.equation.sides for t in s.walk()):
                if term.span is None:
                    continue
                raw = source[term.span[0] : term.span[1]]
                if term.op == "sym" and not damaged and "\n" not in raw and "$" not in raw:
                    shift = time_shift(term)
                    name = renamed.get(term.name, term.name)
                    symbols.setdefault((name, None if shift is None else int(shift)), raw)
                if term.op == "call" and not damaged and (m := re.match(r"\\?[A-Za-z]+(\{[a-z]+\})?", raw)):
                    functions.setdefault(term.name, m[0])
                if term.op in ("mul", "matmul") and len(term.args) == 2 and all(a.span for a in term.args):
                    between = source[term.args[0].span[1] : term.args[1].span[0]]  # type: ignore[index]
                    sign = between.strip(" (){}&\n")
                    if sign in _SIGNS or not between.strip():
                        (signs if term.op == "mul" else outer)[sign] += weight
        product = next((s for s, _ in signs.most_common() if s), "") or (r"\odot" if any("\\" in f.raw for f in rows) else "*")
        matmul = outer.most_common(1)[0][0] if outer else ""
        return cls(source, symbols, functions, f" {product} ", f" {matmul} " if matmul else " ", copy=formula.status == "read")

    def write(self, term: Term) -> str:
        """The author's text of a term."""
        return self._write(term)[0]

    def _paren(self, term: Term, least: int) -> str:
        text, strength = self._write(term)
        return f"({text})" if strength < least else text

    def _write(self, term: Term) -> tuple[str, int]:
        strength = {"add": SUM, "neg": SUM, "mul": PRODUCT, "matmul": PRODUCT, "div": PRODUCT}.get(term.op, ATOM)
        if self.copy and term.span is not None:
            raw = self.text[term.span[0] : term.span[1]]
            if "\n" not in raw and "$" not in raw:
                return raw.strip(), ATOM if raw.startswith("(") and raw.endswith(")") and raw.count("(") == 1 else strength
        match term.op:
            case "sym":
                return self.symbol(term), ATOM
            case "num":
                return _number(term.number), ATOM
            case "add":
                text = self._paren(term.args[0], PRODUCT)
                for a in term.args[1:]:
                    text += f" - {self._paren(a.args[0], PRODUCT)}" if a.op == "neg" else f" + {self._paren(a, PRODUCT)}"
                return text, SUM
            case "neg":
                return "-" + self._paren(term.args[0], PRODUCT), SUM
            case "mul" | "matmul":
                sign = self.product if term.op == "mul" else self.matmul
                left, right = (self._paren(a, PRODUCT) for a in term.args)
                if term.args[1].op in ("mul", "matmul") and term.op != term.args[1].op:
                    right = f"({right})"
                return left + sign + right, PRODUCT
            case "call":
                name = self.functions.get(term.name) or _FUNCTIONS.get(term.name, term.name)
                return f"{name}({', '.join(self.write(a) for a in term.args)})", ATOM
            case "concat":
                return f"[{', '.join(self.write(a) for a in term.args)}]", ATOM
            case "T":
                return f"{self._paren(term.args[0], ATOM)}^T", ATOM
            case "div":
                return rf"\frac{{{self.write(term.args[0])}}}{{{self.write(term.args[1])}}}", ATOM
            case "pow":
                return f"{self._paren(term.args[0], ATOM)}^{{{self.write(term.args[1])}}}", ATOM
        raise KeyError(term.op)

    def symbol(self, term: Term) -> str:
        """The author's glyphs; another time of a known symbol, a name by its parts."""
        shift = time_shift(term)
        key = (term.name, None if shift is None else int(shift))
        if key in self.symbols:
            return self.symbols[key]
        for (name, other), raw in self.symbols.items():
            if name == term.name and other is not None and key[1] is not None:
                moved = _moved(raw, other, key[1])
                if moved is not None:
                    return moved
        sibling = self.sibling(term.name)
        if sibling is not None:
            return sibling
        base, _, tag = term.name.partition("_")
        marks = {"tilde": rf"\tilde{{{base}}}", "hat": rf"\hat{{{base}}}", "bar": rf"\bar{{{base}}}"}
        glyph = marks.get(tag, f"{base}_{{{tag}}}" if tag else base)
        time = "" if key[1] is None else "_t" if key[1] == 0 else f"_{{t{key[1]:+d}}}"
        return glyph if tag and tag not in marks else glyph + time

    def sibling(self, name: str) -> str | None:
        """``B_i`` where the author wrote ``B_f``: the same glyphs with the other tag."""
        base, _, tag = name.partition("_")
        for (other, shift), raw in self.symbols.items():
            stem, _, old = other.partition("_")
            if shift is None and stem == base and old and tag and raw.endswith((f"_{old}", f"_{{{old}}}", f"^{old}", f"{stem}{old}", f"^{{{old}}}")):
                cut = raw.rindex(old)
                new = tag if len(tag) == 1 or raw[cut - 1 : cut] == "{" or not raw[cut - 1 : cut] in "_^" else f"{{{tag}}}"
                return raw[:cut] + new + raw[cut + len(old) :]
        return None


_SIGNS = {"*", r"\cdot", r"\odot", r"\circ", r"\otimes", r"\star", r"\ast", r"\times", r"\bigodot", "·", "⊙", "∘", "⊗", "×", "@", "⋆"}


def _moved(raw: str, old: int, new: int) -> str | None:
    """``h_t`` at another step: ``h_{t-1}``, in the author's brackets."""
    sign = "-" if old < 0 else r"\+"
    before = "t" if old == 0 else rf"t\s*{sign}\s*{abs(old)}"
    after = "t" if new == 0 else f"t{new:+d}"
    match = re.search(rf"([_^])(?:\{{?([(<]?|\\langle\s*)({before})([)>]?|\s*\\rangle)\}}?)$", raw)
    if match is None:
        return None
    inner = f"{match[2]}{after}{match[4]}"
    return raw[: match.start()] + match[1] + (inner if len(inner) == 1 else "{" + inner + "}")


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else sympy.sstr(sympy.Rational(value.numerator, value.denominator))
