"""One matrix or several: ``W_f @ concat(h, x)`` and ``U_f @ h + W_f @ x`` are the same cell in two notations.

A weight is merged or split only where it is used once, so that the family of cells stays the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import sympy

from ..errors import CellError
from ..expr import SCALAR, Shape, Term, TermEquation, read_equation
from .catalogue import as_cell
from .cell import Cell

#: Prefixes for the split weights, first for the input, then for states: W x + U h + V ...
_PREFIXES = ("W", "U", "V", "P", "Q")


def concatenated(cell: Cell | str) -> Cell:
    """The cell with one matrix for each gate: U h + W x is [U W] [h; x]. n x n beside n x m makes n x (n + m).

    >>> print(concatenated("rnn"), concatenated("rnn").shapes["W"])
    h[t] = tanh(W @ concat(h[t - 1], x[t]) + b) (n, m + n)
    """
    cell = as_cell(cell)
    work = _Rewrite(cell)

    def merge(term: Term) -> Term:
        products = [a for a in term.args if term.op == "add" and work.weight(a)]
        if len(products) < 2:
            return term
        products.sort(key=lambda p: work.operand(p).name in cell.inputs)  # [h, x]: the state first
        name = work.weight(next(a for a in term.args if a in products)) or ""
        factor = work.product(name, Term("concat", tuple(work.operand(p) for p in products)))
        work.shapes[name] = work.joined([work.weight(p) or "" for p in products])
        first = next(k for k, a in enumerate(term.args) if a in products)
        rest = [a for a in term.args[first:] if a not in products]
        sides = (*term.args[:first], factor, *rest)
        return sides[0] if len(sides) == 1 else replace(term, args=sides)

    return work.run(merge)


def split(cell: Cell | str) -> Cell:
    """The cell with one matrix for each operand: W for the input (n x m), U for the state (n x n); the inverse of ``concatenated``.

    >>> print(split(Cell.from_plain(["h[t] = tanh(W @ concat(h[t - 1], x[t]) + b)"])))
    h[t] = tanh(U @ h[t - 1] + W @ x[t] + b)
    """
    cell = as_cell(cell)
    work = _Rewrite(cell)

    def cut(term: Term) -> Term:
        name = work.weight(term)
        if not name or work.operand(term).op != "concat":
            return _flat(term)
        parts = work.operand(term).args
        if any(_shape(p, cell) is None for p in parts):
            return term
        across = work.shapes.pop(name)
        names = work.fresh(name, parts)
        for part, new in zip(parts, names, strict=True):
            rows, cols = _shape(part, cell) or SCALAR
            work.shapes[new] = (cols, across[1]) if cell.layout == "row" else (across[0], rows)
        return Term("add", tuple(work.product(new, part) for new, part in zip(names, parts, strict=True)))

    return work.run(cut)


class _Rewrite:
    """A cell being rewritten: its shapes, and which weights may change."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.shapes = dict(cell.shapes)
        self.terms = [replace(read_equation(line), text="") for line in cell.plain()]
        self.uses = Counter(t.name for t in self._symbols())

    def _symbols(self) -> Iterator[Term]:
        return (t for e in self.terms for s in e.sides for t in s.walk() if t.op == "sym")

    def weight(self, term: Term) -> str | None:
        """The parameter of a product ``W @ v`` (``v @ W`` for rows) that is used nowhere else."""
        if term.op != "matmul":
            return None
        factor = term.args[self.cell.layout == "row"]
        return factor.name if factor.op == "sym" and factor.name in self.cell.parameters and self.uses[factor.name] == 1 else None

    def operand(self, term: Term) -> Term:
        return term.args[self.cell.layout != "row"]

    def product(self, weight: str, operand: Term) -> Term:
        factors = (Term("sym", name=weight), operand)
        return Term("matmul", factors[::-1] if self.cell.layout == "row" else factors)

    def joined(self, weights: list[str]) -> Shape:
        shapes = [self.shapes.pop(w) for w in weights]
        rows, cols = zip(*shapes, strict=True)
        return (sympy.Add(*rows), cols[0]) if self.cell.layout == "row" else (rows[0], sympy.Add(*cols))

    def fresh(self, weight: str, parts: tuple[Term, ...]) -> list[str]:
        """``W_f`` for the input's part, ``U_f`` for the state's; a taken letter is passed over."""
        tail = weight[1:]
        free = [p + tail for p in _PREFIXES if p + tail == weight or p + tail not in self.shapes]
        if len(free) < len(parts):
            raise CellError(f"no names left for the parts of {weight}")
        ranked = sorted(range(len(parts)), key=lambda k: parts[k].name not in self.cell.inputs)
        names = dict(zip(ranked, free, strict=False))
        return [names[k] for k in range(len(parts))]

    def run(self, change: Callable[[Term], Term]) -> Cell:
        def walk(term: Term) -> Term:
            return change(replace(term, args=tuple(walk(a) for a in term.args)))

        equations = [TermEquation((e.sides[0], walk(e.sides[1]))) for e in self.terms]
        c = self.cell
        roles: dict[str, Any] = {"gates": c.gates, "candidate": c.candidate, "layout": c.layout}
        about: dict[str, Any] = {"name": c.name, "title": c.title, "paper": c.paper, "aliases": c.aliases}
        return Cell.from_terms(equations, self.shapes, c.inputs, c.states, c.outputs, **roles, **about)


def _flat(term: Term) -> Term:
    """A sum of sums as one sum."""
    if term.op != "add":
        return term
    return replace(term, args=tuple(x for a in term.args for x in (a.args if a.op == "add" else (a,))))


def _shape(term: Term, cell: Cell) -> Shape | None:
    """The shape of a part of a concatenation: a symbol's, or that of any symbol in an elementwise product."""
    if term.op == "sym":
        return cell.shapes[term.name]
    if term.op in ("mul", "add"):
        return next((s for a in term.args if (s := _shape(a, cell)) not in (None, SCALAR)), None)
    return None


def without_bias(cell: Cell) -> Cell:
    """The cell with every bias left out: parameters that stand bare beside a weighted term.

    >>> from .catalogue import cell
    >>> print(without_bias(cell("rnn")))
    h[t] = tanh(W @ x[t] + U @ h[t - 1])
    """
    work = _Rewrite(cell)

    def drop(term: Term) -> Term:
        if term.op != "add" or not any(a.op == "matmul" for a in term.args):
            return term
        kept = tuple(a for a in term.args if not (a.op == "sym" and a.name in cell.parameters))
        for a in term.args:
            if a not in kept:
                work.shapes.pop(a.name, None)
        return kept[0] if len(kept) == 1 else replace(term, args=kept)

    return work.run(drop)
