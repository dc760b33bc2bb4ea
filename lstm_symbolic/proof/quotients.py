"""Fractions of polynomials over independent generators (python-flint), and the signs that they have in one case.

Signs of polynomials that abs, sqrt, log or a comparison ask for come from the case under study; an unknown one raises ``Split``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb
from typing import Any

from flint import fmpq

from .atoms import Atoms, Undefined
from .budget import Exhausted
from .generators import Generators

Element = tuple[Any, Any]
MAX_TERMS, MAX_DEGREE = 4000, 200
MAX_FACTOR, MAX_GCD = 600, 400_000


class Split(Exception):
    """The sign of a polynomial is needed; ``strict`` where zero is a case of its own."""

    def __init__(self, polynomial: Any, strict: bool) -> None:
        self.polynomial, self.strict = polynomial, strict


class Rescale(Exception):
    """An exponent is a fraction of an earlier one: divide that by ``by`` and start again."""

    def __init__(self, meaning: str, by: int) -> None:
        self.meaning, self.by = meaning, by


@dataclass
class Case:
    """What is assumed: signs of polynomials (1, 0, -1, and whether strictly), leaves that are solved for, scales of exponents."""

    signs: dict[str, tuple[int, bool]] = field(default_factory=dict)
    polynomials: dict[str, Any] = field(default_factory=dict)
    solved: dict[int, Element] = field(default_factory=dict)
    scales: dict[str, int] = field(default_factory=dict)
    zeros: tuple[Any, ...] = ()

    def assume(self, name: str, polynomial: Any, sign: int, strict: bool) -> Case:
        zeros = self.zeros if sign else (*self.zeros, polynomial)
        return Case({**self.signs, name: (sign, strict)}, {**self.polynomials, name: polynomial}, self.solved, self.scales, zeros)


class Quotients:
    """Arithmetic of fractions, under one case of signs."""

    def __init__(self, algebra: Atoms, generators: Generators, case: Case, facts: Any) -> None:
        self.algebra, self.g, self.case, self.facts = algebra, generators, case, facts  # Facts of the domain
        self.one: Element = (generators.one, generators.one)
        self.zero: Element = (generators.zero, generators.one)
        self.exponents: list[tuple[int, Element]] = []
        self.logs: dict[int, Any] = {}
        self.roots: dict[int, Any] = {}

    # -- fractions --------------------------------------------------------------------------------------------------------------

    def constant(self, q: Any) -> Element:
        return self.g.one * q, self.g.one

    def gen(self, kind: str, meaning: Any, positive: bool = False) -> Element:
        return self.g.gens[self.g.index(kind, meaning, positive)], self.g.one

    def reduce(self, n: Any, d: Any) -> Element:
        self.algebra.budget.check()
        if len(n) > MAX_TERMS or len(d) > MAX_TERMS:
            raise Exhausted(f"a polynomial of more than {MAX_TERMS} terms")
        for i, p in self.roots.items():
            n, d = self._square(n, i, p), self._square(d, i, p)
        if n == 0:
            return self.zero
        if len(d) > 1 or d != 1:
            if len(n) * len(d) > MAX_GCD:
                raise Exhausted("a fraction of large polynomials")
            common = n.gcd(d)
            if common != 1:
                n, d = n / common, d / common
        lead = d.leading_coefficient()
        return n / lead, d / lead

    def _square(self, f: Any, i: int, p: Any) -> Any:
        """Replace the square of a root generator by what is under the root."""
        while f.degrees()[i] >= 2:
            for e, q in f.to_dict().items():
                if e[i] >= 2:
                    low = list(e)
                    low[i] -= 2
                    f = f - self.g.ctx.from_dict({tuple(e): q}) + self.g.ctx.from_dict({tuple(low): q}) * p
        return f

    def add(self, a: Element, b: Element) -> Element:
        if a[1] == b[1]:
            return self.reduce(a[0] + b[0], a[1])
        return self.reduce(a[0] * b[1] + b[0] * a[1], a[1] * b[1])

    def sub(self, a: Element, b: Element) -> Element:
        return self.add(a, (-b[0], b[1]))

    def mul(self, a: Element, b: Element) -> Element:
        if len(a[0]) * len(b[0]) > 100 * MAX_TERMS:
            raise Exhausted("a product of large polynomials")
        return self.reduce(a[0] * b[0], a[1] * b[1])

    def inverse(self, a: Element) -> Element:
        if a[0] == 0:
            raise Undefined("a division by zero")
        return self.reduce(a[1], a[0])

    def power(self, a: Element, k: int) -> Element:
        for p in a:
            if len(p) > 1 and (comb(min(abs(k), 500) + len(p) - 1, len(p) - 1) > MAX_TERMS or p.total_degree() * abs(k) > 10 * MAX_DEGREE):
                raise Exhausted(f"the power {k} of a polynomial of {len(p)} terms")
        return self.reduce(a[0] ** k, a[1] ** k) if k >= 0 else self.inverse(self.power(a, -k))

    # -- signs ------------------------------------------------------------------------------------------------------------------

    def sign(self, f: Any, strict: bool = True) -> int | None:
        """The sign that a polynomial has for all real values of the domain (not strictly: 0 counts as either), or None."""
        signs, vanishing, anchored = set(), False, False
        for e, q in f.terms():
            loose = [x % 2 for i, x in enumerate(e) if x and not (self.g.positive[i] or self.facts(self, self.g.gens[i]) == 1)]
            if any(loose):
                return self.facts(self, f)
            signs.add(1 if q > 0 else -1)
            vanishing, anchored = vanishing or bool(loose), anchored or not loose
        if len(signs) == 1 and (not strict or not vanishing or anchored):
            return signs.pop()
        return self.facts(self, f)

    def decide(self, f: Any, strict: bool) -> int:
        """The sign of an irreducible polynomial: known, or assumed by the case; else the cases are split."""
        known = self.sign(f, strict)
        if known:
            return known
        exponent = self.difference_of_exponentials(f)
        if exponent is not None:
            return self.sign_of(exponent, strict)
        lead = f.leading_coefficient()
        monic, flip = f / lead, (1 if lead > 0 else -1)
        assumed = self.case.signs.get(str(monic))
        if assumed is None or (strict and not assumed[1]):
            raise Split(monic, strict)
        return flip * assumed[0]

    def difference_of_exponentials(self, f: Any) -> Element | None:
        """u, where f is c (exp(v) - exp(w)) and u = c (v - w): exp is monotonic."""
        terms = list(f.terms())
        if len(terms) != 2 or terms[0][1] != -terms[1][1]:
            return None
        known = dict(self.exponents)
        total = self.zero
        for e, q in terms:
            for i, x in enumerate(e):
                if x and i not in known:
                    return None
                if x:
                    total = self.add(total, self.mul(self.constant(fmpq(int(x)) * (1 if q > 0 else -1)), known[i]))
        return total

    def sign_of(self, a: Element, strict: bool) -> int:
        if a[0] == 0:
            return 0
        total = 1
        for p in a:
            c, factors = self.factors(p)
            total *= 1 if c > 0 else -1
            for f, e in factors:
                total *= self.decide(f, strict) if int(e) % 2 else abs(self.decide(f, True)) if strict else 1
        return total

    def factors(self, p: Any) -> tuple[Any, list[tuple[Any, int]]]:
        """Content and irreducible factors, within limits of size."""
        if len(p) > MAX_FACTOR or p.total_degree() > 10 * MAX_DEGREE:
            raise Exhausted(f"a polynomial of {len(p)} terms to be factored")
        return p.factor()  # type: ignore[no-any-return]
