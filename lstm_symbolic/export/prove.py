"""Proof that an exported NumPy file computes its cell: the file itself runs on arrays of symbols, and every entry of every result is
compared with the equations in the canonical form of ``proof``, where equal dictionaries are equal functions.

The forward pass is compared with the equations, backpropagation with the adjoint recursion of ``calculus``, at symbolic entries and small
sizes: two steps (so that the recursion is used), two features (so that a transpose is seen), one sample. A difference of two canonical
forms that does not vanish refutes nothing by itself (the form may be incomplete): it is reported as not proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
from sympy import Integer

from ..calculus import backward
from ..cells import TIME, Cell
from ..errors import LstmSymbolicError
from ..expr import Evaluator
from ..expr.nodes import Grad
from ..proof.atoms import Atoms
from ..proof.budget import Budget, Exhausted
from ..proof.poly import Poly
from .targets import export

SECONDS, MONOMIALS = 60.0, 20_000

Array = np.ndarray[Any, Any]
Values = dict[Any, Any]


@dataclass(frozen=True)
class Entry:
    """A number of an object array: a polynomial in symbols and atoms, in canonical form. NumPy calls the methods."""

    algebra: Atoms
    poly: Poly

    def of(self, other: Any) -> Poly:
        return other.poly if isinstance(other, Entry) else self.algebra.constant(Fraction(other))

    def new(self, poly: Poly) -> Entry:
        return Entry(self.algebra, poly)

    def __add__(self, other: Any) -> Entry:
        return self.new(self.algebra.add(self.poly, self.of(other)))

    def __sub__(self, other: Any) -> Entry:
        return self.new(self.algebra.sub(self.poly, self.of(other)))

    def __rsub__(self, other: Any) -> Entry:
        return self.new(self.algebra.sub(self.of(other), self.poly))

    def __mul__(self, other: Any) -> Entry:
        return self.new(self.algebra.mul(self.poly, self.of(other)))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Entry:
        return self * -1

    def __truediv__(self, other: Any) -> Entry:
        return self.new(self.algebra.mul(self.poly, self.algebra.inverse(self.of(other))))

    def __rtruediv__(self, other: Any) -> Entry:
        return self.new(self.algebra.mul(self.of(other), self.algebra.inverse(self.poly)))

    def __pow__(self, exponent: Any) -> Entry:
        return self.new(self.algebra.power(self.poly, int(exponent)))

    def tanh(self) -> Entry:
        return self.new(self.algebra.apply("tanh", self.poly))

    def exp(self) -> Entry:
        return self.new(self.algebra.apply("exp", self.poly))

    def log(self) -> Entry:
        return self.new(self.algebra.apply("log", self.poly))

    def sqrt(self) -> Entry:
        return self.new(self.algebra.apply("sqrt", self.poly))


@dataclass(frozen=True)
class Symbols:
    """Arrays of symbols, one name for each entry."""

    algebra: Atoms
    dims: Mapping[str, int]
    cell: Cell

    def array(self, name: str, label: str) -> Array:
        rows, columns = Evaluator({}, self.dims).size(*self.cell.shapes[name])
        result = np.empty((rows, columns), object)
        for i in range(rows):
            for j in range(columns):
                head = self.algebra.head(("sym", f"{label}_{i}_{j}", None, None))
                result[i, j] = Entry(self.algebra, self.algebra.factor(head))
        return result


def unproved(cell: Cell, steps: int = 2, size: int = 2) -> list[str]:
    """The results of the exported file that were not proved equal to the equations: none, for a right file.

    >>> from ..cells import cell
    >>> unproved(cell("rnn"))
    []
    """
    return unproved_source(export(cell), cell, steps, size)


def unproved_source(source: str, cell: Cell, steps: int = 2, size: int = 2) -> list[str]:
    """The same for a given text of the file."""
    names = sorted({s.name for shape in cell.shapes.values() for d in shape for s in d.free_symbols})
    symbols = Symbols(Atoms(Budget(SECONDS, MONOMIALS)), dict.fromkeys(names, size), cell)
    given: Values = {name: symbols.array(name, name) for name in cell.parameters}
    given |= {(name, t): symbols.array(name, f"{name}[{t}]") for name in cell.inputs for t in range(steps + 1)}
    given |= {(name, 0): symbols.array(name, f"{name}[0]") for name in cell.defined}
    upstream = {(o, t): symbols.array(o, f"up_{o}[{t}]") for o in cell.outputs for t in range(1, steps + 1)}
    try:
        theirs = equations(cell, given, upstream, steps, symbols.dims)
        mine = [run(source, cell, given, upstream, steps, samples) for samples in (1, 2)]  # one sample is computed in another order
    except Exhausted as error:
        raise LstmSymbolicError(f"neither proved nor disproved: {error}", hint="fewer steps, or fewer features") from None
    return [label for label in mine[0] if not all(_equal(found[label], theirs[label]) for found in mine)]


def _equal(a: Array, b: Array) -> bool:
    pairs = zip(np.ravel(a), np.ravel(b), strict=True)
    return all(not (x - y if isinstance(x, Entry) or isinstance(y, Entry) else Entry(Atoms(), {}) + (x - y)).poly for x, y in pairs)


def equations(cell: Cell, given: Values, upstream: Values, steps: int, dims: Mapping[str, int]) -> dict[str, Array]:
    """Every result by the equations of the cell and its adjoint recursion."""
    grads = backward(cell, outputs=cell.outputs)
    values = dict(given)
    for t in range(1, steps + 1):
        for e in cell.in_order():
            values[e.lhs.name, t] = Evaluator(values, dims, {"t": t})(e.rhs)
    values |= {(grads.upstream[o], t): v for (o, t), v in upstream.items()}
    ruler = Evaluator({}, dims)

    def place(left: Any, t: int) -> Any:
        return left.xreplace({TIME: Integer(t)}) if isinstance(left, Grad) else (left.name, t)

    for e in grads.recursion:
        values |= {place(e.lhs, t): np.zeros(ruler.size(*e.lhs.shape), object) for t in range(steps + 2)}
    values |= {(name, steps + 1): values[name, steps] for name in (*cell.defined, *cell.inputs)}  # read beside zeros only
    for t in range(steps, 0, -1):
        for e in grads.recursion:
            values[place(e.lhs, t)] = Evaluator(values, dims, {"t": t, "T": steps})(e.rhs)
    found = {f"{o}[{t}]": values[o, t] for o, t in upstream}
    found |= {f"d_{k}": Evaluator(values, dims, {"T": steps})(e) for k, e in grads.parameters.items()}
    for name, e in grads.inputs.items():
        found |= {f"d_{name}[{t}]": Evaluator(values, dims, {"t": t})(e) for t in range(1, steps + 1)}
    return found | {f"d_{k}[0]": Evaluator(values, dims, {"T": steps})(e) for k, e in grads.initial.items()}


def run(source: str, cell: Cell, given: Values, upstream: Values, steps: int, samples: int = 1) -> dict[str, Array]:
    """Every result by the exported file, on arrays of symbols. Of several samples, which are equal, only the first has a loss."""
    module = ModuleType("exported")
    exec(compile(source, "exported.py", "exec"), module.__dict__)
    module.DTYPES = ("object",)  # type: ignore[attr-defined]

    def row(a: Array) -> Array:
        return np.repeat(a.reshape(1, -1), samples, axis=0)

    def first(a: Array) -> Array:
        return np.concatenate((a[:, :1], 0 * a[:, 1:]), axis=1)

    inputs = {k: np.array([row(given[k, t]) for t in range(1, steps + 1)], object) for k in cell.inputs}
    state = {k: row(given[k, 0]) for k in module.STATES}
    x = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    outputs, _, cache = module.forward(x, {k: given[k] for k in cell.parameters}, state)
    ups = {o: first(np.array([row(upstream[o, t]) for t in range(1, steps + 1)], object)) for o in cell.outputs}
    d_params, d_x, d_state = module.backward(ups, cache)
    d_inputs = d_x if len(inputs) > 1 else {cell.inputs[0]: d_x}
    found = {f"{o}[{t + 1}]": v[t, :1] for o, v in outputs.items() for t in range(steps)}
    found |= {f"d_{k}": v for k, v in d_params.items()}
    found |= {f"d_{k}[{t + 1}]": v[t, :1] for k, v in d_inputs.items() for t in range(steps)}
    return found | {f"d_{k}[0]": v[:1] for k, v in d_state.items()}
