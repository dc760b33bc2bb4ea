"""Notations as data: which sign, which letters, where the time stands. One notation is one file of ``notations/``.

Nothing in a notation is code: signs come from closed lists, symbols are parsed into a ``Name``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..errors import ReadError
from .names import Name

#: Product signs in LaTeX -> the same sign in Unicode ("" is juxtaposition).
SIGNS = {
    "": "", r"\odot": "⊙", r"\circ": "∘", r"\otimes": "⊗", r"\star": "⋆", r"\ast": "∗", "*": "∗", r"\cdot": "⋅", r"\times": "×",
    r"\bullet": "∙", r"\,": "",
}  # fmt: skip
TIMES = ("subscript", "superscript", "raised", "angle", "prime")
KINDS = ("vector", "matrix")


@dataclass(frozen=True)
class Style:
    r"""How formulas are written. ``names`` maps plain names to LaTeX symbols; ``time`` is h_t, h^{(t)}, h^t, h^{<t>} or h'.

    ``product`` is the elementwise sign, ``matmul`` the matrix product's. ``weights`` says whether a cell is printed with one matrix for
    each gate, ``layout`` whether its vectors are rows (x W) or columns (W x). ``bold`` holds the kinds of symbols (vector, matrix) that are
    set in bold. With ``time="prime"`` the names in ``primed`` are c' at t and c at t - 1. A name that ends in a star stands for all that
    begin like it: ``{"W_*": "W^{*}"}``. With ``color="gates"`` each gate of a cell has a
    colour of its own; ``colors`` says which, ``{"f": "#1f5fb3"}``.

    >>> Style(product="*", names={"C_tilde": r"\bar{C}"}).glyph("C_tilde").accent
    'bar'
    """

    name: str = ""
    about: str = ""
    product: str = r"\odot"
    matmul: str = ""
    sigmoid: str = r"\sigma"
    tanh: str = r"\tanh"
    time: str = "subscript"
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    primed: tuple[str, ...] = ()
    bold: tuple[str, ...] = ()
    separator: str = ","
    weights: str = "as written"
    layout: str = "as written"
    gradient: str = "fraction"
    transpose: str = r"\top"
    color: str = "none"
    colors: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        choices = {
            "time": TIMES, "weights": ("split", "concatenated", "as written"), "layout": ("row", "column", "as written"),
            "gradient": ("fraction", "delta"), "color": ("none", "gates"),
            "separator": (",", ";"), "transpose": (r"\top", "T", r"\intercal"),
            "product": tuple(SIGNS), "matmul": tuple(SIGNS), "tanh": tuple(WORDS), "sigmoid": tuple(WORDS),
        }  # fmt: skip
        chosen = [(key, getattr(self, key).strip()) for key in choices] + [("bold", kind) for kind in self.bold]
        for key, value in chosen:
            allowed = choices.get(key, KINDS)
            if value not in allowed:
                raise ReadError(f"{value[:40]!r} is no {key} of a notation", hint=f"one of {', '.join(repr(a) for a in allowed)}")
        for color in self.colors.values():
            if not re.fullmatch("#[0-9a-fA-F]{6}", color):
                raise ReadError(f"{color[:40]!r} is no color of a notation", hint="write six hexadecimal digits, as #1f5fb3")

    def glyph(self, name: str, kind: str = "") -> Name:
        """The symbol that stands for a plain name; ``kind`` is ``vector``, ``matrix`` or neither."""
        found = self._symbol(name)
        return replace(found, font="bold") if kind in self.bold and not found.font else found

    def _symbol(self, name: str) -> Name:
        if name in self.names:
            return Name.latex(self.names[name])
        for start, symbol in self.names.items():
            tail = name.removeprefix(start[:-1])
            if start.endswith("*") and tail != name and tail.isalnum():
                return Name.latex(symbol.replace("*", tail))
        for start, base in _ADJOINTS.items():
            own = self._symbol(name.removeprefix(start)) if name.startswith(start) else None
            if own is not None and own != Name.plain(name.removeprefix(start)):
                return Name(base, accent=own.accent, subs=(own.base, *own.subs), sups=own.sups)
        return Name.plain(name)


#: The gradient of a symbol bears the letters of the symbol.
_ADJOINTS = {"delta_": "δ", "dL_": "dL"}
#: Ways to write sigma and tanh, LaTeX -> Unicode.
WORDS = {
    r"\sigma": "σ", r"\operatorname{sigmoid}": "sigmoid", r"\text{sigmoid}": "sigmoid", r"\mathrm{sigmoid}": "sigmoid",
    r"\operatorname{sigm}": "sigm", r"\mathrm{sigm}": "sigm", r"\varsigma": "ς", r"\tanh": "tanh", r"\phi": "ϕ", r"\varphi": "φ",
    r"\operatorname{tanh}": "tanh", r"\text{tanh}": "tanh", r"\mathrm{tanh}": "tanh", r"\operatorname{th}": "th",
}  # fmt: skip
