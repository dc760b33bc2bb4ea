"""A counterexample in words: short enough to be recomputed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def witness_text(witness: Mapping[str, Any] | None, left: str = "left", right: str = "right") -> str:
    """A counterexample in one line; zero entries are summed up at its end.

    >>> witness_text({"values": {"o": [["1/2"]], "C": "1", "W": [["0", "1"], ["2", "0"]], "h[t-1]": "0"}, "left": "0.46", "right": "0.38"})
    'o = 1/2, C = 1, W = [0 1; 2 0], all else 0:  left 0.46, right 0.38'
    """
    if not witness:
        return ""
    values = {str(name): value_text(v) for name, v in (witness.get("values") or {}).items()}
    parts = [f"{name} = {v}" for name, v in values.items() if set(v) & set("123456789")]
    if len(parts) < len(values):
        parts.append("all else 0" if parts else "all values 0")
    sides = f"{left} {witness.get('left', '?')}, {right} {witness.get('right', '?')}"
    return f"{', '.join(parts)}:  {sides}" if parts else sides


def value_text(value: Any) -> str:
    """A scalar, a column or a matrix: rows are separated by semicolons."""
    if not isinstance(value, list | tuple):
        return str(value)
    rows = [" ".join(map(str, row)) if isinstance(row, list | tuple) else str(row) for row in value]
    return rows[0] if len(rows) == 1 and " " not in rows[0] else f"[{'; '.join(rows)}]"
