"""Is a claim about the range of a value true? Proved by intervals, or refuted by exact numbers that leave it.

"The tanh keeps the cell state within -1 and 1" is such a claim. Candidates are found with floats; what is reported is decided by ball
arithmetic at exact rational values: sizes 1, states that start at 0, an input of 1 at every step.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpq

from ..calculus.intervals import Interval
from ..calculus.ranges import ranges
from ..cells import Cell, as_cell
from ..errors import CellError, LstmSymbolicError, UnsupportedNode
from ..expr import Evaluator
from ..expr.wanted import wanted_number
from ..proof.balls import Balls
from ..proof.dag import Dag
from ..proof.evaluate import Evaluation, Point
from ..proof.translate import Translator

STEPS, CANDIDATES, SIZE = 4, 128, 3


@dataclass(frozen=True)
class Claim:
    """``verdict`` is proved, refuted or undecided; a refutation names the values (sizes are 1) and the step at which the value leaves."""

    name: str
    low: Fraction
    high: Fraction
    verdict: str
    found: Interval
    values: Mapping[str, Fraction]
    step: int = 0
    value: str = ""

    def __str__(self) -> str:
        said = f"{self.low} <= {self.name}[t] <= {self.high}"
        if self.verdict != "refuted":
            return f"{said}: {self.verdict}; {self.name} lies in {self.found}"
        at = ", ".join(f"{name} = {v}" for name, v in self.values.items() if v)
        return f"{said}: refuted; {self.name}[{self.step}] = {self.value} for {at}, all else 0 at the start"


def within(cell: Cell | str, name: str, low: Fraction | int | str, high: Fraction | int | str) -> Claim:
    """Does every entry of ``name`` stay between two bounds, for all parameters and inputs, when states start at 0?

    ``CellError`` where no equation defines the name. A refutation names exact values, at sizes of 1.

    >>> print(within("lstm", "h", -1, 1))
    -1 <= h[t] <= 1: proved; h lies in (-1, 1)
    >>> within("lstm", "C", -1, 1).verdict
    'refuted'
    """
    cell = as_cell(cell)
    if name not in cell.defined:
        raise CellError(f"{cell.name or 'this cell'} does not define {str(name)[:60]}", hint=f"it defines {', '.join(cell.defined)}")
    found = ranges(cell)[name]
    low, high = wanted_number(low, "a bound"), wanted_number(high, "a bound")
    if found.within(low, high):
        return Claim(name, low, high, "proved", found, {})
    try:
        ranked = sorted(candidates(cell), key=lambda values: -_distance(cell, name, values, low, high))
        best = next((values for values in ranked[:4] if _outside(cell, name, values, low, high)), None)
    except UnsupportedNode:
        best = None  # an open function has no values
    if best is None:
        return Claim(name, low, high, "undecided", found, {})
    for own, small in itertools.product(best, (Fraction(0), Fraction(1))):
        simpler = {**best, own: small}
        if own not in cell.inputs and abs(small) < abs(best[own]) and _outside(cell, name, simpler, low, high):
            best = simpler
    step, ball = _outside(cell, name, best, low, high) or (0, arb(0))
    return Claim(name, low, high, "refuted", found, best, step, ball.str(6, radius=False))


def _outside(cell: Cell, name: str, values: Mapping[str, Fraction], low: Fraction, high: Fraction) -> tuple[int, Any] | None:
    """The first step at which the value certainly leaves the bounds, and the ball that holds it."""
    balls = enumerate(run(cell, values, name), 1)
    return next(((step, ball) for step, ball in balls if ball > _ball(high) or ball < _ball(low)), None)


def candidates(cell: Cell) -> Iterator[dict[str, Fraction]]:
    """Saturating values of the parameters, inputs 1: every choice of signs where there are few, else some of them."""
    free = [*cell.parameters]
    choices = itertools.product((SIZE, -SIZE, 0), repeat=len(free)) if 3 ** len(free) <= CANDIDATES else _some(len(free))
    for signs in choices:
        yield {**dict(zip(free, map(Fraction, signs), strict=True)), **{name: Fraction(1) for name in cell.inputs}}


def _some(count: int) -> Iterator[tuple[int, ...]]:
    yield (SIZE,) * count
    for k in range(CANDIDATES - 1):
        yield tuple((SIZE, -SIZE, 0)[zlib.crc32(f"{k}/{j}".encode()) % 3] for j in range(count))


def _distance(cell: Cell, name: str, values: Mapping[str, Fraction], low: Fraction, high: Fraction) -> float:
    """How far floats leave the bounds: only an order in which exact values are tried."""
    table: dict[Any, Any] = {n: np.full((1, 1), float(v)) for n, v in values.items() if n in cell.parameters}
    table |= {(n, t): np.full((1, 1), float(values[n])) for n in cell.inputs for t in range(STEPS + 2)}
    table |= {(n, t): np.zeros((1, 1)) for n in cell.defined for t in (0, STEPS + 1)}
    worst = -1.0
    with np.errstate(all="ignore"):
        for t in range(1, STEPS + 1):
            at = Evaluator(table, _sizes(cell), {"t": t})
            for e in cell.in_order():
                table[e.lhs.name, t] = np.broadcast_to(at(e.rhs), (1, 1))
            reached = float(table[name, t][0, 0])
            worst = max(worst, reached - float(high), float(low) - reached)
    return worst


def run(cell: Cell, values: Mapping[str, Fraction], name: str) -> Iterator[Any]:
    """The value at steps 1, 2, ... as balls that hold the exact value."""
    dag = Dag()
    translate = Translator(dag)
    lines = [(e.lhs.name, translate(e.rhs)) for e in cell.in_order()]
    known: dict[tuple[str, tuple[int, ...]], Any] = {}

    def symbol(wanted: str, index: tuple[int, ...], rows: int, columns: int) -> list[list[Any]]:
        if wanted in values:
            return [[_ball(values[wanted])]]
        if (wanted, index) not in known and index[-1:] not in ((0,), (STEPS + 1,)):
            raise LstmSymbolicError(f"{wanted} is read before it is known")
        return [[known.get((wanted, index), arb(0))]]

    for t in range(1, STEPS + 1):
        for own, node in lines:
            point = Point(_sizes(cell), {"t": t}, symbol)
            known[own, (t,)] = Evaluation(Balls(), point)(node)[0][0]
        yield known[name, (t,)]


def _sizes(cell: Cell) -> dict[str, int]:
    return {s.name: 1 for shape in cell.shapes.values() for d in shape for s in d.free_symbols}


def _ball(q: Fraction) -> Any:
    return arb(fmpq(q.numerator, q.denominator))
