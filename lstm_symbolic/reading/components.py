"""Component form: ``f_i = \\sigma(b_i + \\sum_j W_{ij} x_j)`` says for every i at once what ``f = \\sigma(b + W x)`` says.

A free letter stands at the defined symbol and at every vector beside it; a sum over a second letter is a matrix product, an index behind
a bracket names the component of what is inside. Only formulas that show it by such a sum or bracket are rewritten, and those of the same
document whose symbols all carry the same letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .surface import Name, Statement, Surface

#: Letters that count components.
LETTERS = frozenset("ijklmn")

#: What an index above may follow: ``\sigma(W x)^j`` is a component, ``x^j`` a power.
_WHOLE = ("group", "call", "apply")


def in_matrix_form(statements: Sequence[Statement | None]) -> list[Statement | None]:
    """The statements of a document, those in component form rewritten.

    >>> from .grammar import parse
    >>> from .tidy import split
    >>> from .tokens import tokenize
    >>> s = parse(split(tokenize(r"f_i = \\sigma(b_i + \\sum_j W_{ij} x_j)"))[0])
    >>> [n.name.plain for n in in_matrix_form([s])[0].sides[1].walk() if n.name is not None]
    ['b', 'W', 'x']
    """
    shown = {letter for s in statements if s is not None for letter in _free(s) & _shown(s)}
    return [s if s is None else _rewritten(s, shown) for s in statements]


def _rewritten(s: Statement, shown: set[str]) -> Statement:
    for letter in _free(s) & shown:
        if letter in _shown(s) or _everywhere(s, letter):
            sides = tuple(_without(side, letter) for side in s.sides)
            if all(side is not None for side in sides):
                return replace(s, sides=tuple(side for side in sides if side is not None))
    return s


def _free(s: Statement) -> set[str]:
    """The letters at the defined symbol."""
    name = s.sides[0].name
    return set() if name is None or len(s.sides) < 2 else {t for t in (*name.subs, *name.sups) if t in LETTERS}


def _shown(s: Statement) -> set[str]:
    """The letters that a sum or a bracket shows to be components."""
    found = set()
    for node in (n for side in s.sides[1:] for n in side.walk()):
        if node.op in ("contract", "entry"):
            found |= {node.glyph} if node.op == "entry" else _rows(node)
        if node.op == "power" and node.args[0].op in _WHOLE and node.args[1].name is not None and node.args[1].name.base in LETTERS:
            found.add(node.args[1].name.base)
    return found


def _rows(contraction: Surface) -> set[str]:
    """The other index of the matrix in a sum over components."""
    var = contraction.glyph
    pairs = (t for n in contraction.walk() if n.name is not None for t in (*n.name.subs, *n.name.sups) if len(t) == 2 and var in t)
    return {t.replace(var, "", 1) for t in pairs} & LETTERS


def _everywhere(s: Statement, letter: str) -> bool:
    """Do all symbols of a statement carry the letter?"""
    names = [n.name for side in s.sides for n in side.walk() if n.name is not None]
    return all(letter in (*name.subs, *name.sups) for name in names)


def _dropped(name: Name, letter: str) -> Name:
    return replace(name, subs=tuple(t for t in name.subs if t != letter), sups=tuple(t for t in name.sups if t != letter))


def _without(node: Surface, letter: str) -> Surface | None:
    """The node for all components at once; None where a sum is no matrix product."""
    if node.op == "contract":
        return _product(node, letter)
    if node.op == "entry" and node.glyph == letter:
        return node.args[0]
    if node.op == "power" and node.args[0].op in _WHOLE and node.args[1].name == Name(letter):
        return node.args[0]
    args = [_without(a, letter) for a in node.args]
    if any(a is None for a in args):
        return None
    name = node.name if node.name is None else _dropped(node.name, letter)
    return replace(node, name=name, args=tuple(a for a in args if a is not None))


def _product(contraction: Surface, letter: str) -> Surface | None:
    """``\\sum_j W_{ij} r_j h_j`` as ``W (r h)``; the other order of indices is the transposed matrix."""
    var, span = contraction.glyph, contraction.span
    body = contraction.args[0]
    factors = list(body.args) if body.op == "product" else [body]
    matrices = [f for f in factors if f.name is not None and {letter + var, var + letter} & {*f.name.subs, *f.name.sups}]
    vectors = [f for f in factors if f not in matrices]
    if len(matrices) != 1 or not vectors or not all(_carries(v, var) for v in vectors):
        return None
    (matrix,) = matrices
    assert matrix.name is not None
    turned = var + letter in (*matrix.name.subs, *matrix.name.sups)
    matrix = replace(matrix, name=_dropped(_dropped(matrix.name, letter + var), var + letter))
    matrix = Surface("transpose", (matrix,), span=matrix.span) if turned else matrix
    bare = [b for v in vectors if (b := _without(v, var)) is not None]
    right = bare[0] if len(bare) == 1 else _group(bare)
    return Surface("product", (matrix, right), glyphs=("@",), span=span)


def _group(factors: Sequence[Surface]) -> Surface:
    span = (factors[0].span[0], factors[-1].span[1])
    chain = Surface("product", tuple(factors), glyphs=(r"\odot",) * (len(factors) - 1), span=span)
    return Surface("group", (chain,), "(", span=span)


def _carries(vector: Surface, var: str) -> bool:
    """Does every symbol of a factor have the summed index?"""
    names: Iterable[Name] = [n.name for n in vector.walk() if n.name is not None]
    return all(var in (*name.subs, *name.sups) for name in names) and any(True for _ in names)
