"""Notations as data: which sign, which letters, where the time stands. An author's own notation is one more ``Style``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import LstmSymbolicError, ReadError
from .names import Name

#: Product signs in LaTeX -> the same sign in Unicode ("" is juxtaposition).
SIGNS = {
    "": "", r"\odot": "⊙", r"\circ": "∘", r"\otimes": "⊗", r"\star": "⋆", r"\ast": "∗", "*": "∗", r"\cdot": "⋅", r"\times": "×",
    r"\bullet": "∙", r"\,": "",
}  # fmt: skip
TIMES = ("subscript", "superscript", "angle", "prime")


@dataclass(frozen=True)
class Style:
    r"""How formulas are written. ``names`` maps plain names to LaTeX symbols; ``time`` is h_t, h^{(t)}, h^{<t>} or h'.

    ``product`` is the elementwise sign, ``matmul`` the matrix product's. ``weights`` says whether a cell is printed with one matrix for
    each gate. With ``time="prime"`` the names in ``primed`` are c' at t and c at t - 1.

    >>> Style(product="*", names={"C_tilde": r"\bar{C}"}).glyph("C_tilde").accent
    'bar'
    """

    name: str = ""
    product: str = r"\odot"
    matmul: str = ""
    sigmoid: str = r"\sigma"
    tanh: str = r"\tanh"
    time: str = "subscript"
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    primed: tuple[str, ...] = ()
    separator: str = ","
    weights: str = "as written"
    gradient: str = "fraction"
    transpose: str = r"\top"

    def __post_init__(self) -> None:
        choices = {
            "time": TIMES, "weights": ("split", "concatenated", "as written"), "gradient": ("fraction", "delta"), "separator": (",", ";"),
            "transpose": (r"\top", "T", r"\intercal"), "product": tuple(SIGNS), "matmul": tuple(SIGNS), "tanh": tuple(WORDS),
            "sigmoid": tuple(WORDS),
        }  # fmt: skip
        for key, allowed in choices.items():
            value = getattr(self, key).strip()
            if value not in allowed:
                raise ReadError(f"{value[:40]!r} is no {key} of a notation", hint=f"one of {', '.join(repr(a) for a in allowed)}")

    def glyph(self, name: str) -> Name:
        """The symbol that stands for a plain name."""
        return Name.latex(self.names[name]) if name in self.names else Name.plain(name)


#: Ways to write sigma and tanh, LaTeX -> Unicode.
WORDS = {
    r"\sigma": "σ", r"\operatorname{sigmoid}": "sigmoid", r"\text{sigmoid}": "sigmoid", r"\mathrm{sigmoid}": "sigmoid",
    r"\operatorname{sigm}": "sigm", r"\mathrm{sigm}": "sigm", r"\varsigma": "ς", r"\tanh": "tanh", r"\phi": "ϕ", r"\varphi": "φ",
    r"\operatorname{tanh}": "tanh", r"\text{tanh}": "tanh", r"\mathrm{tanh}": "tanh", r"\operatorname{th}": "th",
}  # fmt: skip

_CS230 = {
    "f": r"\Gamma_f", "i": r"\Gamma_u", "o": r"\Gamma_o", "r": r"\Gamma_r", "C": "c", "h": "a", "h_tilde": r"\tilde{c}",
    "C_tilde": r"\tilde{c}", "G_u": r"\Gamma_u", "G_r": r"\Gamma_r", "G_f": r"\Gamma_f", "G_o": r"\Gamma_o", "W_C": "W_c", "U_C": "U_c",
    "b_C": "b_c", "W_h": "W_c", "U_h": "U_c", "b_h": "b_c", "W_i": "W_u", "U_i": "U_u", "b_i": "b_u", "c_tilde": r"\tilde{c}",
}  # fmt: skip
_TORCH = {
    **{f"{letter}_{gate}": f"{glyph}{gate}}}" for gate in "ifrzo" for letter, glyph in (("W", "W_{i"), ("U", "W_{h"))},
    "W_C": "W_{ig}", "U_C": "W_{hg}", "b_C": "b_g", "C": "c", "C_tilde": "g", "h_tilde": "n", "W_h": "W_{in}", "U_h": "W_{hn}",
    "b_h": "b_{in}", "c_h": "b_{hn}",
}  # fmt: skip
_GREFF = {
    "h": "y", "C": "c", "C_tilde": "z", "h_tilde": "z", "W_C": "W_z", "U_C": "R_z", "b_C": "b_z", "U_f": "R_f", "U_i": "R_i", "U_o": "R_o",
    "U_r": "R_r", "U_z": "R_z", "U_h": "R_h",
}  # fmt: skip

NOTATIONS = {
    style.name: style
    for style in (
        Style("default"),
        Style("colah", product="*", matmul=r"\cdot", weights="concatenated"),
        Style("goodfellow", time="superscript", names={"C": "s", "C_tilde": r"\tilde{s}"}),
        Style("pytorch", names=_TORCH, weights="split"),
        Style("greff", names=_GREFF, weights="split"),
        Style("cs230", product=r"\star", time="angle", names=_CS230, weights="concatenated"),
    )
}


def style(notation: str | Style) -> Style:
    """A notation by name, or as it is.

    >>> style("colah").matmul
    '\\\\cdot'
    """
    if isinstance(notation, Style):
        return notation
    if notation not in NOTATIONS:
        raise LstmSymbolicError(f"no notation is called {notation[:40]!r}", hint=f"known notations: {', '.join(NOTATIONS)}")
    return NOTATIONS[notation]
