"""The zoo by name: one known cell is one file of ``zoo/``; a new file is a new cell."""

from __future__ import annotations

import difflib
import pkgutil
from functools import cache
from importlib import import_module

from ..errors import CellError
from . import zoo
from .cell import Cell


def cells() -> tuple[str, ...]:
    """The names of the known cells.

    >>> "gru_reset_after" in cells()
    True
    """
    return tuple(sorted(module.name for module in pkgutil.iter_modules(zoo.__path__)))


@cache
def cell(name: str) -> Cell:
    """A known cell by its name or an alias.

    >>> cell("lstm").states
    ('C', 'h')
    """
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted in cells():
        return _load(wanted)
    aliases = _aliases()
    if wanted in aliases:
        return _load(aliases[wanted])
    close = difflib.get_close_matches(wanted, [*cells(), *aliases], n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known cells: {', '.join(cells())}"
    raise CellError(f"no cell is called {name[:60]!r}", hint=hint)


@cache
def _load(name: str) -> Cell:
    found: Cell = import_module(f"{zoo.__name__}.{name}").CELL
    return found


@cache
def _aliases() -> dict[str, str]:
    return {alias: name for name in cells() for alias in _load(name).aliases}
