"""Elementwise functions of polynomials: what has a polynomial form gets it, the rest becomes an atom keyed by its canonical argument.

sigmoid, tanh and their derivatives are polynomials in the odd generator tau(z) = tanh(z/2); exp splits over the monomials of its
argument; max, min and relu are written with abs, comparisons with the step function [z > 0]. An atom's argument is kept with slots for
its indices, the least of all ways to name them, so f(A.T) is f(A).T; odd and even functions also choose the sign of their argument.
Every rule is an identity wherever both sides are defined; definedness itself is decided in ``conditions``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import isqrt
from typing import Any

from flint import fmpq

from ..errors import UnsupportedNode
from .budget import Budget
from .factors import DELTA
from .labels import Factor, Monomial
from .poly import COLUMN, FIRST_TIME, ROW, SLOTS, TIME_SLOTS, UNIT_MONOMIAL, Algebra, Key, Poly, key

HALF = fmpq(1, 2)
MAX_POWER = 200


class Undefined(UnsupportedNode):
    """An expression that has no value anywhere: a division by zero, the logarithm of zero."""


def bound(factor: Factor) -> bool:
    return any(r > 0 for r in factor[1])


class Atoms(Algebra):
    """The algebra with elementwise functions."""

    def __init__(self, budget: Budget | None = None) -> None:
        super().__init__(budget)
        self.rebuild = self._rebuild
        self.radicand = lambda factor: self.arguments(factor)[0]
        self._arguments: dict[Factor, list[Poly]] = {}

    # -- atoms ------------------------------------------------------------------------------------------------------------------

    def atom(self, kind: str, *args: Poly, power: Any = 1) -> Poly:
        keys, refs, shifts = self.slotted(args)
        head = self.head(("atom", kind, keys))
        if kind == "step":
            self.idempotent.add(head)
        if kind == "sqrt":
            self.roots.add(head)
        return {(((head, refs, shifts, power),), (), ()): fmpq(1)}

    def slotted(self, args: tuple[Poly, ...]) -> tuple[tuple[Key, ...], tuple[int, ...], tuple[int, ...]]:
        """The arguments with slots for their free indices (the least naming), and which indices fill the slots."""
        free: set[int] = set()
        least: dict[int, int] = {}
        for p in args:
            for factors, _, limits in p:
                for _, refs, shifts, _ in factors:
                    free.update(r for r in refs if r < 0)
                    for r, s in zip(refs[len(refs) - len(shifts) :], shifts, strict=True):
                        if r < 0:
                            least[r] = min(s, least.get(r, s))
                free.update(x for a, b, _ in limits for x in (a, b) if x < 0)
        if not free:
            return tuple(key(p) for p in args), (), ()
        indices = sorted((r for r in free if r > FIRST_TIME), reverse=True)
        times = sorted((r for r in free if r <= FIRST_TIME), reverse=True)
        if len(indices) > len(SLOTS) or len(times) > len(TIME_SLOTS):
            raise UnsupportedNode("a function of too many indices")
        back = {r: -least.get(r, 0) for r in times}
        best: Any = None
        for order in itertools.permutations(indices):
            for clock in itertools.permutations(times):
                names = {**dict(zip(order, SLOTS, strict=False)), **dict(zip(clock, TIME_SLOTS, strict=False))}
                keys = tuple(key(self.rename(p, names, back)) for p in args)
                if best is None or keys < best[0]:
                    best = keys, (*order, *clock), tuple(least.get(r, 0) for r in clock)
        return best  # type: ignore[no-any-return]

    def arguments(self, factor: Factor) -> list[Poly]:
        """The arguments of an atom, its slots filled."""
        found = self._arguments.get(factor)
        if found is None:
            head, refs, shifts, _ = factor
            if bound(factor):
                raise ValueError("the arguments of a factor under a sum have no meaning outside it")
            first = len(refs) - len(shifts)
            names = {**dict(zip(SLOTS, refs[:first], strict=False)), **dict(zip(TIME_SLOTS, refs[first:], strict=False))}
            ahead = dict(zip(TIME_SLOTS, shifts, strict=False))
            found = self._arguments[factor] = [self.rename(dict(k), names, ahead) for k in self.heads[head][2]]
        return found

    def _rebuild(self, factor: Factor) -> Poly | None:
        kind, args = self.heads[factor[0]][1], self.arguments(factor)
        if kind == "exp":
            return self.exp(self.scale(args[0], factor[3]))
        if kind in self.rules and not kind.startswith("fn:"):
            return self.power(self.rules[kind](self, *args), int(factor[3]))
        return None

    # -- functions --------------------------------------------------------------------------------------------------------------

    def apply(self, name: str, *args: Poly) -> Poly:
        """A function, entry by entry. A function of ``delta u + w`` is split: on the diagonal f(u + w), beside it f(w)."""
        if any(f[0] == DELTA for p in args for m in p for f in m[0]):
            beside = [{m: c for m, c in p.items() if all(f[0] != DELTA for f in m[0])} for p in args]
            on = [self.rename(p, {COLUMN: ROW}) for p in args]
            delta = self.factor(DELTA, (ROW, COLUMN))
            return self.add(self.mul(delta, self.apply(name, *on)), self.mul(self.sub(self.one, delta), self.apply(name, *beside)))
        rule = self.rules.get(name)
        return rule(self, *args) if rule else self.atom(f"fn:{name}", *args)

    def odd(self, kind: str, z: Poly) -> Poly:
        """An odd function: of z and -z the one with the lesser key."""
        if not z:
            return {}
        minus = self.scale(z, fmpq(-1))
        ahead, behind = self.slotted((z,)), self.slotted((minus,))
        if behind[0] < ahead[0]:
            return self.scale(self.atom(kind, minus), fmpq(-1))
        atom = self.atom(kind, z)
        if ahead[0] == behind[0]:
            self.antisymmetric.update(f[0] for m in atom for f in m[0])
            ((factors, dims, bounds),) = atom
            return self.emit(list(factors), dict(enumerate(dims, 1)), {(a, b): w for a, b, w in bounds})
        return atom

    def tau(self, z: Poly) -> Poly:
        return self.odd("tau", z)

    def sigmoid(self, z: Poly) -> Poly:
        return self.scale(self.add(self.one, self.tau(z)), HALF)

    def tanh(self, z: Poly) -> Poly:
        return self.tau(self.scale(z, fmpq(2)))

    def dsigmoid(self, z: Poly) -> Poly:
        return self.scale(self.sub(self.one, self.power(self.tau(z), 2)), fmpq(1, 4))

    def dtanh(self, z: Poly) -> Poly:
        return self.sub(self.one, self.power(self.tanh(z), 2))

    def exp(self, z: Poly) -> Poly:
        """A product over the monomials of z; exp(k log u) is u**k."""
        result = self.one
        for m, c in z.items():
            whole = len(m[0]) == 1 and not m[1] and m[0][0][3] == 1 and self.kind(m[0][0]) == "log" and c.q == 1
            if whole and abs(c) <= MAX_POWER:
                result = self.mul(result, self.pow(self.arguments(m[0][0])[0], int(c)))
            else:
                result = self.mul(result, self.atom("exp", {m: fmpq(1)}, power=c))
        return result

    def kind(self, factor: Factor) -> str:
        head = self.heads[factor[0]]
        return head[1] if head[0] == "atom" else ""

    def exponent(self, m: Monomial) -> Poly | None:
        """u, where the monomial is exp(u)."""
        if m[1] or any(self.kind(f) != "exp" for f in m[0]):
            return None
        return self.add({}, *(self.scale(self.arguments(f)[0], f[3]) for f in m[0]))

    def log(self, z: Poly) -> Poly:
        """Exponential content comes out; of exp(u) + exp(v) the mean of u and v, so softplus(u) = u + softplus(-u) is one form."""
        if not z:
            raise Undefined("the logarithm of zero")
        if list(z) == [UNIT_MONOMIAL] and z[UNIT_MONOMIAL] == 1:
            return {}
        exponents = [self.exponent(m) for m in z]
        if len(z) == 1 and exponents[0]:
            return self.add(exponents[0], self.log(self.constant(next(iter(z.values())))))
        if len(z) == 2 and len(set(z.values())) == 1:
            u, v = exponents
            if u is not None and v is not None:
                rest = self.exp(self.scale(self.sub(u, v), HALF))
                even = self.add(rest, self.exp(self.scale(self.sub(v, u), HALF)))
                number = self.log(self.constant(next(iter(z.values()))))
                return self.add(self.scale(self.add(u, v), HALF), number, self.atom("log", even))
        return self.atom("log", z)

    def sqrt(self, z: Poly) -> Poly:
        """Rational squares come out; the square of a root is what stands under it (see ``emit``)."""
        if not z:
            return {}
        lead = abs(self.slotted((z,))[0][0][0][1])
        root = _square_root(lead)
        if root is None:
            return self.atom("sqrt", z)
        if list(z) == [UNIT_MONOMIAL] and z[UNIT_MONOMIAL] > 0:
            return self.constant(root)
        return self.scale(self.atom("sqrt", self.scale(z, 1 / lead)), root)

    def abs(self, z: Poly) -> Poly:
        """Even, and |c z| = |c| |z|."""
        if not z or list(z) == [UNIT_MONOMIAL]:
            return {m: abs(c) for m, c in z.items()}
        minus = self.scale(z, fmpq(-1))
        least = min((z, minus), key=lambda p: self.slotted((p,))[0])
        lead = abs(self.slotted((least,))[0][0][0][1])
        return self.scale(self.atom("abs", self.scale(least, 1 / lead)), lead)

    def step(self, z: Poly) -> Poly:
        """[z > 0]."""
        if not z or list(z) == [UNIT_MONOMIAL]:
            return self.one if z and z[UNIT_MONOMIAL] > 0 else {}
        lead = abs(self.slotted((z,))[0][0][0][1])
        return self.atom("step", self.scale(z, 1 / lead))

    def maximum(self, *args: Poly) -> Poly:
        top = args[0]
        for p in args[1:]:
            top = self.scale(self.add(top, p, self.abs(self.sub(top, p))), HALF)
        return top

    def minimum(self, *args: Poly) -> Poly:
        low = args[0]
        for p in args[1:]:
            low = self.scale(self.sub(self.add(low, p), self.abs(self.sub(low, p))), HALF)
        return low

    def inverse(self, z: Poly) -> Poly:
        """1/z: content comes out, 1/(1 + exp(u)) is a sigmoid, what is left is an atom."""
        if not z:
            raise Undefined("a division by zero")
        content = self.content(z)
        out: Poly = {(tuple((h, r, s, -p) for h, r, s, p in content), (), ()): fmpq(1)} if content else self.one
        rest = self.mul(z, out) if content else z
        if list(rest) == [UNIT_MONOMIAL]:
            return self.scale(out, 1 / rest[UNIT_MONOMIAL])
        if len(rest) == 2:
            m, n = rest
            c, d = rest[m], rest[n]
            u, v = self.exponent(m), self.exponent(n)
            if c == d and u is not None and v is not None:
                return self.scale(self.mul(self.mul(out, self.exp(self.scale(u, fmpq(-1)))), self.sigmoid(self.sub(u, v))), 1 / c)
            if UNIT_MONOMIAL in rest and abs(c) == abs(d):
                one = rest[UNIT_MONOMIAL]
                tau, sign = (m, c) if n == UNIT_MONOMIAL else (n, d)
                if len(tau[0]) == 1 and not tau[1] and tau[0][0][3] == 1 and self.kind(tau[0][0]) == "tau":
                    u = self.scale(self.arguments(tau[0][0])[0], -sign / one)
                    return self.scale(self.mul(out, self.add(self.one, self.exp(u))), HALF / one)
        lead = self.slotted((rest,))[0][0][0][1]
        return self.scale(self.mul(out, self.atom("inv", self.scale(rest, 1 / lead))), 1 / lead)

    def content(self, z: Poly) -> list[Factor]:
        """Factors without bound indices that every monomial has, with the least power."""
        common: dict[Any, Any] | None = None
        for m in z:
            own = {f[:3]: f[3] for f in m[0] if not bound(f)}
            if any(h in self.idempotent for h, _, _ in own) and len(z) == 1:
                raise UnsupportedNode("a division by a matrix that has zeros")
            common = own if common is None else {f: min(p, own[f]) for f, p in common.items() if f in own}
        return [(*f, p) for f, p in (common or {}).items() if f[0] not in self.idempotent]

    def pow(self, z: Poly, exponent: int) -> Poly:
        if abs(exponent) > MAX_POWER:
            raise UnsupportedNode(f"the power {exponent}")
        return self.power(z, exponent) if exponent >= 0 else self.power(self.inverse(z), -exponent)

    rules: dict[str, Callable[..., Poly]] = {
        "tau": tau, "sigmoid": sigmoid, "tanh": tanh, "dsigmoid": dsigmoid, "dtanh": dtanh, "exp": exp, "log": log, "sqrt": sqrt,
        "abs": abs, "step": step, "max": maximum, "min": minimum, "inv": inverse,
        "erf": lambda self, z: self.odd("erf", z),
        "erfc": lambda self, z: self.sub(self.one, self.odd("erf", z)),
        "relu": lambda self, z: self.scale(self.add(z, self.abs(z)), HALF),
        "softplus": lambda self, z: self.log(self.add(self.one, self.exp(z))),
        "sign": lambda self, z: self.sub(self.step(z), self.step(self.scale(z, fmpq(-1)))),
        "cosh": lambda self, z: self.scale(self.add(self.exp(z), self.exp(self.scale(z, fmpq(-1)))), HALF),
        "sinh": lambda self, z: self.scale(self.sub(self.exp(z), self.exp(self.scale(z, fmpq(-1)))), HALF),
        "gt": lambda self, a, b: self.step(self.sub(a, b)),
        "lt": lambda self, a, b: self.step(self.sub(b, a)),
        "ge": lambda self, a, b: self.sub(self.one, self.step(self.sub(b, a))),
        "le": lambda self, a, b: self.sub(self.one, self.step(self.sub(a, b))),
        "ne": lambda self, a, b: self.add(self.step(self.sub(a, b)), self.step(self.sub(b, a))),
        "eq": lambda self, a, b: self.sub(self.one, self.rules["ne"](self, a, b)),
        "where": lambda self, c, a, b: self.add(b, self.mul(c, self.sub(a, b))),
    }  # fmt: skip


def _square_root(q: Any) -> Any | None:
    """The root of a square of a rational number."""
    p, d = isqrt(int(q.p)), isqrt(int(q.q))
    return fmpq(p, d) if p * p == q.p and d * d == q.q else None
