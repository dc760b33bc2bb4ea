"""What a line says by its form alone: a chain of derivatives that does not join, an update that climbs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...expr.plain import write
from ...expr.term import Term, time_shift
from ...reading.document import Document, Formula
from ..places import finding, span_of
from ..report import Finding
from .names import is_loss


def chain_findings(document: Document, formulas: Sequence[Formula]) -> Iterator[Finding]:
    """Findings that need no forward equations."""
    for f in formulas:
        assert f.equation is not None
        left = f.equation.sides[0]
        for side in f.equation.sides[1:]:
            yield from _broken(document, f, left, side)
            yield from _climbing(document, f, left, side)


def _broken(document: Document, f: Formula, left: Term, side: Term) -> Iterator[Finding]:
    """``dL/do do/dh + dL/dz_{t+1} dz_{t+1}/dy_t`` as the gradient of h: the second product ends at y."""
    goal = _bottom(left)
    if goal is None or goal.op != "sym":
        return
    for product in side.args if side.op == "add" else (side,):
        links = list(_links(product))
        if len(links) < 2 or not all(links):
            continue
        tops = [link[0] for link in links[1:] if link and link[0] is not None]
        bottoms = [link[1] for link in links if link]
        if len(tops) != len(links) - 1:
            continue
        for bottom, top in zip(bottoms[:-1], tops, strict=True):
            if not _joined(bottom, top):
                message = f"the chain breaks: the derivative with respect to {write(bottom)} is followed by that of {write(top)}"
                yield finding(document, "E201", span_of(f, top), message, f, wrote=write(top), expected=write(bottom))
                return
        if not _joined(bottoms[-1], goal):
            message = f"the chain ends at {write(bottoms[-1])}, and not at {write(goal)}"
            yield finding(document, "E201", span_of(f, bottoms[-1]), message, f, wrote=write(bottoms[-1]), expected=write(goal))
            return


def _links(product: Term) -> Iterator[tuple[Term | None, Term] | None]:
    """The derivatives of a product, from the left: (top, bottom); None for any other factor."""
    if product.op in ("matmul", "mul"):
        for a in product.args:
            yield from _links(a)
    elif product.op == "grad":
        yield None, product.args[0]
    elif product.op == "jac":
        yield product.args[0], product.args[1]
    else:
        yield None


def _bottom(term: Term) -> Term | None:
    """What a derivative is taken with respect to."""
    return term.args[0] if term.op == "grad" else term.args[1] if term.op == "jac" and is_loss(term.args[0]) else None


def _joined(a: Term, b: Term) -> bool:
    """One symbol, at one time as far as both say it."""
    if a.op != "sym" or b.op != "sym":
        return True
    times = a.index, b.index
    return a.name == b.name and (not all(times) or time_shift(a) == time_shift(b) or a.index == b.index)


def _climbing(document: Document, f: Formula, left: Term, side: Term) -> Iterator[Finding]:
    """``W <- W + eta dL/dW``: the step that lowers the loss goes against the gradient."""
    if left.op != "sym" or left.index or side.op != "add" or not any(a == left for a in side.args):
        return
    for a in side.args:
        bottoms = [b for t in a.walk() if (b := _bottom(t)) is not None]
        scaled = any(t.op == "sym" and t.name in ("eta", "alpha", "lr", "epsilon", "lambda", "mu") for t in a.walk())
        if bottoms and scaled and a.op != "neg":
            message = f"the sign of the update: the gradient points uphill, so that a step down subtracts it from {write(left)}"
            yield finding(document, "E210", span_of(f, a), message, f, wrote=f.plain)
            return
