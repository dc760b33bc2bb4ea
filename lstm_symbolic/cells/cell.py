"""A cell: the closed system of equations of one time step, and the role of every symbol in it.

Roles follow from the equations alone. What is defined at ``t`` and used at another time is a state; what has a time and is never
defined is an input; what has no time and is never defined is a parameter; everything else is an intermediate, and an intermediate
defined by a sigmoid is a gate. A caller who knows better says so. Equations stand at time ``t`` and keep the author's order.

Values without a time index (``c' = ...`` in a document) become time-indexed when the cell is made: see ``previous`` in ``from_plain``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import sympy
from sympy import Basic, Eq, Expr, MatrixExpr, MatrixSymbol, Symbol

from ..errors import CellError, ShapeError
from ..expr import SCALAR, Shape, TermEquation, TimeSymbol, build_equation, infer, layout_of, plain, read_equation, shape_of
from ..expr import shapes as known_shapes
from ..expr.build import broadcast
from ..expr.functions import sigmoid, tanh
from ..expr.nodes import Apply
from ..expr.wanted import wanted, wanted_list
from ..notebook import Shown
from .layers import one_layer
from .timing import TIME, at_time_t, definitions, indexed

Names = tuple[str, ...]
GivenShapes = Mapping[str, str | Iterable[str]] | str | None


@dataclass(frozen=True)
class Cell(Shown):
    """One step of a recurrent network. ``equations`` are unevaluated ``sympy.Eq``, in the author's order of definition.

    ``gates`` are intermediates, ``candidate`` is the proposed new value of the state, ``initial`` holds equations for a fixed time
    (``h[0] = 0``), ``layout`` is ``column`` (W x), ``row`` (x W) or ``scalar``. ``variant_of`` names the cell that this one is a
    deliberate change of; nobody's document is taken for a variant unless it is asked for by name.

    >>> cell = Cell.from_plain(["h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)"], name="rnn")
    >>> cell.states, cell.inputs, cell.parameters
    (('h',), ('x',), ('W', 'U', 'b'))
    >>> cell.shapes["W"], cell.equations[0].lhs
    ((n, m), h[t])
    """

    equations: tuple[Eq, ...]
    shapes: Mapping[str, Shape] = field(hash=False)
    inputs: Names
    states: Names
    outputs: Names
    parameters: Names
    gates: Names = ()
    candidate: str | None = None
    layout: str = "column"
    name: str = ""
    title: str = ""
    paper: str = ""
    aliases: Names = ()
    initial: tuple[Eq, ...] = ()
    variant_of: str = ""

    @classmethod
    def from_plain(
        cls,
        lines: str | Sequence[str],
        shapes: GivenShapes | Mapping[str, Shape] = None,
        inputs: Iterable[str] | None = None,
        states: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
        *,
        previous: Mapping[str, str] | None = None,
        **about: Any,
    ) -> Cell:
        """A cell from equations in plain syntax; symbols whose shape is not given get one by inference.

        ``previous`` names the old value of each state in equations without a time index:

        >>> cell = Cell.from_plain(["c_new = g(z) * f(z_i) + c * f(z_f)"], inputs=["z", "z_i", "z_f"], previous={"c_new": "c"})
        >>> cell.plain()
        ['c_new[t] = g(z[t]) * f(z_i[t]) + c_new[t - 1] * f(z_f[t])']
        """
        given = [line for line in lines.splitlines() if line.strip()] if isinstance(lines, str) else lines
        texts = wanted_list(given, str, "an equation", 'for example "h[t] = tanh(W @ x[t])"')
        terms = [read_equation(text) for text in texts]
        return cls.from_terms(terms, shapes, inputs, states, outputs, previous=previous, **about)

    @classmethod
    def from_terms(
        cls,
        terms: Sequence[TermEquation],
        shapes: GivenShapes | Mapping[str, Shape] = None,
        inputs: Iterable[str] | None = None,
        states: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
        *,
        previous: Mapping[str, str] | None = None,
        **about: Any,
    ) -> Cell:
        """A cell from untyped equations (what a reader of documents has): time indices, then shapes, then roles."""
        terms = at_time_t(one_layer(definitions(terms)))
        if previous:
            table = wanted(previous, (Mapping,), "a table of states and their old values", 'for example {"c_new": "c"}')
            terms = indexed(terms, table, tuple(wanted_list(inputs or (), str, "the name of an input")))
        found, conflicts = infer(terms, known_shapes(shapes))
        if conflicts:
            text = terms[conflicts[0].equation].text
            span = conflicts[0].term.span
            raise ShapeError(conflicts[0].message, text or None, span[0] if span and text else None)
        sides = [build_equation(equation, found) for equation in terms]
        about.setdefault("layout", layout_of(terms) if any(s != SCALAR for s in found.values()) else "scalar")
        return cls.from_equations([_equation(*pair) for pair in sides], inputs, states, outputs, **about)

    @classmethod
    def from_equations(
        cls,
        equations: Iterable[Eq],
        inputs: Iterable[str] | None = None,
        states: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
        **about: Any,
    ) -> Cell:
        """A cell from SymPy equations whose left sides are symbols."""
        equations = tuple(wanted_list(equations, Eq, "an equation of SymPy"))
        initial = tuple(e for e in equations if _is_initial(e.lhs))
        step = tuple(e for e in equations if not _is_initial(e.lhs))
        roles = Roles.of(step)
        given = {"an input": inputs, "a state": states, "an output": outputs}
        inputs, states, outputs = (n if n is None else tuple(wanted_list(n, str, f"the name of {role}")) for role, n in given.items())
        roles.check(inputs, states, outputs)
        about.setdefault("gates", tuple(e.lhs.name for e in step if _defined_by(e, "sigmoid") and e.lhs.name not in roles.states))
        proposals = [e.lhs.name for e in step if _defined_by(e, "tanh") and e.lhs.name not in roles.states]
        about.setdefault("candidate", proposals[0] if len(proposals) == 1 else None)
        about.setdefault("layout", _layout(roles.shapes))
        chosen = roles.states if states is None else states
        own = inputs or ()
        return cls(
            equations=step,
            shapes=roles.shapes,
            inputs=own + tuple(n for n in roles.inputs if n not in own),
            states=chosen,
            outputs=outputs if outputs is not None else chosen or roles.defined[-1:],
            parameters=tuple(p for p in roles.parameters if p not in own),
            initial=initial,
            **about,
        )

    @property
    def defined(self) -> Names:
        """Everything that an equation defines, in the author's order."""
        return tuple(e.lhs.name for e in self.equations)

    @property
    def intermediates(self) -> Names:
        return tuple(n for n in self.defined if n not in self.states and n not in self.outputs)

    @property
    def undefined(self) -> Names:
        """Inputs that are read at another time than ``t``: probably states whose equation is missing."""
        late = dict.fromkeys(s.name for e in self.equations for s in leaves(e.rhs) if isinstance(s, TimeSymbol) and s.index[-1] != TIME)
        return tuple(n for n in late if n in self.inputs)

    def definition(self, name: str) -> Expr:
        """The right side of the equation that defines ``name``."""
        for e in self.equations:
            if e.lhs.name == name:
                return e.rhs
        raise CellError(f"{self.name or 'this cell'} does not define {name}", hint=f"it defines {', '.join(self.defined)}")

    def symbol(self, name: str, shift: int = 0) -> Expr:
        """The symbol ``name`` as the equations use it; a value that changes with time is taken at ``t + shift``.

        >>> Cell.from_plain(["h[t] = tanh(h[t - 1] + w * x[t])"]).symbol("h", -1)
        h[t - 1]
        """
        for e in self.equations:
            for s in (e.lhs, *leaves(e.rhs)):
                if s.name == name:
                    return TimeSymbol(name, *s.shape, *s.index[:-1], TIME + shift) if isinstance(s, TimeSymbol) else s
        raise CellError(f"{self.name or 'this cell'} has no symbol {name}")

    def in_order(self) -> tuple[Eq, ...]:
        """The equations sorted so that each uses only what stands above it (or another time).

        >>> cell = Cell.from_plain(["h[t] = o[t] * h[t - 1]", "o[t] = sigmoid(x[t])"])
        >>> [e.lhs for e in cell.in_order()]
        [o[t], h[t]]
        """
        table = {e.lhs: e for e in self.equations}
        needs = {e.lhs: [s for s in leaves(e.rhs) if s in table] for e in self.equations}
        try:
            return tuple(table[s] for s in TopologicalSorter(needs).static_order())
        except CycleError as error:
            ring = " -> ".join(str(s) for s in reversed(error.args[1]))
            raise CellError(f"the equations define each other in a circle: {ring}") from None

    def plain(self) -> list[str]:
        """The equations in plain syntax."""
        return [plain(e) for e in (*self.initial, *self.equations)]

    def __str__(self) -> str:
        return "\n".join(self.plain())


def leaves(e: Basic) -> Iterator[Expr]:
    """Every symbol of an expression once, in order of appearance; dimensions and time indices are not symbols.

    >>> [str(s) for s in leaves(Cell.from_plain(["h[t] = U @ h[t - 1] + ones(n) * b"]).equations[0].rhs)]
    ['U', 'h[t - 1]', 'b']
    """
    seen: set[Basic] = set()
    stack = [e]
    while stack:
        node = stack.pop()
        if isinstance(node, MatrixSymbol | Symbol):
            if node not in seen and not (isinstance(node, Symbol) and node.is_integer):
                seen.add(node)
                yield node
        else:
            stack.extend(reversed(node.args))


@dataclass(frozen=True)
class Roles:
    """What each name of a system is, by its equations alone."""

    defined: Names
    states: Names
    inputs: Names
    parameters: Names
    shapes: Mapping[str, Shape] = field(hash=False)

    @classmethod
    def of(cls, equations: Sequence[Eq]) -> Roles:
        for e in equations:
            if not isinstance(e.lhs, Symbol | MatrixSymbol):
                raise CellError(f"{plain(e.lhs)} = ... defines no symbol", plain(e), 0)
        defined = [e.lhs.name for e in equations]
        twice = next((name for k, name in enumerate(defined) if name in defined[:k]), None)
        if twice is not None:
            raise CellError(f"{twice} is defined twice", hint="a cell has one equation for each symbol")
        if not defined:
            raise CellError("no equation defines a symbol at time t")
        used = list(dict.fromkeys(s for e in equations for s in leaves(e.rhs)))
        other = {s.name for s in used if isinstance(s, TimeSymbol) and s.index[-1] != TIME}
        timed = {s.name for s in used if isinstance(s, TimeSymbol)}
        free = list(dict.fromkeys(s.name for s in used if s.name not in defined))
        return cls(
            tuple(defined),
            tuple(n for n in defined if n in other),
            tuple(n for n in free if n in timed),
            tuple(n for n in free if n not in timed),
            {s.name: shape_of(s) for s in (*(e.lhs for e in equations), *used)},
        )

    def check(self, inputs: Names | None, states: Names | None, outputs: Names | None) -> None:
        """Roles given by hand must fit the equations."""
        for role, names in (("state", states), ("output", outputs)):
            for name in names or ():
                if name not in self.defined:
                    raise CellError(f"the {role} {name} is never defined", hint=f"defined are {', '.join(self.defined)}")
        for name in inputs or ():
            if name in self.defined:
                raise CellError(f"the input {name} is defined by an equation")
        for name in () if states is None else self.states:
            if name not in (states or ()):
                raise CellError(f"{name} is used at another time than t, so it is a state")


def _equation(left: Expr, right: Expr) -> Eq:
    """An unevaluated equation whose sides have one shape."""
    if isinstance(left, MatrixExpr) and not (isinstance(right, MatrixExpr) and shape_of(right) == shape_of(left)):
        right = broadcast(right, shape_of(left))
    return Eq(left, right, evaluate=False)


def _is_initial(left: Expr) -> bool:
    return isinstance(left, TimeSymbol) and not left.index[-1].has(TIME)


def _defined_by(e: Eq, function: str) -> bool:
    kind = {"sigmoid": sigmoid, "tanh": tanh}[function]
    return isinstance(e.rhs, kind) or (isinstance(e.rhs, Apply) and e.rhs.function == function)


def _layout(table: Mapping[str, Shape]) -> str:
    if all(s == SCALAR for s in table.values()):
        return "scalar"
    vectors = [s for s in table.values() if s != SCALAR and sympy.Integer(1) in s]
    return "row" if vectors and all(rows == 1 for rows, _ in vectors) else "column"
