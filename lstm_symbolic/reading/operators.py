"""Fractions, derivatives, gradients, sums and products over an index."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr, Integer, Symbol

from .components import LETTERS
from .surface import Name, Span, Surface
from .tokens import Token
from .vocabulary import LOSS

if TYPE_CHECKING:
    from .grammar import Parser


def fraction(p: Parser, token: Token) -> Surface:
    top = p.group()
    if "".join(t.text for t in top) in ("d", r"\partial", r"\mathrm{d}"):
        below = p.nested(p.group())
        by = _differential(below)
        if by is not None and p.starts():  # \frac{d}{dx} \tanh(x)
            return _derivative(p.factor(), by, (token.start, p.tokens[p.position - 1].end))
        if top[0].text == r"\partial":
            raise p.fail("it is not said what is differentiated", token)
        above = p.nested(top)
    else:
        above, below = p.nested(top), p.nested(p.group())
    span = (token.start, p.tokens[p.position - 1].end)
    derivative = derivative_of(above, below, span)
    return derivative or Surface("frac", (above, below), r"\frac", span=span)


def nabla(p: Parser, token: Token) -> Surface:
    """``\\nabla_W L``: the gradient of the loss with respect to W."""
    if p.text == "_":
        p.take()
        target = p.nested(p.group())
        if p.starts():
            p.factor()
        return Surface("grad", (target,), span=(token.start, p.tokens[p.position - 1].end))
    inner = p.factor()
    return Surface("grad", (inner,), span=(token.start, inner.span[1]))


def running(p: Parser, token: Token, name: str) -> Surface:
    """``\\sum_{t=1}^{T} body``: the body is a product."""
    var, low, high = "t", None, None
    while p.text in ("_", "^"):
        mark = p.take()
        tokens = p.group()
        text = "".join(t.text for t in tokens).replace("\\", "")
        if mark.text == "^":
            high = integer(text, p, token)
        elif "=" in text:
            var, _, start = text.partition("=")
            low = integer(start, p, token)
        else:
            var = text
    if not re.fullmatch(r"[A-Za-z]\w{0,8}", var):
        raise p.fail(f"the running index {var!r} is no name", token)
    if var in LETTERS and _has_pair(p, var):
        return contraction(p, token, var)
    if low is None or high is None:
        if var not in ("t", "tau"):
            raise p.fail(f"a sum over {var!r} without bounds is not part of the cell language", token, r"write \sum_{t=1}^{T}")
        low, high = low or Integer(1), high or Symbol("T", integer=True)
    outer, p.bound = p.bound, p.bound | {var}
    body = p.product()
    p.bound = outer
    return Surface(
        "sum" if name != "prod" else "prod", (body,), index=(Symbol(var, integer=True), low, high), span=(token.start, body.span[1])
    )


def _has_pair(p: Parser, var: str) -> bool:
    """Does a symbol with two indices follow, one of them the sum's: W_{ij}, U_{k,j}?"""
    ahead = "".join(t.text for t in p.tokens[p.position : p.position + 14])
    return re.search(rf"[_^]\{{(?:[a-z],?{var}|{var},?[a-z])\}}", ahead) is not None


def contraction(p: Parser, token: Token, var: str) -> Surface:
    """``\\sum_j W_{ij} x_j``: a sum over components, which ``components`` turns into a matrix product."""
    body = p.product()
    return Surface("contract", (body,), var, span=(token.start, body.span[1]))


def derivative_of(above: Surface, below: Surface, span: Span) -> Surface | None:
    """``\\partial L`` over ``\\partial W``: the gradient of the loss, or a Jacobian."""
    top, bottom = _differential(above), _differential(below)
    if top is None or bottom is None:
        return None
    return _derivative(top, bottom, span)


def _derivative(top: Surface, bottom: Surface, span: Span) -> Surface:
    if top.op == "sym" and top.name is not None and top.name.base in LOSS and top.name.time is None and not top.name.primes:
        return Surface("grad", (bottom,), span=span)
    return Surface("jac", (top, bottom), span=span)


def _differential(x: Surface) -> Surface | None:
    if x.op == "differential":
        return x.args[0]
    if x.op == "sym" and x.name is not None and len(x.name.base) == 2 and x.name.base[0] == "d" and not x.name.accents:
        return replace(x, name=replace(x.name, base=x.name.base[1:]))
    if x.op == "sym" and x.name is not None and x.name.base.startswith("d_"):  # d\mathbf{h}
        return replace(x, name=replace(x.name, base=x.name.base[2:]))
    if x.op == "product" and len(x.args) == 2 and x.glyphs == ("",) and x.args[0].name == Name("d"):
        return x.args[1]
    if x.op == "apply" and x.args[0].op == "differential":
        return x.args[0].args[0]
    return None


def integer(text: str, parser: Parser, token: Token) -> Expr:
    """A bound of a sum: a number, a name, or a name with an offset."""
    match = re.fullmatch(r"[({]*(?:(\d+)|([A-Za-z]\w{0,8}))(?:([+-])(\d+|[a-z]))?[)}]*", text)
    if match is None:
        raise parser.fail(f"the bound {text[:20]!r} is no number or name", token)
    base: Expr = Integer(int(match[1])) if match[1] else Symbol(match[2], integer=True)
    if match[3] is None:
        return base
    by: Expr = Integer(int(match[4])) if match[4].isdigit() else Symbol(match[4], integer=True)
    return base - by if match[3] == "-" else base + by
