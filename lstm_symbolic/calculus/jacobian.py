"""How far a gradient reaches: the Jacobian of a state with respect to an earlier one, as a product over the steps between them.

One step gives one factor: the total derivatives ∂a_t/∂b_{t-1} of the states by the states before, through all gates. Beside it stands the
direct path, what is left of a state by its own equation when the gates are held fixed: diag(f_t) for the LSTM, which is why its gradient
does not vanish where the forget gate stays open, against diag(1 - h_t²) U for the simple network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Eq, Expr, Identity, MatrixExpr, Symbol
from sympy.matrices.expressions import OneMatrix

from ..cells import TIME, Cell, as_cell, in_letters, leaves, transposed
from ..errors import CellError
from ..expr import TimeSymbol, plain, shape_of, write
from ..expr.build import hstack, vstack
from ..expr.dims import is_scalar
from ..expr.nodes import Jacobian, TimeProd
from ..notebook import Shown
from .algebra import zero
from .backward import HORIZON
from .named_step import NamedStep
from .tangent import change

EARLIER = Symbol("k", integer=True)


@dataclass(frozen=True)
class Jacobians(Shown):
    """``blocks`` holds the factors of one step by (state, earlier state); ``direct`` the part of each state's own equation."""

    cell: Cell
    blocks: Mapping[tuple[str, str], Expr] = field(hash=False)
    direct: Mapping[str, Expr] = field(hash=False)

    @property
    def step(self) -> tuple[Eq, ...]:
        """The factors of one step, as equations; those that are zero are left out."""
        named = {pair: Jacobian(self.cell.symbol(pair[0]), self.cell.symbol(pair[1], -1)) for pair in self.blocks}
        return tuple(Eq(named[pair], block, evaluate=False) for pair, block in self.blocks.items() if block != _nothing(block))

    @property
    def product(self) -> Eq:
        """From step k to step T: the product of the factors between them, the last one leftmost."""
        states = self.cell.states
        rows = [[self._factor(a, b) for b in states] for a in states]
        factor = rows[0][0] if len(states) == 1 else vstack(*(hstack(*row) for row in rows))
        beside = hstack if self.cell.layout == "row" else vstack
        ends = [beside(*(self._at(s, time) for s in states)) for time in (HORIZON, EARLIER)]
        return Eq(Jacobian(*ends), TimeProd(factor, TIME, EARLIER + 1, HORIZON), evaluate=False)

    @property
    def paths(self) -> tuple[Eq, ...]:
        """The direct path of every state that has one: its own product, with all gates held fixed."""
        return tuple(
            Eq(Jacobian(self._at(s, HORIZON), self._at(s, EARLIER)), TimeProd(block, TIME, EARLIER + 1, HORIZON), evaluate=False)
            for s, block in self.direct.items()
        )

    @property
    def equations(self) -> tuple[Eq, ...]:
        return (*self.step, self.product)

    def _at(self, state: str, time: Expr) -> Expr:
        return self.cell.symbol(state).xreplace({TIME: time})

    def _factor(self, a: str, b: str) -> Expr:
        block = self.blocks[a, b]
        if len(self.cell.states) == 1 or block == _nothing(block):
            return block
        return Jacobian(self.cell.symbol(a), self.cell.symbol(b, -1))

    def __str__(self) -> str:
        return "\n".join(plain(e) for e in self.equations)


def jacobian(cell: Cell | str) -> Jacobians:
    """The Jacobians of the states of a cell: one row for each entry of the state, one column for each entry of the earlier one, n x n.

    Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013, eq. 5. ``CellError`` where a state is no
    vector, or is read more than one step back.

    >>> print(jacobian("rnn"))
    jac(h[t], h[t - 1]) = diag(1 - h[t] ** 2) @ U
    jac(h[T], h[k]) = Prod(diag(1 - h[t] ** 2) @ U, (t, k + 1, T))
    >>> [plain(e) for e in jacobian("lstm").paths]
    ['jac(C[T], C[k]) = Prod(diag(f[t]), (t, k + 1, T))']
    """
    cell = as_cell(cell)
    if cell.layout == "row":
        return _of_rows(cell, jacobian(transposed(cell)))
    step = NamedStep(cell, None, cell.states)
    _check(cell)
    names = {e.rhs: e.lhs for e in step.equations if not e.rhs.is_symbol}
    blocks: dict[tuple[str, str], Expr] = {}
    for b in cell.states:
        before = cell.symbol(b, -1)
        table = {before: _identity(before)}
        for e in step.equations:
            found = change(e.rhs, table)
            if found is not None:
                table[e.lhs] = found.xreplace(names).xreplace(step.arguments)
        for a in cell.states:
            now = cell.symbol(a)
            blocks[a, b] = table.get(now, zero((shape_of(now)[0], shape_of(before)[0])))
    direct: dict[str, Expr] = {}
    for e in cell.equations:
        before = cell.symbol(e.lhs.name, -1)
        alone = change(e.rhs, {before: _identity(before)}) if e.lhs.name in cell.states else None
        if alone is not None and not any(s.name in cell.parameters for s in leaves(alone)):
            direct[e.lhs.name] = alone
    return Jacobians(cell, {(a, b): blocks[a, b] for a in cell.states for b in cell.states}, direct)


def _of_rows(cell: Cell, columns: Jacobians) -> Jacobians:
    """What was found for the cell in columns, in the letters of the cell as it is."""
    blocks = {pair: in_letters(block, cell) for pair, block in columns.blocks.items()}
    return Jacobians(cell, blocks, {name: in_letters(path, cell) for name, path in columns.direct.items()})


def _check(cell: Cell) -> None:
    """A Jacobian is a matrix where every state is a vector, and read one step back."""
    for name in cell.states:
        rows, cols = shape_of(cell.symbol(name))
        if cols != 1:
            hint = "ask for the change along a direction (forward mode), or for one sample"
            raise CellError(f"{name}[t] is {write(rows)} x {write(cols)}, and has no Jacobian that is a matrix", hint=hint)
    lagged = (s for e in cell.equations for s in leaves(e.rhs) if isinstance(s, TimeSymbol) and s.name in cell.states)
    far = next((s for s in lagged if s.index[-1] - TIME not in (0, -1)), None)
    if far is not None:
        raise CellError(f"{plain(far)} is not read one step back, as the factors of a Jacobian are")


def _identity(symbol: Expr) -> Expr:
    return OneMatrix(1, 1) if is_scalar(shape_of(symbol)) else Identity(shape_of(symbol)[0])


def _nothing(block: Expr) -> Expr:
    return zero(shape_of(block)) if isinstance(block, MatrixExpr) else block * 0
