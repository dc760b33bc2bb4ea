"""What is printed is read back: every cell of the zoo in every notation, as the same formulas up to a renaming, and proved equal."""

import re
from pathlib import Path
from typing import Any

import pytest

from lstm_symbolic.audit.compare import compare
from lstm_symbolic.cells import Cell, cell, cells, concatenated, transposed
from lstm_symbolic.expr.dims import write
from lstm_symbolic.reading import load, read_document
from lstm_symbolic.writing import NOTATIONS, latex

WORD = re.compile(r"[A-Za-z_]\w*")


def renaming(wrote: list[str], read: list[str]) -> dict[str, str]:
    """The one-to-one map of names that turns the first lines into the second; fails where there is none."""
    assert len(wrote) == len(read)
    names: dict[str, str] = {}
    for a, b in zip(wrote, read, strict=True):
        assert WORD.split(a) == WORD.split(b)
        for x, y in zip(WORD.findall(a), WORD.findall(b), strict=True):
            assert names.setdefault(x, y) == y
    assert len(set(names.values())) == len(names)
    return names


def as_printed(name: str, notation: str) -> Cell:
    """The zoo's cells have split weights, and most have columns."""
    own = NOTATIONS[notation]
    c = concatenated(cell(name)) if own.weights == "concatenated" else cell(name)
    return transposed(c) if {own.layout, c.layout} == {"row", "column"} else c


#: Not proved, and why.
OPEN = {("lstm_lee", "d2l"): "z is printed as Z, but z_i as it is; where two systems share some inputs, another name is another input"}


#: Printed and not read back, and why.
UNREAD = {
    "lstm_layer_norm": "sum(v) is no function that the reader knows",
    "mlstm": "a scalar gate before an outer product is read as a matrix product",
    "mlstm_stabilised": "a scalar gate before an outer product is read as a matrix product",
}
READ = [name for name in cells() if name not in UNREAD]


def combinations() -> list[Any]:
    pairs = [(name, notation) for notation in NOTATIONS for name in READ]
    return [pytest.param(*p, marks=[pytest.mark.xfail(reason=OPEN[p], strict=True)] if p in OPEN else []) for p in pairs]


def read_back(text: str, folder: Path) -> list[str]:
    """The lines in plain syntax, none of them repaired."""
    document = folder / "printed.md"
    document.write_text(f"$$\n{text}\n$$\n", encoding="utf-8")
    formulas = read_document(load(document)).formulas
    assert all(f.status == "read" for f in formulas)
    return [f.plain or "" for f in formulas]


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", READ)
def test_print_then_read(name: str, notation: str, tmp_path: Path) -> None:
    names = renaming(as_printed(name, notation).plain(), read_back(latex(cell(name), notation), tmp_path))
    if not NOTATIONS[notation].names:
        assert all(a == b for a, b in names.items())


@pytest.mark.parametrize(("name", "notation"), combinations())
def test_print_then_read_then_prove(name: str, notation: str, tmp_path: Path) -> None:
    """One matrix for each gate, or other letters for the weights, is a map of parameters: proved under it. Otherwise nothing changes.

    The printed formulas do not say how large a picture is, so a convolution's shapes are told.
    """
    text = latex(cell(name), notation)
    shapes = None
    if "conv" in text:
        names = renaming(as_printed(name, notation).plain(), read_back(text, tmp_path))
        shapes = {names[n]: ",".join(write(d) for d in shape) for n, shape in as_printed(name, notation).shapes.items()}
    verdict = compare(text, cell(name), shapes=shapes)
    assert verdict.kind in ("proved", "proved-under"), verdict.reason
    if not NOTATIONS[notation].names and as_printed(name, notation).shapes == cell(name).shapes:
        assert verdict.kind == "proved"


@pytest.mark.parametrize("notation", NOTATIONS)
def test_the_proof_can_fail(notation: str) -> None:
    """A slip in what is printed is refuted: the round trip does not accept everything."""
    text = latex(cell("gru"), notation).replace("1 - ", "2 - ")
    assert "2 - " in text
    assert compare(text, cell("gru")).kind == "refuted"
