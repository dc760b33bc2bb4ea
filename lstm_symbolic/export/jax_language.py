"""What tells one language of arrays from another: functions, and a few operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Comparisons, as all of them write them.
COMPARED = {
    name: f"({{0}} {sign} {{1}})" for name, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="), ("eq", "=="), ("ne", "!="))
}


@dataclass(frozen=True)
class Language:
    """How a language spells functions and the few operations on arrays that a step needs."""

    module: str
    functions: Mapping[str, str]
    concatenate: str
    split: str
    number: str

    def joined(self, parts: Sequence[str], axis: int) -> str:
        return parts[0] if len(parts) == 1 else self.concatenate.format(", ".join(parts), axis)

    def parted(self, whole: str, count: int, axis: int) -> str:
        return self.split.format(whole, count, axis)
