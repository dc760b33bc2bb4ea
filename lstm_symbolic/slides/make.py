"""From cells, gradients and documents to a deck in a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ..calculus import Gradients
from ..cells import Cell, cell
from ..errors import LstmSymbolicError
from ..expr.wanted import wanted, wanted_list
from ..writing import style
from ..writing.colors import colored
from ..writing.show import in_notation
from ..writing.style import Style
from . import as_beamer, as_html, as_typst
from .compose import cell_pages, compose
from .deck import Deck, Page
from .fonts import require, shown
from .words import Words, words

_PIXELS_PER_INCH = 110.0
_SOURCES: dict[str, Callable[[Deck], str]] = {".typ": as_typst.render, ".html": as_html.render, ".tex": as_beamer.render}
SUFFIXES = (".pdf", ".png", *_SOURCES)

Item = Cell | Gradients | str | Path
_ITEMS = "a cell, gradients, a document or a list of these"


def slides(items: Iterable[Item] | Item, notation: str | Style = "default", lang: str = "en", to: str | Path | None = None) -> str | Deck:
    """A deck of cells (or their names), gradients and documents; written to ``to``, whose ending says how.

    Without ``to`` the deck itself is returned; else the name of the file that was written. A document without a known cell still
    shows its errors; its formulas are shown in the notation of the document unless one is named.

    >>> [page.title for page in slides("rnn", lang="vi").pages[:3]]
    ['Các phương trình', 'Sơ đồ của ô', 'Trải theo thời gian']
    """
    held = wanted_list(items, (Cell, Gradients, str, Path), _ITEMS)
    deck = deck_of(held, notation, lang)
    return deck if to is None else save(deck, Path(to))


def deck_of(items: list[Item], notation: str | Style, lang: str) -> Deck:
    say = words(wanted(lang, str, "the code of a language", 'for example "en"'))
    chosen = style_like(notation)
    known = [i if isinstance(i, Cell | Gradients) else cell(i) for i in items if not _is_file(i)]  # type: ignore[arg-type]
    paths = [Path(i) for i in items if _is_file(i)]  # type: ignore[arg-type]
    if not known and not paths:
        raise LstmSymbolicError("a deck of nothing", hint="name a cell or a document")
    extra = [page for path in paths for page in _document_pages(path, chosen, say)]
    if known:
        return compose(known, chosen, lang, extra)
    return Deck(", ".join(map(_heading, paths)), "", tuple(extra), chosen, lang)


def _heading(path: Path) -> str:
    """The first heading of a document, or the name of its file."""
    with path.open(encoding="utf-8", errors="replace") as file:
        found = re.search(r"^#\s+(\S.{0,100})$|\\title\{([^{}]{1,100})\}", file.read(10_000), re.MULTILINE)
    return (found.group(1) or found.group(2)).strip() if found else path.stem


def style_like(notation: str | Style) -> Style:
    """A notation by name, from a file of one's own, or ``like:notes.md``: the notation of a document."""
    if isinstance(notation, str) and notation.startswith("like:"):
        from .documents import audited, like

        return like(audited(notation.removeprefix("like:")))
    return style(notation)


def _is_file(item: Item) -> bool:
    return isinstance(item, Path) or (isinstance(item, str) and ("." in item or "/" in item))


def _document_pages(path: Path, chosen: Style, say: Words) -> list[Page]:
    """The corrected cells of a document in its own notation, after what was wrong in it."""
    from .documents import audited, corrected, error_pages, notation_of, systems  # the auditor is heavy

    document = audited(path)
    pages = list(error_pages(document, say))
    document = corrected(document)
    for system, known in systems(document):
        own = replace(notation_of(document, system, known), color=chosen.color) if chosen.name == "default" else chosen
        known = in_notation(known, own)
        own = colored(own, [known])
        made = cell_pages(known, say)
        pages += [replace(page, about=f"{path.name}: {known.title}", notation=own) for page in made]
    return pages


def save(deck: Deck, to: Path) -> str:
    """Writes the deck in the form that the file's ending names."""
    if to.suffix not in SUFFIXES:
        raise LstmSymbolicError(f"no deck is made as {to.suffix or 'a file without an ending'}", hint=f"endings: {', '.join(SUFFIXES)}")
    try:
        if to.suffix not in _SOURCES:
            return _compiled(deck, to)
        to.write_text(_SOURCES[to.suffix](deck), encoding="utf-8")
    except OSError as error:
        raise LstmSymbolicError(f"{to} cannot be written: {error.strerror or error}") from None
    return str(to)


def _compiled(deck: Deck, to: Path) -> str:
    try:
        import typst
    except ImportError:
        hint = "pip install 'lstm_symbolic[slides]', or write .html, .typ or .tex"
        raise LstmSymbolicError(f"{to.suffix[1:]} needs the package typst", hint=hint) from None
    require(deck.texts())
    source: bytes = shown(as_typst.render(deck)).encode()
    target = str(to.with_name(f"{to.stem}-{{0p}}.png")) if to.suffix == ".png" else str(to)
    try:
        typst.compile(source, output=Path(target), ppi=_PIXELS_PER_INCH)  # type: ignore[type-var]
    except typst.TypstError as error:
        raise LstmSymbolicError(f"typst: {str(getattr(error, 'message', error))[:300]}") from None
    return target
