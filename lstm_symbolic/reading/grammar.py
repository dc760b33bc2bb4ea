"""Tokens of one statement to its surface tree: a Pratt parser.

Products keep their glyph in one flat chain; a name before a bracket is an undecided application. Sums and chains are loops, brackets
recurse within a limit, and every branch consumes a token, so that the work is linear. An error names the place and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sympy import Expr, Integer, Symbol

from ..errors import ReadError
from .names import ACCENTS, STYLES, WORDS, attach, read_index
from .surface import Name, Span, Statement, Surface
from .tidy import group_end
from .tokens import GREEK, Token

MAX_DEPTH = 60

#: Names of elementwise functions as documents write them -> the plain name.
FUNCTIONS = {
    "sigmoid": "sigmoid", "sigm": "sigmoid", "sig": "sigmoid", "logistic": "sigmoid", "Sigmoid": "sigmoid", "sgm": "sigmoid",
    "tanh": "tanh", "Tanh": "tanh", "th": "tanh", "exp": "exp", "log": "log", "ln": "log", "max": "max", "min": "min", "relu": "relu",
    "ReLU": "relu", "Relu": "relu", "RELU": "relu", "softplus": "softplus", "sign": "sign", "sgn": "sign", "abs": "abs", "erf": "erf",
    "cosh": "cosh", "sinh": "sinh", "softmax": "softmax", "Softmax": "softmax", "SoftMax": "softmax", "diag": "diag", "Diag": "diag",
    "trace": "trace", "tr": "trace", "Tr": "trace", "concat": "concat", "Concat": "concat", "norm": "norm", "matmul": "matmul", "dot": "matmul",
    "sigma": "sigmoid",
}  # fmt: skip
#: A sigma with one of these tags is the gate activation; other tags name a function of their own (\sigma_c, \sigma_h).
GATE_TAGS = {"g", "i", "f", "o", "r", "u", "z", "gate", "s", "rec"}
PRODUCTS = {
    "*", r"\cdot", r"\times", r"\odot", r"\circ", r"\otimes", r"\star", r"\ast", r"\bullet", "@", r"\sdot", r"\bigodot", r"\bigotimes",
    r"\bigcirc", r"\circledast", r"\boxtimes", r"\bigstar", r"\centerdot", r"\diamond", r"\hadamard", ".",
}  # fmt: skip
_RELATIONS = {
    "=",
    r"\leftarrow",
    r"\gets",
    r"\coloneqq",
    r"\equiv",
    r"\triangleq",
    r"\approx",
    r"\doteq",
    r"\Leftarrow",
    r"\longleftarrow",
    r"\defeq",
    r"\eqdef",
}
_COMPARE = {
    ">": "gt",
    "<": "lt",
    r"\geq": "ge",
    r"\ge": "ge",
    r"\leq": "le",
    r"\le": "le",
    r"\neq": "ne",
    r"\ne": "ne",
    r"\geqslant": "ge",
    r"\leqslant": "le",
}
_STOP = {
    "",
    ")",
    "]",
    "}",
    ",",
    ";",
    r"\}",
    r"\rbrack",
    r"\|",
    "|",
    r"\\",
    "&",
    r"\end",
    r"\mid",
    r"\in",
    r"\oplus",
    r"\rangle",
    r"\rVert",
    "+",
    "-",
    "/",
    "=",
    ":",
    r"\pm",
    r"\to",
    r"\rightarrow",
    r"\xrightarrow",
    r"\vert",
    r"\rvert",
    r"\over",
}
_LOSS = {"L", "J", "E", "Loss", "loss", "ell", "cost", "mathcalL", "l"}
_SUM, _PRODUCT, _JUXTAPOSED = 10, 20, 30


@dataclass
class Parser:
    """One statement. ``flat`` is True for text without TeX: there a run of letters is a name with a flattened index."""

    tokens: list[Token]
    flat: bool = False
    known: frozenset[str] = frozenset()
    position: int = 0
    depth: int = 0
    bars: int = 0
    bound: frozenset[str] = frozenset()
    notes: list[tuple[Span, str, str]] = field(default_factory=list)

    # -- tokens ------------------------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    @property
    def text(self) -> str:
        return self.peek().text

    def take(self) -> Token:
        token = self.peek()
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def fail(self, message: str, token: Token | None = None, hint: str = "") -> ReadError:
        token = token or self.peek()
        return ReadError(message, "", token.start, hint)

    def expect(self, *texts: str) -> Token:
        if self.text not in texts:
            found = f"found {self.text!r}" if self.text else "the formula ends"
            raise self.fail(f"expected {texts[0]!r}, {found}")
        return self.take()

    def close(self, opened: Token, *texts: str) -> None:
        """The closing bracket; one that is missing at the very end is put back, by a named repair."""
        if self.peek().is_end and texts[0] in ")]":
            self.notes.append(((opened.start, opened.end), f"missing {texts[0]}", "bracket not closed"))
            return
        if self.text in (")", "]") and self.text not in texts and texts[0] in ")]":
            self.notes.append(((self.peek().start, self.peek().end), texts[0], f"{self.text!r} closes {opened.text!r}"))
            self.take()
            return
        self.expect(*texts)

    def group(self) -> list[Token]:
        """The tokens of ``{...}``, or the one token an index takes (one letter of a run)."""
        if self.text == "{":
            end = group_end(self.tokens, self.position)
            inner = self.tokens[self.position + 1 : end - 1]
            if self.tokens[end - 1].text != "}":
                raise self.fail("'{' is never closed", hint="write '}'")
            self.position = end
            return inner
        token = self.take()
        if token.is_end:
            raise self.fail("an index is missing", token)
        if token.kind == "word" and len(token.text) > 1 and not self.flat:
            token, rest = _cut(token, 1)
            self.position -= 1
            self.tokens[self.position : self.position + 1] = [token, rest]
            self.position += 1
        elif token.kind == "cmd" and token.text[1:] in ACCENTS.keys() | STYLES | WORDS:
            return [token, *self.group()]
        return [token]

    # -- statements --------------------------------------------------------------------------------------------------------------

    def statement(self) -> Statement:
        start = self.peek().start
        sides, relation = [self.expression(0)] if self.text not in _RELATIONS else [], "="
        while not self.peek().is_end:
            if self.text in ("+", "-", ":", "+>") and self.peek(1).text in ("=",):
                relation = "+=" if self.take().text == "+" else relation
            if self.text in _RELATIONS:
                self.take()
                while self.text == "&":
                    self.take()
                if not self.peek().is_end:
                    sides.append(self.expression(0))
            elif self.text == r"\in":
                if len(sides) > 1:
                    break
                return self.declaration(sides[0], start)
            else:
                break
        self.trailing()
        end = self.tokens[-2].end if len(self.tokens) > 1 else self.peek().end
        return Statement(tuple(sides), (start, end), relation, tuple(self.notes))

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

    # -- expressions -------------------------------------------------------------------------------------------------------------

    def expression(self, strength: int) -> Surface:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} brackets")
        try:
            return self.sum() if strength < _SUM else self.product()
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
        if self.text in _COMPARE and self.bars == 0:
            op = _COMPARE[self.take().text]
            right = self.sum()
            return Surface("compare", (left, right), op, span=(start, right.span[1]))
        return left

    def product(self) -> Surface:
        """A flat chain of factors with the glyphs between them; ``/`` divides what stands before it."""
        start = self.peek().start
        if self.text in ("-", "+", r"\pm"):
            sign = self.take()
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
                above = _chain(factors, glyphs, start)
                factors, glyphs = [Surface("frac", (above, below), "/", span=(start, below.span[1]))], []
            elif self.starts():
                glyphs.append("")
                factors.append(self.factor())
            else:
                return _chain(factors, glyphs, start)

    def signed(self) -> Surface:
        if self.text == "-":
            start = self.take().start
            inner = self.factor()
            return Surface("neg", (inner,), span=(start, inner.span[1]))
        return self.factor()

    def starts(self) -> bool:
        """Can a factor start here (by juxtaposition)?"""
        token = self.peek()
        if token.is_end or token.text in _STOP or token.text in _RELATIONS or token.text in _COMPARE or token.text in PRODUCTS:
            return token.text in ("|", r"\|") and self.bars == 0 and False
        return token.kind in ("word", "num", "cmd") or token.text in ("(", "[", "{")

    # -- factors -----------------------------------------------------------------------------------------------------------------

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
            return self.word()
        raise self.fail(f"an expression cannot start with {token.text!r}" if token.text else "the formula ends where an expression is due")

    def bracketed(self, token: Token) -> Surface:
        self.take()
        if token.text == "{":
            inner = self.expression(0)
            end = self.expect("}").end
            if inner.op == "sym" and inner.name is not None and self.text in ("_", "^", "'"):
                return self.symbol(inner.name, token)
            if inner.op == "function" and self.text in ("_", "^", "'", "(", "{", "["):
                return self.function_or_name(inner.glyph, token)
            return (
                replace(inner, span=(token.start, end)) if inner.op != "add" else Surface("group", (inner,), "{", span=(token.start, end))
            )
        if token.text in (r"\|", r"\lVert", r"\Vert", "|", r"\vert", r"\lvert"):
            self.bars += 1
            inner = self.expression(0)
            self.bars -= 1
            end = self.expect(token.text, r"\rVert", r"\Vert", r"\rvert").end
            return Surface("call", (inner,), "norm" if token.text[-1:] != "|" or token.text == r"\|" else "abs", span=(token.start, end))
        close = {"(": ")", "[": "]", r"\{": r"\}", r"\lbrack": r"\rbrack"}[token.text]
        return self.items(token, close)

    def items(self, opened: Token, close: str) -> Surface:
        """What stands between brackets: one expression, or a list with its separators."""
        row = self.numbers(close)
        if row is not None:
            return replace(row, span=(opened.start, self.expect(close).end))
        items, separators = [], []
        self.bars += 1
        while self.text != close and not self.peek().is_end:
            items.append(self.expression(0))
            if self.text in (",", ";", r"\|", r"\mid", "|", r"\\", "&", r"\vert", ":"):
                separators.append(self.take().text)
            elif self.text != close:
                break
        self.bars -= 1
        if not items:
            raise self.fail("nothing stands between the brackets", opened)
        self.close(opened, close, "]" if close == r"\rbrack" else close)
        span = (opened.start, self.tokens[max(self.position - 1, 0)].end)
        if len(items) == 1:
            return Surface("group", tuple(items), opened.text, span=span)
        return Surface("pair", tuple(items), opened.text, tuple(separators), span=span)

    def numbers(self, close: str) -> Surface | None:
        """``[0.14 -0.67 0.31]``: a row of numbers separated by blanks is no subtraction."""
        k, values = self.position, []
        while self.tokens[k].text != close:
            sign = self.tokens[k].text == "-"
            number = self.tokens[k + sign] if k + sign < len(self.tokens) else self.tokens[-1]
            if number.kind != "num" or (values and not self.tokens[k].gap):
                return None
            values.append(Surface("num", number=Fraction(number.text) * (-1 if sign else 1), span=(number.start, number.end)))
            k += 1 + sign
        if len(values) < 2:
            return None
        self.position = k
        return Surface("matrix", (Surface("row", tuple(values)),))

    def powers(self, base: Surface) -> Surface:
        """Sub- and superscripts after a bracket or a number: a power, a transpose, or an index that is dropped with a note."""
        while self.text in ("^", "_", "'"):
            mark = self.take()
            if mark.text == "'":
                continue
            tokens = self.group()
            end = tokens[-1].end if tokens else mark.end
            span = (base.span[0], end)
            if mark.text == "_":
                continue
            index = read_index(tokens, True, self.bound)
            if index.transpose:
                base = Surface("transpose", (base,), span=span)
            elif index.power is not None:
                base = Surface("power", (base, Surface("num", number=Fraction(index.power))), span=span)
            elif index.time is not None and base.op == "group" and base.args[0].op == "sym" and base.args[0].name is not None:
                base = Surface("sym", name=attach(base.args[0].name, index, True), span=span)
            else:
                base = Surface("power", (base, self.nested(tokens)), span=span)
        return base

    def nested(self, tokens: Sequence[Token]) -> Surface:
        """An exponent is an expression of its own."""
        end = Token("end", "", tokens[-1].end if tokens else 0, tokens[-1].end if tokens else 0)
        inner = Parser([*tokens, end], self.flat, self.known, depth=self.depth, bound=self.bound)
        result = inner.expression(0)
        if not inner.peek().is_end:
            raise inner.fail(f"cannot read {inner.text!r} in the exponent")
        return result

    # -- names -------------------------------------------------------------------------------------------------------------------

    def command(self) -> Surface:
        token = self.take()
        name = token.text[1:].rstrip("*")
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return self.powers(self.fraction(token))
        if name == "begin":
            from .blocks import environment

            return self.powers(environment(self, token))
        if name in ("sum", "prod", "bigsum"):
            return self.running(token, name)
        if name == "sqrt":
            return Surface("call", (self.nested(self.group()),), "sqrt", span=(token.start, self.tokens[self.position - 1].end))
        if name == "partial":
            inner = self.factor()
            return Surface("differential", (inner,), r"\partial", span=(token.start, inner.span[1]))
        if name == "nabla":
            return self.nabla(token)
        if name in WORDS and self.text == "{":
            return self.function_or_name(_join(self.group()), token)
        if name in ACCENTS or name in STYLES:
            return self.accented(token, name)
        if name in FUNCTIONS and name != "sigma":
            return self.function_or_name(name, token)
        if name in GREEK:
            return self.greek(token, name)
        if name in ("dots", "ldots", "cdots"):
            raise self.fail("'...' leaves out a part that no reader can fill in", token)
        if name in ("mathbb", "infty", "top"):
            return self.symbol(Name(name), token)
        macro = re.fullmatch(r"[VM]([A-Za-z])", name)
        if macro:
            self.notes.append(((token.start, token.end), macro[1], f"macro {token.text} taken for the letter in it"))
            return self.symbol(Name(macro[1]), token)
        raise self.fail(f"unknown command {token.text}", token)

    def greek(self, token: Token, name: str) -> Surface:
        if name in ("sigma", "varsigma") and not (self.text == "_" and self.peek(1).text == "t"):
            return self.function_or_name("sigma", token)
        if name in ("delta", "Delta", "nabla") and not self.peek().is_end:
            following = self.peek()
            joins = following.kind == "word" or (
                following.kind == "cmd" and following.text[1:] in ACCENTS.keys() | STYLES | (GREEK - {"sigma"})
            )
            if joins and self.text not in FUNCTIONS:
                return self.differential_name(name, token)
        if self.peek().kind == "num" and name in ("delta", "epsilon"):
            return self.symbol(Name(f"{name}{self.take().text}"), token)
        return self.symbol(Name(name), token)

    def differential_name(self, prefix: str, token: Token) -> Surface:
        """``\\delta h_t``, ``d\\gamma_o``: one name, the gradient that the author calls so."""
        inner = self.factor()
        target = inner
        while target.op in ("transpose", "power") and target.args:
            target = target.args[0]
        if target.op != "sym" or target.name is None:
            return Surface(
                "product",
                (Surface("sym", name=Name(prefix), span=(token.start, token.end)), inner),
                glyphs=("",),
                span=(token.start, inner.span[1]),
            )
        named = replace(
            target,
            name=replace(
                target.name, base=f"{prefix}{'_' if prefix[0] == 'D' else '' if len(target.name.stem) < 1 else '_'}{target.name.base}"
            ),
            span=(token.start, target.span[1]),
        )
        return _swap(inner, target, named)

    def accented(self, token: Token, name: str) -> Surface:
        """``\\tilde{C}_t``, ``\\mathbf{W}_f``, ``\\tilde{C_t}``: an accent is part of the name, a style is nothing."""
        accent = ACCENTS.get(name, "")
        if self.text == "{":
            tokens = self.group()
            inner = self.style(tokens)
        else:
            inner = self.letter()
        if inner.op == "sym" and inner.name is not None:
            accents = (*inner.name.accents, accent) if accent else inner.name.accents
            return self.symbol(replace(inner.name, accents=accents), token)
        if inner.op == "function":
            return self.function_or_name(inner.glyph, token)
        return self.powers(replace(inner, span=(token.start, inner.span[1])))

    def style(self, tokens: list[Token]) -> Surface:
        end = Token("end", "", tokens[-1].end if tokens else 0, tokens[-1].end if tokens else 0)
        if len(tokens) == 1 and tokens[0].kind == "word" and len(tokens[0].text) > 1 and tokens[0].text not in FUNCTIONS:
            return Surface("sym", name=Name(tokens[0].text), span=(tokens[0].start, tokens[0].end))
        if len(tokens) == 1 and tokens[0].text.lstrip("\\") in FUNCTIONS:
            return Surface("function", glyph=tokens[0].text.lstrip("\\"), span=(tokens[0].start, tokens[0].end))
        inner = Parser([*tokens, end], self.flat, self.known, depth=self.depth + 1, bound=self.bound)
        if inner.depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} brackets")
        result = inner.expression(0)
        if not inner.peek().is_end:
            raise inner.fail(f"cannot read {inner.text!r} under an accent")
        return result

    def letter(self) -> Surface:
        token = self.take()
        if token.kind == "word":
            if len(token.text) > 1:
                token, rest = _cut(token, 1)
                self.position -= 1
                self.tokens[self.position : self.position + 1] = [token, rest]
                self.position += 1
            return Surface("sym", name=Name(token.text), span=(token.start, token.end))
        if token.kind == "cmd":
            name = token.text[1:]
            if name in ACCENTS or name in STYLES:
                return self.accented(token, name)
            if name in GREEK or re.fullmatch(r"[VM][A-Za-z]", name):
                return Surface("sym", name=Name(name[-1] if name not in GREEK else name), span=(token.start, token.end))
        if token.kind == "num":
            return Surface("num", number=Fraction(token.text), span=(token.start, token.end))
        raise self.fail("an accent needs a letter", token)

    def word(self) -> Surface:
        """A run of letters: a function, a name, a flattened index (``Xt``, ``Wct``), or letters side by side (``Wx``)."""
        from .words import read_word

        return read_word(self)

    def function_or_name(self, name: str, token: Token) -> Surface:
        """A function's name with its indices and argument; a word that is no function is a name."""
        clean = name.replace(" ", "")
        if clean not in FUNCTIONS:
            return self.symbol(Name(re.sub(r"\W", "", clean) or "_"), token)
        function = FUNCTIONS[clean]
        power: Surface | None = None
        primed = False
        while self.text in ("_", "^", "'"):
            mark = self.take()
            if mark.text == "'":
                primed = True
                continue
            index = read_index(self.group(), mark.text == "^", self.bound)
            if index.power is not None:
                power = Surface("num", number=Fraction(index.power))
            elif index.primes:
                primed = True
            elif index.tags and function == "sigmoid" and index.tags[0] not in GATE_TAGS:
                function = f"sigma_{index.tags[0]}"
        if primed:
            function = "d" + function
        applied = self.argument(function, token)
        if power is not None and applied.op == "call":
            return Surface("power", (applied, power), span=applied.span)
        return self.powers(applied) if applied.op == "call" else applied

    def argument(self, function: str, token: Token) -> Surface:
        """``\\sigma(a)``, ``\\tanh c_t``, or the function's name alone."""
        if self.text in ("(", "[", "{", r"\lbrack") and not self.peek().is_end:
            group = self.bracketed(self.peek())
            args = group.args if group.op in ("group", "pair") and group.glyph != "[" else (group,)
            if group.op == "group" and group.glyph == "[":
                args = group.args
            return Surface("call", args, function, span=(token.start, group.span[1]))
        if self.starts() and function != "norm":
            inner = self.factor()
            return Surface("call", (inner,), function, span=(token.start, inner.span[1]))
        return Surface("function", glyph=function, span=(token.start, token.end))

    def symbol(self, name: Name, token: Token) -> Surface:
        """A name with its indices; before a bracket it is an undecided application, or a time: ``x(t)``, ``x[t-1]``."""
        outer: list[tuple[str, Surface | None]] = []
        end = token.end
        while self.text in ("_", "^", "'") or (self.text in ("(", "[") and name.time is None and self.time_follows()):
            mark = self.take()
            if mark.text == "'":
                name, end = replace(name, primes=name.primes + 1), mark.end
                continue
            if mark.text in ("(", "["):
                inner = []
                while self.text not in (")", "]"):
                    inner.append(self.take())
                end = self.take().end
                name = attach(name, read_index([mark, *inner, self.tokens[self.position - 1]], True, self.bound), True)
                continue
            tokens = self.group()
            end = max(self.tokens[self.position - 1].end, end)
            index = read_index(tokens, mark.text == "^", self.bound)
            if index.transpose:
                outer.append(("transpose", None))
            elif index.power is not None:
                outer.append(("power", Surface("num", number=Fraction(index.power))))
            elif mark.text == "^" and name.base == "e" and not name.subs:
                inside = self.nested(tokens)
                return Surface("call", (inside,), "exp", span=(token.start, end))
            else:
                name = attach(name, index, mark.text == "^")
        result = Surface("sym", name=name, span=(token.start, end))
        for op, argument in outer:
            result = Surface(op, (result,) if argument is None else (result, argument), span=(token.start, end))
        if self.text == "(" and not outer:
            group = self.bracketed(self.peek())
            applied = Surface("apply", (result, group), span=(token.start, group.span[1]))
            return self.powers(applied)
        return result

    def time_follows(self) -> bool:
        """``(t)``, ``[t-1]``, ``(t+1)`` right after a name."""
        k = self.position + 1
        texts = []
        while k < len(self.tokens) and self.tokens[k].text not in (")", "]") and len(texts) < 6:
            texts.append(self.tokens[k].text)
            k += 1
        closed = k < len(self.tokens) and self.tokens[k].text in (")", "]")
        return closed and not self.peek().gap and re.fullmatch(r"(t|T|\\tau)([+-](\d+|[a-z]))?", "".join(texts)) is not None

    # -- operators ---------------------------------------------------------------------------------------------------------------

    def fraction(self, token: Token) -> Surface:
        above, below = self.nested(self.group()), self.nested(self.group())
        span = (token.start, self.tokens[self.position - 1].end)
        derivative = derivative_of(above, below, span)
        return derivative or Surface("frac", (above, below), r"\frac", span=span)

    def nabla(self, token: Token) -> Surface:
        """``\\nabla_W L``: the gradient of the loss with respect to W."""
        if self.text == "_":
            self.take()
            target = self.nested(self.group())
            if self.starts():
                self.factor()
            return Surface("grad", (target,), span=(token.start, self.tokens[self.position - 1].end))
        inner = self.factor()
        return Surface("grad", (inner,), span=(token.start, inner.span[1]))

    def running(self, token: Token, name: str) -> Surface:
        """``\\sum_{t=1}^{T} body``: the body is a product."""
        var, low, high = "t", None, None
        while self.text in ("_", "^"):
            mark = self.take()
            tokens = self.group()
            text = "".join(t.text for t in tokens).replace("\\", "")
            if mark.text == "^":
                high = _integer(text, self, token)
            elif "=" in text:
                var, _, start = text.partition("=")
                low = _integer(start, self, token)
            else:
                var = text
        if not re.fullmatch(r"[A-Za-z]\w{0,8}", var):
            raise self.fail(f"the running index {var!r} is no name", token)
        if low is None or high is None:
            if var not in ("t", "tau"):
                raise self.fail(f"a sum over {var!r} without bounds is not part of the cell language", token, r"write \sum_{t=1}^{T}")
            low, high = low or Integer(1), high or Symbol("T", integer=True)
        outer, self.bound = self.bound, self.bound | {var}
        body = self.product()
        self.bound = outer
        return Surface(
            "sum" if name != "prod" else "prod", (body,), index=(Symbol(var, integer=True), low, high), span=(token.start, body.span[1])
        )


def derivative_of(above: Surface, below: Surface, span: Span) -> Surface | None:
    """``\\partial L`` over ``\\partial W``: the gradient of the loss, or a Jacobian."""
    parts = [_differential(x) for x in (above, below)]
    if parts[0] is None or parts[1] is None:
        return None
    top, bottom = parts
    if top.op == "sym" and top.name is not None and top.name.base in _LOSS and top.name.time is None and not top.name.primes:
        return Surface("grad", (bottom,), span=span)
    return Surface("jac", (top, bottom), span=span)


def _differential(x: Surface) -> Surface | None:
    if x.op == "differential":
        return x.args[0]
    if x.op == "sym" and x.name is not None and len(x.name.base) == 2 and x.name.base[0] == "d" and not x.name.accents:
        return replace(x, name=replace(x.name, base=x.name.base[1:]))
    if x.op == "product" and len(x.args) == 2 and x.glyphs == ("",) and x.args[0].name == Name("d"):
        return x.args[1]
    if x.op == "apply" and x.args[0].op == "differential":
        return x.args[0].args[0]
    return None


def _chain(factors: list[Surface], glyphs: list[str], start: int) -> Surface:
    return factors[0] if len(factors) == 1 else Surface("product", tuple(factors), glyphs=tuple(glyphs), span=(start, factors[-1].span[1]))


def _swap(tree: Surface, old: Surface, new: Surface) -> Surface:
    if tree is old:
        return new
    return replace(tree, args=tuple(_swap(a, old, new) for a in tree.args), span=(new.span[0], tree.span[1]))


def _cut(token: Token, k: int) -> tuple[Token, Token]:
    width = token.end - token.start
    middle = token.start + (k if width == len(token.text) else 0)
    return replace(token, text=token.text[:k], end=max(middle, token.start + 1)), replace(
        token, text=token.text[k:], start=middle, gap=False
    )


def _join(tokens: Sequence[Token]) -> str:
    return "".join(t.text.lstrip("\\") for t in tokens if t.text not in ("{", "}", "~"))


def _integer(text: str, parser: Parser, token: Token) -> Expr:
    """A bound of a sum: a number, a name, or a name with an offset."""
    match = re.fullmatch(r"[({]*(?:(\d+)|([A-Za-z]\w{0,8}))(?:([+-])(\d+|[a-z]))?[)}]*", text)
    if match is None:
        raise parser.fail(f"the bound {text[:20]!r} is no number or name", token)
    base: Expr = Integer(int(match[1])) if match[1] else Symbol(match[2], integer=True)
    if match[3] is None:
        return base
    by: Expr = Integer(int(match[4])) if match[4].isdigit() else Symbol(match[4], integer=True)
    return base - by if match[3] == "-" else base + by


def parse(tokens: Sequence[Token], flat: bool = False, known: frozenset[str] = frozenset()) -> Statement:
    """The statement of a list of tokens (as ``tidy.split`` gives them)."""
    end = tokens[-1].end if tokens else 0
    return Parser([*tokens, Token("end", "", end, end)], flat, known).statement()
