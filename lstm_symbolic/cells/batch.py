"""A batch of samples: the same cell with one sample a column (a row, for row vectors), so that vectors become matrices.

What has a time differs from sample to sample; what has none (the weights) is shared by all. So ``h`` is n x B where it was n x 1, ``W @ x``
stays as it is written, and ``b`` is added to every column. What sums over the features of one sample has to be written otherwise:
``total(h)`` becomes ``ones(n).T @ h``, one number a sample. A value that is a matrix for each sample has no such form, and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce, singledispatchmethod

from sympy import Basic, Eq, Expr, Integer, MatrixExpr
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul, Transpose

from ..errors import CellError
from ..expr import Shape, TimeSymbol, nodes, plain, shape_of, write
from ..expr.build import apply, broadcast, divide, matmul, ones, power, times, transpose
from ..expr.dims import dim, is_scalar
from ..expr.wanted import wanted
from .catalogue import as_cell
from .cell import Cell, leaves


def batched(cell: Cell | str, size: str | int | Expr = "B") -> Cell:
    """The cell for ``size`` samples at once; ``backward`` of it gives the gradients summed over the batch.

    What was n x 1 is n x B (B x n for row vectors); weights stay as they are. ``CellError`` where a value is a matrix for each sample.

    >>> batch = batched("rnn")
    >>> print(batch, batch.shapes["h"], batch.shapes["b"])
    h[t] = tanh(W @ x[t] + U @ h[t - 1] + b) (n, B) (n, 1)
    """
    cell = as_cell(cell)
    samples = dim(wanted(size, (str, int, Expr), "the size of a batch", 'for example "B", or 32'))
    if not samples.is_positive:
        raise CellError(f"a batch of {write(samples)} samples", hint="a batch has 1 sample or more")
    taken = {d for shape in cell.shapes.values() for side in shape for d in side.free_symbols}
    if samples.free_symbols & taken:
        raise CellError(f"{write(samples)} is a size of {cell.name or 'the cell'} already", hint="call the size of the batch otherwise")
    batch = _Batch(samples, cell.layout == "row")
    return Cell.from_equations(
        [batch.equation(e) for e in (*cell.initial, *cell.equations)],
        cell.inputs,
        cell.states,
        cell.outputs,
        gates=cell.gates,
        candidate=cell.candidate,
        layout="row" if cell.layout == "row" else "column",
        name=cell.name,
        title=f"{cell.title}, {write(samples)} samples".removeprefix(", "),
        paper=cell.paper,
        aliases=cell.aliases,
    )


@dataclass(frozen=True)
class _Batch:
    """``of`` gives an expression for all samples; ``shape`` what becomes of a shape, a single number standing in a row or a column."""

    size: Expr
    rows: bool

    def equation(self, e: Eq) -> Eq:
        left = self.of(e.lhs)
        return Eq(left, self.fitted([e.rhs], shape_of(e.lhs))[0], evaluate=False)

    def shape(self, e: Expr, shape: Shape) -> Shape:
        rows, cols = shape
        if cols == 1 and not (rows == 1 and self.rows):
            return rows, self.size
        if rows == 1:
            return self.size, cols
        raise _matrix_for_each_sample(e, rows, cols)

    def of(self, e: Expr) -> Expr:
        return self.rule(e) if timed(e) else e

    def fitted(self, args: Sequence[Expr], shape: Shape) -> list[Expr]:
        """Operands of one elementwise operation; one of them has the full shape, and the others are repeated to it."""
        full = self.shape(args[0], shape)
        values = [self.turned(self.of(_repeated(a)), full) for a in args]
        if not any(shape_of(v) == full for v in values):
            widest = next((k for k, v in enumerate(values) if timed(v)), 0)
            values[widest] = self.spread(values[widest], full)
        return [v if not isinstance(a, MatrixExpr) else broadcast(v, full) for a, v in zip(args, values, strict=True)]

    def turned(self, value: Expr, full: Shape) -> Expr:
        """A number for each sample stands in a row beside columns, and in a column beside rows."""
        return value if all(h in (1, f) for h, f in zip(shape_of(value), full, strict=True)) else turn(value)

    def spread(self, value: Expr, full: Shape) -> Expr:
        """Repeated by a product with ones, where nothing beside it says to what shape."""
        if is_scalar(shape_of(value)):
            return value
        rows, cols = (Integer(1) if have == want else want for have, want in zip(shape_of(value), full, strict=True))
        value = value if rows == 1 else matmul(ones(rows), value)
        return value if cols == 1 else matmul(value, transpose(ones(cols)))

    def total(self, e: Expr) -> Expr:
        """The sum over the features of each sample."""
        rows, cols = shape_of(e)
        if is_scalar((rows, cols)):
            return self.of(e)
        self.shape(e, (rows, cols))
        return matmul(transpose(ones(rows)), self.of(e)) if cols == 1 else matmul(self.of(e), ones(cols))

    def product(self, left: Expr, right: Expr) -> Expr:
        """A matrix product of which one factor at least differs between samples, and the result is a vector."""
        shape = rows, cols = shape_of(left)[0], shape_of(right)[1]
        if is_scalar(shape_of(left)) or is_scalar(shape_of(right)):
            return times(*self.fitted((left, right), shape))
        if isinstance(left, nodes.Diag) and timed(left) and cols == 1:
            return times(*self.fitted((left.args[0], right), shape))
        if isinstance(right, nodes.Diag) and timed(right) and rows == 1:
            return times(*self.fitted((left, right.args[0]), shape))
        if cols == 1 and not timed(left) or rows == 1 and not timed(right):
            return matmul(self.of(left), self.of(right))
        if not is_scalar(shape):
            other = right if rows == 1 else left
            raise _matrix_for_each_sample(other, *shape_of(other))
        if self.rows:  # <left, right> of each sample
            return self.total(HadamardProduct(left, Transpose(right)))
        return self.total(HadamardProduct(turn(left), right))

    @singledispatchmethod
    def rule(self, e: Basic) -> Expr:
        raise CellError(f"{plain(e)} has no form for a batch of samples")

    @rule.register(TimeSymbol)
    def _(self, e: TimeSymbol) -> Expr:
        return TimeSymbol(e.name, *self.shape(e, shape_of(e)), *e.index)

    @rule.register(MatAdd)
    @rule.register(HadamardProduct)
    def _(self, e: Expr) -> Expr:
        return e.func(*self.fitted(e.args, shape_of(e)))

    @rule.register(nodes.Apply)
    def _(self, e: nodes.Apply) -> Expr:
        return nodes.Apply(e.function, *self.fitted(e.operands, shape_of(e)))

    @rule.register(nodes.Broadcast)
    def _(self, e: nodes.Broadcast) -> Expr:
        full = self.shape(e, shape_of(e))
        return self.spread(self.turned(self.of(e.args[0]), full), full)

    @rule.register(MatMul)
    def _(self, e: MatMul) -> Expr:
        """From the side on which the vector stands, so that (v k') q is v (k' q)."""
        scalars = [a for a in e.args if not isinstance(a, MatrixExpr)]
        first, *rest = matrices = [a for a in e.args if isinstance(a, MatrixExpr)]
        if not rest:
            value = self.of(first)
        elif shape_of(e)[1] == 1 and not (self.rows and shape_of(e)[0] == 1):
            value = self.product(first, reduce(matmul, rest))
        else:
            value = self.product(reduce(matmul, matrices[:-1]), matrices[-1])
        return reduce(lambda result, s: times(s, result), reversed(scalars), value)

    @rule.register(Transpose)
    def _(self, e: Transpose) -> Expr:
        return turn(self.of(e.arg))

    @rule.register(nodes.VStack)
    @rule.register(nodes.HStack)
    def _(self, e: nodes.Node) -> Expr:
        """Blocks of one vector; what all samples share is repeated."""
        rows, cols = self.shape(e, shape_of(e))
        across = isinstance(e, nodes.HStack)
        blocks = []
        for a in e.args:
            full = (rows, shape_of(a)[1]) if across else (shape_of(a)[0], cols)
            blocks.append(self.spread(self.turned(self.of(a), full), full))
        return e.func(*blocks)

    @rule.register(nodes.Total)
    def _(self, e: nodes.Total) -> Expr:
        return self.total(e.args[0])

    @rule.register(nodes.Norm)
    def _(self, e: nodes.Norm) -> Expr:
        return apply("sqrt", self.total(power(e.args[0], Integer(2))))

    @rule.register(nodes.Softmax)
    def _(self, e: nodes.Softmax) -> Expr:
        """Down a column it stays as it is; along a row it has to say over what it sums."""
        if shape_of(e)[0] != 1:
            return nodes.Softmax(self.of(e.args[0]))
        above = apply("exp", e.args[0])
        return divide(self.of(above), broadcast(self.total(above), self.shape(e, shape_of(e))))


def timed(e: Basic) -> bool:
    """Does it differ from sample to sample?"""
    return any(isinstance(s, TimeSymbol) for s in leaves(e))


def turn(e: Expr) -> Expr:
    """The transpose; of a product the product of the transposes."""
    if isinstance(e, Transpose):
        return e.arg
    if isinstance(e, MatMul) and all(isinstance(a, MatrixExpr) for a in e.args):
        return reduce(matmul, (turn(a) for a in reversed(e.args)))
    return transpose(e)


def _matrix_for_each_sample(e: Expr, rows: Expr, cols: Expr) -> CellError:
    reason = f"{plain(e)} is {write(rows)} x {write(cols)} for each sample, and a batch holds one column (or row) for each"
    return CellError(reason, hint="without a batch: the gradient of a batch is the sum of the gradients of its samples")


def _repeated(e: Expr) -> Expr:
    return e.args[0] if isinstance(e, nodes.Broadcast) else e
