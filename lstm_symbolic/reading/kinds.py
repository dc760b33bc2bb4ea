"""Kinds: what sort of thing a factor is, before its dimensions are known, and what a product of two kinds means.

``s`` scalar, ``v`` vector in the document's layout, ``w`` the transposed vector, ``m`` matrix. Every table entry carries a cost: 0 for
the usual reading, more for what a careful reader would take only when nothing else fits. The cheapest reading of a whole system wins.
"""

from __future__ import annotations

import re

from .surface import Name

#: Glyphs that mean the elementwise product; a matrix product under one of them is a slip.
HADAMARD = {
    r"\odot",
    r"\circ",
    r"\star",
    r"\otimes",
    r"\bullet",
    r"\bigodot",
    r"\bigotimes",
    r"\bigcirc",
    r"\bigstar",
    r"\hadamard",
    r"\circledast",
    r"\boxtimes",
}

Options = tuple[tuple[str, str, float], ...]

#: (left kind, right kind) -> (operation, kind, cost), column vectors; the row table mirrors it.
_COLUMN: dict[tuple[str, str], Options] = {
    ("m", "v"): (("matmul", "v", 0.0),),
    ("v", "m"): (("matmul", "v", 1.8),),
    ("v", "v"): (("mul", "v", 0.0),),
    ("m", "m"): (("matmul", "m", 0.0), ("mul", "m", 1.0)),
    ("v", "w"): (("matmul", "m", 0.0),),
    ("w", "v"): (("matmul", "s", 0.3),),
    ("w", "m"): (("matmul", "w", 0.0),),
    ("m", "w"): (("matmul", "w", 1.8),),
    ("w", "w"): (("mul", "w", 0.3),),
}
_ROW: dict[tuple[str, str], Options] = {(b, a): options for (a, b), options in _COLUMN.items()}


def product(left: str, right: str, glyph: str, layout: str) -> Options:
    """What the product of two kinds can mean under this glyph."""
    if glyph == "@":
        return _in_programs(left, right, layout)
    if left == "s" or right == "s":
        return (("mul", right if left == "s" else left, 0.0),)
    options = (_ROW if layout == "row" else _COLUMN)[left, right]
    if glyph == r"\otimes" and left == right == "v":
        return (*options, ("outer", "m", 1.0))
    if glyph in HADAMARD:
        return tuple(
            (op, kind, cost + (3.0 if op == "matmul" else 0.0 if (left, right) == ("m", "m") else cost)) for op, kind, cost in options
        )
    return options


def _in_programs(left: str, right: str, layout: str) -> Options:
    """``@`` is the matrix product and nothing else; of two vectors it is their inner product."""
    if left == "s" or right == "s":
        return (("matmul", right if left == "s" else left, 2.0),)
    options = (_ROW if layout == "row" else _COLUMN)[left, right]
    return tuple(("matmul", kind if op == "matmul" else "s", cost + (0.0 if op == "matmul" else 1.0)) for op, kind, cost in options)


_WEIGHTS = re.compile(r"[WUV]\d?|[RTAKMQ]|W[a-z]{0,2}|Theta|Omega")
_SCALARS = {
    "alpha",
    "beta",
    "lambda",
    "eta",
    "epsilon",
    "L",
    "J",
    "E",
    "N",
    "n",
    "m",
    "k",
    "T",
    "t",
    "gamma",
    "mu",
    "ell",
    "B",
    "pi",
    "tau",
    "varepsilon",
}
_BIASES = {"b", "B", "bias", "beta"}


def prior(name: Name, timed: bool, index: str) -> tuple[tuple[str, float], ...]:
    """The kinds a symbol may have, by its letter: a capital W without a time is a weight, what has a time is a vector."""
    base = re.sub(r"^(delta_|Delta_|d)(?=[A-Za-z])", "", name.base) if len(name.base) > 1 else name.base
    differential = base != name.base
    if timed and base in ("W", "U"):
        return ("m", 0.2), ("v", 0.6), ("s", 4.0)
    if timed:
        return ("v", 0.0), ("m", 3.0), ("s", 3.0)
    if base in ("L", "J", "E", "Loss", "ell") and not name.subs:
        return ("s", 0.0), ("m", 2.0), ("v", 2.0)
    if base in _BIASES and (index or base != "beta"):
        return ("v", 0.0), ("s", 1.5), ("m", 4.0)
    if _WEIGHTS.fullmatch(base) and not (base == "T" and not index):
        return ("m", 0.0), ("v", 2.7), ("s", 4.0)
    if base == "I" and not index:
        return ("m", 0.0), ("s", 1.0)
    if base in _SCALARS and not index and not differential:
        return ("s", 0.0), ("v", 0.7), ("m", 2.0)
    if base[0].isupper() and len(base) == 1 and index and base not in "CHXIFO":
        return ("m", 0.4), ("v", 0.5), ("s", 3.0)
    if len(base) > 2 and base.islower() and base not in ("alpha", "beta", "gamma", "delta", "theta", "net"):
        return ("m", 0.2), ("v", 0.3), ("s", 1.0)
    if base in ("w", "p", "u") and index:
        return ("v", 0.4), ("m", 0.6), ("s", 2.0)
    return ("v", 0.0), ("s", 0.8), ("m", 2.0)
