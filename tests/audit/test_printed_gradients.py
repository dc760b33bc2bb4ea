"""Derivations as the tool prints them, audited: every line is proved, and a line with a slip is not."""

from __future__ import annotations

import pytest

import lstm_symbolic as ls
from lstm_symbolic.audit.check import check
from lstm_symbolic.audit.report import DocumentReport
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import cell
from lstm_symbolic.reading import Source
from lstm_symbolic.writing.show import in_notation


def audited(name: str, notation: str, written: str = "", instead: str = "") -> DocumentReport:
    own = in_notation(cell(name), notation)
    forward, gradients = ls.latex(own, notation), ls.latex(backward(own), notation)
    assert written in gradients
    source = Source("printed.md", f"$$\n{forward}\n$$\n\n$$\n{gradients.replace(written, instead, 1) if written else gradients}\n$$\n")
    return check([source], alone=True, jobs=1).documents[0]


def verdicts(report: DocumentReport) -> list[str]:
    return [row[2] for table in report.tables for row in table.rows if "gradients" in table.title]


@pytest.mark.parametrize("notation", ["default", "colah"])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_every_printed_line_is_proved(name: str, notation: str) -> None:
    report = audited(name, notation)
    assert not report.of("error")
    assert set(verdicts(report)) == {"proved"}
    assert len(verdicts(report)) == len(backward(in_notation(cell(name), notation)).equations)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("_{1:n}", "_{n+1:n+m}"),
        (r"\mathrm{dL}_{h,t} + ", r"2 \mathrm{dL}_{h,t} + "),
        (r"\tilde{\delta}_{h,t+1}", r"\tilde{\delta}_{h,t}"),
        (r"(1 - \tilde{h}_t^2)", r"(1 + \tilde{h}_t^2)"),
    ],
)
def test_a_slip_is_not_proved(written: str, instead: str) -> None:
    report = audited("gru", "colah", written, instead)
    assert report.of("error")
    assert verdicts(report).count("wrong") == 1
