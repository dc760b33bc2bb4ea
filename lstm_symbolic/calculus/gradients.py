"""What ``backward`` gives: the adjoint recursion of a cell and its gradients, for symbolic T, every line an equation in plain syntax.

``grad(h[t])`` is the total derivative ∂L/∂h_t, ``delta_f[t]`` the one of the pre-activation of f, and ``dL_h[t]`` is what the loss
reads at step t directly, the input of the recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sympy import Eq, Expr

from ..cells import Cell
from ..errors import CellError
from ..expr import Shape, TimeSymbol, plain
from ..expr.nodes import Grad
from ..expr.wanted import wanted
from ..notebook import Shown


@dataclass(frozen=True)
class Step(Shown):
    """One line of a derivation: an equation, the rules that it applies, and why it holds."""

    left: Expr
    right: Expr
    rule: str
    because: str

    def __str__(self) -> str:
        return f"{plain((self.left, self.right))}    [{self.rule}: {self.because}]"


@dataclass(frozen=True)
class Gradients(Shown):
    """Backpropagation through time. ``recursion`` stands in the order in which a step evaluates it, from t = T down to 1.

    ``boundary`` holds what is zero beyond the last step; ``initial`` the gradients of the values before the first one. ``upstream``
    maps an output to the name of its direct loss gradient. With ``truncate = k`` no gradient crosses the end of a window of k steps:
    the scalar input ``mask`` is 0 where t is a multiple of k, and 1 elsewhere.
    """

    cell: Cell
    recursion: tuple[Eq, ...]
    parameters: Mapping[str, Expr] = field(hash=False)
    inputs: Mapping[str, Expr] = field(hash=False)
    initial: Mapping[str, Expr] = field(hash=False)
    boundary: tuple[Eq, ...]
    upstream: Mapping[str, str] = field(hash=False)
    shapes: Mapping[str, Shape] = field(hash=False)
    steps: tuple[Step, ...]
    truncate: int | None = None
    mask: str = ""

    @property
    def deltas(self) -> dict[str, Expr]:
        """The right sides of the recursion, by the name of the state, or of the delta.

        >>> from . import backward
        >>> from ..cells import cell
        >>> list(backward(cell("rnn")).deltas)
        ['h', 'delta_h']
        """
        return {key(e.lhs): e.rhs for e in self.recursion}

    @property
    def sums(self) -> tuple[Eq, ...]:
        """The gradients of the parameters, as equations."""
        return tuple(Eq(Grad(self.cell.symbol(name)), value, evaluate=False) for name, value in self.parameters.items())

    @property
    def equations(self) -> tuple[Eq, ...]:
        """The recursion, then the gradients of the parameters."""
        return (*self.recursion, *self.sums)

    def wrt(self, name: str) -> tuple[Eq, ...]:
        """The gradient of one parameter, input or initial state, after the lines of the recursion that it needs."""
        tables: tuple[Mapping[str, Expr], ...] = (self.parameters, self.inputs, self.initial)
        wanted(name, str, "the name of a parameter", 'for example "W"')
        found = next((table for table in tables if name in table), None)
        if found is None:
            known = dict.fromkeys(n for table in tables for n in table)
            raise CellError(f"{self.cell.name or 'this cell'} has no parameter {name[:60]!r}", hint=f"known are {', '.join(known)}")
        lines = {key(e.lhs): e for e in self.recursion}
        needed: set[str] = set()
        open_ = [found[name]]
        while open_:
            for used in adjoints(open_.pop(), self.recursion):
                if key(used) not in needed:
                    needed.add(key(used))
                    open_.append(lines[key(used)].rhs)
        last = next(s for s in self.steps if s.right is found[name])
        return (*(e for k, e in lines.items() if k in needed), Eq(last.left, last.right, evaluate=False))

    def plain(self) -> list[str]:
        """Every line in plain syntax."""
        return [plain(e) for e in self.equations]

    def __str__(self) -> str:
        return "\n".join(self.plain())


def key(adjoint: Expr) -> str:
    """``h`` for ``grad(h[t])``, ``delta_f`` for ``delta_f[t]``."""
    return str((adjoint.args[0] if isinstance(adjoint, Grad) else adjoint).name)


def adjoints(e: Expr, recursion: Iterable[Eq]) -> list[Expr]:
    """The adjoints of a recursion that an expression reads, at whatever time."""
    known = {(type(line.lhs), key(line.lhs)) for line in recursion}
    found, stack = [], [e]
    while stack:
        node = stack.pop()
        if isinstance(node, Grad | TimeSymbol):
            if (type(node), key(node)) in known:
                found.append(node)
        else:
            stack.extend(node.args)
    return found
