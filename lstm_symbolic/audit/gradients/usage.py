"""How the backward lines of a document use names, seen over all of them before the first is judged."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...reading.adjoints import variable_of
from ...reading.document import Document, Formula
from ...reading.slices import states_block
from .names import Names, Unclear, Usage

_ADJOINT = re.compile(r"d[A-Za-z]|d(elta)?_")


def usage(document: Document, formulas: Sequence[Formula], names: Names) -> Usage:
    """The blocks that a document means by a weight, the adjoints that its lines introduce, the variables with adjoints in two spellings.

    Only the variables of a loop are introduced so: what has a time index and a name that the system does not know says something else.
    """
    sides = frozenset(states_block(f.statement) for f in document.formulas if f.statement is not None) - {""}
    heads = [f.equation.sides[0] for f in formulas if f.equation is not None]
    introduced = {h.name for h in heads if h.op == "sym" and not h.index and _ADJOINT.match(h.name) and h.name not in names.known}
    introduced = {n for n in introduced if variable_of(n, names.mentionable) is None}
    spelled: dict[bool, set[str]] = {True: set(), False: set()}
    for f in formulas:
        for term in (t for s in f.equation.sides for t in s.walk()) if f.equation is not None else ():
            try:
                found = names.adjoint(term)
            except Unclear:
                continue
            if found is not None and found[0].variable:
                spelled[found[0].key.startswith("grad")].add(found[0].variable)
    return Usage(sides, frozenset(introduced), frozenset(spelled[True] & spelled[False]))
