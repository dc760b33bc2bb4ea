"""Terms in the author's own notation: for fixes that can be pasted into the document.

Symbols, functions and product signs are taken from the places of the document where the author wrote them; what is unchanged is copied
to the letter. What the author never wrote is put together from the nearest symbol of the same name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import sympy

from ..expr.term import Term, time_shift
from ..reading.document import Document, Formula
from .interpret import T as TIME
from .normal import Definition, NormalSystem

_FUNCTIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "exp": r"\exp", "log": r"\log", "max": r"\max"}
SUM, PRODUCT, ATOM = 1, 2, 3


@dataclass(frozen=True)
class Author:
    """How one document writes: symbols by name and shift, functions, the sign of the elementwise and of the matrix product.

    ``damaged`` are stretches of the document that were repaired and must not be copied.
    """

    text: str
    symbols: Mapping[tuple[str, int | None], str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    product: str = r" \odot "
    matmul: str = " "
    damaged: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, document: Document, system: NormalSystem, first: Formula) -> Author:
        """The habits of the author of a system, the formula's own line first."""
        source = document.source.text
        ids = {d.formula: d for d in system.definitions} | {r: d for d in system.definitions for r in d.repeats}
        rows = [first, *(f for f in document.formulas if f.id in ids and f is not first)]
        damaged = tuple((a.start, a.end) for f in rows for a in f.repairs if not a.why.startswith(_HARMLESS))
        habits = cls(source, damaged=damaged)
        symbols: dict[tuple[str, int | None], str] = {}
        functions: dict[str, str] = {}
        signs: Counter[str] = Counter()
        outer: Counter[str] = Counter()
        for f in rows:
            if f.equation is None:
                continue
            d = ids[f.id]
            for read, settled in _together(f, d):
                raw = habits.copied(read)
                if raw is not None and settled.op == "sym":
                    shift = time_shift(settled)
                    symbols.setdefault((settled.name, shift), raw)
                if raw is not None and read.op == "call" and (m := re.match(r"\\?[A-Za-z]+(\{[a-z]+\})?", raw)):
                    functions.setdefault(read.name, m[0])
                if read.op in ("mul", "matmul") and all(a.span for a in read.args):
                    between = source[read.args[0].span[1] : read.args[1].span[0]]  # type: ignore[index]
                    sign = between.strip(" (){}&\n")
                    if sign in _SIGNS or not between.strip():
                        (signs if read.op == "mul" else outer)[sign] += 5 if f is first else 1
        product = next((x for x, _ in signs.most_common() if x), "") or (r"\odot" if any("\\" in f.raw for f in rows) else "*")
        matmul = outer.most_common(1)[0][0] if outer else ""
        return cls(source, symbols, functions, f" {product} ", f" {matmul} " if matmul else " ", damaged)

    def copied(self, term: Term) -> str | None:
        """The author's own text of a term, where nothing in it was damaged."""
        if term.span is None or any(a < term.span[1] and b > term.span[0] for a, b in self.damaged):
            return None
        raw = self.text[term.span[0] : term.span[1]].strip()
        return None if "\n" in raw or "$" in raw or not raw else raw

    def write(self, term: Term) -> str:
        """The author's text of a term."""
        return self._write(term)[0]

    def _paren(self, term: Term, least: int) -> str:
        text, strength = self._write(term)
        return f"({text})" if strength < least else text

    def _write(self, term: Term) -> tuple[str, int]:
        strength = {"add": SUM, "neg": SUM, "mul": PRODUCT, "matmul": PRODUCT, "div": PRODUCT}.get(term.op, ATOM)
        raw = self.copied(term)
        if raw is not None:
            return raw, strength
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
        key = (term.name, shift)
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
            if (
                shift is None
                and stem == base
                and old
                and tag
                and raw.endswith((f"_{old}", f"_{{{old}}}", f"^{old}", f"{stem}{old}", f"^{{{old}}}"))
            ):
                cut = raw.rindex(old)
                new = tag if len(tag) == 1 or raw[cut - 1 : cut] == "{" or raw[cut - 1 : cut] not in "_^" else f"{{{tag}}}"
                return raw[:cut] + new + raw[cut + len(old) :]
        return None


#: Repairs that change how a name is read and not what stands there.
_HARMLESS = ("flattened", "a subscript was flattened", "an index in another case", "the braces of a subscript", "escaped underscore")


def _together(f: Formula, d: Definition) -> Iterator[tuple[Term, Term]]:
    """The terms of a formula as read, each with the term of the definition that it was settled as (a repeat stands in the same order)."""
    assert f.equation is not None
    target = Term("sym", name=d.name, index=(TIME,))
    yield f.equation.sides[0], target
    yield from zip(f.equation.sides[-1].walk(), d.value.walk(), strict=False)


_SIGNS = {"*", r"\cdot", r"\odot", r"\circ", r"\otimes", r"\star", r"\ast", r"\times", r"\bigodot", "·", "⊙", "∘", "⊗", "×", "@", "⋆"}


def _moved(raw: str, old: int, new: int) -> str | None:
    """``h_t^l`` at another step: ``h_{t-1}^l``, in the author's brackets; ``C_{TS_1}`` at the step before: ``C_{TS_0}``."""
    numbered = re.search(r"([A-Za-z]{2}[ _]?)(\d+)(\}?)$", raw)
    if numbered is not None:
        step = int(numbered[2]) + new - old
        return None if step < 0 else raw[: numbered.start(2)] + str(step) + numbered[3]
    sign = "-" if old < 0 else r"\+"
    before = "t" if old == 0 else rf"t\s*{sign}\s*{abs(old)}"
    after = "t" if new == 0 else f"t{new:+d}"
    match = re.search(rf"([_^])(?:\{{?([(<]?|\\langle\s*)({before})([)>]?|\s*\\rangle)\}}?)(?=$|[_^](?:\w|\{{[^{{}}]*\}})$)", raw)
    if match is None:
        return None
    inner = f"{match[2]}{after}{match[4]}"
    return raw[: match.start()] + match[1] + (inner if len(inner) == 1 else "{" + inner + "}") + raw[match.end() :]


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else sympy.sstr(sympy.Rational(value.numerator, value.denominator))
