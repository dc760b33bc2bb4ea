"""Single changes of a backward line: what one slip, undone, would give.

The changes of forward equations apply (another symbol, another time, a sign, a transpose, a bracket); to these come the slips of hand
derivations: an activation's derivative forgotten, a factor that was meant for the whole sum, another weight, another delta.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...expr.plain import write
from ...expr.term import Term, time_shift
from ..edits import Edit, Vocabulary, edits, places, put
from ..interpret import T
from .names import Names, derivative
from .statements import Line

#: Changes that are tried on one line.
MAX_CHANGES = 4_000


#: Slips of forward equations that hand derivations do not make: functions too many, too few, or of the wrong expression; a lost term.
_FORWARD_ONLY = {"E204", "E205", "E206", "E207", "E212"}


def repairs(line: Line, names: Names, deltas: tuple[Term, ...]) -> list[Edit]:
    """Every single change of a line's right side, the likelier first; ``deltas`` are the adjoints that the document has."""
    found = itertools.islice(_all(line, line.value, names, deltas), MAX_CHANGES)
    return sorted(found, key=lambda e: e.cost)


def pairs(line: Line, names: Names, deltas: tuple[Term, ...]) -> Iterator[tuple[Edit, Edit]]:
    """Two changes, the first of them a bracket or a forgotten derivative: what such lines need most often."""
    firsts = [e for e in _gradient_edits(line, line.value, names, ()) if e.code in ("E216", "E203") and e.cost < 0.75]
    for one in sorted(firsts, key=lambda e: e.cost):
        for two in sorted(itertools.islice(_all(line, one.value, names, deltas), MAX_CHANGES), key=lambda e: e.cost):
            yield one, two


def _all(line: Line, value: Term, names: Names, deltas: tuple[Term, ...]) -> Iterator[Edit]:
    shifts = sorted({0, -1} | {s for t in value.walk() if t.op == "sym" and t.index and (s := time_shift(t)) is not None})
    forward = tuple(Term("sym", name=n, index=(T + s,)) for n in names.variables for s in shifts)
    yield from _gradient_edits(line, value, names, deltas, shifts)
    for edit in edits(value, Vocabulary(forward)):
        if edit.code in _FORWARD_ONLY:
            continue
        whole_path = edit.code == "E208" and any(t.name in line.adjoints for t in edit.at.walk())  # nobody adds a path by mistake
        yield replace(edit, cost=edit.cost + 1.0) if whole_path else edit


def _gradient_edits(line: Line, value: Term, names: Names, deltas: tuple[Term, ...], shifts: Sequence[int] = (0,)) -> Iterator[Edit]:
    for path, node in places(value, ()):
        forms = _derivatives(node, names), _weights(node, names), _brackets(node), _sums(node, line), _transposes(node)
        for edit in itertools.chain(*forms, _deltas(node, line, deltas, shifts)):
            yield replace(edit, value=put(value, path, edit.value))


def _derivatives(node: Term, names: Names) -> Iterator[Edit]:
    """``dL/do x^T`` without o(1-o)."""
    if node.op not in ("sym", "mul", "add", "matmul"):
        return
    for gate, function in names.activations.items():
        factor = derivative(function, Term("sym", name=gate, index=(T,)))
        yield Edit("E203", node, Term("mul", (node, factor)), f"the factor {write(factor)} is missing", 0.8)


def _weights(node: Term, names: Names) -> Iterator[Edit]:
    if node.op == "sym" and node.name in names.parameters:
        for p in names.parameters:
            if p != node.name:
                yield Edit("E201", node, replace(node, name=p), f"{p} belongs here, not {node.name}", 1.0)


def _deltas(node: Term, line: Line, deltas: tuple[Term, ...], shifts: Sequence[int]) -> Iterator[Edit]:
    """An adjoint of the same derivation: at another time, for another one, for a variable, or missing."""
    known = node.op == "sym" and node.name in line.adjoints
    if known and node.index:
        for s in shifts:
            moved = replace(node, index=(T + s,))
            yield Edit("E202", node, moved, f"{write(moved)} belongs here, not {write(node)}", 0.95)
    for d in deltas:
        if known and d.name != node.name:
            yield Edit("E201", node, replace(d, index=node.index), f"{d.name} belongs here, not {node.name}", 0.9)
        elif node.op == "sym" and node.index and not known:
            timed = replace(d, index=node.index)
            yield Edit("E201", node, timed, f"{write(timed)} belongs here, not {write(node)}", 1.15)
        if node.op in ("sym", "mul", "add") and not any(t.name in line.adjoints for t in node.walk()):
            for s in shifts:
                factor = replace(d, index=(T + s,))
                yield Edit("E203", node, Term("mul", (factor, node)), f"the factor {write(factor)} is missing", 1.0 + 0.1 * abs(s))


def _transposes(node: Term) -> Iterator[Edit]:
    """``delta x`` for ``delta x^T``."""
    if node.op == "matmul" and node.args[1].op != "T":
        turned = Term("T", (node.args[1],))
        yield Edit("E214", node.args[1], replace(node, args=(node.args[0], turned), span=None), "a transpose is missing", 0.9)


def _brackets(node: Term) -> Iterator[Edit]:
    """``a + b * f`` for ``(a + b) * f``."""
    if node.op != "add":
        return
    last = node.args[-1]
    for kept, moved in _tails(last):
        whole = Term("mul", (replace(node, args=(*node.args[:-1], kept), span=None), moved))
        yield Edit("E216", node, whole, f"brackets are missing: {write(moved)} belongs to the whole sum", 0.7)


def _tails(product: Term) -> Iterator[tuple[Term, Term]]:
    """A product cut in two: its head, and the factors at its end."""
    tail: Term | None = None
    while product.op == "mul":
        product, factor = product.args
        tail = factor if tail is None else Term("mul", (factor, tail))
        yield product, tail


def _sums(node: Term, line: Line) -> Iterator[Edit]:
    """Two deltas that meet are added, not multiplied."""
    if node.op in ("mul", "matmul") and all(a.op == "sym" and a.name in line.adjoints for a in node.args):
        yield Edit("E213", node, Term("add", node.args), "a sum belongs here, not a product", 0.8)
