"""The founding documents' formulas, in the damage in which they were found: all accounted for, nearly all read, none of the junk read.

The documents are rebuilt from the raw strings, one on a line (cells of one table row on one line), with words of our own around them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from same import same

from lstm_symbolic.reading import Document, Formula, Source, read_document

SEEDS: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "data" / "seed_formulas.json").read_text(encoding="utf-8"))
#: In these forms the page had lost its math signs.
BARE = {"doubled", "mixed", "plain", "unicode", "worked-example", "tab-table"}


def written(seed: dict[str, Any]) -> str:
    raw = str(seed["raw"])
    if seed["form"] == "plain" and seed["kind"] == "symbol":
        return f"{raw} = the short memory"
    if seed["form"] in BARE or "<t>" in raw or "σ" in raw:
        return raw
    return f"$${raw}$$" if seed["form"] == "latex" and seed["kind"] not in ("symbol", "label") else f"${raw}$"


@cache
def read() -> list[tuple[dict[str, Any], tuple[Formula, ...], Document]]:
    """Every seed with the formulas found at its place."""
    out = []
    for name in dict.fromkeys(s["document"] for s in SEEDS):
        text, places, before = "The gates are sigmoid functions.\n\n", [], None
        for seed in (s for s in SEEDS if s["document"] == name):
            row = (seed["line"], seed["form"] == "table-cell")
            in_table = row[1] and before is not None and before[1]
            text += "\t" if row[1] and row == before else "\n" if in_table else "\n\n"
            before = row
            places.append((seed, len(text), len(text) + len(written(seed))))
            text += written(seed)
        document = read_document(Source(name, text + "\n"))
        out += [(seed, tuple(f for f in document.formulas if f.start < b and f.end > a), document) for seed, a, b in places]
    return out


def test_every_seed_is_accounted_for() -> None:
    assert [seed["raw"] for seed, found, _ in read() if not found] == []


def test_equations_and_expressions_are_right() -> None:
    wanted = [(s, found) for s, found, _ in read() if s["kind"] in ("equation", "expression")]
    assert len(wanted) == 70
    readings = [([f.plain for f in found], [s["plain"], *s.get("also", [])]) for s, found in wanted]
    right = [any(same(got, want) for got in plains if got for want in wants) for plains, wants in readings]
    assert sum(right) >= 66, [r for r, good in zip(readings, right, strict=True) if not good]


def test_what_is_no_formula_is_not_read() -> None:
    for seed, found, _ in read():
        if seed["reading"] is None:
            assert [f.plain for f in found if f.plain] == [], seed["raw"]
        if seed["kind"] in ("label", "unreadable", "diagram"):
            assert all(f.status in ("skipped", "unreadable") and f.reason for f in found), seed["raw"]


def test_undamaged_seeds_are_not_repaired() -> None:
    clean = [(s, found) for s, found, _ in read() if not s["flags"] and s["form"] in ("latex", "table-cell") and s["kind"] == "equation"]
    assert len(clean) >= 20
    why = {r.why for _, found in clean for f in found for r in f.repairs}
    assert why <= {"an index in another case"}  # Ts beside TS, evidence of the whole document


def test_damage_is_named() -> None:
    """What was read in damaged text says what was changed."""
    silent = [s["raw"] for s, found, _ in read() if "\\sigmaig" in s["raw"] or "^*" in s["raw"] for f in found if not f.repairs]
    assert silent == []


def test_places_are_exact() -> None:
    for _, found, document in read():
        for f in found:
            assert document.source.text[f.start : f.end] == f.raw
            for term in (t for side in (f.equation.sides if f.equation else ()) for t in side.walk() if t.span not in (None, (0, 0))):
                assert f.start <= term.span[0] <= term.span[1] <= f.end, (f.raw, term)  # type: ignore[index]
