"""What a caller gave where something else was wanted: it is said at the door, before anything inside trips over it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from numbers import Rational
from typing import Any, TypeVar, overload

from ..errors import LstmSymbolicError

_Wanted = TypeVar("_Wanted")
_NUMBER = re.compile(r"\s*[+-]?\d{1,60}(/\d{1,60}|\.\d{1,60})?\s*")


@overload
def wanted(given: object, kinds: type[_Wanted], what: str, hint: str = "") -> _Wanted: ...
@overload
def wanted(given: object, kinds: tuple[type, ...], what: str, hint: str = "") -> Any: ...
def wanted(given: object, kinds: type | tuple[type, ...], what: str, hint: str = "") -> Any:
    """What a caller gave, where it is of one of these kinds; else the error that says what was given and what belongs there.

    >>> wanted("h", str, "the name of a state")
    'h'
    >>> wanted(3, str, "the name of a state", "for example h")
    Traceback (most recent call last):
    lstm_symbolic.errors.LstmSymbolicError: the name of a state is wanted here, not 3 (int)
    """
    if isinstance(given, kinds):
        return given
    raise LstmSymbolicError(f"{what} is wanted here, not {described(given)}", hint=hint)


def described(given: object) -> str:
    """What a caller gave, in a few words.

    >>> described(3), described([]), described(None), described(ValueError())
    ('3 (int)', '[] (list)', 'None', 'a ValueError')
    """
    kind = type(given).__name__
    if given is None:
        return "None"
    if isinstance(given, str | bytes | int | float | list | tuple | dict | set):
        text = repr(given)
        return f"{text if len(text) <= 40 else text[:40] + '...'} ({kind})"
    return f"{'an' if kind[0] in 'AEIOaeio' else 'a'} {kind}"


def wanted_list(given: object, kinds: type | tuple[type, ...], what: str, hint: str = "") -> list[Any]:
    """The list of such things that a caller gave; one may stand alone.

    >>> wanted_list("h", str, "the name of an output"), wanted_list(("h", "C"), str, "the name of an output")
    (['h'], ['h', 'C'])
    """
    several = given if isinstance(given, Iterable) and not isinstance(given, (kinds, bytes)) else [given]
    return [wanted(each, kinds, what, hint) for each in several]


def wanted_number(given: object, what: str) -> Fraction:
    """An exact number that a caller gave: an integer, a fraction, or its text.

    >>> wanted_number("1/2", "a bound"), wanted_number(-1, "a bound")
    (Fraction(1, 2), Fraction(-1, 1))
    """
    hint = 'for example 1, or "1/2"'
    if isinstance(given, str) and not _NUMBER.fullmatch(given):
        raise LstmSymbolicError(f"{what} is wanted here, not {given[:40]!r}", hint=hint)
    try:
        return Fraction(wanted(given, (int, float, Rational, str), what, hint))
    except (ValueError, OverflowError, ZeroDivisionError):
        raise LstmSymbolicError(f"{what} is wanted here, not {given}", hint=hint) from None
