"""The errors a user can meet. Each says what is wrong, where, and what would be right; none is a traceback."""

from __future__ import annotations


class LstmSymbolicError(Exception):
    """Base of every error that this package raises on purpose.

    ``text`` and ``offset`` (0-based, in characters) point into the input when the error has a place there.
    """

    def __init__(self, message: str, text: str | None = None, offset: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.text, self.offset, self.hint = message, text, offset, hint

    def render(self) -> str:
        """The message with the offending line and a caret under the place.

        >>> print(ReadError("unclosed '('", "f = (a + b", 4, "write ')'").render())
        unclosed '(' (line 1, column 5)
          f = (a + b
              ^
          write ')'
        """
        lines = [self.message]
        if self.text is not None and self.offset is not None:
            start = self.text.rfind("\n", 0, self.offset) + 1
            line = self.text[start:].split("\n", 1)[0]
            row, column = self.text.count("\n", 0, start) + 1, self.offset - start + 1
            first = max(0, column - 60)
            lines = [f"{self.message} (line {row}, column {column})"]
            lines += [f"  {line[first : first + 100]}", "  " + " " * (column - 1 - first) + "^"]
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)


class ReadError(LstmSymbolicError):
    """A formula cannot be read."""


class ShapeError(LstmSymbolicError):
    """The shapes of a formula do not fit."""


class UnsupportedNode(LstmSymbolicError):
    """An operation has no rule for a node."""


class CellError(LstmSymbolicError):
    """Equations do not make a cell, or no cell has this name."""


class RepairWarning(UserWarning):
    """What was given directly was not taken as it stands: a damaged formula was read with a repair, a shape belongs to no symbol."""
