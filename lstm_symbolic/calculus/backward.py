"""Backpropagation through time of any cell, for symbolic T: the adjoint recursion, and parameter gradients as sums over t.

Nothing is unrolled. One step is walked backward once (``vjp``). A value that is read at another time hands its cotangent over by a shift:
what ``h[t - 1]`` receives at step t is what ``h[t]`` receives from step t + 1. States, outputs, pre-activations and everything that weights
produce keep a name for their adjoint; the adjoints of other intermediates (the gates) are written out where they are used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sympy import Basic, Eq, Expr, Integer, Symbol

from ..cells import TIME, Cell, leaves
from ..errors import CellError, LstmSymbolicError, UnsupportedNode
from ..expr import TimeSymbol, plain, shape_of
from ..expr.build import broadcast
from ..expr.nodes import Grad, TimeSum
from .algebra import hadamard, total, zero
from .gradients import Gradients, Step, adjoints, key
from .preactivations import Names, PreActivations, symbols_of
from .vjp import rule_of

HORIZON = Symbol("T", integer=True)

#: An intermediate whose adjoint is larger than this (in nodes) keeps a name for it, so that expressions grow by lines, not in width.
_LONG = 40

#: An equation nested deeper than this is refused: the derivative of a nested quotient doubles with every level.
MAX_NESTING = 24


@dataclass(frozen=True)
class Use:
    """One place where a value is used: the cotangent that it receives there, by which equation and which rules."""

    cotangent: Expr
    equation: Eq
    rules: tuple[str, ...]


@dataclass
class Tape:
    """The uses of every symbol; a time-dependent one by its name and the shift at which it is read, a parameter with shift None."""

    values: dict[Expr, Expr]
    uses: dict[tuple[str, int | None], list[Use]] = field(default_factory=lambda: defaultdict(list))

    def pull(self, equation: Eq, adjoint: Expr) -> None:
        """Pushes the adjoint of the left side down to every symbol of the right side."""
        stack: list[tuple[Expr, Expr, tuple[str, ...]]] = [(equation.rhs, adjoint, ())]
        while stack:
            e, g, rules = stack.pop()
            if e.is_symbol:
                self.uses[e.name, shift_of(e)].append(Use(g, equation, rules))
                continue
            rule = rule_of(e)
            name = rules if rule.name in ("repetition", "sum") or rules[-1:] == (rule.name,) else (*rules, rule.name)
            stack += [(a, cotangent, name) for a, cotangent in reversed(list(rule.pull(e, g, self.values.get(e, e))))]

    def now(self, name: str) -> list[Use]:
        return self.uses.get((name, 0), [])

    def lagged(self, name: str) -> list[tuple[int, Use]]:
        """Uses at another time, with the shift at which the value is read."""
        return [(s, u) for (n, s), uses in self.uses.items() if n == name and s not in (0, None) for u in uses if s is not None]


def shift_of(symbol: Expr) -> int | None:
    """0 for ``h[t]``, -1 for ``h[t - 1]``, None for a symbol without time."""
    if not isinstance(symbol, TimeSymbol):
        return None
    distance = symbol.index[-1] - TIME
    if not distance.is_Integer:
        raise CellError(f"{plain(symbol)} is read at no fixed distance from t", hint="write h[t - 1], h[t + 1]")
    return int(distance)


def at(e: Expr, shift: int) -> Expr:
    """The expression ``shift`` steps later."""
    return e.xreplace({TIME: TIME + shift}) if shift else e


def backward(cell: Cell, truncate: int | None = None, outputs: Iterable[str] | None = None) -> Gradients:
    """The gradients of a loss that reads ``outputs`` at every step; by default what the step hands out, and does not use itself.

    >>> from ..cells import cell
    >>> print(backward(cell("rnn")))
    grad(h[t]) = dL_h[t] + U.T @ delta_h[t + 1]
    delta_h[t] = grad(h[t]) * (1 - h[t] ** 2)
    grad(W) = Sum(delta_h[t] @ x[t].T, (t, 1, T))
    grad(U) = Sum(delta_h[t] @ h[t - 1].T, (t, 1, T))
    grad(b) = Sum(delta_h[t], (t, 1, T))
    """
    if truncate is not None and (isinstance(truncate, bool) or not isinstance(truncate, int) or truncate < 1):
        raise LstmSymbolicError(f"a window of {truncate!r} steps", hint="truncate takes a number of steps, 1 or more")
    try:
        return _Derivation(cell, truncate, _read_by_the_loss(cell, outputs)).gradients()
    except RecursionError:
        raise UnsupportedNode("the equations are nested too deeply to be differentiated") from None


def _read_by_the_loss(cell: Cell, outputs: Iterable[str] | None) -> tuple[str, ...]:
    if outputs is not None:
        chosen = tuple(outputs)
        unknown = next((name for name in chosen if name not in cell.defined), None)
        if unknown is not None or not chosen:
            known = f"defined are {', '.join(cell.defined)}"
            raise CellError(f"the loss cannot read {unknown}" if chosen else "the loss reads nothing", hint=known)
        return chosen
    used = {s.name for e in cell.equations for s in leaves(e.rhs) if shift_of(s) == 0}
    return tuple(name for name in cell.outputs if name not in used) or cell.outputs


def nesting(e: Basic) -> int:
    """How deep the operations of an expression are nested."""
    deepest, stack = 0, [(e, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        if depth <= MAX_NESTING and not isinstance(node, TimeSymbol):
            stack += [(a, depth + 1) for a in node.args]
    return deepest


class _Derivation:
    """One walk backward through the equations of one step."""

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
        self.arguments = self._arguments()
        self.tape = Tape(named.values | {e.rhs: e.lhs for e in self.equations if not e.rhs.is_symbol})
        self.deltas = {name: self.names.fresh(f"delta_{name.removeprefix('a_')}") for name in self.owner}
        self.upstream = {name: self.names.fresh(f"dL_{name}") for name in outputs}
        self.mask = self.names.fresh("keep") if truncate is not None and truncate > 1 else ""
        self.steps: list[Step] = []

    def _arguments(self) -> dict[Expr, Expr]:
        """What the name of a pre-activation stands for, in the symbols of the cell."""
        table: dict[Expr, Expr] = {}
        for e in self.equations:
            if e.lhs.name in self.owner:
                table[e.lhs] = e.rhs.xreplace(table)
        return table

    def gradients(self) -> Gradients:
        live = self._live()
        equations = [e for e in reversed(self.equations) if e.lhs.name in live]
        outline: list[Step | TimeSymbol] = []
        for e in equations:
            adjoint = self._adjoint(e.lhs)
            written = None if self._is_named(e) else total(*self._now(e.lhs))
            if written is None or len(list(_nodes(written))) > _LONG:
                outline.append(e.lhs)
            else:
                outline.append(self._reason(adjoint, written, self.tape.now(e.lhs.name), str(e.lhs)))
                adjoint = written
            self.tape.pull(e, adjoint)
        recursion = tuple(line for item in outline if (line := self._line(item)) is not None)
        parameters = {name: self._parameter(name) for name in self.cell.parameters}
        inputs = {name: self._input(name) for name in self.cell.inputs}
        return Gradients(
            cell=self.cell,
            recursion=recursion,
            parameters=parameters,
            inputs=inputs,
            initial=dict(self._initial(name) for name in (*self.cell.states, *self.cell.inputs) if self.tape.lagged(name)),
            boundary=tuple(self._boundary([*(e.rhs for e in recursion), *inputs.values()], recursion)),
            upstream=self.upstream,
            shapes={**self.cell.shapes, **self._new_shapes(recursion)},
            steps=tuple(self.steps),
            truncate=self.truncate,
            mask=self.mask,
        )

    def _live(self) -> set[str]:
        """What the loss depends on, now or later."""
        reads = {e.lhs.name: {s.name for s in leaves(e.rhs)} for e in self.equations}
        live, open_ = set(self.outputs), list(self.outputs)
        while open_:
            new = reads.get(open_.pop(), set()) - live
            live |= new
            open_ += new
        return live

    def _is_named(self, e: Eq) -> bool:
        name = e.lhs.name
        weights = any(s.name in self.cell.parameters for s in leaves(e.rhs))
        return name in self.cell.states or name in self.outputs or name in self.owner or weights

    def _adjoint(self, symbol: TimeSymbol) -> Expr:
        if symbol.name in self.deltas:
            return TimeSymbol(self.deltas[symbol.name], *symbol.shape, *symbol.index)
        return Grad(symbol)

    def _now(self, symbol: TimeSymbol) -> list[Expr]:
        direct = [self._loss(symbol)] if symbol.name in self.upstream else []
        return [*direct, *(self._restored(u) for u in self.tape.now(symbol.name))] or [zero(symbol.shape)]

    def _loss(self, symbol: TimeSymbol) -> Expr:
        return TimeSymbol(self.upstream[symbol.name], *symbol.shape, *symbol.index)

    def _restored(self, use: Use) -> Expr:
        """Pre-activations serve the walk only; what is printed holds what they stand for."""
        return use.cotangent.xreplace(self.arguments)

    def _later(self, name: str) -> list[Expr]:
        """What a value receives from other steps, cut at the ends of windows."""
        received: dict[int, list[Expr]] = defaultdict(list)
        for shift, use in self.tape.lagged(name):
            received[shift].append(at(self._restored(use), -shift))
        if self.truncate is None or not received:
            return [e for terms in received.values() for e in terms]
        if set(received) - {-1, 1}:
            raise CellError(f"{name} is read more than one step away, where windows have no one end")
        if self.truncate == 1:
            return []
        return [hadamard(TimeSymbol(self.mask, 1, 1, TIME - int(shift > 0)), total(*terms)) for shift, terms in received.items()]

    def _line(self, item: Step | TimeSymbol) -> Eq | None:
        """One line of the recursion; an adjoint that is written out where it is used is a step of the derivation only."""
        if isinstance(item, Step):
            self.steps.append(item)
            return None
        right = total(*self._now(item), *self._later(item.name))
        uses = [*self.tape.now(item.name), *(u for _, u in self.tape.lagged(item.name))]
        step = self._reason(self._adjoint(item), right, uses, self._called(item))
        self.steps.append(step)
        return Eq(step.left, step.right, evaluate=False)

    def _called(self, symbol: TimeSymbol) -> str:
        return f"the pre-activation of {self.owner[symbol.name]}[t]" if symbol.name in self.owner else plain(symbol)

    def _parameter(self, name: str) -> Expr:
        uses = self.tape.uses.get((name, None), [])
        symbol = self.cell.symbol(name)
        if not uses:
            return zero(shape_of(symbol))
        body = total(*(self._restored(u) for u in uses))
        value = TimeSum(body if hasattr(body, "shape") else broadcast(body, (Integer(1), Integer(1))), TIME, Integer(1), HORIZON)
        self._step(Grad(symbol), value, uses, name)
        return value

    def _input(self, name: str) -> Expr:
        symbol = self.cell.symbol(name)
        value = total(*self._now(at(symbol, -(shift_of(symbol) or 0))), *self._later(name))
        uses = [*self.tape.now(name), *(u for _, u in self.tape.lagged(name))]
        self._step(Grad(at(symbol, -(shift_of(symbol) or 0))), value, uses, name)
        return value

    def _initial(self, name: str) -> tuple[str, Expr]:
        """The gradient of the value at 0 (at T + 1 for one that runs backward in time): what the first step reads of it."""
        lagged = self.tape.lagged(name)
        before = any(shift < 0 for shift, _ in lagged)
        start = Integer(0) if before else HORIZON + 1
        kept = [(shift, use) for shift, use in lagged if (shift < 0) == before]
        value = total(*(at(self._restored(u), -shift) for shift, u in kept)).xreplace({TIME: start})
        symbol = self.cell.symbol(name)
        symbol = at(symbol, -(shift_of(symbol) or 0)).xreplace({TIME: start})
        self._step(Grad(symbol), value, [u for _, u in kept], name)
        return name, value

    def _boundary(self, sides: list[Expr], recursion: tuple[Eq, ...]) -> Iterable[Eq]:
        """Adjoints are zero beyond the steps that exist."""
        known = {key(e.lhs): e.lhs for e in recursion}
        found = [g for side in sides for g in adjoints(side, recursion)]
        read = {(key(g), shift) for g in found if (shift := shift_of(g.args[0] if isinstance(g, Grad) else g))}
        for name, shift in sorted(read):
            place = HORIZON + shift if shift > 0 else Integer(1 + shift)
            left = known[name].xreplace({TIME: place})
            yield Eq(left, broadcast(Integer(0), shape_of(left)), evaluate=False)

    def _new_shapes(self, recursion: tuple[Eq, ...]) -> dict[str, tuple[Expr, Expr]]:
        given = [e.lhs for e in recursion if isinstance(e.lhs, TimeSymbol)]
        given += [self._loss(self.cell.symbol(name)) for name in self.upstream]
        table = {s.name: shape_of(s) for s in given}
        return table | ({self.mask: (Integer(1), Integer(1))} if self.mask else {})

    def _step(self, left: Expr, right: Expr, uses: list[Use], name: str) -> None:
        self.steps.append(self._reason(left, right, uses, name))

    def _reason(self, left: Expr, right: Expr, uses: list[Use], name: str) -> Step:
        rules = list(dict.fromkeys(rule for use in uses for rule in use.rules))
        places = list(dict.fromkeys(self._called(u.equation.lhs) for u in uses))
        if isinstance(left, Grad) and left.has(TIME) and key(left) in self.upstream:
            places.insert(0, "the loss")
        return Step(left, right, ", ".join(rules) or "chain rule", f"{name} is used in {', '.join(places) or 'nothing'}")


def _nodes(e: Expr) -> Iterable[Expr]:
    stack = [e]
    while stack:
        node = stack.pop()
        yield node
        if not getattr(node, "is_symbol", False):
            stack.extend(node.args)
