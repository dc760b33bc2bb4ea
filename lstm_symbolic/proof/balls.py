"""Real numbers as balls (Arb): a ball that excludes 0 proves that a value is not 0. What is undefined, or not certainly defined, is NaN.

Uninterpreted functions get a fixed polynomial each, which a witness names: a refutation is a refutation for one such function.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

NAN = arb.nan()


def stand_in(name: str, count: int) -> list[int]:
    """Small coefficients (of 1, the arguments, the square of the first) of the polynomial that stands for an unknown function."""
    seed = zlib.crc32(name.encode())
    return [seed % 3, *(1 + (seed >> (3 + 2 * k)) % 3 for k in range(count)), 1 + (seed >> 20) % 2]


def describe_stand_in(name: str, count: int) -> str:
    """The polynomial as text: ``1 + 2*x + x**2``."""
    constant, *slopes, square = stand_in(name, count)
    letters = "xyzuvw"
    terms = [str(constant)] if constant else []
    terms += [(f"{k}*" if k != 1 else "") + letters[i % 6] for i, k in enumerate(slopes)]
    return " + ".join([*terms, (f"{square}*" if square != 1 else "") + "x**2"])


def apply_stand_in(name: str, args: list[Any]) -> Any:
    constant, *slopes, square = stand_in(name, len(args))
    total = args[0] * args[0] * square + constant
    for k, x in zip(slopes, args, strict=True):
        total = total + x * k
    return total


def _log(x: Any) -> Any:
    return x.log() if x > 0 else NAN


def _sqrt(x: Any) -> Any:
    return x.sqrt() if x >= 0 else NAN


def _sigmoid(x: Any) -> Any:
    return (1 + (x / 2).tanh()) / 2


def _compare(name: str, a: Any, b: Any) -> Any:
    """1 or 0; no value where the balls do not tell."""
    d = a - b
    truth = {
        "gt": (d > 0, d <= 0), "ge": (d >= 0, d < 0), "lt": (d < 0, d >= 0), "le": (d <= 0, d > 0),
        "eq": (d == 0, d != 0), "ne": (d != 0, d == 0),
    }[name]  # fmt: skip
    return arb(1) if truth[0] else arb(0) if truth[1] else NAN


def _relu(x: Any) -> Any:
    return (x + abs(x)) / 2


def _maximum(*args: Any) -> Any:
    top = args[0]
    for x in args[1:]:
        top = (top + x + abs(top - x)) / 2
    return top


def _minimum(*args: Any) -> Any:
    return -_maximum(*(-x for x in args))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": _sigmoid, "tanh": lambda x: x.tanh(), "exp": lambda x: x.exp(), "log": _log, "sqrt": _sqrt, "abs": abs,
    "dsigmoid": lambda x: _sigmoid(x) * _sigmoid(-x), "dtanh": lambda x: 1 / x.cosh() ** 2,
    "relu": _relu, "softplus": lambda x: x.exp().log1p(), "erf": lambda x: x.erf(), "erfc": lambda x: x.erfc(),
    "cosh": lambda x: x.cosh(), "sinh": lambda x: x.sinh(), "max": _maximum, "min": _minimum,
    "sign": lambda x: _compare("gt", x, arb(0)) - _compare("lt", x, arb(0)),
    **{name: (lambda a, b, name=name: _compare(name, a, b)) for name in ("gt", "ge", "lt", "le", "eq", "ne")},
}  # fmt: skip


class Balls:
    """The ring of balls at the precision of ``flint.ctx``; an untaken branch of ``where`` may be NaN."""

    def number(self, q: Fraction) -> Any:
        return arb(fmpq(q.numerator, q.denominator))

    def pi(self) -> Any:
        return arb.pi()

    def divide(self, a: Any, b: Any) -> Any:
        return NAN if b.contains(0) else a / b

    def power(self, a: Any, b: Any, exponent: Fraction | None) -> Any:
        if exponent is not None and exponent.denominator == 1:
            k = int(exponent)
            return a**k if k >= 0 else self.divide(arb(1), a**-k)
        if exponent is not None and exponent.denominator == 2:
            root = _sqrt(a) ** abs(exponent.numerator)
            return root if exponent > 0 else self.divide(arb(1), root)
        return (_log(a) * b).exp()

    def function(self, name: str, args: list[Any]) -> Any:
        if name == "where":
            return args[1] if args[0] == 1 else args[2] if args[0] == 0 else NAN
        if name in FUNCTIONS:
            return FUNCTIONS[name](*args)
        return apply_stand_in(name, args)
