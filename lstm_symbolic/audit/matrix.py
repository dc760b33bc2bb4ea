"""The pairwise comparisons of a report as a table: which systems are there, how each pair came out, and what has to be said about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .report import Comparison, Report
from .witness import witness_text

SIGNS = {"proved": "=", "proved-where-defined": "=", "proved-under": "≅", "refuted": "≠", "undecided": "?"}
WORDS = {
    "=": "proved equal",
    "≅": "proved equal under a mapping of the parameters",
    "≠": "refuted by a counterexample",
    "?": "neither proved nor refuted",
}


@dataclass(frozen=True)
class Matrix:
    """The table; ``sides`` are its rows and columns in the order in which they appear."""

    report: Report

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Those between documents, and those that were asked for; which cell of the zoo a system is stands with the system."""
        return tuple(c for c in self.report.comparisons if c.required or not c.right.startswith("zoo#"))

    @cached_property
    def sides(self) -> tuple[str, ...]:
        order = [f"{d.path}#{s.id}" for d in self.report.documents for s in d.systems]
        used = {side for c in self.comparisons for side in (c.left, c.right)}
        return (*(s for s in order if s in used), *(s for s in sorted(used) if s not in order))

    @cached_property
    def names(self) -> dict[str, str]:
        return self.report.names

    @cached_property
    def cells(self) -> dict[tuple[str, str], Comparison]:
        return {pair: c for c in self.comparisons for pair in ((c.left, c.right), (c.right, c.left))}

    def sign(self, row: str, column: str) -> str:
        """``=``, ``≅``, ``≠``, ``?``, a dot on the diagonal, nothing where the two were not compared."""
        found = self.cells.get((row, column))
        return SIGNS.get(found.verdict, "?") if found else "·" if row == column else ""

    @property
    def legend(self) -> str:
        used = [s for s in WORDS if any(SIGNS.get(c.verdict, "?") == s for c in self.comparisons)]
        return "   ".join(f"{s} {WORDS[s]}" for s in used)

    def details(self) -> Iterator[tuple[str, str]]:
        """For every pair: ``left ≅ right``, and its mapping, witness or reason in one line."""
        for c in self.comparisons:
            yield f"{self.names[c.left]} {SIGNS.get(c.verdict, '?')} {self.names[c.right]}", explanation(c)


def explanation(c: Comparison) -> str:
    """Why a pair came out as it did.

    >>> explanation(Comparison("a#1", "b#1", "proved-under", {"c": "C"}, {"W_z": "-W_z"}))
    'W_z := -W_z;  names c → C'
    """
    under = ", ".join(f"{k} := {v}" for k, v in c.under.items())
    renamed = ", ".join(f"{k} → {v}" for k, v in c.names.items() if k != v)
    parts = [under, f"names {renamed}" if renamed and c.verdict.startswith("proved") else ""]
    return ";  ".join(p for p in [*parts, witness_text(c.witness), c.reason] if p)
