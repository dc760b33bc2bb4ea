"""Every step of every derivation is proved again by the law of adjoints; a step that is altered is refused, and at that step."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sympy import Integer, MatrixExpr
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul, Transpose

from lstm_symbolic.audit.recheck import Law, recheck
from lstm_symbolic.calculus import Gradients, backward
from lstm_symbolic.calculus.algebra import scale
from lstm_symbolic.cells import bidirectional, cell, cells, concatenated, stack, transposed
from lstm_symbolic.expr import shape_of
from lstm_symbolic.expr.nodes import TimeSum

OTHERS = {
    "concatenated": lambda: backward(concatenated(cell("lstm"))),
    "rows": lambda: backward(transposed(cell("gru"))),
    "stacked": lambda: backward(stack(cell("lstm"), cell("gru"))),
    "bidirectional": lambda: backward(bidirectional(cell("lstm"))),
    "windows of five steps": lambda: backward(cell("lstm"), truncate=5),
    "windows of one step": lambda: backward(cell("gru"), truncate=1),
    "loss on the memory": lambda: backward(cell("lstm"), outputs=("C", "h")),
}


def kinds(grads: Gradients) -> list[str]:
    return [r.verdict.kind for r in recheck(grads)]


@pytest.mark.parametrize("name", [*cells(), *OTHERS])
def test_every_step_is_proved(name: str) -> None:
    grads = OTHERS[name]() if name in OTHERS else backward(cell(name))
    assert kinds(grads) == ["proved"] * len(grads.steps)


def altered(e: MatrixExpr) -> Iterator[MatrixExpr]:
    """The expression with one slip: doubled, a summand or a factor lost, a sign turned."""
    if isinstance(e, TimeSum):
        yield from (e.func(body, *e.args[1:]) for body in altered(e.args[0]))
        return
    yield scale(Integer(2), e)
    yield scale(Integer(-1), e)
    if isinstance(e, MatAdd | HadamardProduct) and len(e.args) > 1:
        for k in range(len(e.args)):
            rest = e.args[:k] + e.args[k + 1 :]
            yield e.func(*rest) if len(rest) > 1 else rest[0]
    if isinstance(e, MatMul) and isinstance(e.args[-1], Transpose) and shape_of(e.args[0]) == shape_of(e.args[-1].arg):
        yield MatMul(e.args[-1].arg, Transpose(e.args[0]))


@pytest.mark.parametrize("name", ["lstm", "gru", "lstm_peephole", "gru_reset_after"])
def test_an_altered_step_is_refused_at_that_step(name: str) -> None:
    grads, slips = backward(cell(name)), 0
    for k, step in enumerate(grads.steps):
        for wrong in altered(step.right):
            changed = replace(grads, steps=(*grads.steps[:k], replace(step, right=wrong), *grads.steps[k + 1 :]))
            assert Law(changed).verdict(changed.steps[k], 10).kind == "refuted", (str(step), str(wrong))
            slips += 1
    assert slips > 2 * len(grads.steps)


def test_a_line_with_large_normal_forms_is_refused_by_its_values() -> None:
    """Layer normalisation: with every value put in, a witness is found long before the sides have a normal form."""
    grads = backward(cell("lstm_layer_norm"))
    step = next(s for s in grads.steps if str(s).startswith("grad(C[0]) = grad(C[1]) * f[1]"))
    wrong = replace(step, right=step.right.args[0])
    assert Law(grads).verdict(step, 10).kind == "proved"
    assert Law(grads).verdict(wrong, 10).kind == "refuted"
