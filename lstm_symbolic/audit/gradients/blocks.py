"""The blocks of a weight that multiplies concatenated operands: in ``W_f [h; x]`` the columns of h on the left, those of x on the right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from sympy import Expr, preorder_traversal
from sympy.matrices.expressions import MatMul

from ...cells import Cell
from ...expr import nodes, shape_of
from ...expr.term import Term
from ..interpret import map_symbols


@dataclass(frozen=True)
class Blocks:
    """The sizes of the two blocks; columns for ``W @ [h; x]``, rows for ``[h, x] @ W``."""

    columns: bool
    first: Expr
    second: Expr


def blocks_of(cell: Cell) -> dict[str, Blocks]:
    """The weights of a cell that have two blocks.

    >>> from ...cells import Cell
    >>> c = Cell.from_plain(["h[t] = tanh(W @ concat(h[t-1], x[t]) + b)"])
    >>> blocks_of(c)
    {'W': Blocks(columns=True, first=n, second=m)}
    """
    found: dict[str, Blocks] = {}
    for e in cell.equations:
        for node in preorder_traversal(e.rhs):
            if isinstance(node, MatMul) and len(node.args) == 2:
                left, right = node.args
                if isinstance(right, nodes.VStack) and len(right.args) == 2 and left.is_symbol:
                    found[left.name] = Blocks(True, *(shape_of(a)[0] for a in right.args))
                elif isinstance(left, nodes.HStack) and len(left.args) == 2 and right.is_symbol:
                    found[right.name] = Blocks(False, *(shape_of(a)[1] for a in left.args))
    return found


def block(weight: Term, side: str, blocks: Blocks) -> Term | None:
    """A block of a weight as a product with a selector; None for rows of a weight whose columns are stacked.

    >>> from ...expr.plain import write
    >>> from sympy import Symbol
    >>> write(block(Term("sym", name="W"), "right", Blocks(True, Symbol("n"), Symbol("m"))))
    'W @ vstack(0 * ones(n, m), eye(m))'
    """
    if blocks.columns != (side in ("left", "right")):
        return None
    first, kept = side in ("left", "top"), blocks.first if side in ("left", "top") else blocks.second
    other = blocks.second if first else blocks.first
    identity = Term("eye", index=(kept,))
    shape = (other, kept) if blocks.columns else (kept, other)
    zeros = Term("mul", (Term("num", number=Fraction(0)), Term("ones", index=shape)))
    stacked = Term("vstack" if blocks.columns else "hstack", (identity, zeros) if first else (zeros, identity))
    return Term("matmul", (weight, stacked) if blocks.columns else (stacked, weight), span=weight.span)


def with_blocks(value: Term, side: str, blocks: Mapping[str, Blocks]) -> Term:
    """A side of a line in which every such weight stands for one of its blocks."""

    def change(t: Term) -> Term:
        found = block(replace(t, index=()), side, blocks[t.name]) if t.name in blocks else None
        return t if found is None else found

    return map_symbols(value, change)
