"""What a comparison answers: a verdict is a value, never a bare boolean, and never a guess.

``kind`` says how much is claimed; the other fields say why. ``to_json`` is the form of the ``compare`` command.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..notebook import Told

KINDS = ("proved", "proved-where-defined", "proved-under", "refuted", "undecided")

#: Exact fractions as text, nested as the value is: ``[["1/2"], ["0"]]`` is a column.
Values = dict[str, Any]


@dataclass(frozen=True)
class Witness:
    """Exact rational values at which ball arithmetic separates both sides; ``left``, ``right`` to the digit that separates.

    ``place`` is the same point for a certificate: sizes, times, steps, and the values of each side apart.
    """

    values: Values = field(hash=False)
    left: str
    right: str
    place: dict[str, Any] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, Any]:
        return {"values": self.values, "left": self.left, "right": self.right}


@dataclass(frozen=True)
class Instance:
    """The other side is an instance of side ``of`` ("left" or "right"): put ``under`` into ``of`` and it becomes the other side."""

    of: str
    under: dict[str, str] = field(hash=False)

    def to_json(self) -> dict[str, Any]:
        return {"of": self.of, "under": self.under}


@dataclass(frozen=True)
class Verdict(Told):
    """The answer to one comparison.

    >>> Verdict("proved").equal, Verdict("refuted").equal, Verdict("undecided", reason="too large").equal
    (True, False, None)
    """

    kind: str
    under: dict[str, str] = field(default_factory=dict, hash=False)
    where: tuple[str, ...] = ()
    witness: Witness | None = None
    certificate: dict[str, Any] = field(default_factory=dict, hash=False)
    reason: str = ""
    seconds: float = 0.0
    names: dict[str, str] = field(default_factory=dict, hash=False)
    instance: Instance | None = None
    difference: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no verdict")

    @property
    def equal(self) -> bool | None:
        """Whether the sides are equal in the sense of the verdict; None where that is undecided."""
        return None if self.kind == "undecided" else self.kind != "refuted"

    def to_json(self) -> dict[str, Any]:
        """The JSON object of ``compare``."""
        return {
            "verdict": self.kind,
            "under": dict(self.under),
            "where": list(self.where),
            "witness": self.witness.to_json() if self.witness else None,
            "certificate": dict(self.certificate),
            "reason": self.reason,
            "seconds": round(self.seconds, 4),
            "names": dict(self.names),
            "instance": self.instance.to_json() if self.instance else None,
            "difference": list(self.difference),
        }
