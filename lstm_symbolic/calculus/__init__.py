"""Matrix calculus: derivative rules for every node, backpropagation through time for symbolic T; Jacobians, forward mode, ranges."""

from .backward import backward
from .forward import HessianProduct, Tangents, forward_mode, hessian_product
from .gradients import Gradients, Step
from .intervals import Interval
from .jacobian import Jacobians, jacobian
from .limits import fixed
from .norms import norm_bounds
from .ranges import growth, ranges
from .tangent import tangent
from .unrolled import unrolled
from .vjp import RULES, Rule, vjp

__all__ = [
    "RULES", "Gradients", "HessianProduct", "Interval", "Jacobians", "Rule", "Step", "Tangents", "backward", "fixed", "forward_mode",
    "growth", "hessian_product", "jacobian", "norm_bounds", "ranges", "tangent", "unrolled", "vjp",
]  # fmt: skip
