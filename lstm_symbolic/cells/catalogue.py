"""The zoo by name: one known cell is one file of ``zoo/``; a new file is a new cell."""

from __future__ import annotations

import difflib
import pkgutil
from functools import cache
from importlib import import_module

from ..errors import CellError
from ..expr.wanted import wanted
from . import zoo
from .cell import Cell

_EXAMPLE = 'for example "lstm"; cells() lists the names'


def cells() -> tuple[str, ...]:
    """The names of the known cells.

    >>> "gru_reset_after" in cells()
    True
    """
    return tuple(sorted(module.name for module in pkgutil.iter_modules(zoo.__path__)))


def cell(name: str) -> Cell:
    """A known cell by its name or an alias, with the paper that its equations are from; ``CellError`` where no cell has this name.

    >>> cell("lstm").paper.startswith("Gers, Schmidhuber and Cummins 2000")
    True
    >>> cell("lstm").shapes["U_f"], cell("lstm").shapes["W_f"]
    ((n, n), (n, m))
    >>> cell("lstm").states
    ('C', 'h')
    """
    return _found(wanted(name, str, "the name of a cell", _EXAMPLE))


def as_cell(what: Cell | str) -> Cell:
    """What a user names where a cell is wanted: a cell, or the name of a known one.

    >>> as_cell("lstm") is cell("lstm") is as_cell(cell("lstm"))
    True
    """
    return what if isinstance(what, Cell) else cell(wanted(what, str, "a cell or the name of one", _EXAMPLE))


@cache
def _found(name: str) -> Cell:
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    if plain in cells():
        return _load(plain)
    aliases = _aliases()
    if plain in aliases:
        return _load(aliases[plain])
    close = difflib.get_close_matches(plain, [*cells(), *aliases], n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known cells: {', '.join(cells())}"
    raise CellError(f"no cell is called {name[:60]!r}", hint=hint)


@cache
def _load(name: str) -> Cell:
    found: Cell = import_module(f"{zoo.__name__}.{name}").CELL
    return found


@cache
def _aliases() -> dict[str, str]:
    return {alias: name for name in cells() for alias in _load(name).aliases}
