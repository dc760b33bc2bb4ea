"""Ways to bracket a chain of products.

Authors write ``W x \\odot h`` for (W x)*h and ``\\delta \\odot \\sigma' x^T`` for (delta*sigma') x^T. The kinds of the factors decide which
bracketing is meant; this module only lists the candidates, the usual one first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache
from typing import Union

from .kinds import HADAMARD

#: A position in the chain, or two trees and the glyph between them.
Tree = Union[int, tuple["Tree", "Tree", str]]  # noqa: UP007 (a recursive alias needs the name as text)


@lru_cache(maxsize=4096)
def groupings(glyphs: tuple[str, ...]) -> list[Tree]:
    """Ways to bracket a chain: juxtaposition binds tighter and the rest to the left; then elementwise glyphs loosest; left; right."""
    n = len(glyphs) + 1

    def left(k: int, end: int) -> Tree:
        tree: Tree = k
        for j in range(k + 1, end):
            tree = (tree, j, glyphs[j - 1])
        return tree

    def by(loose: Callable[[str], bool], inner: Callable[[int, int], Tree]) -> Tree:
        cuts = [0, *(k + 1 for k, g in enumerate(glyphs) if loose(g)), n]
        pieces = [inner(a, b) for a, b in itertools.pairwise(cuts)]
        tree = pieces[0]
        for cut, piece in zip(cuts[1:], pieces[1:], strict=False):
            tree = (tree, piece, glyphs[cut - 1])
        return tree

    def tight(a: int, b: int) -> Tree:
        part = glyphs[a : b - 1]
        if len(part) == len(glyphs):  # no elementwise glyph at all: nothing was cut off
            return by(lambda g: g != "", left)
        return _shift(groupings(part)[0], a) if any(g == "" for g in part) and any(g for g in part) else left(a, b)

    right: Tree = n - 1
    for j in range(n - 2, -1, -1):
        right = (j, right, glyphs[j])
    return [by(lambda g: g != "", left), by(lambda g: g in HADAMARD, tight), left(0, n), by(lambda g: g == "", left), right]


def _shift(tree: Tree, by: int) -> Tree:
    return tree + by if isinstance(tree, int) else (_shift(tree[0], by), _shift(tree[1], by), tree[2])
