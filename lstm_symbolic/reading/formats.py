"""Notebooks and HTML pages as plain text of the same length: every formula stays at its offset, what is no prose becomes blanks.

Of a notebook the Markdown cells are kept, with their escapes undone; of a page its text, and the TeX that MathJax and KaTeX keep beside
what they draw. Lines stay lines, so that findings point into the file as it is.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import PurePath

from ..errors import LstmSymbolicError

SUFFIXES = {".ipynb": "notebook", ".html": "page", ".htm": "page", ".xhtml": "page"}

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)
_ESCAPE = re.compile(r"(?:\\\\)+|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)
#: Tags that are never closed.
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_NO_TEXT = {"script", "style", "head", "svg", "math", "template", "noscript"}


def plain_text(text: str, name: str) -> str:
    """The text of a file by its name, as long as the file's own.

    >>> plain_text('<p>\\\\(h_t &lt; 1\\\\)</p>', "a.html")
    '   \\\\(h_t    < 1\\\\)    '
    """
    match SUFFIXES.get(PurePath(name).suffix.lower()):
        case "notebook":
            return _notebook(text, name)
        case "page":
            return _page(text)
    return text


def as_in_file(text: str, name: str) -> str:
    """A piece of text as a file of this name writes it: escaped in a notebook or a page."""
    match SUFFIXES.get(PurePath(name).suffix.lower()):
        case "notebook":
            return json.dumps(text, ensure_ascii=False)[1:-1]
        case "page":
            return html.escape(text, quote=False)
    return text


def _blank(text: str) -> list[str]:
    return ["\n" if c == "\n" else " " for c in text]


# -- notebooks --------------------------------------------------------------------------------------------------------------------


def _notebook(text: str, name: str) -> str:
    """A file that begins as none does is read as text; a damaged notebook is an error."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise LstmSymbolicError(f"{name}:{error.lineno}:{error.colno}: this is no notebook: {error.msg}") from None
    except RecursionError:
        raise LstmSymbolicError(f"{name} is no notebook: it is nested too deeply") from None
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise LstmSymbolicError(f"{name} is no notebook: it has no list of cells", hint="save it in the format of Jupyter 4 or later")
    out = _blank(text)
    for kind, strings in _cells(text):
        for start, end in strings if kind == "markdown" else ():
            out[start:end] = _unescaped(text[start:end])
    return "".join(out)


def _cells(text: str) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """For every cell its type and where the strings of its source stand."""
    containers: list[str] = []
    keys: list[str] = []  # for every container the key at which the walk is
    kind, strings, key_next = "", list[tuple[int, int]](), False
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{" | "[":
                containers.append(token[0])
                keys.append("")
                key_next = token[0] == "{"
            case "}" | "]":
                containers.pop()
                keys.pop()
                if keys == ["cells", ""]:
                    yield kind, strings
                    kind, strings = "", []
            case ",":
                key_next = containers[-1] == "{"
            case ":":
                key_next = False
            case string if key_next:
                keys[-1] = string[1:-1]
            case string:
                if keys == ["cells", "", "cell_type"]:
                    kind = string[1:-1]
                elif keys in (["cells", "", "source"], ["cells", "", "source", ""]):
                    strings.append((token.start() + 1, token.end() - 1))


def _unescaped(body: str) -> list[str]:
    out = list(body)
    for m in _ESCAPE.finditer(body):
        size = m.end() - m.start()
        if m[0].startswith("\\\\"):
            shown = "\\" * (size // 2)
        elif m[0].startswith("\\u"):
            code = int(m[0][2:], 16)
            shown = chr(code) if not 0xD800 <= code < 0xE000 else " "
        else:
            shown = m[0][1] if m[0][1] in '"/' else " "
        out[m.start() : m.end()] = shown.rjust(size)
    return out


# -- pages ------------------------------------------------------------------------------------------------------------------------


def _page(text: str) -> str:
    reader = _Page(text)
    reader.feed(text)
    reader.close()
    return "".join(reader.out)


@dataclass
class _Tag:
    name: str
    silent: bool
    sign: str = ""


@dataclass
class _Page(HTMLParser):
    """Text is kept where no enclosing tag is silent; ``sign`` is the delimiter that a tag of TeX stands for."""

    text: str
    out: list[str] = field(default_factory=list)
    stack: list[_Tag] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.out = _blank(self.text)
        self.starts = [0, *(k + 1 for k, c in enumerate(self.text) if c == "\n")]

    def at(self) -> int:
        line, column = self.getpos()
        return self.starts[line - 1] + column

    def put(self, start: int, shown: str) -> None:
        self.out[start : start + len(shown)] = shown

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        given = {k: v or "" for k, v in attrs}
        tex = given.get("type", "").startswith("math/tex") or given.get("encoding") == "application/x-tex"
        sign = ("$$" if "display" in given.get("type", "") else "$") if tex else ""
        drawn = "katex-html" in given.get("class", "").split() or "MathJax" in given.get("class", "").split()
        silent = not tex and (tag in _NO_TEXT or drawn or bool(self.stack and self.stack[-1].silent))
        self.stack.append(_Tag(tag, silent, sign))
        if sign:
            self.put(self.at() + len(self.get_starttag_text() or "") - len(sign), sign)

    def handle_endtag(self, tag: str) -> None:
        names = [t.name for t in self.stack]
        if tag not in names:
            return
        while self.stack:
            closed = self.stack.pop()
            if closed.name == tag:
                self.put(self.at(), closed.sign)
                break

    @property
    def silent(self) -> bool:
        return bool(self.stack and self.stack[-1].silent)

    def handle_data(self, data: str) -> None:
        if not self.silent:
            start = self.at()
            self.put(start, self.text[start : start + len(data)])

    def handle_entityref(self, name: str) -> None:
        self.reference(f"&{name}")

    def handle_charref(self, name: str) -> None:
        self.reference(f"&#{name}")

    def reference(self, written: str) -> None:
        start = self.at()
        written += ";" if self.text[start + len(written) : start + len(written) + 1] == ";" else ""
        shown = html.unescape(written)
        if not self.silent and len(shown) == 1 and shown != "\n":
            self.put(start, shown.rjust(len(written)))
