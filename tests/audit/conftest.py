"""A made-up document in several scripts, and a report about it; every place was counted by hand in the comments."""

from __future__ import annotations

import pytest

from lstm_symbolic.audit.report import (
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

TEXT = "\n".join(
    [
        "# Mạng LSTM",  # 1
        r"Cổng quên 遗忘门: $f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$",  # 2: the formula begins in column 17
        r"สถานะเซลล์: $C_t = \sigma(f_t \odot C_{t-1} + i_t \odot \tilde{C}_t)$",  # 3: column 14
        "\tที่นี่ $h_t = \\tanh(C_t \\odot o_t)$ 输出",  # 4: column 10
        r"$$o_t = 6 (W_o x_t)$$",  # 5: column 3
        "x" * 150 + r" $g_t = W x_{t-1}$ " + "y" * 150,  # 6: column 153
        "\x1b[31mred\x1b[0m \u202eevil\u202c $z$",  # 7
    ]
)


def _formula(number: int, line: int, column: int, raw: str, **more: object) -> FormulaRecord:
    values = {"kind": "equation", "status": "read", **more}
    return FormulaRecord(f"f{number}", line, column, line, column + len(raw), raw=raw, **values)  # type: ignore[arg-type]


FORMULAS = (
    _formula(1, 2, 17, r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)", plain="f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1] + b_f)"),
    _formula(
        2, 3, 14, r"C_t = \sigma(f_t \odot C_{t-1} + i_t \odot \tilde{C}_t)", plain="C[t] = sigmoid(f[t] * C[t - 1] + i[t] * C_tilde[t])",
    ),
    _formula(3, 4, 10, r"h_t = \tanh(C_t \odot o_t)", plain="h[t] = tanh(C[t] * o[t])"),
    _formula(
        4, 5, 3, "o_t = 6 (W_o x_t)", status="repaired", plain="o[t] = sigmoid(W_o @ x[t])",
        repairs=(Repair("6 (", r"\sigma(", "a misread sigma"),),
    ),
    _formula(5, 6, 153, "g_t = W x_{t-1}", plain="g[t] = W @ x[t - 1]"),
    _formula(6, 7, 21, "z", kind="symbol", status="skipped", reason="a symbol alone"),
)  # fmt: skip

FINDINGS = (
    Finding(
        "E205", "error", "f2", 3, 20, 3, 26, "a sigmoid is applied to the cell state",
        wrote="C[t] = sigmoid(f[t] * C[t - 1] + i[t] * C_tilde[t])", expected="C[t] = f[t] * C[t - 1] + i[t] * C_tilde[t]",
        fix=Fix(3, 20, 3, 69, r"f_t \odot C_{t-1} + i_t \odot \tilde{C}_t"),
        witness={"values": {"f[t]": "1/2", "C[t-1]": "1", "i[t]": "0", "C_tilde[t]": "0"}, "left": "0.62", "right": "0.50"},
        labels=(Label(2, 17, 20, "the forget gate"),),
    ),
    Finding(
        "E204", "error", "f3", 4, 16, 4, 36, "the output gate stands inside tanh",
        wrote="h[t] = tanh(C[t] * o[t])", expected="h[t] = o[t] * tanh(C[t])",
        witness={"values": {"C": [["1"]], "o": [["1/2"]]}, "left": "0.46", "right": "0.38"},
        notes=(
            Note("expected", "h[t] = o[t] * tanh(C[t])            lstm, in this document's notation"),
            Note("see", "lstm-symbolic explain E204"),
        ),
    ),
    Finding("W301", "warning", "f4", 5, 9, 5, 12, "damaged text was repaired by a guess", fix=Fix(5, 9, 5, 12, r"\sigma(")),
    Finding("E202", "error", "f5", 6, 161, 6, 168, "a time index is wrong", fix=Fix(6, 161, 6, 168, "x_t")),
    Finding("N502", "note", None, 7, 1, 7, 5, "an escape sequence \x1b[31m and \u202e in a message"),
)  # fmt: skip

SYSTEMS = (
    SystemRecord("s1", ("f1", "f2", "f3", "f4"), "lstm", "differs", "column", {"f": "f", "C_tilde": "g"}, title="LSTM"),
    SystemRecord("s2", ("f5",), None, "undecided", "column", title="细胞"),
)
TABLE = Table(
    "worked example, line 9", ("t", "ค่า", "printed", "recomputed"), (("1", "遗忘", "0.73", "0.731"), ("2", "f", "0.5", "0.622 ≠")),
)  # fmt: skip


@pytest.fixture
def sample() -> Report:
    other = DocumentReport("docs/gru.md", "", systems=(SystemRecord("s1", (), "gru", "equivalent-under", "row", {}, {"W_z": "-W_z"}),))
    return Report(
        (
            DocumentReport("docs/bài giảng.md", TEXT, FORMULAS, SYSTEMS, FINDINGS, None, (TABLE,)), other,
            DocumentReport("gone.md", error="no such file"),
        ),
        (
            Comparison(
                "docs/bài giảng.md#s1", "docs/gru.md#s1", "refuted", {}, {},
                {"values": {"W_f": [["1"]], "x[1]": "1"}, "left": "0.1", "right": "0.2"},
            ),
            Comparison("docs/bài giảng.md#s1", "docs/bài giảng.md#s2", "undecided", reason="no budget left"),
            Comparison("docs/bài giảng.md#s2", "docs/gru.md#s1", "proved-under", {"g": "h"}, {"W_z": "-W_z", "b_z": "-b_z"}),
        ),
        1.9,
    )  # fmt: skip
