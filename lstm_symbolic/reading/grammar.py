"""Tokens of one statement to its surface tree: a Pratt parser.

Products keep their glyph in one flat chain; a name before a bracket is an undecided application. Sums and chains are loops, brackets
recurse within a limit, and every branch consumes a token, so that the work is linear. An error names the place and what was expected.
Names are read in ``symbols`` and ``words``, fractions and sums in ``operators``, environments in ``blocks``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from . import operators, symbols
from .blocks import environment, number_row
from .components import LETTERS
from .cursor import Cursor
from .names import ACCENTS, STYLES, WORDS, attach, read_index
from .places import read_places, read_size
from .slices import slice_follows, sliced
from .surface import Name, Statement, Surface
from .tokens import GREEK, Token
from .vocabulary import COMPARE, FUNCTIONS, PRODUCTS, RELATIONS, SEPARATORS, STOP
from .words import joined, read_word

MAX_DEPTH = 60
SUM = 10


@dataclass
class Parser(Cursor):
    """One statement."""

    def statement(self) -> Statement:
        start = self.peek().start
        sides = [self.expression(0)] if self.text not in RELATIONS else []
        while not self.peek().is_end:
            update = ""
            if self.text in ("+", "-", ":") and self.peek(1).text == "=":
                update = self.take().text
            if self.text in RELATIONS:
                self.take()
                while self.text == "&":
                    self.take()
                if not self.peek().is_end:
                    sides.append(updated(sides, update, self.expression(0)))
            elif self.text == r"\in":
                if len(sides) > 1:
                    break
                return self.declaration(sides[0], start)
            else:
                break
        self.trailing()
        end = self.tokens[-2].end if len(self.tokens) > 1 else self.peek().end
        return Statement(tuple(sides), (start, end), "=", tuple(self.notes))

    def declaration(self, subject: Surface, start: int) -> Statement:
        """``W \\in \\mathbb{R}^{n \\times m}``: the dimensions of a symbol."""
        self.take()
        if self.text in (r"\mathbb", r"\mathbf", r"\mathcal"):
            self.take()
            self.group()
        elif self.peek().kind in ("word", "cmd"):
            self.take()
        dims: list[Token] = []
        if self.text == "^":
            self.take()
            dims = self.group()
        parts, current = [], ""
        for token in [*dims, Token("end", r"\times", 0, 0)]:
            if token.text in (r"\times", "*", ",", "x", r"\cdot") and (token.text != "x" or current):
                parts.append(current)
                current = ""
            elif token.text not in ("(", ")", "{", "}", "_"):
                current += token.text.lstrip("\\")
        shape = tuple(Surface("dimension", glyph=p) for p in parts if p)
        end = self.tokens[-2].end
        return Statement((subject, Surface("space", shape)), (start, end), "in", tuple(self.notes))

    def trailing(self) -> None:
        """What may follow a formula: closing brackets too many (a named repair), a set, a range in words."""
        if self.peek().is_end:
            return
        rest = self.tokens[self.position : -1]
        if all(t.text in (")", "]", "}", ",", ".", ";", r"\}", r"\rbrack") for t in rest):
            extra = [t for t in rest if t.text not in ",.;"]
            if extra:
                self.notes.append(((extra[0].start, extra[-1].end), "", "unbalanced closing bracket dropped"))
        elif rest[0].text in (r"\in", r"\forall") or (rest[0].text in (",", ";", "(") and rest[0].text != "("):
            self.notes.append(((rest[0].start, rest[-1].end), "", "side remark left out"))
        else:
            raise self.fail(f"cannot read {self.text!r} here")

    def expression(self, strength: int) -> Surface:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} brackets")
        try:
            return self.sum() if strength < SUM else self.product()
        finally:
            self.depth -= 1

    def sum(self) -> Surface:
        start = self.peek().start
        terms = [self.product()]
        joined = False
        while True:
            token = self.peek()
            if token.text in ("+", "-") and self.peek(1).text != "=":
                self.take()
                if self.text == ">" and token.text == "+":
                    self.notes.append(((self.peek().start, self.peek().end), "", "stray '>' of a quotation dropped"))
                    self.take()
                term = self.product()
                terms.append(Surface("neg", (term,), span=(token.start, term.span[1])) if token.text == "-" else term)
            elif token.text in (r"\oplus", r"\bigoplus"):
                self.take()
                joined = True
                terms.append(self.product())
            else:
                break
        if joined:
            return Surface("oplus", tuple(terms), span=(start, terms[-1].span[1]))
        left = terms[0] if len(terms) == 1 else Surface("add", tuple(terms), span=(start, terms[-1].span[1]))
        if self.text in COMPARE and self.bars == 0:
            op = COMPARE[self.take().text]
            right = self.sum()
            return Surface("compare", (left, right), op, span=(start, right.span[1]))
        return left

    def product(self) -> Surface:
        """A flat chain of factors with the glyphs between them; ``/`` divides what stands before it."""
        start = self.peek().start
        if self.text in ("-", "+", r"\pm"):
            sign = self.take()
            if sign.text == r"\pm":
                raise self.fail("a double sign is two formulas, not one", sign)
            inner = self.product()
            return inner if sign.text != "-" else Surface("neg", (inner,), span=(start, inner.span[1]))
        factors, glyphs = [self.factor()], []
        while True:
            token = self.peek()
            if token.text in PRODUCTS and not (token.text == "." and self.peek(1).is_end):
                self.take()
                while self.text == "&":
                    self.take()
                glyphs.append(token.text)
                factors.append(self.signed())
            elif token.text == "/":
                self.take()
                below = self.signed()
                above, span = chain(factors, glyphs, start), (start, below.span[1])
                quotient = operators.derivative_of(above, below, span) or Surface("frac", (above, below), "/", span=span)
                factors, glyphs = [quotient], []
            elif self.starts() and not (self.spaced and token.wide):
                glyphs.append("")
                factors.append(self.factor())
            else:
                return chain(factors, glyphs, start)

    def signed(self) -> Surface:
        if self.text == "-":
            start = self.take().start
            inner = self.factor()
            return Surface("neg", (inner,), span=(start, inner.span[1]))
        return self.factor()

    def starts(self) -> bool:
        """Can a factor start here (by juxtaposition)?"""
        token = self.peek()
        if token.is_end or token.text in STOP or token.text in RELATIONS or token.text in COMPARE or token.text in PRODUCTS:
            return token.text in ("|", r"\|") and self.bars == 0 and False
        return token.kind in ("word", "num", "cmd") or token.text in ("(", "[", "{")

    def factor(self) -> Surface:
        token = self.peek()
        if token.kind == "num":
            self.take()
            number = Surface("num", number=Fraction(token.text), span=(token.start, token.end))
            return self.powers(number)
        if token.text in ("(", "[", "{", r"\{", r"\lbrack", r"\|", "|", r"\lVert", r"\vert", r"\Vert", r"\lvert"):
            return self.powers(self.bracketed(token))
        if token.kind == "cmd":
            return self.command()
        if token.kind == "word":
            return read_word(self)
        raise self.fail(f"an expression cannot start with {token.text!r}" if token.text else "the formula ends where an expression is due")

    def bracketed(self, token: Token) -> Surface:
        self.take()
        if token.text == "{":
            inner = self.expression(0)
            end = self.expect("}", opened=token).end
            if inner.op == "sym" and inner.name is not None and self.text in ("_", "^", "'"):
                return symbols.symbol(self, inner.name, token)
            if inner.op == "function" and (self.text in ("_", "^", "'") or self.starts()):
                return symbols.function_or_name(self, inner.glyph, token)
            return (
                replace(inner, span=(token.start, end)) if inner.op != "add" else Surface("group", (inner,), "{", span=(token.start, end))
            )
        if token.text in (r"\|", r"\lVert", r"\Vert", "|", r"\vert", r"\lvert"):
            self.bars += 1
            inner = self.expression(0)
            self.bars -= 1
            end = self.expect(token.text, r"\rVert", r"\Vert", r"\rvert", opened=token).end
            return Surface("call", (inner,), "norm" if token.text[-1:] != "|" or token.text == r"\|" else "abs", span=(token.start, end))
        close = {"(": ")", "[": "]", r"\{": r"\}", r"\lbrack": r"\rbrack"}[token.text]
        return self.items(token, close)

    def items(self, opened: Token, close: str) -> Surface:
        """What stands between brackets: one expression, or a list with its separators."""
        row = number_row(self, close)
        if row is not None:
            return replace(row, span=(opened.start, self.expect(close).end))
        items, separators = [], []
        self.bars += 1
        outer, self.spaced = self.spaced, opened.text == "["
        while self.text != close and not self.peek().is_end:
            items.append(self.expression(0))
            if self.spaced and self.peek().wide and self.starts():
                separators.append(" ")
            elif self.text in SEPARATORS:
                separators.append(self.take().text)
            elif self.text != close:
                break
        self.bars, self.spaced = self.bars - 1, outer
        if not items:
            raise self.fail("nothing stands between the brackets", opened)
        self.close(opened, close, "]" if close == r"\rbrack" else close)
        span = (opened.start, self.tokens[max(self.position - 1, 0)].end)
        if len(items) == 1:
            return Surface("group", tuple(items), opened.text, span=span)
        return Surface("pair", tuple(items), opened.text, tuple(separators), span=span)

    def powers(self, base: Surface) -> Surface:
        """Sub- and superscripts after a bracket or a number: a power, a transpose, or an index that is dropped with a note."""
        while self.text in ("^", "_", "'", "**") or symbols.transposed(self) or slice_follows(self):
            mark = self.take()
            span = (base.span[0], self.peek().end)
            if mark.text == "[":
                base = sliced(self, base, mark)
                continue
            if mark.text == ".":
                self.take()
                base = Surface("transpose", (base,), span=span)
                continue
            if mark.text == "**":
                base = symbols.raised(self, base)
                continue
            if mark.text == "'":
                raise self.fail("a prime stands after a bracket or a number", mark, "name the function: f'(x)")
            tokens = self.group()
            end = tokens[-1].end if tokens else mark.end
            span = (base.span[0], end)
            if mark.text == "_":
                base = self.indexed(base, tokens, mark)
                continue
            index = read_index(tokens, True, self.bound)
            if index.transpose:
                base = Surface("transpose", (base,), span=span)
            elif index.power is not None:
                base = Surface("power", (base, symbols.integer(index.power)), span=span)
            elif index.time is not None and base.op == "group" and base.args[0].op == "sym" and base.args[0].name is not None:
                base = Surface("sym", name=attach(base.args[0].name, index, True), span=span)
            else:
                base = Surface("power", (base, self.nested(tokens)), span=span)
        return base

    def indexed(self, base: Surface, tokens: Sequence[Token], mark: Token) -> Surface:
        """An index below a bracket: a part of it by its places, or its time where the bracket holds one symbol; a component is refused, a
        remark left out with a note. Below a one or a zero it is a size.
        """
        size = read_size("".join(t.text for t in tokens)) if base.op == "num" and base.number in (0, 1) else ()
        if size:
            return Surface("ones", number=base.number, index=size, span=(base.span[0], tokens[-1].end))
        text = "".join(t.text for t in tokens)
        program = text.startswith("[") and text.endswith("]")
        places = read_places(text[1:-1] if program else text, program)
        if places is not None:
            return Surface("part", (base,), places.axis, index=places.index, span=(base.span[0], tokens[-1].end))
        index = read_index(tokens, False, self.bound)
        if base.op == "group" and base.args[0].op == "sym" and base.args[0].name is not None and index.time is not None:
            return Surface("sym", name=attach(base.args[0].name, index, False), span=(base.span[0], tokens[-1].end))
        if text in LETTERS and base.op in ("group", "pair"):
            return Surface("entry", (replace(base, op="group", glyph="("),), text, span=(base.span[0], tokens[-1].end))
        if index.time is not None or re.fullmatch(r"[ijkmnpq,\d]{1,3}", text):
            raise self.fail("an entry of a vector (component form) is not part of the matrix language", mark)
        self.notes.append(((mark.start, tokens[-1].end if tokens else mark.end), "", "index of a bracket left out"))
        return base

    def nested(self, tokens: Sequence[Token]) -> Surface:
        """The expression of a group that is read by itself: an exponent, a part of a fraction, what stands under an accent."""
        end = Token("end", "", tokens[-1].end if tokens else 0, tokens[-1].end if tokens else 0)
        inner = Parser([*tokens, end], self.flat, self.known, depth=self.depth + 1, bound=self.bound)
        if inner.depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} brackets")
        result = inner.expression(0)
        if not inner.peek().is_end:
            raise inner.fail(f"cannot read {inner.text!r} here")
        return result

    def command(self) -> Surface:
        token = self.take()
        name = token.text[1:].rstrip("*")
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return self.powers(operators.fraction(self, token))
        if name == "begin":
            return self.powers(environment(self, token))
        if name in ("sum", "prod", "bigsum"):
            return operators.running(self, token, name)
        if name == "sqrt":
            return Surface("call", (self.nested(self.group()),), "sqrt", span=(token.start, self.tokens[self.position - 1].end))
        if name == "partial":
            inner = self.factor()
            return Surface("differential", (inner,), r"\partial", span=(token.start, inner.span[1]))
        if name == "nabla":
            return operators.nabla(self, token)
        if name in WORDS and (self.text == "{" or self.peek().kind == "word"):
            return symbols.function_or_name(self, joined(self.group()), token)
        if name in ACCENTS or name in STYLES:
            return symbols.accented(self, token, name)
        if name in FUNCTIONS and name != "sigma":
            return symbols.function_or_name(self, name, token)
        if name in GREEK:
            return symbols.greek(self, token, name)
        if name in ("dots", "ldots", "cdots"):
            raise self.fail("'...' leaves out a part that no reader can fill in", token)
        if name in ("mathbb", "infty", "top"):
            return symbols.symbol(self, Name(name), token)
        macro = re.fullmatch(r"[VM]([A-Za-z])", name)
        if macro:
            self.notes.append(((token.start, token.end), macro[1], f"macro {token.text} taken for the letter in it"))
            return symbols.symbol(self, Name(macro[1]), token)
        raise self.fail(f"unknown command {token.text}", token)


def updated(sides: Sequence[Surface], update: str, right: Surface) -> Surface:
    """The right side of ``dW += g``, which says dW = dW + g."""
    if update not in ("+", "-") or not sides:
        return right
    term = Surface("neg", (right,), span=right.span) if update == "-" else right
    return Surface("add", (sides[-1], term), span=right.span)


def chain(factors: list[Surface], glyphs: list[str], start: int) -> Surface:
    return factors[0] if len(factors) == 1 else Surface("product", tuple(factors), glyphs=tuple(glyphs), span=(start, factors[-1].span[1]))


def parse(tokens: Sequence[Token], flat: bool = False, known: frozenset[str] = frozenset()) -> Statement:
    """The statement of a list of tokens (as ``tidy.split`` gives them)."""
    end = tokens[-1].end if tokens else 0
    return Parser([*tokens, Token("end", "", end, end)], flat, known).statement()
