"""What is printed is read back: every cell of the zoo, in every notation, as the same formulas up to one renaming of the letters."""

import re
from pathlib import Path

import pytest

from lstm_symbolic.cells import cell, cells, concatenated
from lstm_symbolic.reading import load, read_document
from lstm_symbolic.writing import NOTATIONS, latex


def renaming(wrote: list[str], read: list[str]) -> dict[str, str]:
    """The one-to-one map of names that turns the first lines into the second; fails where there is none."""
    assert len(wrote) == len(read)
    names: dict[str, str] = {}
    for a, b in zip(wrote, read, strict=True):
        word = re.compile(r"[A-Za-z_]\w*")
        assert word.split(a) == word.split(b)
        for x, y in zip(word.findall(a), word.findall(b), strict=True):
            assert names.setdefault(x, y) == y
    assert len(set(names.values())) == len(names)
    return names


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", cells())
def test_print_then_read(name: str, notation: str, tmp_path: Path) -> None:
    c = concatenated(cell(name)) if NOTATIONS[notation].weights == "concatenated" else cell(name)
    document = tmp_path / "printed.md"
    document.write_text(f"$$\n{latex(cell(name), notation)}\n$$\n", encoding="utf-8")
    formulas = read_document(load(document)).formulas
    names = renaming(c.plain(), [f.plain or "" for f in formulas])
    assert all(f.status == "read" for f in formulas)
    if not NOTATIONS[notation].names:
        assert all(a == b for a, b in names.items())
