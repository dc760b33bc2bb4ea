"""Time and size limits of one comparison: whoever loops asks the budget, and running out is an answer (undecided), not a hang."""

from __future__ import annotations

import time

from ..errors import LstmSymbolicError


class Exhausted(LstmSymbolicError):
    """The budget of a comparison ran out; the message says of what."""


class Inconsistent(LstmSymbolicError):
    """Two independent deciders contradict each other: an error in this program, never swallowed."""


class Budget:
    """Seconds of one comparison, and the largest number of monomials an intermediate result may have."""

    def __init__(self, seconds: float = 10.0, monomials: int = 6000) -> None:
        self.started = time.monotonic()
        self.deadline = self.started + seconds
        self.limit, self.monomials = seconds, monomials

    @property
    def spent(self) -> float:
        return time.monotonic() - self.started

    def check(self, monomials: int = 0) -> None:
        if monomials > self.monomials:
            raise Exhausted(f"more than {self.monomials} monomials in an intermediate result")
        if time.monotonic() > self.deadline:
            raise Exhausted(f"more than {self.limit:g} seconds")

    def part(self, share: float) -> Budget:
        """A budget for one stage: a share of what is left."""
        return Budget(max(0.0, self.deadline - time.monotonic()) * share, self.monomials)
