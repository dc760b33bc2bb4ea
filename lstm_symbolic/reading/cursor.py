"""A position in a list of tokens: looking, taking, expecting, and errors that name the place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..errors import ReadError
from .names import ACCENTS, STYLES, WORDS
from .surface import Span
from .tidy import group_end
from .tokens import Token


@dataclass
class Cursor:
    """``flat`` is True for text without TeX: there a run of letters is a name with a flattened index. ``bound`` holds running indices;
    ``spaced`` is True directly inside square brackets, where a space that the author asked for separates.
    """

    tokens: list[Token]
    flat: bool = False
    known: frozenset[str] = frozenset()
    position: int = 0
    depth: int = 0
    bars: int = 0
    spaced: bool = False
    bound: frozenset[str] = frozenset()
    notes: list[tuple[Span, str, str]] = field(default_factory=list)

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    @property
    def text(self) -> str:
        return self.peek().text

    def take(self) -> Token:
        token = self.peek()
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def fail(self, message: str, token: Token | None = None, hint: str = "") -> ReadError:
        token = token or self.peek()
        return ReadError(message, "", token.start, hint)

    def expect(self, *texts: str, opened: Token | None = None) -> Token:
        """One of some tokens; where the formula ends instead, the fault is at the bracket that it should close."""
        if self.text not in texts:
            if opened is not None and self.peek().is_end:
                raise self.fail(f"{opened.text!r} is never closed", opened, f"write {texts[0]!r}")
            found = f"found {self.text!r}" if self.text else "the formula ends"
            raise self.fail(f"expected {texts[0]!r}, {found}")
        return self.take()

    def close(self, opened: Token, *texts: str) -> None:
        """The closing bracket; one that is missing at the very end is put back, by a named repair."""
        if self.peek().is_end and texts[0] in ")]":
            self.notes.append(((opened.start, opened.end), f"missing {texts[0]}", "bracket not closed"))
            return
        if self.text in (")", "]") and self.text not in texts and texts[0] in ")]":
            self.notes.append(((self.peek().start, self.peek().end), texts[0], f"{self.text!r} closes {opened.text!r}"))
            self.take()
            return
        self.expect(*texts, opened=opened)

    def _braced(self) -> list[Token]:
        """The tokens of ``{...}`` with their braces."""
        start, end = self.position, group_end(self.tokens, self.position)
        if self.tokens[end - 1].text != "}":
            raise self.fail("'{' is never closed", hint="write '}'")
        self.position = end
        return self.tokens[start:end]

    def group(self) -> list[Token]:
        """The tokens of ``{...}``, or the one token an index takes (one letter of a run)."""
        if self.text == "{":
            return self._braced()[1:-1]
        token = self.take()
        if token.is_end:
            raise self.fail("an index is missing", token)
        if token.kind in ("word", "num") and len(token.text) > 1 and not self.flat:
            token, rest = cut(token, 1)
            self.position -= 1
            self.tokens[self.position : self.position + 1] = [token, rest]
            self.position += 1
        elif token.kind == "cmd" and token.text[1:] in ACCENTS.keys() | STYLES | WORDS:
            return [token, *(self._braced() if self.text == "{" else self.group())]  # W_\textrm{hx}, x_\mathbf a
        return [token]


def cut(token: Token, k: int) -> tuple[Token, Token]:
    width = token.end - token.start
    middle = token.start + (k if width == len(token.text) else 0)
    return replace(token, text=token.text[:k], end=max(middle, token.start + 1)), replace(
        token, text=token.text[k:], start=middle, gap=False
    )
