"""A block of steps in the backward half of an exported NumPy file: its local factors, by a few calls, and what is collected after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Expr

from . import numpy_ops as ops
from .graph import ONE, runs
from .lines import assigned
from .numpy_views import SHORT, Views, between
from .schedule import Place


def factors(views: Views) -> Iterator[str]:
    """The local factors of a block of steps."""
    plan = views.plan
    calls = [(c, [view(views, a, c.out.count) for a in c.args], view(views, c.out, c.out.count)) for c in plan.factors]
    used = [text for _, args, out in calls for text in (*args, out)]
    used += [view(views, p, 1) for p in plan.uses] + [f"{short(views, 'factors', size)}[" for size in plan.order]
    pairs = [(short, long) for short, long in shorts(views) if any(text.startswith(f"{short}[") for text in used)]
    yield from assigned("", [short for short, _ in pairs], [long for _, long in pairs])
    for call, args, out in calls:
        yield ops.CALLS[call.name].format(*args, out=out)


def short(views: Views, kind: str, size: Expr, shift: int = 0) -> str:
    """What a block of steps of a buffer is called."""
    name = SHORT[kind] if kind == "operands" else views.buffer(SHORT[kind], size)
    return f"{name}_next" if shift else name


def shorts(views: Views) -> Iterator[tuple[str, str]]:
    """Short names for what a block of steps has of each buffer."""
    plan = views.plan
    for shift, steps in ((0, "first:last"), (1, "first + 1 : last + 1")):
        yield short(views, "operands", ONE, shift), f"ws.operands[{steps}]"
        for size in plan.values:
            yield short(views, "values", size, shift), f"ws.{views.buffer('values', size)}[{steps}]"
    for kind, sizes in (("factors", [*plan.order]), ("work", [*plan.work]), ("uses", [*dict.fromkeys(p.size for p in plan.uses)])):
        for size in sizes:
            yield short(views, kind, size), f"ws.{views.buffer(kind, size)}[: last - first]"


def view(views: Views, place: Place, count: int) -> str:
    """A place for all steps of a block; a single vector beside packed ones gets an axis for the slots."""
    if place.buffer == "constant":
        return views.constant(place.slot)
    name = short(views, place.buffer, place.size, place.shift)
    if place.buffer == "operands":
        return f"{name}[:, {'' if count == 1 else 'None, '}{views.columns(place.slot, place.slot + 1)}]"
    return f"{name}[:, {place.slot if count == 1 else between(str(place.slot), str(place.end))}]"


def collect(views: Views, deltas: Mapping[Expr, list[int]]) -> Iterator[str]:
    """After a block: its deltas for the products after the loop, and the sums for parameters that are no weights."""
    plan = views.plan
    for size, numbers in deltas.items():
        order, buffer = plan.order[size], views.buffer("deltas", size)
        ranges = runs([order.index(n) for n in numbers])
        for first, last in ranges:
            start = numbers.index(order[first])
            some = "" if len(ranges) == 1 else f", :, {between(str(start), str(start + last - first))}"
            slots = f"{short(views, 'factors', size)}[:, {between(str(first), str(last))}]"
            yield f"ws.{buffer}[first:last{some}] = {slots}.transpose(0, 3, 1, 2)"
    for name, terms in plan.back.inputs.items():
        for i, t in enumerate(terms):
            place = plan.slot(t.of)
            slot = f"{short(views, 'factors', place.size)}[:, {place.slot}].transpose(0, 2, 1)"
            yield f"direct_{name}[first:last] {'+=' if i else '='} {slot}"
    for i, (use, factor) in enumerate(zip(plan.back.uses, plan.uses, strict=True)):
        place = plan.slot(use.slot)
        slot = f"{short(views, 'factors', place.size)}[:, {place.slot}]"
        if factor.buffer == "constant":
            yield f"use_{i + 1} += {slot}.sum(axis=(0, 2))"
        else:
            yield f'use_{i + 1} += np.einsum("tnb,tnb->n", {slot}, {view(views, factor, 1)})'


def accumulators(views: Views) -> Iterator[str]:
    """What blocks add to, or write into."""
    plan = views.plan
    for name, terms in plan.back.inputs.items():
        if terms:
            yield f"    direct_{name} = np.empty((T, B, {views.spell(plan.graph[plan.step.inputs[name]].size)}), dtype)"
    for i, use in enumerate(plan.back.uses):
        yield f"    use_{i + 1} = np.zeros({views.spell(plan.back.slots[use.slot].size)}, dtype)"
