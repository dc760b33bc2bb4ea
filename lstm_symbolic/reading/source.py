"""A document's text, and the map from offsets to lines and columns (1-based, columns count characters)."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ..errors import LstmSymbolicError
from .formats import plain_text

MAX_BYTES = 4_000_000
#: How files begin that hold formulas and are no text, and what they are.
_SIGNATURES = {
    b"%PDF-": "a PDF", b"PK\x03\x04": "a packed file (as .docx, .pptx and .odt are)", b"\xd0\xcf\x11\xe0": "an Office file",
    b"{\\rtf": "an RTF file", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"\x1f\x8b": "a packed file",
}  # fmt: skip


class Readable(Protocol):
    """An open file, a pipe, standard input."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Source:
    """The text of a document under the name it was given; ``file`` is what a notebook or a page holds, as long as the text."""

    path: str
    text: str
    file: str = ""

    @property
    def written(self) -> str:
        """The text as the file holds it."""
        return self.file or self.text

    @cached_property
    def starts(self) -> list[int]:
        return [0, *(k + 1 for k, c in enumerate(self.text) if c == "\n")]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset.

        >>> Source("a.md", "x\\nyz").place(3)
        (2, 2)
        """
        line = bisect.bisect_right(self.starts, offset) - 1
        return line + 1, offset - self.starts[line] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its end."""
        start = self.starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")


def load(path: str | Path) -> Source:
    """The text of a file; one clear message for what is no text."""
    name = str(path)
    file = Path(path)
    if file.is_dir():
        raise LstmSymbolicError(f"{name} is a folder, not a document")
    try:
        with file.open("rb") as stream:
            data = read_all(stream, name)
    except FileNotFoundError:
        raise LstmSymbolicError(f"{name} does not exist") from None
    except OSError as error:
        raise LstmSymbolicError(f"{name} cannot be read: {error.strerror}") from None
    return source_of(name, decode(data, name))


def read_all(stream: Readable, name: str) -> bytes:
    """What a stream holds, up to the limit: of a pipe or a device no size is known beforehand."""
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise LstmSymbolicError(f"{name} has more than {MAX_BYTES:,} bytes, which is the limit", hint="split the document")
    return data


def source_of(name: str, text: str) -> Source:
    """A document by its name: of notebooks and pages the prose and the formulas."""
    plain = plain_text(text, name)
    return Source(name, plain, "" if plain == text else text)


def decode(data: bytes, name: str) -> str:
    """UTF-8 (with or without a mark), UTF-16 with one."""
    if kind := next((kind for sign, kind in _SIGNATURES.items() if data.startswith(sign)), None):
        raise LstmSymbolicError(f"{name} is {kind}, not text", hint="give its text or its LaTeX")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise LstmSymbolicError(
            f"{name} is not UTF-8 text: byte {error.start} (0x{data[error.start]:02x}) does not fit", hint="is it a binary file?"
        ) from None
    if "\0" in text:
        raise LstmSymbolicError(f"{name} is a binary file: it holds a zero character at offset {text.index(chr(0))}")
    return text.replace("\r\n", "\n").replace("\r", "\n")
