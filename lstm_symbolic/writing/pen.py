"""The writer: a markup and a style, and what every rule of the walk needs from them.

The rules themselves are ``walk``'s; ``rule`` is the function they register with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch

from sympy import Basic

from ..errors import UnsupportedNode
from .as_unicode import Unicode
from .names import Name
from .style import Style

#: How tightly a text binds.
SUM, BIG, HADAMARD, PRODUCT, CALL, POWER, ATOM = range(1, 8)

#: Functions whose printed name is not their plain name.
_FUNCTIONS = {"relu": "ReLU", "sign": "sgn"}
Text = tuple[str, int]


@dataclass(frozen=True)
class Writer:
    """A markup and a style; ``glyphs`` holds the symbols of the names, chosen so that no two look alike."""

    markup: Unicode
    style: Style
    glyphs: Mapping[str, Name] = field(default_factory=dict)

    def __call__(self, e: Basic) -> str:
        return rule(e, self)[0]

    def within(self, e: Basic, least: int) -> str:
        """The text of an operand, in brackets where it binds more loosely than its surroundings."""
        text, strength = rule(e, self)
        return self.markup.paren(text) if strength < least else text

    def name(self, name: str) -> Name:
        return self.glyphs[name] if name in self.glyphs else self.style.glyph(name)

    def colored(self, name: str, text: str) -> str:
        """The text of a symbol in the colour that the style gives its name."""
        return self.markup.color(text, self.style.colors[name]) if name in self.style.colors else text

    def function(self, name: str) -> str:
        if name in ("sigmoid", "dsigmoid", "tanh", "dtanh"):
            word = self.markup.word(getattr(self.style, name.removeprefix("d")))
            return self.markup.prime(word) if name.startswith("d") else word
        if len(name) == 2 and name.startswith("d"):
            return self.markup.prime(self.markup.function(name[1]))  # the derivative of a function without a definition
        return self.markup.function(_FUNCTIONS.get(name, name))

    def fraction(self, top: str, bottom: str) -> Text:
        """A fraction with a bar needs no brackets in a product; one on a line does."""
        return self.markup.fraction(top, bottom), CALL if self.markup.closed_fractions else HADAMARD

    def derivative(self, above: str, below: str) -> Text:
        return self.fraction(self.markup.prefix("∂", above), self.markup.prefix("∂", below))

    def call(self, name: str, *args: Basic) -> Text:
        return self.markup.call(self.function(name), [self(a) for a in args]), CALL


@singledispatch
def rule(e: Basic, w: Writer) -> Text:
    """Text and binding strength."""
    raise UnsupportedNode(f"no printing rule for {type(e).__name__}")
