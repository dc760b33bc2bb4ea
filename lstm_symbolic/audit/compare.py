"""Two things that a user holds, brought before the prover. Nothing is decided here: verdicts come from ``proof``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import LstmSymbolicError, ReadError, RepairWarning
from ..expr import shapes as read_shapes
from ..expr.wanted import wanted, wanted_list
from ..proof import System, Verdict, compare_expressions, compare_record, compare_systems, on_domain
from .sides import sides

MAX_BATCH = 100_000
_NONE = type(None)
_FIELDS: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("shapes", (dict, str, _NONE), "object"), ("domain", (str, dict, list, _NONE), "text"), ("outputs", (list, _NONE), "list"),
    ("outputs_rhs", (list, _NONE), "list"), ("pointwise", (bool, _NONE), "boolean"), ("backward_in_time", (bool, _NONE), "boolean"),
)  # fmt: skip


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

    ``kind`` is proved, proved-where-defined, proved-under (a map of the parameters, in ``under``), refuted (with a ``witness`` of exact
    numbers) or undecided (with a ``reason``). ``shapes`` are "W:n,n h:n,1", rows and columns; a symbol without one is a scalar in plain
    text. ``ReadError`` and ``ShapeError`` where a side cannot be read.

    >>> compare("tanh(x)", "2*sigmoid(2*x) - 1").kind
    'proved'
    >>> print(compare("tanh(C*o)", "o*tanh(C)"))  # doctest: +ELLIPSIS
    refuted       not equal
      at           ...
    >>> compare("(A @ B).T", "B.T @ A.T", shapes="A:n,m B:m,k").kind
    'proved'
    """
    for flag in (pointwise, backward_in_time, plain):
        wanted(flag, bool, "True or False")
    wanted(domain, (str, _NONE), "a domain", 'for example "x > 0"')
    outputs, outputs_rhs = (None if o is None else tuple(wanted_list(o, str, "the name of an output")) for o in (outputs, outputs_rhs))
    given = read_shapes(shapes)
    left, right = sides(a, b, plain=plain, shapes=given)
    used = {t.name for side in (left, right) for e in side.terms for s in e.sides for t in s.walk() if t.op == "sym"}
    if idle := [name for name in given if name not in used]:
        warnings.warn(f"a shape is given for {', '.join(idle)}, which neither side has", RepairWarning, stacklevel=2)
    if left.is_formula or right.is_formula:
        if outputs or outputs_rhs or backward_in_time:
            raise LstmSymbolicError("a formula has no outputs and no time", hint="outputs are of systems: h = ...; y = ...")
        return compare_expressions(left.formula(), right.formula(), domain=domain)
    first = System(left.system(), outputs or left.outputs)
    second = System(right.system())  # its outputs are those of the same names, unless outputs_rhs says otherwise
    verdict = compare_systems(first, second, outputs_rhs=outputs_rhs, pointwise=pointwise, backward_in_time=backward_in_time)
    return on_domain(verdict, domain)


def generalises(verdict: Verdict) -> bool:
    """Whether the right side is the left one, or a special case of it.

    >>> generalises(compare("lstm", "lstm_cifg"))
    True
    """
    return bool(verdict.equal) or (verdict.instance is not None and verdict.instance.of == "left")


def compare_batch(records: Any, progress: Callable[[int, int], None] = lambda done, total: None) -> list[dict[str, Any]]:
    """One answer for each record, in order, with its ``id``; a record that cannot be read has an ``error`` and is undecided."""
    if not isinstance(records, list) or not all(isinstance(r, Mapping) for r in records):
        raise LstmSymbolicError("a batch is a JSON list of objects", hint='[{"id": "1", "lhs": "tanh(x)", "rhs": "2*sigmoid(2*x) - 1"}]')
    if len(records) > MAX_BATCH:
        raise LstmSymbolicError(f"the batch has {len(records):,} records; the limit is {MAX_BATCH:,}")
    answers = []
    for k, record in enumerate(records):
        answers.append(_answer(record, k))
        progress(k + 1, len(records))
    return answers


def _answer(record: Mapping[str, Any], position: int) -> dict[str, Any]:
    name = {"id": record.get("id", position)}
    try:
        return {**name, **compare_record(_checked(record)).to_json()}
    except LstmSymbolicError as error:
        reason, message = error.message, error.render()
    except Exception as error:  # a defect of ours in one record must not cost the answers to all others
        reason = message = f"internal error ({type(error).__name__}: {error})"
    return {**name, **Verdict("undecided", reason=reason).to_json(), "error": message}


def _checked(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record, if its fields are what they should be."""
    for key in ("lhs", "rhs"):
        sides = record.get(key)
        if not isinstance(sides, str) and not (isinstance(sides, list) and sides and all(isinstance(s, str) for s in sides)):
            raise ReadError(f"{key} is missing, or neither text nor a list of equations")
    for key, kinds, what in _FIELDS:
        if not isinstance(record.get(key), kinds):
            raise ReadError(f"{key} is no {what}")
    held = record.get("shapes")
    if isinstance(held, dict) and not all(isinstance(shape, str | list) for shape in held.values()):
        raise ReadError("a shape is no text", hint='{"W": "n,n", "h": "n,1"}')
    return dict(record)
