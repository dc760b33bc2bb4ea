"""A plan in words: what ``export --explain`` prints."""

from __future__ import annotations

from collections.abc import Iterator

from ..expr import write
from .naming import Names
from .numpy_ops import literal
from .numpy_views import Views
from .plan import BIAS, Plan
from .schedule import Call, Place


def explain(plan: Plan) -> str:
    """The schedule of a cell: buffers, the calls of a step, what the backward pass sums, multiplies and keeps.

    >>> from ..cells import cell
    >>> from .planning import plan
    >>> print(explain(plan(cell("rnn"))))
    operands of weights   x (m), 1 (1), h_old (n)
    kept for every step   a_h (n)
    <BLANKLINE>
    forward, at step t
      [a_h] = weights @ [x, 1, h_old]
      h = tanh(a_h)
    <BLANKLINE>
    backward, at step t
      d_h = upstream h + later h; slots: 0
      later h = weights.T @ slots 0
    <BLANKLINE>
    after the loop
      weights of [a_h]: one product for each operand; biases: one sum
    """
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    views = Views(plan, Names())
    names = ["1" if k == BIAS else views.label(Place("operands", plan.graph[k].size, i)) for i, k in enumerate(plan.operands)]
    if names:
        yield "operands of weights   " + ", ".join(f"{n} ({write(s)})" for n, s in zip(names, plan.operand_sizes, strict=True))
    for size, held in plan.values.items():
        labels = ", ".join(views.label(Place("values", size, i)) for i in range(len(held)))
        yield f"kept for every step   {labels} ({write(size)})"
    yield from ["", "forward, at step t"]
    for line in plan.forward:
        if isinstance(line, Call):
            yield f"  {_spell(views, line.out)} = {line.name}({', '.join(_spell(views, a) for a in line.args)})"
        else:
            product = next(p for p in plan.products if p.nodes == line)
            read = " + ".join(f"weights @ [{', '.join(names[a:b])}]" for a, b in product.ranges)
            yield f"  [{_spell(views, product.out)}] = {read}"
    if plan.gradients:
        yield from ["", *_backward(plan)]


def _backward(plan: Plan) -> Iterator[str]:
    back = plan.back
    yield "backward, at step t"
    for j in back.junctions:
        name = next((t.name for t in j.terms if t.name), "operand")
        spread = ", ".join(str(n) for n, s in enumerate(back.slots) if s.junction == j.node)
        yield f"  d_{name} = {_sum(plan, j.terms)}; slots: {spread}"
    for name, terms in back.carries.items():
        yield f"  later {name} = {_sum(plan, terms) or 0}"
    yield from ["", "after the loop"]
    for product in plan.products:
        biases = "; biases: one sum" if any(plan.graph[k].biases for k in product.nodes) else ""
        yield f"  weights of [{_spell(Views(plan, Names()), product.out)}]: one product for each operand{biases}"


def _sum(plan: Plan, terms: tuple[object, ...]) -> str:
    texts = []
    for t in terms:
        kind, name, of = t.kind, t.name, t.of  # type: ignore[attr-defined]
        if kind == "product":
            numbers = [str(n) for k, n in plan.back.affine.items() if of in plan.step.graph[k].args]
            texts.append(f"weights.T @ slots {', '.join(numbers)}")
        else:
            texts.append(f"slot {of}" if kind == "slot" else f"{kind} {name}")
    return " + ".join(texts)


def _spell(views: Views, place: Place) -> str:
    if place.buffer != "constant":
        return ", ".join(views.label(Place(place.buffer, place.size, place.slot + i, place.shift)) for i in range(place.count))
    node = views.plan.graph[place.slot]
    return literal(node.number) if node.op == "number" else node.name or node.op
