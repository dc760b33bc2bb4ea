"""Backpropagation through time of any cell, for symbolic T: the adjoint recursion, and parameter gradients as sums over t.

Nothing is unrolled. One step is walked backward once (``vjp``). A value that is read at another time hands its cotangent over by a shift:
what ``h[t - 1]`` receives at step t is what ``h[t]`` receives from step t + 1. States, outputs, pre-activations and everything that weights
produce keep a name for their adjoint; the adjoints of other intermediates (the gates) are written out where they are used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sympy import Eq, Expr, Integer, Symbol

from ..cells import TIME, Cell, as_cell, leaves
from ..errors import CellError, LstmSymbolicError, UnsupportedNode
from ..expr import TimeSymbol, shape_of
from ..expr.build import broadcast
from ..expr.nodes import Grad, TimeSum
from ..expr.wanted import described, wanted_list
from .algebra import hadamard, total, zero
from .gradients import Gradients, Step, adjoints, key
from .named_step import NamedStep
from .tape import Tape, Use, at, shift_of

HORIZON = Symbol("T", integer=True)

#: An intermediate whose adjoint is larger than this (in nodes) keeps a name for it, so that expressions grow by lines, not in width.
_LONG = 40


def backward(cell: Cell | str, truncate: int | None = None, outputs: Iterable[str] | None = None) -> Gradients:
    """The gradients of a loss that reads ``outputs`` at every step; by default what the step hands out, and does not use itself.

    Backpropagation through time (Werbos 1990) for symbolic T. A gradient has the shape of what it is taken by; ``delta_h`` is the
    gradient of what stands inside the tanh. With ``truncate=k`` none crosses the end of a window of k steps (Williams and Peng 1990).
    ``CellError`` where the loss cannot read an output, ``UnsupportedNode`` where an operation has no derivative rule.

    >>> print(backward("rnn"))
    grad(h[t]) = dL_h[t] + U.T @ delta_h[t + 1]
    delta_h[t] = grad(h[t]) * (1 - h[t] ** 2)
    grad(W) = Sum(delta_h[t] @ x[t].T, (t, 1, T))
    grad(U) = Sum(delta_h[t] @ h[t - 1].T, (t, 1, T))
    grad(b) = Sum(delta_h[t], (t, 1, T))
    """
    cell = as_cell(cell)
    if truncate is not None and (isinstance(truncate, bool) or not isinstance(truncate, int) or truncate < 1):
        raise LstmSymbolicError(f"a window of {described(truncate)} steps", hint="truncate takes a number of steps, 1 or more")
    try:
        return _Derivation(NamedStep(cell, truncate, _read_by_the_loss(cell, outputs))).gradients()
    except RecursionError:
        raise UnsupportedNode("the equations are nested too deeply to be differentiated") from None


def as_gradients(what: Gradients | Cell | str) -> Gradients:
    """What a user names where gradients are wanted: gradients, or a cell, whose own they are then.

    >>> as_gradients("rnn") == backward("rnn")
    True
    """
    return what if isinstance(what, Gradients) else backward(what)


def _read_by_the_loss(cell: Cell, outputs: Iterable[str] | None) -> tuple[str, ...]:
    if outputs is not None:
        chosen = tuple(wanted_list(outputs, str, "the name of an output"))
        unknown = next((name for name in chosen if name not in cell.defined), None)
        if unknown is not None or not chosen:
            known = f"defined are {', '.join(cell.defined)}"
            raise CellError(f"the loss cannot read {unknown}" if chosen else "the loss reads nothing", hint=known)
        return chosen
    used = {s.name for e in cell.equations for s in leaves(e.rhs) if shift_of(s) == 0}
    return tuple(name for name in cell.outputs if name not in used) or cell.outputs


class _Derivation:
    """One walk backward through the equations of one step."""

    def __init__(self, step: NamedStep) -> None:
        self.step, self.cell = step, step.cell
        self.tape = Tape(step.values)
        self.steps: list[Step] = []

    def gradients(self) -> Gradients:
        outline: list[Step | TimeSymbol] = []
        for e in reversed(self.step.live()):
            adjoint = self.step.adjoint(e.lhs)
            written = None if self.step.is_named(e) else total(*self._now(e.lhs))
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
            upstream=self.step.upstream,
            shapes={**self.cell.shapes, **self._new_shapes(recursion)},
            steps=tuple(self.steps),
            truncate=self.step.truncate,
            mask=self.step.mask,
        )

    def _now(self, symbol: TimeSymbol) -> list[Expr]:
        direct = [self.step.loss(symbol)] if symbol.name in self.step.upstream else []
        return [*direct, *(self._restored(u) for u in self.tape.now(symbol.name))] or [zero(symbol.shape)]

    def _restored(self, use: Use) -> Expr:
        """Pre-activations serve the walk only; what is printed holds what they stand for."""
        return use.cotangent.xreplace(self.step.arguments)

    def _later(self, name: str) -> list[Expr]:
        """What a value receives from other steps, cut at the ends of windows."""
        received: dict[int, list[Expr]] = defaultdict(list)
        for shift, use in self.tape.lagged(name):
            received[shift].append(at(self._restored(use), -shift))
        if self.step.truncate is None or not received:
            return [e for terms in received.values() for e in terms]
        if set(received) - {-1, 1}:
            raise CellError(f"{name} is read more than one step away, where windows have no one end")
        if self.step.truncate == 1:
            return []
        return [hadamard(TimeSymbol(self.step.mask, 1, 1, TIME - int(shift > 0)), total(*terms)) for shift, terms in received.items()]

    def _line(self, item: Step | TimeSymbol) -> Eq | None:
        """One line of the recursion; an adjoint that is written out where it is used is a step of the derivation only."""
        if isinstance(item, Step):
            self.steps.append(item)
            return None
        right = total(*self._now(item), *self._later(item.name))
        uses = [*self.tape.now(item.name), *(u for _, u in self.tape.lagged(item.name))]
        step = self._reason(self.step.adjoint(item), right, uses, self.step.called(item))
        self.steps.append(step)
        return Eq(step.left, step.right, evaluate=False)

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
        given += [self.step.loss(self.cell.symbol(name)) for name in self.step.upstream]
        table = {s.name: shape_of(s) for s in given}
        return table | ({self.step.mask: (Integer(1), Integer(1))} if self.step.mask else {})

    def _step(self, left: Expr, right: Expr, uses: list[Use], name: str) -> None:
        self.steps.append(self._reason(left, right, uses, name))

    def _reason(self, left: Expr, right: Expr, uses: list[Use], name: str) -> Step:
        rules = list(dict.fromkeys(rule for use in uses for rule in use.rules))
        places = list(dict.fromkeys(self.step.called(u.equation.lhs) for u in uses))
        if isinstance(left, Grad) and left.has(TIME) and key(left) in self.step.upstream:
            places.insert(0, "the loss")
        return Step(left, right, ", ".join(rules) or "chain rule", f"{name} is used in {', '.join(places) or 'nothing'}")


def _nodes(e: Expr) -> Iterable[Expr]:
    stack = [e]
    while stack:
        node = stack.pop()
        yield node
        if not getattr(node, "is_symbol", False):
            stack.extend(node.args)
