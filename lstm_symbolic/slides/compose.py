"""Which pages a deck has: for each cell its equations, pictures, limits and gradients; then all cells side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from sympy import Eq, Integer

from ..calculus import Gradients, backward, fixed
from ..cells import Cell, parameter_count
from ..cells import cell as known
from ..errors import LstmSymbolicError
from ..writing.colors import colored
from ..writing.diagram import Drawing, backward_view, draw, unrolled
from ..writing.show import in_notation
from ..writing.style import Style
from .deck import Block, Columns, Deck, Equations, Page, Picture, Plot, Row, Sentence, Table
from .flowing import gradient_flow
from .purpose import purpose, rule_of
from .words import Words, words

_T = TypeVar("_T")

#: Rows that fit on a page.
_ROWS = 6
_GATES = 4


def compose(items: Sequence[Cell | Gradients], notation: Style, lang: str, extra: Iterable[Page] = ()) -> Deck:
    """The deck of cells and gradients.

    >>> from ..cells import cell
    >>> deck = compose([cell("rnn")], Style(), "en")
    >>> [page.title for page in deck.pages][:3]
    ['The equations', 'The cell as a picture', 'Unrolled over time']
    """
    say = words(lang)
    cells = [in_notation(item, notation) for item in items if isinstance(item, Cell)]
    pages: list[Page] = []
    for item in items:
        own = cells_of(item, notation)
        made = gradient_pages(item, say) if isinstance(item, Gradients) else cell_pages(own, say)
        pages += [replace(page, about=_name(own)) for page in made]
    pages += [*flow_pages(cells, say), *comparison(cells, say), *extra]
    shown = [cells_of(item, notation) for item in items]
    return Deck(", ".join(dict.fromkeys(map(_name, shown))), "", tuple(pages), colored(notation, shown), lang)


def cells_of(item: Cell | Gradients, notation: Style) -> Cell:
    return item.cell if isinstance(item, Gradients) else in_notation(item, notation)


def _name(cell: Cell) -> str:
    return cell.title or cell.name or "…"


def _rows(equations: Iterable[Eq]) -> tuple[Row, ...]:
    return tuple((e.lhs, e.rhs) for e in equations)


def _chunks(rows: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    """Pages of about the same length."""
    count = -(-len(rows) // most)
    size = -(-len(rows) // max(count, 1))
    yield from (rows[k : k + size] for k in range(0, len(rows), max(size, 1)))


def cell_pages(cell: Cell, say: Words) -> Iterator[Page]:
    """Equations with a sentence each, the picture, the steps, gates at 0 and 1, and the gradients."""
    reasons = {e.lhs: say.sentence(purpose(cell, e.lhs.name)) for e in cell.equations}
    for chunk in _chunks(_rows(cell.equations), _ROWS):
        yield Page(say["equations"], (Equations(tuple(chunk), tuple(reasons[row[0]] for row in chunk)),))
    yield from _picture(lambda: draw(cell), say, "picture")
    yield from _picture(lambda: unrolled(cell), say, "unrolled")
    yield from limit_pages(cell, say)
    try:
        grads = backward(cell)
    except LstmSymbolicError:
        return  # no gradients, no pages of gradients
    yield from gradient_pages(grads, say)


def _picture(view: Callable[[], Drawing], say: Words, key: str) -> Iterator[Page]:
    """A cell that is too large for a picture has none."""
    try:
        drawing = view()
    except LstmSymbolicError:
        return
    yield Page(say[key], (Picture(drawing), Sentence(say.sentence(key))))


def limit_pages(cell: Cell, say: Words) -> Iterator[Page]:
    """What the states become when one gate is shut or wide open: a row for each gate."""
    rows: list[Block] = []
    for gate in cell.gates:
        limits = [limit for number in (0, 1) for limit in _limit(cell, gate, number)]
        if len(limits) == 2:
            rows.append(Columns(((Sentence(say.sentence(purpose(cell, gate))),), *((limit,) for limit in limits))))
    for chunk in _chunks(rows, _GATES):
        yield Page(say["gates"], tuple(chunk))


def _limit(cell: Cell, gate: str, number: int) -> Iterator[Equations]:
    """The equations that change when every entry of a gate is ``number``."""
    try:
        held = fixed(cell, {gate: number})
    except LstmSymbolicError:
        return
    changed = [e for e in held.equations if e.rhs != cell.definition(e.lhs.name)]
    yield Equations(((cell.symbol(gate), Integer(number)), *_rows(changed)))


def gradient_pages(grads: Gradients, say: Words) -> Iterator[Page]:
    """The picture backward, the recursion of the deltas, and the sums of the parameters."""
    yield from _picture(lambda: backward_view(grads.cell), say, "backward")
    for chunk in _chunks(_rows(grads.recursion), _ROWS):
        reasons = tuple(say.sentence(rule_of(grads, row[0])) for row in chunk)
        yield Page(say["deltas"], (Equations(tuple(chunk), reasons), Sentence(say.sentence("deltas"))))
    for chunk in _chunks(_rows(grads.sums), 2 * _ROWS):
        half = -(-len(chunk) // 2)
        blocks: tuple[Block, ...] = (Equations(tuple(chunk)),)
        if len(chunk) > _ROWS:
            blocks = (Columns(((Equations(tuple(chunk[:half])),), (Equations(tuple(chunk[half:])),))),)
        yield Page(say["sums"], (*blocks, Sentence(say.sentence("sums"))))


def flow_pages(cells: Sequence[Cell], say: Words) -> Iterator[Page]:
    """How fast the gradients of the cells vanish, beside those of a simple network."""
    curves = []
    for cell in cells if any(c.name == "rnn" for c in cells) else (*cells, known("rnn")):
        try:
            curves.append((_name(cell), gradient_flow(cell)))
        except LstmSymbolicError:
            continue  # a function without a definition, a convolution
    if curves:
        yield Page(say["flow"], (Plot(tuple(curves), say["steps"], say["size"]), Sentence(say.sentence("flow"))))


def comparison(cells: Sequence[Cell], say: Words) -> Iterator[Page]:
    """Equations in columns, and sizes in a table."""
    for k in range(0, len(cells), 2):
        pair = cells[k : k + 2]
        if len(pair) == 2:
            columns = tuple((Sentence(_name(c)), Equations(_rows(c.equations))) for c in pair)
            yield Page(say["comparison"], (Columns(columns),))
    if cells:
        header = (say["cell"], say["states"], say["count"])
        rows = tuple((_name(c), ", ".join(c.states), parameter_count(c)) for c in cells)
        sources = tuple(Sentence(f"{say['paper']}: {c.paper}") for c in cells if c.paper)
        yield Page(say["sizes"], (Table(header, rows), *sources))
