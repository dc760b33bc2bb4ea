"""Numbers as claims. Stated values come from NumPy or from arithmetic that is written out; every check is also shown to fail."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_symbolic.audit.check import check_document
from lstm_symbolic.audit.report import DocumentReport, Finding
from lstm_symbolic.audit.worked_trace_reading import read_trace
from lstm_symbolic.reading import Source

LSTM = r"""
$$f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$$
$$i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)$$
$$o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)$$
$$g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)$$
$$C_t = f_t \odot C_{t-1} + i_t \odot g_t$$
$$h_t = o_t \odot \tanh(C_t)$$
"""
CELL = """
The input ZZ 通過 sigmoid function 得到 g(z)g(z)
zizi zfzf zozo cc aa
- $c'=g(z)f(z_i)+cf(z_f)$
- $a=h(c')f(z_o)$
"""


def audit(text: str) -> DocumentReport:
    return check_document(Source("example.md", text))[0]


def numbers(report: DocumentReport, *codes: str) -> list[tuple[str, str, str]]:
    return [(f.code, at(report, f), f.expected) for f in report.findings if f.code in codes]


def at(report: DocumentReport, f: Finding) -> str:
    """The text below the caret."""
    return report.text.split("\n")[f.line - 1][f.column - 1 : f.end_column - 1]


def tex(values: np.ndarray, digits: int = 2) -> str:
    return r"\begin{bmatrix} " + r" \\ ".join(" & ".join(f"{v:.{digits}f}" for v in row) for row in values) + r" \end{bmatrix}"


class Example:
    """Two steps of an LSTM with three inputs and two states, computed by NumPy."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        shapes = {"W": (2, 3), "U": (2, 2), "b": (2, 1)}
        self.weights = {f"{k}_{g}": np.round(rng.normal(size=s), 2) for g in "fiog" for k, s in shapes.items()}
        self.inputs = [np.round(rng.normal(size=(3, 1)), 2) for _ in range(2)]
        self.stated: dict[str, np.ndarray] = {}
        h = c = np.zeros((2, 1))
        for t, x in enumerate(self.inputs, 1):
            a = {g: self.weights[f"W_{g}"] @ x + self.weights[f"U_{g}"] @ h + self.weights[f"b_{g}"] for g in "fiog"}
            f, i, o = (1 / (1 + np.exp(-a[g])) for g in "fio")
            c = f * c + i * np.tanh(a["g"])
            h = o * np.tanh(c)
            self.stated |= {f"f_{t}": f, f"C_{t}": c, f"h_{t}": h}

    def text(self, start: str = "$$h_0 = 0$$\n$$C_0 = 0$$", without: tuple[str, ...] = (), digits: int = 4) -> str:
        rows = {**self.weights, **{f"x_{t}": x for t, x in enumerate(self.inputs, 1)}}
        lines = [f"$${k} = {tex(v)}$$" for k, v in rows.items() if k not in without]
        return "\n".join([LSTM, start, *lines, *(f"$${k} = {tex(v, digits)}$$" for k, v in self.stated.items())])


EXAMPLE = Example()


def test_stated_values_of_numpy_are_confirmed() -> None:
    report = audit(EXAMPLE.text())
    assert not report.of("error")
    assert [f.message for f in report.findings if f.code == "N402"] == ["12 stated numbers follow from the matrices"]
    assert len(report.tables) == 2
    shown = [float(row[2]) for row in report.tables[1].rows]
    assert shown[-2:] == [round(float(v), 4) for v in EXAMPLE.stated["h_2"][:, 0]]


def test_one_changed_entry_is_one_error_at_its_place() -> None:
    right = f"{EXAMPLE.stated['C_1'][1, 0]:.4f}"
    report = audit(EXAMPLE.text().replace(f"{right} " + r"\end", r"0.9999 \end", 1))
    assert numbers(report, "E401", "W401", "N402") == [("E401", "0.9999", right)]
    (found,) = (f for f in report.findings if f.code == "E401")
    assert found.severity == "error"
    assert found.fix is not None
    assert found.fix.text == right


def test_a_cut_digit_is_rounding_and_no_error() -> None:
    value = float(EXAMPLE.stated["h_2"][0, 0])
    last = round(value * 10**4)
    report = audit(EXAMPLE.text().replace(f"h_2 = \\begin{{bmatrix}} {value:.4f}", f"h_2 = \\begin{{bmatrix}} {(last + 1) / 10**4:.4f}"))
    assert numbers(report, "E401", "W401") == [("W401", f"{(last + 1) / 10**4:.4f}", f"{value:.4f}")]


def test_without_a_stated_start_a_difference_is_only_doubtful() -> None:
    text = EXAMPLE.text(start="").replace(f"{EXAMPLE.stated['f_1'][0, 0]:.4f}", "0.5000", 1)
    (found,) = (f for f in audit(text).findings if f.code == "E401")
    assert found.severity == "warning"
    assert any("h[0] = 0" in n.text for n in found.notes)


def test_a_parameter_never_given_is_named_once_and_stops_what_needs_it() -> None:
    report = audit(EXAMPLE.text(without=("U_f",)))
    assert [at(report, f) for f in report.findings if f.code == "W304"] == ["U_f"]
    (note,) = (f for f in report.findings if f.code == "N401")
    assert "step 2" in note.message
    assert "U_f is never given" in note.message
    first, second = report.tables
    assert not any("not computed" in row[2] for row in first.rows)
    assert [row[0] for row in second.rows if "not computed" in row[2]] == ["f[2]"]
    assert not report.of("error"), "the printed f_2 takes the place of the one that cannot be computed"


def test_no_example_no_finding() -> None:
    report = audit(LSTM + "$$b_f = [1 1 1]$$")
    assert not numbers(report, "W304", "N401", "E401", "E403")
    assert not report.tables


def test_numbers_of_another_shape() -> None:
    text = EXAMPLE.text().replace(f"W_i = {tex(EXAMPLE.weights['W_i'])}", r"W_i = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}")
    report = audit(text)
    assert [f.code for f in report.findings if f.code == "E403"]
    assert "E401" not in {f.code for f in report.findings}


def test_a_matrix_printed_twice() -> None:
    again = f"\n$$W_f = {tex(EXAMPLE.weights['W_f'])}$$\n"
    assert not numbers(audit(EXAMPLE.text() + again), "E211")
    entry = f"{EXAMPLE.weights['W_f'][1, 2]:.2f}"
    changed = audit(EXAMPLE.text() + again.replace(entry, "7.25"))
    assert [(c, where) for c, where, _ in numbers(changed, "E211")] == [("E211", "7.25")]


@pytest.mark.parametrize(("wrote", "meant"), [("77", ".77"), ("131", "1.31")])
def test_a_lost_decimal_point(wrote: str, meant: str) -> None:
    entry = f"{EXAMPLE.weights['U_i'][0, 0]:.2f}"
    report = audit(LSTM + EXAMPLE.text().replace(f"U_i = \\begin{{bmatrix}} {entry}", f"U_i = \\begin{{bmatrix}} {wrote}"))
    assert ("W306", wrote, meant) in numbers(report, "W306")
    assert len(numbers(report, "W306")) == 1


@pytest.mark.parametrize("row", ["1 & 2 & 3 & 40 & 5 & 6 & 7 & 8 & 9", "0.1 & 0.2 & 0.3 & 0.4 & 0.5 & 0.6 & 0.7 & 0.8 & 0.9 & 5 & 0.3"])
def test_numbers_that_are_no_lost_point(row: str) -> None:
    assert not numbers(audit(rf"{LSTM} $$W_f = \begin{{bmatrix}} {row} \end{{bmatrix}}$$"), "W306")


# -- traces ------------------------------------------------------------------------------------------------------------------------

STEPS = [
    ("(3,1,0)", 3, "open", "open", 3, "close", 0),
    ("(4,1,0)", 4, "open", "open", 7, "close", 0),
    ("(2,0,0)", 2, "close", "open", 7, "close", 0),
    ("(1,0,1)", 1, "close", "open", 7, "open", 7),
    ("(3,-1,0)", 3, "close", "close", 0, "close", 0),
]
KEYS = ("input", r"input\_gate", "forget gate", r"memory\_cell", "output-gate", "output")


def trace(steps: list[tuple[object, ...]] = STEPS, bullet: str = "o ") -> str:  # type: ignore[assignment]
    lines = []
    for k, (vector, *values) in enumerate(steps, 1):
        lines.append(f"- {k}. input: {vector}")
        lines += [f"  - {bullet}{key}: {v}" for key, v in zip(KEYS, values, strict=True)]
    return "\n".join(lines)


def test_a_trace_is_recomputed_and_contradicts_the_words() -> None:
    report = audit(CELL + trace())
    assert numbers(report, "E401", "N402") == [("N402", "3", ""), ("E401", "3", "memory = 0.9526")]
    (found,) = (f for f in report.findings if f.code == "E401")
    assert found.severity == "error"
    assert report.text.split("\n")[found.line - 1].lstrip(" -o").startswith(r"memory\_cell")
    assert [report.text.split("\n")[x.line - 1][:11] for x in found.labels] == ["The input Z"]
    (table,) = report.tables
    assert [row[5:7] for row in table.rows] == [("3", "3"), ("7", "7"), ("7", "7"), ("7", "7"), ("0", "0")]
    assert [row[7:9] for row in table.rows] == [("0", "0"), ("0", "0"), ("0", "0"), ("7", "7"), ("0", "0")]


def test_the_words_in_english() -> None:
    words = CELL.replace("ZZ 通過 sigmoid function 得到 g(z)g(z)", "$z$ is passed through a sigmoid function, which gives $g(z)$")
    assert [c for c, *_ in numbers(audit(words + trace()), "E401")] == ["E401"]
    assert not numbers(audit(words.replace("is passed", "is not passed") + trace()), "E401")


def test_a_trace_agrees_where_no_sigmoid_is_named() -> None:
    for text in (CELL.replace("sigmoid function", "g"), CELL.replace("通過", "不通過")):
        assert numbers(audit(text + trace()), "E401", "N402") == [("N402", "3", "")]


def test_a_wrong_memory_is_found_once_at_its_place() -> None:
    words = CELL.replace("sigmoid function", "g")
    wrong = [s if k != 2 else (*s[:4], 8, *s[5:]) for k, s in enumerate(STEPS)]
    report = audit(words + trace(wrong, ""))
    assert numbers(report, "E401", "N402") == [("E401", "8", "memory = 7")]
    carried = [*wrong[:3], (*STEPS[3][:4], 8, "open", 8), STEPS[4]]
    assert numbers(audit(words + trace(carried)), "E401") == [("E401", "8", "memory = 7")]


def test_a_wrong_output_is_found() -> None:
    wrong = [s if k != 3 else (*s[:6], 6) for k, s in enumerate(STEPS)]
    assert ("E401", "6", "output = 7") in numbers(audit(CELL + trace(wrong)), "E401")


def test_decimals_are_exact_fractions() -> None:
    steps = [("(1,1)", "0.1", "open", "open", "0.1", "close", 0), ("(2,1)", "0.2", "open", "open", "0.3", "open", "0.3")]
    words = CELL.replace("sigmoid function", "g")
    assert [c for c, *_ in numbers(audit(words + trace(steps)), "E401", "N402")] == ["N402"]
    steps[1] = (*steps[1][:4], "0.4", "open", "0.4")
    assert numbers(audit(words + trace(steps)), "E401") == [("E401", "0.4", "memory = 0.3")]


def test_a_trace_of_sigmoids_is_no_contradiction() -> None:
    steps = [("(3,1)", "3", "open", "open", "0.953", "close", 0), ("(4,1)", "4", "open", "open", "1.935", "open", "1.935")]
    assert [c for c, *_ in numbers(audit(CELL + trace(steps)), "E401", "N402")] == ["N402"]


def test_numbers_of_other_functions_are_no_error() -> None:
    steps = [("(3,1)", "3", "open", "open", "0.995", "close", 0), ("(4,1)", "4", "open", "open", "1.994", "open", "0.964")]
    assert [c for c, *_ in numbers(audit(CELL.replace("sigmoid function", "g") + trace(steps)), "E401", "N401")] == ["N401"]


@pytest.mark.parametrize(
    "text",
    [
        "1. input: 3, input gate: open, memory: 3\n2. input: 4, input gate: closed, memory: 7",
        "* **input**: 3\n* input_gate = on\n* memory cell: 3\n* **input**: 4\n* input_gate = off\n* memory cell: 7",
        "輸入：3\n輸入閘：開\n記憶：3\n輸入：4\n輸入閘：關\n記憶：7",
    ],
)
def test_spellings_of_a_trace(text: str) -> None:
    steps = read_trace(text).steps
    assert [[s.parts[p].text for p in ("input", "input_gate", "memory")] for s in steps] == [["3", "1", "3"], ["4", "0", "7"]]
    assert [[text[slice(*s.parts[p].span)] for p in ("input", "memory")] for s in steps] == [["3", "3"], ["4", "7"]]


def test_lists_that_are_no_trace() -> None:
    for text in ("layer 1: input: 3, output: 5\nlayer 2: input: 5, output: 2", "input: 3, memory: 4\ninput: 5, memory: 6", ""):
        assert not read_trace(text).steps


def test_a_start_that_is_stated() -> None:
    assert read_trace(r"memory\_cell: init 2").start == 2
    assert read_trace("初始 memory 為 5").start == 5
