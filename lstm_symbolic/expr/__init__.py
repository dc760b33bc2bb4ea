"""Expressions: the closed node set, shapes, the plain syntax, and what they mean numerically."""

from .build import build, build_equation, shape_of, variable
from .dims import SCALAR, Shape, dim, shape, shapes, symbol, write
from .infer import Conflict, infer, layout_of
from .nodes import NODES, TimeSymbol
from .numeric import Evaluator, evaluate
from .plain import plain
from .term import Term, TermEquation, read_equation, read_term

__all__ = [
    "NODES", "SCALAR", "Conflict", "Evaluator", "Shape", "Term", "TermEquation", "TimeSymbol", "build", "build_equation", "dim", "evaluate",
    "infer", "layout_of", "plain", "read_equation", "read_term", "shape", "shape_of", "shapes", "symbol", "variable", "write",
]  # fmt: skip
