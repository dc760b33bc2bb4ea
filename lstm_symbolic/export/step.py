"""One step of a cell, or of its gradients, as a NumPy function through SymPy's lambdify with our NumPy printer.

Names are the symbols of the equations; a value of another time is ``h_prev`` (t - 1) or ``delta_f_next`` (t + 1), the adjoint of h is
``grad_h``. Arrays have the shapes of the equations, one sample; dimensions come from the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from typing import Any

import numpy as np
import sympy
from sympy import Basic, Eq, Expr, Integer, MatrixExpr, MatrixSymbol, Symbol
from sympy.matrices.expressions import Identity, MatMul, OneMatrix
from sympy.printing.numpy import NumPyPrinter

from ..calculus import Gradients
from ..cells import TIME, Cell, as_cell
from ..errors import UnsupportedNode
from ..expr import TimeSymbol, plain, shape_of
from ..expr.functions import Elementwise
from ..expr.nodes import Apply, Broadcast, Diag, Grad, HStack, Norm, Softmax, TimeSum, Total, VStack
from ..expr.numeric import NUMPY


def _softmax(u: Any) -> Any:
    weights = np.exp(u - np.max(u))
    return weights / np.sum(weights)


#: What printed code may call.
_CALLS: dict[str, Callable[..., Any]] = {
    **{f"f_{name}": function for name, function in NUMPY.items()},
    "stack": np.concatenate, "diagonal": lambda u: np.diag(np.ravel(u)), "softmax": _softmax, "ones": np.ones, "eye": np.eye,
    "total": lambda u: np.sum(u).reshape(1, 1), "norm": lambda u: np.sqrt(np.sum(np.square(u))).reshape(1, 1), "trace": np.trace,
}  # fmt: skip


class StepPrinter(NumPyPrinter):  # type: ignore[misc]
    """Python code of an expression, one row a node; ``sizes`` says where a dimension can be read."""

    def __init__(self, sizes: dict[str, str]) -> None:
        super().__init__({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": False})
        self.sizes = sizes

    def _print_Basic(self, e: Basic) -> str:
        raise UnsupportedNode(f"no NumPy code for {type(e).__name__}")

    def _print_not_supported(self, e: Basic) -> str:
        return self._print_Basic(e)

    def _join(self, sign: str, args: Sequence[Basic]) -> str:
        return "(" + sign.join(self._print(a) for a in args) + ")"

    def _print_MatAdd(self, e: Expr) -> str:
        return self._join(" + ", e.args)

    def _print_HadamardProduct(self, e: Expr) -> str:
        return self._join(" * ", e.args)

    def _print_MatMul(self, e: MatMul) -> str:
        scalars = [self._print(a) for a in e.args if not isinstance(a, MatrixExpr)]
        matrices = self._join(" @ ", [a for a in e.args if isinstance(a, MatrixExpr)])
        return "(" + " * ".join([*scalars, matrices]) + ")"

    def _print_Transpose(self, e: Expr) -> str:
        return f"{self._print(e.args[0])}.T"

    def _call(self, name: str, args: Sequence[Basic]) -> str:
        if name not in NUMPY:
            raise UnsupportedNode(f"the function {name} has no definition")
        return f"f_{name}({', '.join(self._print(a) for a in args)})"

    def _print_Elementwise(self, e: Elementwise) -> str:
        return self._call(e.plain, e.args)

    def _print_Function(self, e: Expr) -> str:
        return self._print_Elementwise(e) if isinstance(e, Elementwise) else self._call(e.func.__name__, e.args)

    def _print_Apply(self, e: Apply) -> str:
        return self._call(e.function, e.operands)

    def _print_Broadcast(self, e: Broadcast) -> str:
        return f"(ones({self._shape(e.shape)}) * {self._print(e.args[0])})"

    def _print_VStack(self, e: VStack) -> str:
        return f"stack(({', '.join(self._print(a) for a in e.args)},), axis=0)"

    def _print_HStack(self, e: HStack) -> str:
        return f"stack(({', '.join(self._print(a) for a in e.args)},), axis=1)"

    def _print_Diag(self, e: Diag) -> str:
        return f"diagonal({self._print(e.args[0])})"

    def _print_Softmax(self, e: Softmax) -> str:
        return f"softmax({self._print(e.args[0])})"

    def _print_Total(self, e: Total) -> str:
        return f"total({self._print(e.args[0])})"

    def _print_Norm(self, e: Norm) -> str:
        return f"norm({self._print(e.args[0])})"

    def _print_Trace(self, e: Expr) -> str:
        return f"trace({self._print(e.args[0])})"

    def _print_OneMatrix(self, e: OneMatrix) -> str:
        return f"ones({self._shape(e.shape)})"

    def _print_ZeroMatrix(self, e: OneMatrix) -> str:
        return f"(0.0 * ones({self._shape(e.shape)}))"

    def _print_Identity(self, e: Identity) -> str:
        return f"eye({self._size(e.args[0])})"

    def _shape(self, shape: Sequence[Basic]) -> str:
        return f"({self._size(shape[0])}, {self._size(shape[1])})"

    def _size(self, size: Basic) -> str:
        """A dimension: read from an argument, or computed from others."""
        if isinstance(size, Symbol):
            if size.name not in self.sizes:
                raise UnsupportedNode(f"no argument has {size} rows or columns")
            return self.sizes[size.name]
        sign = {sympy.Add: " + ", sympy.Mul: " * "}.get(type(size))
        return f"({sign.join(self._size(a) for a in size.args)})" if sign else str(int(size))  # type: ignore[arg-type]


def lambdify(what: Cell | Gradients | str) -> Callable[..., dict[str, Any]]:
    """One step as a function of arrays, by position or by name; it returns everything that the step computes, by name.

    Arrays have two axes, as the shapes of the equations say: ``W`` is (n, m), ``x`` is (m, 1). ``UnsupportedNode`` where a function of
    the equations has no definition, or a value is read more than one step away.

    >>> step = lambdify("rnn")
    >>> list(step.__signature__.parameters)
    ['x', 'h_prev', 'W', 'U', 'b']
    >>> one = np.ones((1, 1))
    >>> step(x=one, h_prev=one, W=one, U=one, b=-one)["h"].tolist() == np.tanh(one).tolist()
    True
    """
    if isinstance(what, Gradients):
        lines = [*what.recursion, *(Eq(Grad(what.cell.symbol(name)), _one_step(e), evaluate=False) for name, e in what.parameters.items())]
        lines += [Eq(Grad(what.cell.symbol(name)), e, evaluate=False) for name, e in what.inputs.items() if name not in what.initial]
        first: tuple[str, ...] = ()
    else:
        cell = as_cell(what)
        lines, first = list(cell.in_order()), (*cell.inputs, *(f"{name}_prev" for name in (*cell.states, *cell.inputs)))
    return _function(lines, first)


def _one_step(e: Expr) -> Expr:
    """The share of one step in a sum over time."""
    return e.args[0] if isinstance(e, TimeSum) else e


def _function(lines: Sequence[Eq], first: Sequence[str]) -> Callable[..., dict[str, Any]]:
    renamed = [(_name(e.lhs), _plain_symbols(e.rhs)) for e in lines]
    defined = {name for name, _ in renamed}
    leaves = {s.name: s for _, e in renamed for s in e.atoms(MatrixSymbol, Symbol) if not s.is_integer}
    order = [name for _, e in renamed for name in (s.name for s in _in_order(e)) if name not in defined]
    arguments = list(dict.fromkeys([*(n for n in first if n in leaves), *order]))
    axes = [(d.name, f"{n}.shape[{axis}]") for n in leaves for axis, d in enumerate(shape_of(leaves[n])) if isinstance(d, Symbol)]
    compiled = []
    for name, e in renamed:
        used = {s.name for s in e.atoms(MatrixSymbol, Symbol) if not s.is_integer}
        sizes = {d: text for d, text in reversed(axes) if text.partition(".")[0] in arguments}
        inner = [leaves[n] for n in sorted(used | set(arguments))]
        compiled.append((name, [s.name for s in inner], sympy.lambdify(inner, e, modules=[_CALLS, "numpy"], printer=StepPrinter(sizes))))
    signature = Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in arguments])

    def step(*args: Any, **named: Any) -> dict[str, Any]:
        values = dict(signature.bind(*args, **named).arguments)
        for name, needs, function in compiled:
            values[name] = function(*(values[n] for n in needs))
        return {name: values[name] for name, _ in renamed}

    step.__signature__ = signature  # type: ignore[attr-defined]
    step.__doc__ = "One step:\n\n" + "\n".join(f"    {plain(e)}" for e in lines)
    return step


def _name(symbol: Expr) -> str:
    """``h``, ``h_prev``, ``delta_f_next``, ``grad_h``."""
    if isinstance(symbol, Grad):
        return f"grad_{_name(symbol.args[0])}"
    if not isinstance(symbol, TimeSymbol):
        return str(symbol.name)  # type: ignore[attr-defined]
    distance = symbol.index[-1] - TIME
    if not distance.is_Integer or abs(distance) > 1:
        raise UnsupportedNode(f"{plain(symbol)} is read more than one step away")
    return symbol.name + {-1: "_prev", 0: "", 1: "_next"}[int(distance)]


def _plain_symbols(e: Expr) -> Expr:
    """The expression over symbols without time."""
    if isinstance(e, Grad | TimeSymbol):
        return MatrixSymbol(_name(e), *shape_of(e))
    if not e.args or isinstance(e, MatrixSymbol):
        return e
    return e.func(*(_plain_symbols(a) if isinstance(a, Expr) and not _is_size(a) else a for a in e.args))


def _is_size(e: Basic) -> bool:
    return isinstance(e, Integer) or bool(e.free_symbols) and all(isinstance(s, Symbol) and s.is_integer for s in e.free_symbols)


def _in_order(e: Expr) -> list[Any]:
    """Symbols as they appear."""
    if isinstance(e, MatrixSymbol) or (isinstance(e, Symbol) and not e.is_integer):
        return [e]
    return [s for a in e.args for s in _in_order(a)]  # type: ignore[arg-type]
