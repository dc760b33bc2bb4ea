"""Small changes of one equation: what a single slip, undone, would give.

Every rule is a generator over one node; it yields the finding code of the slip, the node to point at, and the node that would be right.
The list is closed under the mistakes that public documents make (swapped symbols, shifted times, missing or extra factors, functions and
terms, moved brackets, transposes, signs). Which change is the right one is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sympy import Symbol

from ..expr.plain import write
from ..expr.term import Term, time_shift

T = Symbol("t", integer=True)
FUNCTIONS = ("sigmoid", "tanh")


@dataclass(frozen=True)
class Edit:
    """``code`` names the slip, ``at`` is the node to point at, ``value`` the whole corrected right side, ``words`` say it in short."""

    code: str
    at: Term
    value: Term
    words: str
    cost: float = 1.0


@dataclass(frozen=True)
class Vocabulary:
    """The symbols a change may bring in: variables with their times, as terms."""

    variables: tuple[Term, ...]

    @classmethod
    def of(cls, names: Sequence[str], shifts: Sequence[int] = (0, -1)) -> Vocabulary:
        return cls(tuple(Term("sym", name=n, index=(T + s,)) for n in names for s in shifts))


def edits(value: Term, vocabulary: Vocabulary) -> Iterator[Edit]:
    """All single changes of a right side."""
    for path, node in places(value, ()):
        for local in _changes(node, vocabulary, top=not path):
            yield replace(local, value=put(value, path, local.value))


Path = tuple[int, ...]


def places(term: Term, path: Path) -> Iterator[tuple[Path, Term]]:
    yield path, term
    for k, a in enumerate(term.args):
        yield from places(a, (*path, k))


def put(term: Term, path: Path, new: Term) -> Term:
    if not path:
        return new
    k, *rest = path
    return replace(term, args=tuple(put(a, tuple(rest), new) if j == k else a for j, a in enumerate(term.args)), span=None)


def _changes(node: Term, vocabulary: Vocabulary, top: bool) -> Iterator[Edit]:
    """Changes of one node; their values are still those of the node alone."""
    if node.op == "sym" and node.index:
        yield from _symbol(node, vocabulary)
    if node.op == "call":
        yield from _function(node)
    if node.op in ("mul", "matmul"):
        yield from _product(node)
    if node.op == "add":
        yield from _sum(node, vocabulary)
    if node.op in ("T", "neg"):
        code, words = ("E214", "a transpose too many") if node.op == "T" else ("E210", "a sign is wrong")
        yield Edit(code, node, node.args[0], words)
    if node.op in ("sym", "matmul", "mul", "call", "add"):
        yield from _bare(node, vocabulary, top)


def _symbol(node: Term, vocabulary: Vocabulary) -> Iterator[Edit]:
    shift = time_shift(node)
    for v in vocabulary.variables:
        if v.name == node.name and v.index != node.index:
            yield Edit("E202", node, v, f"{_show(v)} belongs here, not {_show(node)}")
        elif v.name != node.name:
            moved = time_shift(v) != shift
            yield Edit("E201", node, v, f"{_show(v)} belongs here, not {_show(node)}", 1.5 if moved else 1.1)


def _function(node: Term) -> Iterator[Edit]:
    if len(node.args) != 1:
        return
    inner = node.args[0]
    yield Edit("E205", node, inner, f"{node.name} is applied where no function belongs")
    for f in FUNCTIONS:
        if f != node.name:
            yield Edit("E212", node, replace(node, name=f, span=None), f"{f} belongs here, not {node.name}")
    for kept, moved in _splits(inner):
        outside = Term("mul", (replace(node, args=(kept,), span=None), moved))
        yield Edit("E204", node, outside, f"{_show(moved)} belongs beside {node.name}, not inside it", 0.9)


def _splits(product: Term) -> Iterator[tuple[Term, Term]]:
    """A product without one of its factors, and that factor."""
    if product.op != "mul":
        return
    for k, a in enumerate(product.args):
        other = product.args[1 - k]
        yield other, a
        for kept, moved in _splits(a):
            yield replace(product, args=(kept, other) if k == 0 else (other, kept), span=None), moved


def _product(node: Term) -> Iterator[Edit]:
    a, b = node.args
    if node.op == "mul":
        for kept, dropped in ((a, b), (b, a)):
            yield Edit("E208", dropped, kept, f"the factor {_show(dropped)} is too many")
        for f, other in ((a, b), (b, a)):
            if f.op == "call" and len(f.args) == 1:
                inside = replace(f, args=(Term("mul", (f.args[0], other)),), span=None)
                yield Edit("E204", node, inside, f"{_show(other)} belongs inside {f.name}", 1.2)
        for left, right in ((a, b), (b, a)):
            if left.op == "matmul":
                regrouped = replace(left, args=(left.args[0], Term("mul", (left.args[1], right))), span=None)
                yield Edit("E216", node, regrouped, f"{_show(right)} belongs inside the matrix product")
        yield Edit("E213", node, Term("add", (a, b)), "a sum belongs here, not a product", 1.3)
        yield Edit("E209", node, Term("matmul", (a, b)), "a matrix product belongs here, not an elementwise one", 1.2)
    else:
        yield Edit("E209", node, Term("matmul", (b, a)), "the factors stand in the wrong order")
        yield Edit("E209", node, Term("mul", (a, b)), "an elementwise product belongs here, not a matrix product", 1.2)
        if b.op == "mul":
            for kept, moved in _splits(b):
                yield Edit(
                    "E216",
                    node,
                    Term("mul", (replace(node, args=(a, kept), span=None), moved)),
                    f"{_show(moved)} belongs outside the matrix product",
                )
        yield Edit("E214", a, Term("matmul", (Term("T", (a,)), b)), "a transpose is missing", 1.2)


def _sum(node: Term, vocabulary: Vocabulary) -> Iterator[Edit]:
    for k, a in enumerate(node.args):
        rest = node.args[:k] + node.args[k + 1 :]
        yield Edit("E208", a, rest[0] if len(rest) == 1 else replace(node, args=rest, span=None), f"the term {_show(a)} is too many")
        flipped = a.args[0] if a.op == "neg" else Term("neg", (a,))
        yield Edit("E210", a, replace(node, args=(*node.args[:k], flipped, *node.args[k + 1 :]), span=None), "a sign is wrong")
    if len(node.args) == 2 and not any(a.op == "neg" for a in node.args):
        yield Edit("E213", node, Term("mul", node.args), "a product belongs here, not a sum", 1.3)


def _bare(node: Term, vocabulary: Vocabulary, top: bool) -> Iterator[Edit]:
    """What may be missing beside a node: a factor, its complement, a function, a term."""
    one = Term("num", number=Fraction(1))
    for v in vocabulary.variables:
        if time_shift(v) == 0 or node.op == "sym":
            yield Edit("E203", node, Term("mul", (v, node)), f"the factor {_show(v)} is missing", 1.2)
        if time_shift(v) == 0:
            complement = Term("add", (one, Term("neg", (v,))))
            yield Edit("E203", node, Term("mul", (complement, node)), f"the factor 1 - {_show(v)} is missing", 1.4)
    if node.op != "call" or top:
        for f in FUNCTIONS:
            yield Edit("E206", node, Term("call", (node,), name=f), f"{f} is missing around {_show(node)}", 1.0 if top else 1.3)
    if top or node.op == "add":
        for a in vocabulary.variables:
            for b in vocabulary.variables:
                if a.name < b.name and (time_shift(a) == 0 or time_shift(b) == 0):
                    extra = Term("mul", (a, b))
                    old = node.args if node.op == "add" else (node,)
                    yield Edit("E207", node, Term("add", (*old, extra)), f"the term {_show(extra)} is missing", 1.6)


def relabelled(value: Term, symbols: Sequence[Term]) -> Iterator[tuple[int, Term, tuple[tuple[Term, Term], ...]]]:
    """Right sides that differ in several symbols only: the number of changes, the value, and each (old, new). Fewest changes first."""
    spots = [(p, n) for p, n in places(value, ()) if n.op == "sym" and n.index]
    if len(spots) > 5:
        return
    options = [[n, *(s for s in symbols if s.name != n.name or s.index != n.index)] for _, n in spots]
    found = []
    for choice in _product_of(options):
        changes = tuple((n, c) for (_, n), c in zip(spots, choice, strict=True) if c is not n)
        if 2 <= len(changes) <= 4:
            found.append((changes, choice))
    for changes, choice in sorted(found, key=lambda x: len(x[0])):
        new = value
        for (path, _), c in zip(spots, choice, strict=True):
            new = put(new, path, c)
        yield len(changes), new, changes


def _product_of(options: list[list[Term]]) -> Iterator[tuple[Term, ...]]:
    if not options:
        yield ()
        return
    for first in options[0]:
        for rest in _product_of(options[1:]):
            yield (first, *rest)


def _show(term: Term) -> str:
    return write(term)
