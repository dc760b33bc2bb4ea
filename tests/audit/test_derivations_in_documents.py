"""Right derivations in ten notations (indices above, loop variables, rows, outer products, accumulated sums): every line is proved.

The formulas are those that textbooks and course notes state, written out again and worked through by hand; each slip put into one of them
must be found at its line.
"""

from pathlib import Path

import pytest

from lstm_symbolic.audit.check import audit
from lstm_symbolic.reading import Source

FOLDER = Path(__file__).parent.parent / "data" / "derivations"
DOCUMENTS = sorted(FOLDER.glob("*.md"))

#: Document, what stands there, what is put in its place.
SLIPS = [
    ("gru_deltas", r"\odot (1 - z_t) + U_z", r"\odot z_t + U_z"),
    ("gru_deltas", r"(U_h^\top \delta_{h,t}) \odot h_{t-1}", r"(U_h^\top \delta_{h,t}) \odot h_t"),
    ("gru_deltas", r"\delta_{h,t} (r_t \odot h_{t-1})^\top", r"\delta_{h,t} h_{t-1}^\top"),
    ("lstm_accumulated", r"\delta h^t \odot o^t \odot (1 - \tanh^2(c^t))", r"\delta h^t \odot o^t \odot (1 - \tanh(c^t))"),
    ("lstm_accumulated", r"\delta c^t \odot c^{t-1}", r"\delta c^t \odot c^t"),
    ("lstm_outer_products", r"\delta state_{t+1} \odot f_{t+1}", r"\delta state_{t+1} \odot f_t"),
    ("lstm_outer_products", r"\delta f_{t+1} \otimes out_t", r"\delta f_{t+1} \otimes out_{t+1}"),
    ("peephole_lstm", r"p_i \odot \delta \bar i^{t+1}", r"p_i \odot \delta \bar i^{t}"),
    ("rnn_loop_variables", r"dhraw h_{t-1}^T", "dhraw h_t^T"),
    ("rnn_net_input", r"W_{hh}^T \delta_{t+1} \right) \odot h_t", r"W_{hh} \delta_{t+1} \right) \odot h_t"),
    ("softmax_rnn", r"(\hat y_t - y_t) s_t^T", r"(\hat y_t - y_t) s_{t-1}^T"),
    ("linear_rnn", r"\mathbf{h}_{t-1}^\top$$", r"\mathbf{h}_t^\top$$"),
]  # fmt: skip


def lines(text: str) -> tuple[list[tuple[str, ...]], list[int]]:
    """The rows of the table of gradients, and the lines with an error."""
    report, _ = audit(Source("notes.md", text))
    rows = [row for t in report.tables if "gradients" in t.title for row in t.rows]
    return rows, sorted({f.line for f in report.findings if f.severity == "error"})


@pytest.mark.parametrize("path", DOCUMENTS, ids=[p.stem for p in DOCUMENTS])
def test_every_line_of_a_right_derivation_is_proved(path: Path) -> None:
    rows, errors = lines(path.read_text(encoding="utf-8"))
    assert len(rows) > 3
    assert [r for r in rows if r[2] not in ("proved", "proved-where-defined")] == []
    assert errors == []


@pytest.mark.parametrize(("name", "right", "wrong"), SLIPS, ids=[f"{s[0]}-{k}" for k, s in enumerate(SLIPS)])
def test_a_slip_is_found_at_its_line(name: str, right: str, wrong: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text.count(right) == 1
    at = text[: text.index(right)].count("\n") + 1
    assert lines(text.replace(right, wrong))[1] == [at]
