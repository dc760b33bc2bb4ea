"""Proof: is this formula that formula? Proved, refuted with a witness, or undecided with a reason."""

from .compare import compare_expressions, compare_record, compare_systems, difference, generalises, on_domain, read_system, separated
from .system import System
from .verdict import Instance, Verdict, Witness

__all__ = [
    "Instance", "System", "Verdict", "Witness", "compare_expressions", "compare_record", "compare_systems", "difference", "generalises",
    "on_domain", "read_system", "separated",
]  # fmt: skip
