"""What is printed is read back: every cell of the zoo in every notation, as the same formulas up to a renaming, and proved equal."""

import re
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lstm_symbolic.audit.compare import compare
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import Cell, cell, cells, concatenated, leaves, transposed
from lstm_symbolic.expr import plain, read_equation, shape_of
from lstm_symbolic.expr.dims import write
from lstm_symbolic.expr.plain import write as written
from lstm_symbolic.reading import load, read_document
from lstm_symbolic.writing import NOTATIONS, latex
from lstm_symbolic.writing.show import in_notation

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


#: Their formulas do not say every shape: of a gate that is one number, of the n in a mean. What is told is a declaration.
TOLD = ("lstm_layer_norm", "mlstm", "mlstm_stabilised")
READ = [name for name in cells() if name not in TOLD]


def some(names: list[str], notations: Iterable[str], count: int) -> list[tuple[str, str]]:
    """LSTM and GRU in every notation, and some of the others; ``benchmarks/round_trip.py`` runs all."""
    pairs = [(name, notation) for notation in notations for name in names]
    first = [p for p in pairs if p[0] in ("lstm", "gru")]
    others = [p for p in pairs if p not in first]
    return [*first, *Random(6).sample(others, count)]


def combinations() -> list[Any]:
    return [*some(READ, NOTATIONS, 60), ("lstm_lee", "d2l")]


def read_back(text: str, folder: Path) -> list[str]:
    """The lines in plain syntax, none of them repaired."""
    document = folder / "printed.md"
    document.write_text(f"$$\n{text}\n$$\n", encoding="utf-8")
    formulas = read_document(load(document)).formulas
    assert all(f.status == "read" for f in formulas)
    return [f.plain or "" for f in formulas]


@pytest.mark.parametrize(("name", "notation"), some(READ, NOTATIONS, 60))
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


@pytest.mark.parametrize(("name", "notation"), some(READ, NOTATIONS, 25))
def test_gradients_are_read_back(name: str, notation: str, tmp_path: Path) -> None:
    """Every line of the derivation is the same formula again, up to a one-to-one renaming: stronger than proved equal."""
    grads = backward(in_notation(cell(name), notation))
    renaming(grads.plain(), read_back(latex(grads, notation), tmp_path))


def declared(obj: Cell, notation: str) -> str:
    symbols = {s.name: s for e in obj.equations for side in e.args for s in leaves(side)}
    spaces = {name: r" \times ".join(write(d) for d in shape_of(s) if d != 1) or "1" for name, s in symbols.items()}
    return "".join(rf"${latex(s, notation)} \in \mathbb{{R}}^{{{spaces[name]}}}$" + "\n\n" for name, s in symbols.items())


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("notation", ["default", "colah", "thai-lecture"])
def test_what_is_told_is_read(name: str, notation: str, tmp_path: Path) -> None:
    """With its declarations before it, a cell is read as it is: i_t is a number and i_t (v_t k_t^T) no matrix product."""
    own = in_notation(cell(name), notation)
    (tmp_path / "printed.md").write_text(f"{declared(own, notation)}$$\n{latex(own, notation)}\n$$\n", encoding="utf-8")
    read = [f.plain or "" for f in read_document(load(tmp_path / "printed.md")).formulas if f.kind != "declaration"]
    renaming(own.plain(), read)


def test_shapes_that_are_told_decide_what_a_product_is() -> None:
    text, shapes = r"C_t = i_t (v_t k_t^\top)", {"i": "1,1", "v": "n,1", "k": "n,1", "C": "n,n"}
    assert compare(text, "C[t] = i[t] * (v[t] @ k[t].T)", shapes=shapes).kind == "proved"
    assert compare(text, "C[t] = i[t] * (k[t] @ v[t].T)", shapes=shapes).kind == "refuted"


@pytest.mark.parametrize("name", cells())
def test_plain_gradients_are_read_back(name: str) -> None:
    grads = backward(cell(name))
    for e in grads.equations:
        assert " = ".join(written(side) for side in read_equation(plain(e)).sides) == plain(e)


def test_a_changed_gradient_is_not_the_same() -> None:
    wrote = backward(cell("gru")).plain()
    with pytest.raises(AssertionError):
        renaming(wrote, [*wrote[:-1], wrote[-1].replace("delta_h_tilde", "delta_z")])


@pytest.mark.parametrize("notation", NOTATIONS)
def test_the_proof_can_fail(notation: str) -> None:
    """A slip in what is printed is refuted: the round trip does not accept everything."""
    text = latex(cell("gru"), notation).replace("1 - ", "2 - ")
    assert "2 - " in text
    assert compare(text, cell("gru")).kind == "refuted"
