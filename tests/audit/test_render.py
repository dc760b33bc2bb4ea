"""Every format says everything, in its own syntax, whatever the document contains."""

from __future__ import annotations

import html.parser
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lstm_symbolic.audit.check import check
from lstm_symbolic.audit.codes import CODES
from lstm_symbolic.audit.render import RENDERERS, render
from lstm_symbolic.audit.render_text import render_text, summary_line
from lstm_symbolic.audit.report import (
    SEVERITIES,
    Comparison,
    DocumentReport,
    Finding,
    Fix,
    FormulaRecord,
    Label,
    Note,
    Repair,
    Report,
    SystemRecord,
    Table,
)
from lstm_symbolic.audit.terminal import Style, width
from lstm_symbolic.reading import Source

EVIL = "\x1b[31m|</code><script>alert(1)</script>`` ``` ::error::x%0A,:\n::set-output name=a::b\n\u202e@someone & $x$ #1 *_"


def _evil_report() -> Report:
    """The same hostile text in every field that a document can fill."""
    finding = Finding(
        "E201", "error", "f1", 1, 1, 2, 3, EVIL, EVIL, EVIL, Fix(1, 1, 1, 2, EVIL), {"values": {EVIL: EVIL}, "left": EVIL, "right": EVIL},
        (Note(EVIL, EVIL),), (Label(2, 1, 3, EVIL),),
    )  # fmt: skip
    formula = FormulaRecord("f1", 1, 1, 1, 5, "equation", EVIL, "repaired", EVIL, EVIL, (Repair(EVIL, EVIL, EVIL),))
    system = SystemRecord("s1", ("f1",), EVIL, "differs", "column", {EVIL: EVIL}, {EVIL: EVIL}, EVIL, EVIL)
    document = DocumentReport(EVIL, EVIL, (formula,), (system,), (finding,), None, (Table(EVIL, (EVIL, EVIL), ((EVIL,),)),))
    comparison = Comparison(f"{EVIL}#s1", f"{EVIL}#s2", "refuted", {EVIL: EVIL}, {EVIL: EVIL}, {"values": {EVIL: "1"}}, None, EVIL)
    return Report((document, DocumentReport("b", error=EVIL)), (comparison,))


def test_a_finding_as_text(sample):
    text = render_text(sample, Style(80))
    assert (
        r"""docs/bài giảng.md:4:16  error E204  the output gate stands inside tanh
  |
4 |     ที่นี่ $h_t = \tanh(C_t \odot o_t)$ 输出
  |               ^^^^^^^^^^^^^^^^^^^^
  = read      h[t] = tanh(C[t] * o[t])
  = expected  h[t] = o[t] * tanh(C[t])            lstm, in this document's
              notation
  = witness   C = 1, o = 1/2:  as written 0.46, expected 0.38
  = see       lstm-symbolic explain E204
"""
        in text
    )
    assert (
        r"""docs/bài giảng.md:3:20  error E205  a sigmoid is applied to the cell state
  |
2 | Cổng quên 遗忘门: $f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$
  |                    --- the forget gate
3 | สถานะเซลล์: $C_t = \sigma(f_t \odot C_{t-1} + i_t \odot \tilde{C}_t)$
  |                   ^^^^^^
"""
        in text
    )


def test_everything_else_as_text(sample):
    text = render_text(sample, Style(80))
    assert "  LSTM                ≠ lstm (differs), column vectors, 4 formulas\n    names             C_tilde → g\n" in text
    assert "  a misread sigma     line 5: 6 ( → \\sigma(\n" in text
    assert "gone.md  not read\n    no such file\n" in text
    assert "3 documents (1 not read) · 6 formulas: 4 read, 1 repaired, 1 skipped\n3 errors, 1 warning, 1 note    1.9 s\n" in text
    assert "                bài giảng LSTM  bài giảng 细胞  gru\nbài giảng LSTM  ·               ?               ≠\n" in text
    assert "  bài giảng 细胞 ≅ gru        W_z := -W_z, b_z := -b_z;  names g → h\n" in text
    assert "  1  遗忘  0.73     0.731\n  2  f     0.5      0.622 ≠\n" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(sample, columns):
    for report in (sample, _evil_report()):
        bare = Report(tuple(replace(d, tables=(), path="notes.md") for d in report.documents), report.comparisons)
        wide = [line for line in render_text(bare, Style(columns)).split("\n") if width(line) > columns]
        assert not [line for line in wide if "E201" not in line]


def test_colour_changes_nothing_but_the_colour(sample):
    plain, colour = render_text(sample, Style(80)), render_text(sample, Style(80, True))
    assert re.sub("\x1b\\[[0-9;]*m", "", colour) == plain
    assert "\x1b[1;31merror E205\x1b[0m" in colour


def test_many_systems_fit_by_number():
    systems = tuple(SystemRecord(f"s{k}", (), title=f"a rather long title {k}") for k in range(30))
    comparisons = tuple(Comparison(f"a.md#s{i}", f"a.md#s{j}", "refuted") for i in range(30) for j in range(i))
    text = render_text(Report((DocumentReport("a.md", systems=systems),), comparisons), Style(80))
    assert max(map(width, text.split("\n"))) <= 80
    assert text.count("30 a s29  ") >= 1
    assert text.count("≠") >= 30 * 29


def test_the_zoo_stands_with_the_systems_unless_it_was_asked_for():
    documents = (DocumentReport("a.md", systems=(SystemRecord("s1", (), "lstm", "equivalent"),)),)
    pair = Comparison("a.md#s1", "zoo#lstm", "proved")
    assert "proved equal" not in render_text(Report(documents, (pair,)))
    assert "proved equal" in render_text(Report(documents, (replace(pair, required=True),)))


def test_a_long_path_leaves_room_for_the_message():
    finding = Finding("E201", "error", None, 1, 1, 1, 2, "the output gate stands inside tanh and should stand outside")
    path = "a/rather/long/folder/" * 3 + "notes.md"
    lines = render_text(Report((DocumentReport(path, "x", findings=(finding,)),)), Style(80)).split("\n")
    assert lines[:2] == [f"{path}:1:1  error E201", "    the output gate stands inside tanh and should stand outside"]


@pytest.mark.parametrize("columns", [40, 41, 80, 120])
def test_what_is_counted_fits(columns):
    found = ["error"] * 15 + ["warning"] * 39 + ["note"] * 26
    findings = tuple(Finding("E201", kind, None, k, 1, k, 2, "wrong") for k, kind in enumerate(found, 1))
    summary = summary_line(Report((DocumentReport("a", findings=findings),), seconds=5.1), Style(columns))
    assert max(map(width, summary.split("\n"))) <= columns
    assert summary.endswith("15 errors, 39 warnings, 26 notes" + ("\n" if columns < 41 else "    ") + "5.1 s")


def test_a_long_title_of_a_table_is_wrapped():
    table = Table("trace of the memory cell, recomputed with g = identity, h = identity", ("step", "input"), (("1", "3"),))
    text = render_text(Report((DocumentReport("a", tables=(table,)),)), Style(40))
    assert max(map(width, text.split("\n"))) <= 40


def test_nothing_wrong_is_said():
    assert summary_line(Report((DocumentReport("a"),)), Style()) == "1 document · 0 formulas · nothing wrong"
    assert "a\n" not in render_text(Report((DocumentReport("a"),)))


@pytest.mark.parametrize("name", RENDERERS)
def test_every_format_survives_nothing_and_everything(name, sample):
    assert render(Report(()), name) or name == "github"
    for report in (sample, _evil_report()):
        text = render(report, name)
        text.encode()
        assert not set(text) & {"\x1b", "\u202e"}


class _Page(html.parser.HTMLParser):
    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def _page(report: Report) -> _Page:
    page = _Page()
    page.feed(render(report, "html"))
    page.close()
    assert page.open == []
    return page


def test_the_page_is_closed_and_loads_nothing(sample):
    for report in (sample, _evil_report()):
        page = _page(report)
        assert not page.tags & {"script", "link", "img", "iframe", "object", "svg"}
        assert not [v for k, v in page.attributes if k.startswith("on") or (k in ("href", "src") and not v.startswith("#"))]


def test_the_page_says_everything(sample):
    text = _page(sample).text
    for formula in sample.documents[0].formulas:
        assert formula.raw in text
        assert formula.plain in text
    for _, finding in sample.findings:
        assert finding.code in text
        assert all(note.text in text for note in finding.shown)
    assert text.count("W_z := -W_z, b_z := -b_z;  names g → h") == 1, "in the direction of the comparison only"
    assert text.count("≅ proved-under") == 2
    assert "no budget left" in text
    assert "not read: no such file" in text
    assert "<script>alert(1)</script>" in _page(_evil_report()).text


def test_the_marked_characters_on_the_page(sample):
    page = render(sample, "html")
    assert r'<mark class="main">\tanh(C_t \odot o_t)</mark>' in page
    assert '<mark class="other">f_t</mark>' in page
    assert '<mark class="main">x_{t-1}</mark>' in page


def test_links_of_the_page_lead_somewhere(sample):
    page = _page(sample)
    anchors = {v for k, v in page.attributes if k == "id"}
    assert {v[1:] for k, v in page.attributes if k == "href"} <= anchors


def test_markdown_is_not_opened_by_a_document():
    text = render(_evil_report(), "markdown")
    fence = ""
    for line in text.split("\n"):
        if match := re.match("(`{3,})(text)?$", line):
            fence = "" if fence and len(match[1]) >= len(fence) else fence or match[1]
        elif not fence:
            spans = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", line)
            assert "<script" not in spans
            assert "@someone" not in spans
    assert fence == ""


def test_markdown_tables_are_rectangular(sample):
    for report in (sample, _evil_report()):
        rows: list[int] = []
        for line in [*render(report, "markdown").split("\n"), ""]:
            if line.startswith("|"):
                rows.append(len(re.findall(r"(?<!\\)\|", line)))
            elif rows:
                assert len(set(rows)) == 1
                rows = []


def test_github_commands():
    finding = Finding("E201", "error", None, 3, 4, 3, 9, "100% wrong\n::warning::x", labels=())
    report = Report((DocumentReport("a,b:c.md", "", findings=(finding,)),))
    assert render(report, "github") == (
        "::error file=a%2Cb%3Ac.md,line=3,endLine=3,col=4,endColumn=9,title=E201::100%25 wrong ::warning::x\n"
    )


def test_github_commands_are_one_a_line(sample):
    levels = {"error": "error", "warning": "warning", "note": "notice"}
    lines = render(sample, "github").splitlines()
    expected = [levels[f.severity] for _, f in sample.findings] + ["error"]
    assert [re.match("::([a-z]+) file=", line)[1] for line in lines] == expected
    assert len(render(_evil_report(), "github").splitlines()) == 2


def test_sarif_structure(sample):
    log = json.loads(render(sample, "sarif"))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = [r["id"] for r in run["tool"]["driver"]["rules"]]
    assert rules == ["E202", "E204", "E205", "N502", "W301"]
    assert len(run["results"]) == 5
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "docs/b%C3%A0i%20gi%E1%BA%A3ng.md"
        region = place["region"]
        assert (region["startLine"], region["startColumn"]) < (region["endLine"], region["endColumn"])
    fix = run["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert fix["deletedRegion"] == {"startLine": 3, "startColumn": 20, "endLine": 3, "endColumn": 69}
    assert run["results"][0]["relatedLocations"][0]["message"]["text"] == "the forget gate"
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "no such file"


def test_every_code_is_explained():
    for code, row in CODES.items():
        assert re.fullmatch("[EWN][1-5][0-9]{2}", code)
        assert row.severity in SEVERITIES
        assert row.subject
        assert 3 <= len(re.findall(r"[.?](?= |$)", row.text)) <= 6, code
        assert row.wrong
        assert row.right
        assert not row.title.endswith(".")
    assert len({row.title for row in CODES.values()}) == len(CODES)


def test_a_table_of_gradients_fits_the_terminal():
    text = (Path(__file__).parents[1] / "data" / "derivations" / "gru_deltas.md").read_text(encoding="utf-8")
    shown = render(check([Source("gru.md", text)]), "text").split("\n")
    at = next(k for k, line in enumerate(shown) if line.startswith("gradients"))
    rows = shown[at + 1 : shown.index("", at)]
    assert max(map(len, rows)) <= 80
    first = [row[11:40].strip() for row in rows[2:4]]
    assert " ".join(first) == "grad(h_tilde[t]) = grad(h[t]) * z[t]"
