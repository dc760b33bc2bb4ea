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
    values = values_text(witness.get("values") or {})
    sides = f"{left} {witness.get('left', '?')}, {right} {witness.get('right', '?')}"
    return f"{values}:  {sides}" if values else sides


def values_text(values: Mapping[str, Any]) -> str:
    """The values that are not zero.

    >>> values_text({"W": [["0"]], "b": [["1"]]})
    'b = 1, all else 0'
    """
    texts = {str(name): value_text(v) for name, v in values.items()}
    parts = [f"{name} = {v}" for name, v in texts.items() if set(v) & set("123456789")]
    if len(parts) < len(texts):
        parts.append("all else 0" if parts else "all values 0")
    return ", ".join(parts)


def value_text(value: Any) -> str:
    """A scalar, a column or a matrix: rows are separated by semicolons."""
    if not isinstance(value, list | tuple):
        return str(value)
    rows = [" ".join(map(str, row)) if isinstance(row, list | tuple) else str(row) for row in value]
    return rows[0] if len(rows) == 1 and " " not in rows[0] else f"[{'; '.join(rows)}]"
