"""Blocks of a matrix as programs write them: ``W_f[:, :n]`` holds its first columns, ``W_f[:, n:]`` the others.

A block is a symbol of its own, ``W_f_left`` or ``W_f_right`` (``_top`` and ``_bottom`` for rows): two blocks of one matrix share no entry.
What is computed has places instead (``places``).
"""

from __future__ import annotations

from .cursor import Cursor
from .places import read_places
from .surface import Name, Statement, Surface
from .tokens import Token

_SIDES = {(":", ":x"): "left", (":", "x:"): "right", (":x", ":"): "top", ("x:", ":"): "bottom", (":x",): "top", ("x:",): "bottom"}
SIDES = frozenset(_SIDES.values())


def slice_follows(p: Cursor) -> bool:
    """A bracket with a colon right after a name."""
    texts = _inside(p)
    return p.text == "[" and ":" in texts and not p.peek().gap


def names_block(p: Cursor, name: Name) -> bool:
    """A slice that is a name of its own, for a matrix; a slice of a value (``pre_t[H:2H]``) is a part of it by its places."""
    return slice_follows(p) and (name.time is None or "," in _inside(p))


def take_slice(p: Cursor) -> str:
    """The side of the matrix that a slice names; its bracket is read."""
    opened, texts = p.take(), []
    while p.text != "]" and not p.peek().is_end:
        texts.append(p.take().text)
    p.expect("]", opened=opened)
    parts = "".join("," if t == "," else ":" if t == ":" else "x" for t in texts).split(",")
    side = _SIDES.get(tuple(_squeezed(part) for part in parts))
    if side is None:
        raise p.fail("this slice is no block of rows or columns", opened, hint="write W[:, :n], W[:, n:], W[:n, :] or W[n:, :]")
    return side


def sliced(p: Cursor, base: Surface, opened: Token) -> Surface:
    """``(W.T @ d)[:n]``: a part of what stands in the bracket; the slice's bracket is open."""
    texts = []
    while p.text != "]" and not p.peek().is_end:
        texts.append(p.take().text)
    end = p.expect("]", opened=opened).end
    places = read_places("".join(texts), program=True)
    if places is None:
        raise p.fail("this slice is no block of rows or columns", opened, hint="write (W.T @ d)[:n] or (W.T @ d)[n:]")
    return Surface("part", (base,), places.axis, index=places.index, span=(base.span[0], end))


def _squeezed(part: str) -> str:
    """``xxx:`` (three tokens and a colon) is ``x:``."""
    return "".join(c for k, c in enumerate(part) if c != "x" or k == 0 or part[k - 1] != "x")


def _inside(p: Cursor) -> list[str]:
    found: list[str] = []
    for k in range(p.position + 1, min(p.position + 16, len(p.tokens))):
        if p.tokens[k].text == "]":
            return found
        found.append(p.tokens[k].text)
    return []


def states_block(statement: Statement) -> str:
    """``W_f = W_f[:, :n]``: which block of a weight the following lines mean by it; "" for any other statement."""
    names = [s.name for s in statement.sides if s.op == "sym" and s.name is not None]
    if len(statement.sides) != 2 or len(names) != 2 or names[1].subs[:-1] != names[0].subs or names[0].stem != names[1].stem:
        return ""
    return names[1].subs[-1] if names[1].subs and names[1].subs[-1] in SIDES else ""
