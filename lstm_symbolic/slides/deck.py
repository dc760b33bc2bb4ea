"""A deck as data: pages of blocks. Every text in it is plain and untrusted; the renderers escape it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Basic

from ..writing.diagram import Drawing
from ..writing.style import Style

Row = tuple[Basic, ...]


@dataclass(frozen=True)
class Sentence:
    text: str


@dataclass(frozen=True)
class Equations:
    """Rows of sides; each may have a sentence."""

    rows: tuple[Row, ...]
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    drawing: Drawing


@dataclass(frozen=True)
class Plot:
    """Curves over 0, 1, 2, …, on a logarithmic scale."""

    curves: tuple[tuple[str, tuple[float, ...]], ...]
    across: str
    up: str


@dataclass(frozen=True)
class Table:
    header: tuple[str, ...]
    rows: tuple[tuple[str | Basic, ...], ...]


@dataclass(frozen=True)
class Code:
    """An author's own text, letter by letter."""

    title: str
    text: str


@dataclass(frozen=True)
class Columns:
    columns: tuple[tuple[Block, ...], ...]


Block = Sentence | Equations | Picture | Plot | Table | Code | Columns


@dataclass(frozen=True)
class Page:
    """``about`` is the cell or the document that the page speaks of; ``notation`` is its own where it is not the deck's."""

    title: str
    blocks: tuple[Block, ...]
    about: str = ""
    notation: Style | None = None


@dataclass(frozen=True)
class Deck:
    """A title, a line below it, and pages, in one notation and language."""

    title: str
    subtitle: str
    pages: tuple[Page, ...]
    notation: Style
    lang: str = "en"

    def texts(self) -> Iterator[str]:
        """Everything that is printed as text."""
        yield from (self.title, self.subtitle)
        for page in self.pages:
            yield from (page.title, page.about)
            for block in page.blocks:
                yield from _texts(block)


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Sentence(text):
            yield text
        case Equations(sentences=sentences):
            yield from sentences
        case Plot(curves, across, up):
            yield from (across, up, *(name for name, _ in curves))
        case Table(header, rows):
            yield from (*header, *(c for row in rows for c in row if isinstance(c, str)))
        case Code(title, text):
            yield from (title, text)
        case Columns(columns):
            for column in columns:
                for inner in column:
                    yield from _texts(inner)
