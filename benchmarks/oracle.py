"""The truth about a pair of the fuzz: both trees evaluated with mpmath at 400 digits, at random rational points and several dimensions.

Nothing of the project computes here: a tree is the fuzz's own, a value is a list of rows. Two sides count as different where they are
further apart than 300 digits of the largest number that came up on the way (1,500 at a witness); where a side has no value, the point
says nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from mpmath import mp, mpf

mp.dps = 400
Rows = list[list[mpf]]
#: No exponential above this: what is larger says nothing about equality that a smaller value would not.
LIMIT = mpf(10) ** 6


class NoValue(Exception):
    """A side is undefined, or too large to compare, at this point."""


class Point:
    """Values of the symbols at one point; remembers the largest number on the way."""

    def __init__(self, shapes: Mapping[str, str], sizes: Mapping[str, int], seed: int) -> None:
        rng = random.Random(seed)
        self.sizes = {**sizes, "1": 1}
        self.largest = mpf(1)
        self.values: dict[str, Rows] = {}
        for name, shape in shapes.items():
            rows, cols = (self.sizes[d] for d in shape.split(","))
            self.values[name] = [[mpf(rng.randint(-40, 40)) / rng.randint(7, 29) for _ in range(cols)] for _ in range(rows)]

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Point:
        """The point of a witness: fractions as text, a matrix as a list of rows; symbols that it leaves out are 0."""
        point = cls({}, {}, 0)
        for name, value in values.items():
            rows = value if isinstance(value, list) else [[value]]
            point.values[name] = [[_fraction(str(x)) for x in (row if isinstance(row, list) else [row])] for row in rows]
        return point

    def __call__(self, tree: tuple) -> Rows:
        op, *args = tree
        if op == "sym":
            return self.values[args[0]]
        if op == "num":
            return [[mpf(args[0])]]
        if op == "pow":
            return self.kept(_each(lambda u: u ** args[1], self(args[0])))
        values = [self(a) for a in args]
        if op in _MATRIX:
            return self.kept(_MATRIX[op](*values))
        return self.kept(_each(_SCALAR[op], *values))

    def kept(self, value: Rows) -> Rows:
        for row in value:
            for x in row:
                if not mp.isfinite(x):
                    raise NoValue
                self.largest = max(self.largest, abs(x))
        return value


def _each(f: Callable[..., mpf], *values: Rows) -> Rows:
    rows, cols = max(len(v) for v in values), max(len(v[0]) for v in values)
    try:
        return [[f(*(v[i if len(v) > 1 else 0][j if len(v[0]) > 1 else 0] for v in values)) for j in range(cols)] for i in range(rows)]
    except (ZeroDivisionError, ValueError, OverflowError):
        raise NoValue from None


def _exp(u: mpf) -> mpf:
    if abs(u) > LIMIT:
        raise NoValue
    return mp.exp(u)


def _sigmoid(u: mpf) -> mpf:
    return 1 / (1 + _exp(-u)) if abs(u) < 900 else mpf(0) + (u > 0) * mpf(1) if abs(u) > LIMIT else 1 / (1 + _exp(-u))


def _real(f: Callable[[mpf], mpf], low: mpf, open_: bool) -> Callable[[mpf], mpf]:
    def guarded(u: mpf) -> mpf:
        if u < low or (open_ and u == low):
            raise NoValue
        return f(u)

    return guarded


_SCALAR: dict[str, Callable[..., mpf]] = {
    "add": lambda u, v: u + v, "sub": lambda u, v: u - v, "mul": lambda u, v: u * v, "div": lambda u, v: u / v, "neg": lambda u: -u,
    "sigmoid": _sigmoid, "tanh": mp.tanh, "exp": _exp, "relu": lambda u: max(u, mpf(0)), "abs": abs,
    "softplus": lambda u: mp.log(1 + _exp(u)), "dsigmoid": lambda u: _sigmoid(u) * _sigmoid(-u), "dtanh": lambda u: 1 - mp.tanh(u) ** 2,
    "cosh": lambda u: (_exp(u) + _exp(-u)) / 2, "max": max, "min": min, "gt": lambda u, v: mpf(u > v),
    "where": lambda c, u, v: u if c else v, "sqrt": _real(mp.sqrt, mpf(0), False), "log": _real(mp.log, mpf(0), True),
}  # fmt: skip
_MATRIX: dict[str, Callable[..., Rows]] = {
    "T": lambda u: [list(row) for row in zip(*u, strict=True)],
    "trace": lambda u: [[sum((u[i][i] for i in range(len(u))), mpf(0))]],
    "diag": lambda u: [[u[i][0] if i == j else mpf(0) for j in range(len(u))] for i in range(len(u))],
    "matmul": lambda u, v: (
        [[sum((a * b for a, b in zip(row, col, strict=True)), mpf(0)) for col in zip(*v, strict=True)] for row in u]
        if len(u[0]) == len(v)
        else _each(lambda a, b: a * b, u, v)
    ),
}


def _fraction(text: str) -> mpf:
    above, _, below = text.partition("/")
    return mpf(above) / mpf(below or 1)


def differ_at(left: tuple, right: tuple, values: Mapping[str, object]) -> bool | None:
    """Do two sides differ at the point of a witness? None where a side cannot be evaluated there, or not to enough digits."""
    point = Point.of(values)
    with mp.workdps(5 * mp.dps):
        try:
            return _apart(point(left), point(right), point)
        except (NoValue, KeyError):
            return None


def _apart(a: Rows, b: Rows, point: Point) -> bool:
    """Further apart than three quarters of the digits say; no value where numbers on the way were too large for that."""
    tolerance = point.largest * mpf(10) ** (-3 * mp.dps // 4)
    if tolerance > 1e-30:
        raise NoValue
    return any(any(row) for row in _each(lambda x, y: abs(x - y) > tolerance, a, b))  # a number is broadcast


def truth(left: tuple, right: tuple, shapes: Mapping[str, str], points: int = 3) -> str:
    """ "different", "equal" at every point that has values, or "unknown" where none has."""
    seen = False
    for seed in range(4 * points):
        point = Point(shapes, {"n": 2 + seed % 2, "m": 3 - seed % 2}, seed)
        try:
            apart = _apart(point(left), point(right), point)
        except NoValue:
            continue
        if apart:
            return "different"
        seen = True
        points -= 1
        if not points:
            break
    return "equal" if seen else "unknown"
