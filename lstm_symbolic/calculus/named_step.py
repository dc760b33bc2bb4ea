"""One step of a cell as a derivation sees it: pre-activations named, and a name for the adjoint of every value.

Weights, states, outputs and pre-activations keep a named adjoint; those of other intermediates (the gates) are written out.
"""

from __future__ import annotations

from sympy import Basic, Eq, Expr

from ..cells import Cell, leaves
from ..errors import CellError, UnsupportedNode
from ..expr import TimeSymbol, plain
from ..expr.nodes import Grad
from .preactivations import Names, PreActivations, symbols_of

#: An equation nested deeper than this is refused: the derivative of a nested quotient doubles with every level.
MAX_NESTING = 24


class NamedStep:
    """``equations`` in the order of evaluation; ``owner`` says whose pre-activation a name is, ``deltas`` what its adjoint is called,
    ``upstream`` what the loss hands to an output, ``mask`` what cuts windows (empty where nothing does).
    """

    def __init__(self, cell: Cell, truncate: int | None, outputs: tuple[str, ...]) -> None:
        for e in cell.equations:
            if not isinstance(e.lhs, TimeSymbol):
                raise CellError(f"{plain(e.lhs)} has no time to go back through", hint="write h[t] = ... h[t - 1]")
            if nesting(e.rhs) > MAX_NESTING:
                reason = f"the equation of {plain(e.lhs)} is nested deeper than {MAX_NESTING} operations"
                raise UnsupportedNode(reason, hint="give its inner values names and equations of their own")
        self.cell, self.truncate, self.outputs = cell, truncate, outputs
        self.names = Names(symbols_of(cell))
        named = PreActivations(self.names, cell.parameters)
        self.equations = named.equations(cell.in_order())
        self.owner = {symbol.name: owner for symbol, owner in named.owner.items()}
        self.values = named.values | {e.rhs: e.lhs for e in self.equations if not e.rhs.is_symbol}
        self.arguments = self._arguments()
        self.deltas = {name: self.names.fresh(f"delta_{name.removeprefix('a_')}") for name in self.owner}
        self.upstream = {name: self.names.fresh(f"dL_{name}") for name in outputs}
        self.mask = self.names.fresh("keep") if truncate is not None and truncate > 1 else ""

    def _arguments(self) -> dict[Expr, Expr]:
        """What the name of a pre-activation stands for, in the symbols of the cell."""
        table: dict[Expr, Expr] = {}
        for e in self.equations:
            if e.lhs.name in self.owner:
                table[e.lhs] = e.rhs.xreplace(table)
        return table

    def live(self) -> list[Eq]:
        """The equations of what the loss depends on, now or later."""
        reads = {e.lhs.name: {s.name for s in leaves(e.rhs)} for e in self.equations}
        live, open_ = set(self.outputs), list(self.outputs)
        while open_:
            new = reads.get(open_.pop(), set()) - live
            live |= new
            open_ += new
        return [e for e in self.equations if e.lhs.name in live]

    def is_named(self, e: Eq) -> bool:
        name = e.lhs.name
        weights = any(s.name in self.cell.parameters for s in leaves(e.rhs))
        return name in self.cell.states or name in self.outputs or name in self.owner or weights

    def adjoint(self, symbol: TimeSymbol) -> Expr:
        if symbol.name in self.deltas:
            return TimeSymbol(self.deltas[symbol.name], *symbol.shape, *symbol.index)
        return Grad(symbol)

    def loss(self, symbol: TimeSymbol) -> Expr:
        """What the loss hands to an output directly."""
        return TimeSymbol(self.upstream[symbol.name], *symbol.shape, *symbol.index)

    def called(self, symbol: TimeSymbol) -> str:
        return f"the pre-activation of {self.owner[symbol.name]}[t]" if symbol.name in self.owner else plain(symbol)


def nesting(e: Basic) -> int:
    """How deep the operations of an expression are nested."""
    deepest, stack = 0, [(e, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        if depth <= MAX_NESTING and not isinstance(node, TimeSymbol):
            stack += [(a, depth + 1) for a in node.args]
    return deepest
