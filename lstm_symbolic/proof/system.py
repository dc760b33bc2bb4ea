"""A system of equations as one symbolic step.

Intermediates are bound: they are substituted into what uses them. What is left of a recursion is, for each state, its value at t from the
states one step earlier (later, for recursions that run backward), the inputs and the parameters; equal steps and equal starts are equal
for all T, by induction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import Expr

from ..errors import LstmSymbolicError, ReadError, ShapeError, UnsupportedNode
from .dag import SCALAR, Dag, Node, Time, walk, write_dim
from .translate import Translator, scalar_times

NOW: Time = ("t", 0)


@dataclass(frozen=True)
class System:
    """Equations ``(left side, right side)``: each left side is a symbol, time-indexed or not, or the gradient of one."""

    equations: tuple[tuple[Expr, Expr], ...]
    outputs: tuple[str, ...] = ()


class Step:
    """One step of a system: ``value[name]`` at time t with all intermediates substituted."""

    def __init__(self, system: System, dag: Dag, backward: bool = False) -> None:
        self.dag, self.backward = dag, backward
        self.defined: dict[str, Node] = {}
        self.symbol: dict[str, Node] = {}
        self.starts: dict[str, tuple[int, Node]] = {}  # the earliest fixed time at which a value is stated, and the value
        self.timed = False
        times = scalar_times([e for pair in system.equations for e in pair])
        translate = Translator(dag, times)
        for left, right in system.equations:
            self._define(translate(left), translate(right))
        self.value: dict[str, Node] = {}
        for name in self.defined:
            self._expand(name)
        self.outputs = self._outputs(system.outputs)

    def _define(self, left: Node, right: Node) -> None:
        if left.op != "sym":
            raise ReadError("the left side of an equation of a system is one symbol")
        name, index = left.data
        if index:
            base, shift = index[-1]
            if not base:
                if name not in self.starts or shift < self.starts[name][0]:
                    self.starts[name] = shift, right
                return
            self.timed = True
            right = self.dag.retime(right, (base, shift), NOW)
            left = self.dag.sym(name, left.shape, (*index[:-1], NOW))
        if name in self.defined:
            raise ReadError(f"{name} is defined twice")
        if right.shape != left.shape and right.shape != SCALAR:
            sizes = [f"({write_dim(rows)}, {write_dim(cols)})" for rows, cols in (left.shape, right.shape)]
            raise ShapeError(f"{name} has shape {sizes[0]}, and its definition {sizes[1]}", hint="give the shapes of its symbols")
        self.defined[name], self.symbol[name] = right, left

    def _expand(self, start: str) -> None:
        """Substitute the intermediates of a definition, innermost first."""
        stack, open_names = [start], set()
        while stack:
            name = stack[-1]
            if name in self.value:
                stack.pop()
                continue
            needed = [n for n in self.defined[name].symbols() if self.is_now(n)]
            missing = [n.data[0] for n in needed if n.data[0] not in self.value]
            if missing:
                if name in open_names:
                    raise LstmSymbolicError(f"{name} is defined by itself: {', '.join(dict.fromkeys(missing))}")
                open_names.add(name)
                stack.extend(missing)
                continue
            table = {n: self.value[n.data[0]] for n in needed}
            (self.value[name],) = self.dag.substitute([self.defined[name]], table)
            stack.pop()

    def is_now(self, n: Node) -> bool:
        """Whether a symbol is a definition of this step, at this very time."""
        return n.data[0] in self.symbol and self.symbol[n.data[0]] is n

    def is_state(self, n: Node) -> bool:
        """A defined symbol at another time."""
        return n.op == "sym" and n.data[0] in self.defined and not self.is_now(n)

    def _outputs(self, given: tuple[str, ...]) -> tuple[str, ...]:
        """As given; else the states; else what nothing else uses."""
        if given:
            return given
        states = self.needed(self.defined)
        used = {n.data[0] for right in self.defined.values() for n in right.symbols()}
        return tuple(n for n in self.defined if n in states) or tuple(n for n in self.defined if n not in used)

    def states_of(self, names: Iterable[str]) -> list[str]:
        found = {n.data[0]: None for n in walk([self.value[name] for name in names if name in self.value]) if self.is_state(n)}
        return list(found)

    def needed(self, names: Iterable[str]) -> list[str]:
        """The states that the named values depend on, through any number of steps."""
        found = dict.fromkeys(self.states_of(names))
        while True:
            more = [s for s in self.states_of(found) if s not in found]
            if not more:
                return list(found)
            found.update(dict.fromkeys(more))

    def check_direction(self, names: Iterable[str]) -> None:
        """Each recursion runs one way: states that depend on each other look all behind or all ahead."""
        links: dict[str, dict[str, set[int]]] = {}
        for name in names:
            links[name] = {}
            for n in self.value[name].symbols():
                if self.is_state(n) and n.data[1] and n.data[1][-1][0] == "t":
                    shift = n.data[1][-1][1]
                    links[name].setdefault(n.data[0], set()).add(1 if shift > 0 else -1)
        for name in links:
            ways = {w for other in links[name] if name in self._reach(links, other) for w in links[name][other]}
            if len(ways) > 1:
                raise UnsupportedNode(f"{name} depends on itself both before and after")

    @staticmethod
    def _reach(links: dict[str, dict[str, set[int]]], start: str) -> set[str]:
        found, stack = {start}, [start]
        while stack:
            new = [x for x in links.get(stack.pop(), {}) if x not in found]
            found.update(new)
            stack += new
        return found

    def free(self, names: Iterable[str]) -> dict[str, Node]:
        """Symbols that the named values use and the system does not define, by name."""
        nodes = walk([self.value[name] for name in names])
        return {n.data[0]: n for n in nodes if n.op == "sym" and n.data[0] not in self.defined}
