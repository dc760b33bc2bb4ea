"""Refutation: a point of small rational values at which balls separate the two sides, made as simple as it goes.

Small sizes first, few precisions, then the values are shrunk to 0 and 1 while the sides stay apart, so that a person can check the
witness by hand. Evaluation is of the expressions as they were given, not of a normal form.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import flint

from .balls import FUNCTIONS, Balls, describe_stand_in
from .budget import Budget, Inconsistent
from .dag import SCALAR, Node, walk, write_symbol
from .decimals import Separation, decimals, nested, significant
from .domain import Condition
from .edges import along, candidates, comparisons, sign_of
from .evaluate import Evaluation, Matrix, Point, names_of_dims, times_of
from .residue import residues_differ
from .verdict import Witness

PRECISIONS = (64, 256, 1024, 4096, 8192)
GATES = (Fraction(1, 2), Fraction(1, 4), Fraction(3, 4))
SMALL = tuple(Fraction(x) for x in (1, 2, -1, 3, 0, -2))
WIDE = (
    *SMALL, *(Fraction(x) for x in ("1/2", "-1/2", "1/3", "5", "-5", "10", "-10", "50", "-50", "100", "1/10", "-1/10", "1/100", "1/1000")),
    Fraction(1000), Fraction(1, 10**6),
)  # fmt: skip
_GATE = re.compile(r"(?:Gamma_?)?[ifozru](?:_?(?:gate|t|\d))?")

Key = tuple[str, tuple[int, ...]]
Table = dict[Key, list[list[Fraction]]]
Sizes = dict[str, int]


@dataclass
class Question:
    """Pairs of sides of which one pair must come apart, with the domain to stay in and names that are limited to gate values."""

    pairs: list[tuple[Node, Node]]
    domain: tuple[Condition, ...] = ()
    times: dict[str, int] = field(default_factory=dict)
    fixed: dict[str, Fraction] = field(default_factory=dict)
    gates: frozenset[str] = frozenset()

    @property
    def roots(self) -> list[Node]:
        return [n for pair in self.pairs for n in pair]


def find_witness(question: Question, budget: Budget) -> Witness | None:
    """A separating point, or None where none was found in the time."""
    old = flint.ctx.prec
    try:
        return _Search(question, budget).run()
    finally:
        flint.ctx.prec = old


def defined_together(question: Question, budget: Budget) -> bool:
    """Whether some point of the domain is found at which both sides certainly have a value. That they differ there is a contradiction."""
    old = flint.ctx.prec
    try:
        search = _Search(question, budget)
        for size in itertools.islice(sizes_to_try(search.names), 2):
            for table in search.tables(size, 60):
                values = search.values(table, size, 128)
                if values is not None and all(v.is_finite() for pair in values for side in pair for row in side for v in row):
                    if search.first_gap(values) is not None:
                        raise Inconsistent("the proof says equal, balls say different")
                    return True
        return False
    finally:
        flint.ctx.prec = old


def sizes_to_try(names: list[str]) -> Iterator[Sizes]:
    """Small sizes, distinct for distinct dimensions."""
    seen = []
    for first in ([1, 2, 3, 4, 5], [2, 1, 3, 4, 5], [2, 3, 1, 4, 5], [3, 2, 4, 1, 5]):
        sizes = {name: first[k % 5] for k, name in enumerate(names)}
        if sizes not in seen:
            seen.append(sizes)
            yield sizes


class _Search:
    def __init__(self, question: Question, budget: Budget) -> None:
        self.q, self.budget = question, budget
        self.names = names_of_dims(question.roots)
        self.unknown = any(n.op == "fn" and n.data not in FUNCTIONS and n.data != "where" for n in walk(question.roots))
        free = times_of(question.roots)
        self.times = {**{b: k % 3 + 1 for k, b in enumerate(b for b in free if b not in ("t", "T"))}, "t": 2, "T": 2, **question.times}
        self.times = {b: v for b, v in self.times.items() if b in free or b in question.times}

    def run(self) -> Witness | None:
        sizes = [s for s in sizes_to_try(self.names) if residues_differ(self.q.pairs, 5, [s[n] for n in self.names] or None) is not False]
        for precision in PRECISIONS:
            for size in sizes:
                for table in self.tables(size, 60 if precision == 64 else 24):
                    self.budget.check()
                    if self.separated(table, size, precision) is not None:
                        table = self.shrink(table, size, precision)
                        return self.witness(table, size, precision)
        return self.at_edges(sizes)

    def at_edges(self, sizes: list[Sizes]) -> Witness | None:
        """A point on or between the edges of the comparisons of numbers."""
        compared = comparisons(self.q.roots)
        for size in sizes[:1] if compared else ():
            scalars = [k for k, shape in self.keys(size).items() if shape == (1, 1) and k[0] not in self.q.fixed]
            for base in itertools.islice(self.tables(size, 36), 0, 36, 3):
                for key in scalars:
                    self.budget.check()
                    for value in dict.fromkeys(candidates(e for pair in compared for e in along(self.sign(pair, base, size, key)))):
                        table = {**base, key: [[value]]}
                        if self.separated(table, size, 256) is not None:
                            return self.witness(self.shrink(table, size, 256), size, 256)
        return None

    def sign(self, pair: tuple[Node, Node], base: Table, size: Sizes, key: Key) -> Callable[[Fraction], int | None]:
        """The sign of the difference of two sides of a comparison, for every value of one symbol."""

        def sign(value: Fraction) -> int | None:
            evaluation = self.evaluation({**base, key: [[value]]}, size, 128)
            return sign_of(evaluation(pair[0])[0][0] - evaluation(pair[1])[0][0])

        return sign

    # -- points -----------------------------------------------------------------------------------------------------------------

    def keys(self, size: Sizes) -> dict[Key, tuple[int, int]]:
        """The symbols that the sides ask for, with their sizes."""
        found: dict[Key, tuple[int, int]] = {}

        def symbol(name: str, index: tuple[int, ...], rows: int, cols: int) -> Matrix:
            found.setdefault((name, index), (rows, cols))
            return [[flint.arb(1)] * cols for _ in range(rows)]

        flint.ctx.prec = 32
        evaluation = Evaluation(Balls(), Point(size, self.times, symbol))
        for root in [*self.q.roots, *(c.node for c in self.q.domain)]:
            evaluation(root)
        return found

    def tables(self, size: Sizes, count: int) -> Iterator[Table]:
        """Points: small ones first, then wilder ones."""
        keys = self.keys(size)
        source = random.Random(11)
        if len(keys) == 1 and all(s == (1, 1) for s in keys.values()):
            (only,) = keys
            yield from ({only: [[v]]} for v in (Fraction(1), *(w for w in WIDE if w not in (1,))))
        for attempt in range(count):
            table = {}
            for key, (rows, cols) in keys.items():
                choices: tuple[Fraction, ...] = (
                    GATES if self.is_gate(key[0], rows, cols) and attempt < 40 else SMALL if attempt < 20 else WIDE
                )
                if attempt < 2:
                    choices = choices[: attempt + 1]
                pick = source.choice if attempt < 45 else lambda _: Fraction(source.randint(-99, 99), source.choice((1, 7, 10)))
                table[key] = [[pick(choices) for _ in range(cols)] for _ in range(rows)]
                if key[0] in self.q.fixed:
                    table[key] = [[self.q.fixed[key[0]]] * cols for _ in range(rows)]
            yield table

    def is_gate(self, name: str, rows: int, cols: int) -> bool:
        return name in self.q.gates or ((rows == 1 or cols == 1) and _GATE.fullmatch(name) is not None)

    def evaluation(self, table: Table, size: Sizes, precision: int) -> Evaluation:
        flint.ctx.prec = precision
        ball = Balls()

        def symbol(name: str, index: tuple[int, ...], rows: int, cols: int) -> Matrix:
            values = table.get((name, index)) or [[Fraction(0)] * cols for _ in range(rows)]
            return [[ball.number(x) for x in row] for row in values]

        return Evaluation(ball, Point(size, self.times, symbol))

    # -- separation -------------------------------------------------------------------------------------------------------------

    def values(self, table: Table, size: Sizes, precision: int) -> list[tuple[Matrix, Matrix]] | None:
        """The values of all pairs; None outside the domain."""
        evaluation = self.evaluation(table, size, precision)
        if not all(self.holds(c, evaluation) for c in self.q.domain):
            return None
        return [(evaluation(a), evaluation(b)) for a, b in self.q.pairs]

    def separated(self, table: Table, size: Sizes, precision: int) -> Separation | None:
        """The first entries of the first pair that certainly differ."""
        values = self.values(table, size, precision)
        return None if values is None else self.first_gap(values)

    @staticmethod
    def first_gap(values: list[tuple[Matrix, Matrix]]) -> Separation | None:
        for left, right in values:
            rows, cols = max(len(left), len(right)), max(len(left[0]), len(right[0]))
            if not all(x.is_finite() for side in (left, right) for row in side for x in row):
                continue
            for i, j in itertools.product(range(rows), range(cols)):
                x = left[i if len(left) > 1 else 0][j if len(left[0]) > 1 else 0]
                y = right[i if len(right) > 1 else 0][j if len(right[0]) > 1 else 0]
                if not (x - y).contains(0):
                    return Separation(x, y)
        return None

    @staticmethod
    def holds(condition: Condition, evaluation: Evaluation) -> bool:
        test: Callable[[Any], bool] = {">": lambda v: v > 0, ">=": lambda v: v >= 0, "!=": lambda v: not v.contains(0)}[condition.kind]
        return all(test(v) for row in evaluation(condition.node) for v in row)

    def shrink(self, table: Table, size: Sizes, precision: int) -> Table:
        """Whole symbols to 0, then entries to 0 and to 1, while the sides stay apart."""

        def attempt(key: Key, values: list[list[Fraction]]) -> bool:
            nonlocal table
            trial = {**table, key: values}
            if values == table[key] or self.separated(trial, size, precision) is None:
                return False
            table = trial
            return True

        plain = [k for k, v in table.items() if not self.is_gate(k[0], len(v), len(v[0])) and k[0] not in self.q.fixed]
        for key in plain:
            attempt(key, [[Fraction(0)] * len(row) for row in table[key]])
        for key in plain:
            for i, row in enumerate(table[key]):
                for j in range(len(row)):
                    for simple in (Fraction(0), Fraction(1)):
                        if table[key][i][j] != simple and table[key][i][j] != 0:
                            values = [list(r) for r in table[key]]
                            values[i][j] = simple
                            attempt(key, values)
        return table

    # -- text -------------------------------------------------------------------------------------------------------------------

    def witness(self, table: Table, size: Sizes, precision: int) -> Witness:
        found = self.separated(table, size, precision)
        assert found is not None
        left, right = decimals(found)
        scalars = {n.data[0] for n in walk(self.q.roots) if n.op == "sym" and n.shape == SCALAR}
        values: dict[str, Any] = {self.name(k): nested(v, k[0] in scalars) for k, v in table.items()}
        place: dict[str, Any] = {
            "values": dict(values), "functions": {}, "dims": dict(size), "times": dict(self.times), "steps": 1,
            "digits": max(significant(left), significant(right)),
        }  # fmt: skip
        if any(b != "t" for b in self.times):
            values.update({b: str(v) for b, v in self.times.items() if b != "t"})
        for n in walk(self.q.roots) if self.unknown else ():
            if n.op == "fn" and n.data not in FUNCTIONS and n.data != "where":
                letters, polynomial = "xyzuvw"[: len(n.args)], describe_stand_in(n.data, len(n.args))
                values[f"{n.data}({', '.join(letters)})"] = polynomial
                place["functions"][n.data] = {"arguments": list(letters), "value": polynomial}
        return Witness(values, left, right, place)

    def name(self, key: Key) -> str:
        """``C[t-1]`` where the time is the free t alone; numbers where times are summed over."""
        name, index = key
        relative = list(self.times) == ["t"]
        return write_symbol(name, tuple(("t", i - self.times["t"]) if relative else ("", i) for i in index))
