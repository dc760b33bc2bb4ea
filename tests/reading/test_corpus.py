"""Real write-ups: a floor under the right readings, a ceiling over the differing ones, and no repair of text that is not damaged.

What differs today is mostly the label's convention (``x(t)`` as a call, a phi that the prose calls tanh, an outer or a convolution
product that only the prose names); the numbers below are the measured ones with a small margin.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from same import same

from lstm_symbolic.reading import Document, Source, read_document

CORPUS = json.loads((Path(__file__).parent.parent / "data" / "corpus.json").read_text(encoding="utf-8"))
#: Repairs that undo damage; none of the corpus is a damaged copy but for doubled backslashes and escapes of its container.
ABOUT_THE_CONTAINER = {"doubled backslash", "escaped underscore", "side remark left out", "stray '>' of a quotation dropped"}
#: The two formulas of the corpus that lack a closing bracket.
UNCLOSED = 2


@cache
def read() -> list[tuple[str, dict[str, str], tuple[str, ...], str, Document]]:
    """Every labelled formula with its readings and reasons, each write-up as one document."""
    out = []
    for entry in CORPUS:
        text, places = "", []
        for f in entry["formulas"]:
            sign = "" if f["raw"].strip("` ").startswith("$") else "$$"
            start = len(text) + len(sign)
            text += f"{sign}{f['raw']}{sign}\n\n"
            places.append((f, start, start + len(f["raw"])))
        document = read_document(Source(entry["id"], text))
        for f, start, end in places:
            found = [x for x in document.formulas if x.start < end and x.end > start]
            out.append((entry["id"], f, tuple(x.plain for x in found if x.plain), " ".join(x.reason for x in found), document))
    return out


def agrees(plains: tuple[str, ...], label: str) -> bool:
    """The label of a chain a = b = c may name its first and last side only."""
    if len(plains) != 1:
        return False
    sides = plains[0].split(" = ")
    short = label.count(" = ") == 1 and len(sides) > 2 and same(f"{sides[0]} = {sides[-1]}", label)
    return same(plains[0], label) or short


def test_floor_and_ceiling() -> None:
    labelled = [(plains, f["plain"]) for _, f, plains, _, _ in read() if f["plain"] is not None]
    right = sum(agrees(plains, label) for plains, label in labelled)
    loud = sum(not plains for plains, _ in labelled)
    assert len(labelled) == 542
    assert right >= 492
    assert len(labelled) - right - loud <= 46


def test_what_is_not_read_has_a_reason() -> None:
    assert [f["raw"] for _, f, plains, reason, _ in read() if f["plain"] is not None and not plains and not reason] == []


def test_no_false_repairs() -> None:
    documents = {name: document for name, _, _, _, document in read()}
    repairs = [(name, r.wrote, r.why) for name, d in documents.items() for f in d.formulas for r in f.repairs]
    assert [r for r in repairs if r[2] not in ABOUT_THE_CONTAINER | {"bracket not closed"} and not r[2].startswith("macro ")] == []
    assert sum(r[2] == "bracket not closed" for r in repairs) == UNCLOSED


def test_places_are_exact() -> None:
    for _, _, _, _, document in read():
        for f in document.formulas:
            assert document.source.text[f.start : f.end] == f.raw
            for term in (t for s in (f.equation.sides if f.equation else ()) for t in s.walk() if t.span not in (None, (0, 0))):
                assert f.start <= term.span[0] <= term.span[1] <= f.end, (f.raw, term)  # type: ignore[index]
