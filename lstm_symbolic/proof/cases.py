"""Zero or not, by cases: abs, max, comparisons, roots and logarithms split the values by the signs of polynomials.

In every case the difference is a fraction in the elementwise normal form; if it is zero in all of them it is zero. A case whose signs
no values have is dropped (only where that is certain: linear conditions, by Fourier-Motzkin elimination over the rationals). A strict
case "p = 0" is solved for a leaf where p is linear in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from flint import fmpq

from ..errors import UnsupportedNode
from .atoms import Atoms
from .budget import Exhausted
from .domain import Facts
from .field import Field
from .generators import SIZES, Generators, TooFew, used
from .known import of_functions
from .poly import Poly
from .quotients import Case, Element, Quotients, Rescale, Split

MAX_CASES, MAX_RESCALES, MAX_CONDITIONS = 300, 40, 400


@dataclass(frozen=True)
class Decision:
    """``zero``: every case is zero. ``reason``: why not, where that is not "one case differs"."""

    zero: bool
    cases: int = 0
    reason: str = ""


Given = Iterable[tuple[str, Poly]]
#: Looks at one case, once it is settled; says whether both sides are defined somewhere in it.
Visit = Callable[[Field], bool]


def decide_zero(algebra: Atoms, differences: list[Poly], domain: Given = (), visit: Visit = lambda field: True) -> Decision:
    """Whether all differences are zero wherever both sides are defined on the domain."""
    domain = list(domain)
    for size in SIZES:
        try:
            return _Cases(algebra, Generators(size), differences, domain, visit).run()
        except TooFew:
            continue
        except UnsupportedNode as error:
            return Decision(False, 0, error.message)
    raise Exhausted("too many independent functions")


class _Cases:
    def __init__(self, algebra: Atoms, generators: Generators, differences: list[Poly], domain: Given, visit: Visit) -> None:
        self.algebra, self.g, self.differences, self.domain, self.visit = algebra, generators, differences, domain, visit
        self.rescales = 0

    def run(self) -> Decision:
        todo, done, nowhere = [Case()], 0, 0
        while todo:
            case = todo.pop()
            if done + len(todo) > MAX_CASES:
                return Decision(False, done, f"more than {MAX_CASES} cases of signs")
            self.algebra.budget.check()
            field = Field(self.algebra, self.g, case, Facts([]))
            try:
                field.facts = Facts([(kind, field(p)) for kind, p in self.domain])
                if not self.visit(field):
                    nowhere += 1
                elif all(self.vanishes(case, field(d)) for d in self.differences):
                    done += 1
                else:
                    return Decision(False, done)
            except Split as split:
                todo += self.split(field, split)
            except Rescale as rescale:
                self.rescales += 1
                if self.rescales > MAX_RESCALES:
                    return Decision(False, done, "exponents with too many denominators")
                scale = case.scales.get(rescale.meaning, 1) * rescale.by
                todo.append(replace(case, scales={**case.scales, rescale.meaning: scale}))
        if nowhere and not done:
            return Decision(False, 0, "a side is defined nowhere")
        return Decision(True, done + nowhere)

    def vanishes(self, case: Case, value: Element) -> bool:
        if value[0] == 0:
            return True
        zeros = [p for name, p in case.polynomials.items() if case.signs[name][0] == 0]
        return any(value[0] % p == 0 for p in zeros)

    def split(self, field: Field, split: Split) -> list[Case]:
        case = field.case
        name, p = str(split.polynomial), split.polynomial
        known = case.signs.get(name)
        signs = [known[0], 0] if known else [1, -1, 0] if split.strict else [1, -1]
        found = []
        for sign in signs:
            new = case.assume(name, p, sign, split.strict)
            new = self.solve(new, p) if sign == 0 else new
            if possible(new, field):
                found.append(new)
        return found

    def solve(self, case: Case, p: Any) -> Case:
        """p = 0, for a leaf in which p is linear; nothing where there is none."""
        if any(self.g.meaning[i][0] != "leaf" for i in used(p)):
            return case
        for i in sorted(used(p)):
            slope = p.derivative(i)
            if used(slope):
                continue
            value = -(p - slope * self.g.gens[i]) / slope.leading_coefficient()
            gens = [value if k == i else x for k, x in enumerate(self.g.gens)]
            solved = {k: (n.compose(*gens, ctx=self.g.ctx), d.compose(*gens, ctx=self.g.ctx)) for k, (n, d) in case.solved.items()}
            signs, polynomials = {}, {}
            for name, q in case.polynomials.items():
                r, (sign, strict) = q.compose(*gens, ctx=self.g.ctx), case.signs[name]
                if used(r):
                    lead = r.leading_coefficient()
                    signs[str(r / lead)], polynomials[str(r / lead)] = (sign if lead > 0 else -sign, strict), r / lead
            return Case(signs, polynomials, {**solved, i: (value, self.g.one)}, case.scales, case.zeros)
        return case


Row = tuple[dict[tuple[int, ...], Any], bool]


def possible(case: Case, field: Field) -> bool:
    """False where no values have the signs of the case in the open sense (a cell without interior is covered by its neighbours)."""
    rows = [row for name, p in case.polynomials.items() for row in signed(p, case.signs[name][0], True)]
    rows += [row for p, strict in of_functions(field) for row in signed(p, 1, strict)]
    return feasible([*rows, *given(rows, field, True)], len(field.g.gens))


def signed(p: Any, sign: int, strict: bool) -> list[Row]:
    return [({e: q * s for e, q in p.terms()}, strict and sign != 0) for s in ((1, -1) if sign == 0 else (sign,))]


def given(rows: list[Row], field: Quotients, open_: bool) -> list[Row]:
    """What holds in every case: the limits of the domain, and monomials of positive generators."""
    kinds = {e for r, _ in rows for e in r if any(e)}
    g, found = field.g, list[Row]()
    for i, (low, open_low, high, open_high) in field.facts.limits.items():
        e = tuple(int(k == i) for k in range(len(g.gens)))
        found += [({e: fmpq(1), (0,) * len(e): -low}, open_ or open_low)] if low is not None else []
        found += [({e: fmpq(-1), (0,) * len(e): high}, open_ or open_high)] if high is not None else []
    return found + [({e: fmpq(1)}, True) for e in kinds if all(x == 0 or g.positive[i] for i, x in enumerate(e))]


def feasible(rows: list[Row], size: int) -> bool:
    """Fourier-Motzkin: rows are ``sum q_e e > 0`` (or >= 0); every monomial counts as a variable of its own."""
    constant = (0,) * size
    while True:
        variables = {e for r, _ in rows for e in r if e != constant}
        for r, strict in rows:
            if set(r) <= {constant} and (r.get(constant, 0) < 0 or (strict and r.get(constant, 0) == 0)):
                return False
        if not variables:
            return True
        counts = {e: sum(1 for r, _ in rows if r.get(e, 0) > 0) * sum(1 for r, _ in rows if r.get(e, 0) < 0) for e in variables}
        v = min(sorted(variables), key=lambda e: counts[e])
        upper, lower = [r for r in rows if r[0].get(v, 0) < 0], [r for r in rows if r[0].get(v, 0) > 0]
        if counts[v] + len(rows) > MAX_CONDITIONS:
            return True
        new = [r for r in rows if not r[0].get(v, 0)]
        for a, strict_a in lower:
            for b, strict_b in upper:
                total = {e: a.get(e, 0) / a[v] - b.get(e, 0) / b[v] for e in {*a, *b} - {v}}
                new.append(({e: q for e, q in total.items() if q}, strict_a or strict_b))
        rows = new
