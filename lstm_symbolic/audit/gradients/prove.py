"""The prover's word on a line under a reading: both sides written out in what arrives at the step, compared for all values.

A line may use what the forward equations say (h for o tanh(C)); where the two sides differ as they stand, the states are written out
before the verdict counts. Gates stay free: the input can give a pre-activation any value.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr

from ...calculus.algebra import total, zero
from ...cells import TIME, leaves
from ...errors import LstmSymbolicError
from ...expr import Shape, TimeSymbol, build, shape_of
from ...expr.term import time_shift
from ...proof import Verdict, compare_expressions
from .forward import Forward
from .readings import Reading
from .statements import Line
from .truth import Meaning, Step, expanded, incoming, read_in_step

#: Seconds for one line.
SECONDS = 1.5


def verdict(forward: Forward, line: Line, reading: Reading) -> Verdict:
    """Does the line hold for all values, under a reading? A witness has the line as written on its left, and the truth on its right."""
    step = forward.derivation.step
    gates = frozenset(g for g, function in forward.names.activations.items() if function == "sigmoid")
    try:
        right, left = _sides(step, line, reading)
        if line.final or line.target.local:
            right, left = (_at_the_end(e, step, (time_shift(line.left) or 0) if line.left.index else 0) for e in (right, left))
        shifts = _shifts(step, left, right)
        left, right = (expanded(e, step, range(min(shifts), max(shifts))) if shifts else e for e in (left, right))
        plain = compare_expressions(left, right, pointwise=True, gates=gates, seconds=SECONDS)
        if plain.kind != "refuted":
            return plain
        left, right = (_written_out(e, step) for e in (left, right))
        return compare_expressions(left, right, pointwise=True, gates=gates, seconds=SECONDS)
    except LstmSymbolicError as error:
        return Verdict("undecided", reason=error.message)


def _at_the_end(e: Expr, step: Step, last: int) -> Expr:
    """The expression where nothing comes after t + last: only the loss of that step arrives there."""
    table: dict[Expr, Expr] = {}
    for name, symbol in step.arriving.items():
        own = zero(symbol.shape) if read_in_step(step, name) else TimeSymbol(f"{name}_loss", *symbol.shape, TIME + last)
        table[symbol.xreplace({TIME: TIME + last})] = own
        table[symbol.xreplace({TIME: TIME + last + 1})] = zero(symbol.shape)
    return e.xreplace(table)


def _sides(step: Step, line: Line, reading: Reading) -> tuple[Expr, Expr]:
    shift = time_shift(line.left) if line.left.index else None
    shapes: dict[str, Shape] = dict(step.cell.shapes)
    table: dict[Expr, Expr] = {}
    for t in line.value.walk():
        if t.op == "sym" and (t.name in line.adjoints or t.name == "loss_term"):
            meaning = reading.assigned.get(t.name, Meaning("direct", reading.target.name))
            at = shift if t.name == "loss_term" else time_shift(t) if t.index else None
            value = meant(step, meaning, at)
            shapes[t.name] = shape_of(value)
            table[build(t, shapes)] = value
    return meant(step, reading.target, shift), build(line.value, shapes).xreplace(table)


def meant(step: Step, meaning: Meaning, shift: int | None) -> Expr:
    """The adjoint that a meaning stands for, at t + shift."""
    name, at = meaning.name, shift or 0
    match meaning.kind:
        case "total":
            found = step.total[name]
        case "pre":
            found = step.pre[name]
        case "step":
            found = step.parameters[name]
        case "inner":
            found = step.inner[int(name)]
        case "recurrent":
            found, at = total(*step.lagged[name]), at + 1
        case "direct":
            own = TimeSymbol(f"{name}_loss", *shape_of(step.total[name]), TIME)
            arrives: Expr = zero(own.shape) if read_in_step(step, name) else own
            found = step.total[name].xreplace({incoming(step.cell, name): arrives}) if name in step.carried else step.total[name]
        case kind:
            bits = int(kind.lstrip("abcdefghijklmnopqrstuvwxyz"))
            parts = step.uses[name] if kind.startswith("use") else step.lagged[name]
            found = total(*(p for k, p in enumerate(parts) if bits >> k & 1))
            at = at + 1 if kind.startswith("part") else at
    return found.xreplace({TIME: TIME + at}) if at else found


def _shifts(step: Step, *sides: Expr) -> set[int]:
    """The steps at which something arrives from outside."""
    names = {f"{n}_in" for n in step.carried} | {f"{n}_loss" for n in step.carried}
    found = (s for e in sides for s in leaves(e) if isinstance(s, TimeSymbol) and s.name in names)
    return {int(s.index[-1] - TIME) for s in found}


def _written_out(e: Expr, step: Step) -> Expr:
    """States and outputs at t and t+1 in terms of gates and of the state at t-1."""
    free = [eq for eq in step.cell.equations if not any(s.name in step.cell.parameters for s in leaves(eq.rhs))]
    return put_in(e, {eq.lhs.xreplace({TIME: TIME + k}): eq.rhs.xreplace({TIME: TIME + k}) for k in (1, 0) for eq in free})


def put_in(e: Expr, values: Mapping[Expr, Expr]) -> Expr:
    """Values of variables put in until none is left; they refer to each other in no circle."""
    for _ in values:
        changed = e.xreplace(dict(values))
        if changed == e:
            break
        e = changed
    return e
