"""How NumPy code spells a place: buffers by size, slots as slices, and a name for every view that a loop uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from sympy import Add, Expr

from ..expr import write
from .graph import Weight
from .naming import Names, sized
from .numpy_ops import expression
from .plan import BIAS, Plan
from .schedule import Place

#: What views call buffers.
SHORT = {"values": "v", "operands": "u", "factors": "k", "work": "w", "uses": "q", "up": "d"}

_NUMBERS = {Fraction(1, 2): "half", Fraction(1): "one", Fraction(2): "two", Fraction(0): "zero"}


def times(count: int, size: Expr) -> str:
    """``count`` vectors of one size.

    >>> from sympy import Symbol
    >>> times(4, Symbol("n")), times(2, Symbol("n") + 1)
    ('4 * n', '2 * (n + 1)')
    """
    return "0" if count == 0 else sized(size) if count == 1 else f"{count} * {sized(size)}"


def between(first: str, last: str) -> str:
    return f"{'' if first == '0' else first}:{last}"


def blocks(first: int, last: int, count: int, size: Expr) -> str:
    """The rows of blocks ``first`` to ``last`` of ``count`` blocks of one size.

    >>> from sympy import Symbol
    >>> blocks(1, 3, 4, Symbol("n")), blocks(1, 4, 4, Symbol("n")), blocks(0, 4, 4, Symbol("n"))
    ('n:3 * n', 'n:', ':')
    """
    return between(times(first, size), "" if last == count else times(last, size))


@dataclass
class Views:
    """Spelling of places for one plan."""

    plan: Plan
    names: Names
    known: dict[tuple[Place, bool], str] = field(default_factory=dict)
    constants: dict[int, str] = field(default_factory=dict)

    def buffer(self, kind: str, size: Expr) -> str:
        """``values``, or ``values_p`` where there are vectors of several sizes."""
        several = len({*self.plan.values, *self.plan.order, *self.plan.scratch}) > 1
        return f"{kind}_{Names().fresh(write(size))}" if several else kind

    def columns(self, first: int, last: int) -> str:
        """Operands ``first`` to ``last`` as a range of rows."""
        return self.part(0, first, last, len(self.plan.operands))

    def part(self, start: int, first: int, last: int, end: int) -> str:
        """The same, counted from operand ``start`` in a range that ends before ``end``."""
        sizes = self.plan.operand_sizes
        return between(self.spell(Add(*sizes[start:first])), "" if last == end else self.spell(Add(*sizes[start:last])))

    @property
    def dimensions(self) -> list[str]:
        """The dimensions that the sizes of vectors are made of."""
        plan = self.plan
        sizes = (*plan.operand_sizes, *plan.values, *plan.order, *(p.size for p in plan.previous.values()))
        return sorted({s.name for size in sizes for s in size.free_symbols})

    def dimension_lines(self, indent: str) -> list[str]:
        values = ", ".join(f"dims['{d}']" for d in self.dimensions).replace("'", '"')
        return [f"{indent}{', '.join(self.dimensions)} = {values}"] if self.dimensions else []

    def per_step(self) -> list[tuple[Place, bool]]:
        """The views in a loop that every step gets anew."""
        return [(p, flat) for p, flat in self.known if p.buffer in ("values", "operands")]

    def early(self, first: int, last: int) -> int:
        """Where those operands of a product end that are known for all steps; ``first`` where no input is among them."""
        kinds = ["bias" if k == BIAS else self.plan.graph[k].op for k in self.plan.operands[first:last]]
        count = next((i for i, kind in enumerate(kinds) if kind not in ("input", "bias")), len(kinds))
        return first + count if "input" in kinds[:count] else first

    def still(self) -> list[tuple[Place, bool]]:
        """The views in a loop that stay."""
        return [(p, flat) for p, flat in self.known if p.buffer == "scratch"]

    @staticmethod
    def spell(size: Expr) -> str:
        return write(size).replace("+", " + ").replace("*", " * ")

    def at(self, place: Place, row: str, later: str) -> str:
        """The view of a place; ``row`` is the index of its step (or steps), ``later`` that of the next."""
        lead = "" if place.buffer in ("scratch",) else f"{later if place.shift else row}, "
        if place.buffer == "operands":
            return f"ws.operands[{lead}{self.columns(place.slot, place.end)}]"
        slots = f"{place.slot}" if place.count == 1 else between(str(place.slot), str(place.end))
        return f"ws.{self.buffer(place.buffer, place.size)}[{lead}{slots}]"

    def flat(self, place: Place, row: str, later: str, flat: bool = True) -> str:
        """Several slots as one matrix, for a product."""
        view = self.at(place, row, later)
        return f"{view}.reshape({times(place.count, place.size)}, B)" if flat and place.count > 1 else view

    def label(self, place: Place) -> str:
        """A name for what stands at a place: the symbols of the cell, or what kind of thing it is."""
        if place.buffer in ("scratch", "work", "factors", "uses"):
            return {"scratch": "s", "work": "w"}.get(place.buffer, place.buffer[0]) + str(place.slot)
        parts = [self.symbol(place, place.slot + i) for i in range(place.count)]
        return "_".join(parts) if len("_".join(parts)) <= 24 else f"{parts[0]}_to_{parts[-1]}"

    def symbol(self, place: Place, slot: int) -> str:
        plan = self.plan
        if place.buffer == "operands":
            k = plan.operands[slot]
            node = plan.graph[k]
            if node.op not in ("input", "previous"):
                return self.of_node(k)
            return node.name + ("_old" if node.op == "previous" and not place.shift else "")
        held = plan.values[place.size][slot]
        if isinstance(held, str):
            return held.replace("output ", "") + ("" if place.shift or held.startswith("output ") else "_old")
        return self.of_node(held)

    def of_node(self, k: int) -> str:
        """The symbol that the cell gives to a value; for a pre-activation that of its gate."""
        plan = self.plan
        defined = {plan.code[node]: name for name, node in plan.step.values.items() if node in plan.code}
        reading = [j for j in sorted(plan.at) if plan.at[j] == plan.at.get(k) and j >= k]
        found = next((defined[j] for j in reversed(reading) if j in defined), None)
        if found:
            return found
        if plan.graph[k].op == "affine":
            reader = next((j for j in sorted(plan.at) if k in plan.graph[j].args), k)
            return f"a_{self.of_node(reader)}" if reader != k else "a"
        below = next((defined[a] for a in plan.graph[k].args if a in defined), "")
        return f"{plan.graph[k].name or plan.graph[k].op}_{below}".rstrip("_")

    def name(self, place: Place, flat: bool = False) -> str:
        """The name of the view of a place inside a loop; ``flat`` for a matrix of several."""
        if (place, flat) not in self.known:
            several = flat and place.count > 1
            label = "operands" if several and place.buffer == "operands" else self.label(place) + ("_rows" if several else "")
            self.known[place, flat] = self.names.fresh(label)
        return self.known[place, flat]

    def constant(self, k: int) -> str:
        """The name of a constant; its value is computed before the loop."""
        if k not in self.constants:
            node = self.plan.graph[k]
            wanted = _NUMBERS.get(node.number, "number") if node.op == "number" else node.name or node.op
            self.constants[k] = self.names.fresh(wanted)
        return self.constants[k]

    def constant_values(self, body: Iterable[str]) -> dict[str, str]:
        """Definitions of the constants that some lines use."""
        graph, text = self.plan.graph, "\n".join(body)
        used = {name: k for k, name in self.constants.items() if re.search(rf"\b{name}\b", text)}
        values = {}
        for name, k in used.items():
            value = expression(graph, k, self.parameter)
            fixed = not any(graph[c].op == "parameter" for c in graph.needed([k]))
            values[name] = f"np.array({value}, dtype)" if fixed else value
        return values

    def parameter(self, name: str) -> str:
        """A parameter that is no weight, as a column."""
        return f'params["{name}"]' if self.plan.cell.shapes[name][1] == 1 else f'params["{name}"].T'

    def bias(self, name: str) -> str:
        return f'params["{name}"]' + (".T" if self.plan.cell.shapes[name][1] != 1 else "")

    def weight(self, w: Weight) -> str:
        """The block of a parameter, as a matrix from columns."""
        rows, columns = self.plan.cell.shapes[w.name]
        inner = rows if w.transposed else columns
        text = f'params["{w.name}"]' + (".T" if w.transposed else "")
        return text if w.start == 0 and w.width == inner else f"{text}[:, {self.span(w)}]"

    def span(self, w: Weight) -> str:
        return between(self.spell(w.start), self.spell(w.start + w.width))

    def operand_columns(self, first: int, last: int) -> str:
        """What operands were at every step, as (size, T * B): for the gradients of weights."""
        width = self.spell(Add(*self.plan.operand_sizes[first:last]))
        return f"ws.operands[:T, {self.columns(first, last)}].transpose(1, 0, 2).reshape({width}, T * B)"
