"""Two things that a user holds, brought before the prover. Nothing is decided here: verdicts come from ``proof``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import LstmSymbolicError
from ..expr import Shape
from ..expr import shapes as read_shapes
from ..proof import System, Verdict, compare_expressions, compare_record, compare_systems
from .sides import Side, sides

MAX_BATCH = 100_000


def compare(
    a: Any,
    b: Any,
    shapes: Mapping[str, Any] | str | None = None,
    domain: str | None = None,
    outputs: Sequence[str] | None = None,
    outputs_rhs: Sequence[str] | None = None,
    *,
    pointwise: bool = False,
    backward_in_time: bool = False,
    plain: bool = False,
) -> Verdict:
    """Whether two formulas or systems are equal: plain text, LaTeX, SymPy, a Cell, the name of a cell, or a list of equations.

    >>> compare("tanh(x)", "2*sigmoid(2*x) - 1").kind
    'proved'
    >>> compare("tanh(C*o)", "o*tanh(C)").kind
    'refuted'
    """
    left, right = sides(a, b, plain=plain)
    given = read_shapes(shapes)
    if left.is_formula or right.is_formula:
        return compare_expressions(left.formula(given), right.formula(given), domain=domain)
    return compare_systems(
        _system(left, given, outputs), _system(right, given, outputs_rhs), outputs_rhs=outputs_rhs, pointwise=pointwise,
        backward_in_time=backward_in_time,
    )  # fmt: skip


def generalises(verdict: Verdict) -> bool:
    """Whether the right side is the left one, or a special case of it.

    >>> generalises(compare("lstm", "lstm_cifg"))
    True
    """
    return bool(verdict.equal) or (verdict.instance is not None and verdict.instance.of == "left")


def _system(side: Side, given: Mapping[str, Shape], outputs: Sequence[str] | None) -> System:
    return System(side.system(given), tuple(outputs or side.outputs))


def compare_batch(records: Any) -> list[dict[str, Any]]:
    """One answer for each record, in order, with its ``id``; a record that cannot be read has an ``error`` and is undecided."""
    if not isinstance(records, list) or not all(isinstance(r, Mapping) for r in records):
        raise LstmSymbolicError("a batch is a JSON list of objects", hint='[{"id": "1", "lhs": "tanh(x)", "rhs": "2*sigmoid(2*x) - 1"}]')
    if len(records) > MAX_BATCH:
        raise LstmSymbolicError(f"the batch has {len(records):,} records; the limit is {MAX_BATCH:,}")
    return [_answer(r, k) for k, r in enumerate(records)]


def _answer(record: Mapping[str, Any], position: int) -> dict[str, Any]:
    name = {"id": record.get("id", position)}
    try:
        return {**name, **compare_record(dict(record)).to_json()}
    except LstmSymbolicError as error:
        return {**name, **Verdict("undecided", reason=error.message).to_json(), "error": error.render()}
