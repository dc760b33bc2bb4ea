"""Names: Greek letters, accents, functions with their argument, symbols with their indices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from .context import timed_name
from .cursor import cut
from .kinds import prior
from .names import ACCENTS, STYLES, WORDS, Index, attach, read_index
from .slices import names_block, slice_follows, take_slice
from .surface import Name, Surface
from .tokens import GREEK, Token
from .vocabulary import FUNCTIONS, GATE_TAGS

if TYPE_CHECKING:
    from .grammar import Parser


def greek(p: Parser, token: Token, name: str) -> Surface:
    if name in ("sigma", "varsigma") and not (p.text == "_" and p.peek(1).text == "t"):
        return function_or_name(p, "sigma", token)
    if name in ("delta", "Delta", "nabla") and not p.peek().is_end:
        following = p.peek()
        joins = following.kind == "word" or (
            following.kind == "cmd" and following.text[1:] in ACCENTS.keys() | STYLES | (GREEK - {"sigma"})
        )
        if (joins and p.text not in FUNCTIONS) or _names_a_symbol(p):
            return differential_name(p, name, token)
    if p.peek().kind == "num" and name in ("delta", "epsilon"):
        return symbol(p, Name(f"{name}{p.take().text}"), token)
    return symbol(p, Name(name), token)


def _names_a_symbol(p: Parser) -> bool:
    """``\\text{pre}``: one word set upright that is no function."""
    if p.text[1:] not in WORDS or p.peek(1).text != "{" or p.peek(3).text != "}":
        return False
    return p.peek(2).kind == "word" and p.peek(2).text not in FUNCTIONS


def differential_name(p: Parser, prefix: str, token: Token) -> Surface:
    """``\\delta h_t``, ``d\\gamma_o``: one name, the gradient that the author calls so."""
    inner = p.factor()
    target = inner
    while target.op in ("transpose", "power") and target.args:
        target = target.args[0]
    if target.op == "apply" and target.args[0].name is not None and target.args[1].op == "group":
        return _beside(prefix, inner, target)
    if target.op != "sym" or target.name is None:
        return Surface(
            "product",
            (Surface("sym", name=Name(prefix), span=(token.start, token.end)), inner),
            glyphs=("",),
            span=(token.start, inner.span[1]),
        )
    named = replace(target, name=_prefixed(target.name, prefix), span=(token.start, target.span[1]))
    return swap(inner, target, named)


def _prefixed(name: Name, prefix: str) -> Name:
    return replace(name, base=f"{prefix}{'' if prefix[0] != 'D' and len(name.stem) < 1 else '_'}{name.base}")


def _beside(prefix: str, inner: Surface, target: Surface) -> Surface:
    """``\\delta z_t (x_t)^T``: a product, for a gradient is applied to nothing."""
    symbol_, group = target.args
    assert symbol_.name is not None
    named = replace(symbol_, name=_prefixed(symbol_.name, prefix))
    return Surface("product", (named, swap(inner, target, group)), glyphs=("",), span=inner.span)


def accented(p: Parser, token: Token, name: str) -> Surface:
    """``\\tilde{C}_t``, ``\\mathbf{W}_f``, ``\\tilde{C_t}``: an accent is part of the name, a style is nothing."""
    accent = ACCENTS.get(name, "")
    if p.text == "{":
        tokens = p.group()
        inner = style(p, tokens)
    else:
        inner = letter(p)
    if inner.op == "sym" and inner.name is not None:
        accents = (*inner.name.accents, accent) if accent else inner.name.accents
        return symbol(p, replace(inner.name, accents=accents), token)
    if inner.op == "function":
        return function_or_name(p, inner.glyph, token)
    return p.powers(replace(inner, span=(token.start, inner.span[1])))


def style(p: Parser, tokens: list[Token]) -> Surface:
    if len(tokens) == 1 and tokens[0].kind == "word" and len(tokens[0].text) > 1 and tokens[0].text not in FUNCTIONS:
        return Surface("sym", name=Name(tokens[0].text), span=(tokens[0].start, tokens[0].end))
    if len(tokens) == 1 and tokens[0].text.lstrip("\\") in FUNCTIONS:
        return Surface("function", glyph=tokens[0].text.lstrip("\\"), span=(tokens[0].start, tokens[0].end))
    return p.nested(tokens)


def letter(p: Parser) -> Surface:
    token = p.take()
    if token.kind == "word":
        if len(token.text) > 1:
            token, rest = cut(token, 1)
            p.position -= 1
            p.tokens[p.position : p.position + 1] = [token, rest]
            p.position += 1
        return Surface("sym", name=Name(token.text), span=(token.start, token.end))
    if token.kind == "cmd":
        name = token.text[1:]
        if name in ACCENTS or name in STYLES:
            return accented(p, token, name)
        if name in GREEK or re.fullmatch(r"[VM][A-Za-z]", name):
            return Surface("sym", name=Name(name[-1] if name not in GREEK else name), span=(token.start, token.end))
    if token.kind == "num":
        return Surface("num", number=Fraction(token.text), span=(token.start, token.end))
    raise p.fail("an accent needs a letter", token)


def function_or_name(p: Parser, name: str, token: Token) -> Surface:
    """A function's name with its indices and argument; a word that is no function is a name."""
    clean = name.replace(" ", "")
    if clean == "d" and p.peek().kind in ("word", "cmd") and p.starts():  # an upright d
        return differential_name(p, "d", token)
    if clean not in FUNCTIONS:
        return symbol(p, Name(re.sub(r"\W", "", clean) or "_"), token)
    function = FUNCTIONS[clean]
    power: Surface | None = None
    primed = False
    whole = Name(clean)
    end = token.end
    while p.text in ("_", "^", "'"):
        mark = p.take()
        if mark.text == "'":
            primed = True
            continue
        index = read_index(p.group(), mark.text == "^", p.bound)
        whole, end = attach(whole, index, mark.text == "^"), p.tokens[p.position - 1].end
        if index.power is not None:
            power = integer(index.power)
        elif index.primes:
            primed = True
        elif index.tags and function == "sigmoid" and index.tags[0] not in GATE_TAGS:
            function = f"sigma_{index.tags[0]}"
    if primed:
        function = "d" + function
    applied = argument(p, function, token)
    if applied.op == "function" and (whole.time is not None or whole.subs or whole.sups):
        return Surface("sym", name=replace(whole, primes=int(primed)), span=(token.start, end))
    if power is not None and applied.op == "call":
        return Surface("power", (applied, power), span=applied.span)
    return p.powers(applied) if applied.op == "call" else applied


def argument(p: Parser, function: str, token: Token) -> Surface:
    """``\\sigma(a)``, ``\\tanh c_t``, or the function's name alone."""
    if p.text in ("(", "[", "{", r"\{", r"\lbrack") and not p.peek().is_end:
        group = p.bracketed(p.peek())
        args = group.args if group.op in ("group", "pair") and group.glyph != "[" else (group,)
        if group.op == "group" and group.glyph == "[":
            args = group.args
        return Surface("call", args, function, span=(token.start, group.span[1]))
    if p.starts() and function != "norm":
        factors = [p.factor()]
        while p.starts() and (factors[-1].op == "num" or _is_weight(factors[-1])):  # \tanh W h_{t-1}
            factors.append(p.factor())
        whole = Surface("product", tuple(factors), glyphs=("",) * (len(factors) - 1), span=(factors[0].span[0], factors[-1].span[1]))
        return Surface("call", (whole if len(factors) > 1 else factors[0],), function, span=(token.start, whole.span[1]))
    return Surface("function", glyph=function, span=(token.start, token.end))


def _is_weight(s: Surface) -> bool:
    """A matrix by its letter: alone it is nothing that a gate's function is applied to."""
    if s.name is None:
        return s.op == "transpose" and _is_weight(s.args[0])
    name, index = timed_name(s.name)
    return prior(name, bool(index), "".join((*name.subs, *name.sups)))[0][0] == "m"


def symbol(p: Parser, name: Name, token: Token) -> Surface:
    """A name with its indices; before a bracket it is an undecided application, or a time: ``x(t)``, ``x[t-1]``."""
    outer: list[tuple[str, Surface | None]] = []
    end = token.end
    while p.text in ("_", "^", "'", "**") or transposed(p) or _bracket_of_name(p, name):
        if names_block(p, name):
            name = replace(name, subs=(*name.subs, take_slice(p)))
            end = p.tokens[p.position - 1].end
            continue
        mark = p.take()
        if mark.text == ".":
            outer.append(("transpose", None))
            end = p.take().end
            continue
        if mark.text == "**":
            outer.append(("power", exponent(p)))
            end = p.tokens[p.position - 1].end
            continue
        if mark.text == "'":
            name, end = replace(name, primes=name.primes + 1), mark.end
            continue
        if mark.text in ("(", "["):
            inner = []
            while p.text not in (")", "]"):
                inner.append(p.take())
            end = p.take().end
            name = attach(name, read_index([mark, *inner, p.tokens[p.position - 1]], True, p.bound), True)
            continue
        tokens = p.group()
        end = max(p.tokens[p.position - 1].end, end)
        index = read_index(tokens, mark.text == "^", p.bound)
        if index.transpose:
            outer.append(("transpose", None))
        elif index.power is not None:
            outer.append(("power", integer(index.power)))
        elif mark.text == "^" and name.base == "e" and not name.subs and not _step_in_brackets(tokens, index):
            inside = p.nested(tokens)
            return Surface("call", (inside,), "exp", span=(token.start, end))
        else:
            name = attach(name, index, mark.text == "^")
    result = Surface("sym", name=name, span=(token.start, end))
    for op, argument in outer:
        result = Surface(op, (result,) if argument is None else (result, argument), span=(token.start, end))
    if slice_follows(p):
        return p.powers(result)
    if p.text in ("(", r"\{") and not outer:
        group = p.bracketed(p.peek())
        applied = Surface("apply", (result, group), span=(token.start, group.span[1]))
        return p.powers(applied)
    return result


def _step_in_brackets(tokens: Sequence[Token], index: Index) -> bool:
    """``e^{(t)}``, ``e^{<t>}`` are a value at a step, and no exponential."""
    return index.time is not None and len(tokens) > 1 and tokens[0].text in ("(", "<", r"\langle", "[")


def integer(value: int) -> Surface:
    """A whole number; a negative one is the negation of its size."""
    number = Surface("num", number=Fraction(abs(value)))
    return number if value >= 0 else Surface("neg", (number,))


def transposed(p: Parser) -> bool:
    """``x.T``, as programs write it."""
    return p.text == "." and p.peek(1).text == "T" and not p.peek().gap and not p.peek(1).gap


def exponent(p: Parser) -> Surface:
    """What stands after ``**``: a number or a bracket, perhaps with a sign."""
    sign = p.text == "-" and p.take()
    inner = p.bracketed(p.peek()) if p.text == "(" else p.factor()
    return Surface("neg", (inner,), span=inner.span) if sign else inner


def raised(p: Parser, base: Surface) -> Surface:
    inner = exponent(p)
    return Surface("power", (base, inner), span=(base.span[0], inner.span[1]))


def _bracket_of_name(p: Parser, name: Name) -> bool:
    """A time or a slice in brackets, right after a name."""
    return p.text in ("(", "[") and ((name.time is None and time_follows(p)) or names_block(p, name))


def time_follows(p: Parser) -> bool:
    """``(t)``, ``[t-1]``, ``(t+1)`` right after a name."""
    k = p.position + 1
    texts: list[str] = []
    while k < len(p.tokens) and p.tokens[k].text not in (")", "]") and len(texts) < 6:
        texts.append(p.tokens[k].text)
        k += 1
    closed = k < len(p.tokens) and p.tokens[k].text in (")", "]")
    return closed and not p.peek().gap and re.fullmatch(r"(t|T|\\tau)([+-](\d+|[a-z]))?", "".join(texts)) is not None


def swap(tree: Surface, old: Surface, new: Surface) -> Surface:
    if tree is old:
        return new
    return replace(tree, args=tuple(swap(a, old, new) for a in tree.args), span=(new.span[0], tree.span[1]))
