"""The development half of the notation constructs: each is read right; the two that the language cannot say are refused or declared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from same import same

from lstm_symbolic.reading import Document, Source, read_document

CONSTRUCTS = json.loads((Path(__file__).parent.parent / "data" / "constructs_dev.json").read_text(encoding="utf-8"))
SPOKEN = [c for c in CONSTRUCTS if "plain" in c]


def document(example: str) -> Document:
    return read_document(Source("construct.md", f"$$\n{example}\n$$"))


@pytest.mark.parametrize("construct", SPOKEN, ids=lambda c: c["id"])
def test_right(construct: dict[str, object]) -> None:
    wanted = construct["plain"] if isinstance(construct["plain"], list) else [construct["plain"]]
    read = [f.plain for f in document(str(construct["example"])).formulas if f.plain]
    assert len(read) == len(wanted)
    for got, want in zip(read, wanted, strict=True):
        assert same(got, str(want)), f"{got}   instead of   {want}"


def test_the_others_are_declared_or_read_in_parts() -> None:
    """Shape declarations, and columns of gates: one equation for each."""
    others = [c for c in CONSTRUCTS if "plain" not in c]
    assert len(others) == 2
    for construct in others:
        formulas = document(construct["example"]).formulas
        assert all(f.kind == "declaration" or (f.status == "read" and f.reason and len(formulas) > 1) for f in formulas)
