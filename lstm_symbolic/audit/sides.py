"""What a user holds, whatever its form, as equations of one kind: a side of a comparison, or what ``show`` prints.

Text is the plain syntax or LaTeX. Text that fits both (``h_t = o_t * C_t``) is taken for LaTeX where anything beside it is LaTeX or
has time indices of its own, because there ``h_t`` has to be ``h[t]``; otherwise it is plain. ``plain=True`` allows nothing else. The name
of a cell is that cell, a ``Path`` is a document, SymPy objects are taken as they are.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sympy import Basic, Equality, Expr

from ..cells import Cell, cell, cells, leaves
from ..cells.layers import one_layer
from ..cells.timing import definitions
from ..errors import CellError, LstmSymbolicError, ReadError, RepairWarning, ShapeError
from ..expr import Shape, TermEquation, build, build_equation, infer, read_equation, shape_of
from ..expr.infer import symbolic
from ..expr.to_term import to_term

#: What only the plain syntax has.
_PLAIN = re.compile(r"@|\*\*|\w\[|\.T\b")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{1,60}")

Equations = tuple[TermEquation, ...]


@dataclass(frozen=True)
class Side:
    """A formula (one equation with one side) or a system; ``shapes`` are those that are known beforehand."""

    terms: Equations
    shapes: Mapping[str, Shape] = field(default_factory=dict, hash=False)
    outputs: tuple[str, ...] = ()
    layout: str | None = None

    @property
    def is_formula(self) -> bool:
        return len(self.terms) == 1 and len(self.terms[0].sides) == 1

    def formula(self) -> Expr:
        """The expression; symbols without a shape are scalars. Of a single equation it is the right side."""
        if len(self.terms) > 1:
            hint = "compare like with like; lstm-symbolic zoo lists the names of cells"
            raise LstmSymbolicError("one side is a formula and the other a system of equations", hint=hint)
        return build(self.terms[0].sides[-1], self.shapes, self.terms[0].text)

    def system(self) -> tuple[tuple[Expr, Expr], ...]:
        """Pairs of a defined symbol and its value; missing shapes are inferred."""
        equations = one_layer(definitions(self.terms))
        found, _ = infer(equations, self.shapes, self.layout)
        return tuple((left, right) for left, right in (build_equation(e, found) for e in equations))


def sides(*objects: Any, plain: bool = False, shapes: Mapping[str, Shape] | None = None) -> list[Side]:
    """Every object as a side; how ambiguous text is read depends on all of them. ``shapes`` are for text.

    >>> a, b = sides("h[t] = tanh(W @ x[t])", "rnn")
    >>> a.is_formula, b.outputs
    (False, ('h',))
    """
    known = [None if isinstance(o, str) else _known(o, plain, shapes) for o in (o if plain else named(o) for o in objects)]
    texts = [o for o, k in zip(objects, known, strict=True) if k is None]
    kinds = ["plain" if plain else syntax(t) for t in texts]
    timed = any(s.index for k in known if k for e in k.terms for side in e.sides for s in side.walk())
    latex = "latex" in kinds or timed
    chosen = ["latex" if kind == "latex" or (kind == "either" and latex) else "plain" for kind in kinds]
    read = iter(_read(texts, chosen, shapes or {}))
    return [k if k is not None else next(read) for k in known]


def named(o: Any) -> Any:
    """The cell where the text is its name, else the object itself; a word that is nearly the name of a cell is taken for a slip."""
    if isinstance(o, str) and _NAME.fullmatch(o.strip()):
        try:
            return cell(o)
        except CellError:
            if near := get_close_matches(o.strip().lower(), cells(), cutoff=0.8):
                hint = f"did you mean {' or '.join(near)}?"
                raise CellError(f"{o.strip()!r} is no cell and no file, and as a formula only a symbol", hint=hint) from None
    return o


def _known(o: Any, plain: bool, shapes: Mapping[str, Shape] | None) -> Side:
    """Everything that is no text."""
    if isinstance(o, Side):
        return o
    if isinstance(o, Cell):
        return _from_sympy(o.equations, o.outputs)
    if isinstance(o, Path):
        return _document(o)
    if isinstance(o, Basic):
        return _from_sympy([o])
    if isinstance(o, Iterable):
        items = list(o)
        if items and all(isinstance(i, str) for i in items):
            return sides("\n".join(items), plain=plain, shapes=shapes)[0]
        if items and all(isinstance(i, Basic) for i in items):
            return _from_sympy(items)
    raise LstmSymbolicError(
        f"a {type(o).__name__} is neither a formula nor a system", hint="give text, a SymPy expression, a cell, or a list of equations"
    )


def _from_sympy(items: Sequence[Basic], outputs: tuple[str, ...] = ()) -> Side:
    pairs = [(e.lhs, e.rhs) if isinstance(e, Equality) else (e,) for e in items]
    shapes = {s.name: shape_of(s) for pair in pairs for e in pair for s in leaves(e)}
    shapes = {name: (symbolic(rows), symbolic(columns)) for name, (rows, columns) in shapes.items()}
    return Side(tuple(TermEquation(tuple(to_term(e) for e in pair)) for pair in pairs), shapes, outputs)


def syntax(text: str) -> str:
    """Which syntax a text is in: ``plain``, ``latex`` or ``either``. Numbers alone mean the same in both.

    >>> syntax("h[t] = W @ x[t]"), syntax(r"h_t = \\tanh(x)"), syntax("h_t = o_t * C_t"), syntax("1/2")
    ('plain', 'latex', 'either', 'plain')
    """
    try:
        read_plain(text)
    except ReadError:
        return "plain" if _PLAIN.search(text) and "\\" not in text else "latex"
    return "plain" if _PLAIN.search(text) or not any(c.isalpha() for c in text) else "either"


def read_plain(text: str) -> Equations:
    """Equations in plain syntax, separated by line breaks or semicolons."""
    lines = [line for line in re.split(r"[\n;]", text) if line.strip()]
    if not lines:
        raise ReadError("there is no formula", text, 0)
    return tuple(read_equation(line.strip()) for line in lines)


def _read(texts: Sequence[str], kinds: Sequence[str], shapes: Mapping[str, Shape]) -> list[Side]:
    latex = iter(_read_latex([t for t, kind in zip(texts, kinds, strict=True) if kind == "latex"], shapes))
    return [next(latex) if kind == "latex" else Side(read_plain(t), shapes) for t, kind in zip(texts, kinds, strict=True)]


def _read_latex(texts: Sequence[str], given: Mapping[str, Shape]) -> list[Side]:
    """Lone formulas are read together, so that one symbol has one kind in all of them; systems are read each by itself."""
    if not texts:
        return []
    from ..reading.latex import elaborated, read_statements

    kinds = {name: _kind(shape) for name, shape in given.items()}
    read = [read_statements(t) for t in texts]
    for text, r in zip(texts, read, strict=True):
        _warn(text, r.repairs)
    parsed = [r.statements for r in read]
    if all(len(p) == 1 and len(p[0].sides) == 1 for p in parsed):
        together = elaborated([p[0] for p in parsed], "\n".join(texts), kinds)
        shapes, conflicts = infer([TermEquation(tuple(e.sides[0] for e in together.equations))], given)
        if conflicts:
            raise ShapeError(f"{' and '.join(texts)}: {conflicts[0].message}")
        return [Side((e,), shapes, layout=together.layout) for e in together.equations]
    return [Side(e.equations, given, layout=e.layout) for e in (elaborated(p, t, kinds) for p, t in zip(parsed, texts, strict=True))]


def _kind(shape: Shape) -> str:
    """What the reader calls a shape: scalar, vector or matrix."""
    return "svm"[sum(d != 1 for d in shape)]


def _warn(text: str, repairs: Iterable[Any]) -> None:
    """A formula that somebody typed was read as something else: say so, for the answer is about what was read."""
    for r in repairs:
        change = f"read '{r.read}' for '{r.wrote}'" if r.read else f"left out '{r.wrote}'"
        warnings.warn(f"{text.strip()[:80]}: {change} ({r.why})", RepairWarning, stacklevel=2)


def _document(path: Path) -> Side:
    """The one system of a document; ``notes.md#s2`` names one of several."""
    found = systems_of(path)
    if len(found) != 1:
        raise LstmSymbolicError(f"{path} holds {len(found)} systems", hint=f"name one: {', '.join(f'{path}#{key}' for key in found)}")
    return next(iter(found.values()))


def systems_of(path: Path) -> dict[str, Side]:
    """The systems of a document by their ids, or the one that ``path#id`` names; what a document says twice counts once."""
    from ..reading.latex import document_systems

    name, _, wanted = (str(path), "", "") if path.exists() else str(path).partition("#")
    found = {key: Side(tuple(dict.fromkeys(s.equations)), layout=s.layout) for key, s in document_systems(name).items()}
    if wanted and wanted not in found:
        raise LstmSymbolicError(f"{name} has no system {wanted}", hint=f"its systems are {', '.join(found)}")
    return {wanted: found[wanted]} if wanted else found
