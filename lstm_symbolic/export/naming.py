"""Names in exported code: of the cell where it has one, never one that is taken, and never text of a document as it stands."""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass, field

from sympy import Expr

from ..cells import Cell
from ..expr import write

#: What stands in exported text: printable ASCII without quotes and backslashes.
_UNSAFE = re.compile(r"[^ !#-\[\]-~]|[\\\"']")


def clean(text: str) -> str:
    """Free text (a title, a paper) as it may stand in a docstring or a comment.

    >>> clean('Gers, "Learning"\\n\\\\ to forget')
    'Gers, Learning  to forget'
    """
    return _UNSAFE.sub("", text.replace("\n", " "))


def sized(size: Expr) -> str:
    """A dimension as code: ``n+m`` is ``(n + m)``."""
    text = write(size)
    return f"({text.replace('+', ' + ')})" if "+" in text else text


def times(count: int, size: Expr) -> str:
    return sized(size) if count == 1 else "0" if count == 0 else f"{count} * {sized(size)}"


@dataclass
class Names:
    """Hands out identifiers; what is reserved, or was given away, gets a number."""

    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, cell: Cell, *reserved: str) -> Names:
        """The names of dimensions and of the module itself are taken; those of the cell's symbols are free for their values."""
        dims = {s.name for shape in cell.shapes.values() for d in shape for s in d.free_symbols}
        return cls({*dims, *reserved, *keyword.kwlist, *dir(builtins)})

    def fresh(self, wanted: str) -> str:
        wanted = re.sub(r"\W+", "_", wanted, flags=re.ASCII).strip("_") or "value"
        wanted = f"v{wanted}" if wanted[0].isdigit() else wanted
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name
