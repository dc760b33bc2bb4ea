"""Every construct of ``notation`` is read as a careful person reads it, or refused with a reason; never silently wrong."""

from __future__ import annotations

import pytest
from notation import GROUPS, PLAIN_TEXT, Reading
from same import same

from lstm_symbolic.reading import Document, Source, read_document

ROWS = [pytest.param(raw, reading, id=f"{group}: {raw}") for group, rows in GROUPS.items() for raw, reading in rows]
FLAT = {raw for raw, _ in PLAIN_TEXT}


def document(raw: str) -> Document:
    return read_document(Source("notation.md", raw if raw in FLAT else f"$$\n{raw}\n$$"))


@pytest.mark.parametrize(("raw", "reading"), ROWS)
def test_construct(raw: str, reading: Reading) -> None:
    found = document(raw)
    read = [f.plain for f in found.formulas if f.plain]
    wanted = () if reading is None else (reading,) if isinstance(reading, str) else reading
    assert len(read) == len(wanted), [f.reason for f in found.formulas]
    for got, want in zip(read, wanted, strict=True):
        assert same(got, want), f"{got}   instead of   {want}"
    if reading is None:
        assert all(f.reason for f in found.formulas)
        assert found.formulas
    else:
        assert not [f.ambiguous for f in found.formulas if f.ambiguous]


def test_clean_notation_is_not_repaired() -> None:
    """No row is damaged, so no repair may fire; a remark left out is no repair of damage."""
    for raw in (raw for rows in GROUPS.values() for raw, reading in rows if reading is not None):
        assert [r.why for f in document(raw).formulas for r in f.repairs if r.why != "side remark left out"] == [], raw


def test_there_are_enough() -> None:
    assert len(ROWS) >= 200


def test_weights_over_places_are_a_matrix() -> None:
    """The context of attention: alpha holds a weight for each pair of places, a sum over one of them is the matrix product."""
    [context] = read_document(Source("x.md", r"$$c_i = \sum_{j=1}^{T_x} \alpha_{ij} h_j$$")).formulas
    assert context.plain == "c = alpha @ h"
    [softmax] = read_document(Source("x.md", r"$$\alpha_{ij} = \frac{\exp(e_{ij})}{\sum_{k=1}^{T} \exp(e_{ik})}$$")).formulas
    assert softmax.status == "unreadable"
    assert "no product of a matrix and a vector" in softmax.reason
