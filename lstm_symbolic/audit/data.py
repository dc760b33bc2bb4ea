"""Data classes as JSON: dictionaries, lists, strings, integers and booleans. A float would hide digits, so it becomes text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def plain_data(value: Any) -> Any:
    """A data class by its fields (those without ``metadata={"json": False}``), an object with ``to_json`` by that.

    >>> plain_data({"left": (1, None, 0.5)})
    {'left': [1, None, '0.5']}
    """
    if hasattr(value, "to_json"):
        return plain_data(value.to_json())
    if hasattr(value, "_asdict"):
        return plain_data(value._asdict())
    if is_dataclass(value):
        return {f.name: plain_data(getattr(value, f.name)) for f in fields(value) if f.metadata.get("json", True)}
    if isinstance(value, Mapping):
        return {str(k): plain_data(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain_data(v) for v in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)
