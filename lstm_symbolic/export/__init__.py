"""Export: a cell as code that computes its forward pass and backpropagation through time."""

from .explain import explain
from .plan import Plan
from .planning import plan
from .prove import unproved
from .step import lambdify
from .targets import TARGETS, beside, export

__all__ = ["TARGETS", "Plan", "beside", "explain", "export", "lambdify", "plan", "unproved"]
