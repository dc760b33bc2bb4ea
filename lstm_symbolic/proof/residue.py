"""Exact residues: values in a chain of prime fields in which exp is a homomorphism (after Gonnet 1984).

exp(z) mod q_k is g_k ** (z mod q_(k-1)), where q_(k-1) divides q_k - 1; so exp(a + b) = exp(a) exp(b) holds exactly, and towers of
functions climb the chain. Identities hold for every choice of values, so different residues prove that no identity holds; equal residues
at random values mean equality with probability about 1 - 2^-120. Nothing is decided by it alone: it filters, and it checks the normal
form. Functions without such a homomorphism (log, abs, max, roots) have no residue.
"""

from __future__ import annotations

import functools
import random
import zlib
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from ..errors import UnsupportedNode
from ..expr.functions import FUNCTIONS as KNOWN
from .balls import apply_stand_in
from .dag import Node, walk
from .evaluate import Evaluation, Matrix, Point, names_of_dims, times_of

FIRST = (1 << 127) - 1
MAX_TOWER = 8
BITS = 120


class NoResidue(Exception):
    """A function, or a division by zero mod q, that has no residue."""


def _is_prime(n: int) -> bool:
    return all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7, 11, 13))


@functools.cache
def field(level: int) -> tuple[int, int]:
    """(q_k, g_k): a prime with q_(k-1) | q_k - 1, and an element of order q_(k-1)."""
    if level == 0:
        return FIRST, 0
    below, k = field(level - 1)[0], 2
    while not _is_prime(k * below + 1):
        k += 2
    q = k * below + 1
    return q, next(g for g in (pow(h, k, q) for h in range(2, 99)) if g != 1)


class Residue:
    """A number modulo q_low, ..., q_top; exp raises ``low`` by one."""

    __slots__ = ("low", "values")

    def __init__(self, low: int, values: tuple[int, ...]) -> None:
        self.low, self.values = low, values

    def _pair(self, other: Any, f: Callable[[int, int], int]) -> Residue:
        if isinstance(other, int):
            return Residue(self.low, tuple(f(a, other) % field(self.low + k)[0] for k, a in enumerate(self.values)))
        low = max(self.low, other.low)
        pairs = zip(self.values[low - self.low :], other.values[low - other.low :], strict=True)
        return Residue(low, tuple(f(a, b) % field(low + k)[0] for k, (a, b) in enumerate(pairs)))

    def __add__(self, other: Any) -> Residue:
        return self._pair(other, lambda a, b: a + b)

    def __mul__(self, other: Any) -> Residue:
        return self._pair(other, lambda a, b: a * b)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Residue:
        return self * -1

    def __sub__(self, other: Residue) -> Residue:
        return self + -other

    def inverse(self) -> Residue:
        try:
            return Residue(self.low, tuple(pow(a, -1, field(self.low + k)[0]) for k, a in enumerate(self.values)))
        except ValueError:
            raise NoResidue from None

    def exp(self) -> Residue:
        values = []
        for k, a in enumerate(self.values[:-1], self.low + 1):
            q, g = field(k)
            values.append(pow(g, a, q))
        return Residue(self.low + 1, tuple(values))

    @property
    def top(self) -> int:
        return self.values[-1]


def _sigmoid(x: Residue) -> Residue:
    return ((-x).exp() + 1).inverse()


def _tanh(x: Residue) -> Residue:
    return _sigmoid(x * 2) * 2 + -1


def _half(x: Residue) -> Residue:
    return x * Residue(x.low, tuple(pow(2, -1, field(x.low + k)[0]) for k in range(len(x.values))))


FUNCTIONS: dict[str, Callable[[Residue], Residue]] = {
    "sigmoid": _sigmoid, "tanh": _tanh, "exp": Residue.exp,
    "dsigmoid": lambda x: _sigmoid(x) * (-_sigmoid(x) + 1), "dtanh": lambda x: -(_tanh(x) * _tanh(x)) + 1,
    "cosh": lambda x: _half(x.exp() + (-x).exp()), "sinh": lambda x: _half(x.exp() - (-x).exp()),
}  # fmt: skip
LEVELS = {"sigmoid": 1, "tanh": 1, "exp": 1, "dsigmoid": 1, "dtanh": 1, "cosh": 1, "sinh": 1}
WITHOUT = frozenset(set(KNOWN) - set(FUNCTIONS))


class Residues:
    """The ring, with one tower height for all its numbers."""

    def __init__(self, height: int) -> None:
        self.height = height

    def number(self, q: Fraction) -> Residue:
        fields = [field(k)[0] for k in range(self.height + 1)]
        if any(q.denominator % p == 0 for p in fields):
            raise NoResidue
        return Residue(0, tuple(q.numerator * pow(q.denominator, -1, p) % p for p in fields))

    def pi(self) -> Residue:
        return self.random(random.Random(314159))

    def random(self, source: random.Random) -> Residue:
        return Residue(0, tuple(source.randrange(field(k)[0]) for k in range(self.height + 1)))

    def divide(self, a: Residue, b: Residue) -> Residue:
        return a * b.inverse()

    def power(self, a: Residue, b: Residue, exponent: Fraction | None) -> Residue:
        if exponent is None or exponent.denominator != 1 or abs(exponent) > 10_000:
            raise NoResidue
        base = a if exponent >= 0 else a.inverse()
        return Residue(base.low, tuple(pow(x, abs(int(exponent)), field(base.low + k)[0]) for k, x in enumerate(base.values)))

    def function(self, name: str, args: list[Residue]) -> Residue:
        if name in FUNCTIONS:
            return FUNCTIONS[name](*args)
        if name in WITHOUT:
            raise NoResidue
        return apply_stand_in(name, args)


def height(roots: Iterable[Node]) -> int:
    """How deep exponentials are nested."""
    level: dict[int, int] = {}
    top = 0
    for node in walk(roots):
        own = 1 if node.op == "softmax" else LEVELS.get(node.data, 0) if node.op == "fn" else 0
        level[node.number] = own + max((level[a.number] for a in node.args), default=0)
        top = max(top, level[node.number])
    return top


def random_point(roots: list[Node], ring: Residues, seed: int, sizes: list[int]) -> Point:
    """Distinct sizes for distinct dimensions, times T = 3, t = 2, others 1 and up, and random symbols."""
    dims = {name: sizes[k % len(sizes)] for k, name in enumerate(names_of_dims(roots))}
    others = [b for b in times_of(roots) if b not in ("T", "t")]
    times = {"T": 3, "t": 2, **{b: k % 3 + 1 for k, b in enumerate(others)}}
    values: dict[object, Matrix] = {}

    def symbol(name: str, index: tuple[int, ...], rows: int, cols: int) -> Matrix:
        key = name, index
        if key not in values:
            source = random.Random(zlib.crc32(repr((seed, key)).encode()))
            values[key] = [[ring.random(source) for _ in range(cols)] for _ in range(rows)]
        return values[key]

    return Point(dims, times, symbol)


def residues_differ(pairs: list[tuple[Node, Node]], seed: int = 1, sizes: list[int] | None = None) -> bool | None:
    """Whether some pair differs at random values (a proof); None where a side has no residue."""
    roots = [n for pair in pairs for n in pair]
    top = height(roots)
    if top > MAX_TOWER or any(n.op == "norm" or (n.op == "fn" and n.data in WITHOUT) for n in walk(roots)):
        return None
    ring = Residues(top)
    evaluation = Evaluation(ring, random_point(roots, ring, seed, sizes or [2, 3, 4, 5]))
    try:
        for a, b in pairs:
            left, right = evaluation(a), evaluation(b)
            shape = max(len(left), len(right)), max(len(left[0]), len(right[0]))
            for i in range(shape[0]):
                for j in range(shape[1]):
                    x = left[i if len(left) > 1 else 0][j if len(left[0]) > 1 else 0]
                    y = right[i if len(right) > 1 else 0][j if len(right[0]) > 1 else 0]
                    if x.top != y.top:
                        return True
    except (NoResidue, UnsupportedNode, RecursionError):
        return None
    return False
