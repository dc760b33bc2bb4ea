"""Matrix calculus: derivative rules for every node, and backpropagation through time for symbolic T."""

from .backward import backward
from .gradients import Gradients, Step
from .vjp import RULES, Rule, vjp

__all__ = ["RULES", "Gradients", "Rule", "Step", "backward", "vjp"]
