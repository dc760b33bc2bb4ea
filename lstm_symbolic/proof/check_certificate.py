"""Checks a certificate without the prover: standard library only, nothing of this package; ``python check_certificate.py cert.json``.

A certificate carries its statement, both sides as plain text, read here by a reader of its own. Refuted: decimal intervals around both
sides do not meet at the given fractions. Proved: at random points both sides are defined alike and agree in a chain of prime fields where
exp is a homomorphism (Gonnet 1984), at small sizes; recursions in one step, families with the parameters of each side put in.
"""

from __future__ import annotations

import ast
import hashlib
import json
import operator
import random
import re
import sys
from collections.abc import Callable, Iterable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import reduce
from math import prod
from types import SimpleNamespace
from typing import Any

Matrix = list[list[Any]]
EXACT = SimpleNamespace(number=Fraction)  # a ring without functions
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
COMPARE = {ast.Gt: "gt", ast.GtE: "ge", ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne"}
NOW, LIMIT, CASES = 3, 40_000, 200

class Stop(Exception):
    """``kind`` is "rejected", "malformed" (the message names the place) or "not covered"."""
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

def refuse(bad: object, kind: str, message: str) -> None:
    if bad:
        raise Stop(kind, message)

class Undefined(Exception):
    """A side has no value at the point."""

class Unsure(Exception):
    """The bounds do not tell a sign."""

# -- text -------------------------------------------------------------------------------------------------------------------------------
def parse(text: str) -> ast.expr:
    """Python's grammar; numbers are read from their text, so that decimals are exact."""
    text = re.sub(r"\blambda\b", "lambda_", text.strip())
    try:
        tree = ast.parse(text, mode="eval").body
        for n in ast.walk(tree):
            if isinstance(n, ast.Constant) and isinstance(n.value, float):
                n.value = Fraction((ast.get_source_segment(text, n) or "").replace("_", ""))  # type: ignore[assignment]
        return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Stop("malformed", f"not plain syntax: {text[:60]!r}") from None

def unbound(name: str, *_: object) -> Any:
    raise Stop("malformed", f"no value for the index {name!r}")

def integer(e: ast.expr, env: dict[str, int]) -> int:
    """A time or a dimension, in terms of names with values."""
    value = Run(EXACT, {}, unbound)(e, env)[0][0]
    refuse(value.denominator > 1, "malformed", f"not whole: {ast.unparse(e)[:40]!r}")
    return value.numerator

def symbol(e: ast.expr) -> tuple[str, list[ast.expr]] | None:
    """Name and indices of ``h[t - 1]``, ``grad(h[t])``; None for what is no symbol."""
    match e:
        case ast.Name(id=name):
            return name, []
        case ast.Subscript(value=ast.Name(id=name), slice=i):
            return name, list(i.elts) if isinstance(i, ast.Tuple) else [i]
        case ast.Call(func=ast.Name(id="grad" | "jac" as kind), args=args) if args:
            parts = [symbol(a) or ("", []) for a in args]
            return f"{kind}({','.join(p[0] for p in parts)})", [i for p in parts for i in p[1]]
    return None

def constant(e: ast.expr) -> Fraction | None:
    """The value of a number such as -1/2."""
    return None if any(isinstance(n, ast.Name) for n in ast.walk(e)) else Run(EXACT, {}, unbound)(e, {})[0][0]

# -- values -----------------------------------------------------------------------------------------------------------------------------
class Run:
    """Values in a ring at given sizes; ``look(name, indices, env)`` gives those of symbols."""
    def __init__(self, ring: Any, sizes: dict[str, int], look: Callable[..., Matrix]) -> None:
        self.ring, self.sizes, self.look = ring, sizes, look
    def __call__(self, e: ast.expr, env: dict[str, int]) -> Matrix:
        ring, known = self.ring, symbol(e)
        match e:
            case ast.Constant(value=int() | Fraction() as v) if not isinstance(v, bool):
                return [[ring.number(v)]]
            case ast.Name(id="pi"):
                return [[ring.pi()]]
            case ast.Name(id=name) if name in env:
                return [[ring.number(env[name])]]
            case _ if known:
                return self.look(known[0], tuple(integer(i, env) for i in known[1]), env)
            case ast.Attribute(value=u, attr="T"):
                return flip(self(u, env))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=u):
                return [[-x if isinstance(op, ast.USub) else x for x in row] for row in self(u, env)]
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return matmul(self(left, env), self(right, env))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return each(lambda x, y: raised(ring, x, y, constant(right)), self(left, env), self(right, env))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
                return each(OPERATIONS[type(op)], self(left, env), self(right, env))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARE:
                return each(lambda x, y: apply(ring, COMPARE[type(op)], x, y), self(left, env), self(right, env))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if args:
                return self.call(name, args, env)
        raise Stop("malformed", f"not plain syntax: {ast.unparse(e)[:60]!r}")
    def call(self, name: str, args: list[ast.expr], env: dict[str, int]) -> Matrix:
        ring = self.ring
        if name in ("Sum", "Prod"):
            return self.running(name, args, env)
        if name in ("ones", "eye"):
            rows, cols = (integer(d, self.sizes) for d in (args[0], args[-1] if len(args) == 2 or name == "eye" else ast.Constant(1)))
            return [[ring.number(int(name == "ones" or i == j)) for j in range(cols)] for i in range(rows)]
        if name == "matrix" and isinstance(args[0], ast.List):
            return [[self(x, env)[0][0] for x in row.elts] for row in args[0].elts if isinstance(row, ast.List)]
        if name == "where":
            truth = {x.truth() for row in self(args[0], env) for x in row}
            if truth in ({True}, {False}):
                return self(args[1 if truth == {True} else 2], env)
        refuse(name in ("conv", "conv_transpose", "conv_kernel", "concat"), "not covered", name)
        values = [self(a, env) for a in args]
        return BLOCKS[name](ring, *values) if name in BLOCKS else each(lambda *xs: apply(ring, name, *xs), *values)
    def running(self, name: str, args: list[ast.expr], env: dict[str, int]) -> Matrix:
        var, low, high = args[1].elts  # type: ignore[attr-defined]
        steps = [self(args[0], {**env, var.id: k}) for k in range(integer(low, env), integer(high, env) + 1)]
        refuse(not steps, "not covered", "an empty sum")
        return reduce((lambda a, b: each(operator.add, a, b)) if name == "Sum" else (lambda a, b: matmul(b, a)), steps)

def each(rule: Callable[..., Any], *args: Matrix) -> Matrix:
    """Entry by entry; numbers, rows and columns broadcast."""
    rows, cols = max(len(m) for m in args), max(len(m[0]) for m in args)
    refuse(any(len(m) not in (1, rows) or len(m[0]) not in (1, cols) for m in args), "rejected", "shapes do not fit")
    return [[rule(*(m[i % len(m)][j % len(m[0])] for m in args)) for j in range(cols)] for i in range(rows)]

def flip(m: Matrix) -> Matrix: return [list(col) for col in zip(*m, strict=True)]

def total(values: Iterable[Any]) -> Any: return reduce(operator.add, values)

def matmul(a: Matrix, b: Matrix) -> Matrix:
    refuse(len(a[0]) != len(b), "rejected", "shapes do not fit in a matrix product")
    return [[total(x * y for x, y in zip(row, col, strict=True)) for col in zip(*b, strict=True)] for row in a]

def softmax(ring: Any, a: Matrix) -> Matrix:
    columns = [[ring.function("exp", x) for x in col] for col in (a if len(a) == 1 else flip(a))]
    shares = [[x / total(col) for x in col] for col in columns]
    return shares if len(a) == 1 else flip(shares)

BLOCKS: dict[str, Callable[..., Matrix]] = {
    "hstack": lambda ring, *ms: [[x for m in ms for x in m[i]] for i in range(len(ms[0]))],
    "vstack": lambda ring, *ms: [row for m in ms for row in m],
    "trace": lambda ring, a: [[total(a[i][i] for i in range(len(a)))]], "total": lambda ring, a: [[total(x for row in a for x in row)]],
    "norm": lambda ring, a: [[ring.function("sqrt", total(x * x for row in a for x in row))]], "softmax": softmax,
    "diag": lambda ring, a: [
        [x * ring.number(int(i == j)) for j in range(len(a) * len(a[0]))] for i, x in enumerate(x for row in a for x in row)
    ],
}  # fmt: skip

# -- functions: in terms of exp, log, sqrt, abs, erf and step(x) = [x > 0], which rings have; n makes numbers, f applies functions -------
DERIVED: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda n, f, x: n(1) / (n(1) + f("exp", -x)), "tanh": lambda n, f, x: n(1) - n(2) / (n(1) + f("exp", n(2) * x)),
    "dsigmoid": lambda n, f, x: f("sigmoid", x) * f("sigmoid", -x), "dtanh": lambda n, f, x: n(1) - f("tanh", x) * f("tanh", x),
    "cosh": lambda n, f, x: (f("exp", x) + f("exp", -x)) / n(2), "sinh": lambda n, f, x: (f("exp", x) - f("exp", -x)) / n(2),
    "softplus": lambda n, f, x: f("log", n(1) + f("exp", x)), "erfc": lambda n, f, x: n(1) - f("erf", x),
    "relu": lambda n, f, x: (x + f("abs", x)) / n(2), "sign": lambda n, f, x: f("step", x) - f("step", -x),
    "max": lambda n, f, x, *ys: f("max", (x + ys[0] + f("abs", x - ys[0])) / n(2), *ys[1:]) if ys else x,
    "min": lambda n, f, *xs: -f("max", *(-x for x in xs)), "where": lambda n, f, c, x, y: y + c * (x - y),
    "gt": lambda n, f, x, y: f("step", x - y), "lt": lambda n, f, x, y: f("step", y - x),
    "ge": lambda n, f, x, y: n(1) - f("step", y - x), "le": lambda n, f, x, y: n(1) - f("step", x - y),
    "ne": lambda n, f, x, y: f("step", x - y) + f("step", y - x), "eq": lambda n, f, x, y: n(1) - f("ne", x, y),
}  # fmt: skip
PRIMITIVE = ("exp", "log", "sqrt", "abs", "step", "erf")

def apply(ring: Any, name: str, *xs: Any) -> Any:
    """A function by its definition, or the ring's own."""
    try:
        return DERIVED[name](ring.number, lambda own, *args: apply(ring, own, *args), *xs) if name in DERIVED else ring.function(name, *xs)
    except TypeError:
        raise Stop("malformed", f"{name} of {len(xs)} arguments") from None

def raised(ring: Any, x: Any, y: Any, exponent: Fraction | None) -> Any:
    """x**y: products for whole numbers, roots for halves, exp(y log x) else."""
    if exponent is None or exponent.denominator > 2 or abs(exponent) > 10_000:
        return ring.function("exp", y * ring.function("log", x))
    base, result, k = x if exponent.denominator == 1 else ring.function("sqrt", x), ring.number(1), abs(exponent.numerator)
    while k:
        result, base, k = result * base if k % 2 else result, base * base if k > 1 else base, k // 2
    return result if exponent >= 0 else ring.number(1) / result

# -- decimal intervals ------------------------------------------------------------------------------------------------------------------
class Interval:
    """Bounds of a real number, rounded outwards; what may be undefined is the whole line and separates nothing."""
    down = up = Context()
    given: dict[str, tuple[list[str], ast.expr]] = {}
    @classmethod
    def start(cls, digits: int, given: dict[str, tuple[list[str], ast.expr]]) -> None:
        """The precision, and what stands for unknown functions."""
        cls.down, cls.up = (Context(digits, r, MIN_EMIN, MAX_EMAX, traps=[]) for r in (ROUND_FLOOR, ROUND_CEILING))
        cls.given = given
    def __init__(self, lo: Decimal, hi: Decimal) -> None:
        self.lo, self.hi = (lo, hi) if lo.is_finite() and hi.is_finite() else (Decimal("-inf"), Decimal("inf"))
    @classmethod
    def number(cls, q: Fraction | int) -> Interval:
        n, d = Decimal(q.numerator), Decimal(q.denominator)
        return cls(cls.down.divide(n, d), cls.up.divide(n, d))
    def __add__(self, o: Interval) -> Interval: return Interval(self.down.add(self.lo, o.lo), self.up.add(self.hi, o.hi))
    def __neg__(self) -> Interval: return Interval(self.hi.copy_negate(), self.lo.copy_negate())
    def __sub__(self, o: Interval) -> Interval: return self + -o
    def hull(self, o: Interval) -> Interval: return Interval(min(self.lo, o.lo), max(self.hi, o.hi))
    def truth(self) -> bool | None: return bool(self.lo) if self.lo == self.hi and self.lo in (0, 1) else None
    def __mul__(self, o: Interval) -> Interval:
        if not (self.lo.is_finite() and o.lo.is_finite()):
            return WHOLE
        pairs = [(a, b) for a in (self.lo, self.hi) for b in (o.lo, o.hi)]
        return Interval(min(self.down.multiply(*p) for p in pairs), max(self.up.multiply(*p) for p in pairs))
    def __truediv__(self, o: Interval) -> Interval:
        whole = o.lo <= 0 <= o.hi
        return WHOLE if whole else self * Interval(self.down.divide(Decimal(1), o.hi), self.up.divide(Decimal(1), o.lo))
    @classmethod
    def pi(cls) -> Interval:
        last = cls(Decimal(0), Decimal("1e-62"))
        return last + cls.number(Fraction("3.14159265358979323846264338327950288419716939937510582097494459"))
    def erf(self) -> Interval:
        """2x/sqrt(pi) times the alternating sum of (-x^2)^k / (k! (2k+1)), until its terms are small and fall."""
        if not -12 <= self.lo <= self.hi <= 12:
            return Interval(Decimal(-1), Decimal(1))
        result, term, k, tiny = ZERO, self, 0, Decimal(10) ** -self.up.prec
        while k < 300 or max(abs(term.lo), abs(term.hi)) > tiny:
            result, k = result + term / Interval.number(2 * k + 1), k + 1
            term = -(term * self * self / Interval.number(k))
        return (result + Interval(-tiny, tiny)) * Interval.number(2) / Interval.function("sqrt", Interval.pi())
    @classmethod
    def function(cls, name: str, x: Interval, *more: Interval) -> Interval:
        if name in cls.given:
            table = dict(zip(cls.given[name][0], (x, *more), strict=True))
            return Run(cls, {}, lambda n, i, env: [[table[n]]])(cls.given[name][1], {})[0][0]
        refuse(name not in PRIMITIVE or more, "not covered", f"the function {name}")
        if name == "erf" or not x.lo.is_finite():
            return x.erf() if name == "erf" else WHOLE
        if name == "step":
            return Interval(Decimal(int(x.lo > 0)), Decimal(int(x.hi > 0)))
        if name == "abs":
            return x if x.lo >= 0 else -x if x.hi <= 0 else Interval(Decimal(0), max(-x.lo, x.hi))
        if (name == "sqrt" and x.lo < 0) or (name == "log" and x.lo <= 0):
            return WHOLE
        if x.lo == x.hi == int(name == "log"):
            return cls.number(int(name == "exp"))
        if name == "sqrt" and x.lo == x.hi and Fraction(root := cls.down.sqrt(x.lo)) ** 2 == Fraction(x.lo):
            return cls(root, root)
        lo, hi = (getattr(c, {"log": "ln"}.get(name, name))(v) for c, v in ((cls.down, x.lo), (cls.up, x.hi)))
        return Interval(lo if name == "sqrt" and lo == 0 else cls.down.next_minus(lo), cls.up.next_plus(hi))

Interval.start(40, {})
ZERO, WHOLE = Interval(Decimal(0), Decimal(0)), Interval(Decimal("-inf"), Decimal("inf"))

# -- residues ---------------------------------------------------------------------------------------------------------------------------
FIELDS, TOP, SMALL, FEW, MANY = [((1 << 127) - 1, 0)], 4, (0, 1, -1, 2, -2, 4, -4), 8, 60

def field(level: int) -> tuple[int, int]:
    """(q_k, g_k): a prime with q_(k-1) | q_k - 1, and an element of order q_(k-1)."""
    while len(FIELDS) <= level:
        below, k = FIELDS[-1][0], 2
        while k * below % 8 != 6 or not all(pow(a, k * below, k * below + 1) == 1 for a in (2, 3, 5, 7, 11, 13)):
            k += 2
        FIELDS.append((k * below + 1, next(g for g in (pow(h, k, k * below + 1) for h in range(2, 99)) if g != 1)))
    return FIELDS[level]

class Residue:
    """A number in the fields from ``low`` to ``TOP`` (exp raises ``low``), and real bounds, which decide signs and what is defined."""
    pairs: list[tuple[Residue, Residue]] = []
    watched = scalar = False
    made: set[str] = set()
    def __init__(self, low: int, values: Iterable[int], real: Interval) -> None:
        self.low, self.real, self.values = low, real, [v % field(low + k)[0] for k, v in enumerate(values)]
    def columns(self, *others: Residue) -> tuple[int, Iterable[tuple[int, ...]]]:
        low = max(r.low for r in (self, *others))
        return low, zip(*(r.values[low - r.low :] for r in (self, *others)), strict=True)
    def __add__(self, o: Residue) -> Residue: return Residue((c := self.columns(o))[0], (a + b for a, b in c[1]), self.real + o.real)
    def __mul__(self, o: Residue) -> Residue: return Residue((c := self.columns(o))[0], (a * b for a, b in c[1]), self.real * o.real)
    def __neg__(self) -> Residue: return Residue(self.low, (-a for a in self.values), -self.real)
    def __sub__(self, o: Residue) -> Residue: return self + -o
    def __truediv__(self, o: Residue) -> Residue:
        if o.sign() == 0:
            raise Undefined
        return self * Residue(o.low, (pow(a, -1, field(o.low + k)[0]) for k, a in enumerate(o.values)), Interval.number(1) / o.real)
    def same(self, o: Residue) -> bool: return all(a == b for a, b in self.columns(o)[1])
    def truth(self) -> bool | None: return next((bool(k) for k in (0, 1) if self.same(Residue.number(k))), None)
    def sign(self) -> int | None:
        return 0 if not any(self.values) else 1 if self.real.lo > 0 else -1 if self.real.hi < 0 else None
    @classmethod
    def number(cls, q: Fraction | int) -> Residue:
        return cls(0, (q.numerator * pow(q.denominator, -1, field(k)[0]) for k in range(TOP + 1)), Interval.number(q))
    @classmethod
    def pi(cls) -> Residue: return cls(0, (random.Random(k).getrandbits(512) for k in range(TOP + 1)), Interval.pi())
    @classmethod
    def leaf(cls, source: random.Random, small: bool) -> Residue:
        """A random fraction, a square up to its sign; the root is kept for logarithms and roots."""
        if small and not cls.watched:
            return cls.number(Fraction(source.randint(-4, 4), source.choice((1, 1, 2))))
        w, sign = Fraction(source.randint(1, 10**20), source.choice((10**19, 10**20, 4 * 10**20))), source.choice((1, 1, -1))
        w = Fraction(source.choice(("0", "1", "2", "3", "1/7"))) if small else w
        if w not in (0, 1) and cls.watched and cls.scalar and len(cls.pairs) < 3:
            cls.pairs.append((cls.unknown("log", cls.number(w)), cls.number(w)))
        return cls.number(sign * w * w)
    @classmethod
    def unknown(cls, name: str, x: Residue, *more: Residue) -> Residue:
        """An unknown function: a random value for each argument. What holds so holds for every function."""
        low, columns = x.columns(*more)
        real = Interval.function(name, x.real) if name in PRIMITIVE else WHOLE
        return cls(low, (random.Random(f"{name}{k}{c}").getrandbits(512) for k, c in enumerate(columns, low)), real)
    def related(self, of: Callable[[tuple[Residue, Residue], int], int], zero: int, join: Callable[[int, int], int]) -> list[int] | None:
        """Small powers of the kept pairs that make this number; of many pairs, of two. Powers come with their inverses, so halves meet."""
        q = field(TOP)[0]
        powers = [(n, k, of(pair, k) % q) for n, pair in enumerate(self.pairs) for k in SMALL]
        halves = [{zero: dict[int, int]()}, {zero: dict[int, int]()}]
        for n, k, x in powers if len(self.pairs) > FEW else ():
            halves[0][x] = halves[1][x] = {n: k}
        for n in range(len(self.pairs) if len(self.pairs) <= FEW else 0):
            halves[n % 2] = {join(y, x) % q: {**ks, n: k} for y, ks in halves[n % 2].items() for m, k, x in powers if m == n}
        for y, ks in halves[0].items():
            other = halves[1].get(join(self.values[-1], y) % q)
            if other is not None:
                return [other.get(n, 0) - ks.get(n, 0) for n in range(len(self.pairs))]
        return None
    def exp(self) -> Residue:
        for half in (False, True) if self.pairs else ():
            ks = (self + self if half else self).related(lambda p, k: k * p[0].values[-1], 0, lambda a, b: a + b)
            if ks and any(ks):
                found = [(e, k) for (_, e), k in zip(self.pairs, ks, strict=True) if k]
                result = reduce(operator.mul, [raised(Residue, e, e, Fraction(k)) for e, k in found])
                return result.root() if half else result
        refuse(self.low == TOP, "not covered", "exponentials nested so deeply")
        powers = (pow(field(k)[1], a, field(k)[0]) for k, a in enumerate(self.values[:-1], self.low + 1))
        result = Residue(self.low + 1, powers, Interval.function("exp", self.real))
        self.made.add("exp")
        if self.watched and len(self.pairs) < (FEW if self.scalar else MANY):
            self.pairs.append((self, result))
        return result
    def root(self) -> Residue:
        """The root in the fields that have one; a wrong sign of it makes the sides differ, never agree."""
        self.made.add("root")
        low, values = TOP, [pow(v, (field(self.low + k)[0] + 1) // 4, field(self.low + k)[0]) for k, v in enumerate(self.values)]
        fits = [r * r % field(self.low + k)[0] == v for k, (r, v) in enumerate(zip(values, self.values, strict=True))]
        if not fits[-1]:
            raise Unsure
        low = self.low + max((k + 1 for k, fine in enumerate(fits) if not fine), default=0)
        return Residue(low, values[low - self.low :], Interval.function("sqrt", self.real))
    def log(self) -> Residue:
        if self.sign() != 1:
            raise Undefined if self.sign() is not None else Unsure
        q = field(TOP)[0]
        for power, u in ((1, self), (2, self * self)):
            ks = u.related(lambda p, k: pow(p[1].values[-1], k, q), 1, lambda a, b: a * b)
            if ks is not None:
                terms = [Residue.number(Fraction(k, power)) * v for (v, _), k in zip(self.pairs, ks, strict=True)]
                return total(terms or [Residue.number(0)])
        refuse(len(self.pairs) > MANY, "not covered", "so many logarithms")
        self.made.add("log")
        self.pairs.append((self.unknown("log", self), self))
        return self.pairs[-1][0]
    @classmethod
    def function(cls, name: str, x: Residue, *more: Residue) -> Residue:
        sign = x.sign() if name in ("abs", "step", "sqrt", "erf") and not more else None
        if name in ("exp", "log") and not more:
            return x.exp() if name == "exp" else x.log()
        if name not in PRIMITIVE or more:
            return cls.unknown(name, x, *more)
        if sign is None:
            raise Unsure
        if sign < 0 and name == "sqrt":
            raise Undefined
        if name == "step" or sign == 0:
            return cls.number(int(sign > 0))
        if name == "sqrt":
            return (cls.number(Fraction(1, 2)) * x.log()).exp()
        return (x if sign > 0 else -x) if name == "abs" else cls.unknown(name, x) if sign > 0 else -cls.unknown(name, -x)

# -- certificates -----------------------------------------------------------------------------------------------------------------------
class Side:
    """One side: its definitions, and what its names are in the names of the certificate's dimensions."""
    def __init__(self, text: str | list[str], shapes: dict[str, str], dims: dict[str, str]) -> None:
        self.shapes, self.dims = {n: [parse(d) for d in s.split(",")] for n, s in shapes.items()}, dims
        self.defs: dict[str, tuple[list[ast.expr], str, int, ast.expr]] = {}
        for line in [text] if isinstance(text, str) else text:
            *left, right = re.split(r"(?<![<>=!])=(?!=)", line)
            known = symbol(parse(left[0])) if left else ("", [])
            bases = [n.id for n in ast.walk(known[1][-1]) if isinstance(n, ast.Name)] if known and known[1] else [""]
            if known is None or len(left) > 1 or known[0] in self.defs or bool(left) == isinstance(text, str):
                raise Stop("malformed", f"no definition: {line[:60]!r}")
            if bases:
                shift = integer(known[1][-1], {bases[0]: 0}) if bases[0] else 0
                self.defs[known[0]] = known[1][:-1], bases[0], shift, parse(right)
        bodies = [n for d in self.defs.values() for n in ast.walk(d[3])]
        calls = {id(n.func) for n in bodies if isinstance(n, ast.Call)}
        clocks = [n.slice for n in bodies if isinstance(n, ast.Subscript)] + [n for n in bodies if isinstance(n, ast.Tuple)]
        self.times = {n.id for c in clocks for n in ast.walk(c) if isinstance(n, ast.Name)} | {d[1] for d in self.defs.values()} - {""}
        self.indexed = {s[0] for n in bodies if isinstance(n, ast.Subscript | ast.Call) and (s := symbol(n)) and s[1]}
        made = [a for n in bodies if isinstance(n, ast.Call) and getattr(n.func, "id", "") in ("ones", "eye") for a in n.args]
        self.lengths = {n.id for d in [d for p in self.shapes.values() for d in p] + made for n in ast.walk(d) if isinstance(n, ast.Name)}
        self.used = {n.id for n in bodies if isinstance(n, ast.Name) and id(n) not in calls} | self.indexed
    def size(self, name: str, sizes: dict[str, int]) -> tuple[int, int]:
        kind, _, inner = name.rstrip(")").partition("(")
        if inner:
            parts = [self.size(n, sizes) for n in inner.split(",")]
            return parts[0] if kind == "grad" else (prod(parts[0]), prod(parts[-1]))
        own = {**sizes, **{d: sizes[c] for d, c in self.dims.items() if c in sizes}}
        rows, cols = self.shapes.get(name) or (ast.Constant(1), ast.Constant(1))
        return integer(rows, own), integer(cols, own)

class Steps:
    """Values of one side at a time: definitions within ``window`` are put in, states at other times (of paired names) are free."""
    def __init__(self, side: Side, ring: Any, sizes: dict[str, int], times: dict[str, int], window: Iterable[int], paired: set[str],
                 free: Callable[..., Matrix]) -> None:  # fmt: skip
        own = {**sizes, **{d: sizes[c] for d, c in side.dims.items() if c in sizes}}
        self.side, self.times, self.window, self.paired, self.free = side, times, window, paired, free
        self.run, self.done, self.links = Run(ring, own, self.look), dict[tuple[str, int], Matrix | None](), set[tuple[str, str, int]]()
    def value(self, name: str, now: int) -> Matrix:
        if (name, now) not in self.done:
            self.done[name, now] = None
            _, base, shift, body = self.side.defs[name]
            self.done[name, now] = self.run(body, {**self.times, **({base: now - shift} if base else {}), "": now})
        found = self.done[name, now]
        refuse(found is None, "rejected", f"{name} is defined by itself")
        return found or []
    def look(self, name: str, index: tuple[int, ...], env: dict[str, int]) -> Matrix:
        if name in self.side.defs:
            lead, base, _, _ = self.side.defs[name]
            first, now = tuple(integer(i, env) for i in lead), env[""]
            if index == first + ((now,) if base else ()):
                return self.value(name, now)
            if base and name in self.paired and index[:-1] == first and index[-1] in self.window:
                return self.value(name, index[-1])
            refuse(name not in self.paired and not self.window, "rejected", f"the state {name} has no counterpart")
            self.links |= {(n, name, 2 if index[-1] > now else 1) for (n, t), v in self.done.items() if v is None and t == now and index}
        return self.free(name, index)
    def check_direction(self) -> None:
        """A recursion runs one way: no state depends on itself both before (1) and after (2)."""
        reach, grown = set[tuple[str, str, int]](), self.links
        while reach != grown:
            reach, grown = grown, grown | {(a, d, s | r) for a, b, s in grown for c, d, r in grown if b == c}
        refuse(any(a == b and s == 3 for a, b, s in reach), "rejected", "a state depends on itself both before and after")

class Certificate:
    """The statement of a certificate and its check."""
    def __init__(self, data: dict[str, Any]) -> None:
        self.data, self.sides = data, [Side(data[s], data["shapes"][s], data["dims"] if s == "right" else {}) for s in ("left", "right")]
        left, right = self.sides
        self.pairs = [tuple(p) for p in data["pairs"]]
        inputs = [tuple(p) for p in data["inputs"]]
        for k in (0, 1):
            names = [p[k] for p in (*self.pairs, *inputs)]
            if len(set(names)) < len(names) or any(p[k] not in self.sides[k].defs for p in self.pairs):
                raise Stop("rejected", "the pairing of names is not one to one")
        if any(a in right.used or b in left.used or a in left.defs or b in right.defs or a not in left.indexed for a, b in inputs):
            raise Stop("rejected", "inputs of one name correspond")
        if not data["outputs"] or not {tuple(o) for o in data["outputs"]} <= set(self.pairs):
            raise Stop("rejected", "an output is not compared")
        self.link = {b: a for a, b in (*self.pairs, *inputs)}
        self.domain = [c for part in re.split(r",|;|\band\b", data["domain"] or "") if part.strip() for c in comparisons(part)]
        self.where = [c for text in data["where"] for c in comparisons(text)]
        self.names = sorted({s.dims.get(d, d) for s in self.sides for d in s.lengths} | set(right.dims.values()))
    def check(self) -> str:
        kind = self.data["verdict"]
        if bool(self.data["where"]) != (kind == "proved-where-defined") or bool(self.data["under"]) != (kind == "proved-under"):
            raise Stop("rejected", "the verdict does not fit what stands beside it")
        if kind == "refuted":
            return self.refuted(self.data["witness"])
        refuse(kind not in ("proved", "proved-where-defined", "proved-under"), "malformed", f"no verdict: {kind!r}")
        under = self.data["under"] or {"right": {}}
        if kind == "proved-under" and (set(under) != {"left", "right"} or not any(under.values())):
            raise Stop("rejected", "a map of parameters is missing")
        points = sum(self.equal(side, under[side]) for side in sorted(under))
        return f"accepted: equal at {points} points, wrong with a probability below 2^-{45 * points} (for degrees below a million)"
    def equal(self, mapped: str, under: dict[str, str]) -> int:
        """Both sides agree, the parameters of the mapped side replaced; how many points say so."""
        one, two = self.sides if mapped == "right" else self.sides[::-1]
        link = self.link if mapped == "right" else {a: b for b, a in self.link.items()}
        if any(n not in two.used or n in two.defs or n in two.indexed or (self.data["pointwise"] and n in one.used) for n in under):
            raise Stop("rejected", "a name is mapped that is no free parameter")
        maps, good, violated = {n: parse(e) for n, e in under.items()}, 0, set[int]()
        text = json.dumps(self.data)
        Residue.scalar, Residue.watched = not self.names, re.search(r"log|sqrt|softplus|norm|\*\*", text) is not None
        for k in range(48 if not self.names else 20):
            source = random.Random(f"{text}{k}")
            sizes = {d: (k + j) % 3 + 1 + (k == 0) for j, d in enumerate(self.names)}
            holds, values = self.at(one, two, link, maps, mapped, sizes, source, not self.names and k >= 24)
            if holds is None or values is None:
                continue
            undefined = values.count(None)
            violated |= {i for i, h in enumerate(holds) if not h}
            if (undefined == 1 and all(holds)) or (not undefined and not all(holds)):
                raise Stop("rejected", "the sides are not defined under the same conditions")
            same = () if undefined else (each(Residue.same, a, b) for a, b in zip(*values, strict=True))  # type: ignore[arg-type]
            if not all(x for m in same for row in m for x in row):
                unsure = "root" in Residue.made or {"exp", "log"} <= Residue.made  # roots have two signs; exp(y log x) meets x late
                raise Stop("not covered" if unsure else "rejected", "the sides differ" + ", or roots or powers in them do" * unsure)
            good += not undefined
            if self.names and good == 5:
                break
        refuse(good < 3, "not covered", "too few points")
        refuse(len(violated) < len(self.where), "not covered", "no point was met where a condition fails")
        return good
    def at(self, one: Side, two: Side, link: dict[str, str], maps: dict[str, ast.expr], mapped: str, sizes: dict[str, int],
           source: random.Random, small: bool) -> tuple[list[bool] | None, list[list[Matrix] | None] | None]:  # fmt: skip
        """Whether the conditions hold at a random point, and the values of both sides (None: undefined); no answer where signs are open."""
        Residue.pairs, Residue.made, table = [], set(), dict[Any, Matrix]()
        times = {name: NOW + 2 + k for k, name in enumerate(sorted((one.times | two.times) - {"t"}))} | {"t": NOW}

        def free(name: str, index: tuple[int, ...]) -> Matrix:
            rows, cols = (one if name in one.used | set(one.defs) else two).size(name, sizes)
            if (name, index) not in table:
                table[name, index] = [[Residue.leaf(source, small) for _ in range(cols)] for _ in range(rows)]
            return table[name, index]

        def other(name: str, index: tuple[int, ...]) -> Matrix:
            if name in maps:
                return Run(Residue, sizes, lambda n, i, env: free(n, i))(maps[name], times)
            known = link.get(name, name)
            refuse(name not in link and index and name in one.defs, "rejected", f"{name} is a definition on one side only")
            if known not in one.used | set(one.defs):
                return free(name, index)
            return flip(free(known, index)) if self.turned(known, name, mapped) else free(known, index)

        try:
            steps = [Steps(s, Residue, sizes, times, (), n, f) for s, n, f in ((one, set(link.values()), free), (two, set(link), other))]
            if any(c.truth() is not True for d in self.domain for row in steps[0].run(d, times) for c in row):
                return None, None
            holds = [c.truth() for w in self.where for row in steps[0].run(w, times) for c in row]
            values: list[list[Matrix] | None] = []
            for k, s in enumerate(steps):
                try:
                    found = {n: s.value(n if k else link[n], NOW) for n in link if n in two.defs}
                    values.append([flip(m) if k and self.turned(link[n], n, mapped) else m for n, m in found.items()])
                except Undefined:
                    values.append(None)
                s.check_direction()
        except (Unsure, Undefined):
            return None, None
        return [h is True for h in holds], values
    def turned(self, one: str, two: str, mapped: str) -> bool:
        """Whether a name is a row on one side and a column on the other (or a matrix and its transpose)."""
        left, right = (one, two) if mapped == "right" else (two, one)
        sizes = {d: 101 + k for k, d in enumerate(self.names)}
        a, b = self.sides[0].size(left, sizes), self.sides[1].size(right, sizes)
        refuse(a not in (b, b[::-1]), "rejected", f"{left} and {right} have different shapes")
        return a != b
    def refuted(self, witness: dict[str, Any]) -> str:
        different = "dims" not in witness
        witness = {"values": {}, "values_right": {}, "functions": {}, "times": {}, "steps": 1, **witness}
        sizes = witness.get("dims") or dict(zip(self.names, (3, 5, 7, 11, 13), strict=False))
        times, table = witness["times"], dict[Any, Matrix]()
        for side, values in (("left", witness["values"]), ("right", witness["values_right"])):
            for text, value in values.items():
                name, index = symbol(parse(text)) or ("", [])
                rows = value if isinstance(value, list) else [[value]]
                table[side, name, tuple(integer(i, times) for i in index)] = [[Fraction(x) for x in row] for row in rows]
        now, sign = times.get("t", NOW), 1 if self.data["backward_in_time"] else -1
        window = [now + sign * k for k in range(witness["steps"])]
        given = {n: (f["arguments"], parse(f["value"])) for n, f in witness["functions"].items()}

        def free(side: int, name: str, index: tuple[int, ...]) -> Matrix:
            shape = self.sides[side].size(name, sizes)
            known = self.link.get(name, name) if side else name
            value = table.get(("right", name, index)) if side else None
            value = value or table.get(("left", known, index))
            if value is None or (sign == 1 and index and index[-1] == now + witness["steps"] and name in self.sides[side].defs):
                value = [[Fraction(0)] * shape[1]] * shape[0]
            value = value if (len(value), len(value[0])) == shape else flip(value)
            refuse((len(value), len(value[0])) != shape, "rejected", f"the value of {name} has another shape")
            return [[Interval.number(x) for x in row] for row in value]

        for digits in (60, 300, 3000):
            Interval.start(digits, given)
            sides = [
                Steps(s, Interval, sizes, times, window, {p[k] for p in self.pairs}, lambda n, i, k=k: free(k, n, i))  # type: ignore[misc]
                for k, s in enumerate(self.sides)
            ]
            if any(c.truth() is not True for d in self.domain for row in sides[0].run(d, times) for c in row):
                raise Stop("rejected", "the witness is outside the domain")
            for a, b in self.data["outputs"]:
                x, y = sides[0].value(a, now), sides[1].value(b, now)
                if different and (len(x), len(x[0])) != (len(y), len(y[0])):
                    return "accepted: the sides have different shapes"
                y = y if len(x) == len(y) or 1 in (len(x) * len(x[0]), len(y) * len(y[0])) else flip(y)
                for u, v in (pair for row in each(lambda p, q: (p, q), x, y) for pair in row):
                    claims = [stated(w, witness[s], witness["digits"]) for w, s in ((u, "left"), (v, "right"))]
                    if (u.hi < v.lo or v.hi < u.lo) and all(claims):
                        return "accepted: the sides differ at the witness"
        raise Stop("rejected", "the sides do not come apart as stated")

def stated(value: Interval, text: str, digits: int) -> bool:
    """Whether a decimal is this value, to its digits."""
    claim = Decimal(text)
    unit = Fraction(10) ** ((claim.adjusted() if claim else 0) - digits + 1)
    return value.lo.is_finite() and Fraction(value.lo) - unit <= Fraction(claim) <= Fraction(value.hi) + unit

def comparisons(text: str) -> list[ast.expr]:
    e = parse(text)
    if not isinstance(e, ast.Compare):
        raise Stop("malformed", f"no condition: {text[:60]!r}")
    return [ast.Compare(a, [op], [b]) for a, op, b in zip((e.left, *e.comparators), e.ops, e.comparators, strict=False)]

def digest(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps({k: v for k, v in data.items() if k != "digest"}, sort_keys=True).encode()).hexdigest()

def check(data: Any) -> str:
    """"accepted: ..."; raises ``Stop`` for what is rejected, malformed or not covered."""
    refuse(not isinstance(data, dict) or data.get("certificate") != 1, "malformed", 'no certificate: {"certificate": 1, ...} is missing')
    refuse(data.get("digest") != digest(data), "rejected", "the certificate was changed: its digest is another")
    Interval.start(40, {})
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        return Certificate(data).check()
    except KeyError as error:
        raise Stop("malformed", f"the field {error} is missing") from None
    except (AttributeError, TypeError, ValueError, IndexError, ArithmeticError) as error:
        raise Stop("malformed", f"{type(error).__name__}: {error}") from None
    except RecursionError:
        raise Stop("not covered", "nested too deeply") from None
    finally:
        sys.setrecursionlimit(limit)

def main(path: str) -> int:
    """Exit status 0 accepted, 1 rejected or not covered, 2 malformed."""
    try:
        with open(path, encoding="utf-8") as file:
            print(check(json.load(file)))
        return 0
    except Stop as stop:
        print(f"{stop.kind}: {stop}", file=sys.stderr if stop.kind == "malformed" else sys.stdout)
        return 2 if stop.kind == "malformed" else 1
    except (OSError, ValueError, RecursionError) as error:
        print(f"malformed: {path}: {error}", file=sys.stderr)
        return 2

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]) if len(sys.argv) == 2 else "usage: check_certificate.py CERTIFICATE")
