"""The notations that come with the package, one TOML file each, and an author's own file in the same form.

A file holds the fields of ``Style`` and a table of names. It is data of a user: its size is limited, its symbols are parsed and printed
again, and what is wrong in it is said with its name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...errors import LstmSymbolicError, ReadError
from ...expr.wanted import wanted
from ..names import Name
from ..style import Style

_MAX_FILE = 100_000
#: What a field of ``Style`` is in TOML, and how an error calls it.
_FORMS: dict[type, tuple[type, str]] = {str: (str, "text"), tuple: (list, "list of texts"), dict: (dict, "table of texts")}
_FIELDS = {f.name: type(getattr(Style(), f.name)) for f in fields(Style) if f.name != "name"}


def read_notation(text: str, name: str) -> Style:
    r"""The notation that a TOML file describes.

    >>> own = read_notation("product = '*' \n [names] \n h = 's' \n 'W_*' = 'U^{*}'", "own.toml")
    >>> own.product, own.glyph("h").base, own.glyph("W_f").sups
    ('*', 's', ('f',))
    """
    try:
        table = tomllib.loads(text)
        own = Style(name.removesuffix(".toml"), **{key: _value(key, value) for key, value in table.items()})
        for symbol in own.names.values():
            Name.latex(symbol.replace("*", "x"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ReadError(f"{name}: no TOML: {error}") from None
    except ReadError as error:
        raise ReadError(f"{name}: {error.message}", hint=error.hint) from None
    return own


def _value(key: str, value: Any) -> Any:
    """The value of a field, if the field exists and the value has its form."""
    if key not in _FIELDS:
        raise ReadError(f"{key[:40]!r} is nothing that a notation says", hint=f"it says {', '.join(_FIELDS)}")
    form, called = _FORMS[_FIELDS[key]]
    parts: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    if not isinstance(value, form) or not all(isinstance(part, str) for part in parts):
        raise ReadError(f"{key} is no {called}")
    return _FIELDS[key](value)


def _packaged() -> dict[str, Style]:
    found = [f for f in files(__package__).iterdir() if f.name.endswith(".toml")]
    found.sort(key=lambda f: (f.name != "default.toml", f.name))
    return {own.name: own for own in (read_notation(f.read_text(encoding="utf-8"), f.name) for f in found)}


#: By name; ``default`` first.
NOTATIONS = _packaged()


def style(notation: str | Style) -> Style:
    """A notation by name, from an author's own ``notation.toml``, or as it is.

    >>> style("colah").matmul
    '\\\\cdot'
    """
    if isinstance(notation, Style):
        return notation
    if wanted(notation, str, "the name of a notation", 'for example "colah"') in NOTATIONS:
        return NOTATIONS[notation]
    if notation.endswith(".toml"):
        return _from_file(Path(notation))
    raise LstmSymbolicError(
        f"no notation is called {notation[:40]!r}", hint=f"known notations: {', '.join(NOTATIONS)}; or a file of your own, such as own.toml"
    )


def _from_file(path: Path) -> Style:
    """An author's file; what cannot be opened, or is no text, is said with its name."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE + 1)
        text = content.decode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or "no UTF-8 text"
        raise ReadError(f"{str(path)[:100]}: {reason}", hint=f"known notations: {', '.join(NOTATIONS)}") from None
    if len(content) > _MAX_FILE:
        raise ReadError(f"{path.name}: too large for a notation")
    return read_notation(text, path.name)
