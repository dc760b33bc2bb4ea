"""What each equation of a cell is for, read off how its value is used, never off its name."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Add, Basic, Expr, Mul, Rational
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul

from ..calculus import Gradients
from ..calculus.gradients import key
from ..cells import TIME, Cell, leaves
from ..expr import TimeSymbol, nodes
from ..writing.diagram.flow import flow
from ..writing.diagram.places import places

_PRODUCTS = (HadamardProduct, Mul, MatMul)


def purpose(cell: Cell, name: str) -> str:
    """The key of the sentence that explains the equation of ``name``.

    >>> from ..cells import cell
    >>> [purpose(cell("lstm"), name) for name in cell("lstm").defined]
    ['forget', 'input', 'candidate', 'output', 'memory', 'hidden']
    >>> [purpose(cell("gru"), name) for name in cell("gru").defined]
    ['reset', 'update', 'candidate', 'memory']
    """
    if name in cell.gates:
        return _gate(cell, name)
    if name == cell.candidate:
        return "candidate"
    if name in carried(cell):
        return "memory"
    if name in cell.outputs or name in cell.states:
        return "state" if name in _affine(cell) else "hidden"
    return "value"


def rule_of(grads: Gradients, adjoint: Expr) -> str:
    """The key of the sentence that explains a line of the recursion: a sum over uses, or the chain rule through a function.

    >>> from ..calculus import backward
    >>> from ..cells import cell
    >>> grads = backward(cell("gru"))
    >>> [rule_of(grads, e.lhs) for e in grads.recursion]
    ['uses', 'through_tanh', 'through_sigmoid', 'through_sigmoid']
    """
    if isinstance(adjoint, nodes.Grad):
        return "uses"
    made = grads.cell.definition(name) if (name := key(adjoint).removeprefix("delta_")) in grads.cell.defined else None
    function = made.function if isinstance(made, nodes.Apply) else ""
    return f"through_{function}" if function in ("sigmoid", "tanh") else "through"


def _affine(cell: Cell) -> set[str]:
    """Values that weights produce."""
    return {n.symbol for n in flow(cell) if n.kind == "affine"}


def carried(cell: Cell) -> set[str]:
    """States whose new value comes from the old one entry by entry."""
    graph = flow(cell)
    return {graph[lane[-1]].symbol for lane in places(graph, dict.fromkeys(range(len(graph)), 2.0)).lanes}


def _gate(cell: Cell, name: str) -> str:
    """A gate is known by what it multiplies."""
    gate = cell.symbol(name)
    uses = {kind for e in cell.equations for kind in _uses(cell, e.lhs, e.rhs, gate)}
    if "mixed" in uses:
        return "update"
    return next((kind for kind in ("reset", "forget", "output", "input") if kind in uses), "gate")


def _uses(cell: Cell, left: Expr, e: Basic, gate: Expr) -> Iterator[str]:
    if isinstance(e, MatAdd | Add) and (True, gate) in [_sign(a) for a in e.args] and any(_bare(a) == 1 for a in e.args):
        yield "mixed"  # 1 - z
    if isinstance(e, _PRODUCTS) and any(_bare(a) == gate for a in e.args):
        others = [s for a in e.args if _bare(a) != gate for s in leaves(a)]
        old = any(isinstance(s, TimeSymbol) and s.name in cell.states and s.index[-1] != TIME for s in others)
        if old:
            yield "reset" if left.name in _affine(cell) else "forget"
        elif any(s.name in cell.states for s in others if isinstance(s, TimeSymbol)):
            yield "output"
        else:
            yield "input"
    if not isinstance(e, TimeSymbol):
        for a in e.args:
            yield from _uses(cell, left, a, gate)


def _bare(e: Basic) -> Basic:
    return e.args[0] if isinstance(e, nodes.Broadcast) else e


def _sign(e: Basic) -> tuple[bool, Basic]:
    if isinstance(e, Mul | MatMul) and isinstance(e.args[0], Rational) and len(e.args) == 2:
        return e.args[0] < 0, _bare(e.args[1])
    return False, e
