"""The generators of the field normal form: what each polynomial variable stands for.

A generator is named by what it means (``("exp", "x/2")``), never by when it was met, so the sign of a polynomial that one case assumes
means the same in the next case. ``positive`` ones are greater than 0 for all real values.
"""

from __future__ import annotations

from typing import Any

import flint

from .budget import Exhausted

SIZES = (12, 30, 80)


class TooFew(Exception):
    """The context has no generator left: start again with a larger one."""


class Generators:
    """The variables of one decision; shared by its cases."""

    def __init__(self, size: int) -> None:
        self.ctx = flint.fmpq_mpoly_ctx.get([f"g{k}" for k in range(size)], flint.Ordering.lex)
        self.gens = self.ctx.gens()
        self.one = self.ctx.constant(1)
        self.zero = self.ctx.constant(0)
        self.meaning: list[tuple[str, Any]] = []
        self.positive: list[bool] = []
        self.inner: dict[int, Any] = {}  # what an exponential, a logarithm or a root was first made of
        self._index: dict[tuple[str, Any], int] = {}

    def index(self, kind: str, meaning: Any, positive: bool = False) -> int:
        """The number of a generator, a new one if need be."""
        name = (kind, meaning)
        if name not in self._index:
            if len(self.meaning) == len(self.gens):
                if len(self.gens) >= SIZES[-1]:
                    raise Exhausted(f"more than {SIZES[-1]} independent functions")
                raise TooFew
            self._index[name] = len(self.meaning)
            self.meaning.append(name)
            self.positive.append(positive)
        return self._index[name]


def used(p: Any) -> set[int]:
    """The generators of a polynomial."""
    return {k for k, d in enumerate(p.degrees()) if d > 0}
