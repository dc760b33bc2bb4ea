"""Numbers of a witness as text."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Separation:
    """Two balls that do not meet."""

    left: Any
    right: Any


def nested(values: list[list[Fraction]], scalar: bool) -> Any:
    """A scalar as one fraction, a matrix as rows of fractions."""
    text = [[str(x) for x in row] for row in values]
    return text[0][0] if scalar else text


def decimals(found: Separation) -> tuple[str, str]:
    """Both values, to the digit that separates them and a little further."""
    for digits in itertools.count(4):
        left, right = (x.str(digits, radius=False) for x in (found.left, found.right))
        if left != right or digits > 3000:
            return tuple(_trim(x.str(digits + 1, radius=False)) for x in (found.left, found.right))  # type: ignore[return-value]
    raise AssertionError


def _trim(text: str) -> str:
    """Without the zeros after the point."""
    head, e, tail = text.partition("e")
    if "." in head:
        head = head.rstrip("0").rstrip(".")
    return head + e + tail


def significant(text: str) -> int:
    """How many digits a decimal shows.

    >>> significant("-0.00462"), significant("1.20e-5")
    (3, 3)
    """
    return max(1, len(text.partition("e")[0].replace(".", "").lstrip("-0")))
