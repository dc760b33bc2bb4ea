"""The elementwise normal form: fractions of polynomials over independent generators (python-flint).

Entry by entry an expression is a rational function of leaves (symbols, and sums over bound indices taken as they are), of exponentials
of Q-linearly independent arguments, logarithms of irreducible polynomials, square roots of squarefree ones, and opaque functions. Sending
a generator to its function is a ring homomorphism, so a zero fraction is the zero function wherever it is defined: proved needs no
further theorem. (That nothing else is zero is Ax 1971, the structure theorem of Risch; refutations do not use it.)
"""

from __future__ import annotations

from typing import Any

from flint import fmpq, fmpq_mat

from ..errors import UnsupportedNode
from .atoms import Atoms, Undefined
from .factors import components
from .generators import Generators, used
from .labels import Factor, Monomial
from .poly import Poly
from .quotients import MAX_DEGREE, Case, Element, Quotients, Rescale


class Field(Quotients):
    """Conversion of polynomials in index notation to fractions."""

    def __init__(self, algebra: Atoms, generators: Generators, case: Case, facts: Any) -> None:
        super().__init__(algebra, generators, case, facts)
        self._factors: dict[Factor, Element] = {}

    # -- functions --------------------------------------------------------------------------------------------------------------

    def abs(self, a: Element) -> Element:
        return self.mul(self.constant(self.sign_of(a, False)), a)

    def step(self, a: Element) -> Element:
        return self.one if self.sign_of(a, True) > 0 else self.zero

    def exp(self, u: Element) -> Element:
        result = self.one
        for i, value in list(self.logs.items()):
            d = u[0].derivative(i)
            if d == 0 or i in used(u[1]) or used(d) or used(u[1]):
                continue
            k = d.leading_coefficient() / u[1].leading_coefficient()
            if k.q > 2:
                continue
            u = self.sub(u, (self.g.gens[i] * k, self.g.one))
            base = (value, self.g.one)
            result = self.mul(result, self.power(base, int(k)) if k.q == 1 else self.power(self.sqrt(base), int(2 * k)))
        if u[0] == 0:
            return result
        combination = self.combination(u)
        if combination is None or self.too_far(combination):
            meaning = f"({u[0]})/({u[1]})"
            scale = self.case.scales.get(meaning, 1)
            i = self.g.index("exp", (meaning, scale), True)
            self.exponents.append((i, self.mul(u, self.constant(fmpq(1, scale)))))
            self.g.inner.setdefault(i, self.exponents[-1][1])
            return self.mul(result, (self.g.gens[i] ** scale, self.g.one))
        for (i, _), q in zip(self.exponents, combination, strict=True):
            if q.q != 1:
                raise Rescale(self.g.meaning[i][1][0], int(q.q))
            if q:
                result = self.mul(result, self.power((self.g.gens[i], self.g.one), int(q)))
        return result

    def too_far(self, combination: list[Any]) -> bool:
        """exp(1000 x) beside exp(x), or exp(x / 1000): a power that large is taken for a function of its own."""
        pairs = zip(combination, self.exponents, strict=True)
        return any(abs(q.p) > MAX_DEGREE or self._scale(i) * q.q > MAX_DEGREE for q, (i, _) in pairs)

    def _scale(self, i: int) -> int:
        """By what the exponent of a generator was divided."""
        return self.g.meaning[i][1][1]  # type: ignore[no-any-return]

    def combination(self, u: Element) -> list[Any] | None:
        """u as a combination, with rational coefficients, of the exponents so far."""
        if not self.exponents:
            return None
        fractions = [e for _, e in self.exponents] + [u]
        common = self.g.one
        for _, d in fractions:
            common = common * (d / common.gcd(d))
        rows = [dict((n * (common / d)).terms()) for n, d in fractions]
        monomials = sorted({m for r in rows for m in r})
        count = len(self.exponents)
        matrix = fmpq_mat(len(monomials), count + 1, [r.get(m, fmpq(0)) for m in monomials for r in rows])
        reduced, rank = matrix.rref()
        solution = [fmpq(0)] * count
        for r in range(rank):
            pivot = next(j for j in range(count + 1) if reduced[r, j] != 0)
            if pivot == count:
                return None
            solution[pivot] = reduced[r, count]
        return solution

    def log(self, a: Element) -> Element:
        """A sum over the factors; of a polynomial of unknown sign, log|p|."""
        total = self.zero
        for p, side in ((a[0], 1), (a[1], -1)):
            c, factors = self.factors(p)
            total = self.add(total, self.mul(self.constant(fmpq(side)), self._log_number(abs(c))))
            for f, e in factors:
                total = self.add(total, self.mul(self.constant(fmpq(side * int(e))), self._log_factor(f)))
        return total

    def _log_number(self, q: Any) -> Element:
        if q == 0:
            raise Undefined("the logarithm of zero")
        total = self.zero
        for n, side in ((q.p, 1), (q.q, -1)):
            for prime, e in _prime_powers(n):
                total = self.add(total, self.mul(self.constant(fmpq(side * int(e))), self._log_generator(self.g.one * prime)))
        return total

    def _log_factor(self, f: Any) -> Element:
        exponent = next((u for i, u in self.exponents if f == self.g.gens[i]), None)
        if exponent is not None:
            return exponent
        lead = abs(f.leading_coefficient())
        return self.add(self._log_generator(f / f.leading_coefficient()), self._log_number(lead))

    def _log_generator(self, monic: Any) -> Element:
        i = self.g.index("log", str(monic))
        if i not in self.logs:
            self.logs[i] = monic if not used(monic) else monic * self.decide(monic, False)
            self.g.inner.setdefault(i, self.logs[i])
        return self.g.gens[i], self.g.one

    def sqrt(self, a: Element) -> Element:
        """Even powers come out (as absolute values); each other factor has a root of its own, with the sign it has where a >= 0."""
        result, sign, number, open_factors = self.one, 1, fmpq(1), []
        for p, side in ((a[0], 1), (a[1], -1)):
            c, factors = self.factors(p)
            number *= c if side > 0 else 1 / c
            for f, e in factors:
                half, odd = divmod(int(e), 2)
                if half:
                    root = self.abs((f, self.g.one)) if half % 2 else (f, self.g.one)
                    result = self.mul(result, self.power(root, side * half))
                if odd:
                    lead = f.leading_coefficient()
                    number *= lead if side > 0 else 1 / lead
                    open_factors.append((f / lead, side))
        unknown = [f for f, _ in open_factors if self.sign(f, False) is None and str(f) not in self.case.signs]
        for f, side in open_factors:
            if unknown == [f]:
                continue
            s = self.decide(f, False)
            sign *= s or 1
            result = self.mul(result, self.power(self._root(f * (s or 1)), side))
        sign *= 1 if number > 0 else -1
        if not unknown and sign < 0:
            raise Undefined("the square root of a negative number")
        if len(unknown) == 1:
            side = next(side for f, side in open_factors if f == unknown[0])
            result = self.mul(result, self.power(self._root(unknown[0] * sign), side))
        return self.mul(result, self._root_number(abs(number)))

    def _root_number(self, q: Any) -> Element:
        total = self.one
        for n, side in ((q.p, 1), (q.q, -1)):
            for prime, e in _prime_powers(n):
                half, odd = divmod(side * int(e), 2)
                total = self.mul(total, self.power(self.constant(fmpq(prime)), half))
                if odd:
                    total = self.mul(total, self._root(self.g.one * prime))
        return total

    def _root(self, p: Any) -> Element:
        i = self.g.index("sqrt", str(p), self.sign(p) == 1)
        self.roots[i] = p
        self.g.inner.setdefault(i, p)
        return self.g.gens[i], self.g.one

    # -- from index notation ----------------------------------------------------------------------------------------------------

    def __call__(self, p: Poly) -> Element:
        total = self.zero
        for m, c in p.items():
            total = self.add(total, self.mul(self.constant(c), self.monomial(m)))
        return total

    def monomial(self, m: Monomial) -> Element:
        """A product of factors without bound indices, and of one leaf for each group of factors that share bound indices."""
        free = [f for f in m[0] if not any(r > 0 for r in f[1])]
        result = self.one
        for f in sorted(free, key=lambda f: self.algebra.kind(f) != "step"):
            result = self.mul(result, self.factor(f))
            if result[0] == 0:
                return self.zero
        for group in components(m) if m[1] else []:
            positive = all(self.algebra.kind(f) == "exp" for f in group[0])
            for leaf, c in self.algebra.emit(*group).items():
                result = self.mul(self.mul(result, self.constant(c)), self.leaf(leaf, positive))
        return result

    def leaf(self, meaning: Any, positive: bool = False) -> Element:
        i = self.g.index("leaf", meaning, positive)
        return self.case.solved.get(i) or (self.g.gens[i], self.g.one)

    def factor(self, f: Factor) -> Element:
        if f not in self._factors:
            self._factors[f] = self._factor(f)
        return self._factors[f]

    def _factor(self, f: Factor) -> Element:
        self.algebra.budget.check()
        power = f[3]
        kind = self.algebra.kind(f)
        if kind == "":
            head = self.algebra.heads[f[0]][0]
            plain = self.leaf((((*f[:3], 1),), (), ()), head in ("dim", "pi"))
            return self.power(plain, int(power))
        args = [self(p) for p in self.algebra.arguments(f)]
        if kind == "exp":
            return self.exp(self.mul(args[0], self.constant(fmpq(power))))
        return self.power(self.function(kind, args), int(power))

    def function(self, kind: str, args: list[Element]) -> Element:
        match kind:
            case "tau":
                e = self.exp(args[0])
                return self.mul(self.sub(e, self.one), self.inverse(self.add(e, self.one)))
            case "inv":
                return self.inverse(args[0])
            case "log":
                return self.log(args[0])
            case "sqrt":
                return self.sqrt(args[0])
            case "abs":
                return self.abs(args[0])
            case "step":
                return self.step(args[0])
            case "erf":
                if args[0][0] == 0:
                    return self.zero
                flip = -1 if args[0][0].leading_coefficient() < 0 else 1
                u = self.mul(self.constant(flip), args[0])
                return self.mul(self.constant(flip), self.gen("erf", str(u)))
        if kind.startswith("fn:"):
            return self.gen(kind, tuple(str(a) for a in args))
        raise UnsupportedNode(f"no elementwise form for {kind}")


def _prime_powers(n: Any) -> list[tuple[Any, int]]:
    """The prime factors of a number; a very large one is left whole (it only makes the form less complete)."""
    return [] if n == 1 else [(n, 1)] if int(n).bit_length() > 80 else list(n.factor())
