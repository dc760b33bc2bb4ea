"""The five founding documents: every mistake of theirs is found at its line with its reason, and nothing else is called wrong.

The list was made by reading the documents, not by running the audit. Where the originals lie beside the project, their findings must be
the same as those of our copies of their formulas.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from lstm_symbolic.audit.check import check, check_document
from lstm_symbolic.audit.report import DocumentReport, Finding
from lstm_symbolic.reading import Source

ROOT = Path(__file__).parents[1]
OURS = ROOT / "derivations" / "documents"
ORIGINALS = ROOT.parent / "shared" / "documents"
NAMES = ("000", "001", "002", "003", "004")

#: document, code, a piece of the line, a word of the message; twice where the document makes the mistake on two such lines.
WRONG = [
    ("000", "W302", "$C_t$  candidate", "candidate"),
    ("000", "W302", "$C_t$  candidate", "candidate"),
    ("002", "W304", r"\tanh(W_c[\Gamma_r", "Gamma_r"),
    ("002", "W304", r"\tanh(W_c[\Gamma_r", "Gamma_r"),
    ("002", "W304", r"(1 - \Gamma_u) \star", "Gamma_u"),
    ("002", "W304", r"\Gamma_u \star \tilde{c}^{< t>} + \Gamma_f", "Gamma_u"),
    ("002", "W304", r"\Gamma_f \star", "Gamma_f"),
    ("002", "W304", r"\Gamma_o \star", "Gamma_o"),
    ("003", "W308", "g(zi)g(zi)", "f(z_i)"),
    ("003", "W308", "g(zf)g(zf)", "f(z_f)"),
    ("003", "W309", "forget gate 的輸入為 0", "value"),
    ("003", "W309", "forget gate 的輸入為 1", "value"),
    ("003", "W309", "input gate 的輸入為 0", "value"),
    ("003", "W309", "input gate 的輸入為 1", "value"),
    ("003", "W309", "output gate 的輸入為 0", "value"),
    ("003", "W309", "output gate 的輸入為 1", "value"),
    ("003", "E401", r"memory\_cell: 3", "0.95"),
    # 004, the left notation
    ("004", "W302", r"C_t = \tanh \left(Xt^*W_{ct}", "candidate"),
    ("004", "W302", "Ct = tanh (Xt*Wct", "candidate"),
    ("004", "W303", r"C_3 = C_{t-1} + (C_t \otimes i_t)", "C_3"),
    ("004", "W303", r"C_3 = C_{t-1} + (C_t \otimes i_t)", "C_3"),
    ("004", "E203", r"C_3 = C_{t-1} + (C_t \otimes i_t)", "f[t]"),
    ("004", "E203", r"C_3 = C_{t-1} + (C_t \otimes i_t)", "f[t]"),
    ("004", "W301", "W_0 + h_{t-1} * U_0 + B_0", "zero"),
    ("004", "W301", "W_0 + h_{t-1} * U_0 + B_0", "zero"),
    ("004", "E204", r"\tanh(C_3 * O_t)", "tanh"),
    ("004", "E204", "tanh(C₃ * O_t)", "tanh"),
    # 004, the right notation
    ("004", "W308", r"f_t = \sigma(x_t U^f + h_{t-1} W^f)", "roles"),
    ("004", "E205", r"C_t = \sigmaig(f_t*C_{t-1}", "sigmoid"),
    ("004", "E205", r"C_t = \sigma(f_t * C_{t-1}", "sigmoid"),
    ("004", "W303", "ar{C}_tig", "C_bar"),
    ("004", "W303", r"i_t * \bar{C}_t", "C_bar"),
    # 004, what cannot be read
    ("004", "E101", r"\mathrm{EX}", "0.2"),
    ("004", "E101", r"\mathrm{loc}(3", "0.2"),
    ("004", "E104", r"C_{t}=100\%", "unknown"),
    # 004, the numbers
    ("004", "W306", "0.23 & 77 & 1.3", ".77"),
    ("004", "W304", r"\left(Xt^*W_i + h_{t-1}^*U_i + B_i", "never given"),
    ("004", "W304", "F1_{Ts_1} = 6", "U_f is used and never given"),
    # 004, step 1
    ("004", "W301", "F1_{Ts_1} = 6", "6"),
    ("004", "E206", "I1_Ts_1 = (X_TS_1", "sigmoid is missing"),
    ("004", "E201", "I1_Ts_1 = (X_TS_1", "B_i belongs here"),
    ("004", "W302", "C1_{Ts_1} = tanh", "candidate"),
    ("004", "E203", "C1_{TS_1} = (F1_{TS_1})", "C1[t - 1] is missing"),
    ("004", "W301", "C1_{TS_1} = (F1_{TS_1})", "T1"),
    ("004", "W301", "O1_TS_1 = 6", "6"),
    # 004, step 2
    ("004", "W301", "F1_{Ts_2} = 6", "6"),
    ("004", "W301", r"I1_{Ts_2} = \mathscr{O}", "mathscr"),
    ("004", "E201", r"I1_{Ts_2} = \mathscr{O}", "B_i belongs here"),
    ("004", "W302", "C1_{TS_2} = tanh", "candidate"),
    ("004", "E202", "2 = (F1 TS 1 * CT1 TS 1)", "F1[t] belongs here"),
    ("004", "E201", "2 = (F1 TS 1 * CT1 TS 1)", "C1[t - 1] belongs here"),
    ("004", "E202", "2 = (F1 TS 1 * CT1 TS 1)", "I1[t] belongs here"),
    ("004", "W301", "2 = (F1 TS 1 * CT1 TS 1)", "T1"),
    ("004", "E206", "O1_{TS_2} = (X_{TS_2}", "sigmoid is missing"),
]
#: Notes that must be there; there may be more.
NOTED = [
    ("000", "N502", r"o_t = \sigma(W_o [h_{t-1}, x_t] + b_o)", "cdot"),
    ("001", "N502", r"o_t = \sigma (W_o [h_{t-1}, x_t] + b_o)", "cdot"),
    ("002", "N506", "c <t></t>", "HTML"),
    ("002", "N501", r"\Gamma_r \star a", "(1 - z) c'"),
    ("002", "N501", r"\Gamma_r \star a", "Gamma_r[t] is too many"),
    ("002", "N501", r"\Gamma_o \star c^{< t>}", "tanh is missing"),
    ("003", "N506", "zz", "doubled"),
    ("003", "N402", "input: 3", "5 steps, 10 numbers"),
    ("004", "N504", r"f_t = \sigma(x_t U^f", "row vectors"),
    ("004", "N505", r"f_t = \sigma(x_t U^f", "biases"),
    ("004", "N401", "F1_{Ts_2} = 6", "U_f"),
]


@cache
def audited(name: str) -> DocumentReport:
    return check_document(OURS / f"{name}.md")[0]


def line(report: DocumentReport, f: Finding) -> str:
    """The source lines of a finding."""
    return "\n".join(report.text.split("\n")[f.line - 1 : f.end_line])


def unmatched(name: str, expected: list[tuple[str, str, str, str]], found: tuple[Finding, ...]) -> tuple[list[str], list[str]]:
    """What was expected and not found, and what was found and not expected; each expectation is used once."""
    report, left, missing = audited(name), list(found), []
    for document, code, piece, word in expected:
        if document == name:
            match = next((f for f in left if f.code == code and piece in line(report, f) and word in f.message), None)
            if match is None:
                missing.append(f"{code} {piece}: {word}")
            else:
                left.remove(match)
    return missing, [f"{f.code} {line(report, f)}: {f.message}" for f in left]


@pytest.mark.parametrize("name", NAMES)
def test_every_mistake_is_found_and_nothing_else_is_called_wrong(name: str) -> None:
    report = audited(name)
    assert unmatched(name, WRONG, (*report.of("error"), *report.of("warning"))) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_what_a_reader_should_know_is_noted(name: str) -> None:
    assert unmatched(name, NOTED, audited(name).of("note"))[0] == []


def test_refutations_carry_a_witness() -> None:
    shown = {f.code for f in audited("004").of("error") if f.witness}
    assert {"E203", "E204", "E205", "E206"} <= shown


def test_the_worked_step_is_shown() -> None:
    """0.9146 is sigmoid(1.135 * 0.23 + 1.132 * 1.74 + 0.14); the hidden state is zero before step 1."""
    tables = audited("004").tables
    assert [t.title.split(" computed")[0] for t in tables] == ["step TS_1", "step TS_2"]
    assert tables[0].rows[0][2].split()[0] == "0.9146"
    assert {row[0] for row in tables[0].rows} == {"F1[1]", "I1[1]", "CT1[1]", "C1[1]", "O1[1]", "H1[1]", ""}


#: document -> what is mended in it, and the codes that are found less often then.
MENDED: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "000": [("$C_t$  candidate", r"$\tilde{C}_t$  candidate", ("W302", "W302"))],
    "003": [("ZZ 通過 sigmoid function 得到", "ZZ 得到", ("E401",)), ("的輸入為", "的值為", ("W309",) * 6)],
    "004": [
        ("& 77 &", "& 0.77 &", ("W306",)),
        ("I1_Ts_1 = (X_TS_1", r"I1_Ts_1 = \sigma(X_TS_1", ("E206",)),
        (r"\tanh(C_3 * O_t)", r"\tanh(C_3) * O_t", ("E204", "E204")),
    ],
}


@pytest.mark.parametrize("name", MENDED)
def test_what_is_mended_is_no_longer_found(name: str) -> None:
    """Of two equal mistakes of 004 one is mended: the document now contradicts itself."""
    text = audited(name).text
    for wrong, right, _ in MENDED[name]:
        assert wrong in text
        text = text.replace(wrong, right)
    after = Counter(f.code for f in check_document(Source(f"{name}.md", text))[0].findings if f.code[0] in "EW")
    before = Counter(f.code for f in audited(name).findings if f.code[0] in "EW")
    assert before - after == Counter(code for *_, codes in MENDED[name] for code in codes)
    assert after - before == Counter({"E211": 1} if name == "004" else {})


def test_every_formula_is_in_the_copies() -> None:
    items = json.loads((ROOT / "tests" / "data" / "seed_formulas.json").read_text("utf-8"))
    for name in NAMES:
        text = (OURS / f"{name}.md").read_text("utf-8")
        wanted = Counter(i["raw"] for i in items if i["document"].startswith(name))
        assert {raw: n for raw, n in wanted.items() if text.count(raw) < n} == {}


def test_the_first_two_documents_state_one_system() -> None:
    report = check([OURS / "000.md", OURS / "001.md"])
    (pair,) = (c for c in report.comparisons if "zoo" not in c.right)
    assert pair.verdict == "proved"


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the original documents are not beside the project")
@pytest.mark.parametrize("name", NAMES)
def test_the_originals_have_the_same_findings(name: str) -> None:
    (path,) = ORIGINALS.glob(f"{name}_*")
    assert summary(check_document(path)[0]) == summary(audited(name))


def summary(report: DocumentReport) -> list[tuple[str, str, str, str]]:
    raw = {f.id: f.raw for f in report.formulas}
    return sorted((f.code, f.severity, f.wrote, raw.get(f.formula or "", "")) for f in report.findings)
