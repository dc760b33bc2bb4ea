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
from contextlib import suppress
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import lru_cache, partial, reduce
from types import SimpleNamespace
from typing import Any

Matrix = list[list[Any]]
Names = dict[str, int]  # values of times, or of dimensions
Functions = dict[str, tuple[list[str], ast.expr]]  # names of arguments, value

class Stop(Exception):
    """``kind`` is "rejected", "malformed" (the message names the place) or "not covered"."""
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
class Undefined(Exception):
    """There is no value at this point."""
class Unsure(Exception):
    """This point says nothing: the bounds do not tell a sign."""
def refuse(bad: object, kind: str, message: str) -> None:
    if bad:
        raise Stop(kind, message)
# -- text -------------------------------------------------------------------------------------------------------------------------------
@lru_cache(10_000)
def parse(text: str, mode: str = "eval") -> Any:
    """Python's grammar; decimals are written as fractions first, so that they are exact."""
    try:
        tree: Any = ast.parse(re.sub(r"\b\d+\.\d+\b", lambda m: f"({Fraction(m[0])})", text.strip()), mode=mode)
        return tree.body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Stop("malformed", f"not plain syntax: {text[:60]!r}") from None
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
def integer(e: ast.expr, names: Names) -> int:
    """A time or a dimension, where its names have values."""
    match e:
        case ast.Constant(value=int() as k):
            return k
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
            return int(OPERATIONS[type(op)](integer(left, names), integer(right, names)))
    raise Stop("malformed", f"no value as an index or a size: {ast.unparse(e)[:60]!r}")
# -- values -----------------------------------------------------------------------------------------------------------------------------
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
COMPARE = {ast.Gt: "gt", ast.GtE: "ge", ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne"}

class Run:
    """Values at given sizes; ``look(name, index)`` gives those of symbols."""
    def __init__(self, sizes: Names, look: Callable[[str, tuple[int, ...]], Matrix]) -> None:
        self.sizes, self.look = sizes, look
    def __call__(self, e: ast.expr, times: Names) -> Matrix:
        known = symbol(e)
        match e:
            case ast.Constant(value=int() as k):
                return [[number(k)]]
            case ast.Name(id="pi"):
                return [[unknown("pi", number(0), real=PI)]]
            case ast.Name(id=name) if name in times:
                return [[number(times[name])]]
            case _ if known:
                return self.look(known[0], tuple(integer(i, times) for i in known[1]))
            case ast.Attribute(value=u, attr="T"):
                return flip(self(u, times))
            case ast.UnaryOp(op=ast.USub(), operand=u):
                return each(operator.neg, self(u, times))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return matmul(self(left, times), self(right, times))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                constant = not any(isinstance(n, ast.Name) for n in ast.walk(right))
                return each(partial(raised, constant), self(left, times), self(right, times))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
                return each(OPERATIONS[type(op)], self(left, times), self(right, times))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARE:
                return applied(COMPARE[type(op)], self(left, times), self(right, times))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if args:
                return self.call(name, args, times)
        raise Stop("malformed", f"not plain syntax: {ast.unparse(e)[:60]!r}")
    def call(self, name: str, args: list[Any], times: Names) -> Matrix:
        if name in ("Sum", "Prod"):  # of a product, the largest index is leftmost
            var, low, high = args[1].elts
            steps = [self(args[0], {**times, var.id: k}) for k in range(integer(low, times), integer(high, times) + 1)]
            if not steps:
                raise Unsure
            return reduce(partial(each, operator.add) if name == "Sum" else lambda a, b: matmul(b, a), steps)
        if name in ("ones", "eye"):
            sizes = [integer(d, self.sizes) for d in args]
            cols = range(sizes[-1] if name == "eye" or len(sizes) > 1 else 1)
            return [[number(int(name == "ones" or i == j)) for j in cols] for i in range(sizes[0])]
        if name == "matrix":
            return [[self(x, times)[0][0] for x in row.elts] for row in args[0].elts]
        if name == "where":
            truth = {x.truth() for row in self(args[0], times) for x in row}
            if truth in ({True}, {False}):
                return self(args[1 if truth == {True} else 2], times)
        refuse(name in ("conv", "conv_transpose", "conv_kernel", "concat"), "not covered", name)
        values = [self(a, times) for a in args]
        return BLOCKS[name](*values) if name in BLOCKS else applied(name, *values)
def flip(m: Matrix) -> Matrix: return [list(col) for col in zip(*m, strict=True)]
def total(values: Iterable[Any]) -> Any: return reduce(operator.add, values)
def shape(m: Matrix) -> tuple[int, int]: return len(m), len(m[0])
def each(rule: Callable[..., Any], *args: Matrix) -> Matrix:
    """Entry by entry; numbers, rows and columns broadcast."""
    rows, cols = max(len(m) for m in args), max(len(m[0]) for m in args)
    refuse(any(len(m) not in (1, rows) or len(m[0]) not in (1, cols) for m in args), "rejected", "shapes do not fit")
    return [[rule(*(m[i % len(m)][j % len(m[0])] for m in args)) for j in range(cols)] for i in range(rows)]
def different(a: Matrix, b: Matrix) -> bool:
    """Whether the shapes are, but for numbers, which fit everywhere."""
    return shape(a) != shape(b) and (1, 1) not in (shape(a), shape(b))
def matmul(a: Matrix, b: Matrix) -> Matrix:
    refuse(len(a[0]) != len(b), "rejected", "shapes do not fit in a matrix product")
    return [[total(x * y for x, y in zip(row, col, strict=True)) for col in zip(*b, strict=True)] for row in a]

BLOCKS: dict[str, Callable[..., Matrix]] = {
    "hstack": lambda *ms: [[x for part in row for x in part] for row in zip(*ms, strict=True)],
    "vstack": lambda *ms: flip(BLOCKS["hstack"](*map(flip, ms))),
    "trace": lambda a: [[total(a[i][i] for i in range(len(a)))]], "total": lambda a: [[total(x for row in a for x in row)]],
    "totals": lambda a: [[total(col) for col in (a if len(a) == 1 else zip(*a, strict=True))]],  # of a row, or of each column
    "diag": lambda a: [[x if i == j else number(0) for j in range(len(a) * len(a[0]))] for i, x in enumerate(y for r in a for y in r)],
    "max": lambda *ms: reduce(partial(applied, "max"), ms), "min": lambda *ms: reduce(partial(applied, "min"), ms),
}  # fmt: skip
# -- functions: a number has exp, log, sqrt and step(x) = [x > 0]; the others are defined by them, or unknown ---------------------------
DEFINITIONS = {
    "sigmoid(x)": "1 / (1 + exp(-x))", "tanh(x)": "1 - 2 / (1 + exp(2 * x))", "dsigmoid(x)": "sigmoid(x) * sigmoid(-x)",
    "dtanh(x)": "1 - tanh(x) ** 2", "cosh(x)": "(exp(x) + exp(-x)) / 2", "sinh(x)": "(exp(x) - exp(-x)) / 2",
    "sign(x)": "step(x) - step(-x)", "abs(x)": "x * sign(x)", "relu(x)": "x * step(x)", "softplus(x)": "log(1 + exp(x))",
    "erf(x)": "sign(x) * erf_of_size(abs(x))", "erfc(x)": "1 - erf(x)", "softmax(x)": "exp(x) / totals(exp(x))",
    "norm(x)": "sqrt(total(x * x))", "max(x, y)": "y + relu(x - y)", "min(x, y)": "y - relu(y - x)", "where(c, x, y)": "y + c * (x - y)",
    "gt(x, y)": "step(x - y)", "lt(x, y)": "step(y - x)", "ge(x, y)": "1 - step(y - x)", "le(x, y)": "1 - step(x - y)",
    "ne(x, y)": "step(x - y) + step(y - x)", "eq(x, y)": "1 - step(x - y) - step(y - x)",
}  # fmt: skip
FUNCTIONS: Functions = {(e := parse(head)).func.id: ([a.id for a in e.args], parse(value)) for head, value in DEFINITIONS.items()}
def applied(name: str, *args: Matrix) -> Matrix:
    """A function entry by entry: by its definition, or a number's own."""
    names, value = FUNCTIONS.get(name) or Number.point.given.get(name) or ([], None)
    if value is None:
        own = {"exp": Number.exp, "log": Number.log, "sqrt": Number.sqrt, "step": Number.step}.get(name)
        return each(own or partial(unknown, name), *args)
    refuse(len(names) != len(args), "malformed", f"{name} of {len(args)} arguments")
    table = dict(zip(names, args, strict=True))
    return Run({}, lambda argument, _: table[argument])(value, {})
def raised(constant: bool, x: Number, y: Number) -> Number:
    """x**y: products for whole numbers, roots for halves, exp(y log x) else."""
    exponent = Fraction(y.real.lo) if constant and y.real.lo == y.real.hi else None
    if exponent is None or exponent.denominator > 2 or abs(exponent) > 1000:
        return (y * x.log()).exp()
    result = reduce(operator.mul, [x if exponent.denominator == 1 else x.sqrt()] * abs(exponent.numerator), number(1))
    return result if exponent >= 0 else number(1) / result
# -- numbers ----------------------------------------------------------------------------------------------------------------------------
class Interval:
    """Bounds of a real number, rounded outwards; the whole line where nothing is known."""
    down = up = Context()
    def __init__(self, lo: Decimal, hi: Decimal) -> None:
        self.lo, self.hi = (lo, hi) if lo.is_finite() and hi.is_finite() else (Decimal("-inf"), Decimal("inf"))
    def __add__(self, o: Interval) -> Interval: return Interval(self.down.add(self.lo, o.lo), self.up.add(self.hi, o.hi))
    def __neg__(self) -> Interval: return Interval(self.hi.copy_negate(), self.lo.copy_negate())
    def __mul__(self, o: Interval) -> Interval:
        pairs = [(a, b) for a in (self.lo, self.hi) for b in (o.lo, o.hi)]
        known = self.lo.is_finite() and o.lo.is_finite()
        return Interval(min(self.down.multiply(*p) for p in pairs), max(self.up.multiply(*p) for p in pairs)) if known else WHOLE
    def inverse(self) -> Interval:
        return WHOLE if self.lo <= 0 <= self.hi else Interval(self.down.divide(1, self.hi), self.up.divide(1, self.lo))
    def increasing(self, name: str) -> Interval:
        """exp, ln or sqrt; the decimal library rounds to the nearest."""
        lo, hi = getattr(self.down, name)(self.lo), getattr(self.up, name)(self.hi)
        return Interval(max(self.down.next_minus(lo), Decimal(0)) if name == "sqrt" else self.down.next_minus(lo), self.up.next_plus(hi))
    def erf(self) -> Interval:
        """2/sqrt(pi) times the sum of (-1)^k x^(2k+1) / (k! (2k+1)): its terms alternate, and fall once k > x^2."""
        result, term = bounds(0), self
        for k in range(1, 200):
            result, term = result + term * bounds(Fraction(1, 2 * k - 1)), -(term * self * self * bounds(Fraction(1, k)))
        rest = Interval(min(term.lo, -term.hi), max(-term.lo, term.hi))
        return (result + rest) * bounds(2) * PI.increasing("sqrt").inverse() if -6 < self.lo <= self.hi < 6 else WHOLE
def bounds(q: Fraction | int) -> Interval:
    return Interval(*(context.divide(Decimal(q.numerator), Decimal(q.denominator)) for context in (Interval.down, Interval.up)))
WHOLE = Interval(Decimal("-inf"), Decimal("inf"))
PI = Interval(*(Decimal(f"3.141592653589793238462643383279502884197169399375105820974944{end}") for end in (59, 60)))
#: Primes q_k with q_(k-1) | q_k - 1, each with an element of order q_(k-1), the base of exp; 2, 3, 5 have roots there, -1 has none.
PRIMES, BASES, TOP, POWERS, MANY = [(1 << 127) - 1], [0], 5, (1, -1, 2, -2, 4, -4), 60
while len(PRIMES) <= TOP + 1:
    q = next(q for q in range(PRIMES[-1] + 1, 1 << 250, PRIMES[-1]) if q % 4 == 3 and all(pow(a, q // 2, q) == 1 for a in (2, 3, 5)))
    BASES.append(next(g for g in (pow(h, (q - 1) // PRIMES[-1], q) for h in range(2, 99)) if g != 1))
    PRIMES.append(q)
del PRIMES[0], BASES[0]
class Number:
    """Residues in the fields from ``low`` to ``TOP`` (exp raises ``low``), and real bounds, which decide signs and what is defined."""
    point: Any = None
    def __init__(self, low: int, values: Iterable[int], real: Interval) -> None:
        self.low, self.real, self.values = low, real, [v % q for v, q in zip(values, PRIMES[low:], strict=True)]
    def columns(self, *others: Number) -> tuple[int, Iterable[tuple[int, ...]]]:
        low = max(r.low for r in (self, *others))
        return low, zip(*(r.values[low - r.low :] for r in (self, *others)), strict=True)
    def __add__(self, o: Number) -> Number: return Number((c := self.columns(o))[0], (a + b for a, b in c[1]), self.real + o.real)
    def __mul__(self, o: Number) -> Number: return Number((c := self.columns(o))[0], (a * b for a, b in c[1]), self.real * o.real)
    def __neg__(self) -> Number: return Number(self.low, (-a for a in self.values), -self.real)
    def __sub__(self, o: Number) -> Number: return self + -o
    def __truediv__(self, o: Number) -> Number:
        if not any(o.values):
            raise Undefined
        return self * Number(o.low, map(pow, o.values, [-1] * len(o.values), PRIMES[o.low :]), o.real.inverse())
    def same(self, o: Number) -> bool: return all(a == b for a, b in self.columns(o)[1])
    def truth(self) -> bool | None: return next((bool(k) for k in (0, 1) if self.same(number(k))), None)
    def sign(self) -> int:
        if any(self.values) and self.real.lo <= 0 <= self.real.hi:
            raise Unsure
        return 0 if not any(self.values) else 1 if self.real.lo > 0 else -1
    def step(self) -> Number: return number(int(self.sign() > 0))
    def keep(self, log: Number) -> None:
        n, q = len(self.point.pairs), PRIMES[TOP]
        self.point.sums.update({k * log.values[-1] % q: (k, n) for k in POWERS})
        self.point.products.update({pow(self.values[-1], k, q): (k, n) for k in POWERS})
        self.point.pairs.append((log, self))
    def related(self, powers: dict[int, tuple[int, int]], join: Callable[[int, int], int]) -> list[tuple[int, Number, Number]] | None:
        """Powers of two kept pairs that make this number, as (k, log x, x). Powers come with their inverses, so that halves meet."""
        for value, (k, n) in powers.items():
            j, m = powers.get(join(self.values[-1], value) % PRIMES[TOP], (None, 0))
            if j is not None:
                return [(p, *self.point.pairs[i]) for p, i in ((-k, n), (j, m)) if p]
        return None
    def exp(self) -> Number:
        found, real = self.related(self.point.sums, operator.add), self.real.increasing("exp")
        if found is not None:
            result = reduce(operator.mul, [x if k > 0 else number(1) / x for k, _, x in found for _ in range(abs(k))], number(1))
        elif self.low == TOP and self.point.proving:
            raise Unsure
        elif self.low == TOP:
            return unknown("exp", self, real=real)
        else:
            result = Number(self.low + 1, map(pow, BASES[self.low + 1 :], self.values, PRIMES[self.low + 1 :]), real)
        if self.point.watched and len(self.point.pairs) < MANY:
            result.keep(self)
        return result
    def sqrt(self) -> Number:
        """The root in the fields that have one; a wrong sign of it makes the sides differ, never agree."""
        if self.sign() < 0:
            raise Undefined
        pairs, real = [*zip(self.values, PRIMES[self.low :], strict=True)], self.real.increasing("sqrt") if any(self.values) else bounds(0)
        roots = [pow(v, (q + 1) // 4, q) for v, q in pairs]
        first = max((k + 1 for k, (v, q) in enumerate(pairs) if (roots[k] ** 2 - v) % q), default=0)
        if first == len(roots) and self.point.proving:
            raise Unsure
        return Number(self.low + first, roots[first:], real) if first < len(roots) else unknown("sqrt", self, real=real)
    def log(self) -> Number:
        if self.sign() < 1:
            raise Undefined
        for power, u in ((1, self), (2, self * self)):
            found = u.related(self.point.products, operator.mul)
            if found is not None:
                return reduce(operator.add, [number(Fraction(k, power)) * log for k, log, _ in found], number(0))
        refuse(len(self.point.pairs) > MANY, "not covered", "so many logarithms")
        self.keep(unknown("log", self, real=self.real.increasing("ln")))
        return self.point.pairs[-1][0]  # type: ignore[no-any-return]
def start(digits: int, proving: bool, watched: bool, given: Functions) -> None:
    """A new point. ``given`` stands for unknown functions; for proofs with roots or logarithms pairs (log x, x) are ``watched``."""
    Interval.down, Interval.up = (Context(digits, way, -999_999, 999_999, traps=[]) for way in (ROUND_FLOOR, ROUND_CEILING))
    Number.point = SimpleNamespace(given=given, watched=watched, proving=proving, pairs=[], sums={0: (0, 0)}, products={1: (0, 0)})
def number(q: Fraction | int) -> Number:
    return Number(0, (q.numerator * pow(q.denominator, -1, p) for p in PRIMES), bounds(q))
def leaf(source: random.Random, small: bool) -> Number:
    """A random fraction, a square up to its sign, or a small one."""
    w = Fraction(source.randint(1, 10**20), source.choice((10**19, 10**20, 4 * 10**20)))
    return number(Fraction(source.randint(-3, 3), source.choice((1, 1, 1, 2))) if small else source.choice((1, 1, -1)) * w * w)
def unknown(name: str, x: Number, *more: Number, real: Interval = WHOLE) -> Number:
    """A function by a random value for each argument: what holds so holds for every function."""
    low, columns = x.columns(*more)
    values = (random.Random(f"{name}{k}{c}").getrandbits(512) for k, c in enumerate(columns, low))
    return Number(low, values, x.real.erf() if name == "erf_of_size" else real)
# -- the statement ----------------------------------------------------------------------------------------------------------------------
#: The fields of a certificate; what makes special points matter, and what has logarithms or roots.
FORM = {"left": str | list, "right": str | list, "shapes": dict, "dimensions": list, "domain": list, "where": list, "under": dict,
        "pairs": list, "inputs": list, "outputs": list, "pointwise": bool, "backward_in_time": bool, "witness": dict | None}  # fmt: skip
CASES = r"/|\*\*|[<>]|[!=]=|\b(log|sqrt|abs|relu|max|min|sign|step|where|Sum|Prod)\("
WATCHED = r"log|sqrt|softplus|norm|\*\*(?! *\d+\b(?!\.))"

class Side:
    """One side of the statement: the shapes of its symbols and its definitions, one without a name where it is an expression."""
    def __init__(self, text: str | list[str], shapes: dict[str, str]) -> None:
        self.shapes = {name: shape.split(",") for name, shape in shapes.items()}
        self.defs: dict[str, tuple[list[ast.expr], str, int, ast.expr]] = {}  # other indices, name of the time, what is added to it, value
        self.times, self.links = {"t"}, set[tuple[str, str, int]]()
        for line in [text] if isinstance(text, str) else text:
            match tree := parse(line, "exec"):
                case [ast.Expr(value=body)]:
                    name, index = "", list[ast.expr]()
                case [ast.Assign(targets=[target], value=body)] if known := symbol(target):
                    name, index = known
                case _:
                    raise Stop("malformed", f"no definition: {line[:60]!r}")
            time: Any = re.fullmatch(r"(?:([^\W\d]\w*)( [+-] \d+)?)?", ast.unparse(index[-1]) if index else "")
            own = re.search(r"\b(step|totals|erf_of_size)\b", line)  # functions of this file, and of no statement
            refuse(name in self.defs or not time or own, "not covered", f"the definition {line[:60]!r}")
            self.defs[name] = index[:-1], time[1] or "", int((time[2] or "0").replace(" ", "")), body
            clocks = [getattr(n, "slice", n) for n in ast.walk(tree[0]) if isinstance(n, ast.Subscript | ast.Tuple)]
            self.times |= {n.id for clock in clocks for n in ast.walk(clock) if isinstance(n, ast.Name)}
    def check_recursion(self, paired: Iterable[str]) -> None:
        """Every state has a counterpart, and depends on itself only before (1) or only after (2), not both."""
        for _, name, when in self.links:
            refuse(when and name not in paired, "rejected", f"the state {name} has no counterpart")
        reach, grown = set[tuple[str, str, int]](), self.links
        while reach != grown:
            reach, grown = grown, grown | {(a, d, s | r) for a, b, s in grown for c, d, r in grown if b == c}
        refuse(any(a == b and s == 3 for a, b, s in reach), "rejected", "a state depends on itself both before and after")

class Point:
    """Both sides at a point. Definitions at the times of ``window`` are put in; all else is free, and of the same value on both sides
    where names correspond (``link``: those of ``two`` in those of ``one``), but for parameters that ``maps`` expresses in those of one."""
    def __init__(self, sides: Iterable[Side], link: dict[str, str], maps: dict[str, ast.expr], sizes: Names, times: Names,
                 window: list[int], fill: Callable[[], Number], table: dict[Any, Matrix]) -> None:  # fmt: skip
        (self.one, self.two), self.link, self.maps = sides, link, maps
        self.sizes, self.times, self.window, self.fill, self.table = sizes, times, window, fill, table
    def value(self, side: Side, name: str, now: int) -> Matrix:
        """What a definition gives at a time."""
        if (side, name, now) not in self.table:
            self.table[side, name, now] = Run(self.sizes, partial(self.look, side, name))(side.defs[name][-1], self.at(side, name, now)[1])
        return self.table[side, name, now]
    def at(self, side: Side, name: str, now: int) -> tuple[tuple[int, ...], Names]:
        """Index of a definition at a time, and the times by their names there."""
        others, time, shift, _ = side.defs[name]
        times = {**self.times, time: now - shift}
        return (*(integer(i, times) for i in others), *([now] if time else [])), times
    def look(self, side: Side, of: str, name: str, index: tuple[int, ...]) -> Matrix:
        """A symbol in the definition ``of``."""
        if name in side.defs:
            now = index[-1] if index and side.defs[name][1] else self.window[0]
            if now in self.window and index == self.at(side, name, now)[0]:
                side.links.add((of, name, 0))
                return self.value(side, name, now)
            side.links.add((of, name, 2 if index[::-1] > self.at(side, name, self.window[0])[0][::-1] else 1))
        return self.free(side, name, index)
    def free(self, side: Side, name: str, index: tuple[int, ...]) -> Matrix:
        if side is self.two and name in self.maps:
            refuse(index, "rejected", f"{name} is mapped, and no parameter")
            return Run(self.sizes, partial(self.free, self.one))(self.maps[name], {})
        known = self.link.get(name, name)
        if side is self.two and (turned := self.turned(known, name)) is not None:
            refuse(index and name not in self.link and name in self.one.defs, "rejected", f"the state {name} has no counterpart")
            refuse(not index and name in self.link and name not in side.defs, "rejected", f"{name} is renamed, and no input")
            return flip(self.free(self.one, known, index)) if turned else self.free(self.one, known, index)
        refuse(name not in side.shapes, "malformed", f"{name!r} has no shape")
        rows, cols = (integer(parse(d), self.sizes) for d in side.shapes[name])
        if (side, name, index) not in self.table:
            self.table[side, name, index] = [[self.fill() for _ in range(cols)] for _ in range(rows)]
        refuse(shape(self.table[side, name, index]) != (rows, cols), "rejected", f"the value of {name} has another shape")
        return self.table[side, name, index]
    def turned(self, one: str, two: str) -> bool | None:
        """Whether a name is a row on one side and a column on the other (or a matrix and its transpose); None: of no common shape."""
        a, b = self.one.shapes.get(one, []), self.two.shapes.get(two, [])
        return a != b if a and b in (a, a[::-1]) else None
    def holds(self, conditions: list[ast.expr]) -> list[bool]:
        """Whether each condition holds, in all entries; its symbols are those of ``one``, or else of ``two``."""
        run = Run(self.sizes, lambda n, i: self.look(self.one if n in self.one.shapes else self.two, "", n, i))
        return [all(x.truth() is True for row in run(c, self.times) for x in row) for c in conditions]
    def pair(self, a: str, b: str) -> tuple[Matrix, Matrix]:
        """What corresponding definitions of both sides give now."""
        x, y = self.value(self.one, a, self.window[0]), self.value(self.two, b, self.window[0])
        return x, flip(y) if self.turned(a, b) else y
    def defined(self, side: Side, names: Iterable[str]) -> bool:
        with suppress(Undefined):
            return bool([self.value(side, name, self.window[0]) for name in names])
        return False

class Certificate:
    """The statement of a certificate and its check."""
    def __init__(self, data: dict[str, Any]) -> None:
        for name, kind in FORM.items():
            refuse(not isinstance(data.get(name), kind), "malformed", f"the field {name!r} is missing, or of another kind")
        self.data = data
        self.sides = left, right = [Side(data[s], data["shapes"][s]) for s in ("left", "right")]
        pairs, inputs = ([tuple(p) for p in data[name]] for name in ("pairs", "inputs"))
        self.link = {b: a for a, b in pairs + inputs}
        once = len(self.link) == len(set(self.link.values())) == len(pairs + inputs)
        refuse(not once or any(a not in left.defs or b not in right.defs for a, b in pairs), "rejected", "the pairing is not one to one")
        same = any(a in {*right.shapes, *left.defs} or b in {*left.shapes, *right.defs} for a, b in inputs)
        refuse(same, "rejected", "inputs of one name correspond")
        refuse(not data["outputs"] or any(tuple(o) not in pairs for o in data["outputs"]), "rejected", "an output is not compared")
        self.domain, self.where = ([parse(text) for text in data[name]] for name in ("domain", "where"))
    def check(self) -> str:
        kind, under = self.data["verdict"], self.data["under"]
        if bool(self.where) != (kind == "proved-where-defined") or bool(under) != (kind == "proved-under"):
            raise Stop("rejected", "the verdict does not fit what stands beside it")
        if kind == "refuted":
            return self.refuted(self.data["witness"])
        refuse(kind not in ("proved", "proved-where-defined", "proved-under"), "malformed", f"no verdict: {kind!r}")
        points = self.equal(self.sides, self.link, under["right"] if under else {})
        points += self.equal(self.sides[::-1], {a: b for b, a in self.link.items()}, under["left"]) if under else 0
        return f"accepted: equal at {points} points, wrong with a probability below 2^-{45 * points} (for degrees below a million)"
    def equal(self, sides: list[Side], link: dict[str, str], under: dict[str, str]) -> int:
        """Both sides agree, the parameters of the second replaced; at how many random points."""
        (one, two), maps = sides, {n: parse(e) for n, e in under.items()}
        text = json.dumps([self.data[n] for n in ("left", "right", "domain", "where", "under")])
        refuse(any(n in two.defs or (self.data["pointwise"] and n in one.shapes) for n in under), "rejected", "what is mapped is not free")
        cases, watched, running = (re.search(p, text) is not None for p in (CASES, WATCHED, r"(Sum|Prod)\("))
        names, good, failed = sorted(one.times | two.times), 0, set[int]()
        for k in (k for k in range(150 if cases else 6) if k < 48 or good < 3):  # more points where few have values
            source, small = random.Random(f"{text}{k}"), cases and k % 3 > 0
            sizes = {d: (k + j) % 3 + 1 + (k == 0) for j, d in enumerate(self.data["dimensions"])}
            times = dict(zip(names, source.sample(range(2, 12) if running else range(10**9), len(names)), strict=True))
            start(40, True, watched, {})
            point = Point(sides, link, maps, sizes, times, [times["t"]], partial(leaf, source, small), {})
            with suppress(Unsure, Undefined):
                good += self.agree(point, failed) and not small
        one.check_recursion(link.values())
        two.check_recursion(link)
        refuse(good < 3 or len(failed) < len(self.where), "not covered", "too few points, or none where a condition fails")
        return good
    def agree(self, point: Point, failed: set[int]) -> bool:
        """Whether both sides have values at a point, which are the same: where all conditions hold, and only there."""
        if not all(point.holds(self.domain)):
            return False
        names = {a: b for b, a in point.link.items() if b in point.two.defs}
        holds, defined = point.holds(self.where), {point.defined(point.one, names), point.defined(point.two, names.values())}
        failed |= {k for k, h in enumerate(holds) if not h}
        if (all(holds) and len(defined) == 2) or (not all(holds) and defined == {True}):
            raise Stop("rejected", "the sides are not defined under the same conditions")
        for x, y in [point.pair(a, b) for a, b in names.items()] if defined == {True} else []:
            refuse(different(x, y), "rejected", "the sides have different shapes")
            if not all(same for row in each(Number.same, x, y) for same in row):
                unsure = Number.point.watched  # roots have two signs, and logarithms are related late
                raise Stop("not covered" if unsure else "rejected", "the sides differ" + ", or roots or powers in them do" * unsure)
        return defined == {True}
    def refuted(self, witness: dict[str, Any]) -> str:
        """The sides do not meet at the witness: its sizes, times and values; ``steps`` steps of a recursion are put in."""
        left, right = self.sides
        sizes, times, steps, ahead = witness["dims"], witness["times"], witness["steps"], 1 if self.data["backward_in_time"] else -1
        window, fractions = [times.get("t", 0) + ahead * k for k in range(steps)], dict[Any, list[list[Fraction]]]()
        given = {n: (f["arguments"], parse(f["value"])) for n, f in witness["functions"].items()}
        for side, values in ((left, witness["values"]), (right, witness["values_right"])):
            for text, value in values.items():
                name, where = symbol(parse(text)) or ("", [])
                index, rows = tuple(integer(i, times) for i in where), value if isinstance(value, list) else [[value]]
                if ahead < 0 or index[-1:] != (window[0] + steps,) or name not in side.defs:  # what runs backward starts from zero
                    fractions[side if name in side.shapes else right, name, index] = [[Fraction(x) for x in row] for row in rows]
        for digits in (60, 300, 3000):
            start(digits, False, False, given)
            table = {key: [[number(x) for x in row] for row in m] for key, m in fractions.items()}
            point = Point(self.sides, self.link, {}, sizes, times, window, partial(number, 0), table)
            with suppress(Unsure, Undefined):
                refuse(not all(point.holds(self.domain)), "rejected", "the witness is outside the domain")
                pairs = [point.pair(a, b) for a, b in self.data["outputs"]]
                if any(different(x, y) for x, y in pairs):
                    return "accepted: the sides have different shapes"
                for u, v in (entry for x, y in pairs for row in each(lambda a, b: (a.real, b.real), x, y) for entry in row):
                    claims = (stated(w, witness[s], witness["digits"]) for w, s in ((u, "left"), (v, "right")))
                    if (u.hi < v.lo or v.hi < u.lo) and all(claims):
                        return "accepted: the sides differ at the witness"
        raise Stop("rejected", "the sides do not come apart as stated")
def stated(value: Interval, text: str, digits: int) -> bool:
    """Whether a decimal is this value, to its digits."""
    unit = Fraction(10) ** (Decimal(text).adjusted() - digits + 1)
    return value.lo.is_finite() and Fraction(value.lo) - unit <= Fraction(text) <= Fraction(value.hi) + unit
def digest(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps({k: v for k, v in data.items() if k != "digest"}, sort_keys=True).encode()).hexdigest()
def check(data: Any) -> str:
    """"accepted: ..."; raises ``Stop`` for what is rejected, malformed or not covered."""
    refuse(not isinstance(data, dict) or data.get("certificate") != 2, "malformed", 'no certificate: {"certificate": 2, ...} is missing')
    refuse(data.get("digest") != digest(data), "rejected", "the certificate was changed: its digest is another")
    try:
        return Certificate(data).check()
    except (LookupError, AttributeError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise Stop("not covered" if isinstance(error, RecursionError) else "malformed", f"{type(error).__name__}: {error}") from None
def main(path: str) -> int:
    """Exit status 0 accepted, 1 rejected or not covered, 2 malformed."""
    try:
        with open(path, encoding="utf-8") as file:
            print(check(json.load(file)))
        return 0
    except (Stop, OSError, ValueError, RecursionError) as error:
        kind = error.kind if isinstance(error, Stop) else "malformed"
        print(f"{kind}: {error}", file=sys.stderr if kind == "malformed" else sys.stdout)
        return 2 if kind == "malformed" else 1

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]) if len(sys.argv) == 2 else "usage: check_certificate.py CERTIFICATE")
