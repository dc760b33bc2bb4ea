"""Pre-activations get a name: ``f[t] = sigmoid(W_f @ x[t] + b_f)`` becomes ``a_f[t] = W_f @ x[t] + b_f`` and ``f[t] = sigmoid(a_f[t])``.

Their adjoints are the deltas of the textbooks. Only an argument that holds parameters is named: ``tanh(C[t])`` stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sympy import Eq, Expr
from sympy.core.function import AppliedUndef

from ..cells import Cell, leaves
from ..cells.timing import TIME
from ..expr import TimeSymbol, shape_of
from ..expr.functions import Elementwise
from ..expr.nodes import Apply, Softmax


@dataclass
class Names:
    """Hands out names that no symbol has."""

    taken: set[str]

    def fresh(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name


@dataclass
class PreActivations:
    """``owner``: the symbol of a pre-activation -> whose equation it came from; ``values``: an activation of one -> as it was written."""

    names: Names
    parameters: Collection[str]
    owner: dict[TimeSymbol, str] = field(default_factory=dict)
    found: dict[Expr, TimeSymbol] = field(default_factory=dict)
    values: dict[Expr, Expr] = field(default_factory=dict)

    def equations(self, step: Iterable[Eq]) -> list[Eq]:
        """The equations of a step with the pre-activations in front of the lines that use them."""
        result: list[Eq] = []
        for e in step:
            known = len(self.found)
            right = self.rewrite(e.rhs, e.lhs)
            new = list(self.found.items())[known:]
            result += [Eq(symbol, argument, evaluate=False) for argument, symbol in new]
            result.append(Eq(e.lhs, right, evaluate=False))
        return result

    def rewrite(self, e: Expr, left: Expr) -> Expr:
        if not e.args or e.is_symbol:
            return e
        if not self.is_activation(e):
            args = [self.rewrite(a, left) for a in e.args]
            return e if all(a is b for a, b in zip(args, e.args, strict=True)) else e.func(*args)
        wanted = self.names.fresh(f"a_{left.name}")
        argument = self.rewrite(e.args[-1], left)
        if argument not in self.found:
            index = left.index if isinstance(left, TimeSymbol) else (TIME,)
            symbol = self.found[argument] = TimeSymbol(wanted, *shape_of(argument), *index)
            self.owner[symbol] = left.name
        activation = e.func(*e.args[:-1], self.found[argument])
        self.values[activation] = e
        return activation

    def is_activation(self, e: Expr) -> bool:
        single = isinstance(e, Softmax) or (isinstance(e, Apply | Elementwise | AppliedUndef) and len(e.args) == 1 + isinstance(e, Apply))
        return single and not e.args[-1].is_symbol and any(s.name in self.parameters for s in leaves(e.args[-1]))


def symbols_of(cell: Cell) -> set[str]:
    """Every name that the cell uses."""
    return {*cell.shapes, *cell.defined}
