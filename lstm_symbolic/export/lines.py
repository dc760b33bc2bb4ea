"""Long lines of exported code, broken where Python lets them."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap


def filled(indent: str, first: str, items: Sequence[str], last: str) -> list[str]:
    """``first`` item, item, ... ``last`` on as few lines as they need; no item is broken."""
    texts = [f"{item}," if k < len(items) - 1 or (len(items) == 1 and first.endswith("(")) else item for k, item in enumerate(items)]
    whole = f"{indent}{first}{' '.join(texts)}{last}"
    if len(whole) <= 138:
        return [whole]
    hidden = " ".join(t.replace(" ", "\0") for t in [*texts[:-1], texts[-1].rstrip(",") + ","])
    lines = wrap(hidden, 138 - len(indent) - 4, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}{first}", *(f"{indent}    {line}".replace("\0", " ") for line in lines), f"{indent}{last}"]


def assigned(indent: str, names: Sequence[str], values: Sequence[str]) -> list[str]:
    """``a, b = x, y``, on several lines where one would be too wide."""
    line = f"{indent}{', '.join(names)} = {', '.join(values)}"
    if len(line) <= 138 or len(names) < 2:
        return [line] if names else []
    half = len(names) // 2
    return [*assigned(indent, names[:half], values[:half]), *assigned(indent, names[half:], values[half:])]
