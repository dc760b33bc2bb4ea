"""The JSON of ``check`` has the fields of the contract, under these names and with these meanings."""

from __future__ import annotations

import json

from lstm_symbolic.audit.data import plain_data
from lstm_symbolic.audit.render import render
from lstm_symbolic.audit.report import Comparison, DocumentReport, Finding, Fix, Note, Report
from lstm_symbolic.audit.witness import value_text, witness_text

SUMMARY = ["documents", "formulas", "read", "repaired", "skipped", "unreadable", "errors", "warnings", "notes"]
FORMULA = {"id", "line", "column", "end_line", "end_column", "kind", "raw", "status", "reason", "plain", "repairs"}
SYSTEM = {"id", "formulas", "cell", "relation", "layout", "names", "under"}
FINDING = {
    "code", "severity", "formula", "line", "column", "end_line", "end_column", "message", "wrote", "expected", "fix", "witness",
}  # fmt: skip
COMPARISON = {"left", "right", "verdict", "names", "under", "witness", "certificate"}


def test_every_field_of_the_contract(sample):
    data = json.loads(render(sample, "json"))
    assert data["schema"] == 1
    assert list(data["summary"]) == SUMMARY
    document = data["documents"][0]
    assert {"path", "formulas", "systems", "findings"} <= document.keys()
    assert all(f.keys() >= FORMULA for f in document["formulas"])
    assert all(s.keys() >= SYSTEM for s in document["systems"])
    assert all(f.keys() >= FINDING for f in document["findings"])
    assert all(c.keys() >= COMPARISON for c in data["comparisons"])
    assert document["formulas"][3]["repairs"] == [{"wrote": "6 (", "read": r"\sigma(", "why": "a misread sigma"}]
    assert document["findings"][3]["fix"] == {"line": 6, "column": 161, "end_line": 6, "end_column": 168, "text": "x_t"}
    assert document["findings"][0]["witness"]["values"]["f[t]"] == "1/2"
    assert data["documents"][2]["error"] == "no such file"


def test_the_text_of_a_document_stays_out_of_the_json(sample):
    assert "text" not in sample.to_json()["documents"][0]


def test_summary_counts(sample):
    assert sample.summary == {
        "documents": 3, "formulas": 6, "read": 4, "repaired": 1, "skipped": 1, "unreadable": 0, "errors": 3, "warnings": 1, "notes": 1,
    }  # fmt: skip


def _finding(severity: str) -> Finding:
    return Finding("X", severity, None, 1, 1, 1, 2, "m")


def test_exit_status():
    def status(*findings: Finding, **more: object) -> int:
        return Report((DocumentReport("a", findings=findings, **more),)).exit_status()

    assert status() == 0
    assert status(_finding("note"), _finding("warning")) == 0
    assert status(_finding("warning"), _finding("error")) == 1
    assert status(_finding("error"), error="gone") == 2
    assert Report((DocumentReport("a", findings=(_finding("warning"),)),)).exit_status(("error", "warning")) == 1


def test_a_refuted_comparison_counts_only_where_equality_was_asked_for():
    documents = (DocumentReport("a"),)
    assert Report(documents, (Comparison("a#1", "b#1", "refuted"),)).exit_status() == 0
    assert Report(documents, (Comparison("a#1", "zoo#lstm", "refuted", required=True),)).exit_status() == 1
    assert Report(documents, (Comparison("a#1", "zoo#lstm", "undecided", required=True),)).exit_status() == 0


def test_notes_have_a_fixed_order_and_a_given_one_replaces_the_standard_one():
    finding = Finding(
        "E1", "error", None, 1, 1, 1, 2, "m", wrote="a", expected="b", fix=Fix(1, 1, 1, 2, "c"),
        notes=(Note("why", "w"), Note("expected", "b, as in line 3"), Note("read", "")),
    )  # fmt: skip
    assert finding.shown == (("expected", "b, as in line 3"), ("fix", "c"), ("why", "w"))


def test_plain_tuples_are_taken_as_notes():
    assert Finding("E1", "error", None, 1, 1, 1, 2, "m", notes=(("why", "w"),)).notes[0].label == "why"  # type: ignore[arg-type]


def test_witness_in_words():
    assert value_text([["1"], ["0"]]) == "[1; 0]"
    assert value_text([["1/2", "0"]]) == "[1/2 0]"
    assert value_text([["-3"]]) == "-3"
    assert witness_text({"values": {"a": "0"}, "left": "0", "right": "1"}) == "all values 0:  left 0, right 1"
    assert witness_text(None) == ""


def test_no_float_reaches_the_json():
    assert plain_data({"a": (0.5, 1, None, "x")}) == {"a": ["0.5", 1, None, "x"]}


def test_short_names(sample):
    assert sample.names["docs/bài giảng.md#s1"] == "bài giảng LSTM"
    assert sample.names["docs/gru.md#s1"] == "gru"
    assert Report((), (Comparison("a#1", "zoo#lstm", "proved"),)).names["zoo#lstm"] == "lstm"
