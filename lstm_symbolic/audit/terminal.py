"""Text on a terminal: how wide it is, where it breaks, which colour it has, and what must not reach the terminal at all.

Documents are untrusted. An escape sequence in one could repaint the screen, and a bidirectional override could show a formula that is
not the one in the file, so every control and format character is replaced by a visible stand-in before it is printed.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TextIO

TAB = "    "
_COLOURS = {
    "error": "1;31", "warning": "1;33", "note": "1;36", "good": "1;32", "gutter": "1;34", "label": "1", "faint": "2", "path": "1",
}  # fmt: skip
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Cn"}
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True)
class Style:
    """What the output can show: its width in columns, and whether it has colours."""

    width: int = 80
    colour: bool = False

    def paint(self, text: str, role: str) -> str:
        return f"\033[{_COLOURS[role]}m{text}\033[0m" if self.colour and text else text


def style_of(stream: TextIO) -> Style:
    """Colours only on a terminal, and never with NO_COLOR; the width of the terminal, else 80 columns."""
    tty = stream.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if tty or "COLUMNS" in os.environ else 80
    return Style(min(max(width, 40), 200), tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


@lru_cache(4096)
def glyph(char: str) -> tuple[str, int]:
    """What is printed for one character, and its width in columns.

    >>> glyph("a"), glyph("细"), glyph("\\u0e49")[1], glyph("\\x1b"), glyph("\\u202e")
    (('a', 1), ('细', 2), 0, ('␛', 1), ('<202E>', 6))
    """
    code = ord(char)
    if char == "\t":
        return TAB, len(TAB)
    if code < 32 or code == 127:
        return chr(0x2400 + code) if code < 32 else "␡", 1
    if unicodedata.category(char) in _HIDDEN:
        shown = f"<{code:04X}>"
        return shown, len(shown)
    if unicodedata.category(char) in ("Mn", "Me") or 0x1160 <= code <= 0x11FF:
        return char, 0
    return char, 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clean(text: str) -> str:
    """One line of untrusted text, safe to print: line breaks become blanks.

    >>> clean("a\\x1b[31m\\nb")
    'a␛[31m b'
    """
    return "".join(" " if c in "\n\r\t" else glyph(c)[0] for c in text)


def printable(text: str) -> str:
    """Untrusted text of many lines, safe to print: line breaks and tabs stay.

    >>> printable("a\\tb\\n\\x07")
    'a\\tb\\n␇'
    """
    return "".join(c if c in "\n\t" else glyph(c)[0] for c in text)


def width(text: str) -> int:
    """Columns that a text takes on a terminal.

    >>> width("thời"), width("细胞"), width("ชื่อ")
    (4, 4, 2)
    """
    return sum(glyph(c)[1] for c in text)


def pad(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))


def wrap(text: str, columns: int, taken: int = 0) -> list[str]:
    """Lines of at most so many columns, broken at blanks, and inside a word only where the word alone is too long.

    ``taken`` columns of the first line are in use already; it may come out empty.

    >>> wrap("the output gate stands inside tanh", 16)
    ['the output gate', 'stands inside', 'tanh']
    """
    lines: list[str] = []
    line, used = "", taken
    for word, gap in _words(clean(text), max(columns, 8)):
        gap = gap if line else ""
        if used + len(gap) + width(word) > columns and used:
            lines.append(line)
            line, used, gap = "", 0, ""
        line, used = line + gap + word, used + len(gap) + width(word)
    return [*lines, line] if line or not lines else lines


def _words(text: str, columns: int) -> Iterator[tuple[str, str]]:
    """Words with the blank before each; a word wider than a line comes in pieces. Runs of blanks are kept: they align columns."""
    gap = ""
    for part in re.findall(r"\s+|\S+", text):
        if _BLANK.fullmatch(part):
            gap = part
            continue
        for piece in _pieces(part, columns):
            yield piece, gap
            gap = ""


def _pieces(word: str, columns: int) -> Iterator[str]:
    piece, used = "", 0
    for char in word:
        if piece and used + glyph(char)[1] > columns:
            yield piece
            piece, used = "", 0
        piece, used = piece + char, used + glyph(char)[1]
    yield piece


class Progress:
    """A line on a terminal's standard error, for work that takes more than a second."""

    def __init__(self, what: str) -> None:
        self.what, self.start, self.shown = what, time.monotonic(), False

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - self.start > 1:
            self.shown = True
            bar = "#" * (20 * done // max(total, 1))
            print(f"\r{self.what} [{bar:<20}] {done}/{total}", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        if self.shown:
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr, flush=True)
