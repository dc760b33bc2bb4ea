"""Matrix products in the wrong order: one ``W x`` among row vectors, one ``x W`` among columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..expr.plain import write
from ..expr.term import Term
from ..reading.document import Document
from .normal import NormalSystem
from .places import finding, span_of
from .report import Finding


def misordered(value: Term, system: NormalSystem) -> list[Term]:
    """The products of a weight and a vector whose order is not that of the system's layout."""
    place = _place(system)
    products = [t for t in value.walk() if t.op == "matmul"]
    return [t for t in products if _is_weight(t.args[place], system) and _is_vector(t.args[1 - place])]


def in_order(value: Term, system: NormalSystem) -> Term:
    """The value with every such product turned round, where most products of the system speak for the other order."""
    return _turned(value, system) if _settled(system) else value


def _turned(value: Term, system: NormalSystem) -> Term:
    args = tuple(_turned(a, system) for a in value.args)
    return replace(value, args=args[::-1] if value in misordered(value, system) else args)


def _settled(system: NormalSystem) -> bool:
    """Do most products of a system stand in the order of its layout?"""
    found = sum(len(misordered(d.value, system)) for d in system.definitions)
    return 2 * found < sum(t.op == "matmul" for d in system.definitions for t in d.value.walk())


def _place(system: NormalSystem) -> int:
    """Where a weight must not stand: on the left of a row vector's product, on the right of a column's."""
    return 0 if system.layout == "row" else 1


def _is_weight(term: Term, system: NormalSystem) -> bool:
    return term.op == "sym" and term.name in system.parameters


def _is_vector(term: Term) -> bool:
    return any(t.op == "sym" and t.index for t in term.walk()) and not any(t.op == "T" for t in term.walk())


def order_findings(document: Document, system: NormalSystem) -> Iterator[Finding]:
    """A product against the order of all the others, where most products of the system speak for that order."""
    if not _settled(system):
        return
    found = [(d, t) for d in system.definitions for t in misordered(d.value, system)]
    for d, t in found:
        for key in (d.formula, *d.repeats):
            f = document.formula(key)
            rows = "row" if system.layout == "row" else "column"
            message = f"the factors stand in the wrong order: the other lines have {rows} vectors"
            turned = write(replace(t, args=t.args[::-1]))
            yield finding(document, "E209", span_of(f, t), message, f, wrote=write(t), expected=turned)
