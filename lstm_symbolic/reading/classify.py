"""What a stretch of a document is: equation, expression, symbol, declaration, data, label or diagram."""

from __future__ import annotations

import re

from .surface import Statement, Surface

_LABEL = re.compile(r"[\s(\[{]*(?:\d{1,3}[a-z]?(?:\.\d+)*|(?<=\()[a-z](?=\))|)[\s)\]}.:]*")
_ARROW = re.compile(r"\\x?(?:long)?(?:right|leftright)arrow|\\xleftarrow|\\to(?![a-z])|\\mapsto|-+>|→|\\[nsew]+arrow")

#: An arrow to the left assigns where something is computed on its right side; else it is drawn.
_ASSIGN = re.compile(r"\\(?:long)?leftarrow|\\gets|←")
_COMPUTES = re.compile(r"[-+*/(\[·⊙∘⊗×]|\\(?:[cso]dot|circ|ast|star|times|otimes|bullet|sigma|tanh|frac|sum)\b")


def before_parsing(text: str) -> tuple[str, str] | None:
    """Kind and reason of what is no formula by its looks: a label, a drawing's arrows."""
    if _LABEL.fullmatch(text):
        return "label", "a number or step label of a drawing, not a formula"
    if "=" not in text and (_ARROW.search(text) or (_ASSIGN.search(text) and not _COMPUTES.search(_ASSIGN.split(text)[-1]))):
        return "diagram", "arrows of a drawing, not an equation"
    return None


def kind_of(statement: Statement) -> str:
    """The kind of a parsed statement."""
    if statement.relation == "in":
        return "declaration"
    sides = statement.sides
    if len(sides) == 1:
        return "symbol" if sides[0].op in ("sym", "function") else "expression"
    if sides[0].op == "sym" and is_numeric(sides[-1]):
        return "data" if sides[-1].op in ("matrix", "pair") else "equation"
    return "equation"


def is_numeric(surface: Surface) -> bool:
    """Numbers only: a matrix, a row, a tuple, one number."""
    return surface.op in ("matrix", "pair", "num", "neg", "row", "group") and all(
        n.op in ("matrix", "row", "num", "neg", "pair", "group") for n in surface.walk()
    )
