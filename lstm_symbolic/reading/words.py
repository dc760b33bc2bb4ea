"""Runs of letters: ``tanh``, ``Xt``, ``Wct``, ``ht``, ``Wx``, ``da_next``, ``F1``, ``net``.

TeX sets ``Wx`` as W times x; copied text has lost its subscripts and means X_t by ``Xt``. The letters themselves say which is likely:
a state or input letter before a t, a weight letter before a gate's letter. Names of three and more letters are never split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Symbol

from .cursor import cut
from .surface import Name, Surface
from .symbols import argument, differential_name, function_or_name, symbol
from .tidy import FUNCTION_WORDS
from .tokens import Token
from .vocabulary import FUNCTIONS

if TYPE_CHECKING:
    from .grammar import Parser

_WEIGHTS = "WUVRBb"
_GATES = "ifocgzruhxya"
_FLAT = re.compile(r"(?P<base>[A-Za-z])(?P<index>t|ct|hh|xh|[ifocgzru])")
_DIFFERENTIAL = re.compile(r"d[A-Za-z]{1,2}")


def read_word(parser: Parser) -> Surface:
    """One symbol, function or application, from the run of letters at the parser's position."""
    token = parser.take()
    text = token.text
    following = parser.peek()
    digits = following.kind == "num" and not following.gap and "." not in following.text
    if text in FUNCTIONS and text != "sigma" and (text in FUNCTION_WORDS or len(text) > 2) and not digits:
        return function_or_name(parser, text, token)
    if text == "sigma":
        return function_or_name(parser, "sigma", token)
    if parser.text == "." and parser.peek(1).kind == "word" and text in ("np", "torch", "jnp", "tf", "F", "numpy", "math"):
        parser.take()
        return read_word(parser)
    if digits:
        return _with_digits(parser, token)
    if len(text) == 1:
        if (
            text == "d"
            and following.kind == "cmd"
            and not following.text[1:].startswith(("frac", "cdot", "odot", "times", "sigma", "tanh"))
        ):
            return _differential(parser, token)
        return symbol(parser, Name(text), token)
    indexed = following.text in ("_", "^")
    flat = _FLAT.fullmatch(text)
    if parser.flat and "_" not in text and flat is None and len(text) > 2:
        return _call_or_name(parser, token)
    if flat is not None and not indexed and _is_flattened(parser, flat):
        name = _flattened(flat)
        parser.notes.append(((token.start, token.end), f"{flat['base']}_{flat['index']}", "flattened subscript"))
        return symbol(parser, name, token)
    if _DIFFERENTIAL.fullmatch(text) and (len(text) == 2 or following.kind == "cmd"):
        if (
            len(text) <= 3
            and following.kind == "cmd"
            and following.text[1:] in ("tilde", "widetilde", "hat", "bar", "Gamma", "gamma", "widehat")
        ):
            return _differential(parser, token)
        return symbol(parser, Name(text), token)
    if len(text) > 2 and text not in parser.known:
        return _call_or_name(parser, token)
    first, rest = cut(token, 1)
    parser.position -= 1
    parser.tokens[parser.position : parser.position + 1] = [first, rest]
    parser.position += 1
    return symbol(parser, Name(first.text), first)


def _call_or_name(parser: Parser, token: Token) -> Surface:
    """An unknown word: a function where brackets follow, else a name."""
    if parser.text == "(" and len(token.text) > 2:
        return argument(parser, token.text, token)
    return symbol(parser, Name(token.text), token)


def _with_digits(parser: Parser, token: Token) -> Surface:
    """``F1``, ``CT1``, ``x2``: letters with digits. A capital (or longer) name keeps them; after one small letter they are an index."""
    number = parser.take()
    whole = replace(token, text=token.text + number.text, end=number.end)
    if len(token.text) == 1 and token.text.islower() and parser.text not in ("_",):
        parser.notes.append(((token.start, number.end), f"{token.text}_{number.text}", "flattened subscript"))
        return symbol(parser, Name(token.text, subs=(number.text,)), whole)
    if len(token.text) > 3 or parser.text == "(":
        return _call_or_name(parser, whole)
    return symbol(parser, Name(whole.text), whole)


def _differential(parser: Parser, token: Token) -> Surface:
    """``d\\tilde{c}``: the author's name for a gradient."""
    return differential_name(parser, token.text, token)


def _is_flattened(parser: Parser, match: re.Match[str]) -> bool:
    base, index = match["base"], match["index"]
    if index == "t":
        return True
    if base in _WEIGHTS:
        return index in ("ct", "hh", "xh") or (index in _GATES and not (index in "hx" and not parser.flat))
    return parser.flat and base in "zxcZXC" and index in "ifo" and not (parser.text == "(" and index in "fgh")


def _flattened(match: re.Match[str]) -> Name:
    base, index = match["base"], match["index"]
    if index == "t":
        return Name(base, time=Symbol("t", integer=True))
    return Name(base, subs=(index,))


def joined(tokens: Sequence[Token]) -> str:
    return "".join(t.text.lstrip("\\") for t in tokens if t.text not in ("{", "}", "~"))
