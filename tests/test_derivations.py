"""The worked derivations: what their scripts claim holds, their Markdown is up to date, and the audit finds nothing wrong in it."""

import sys
from pathlib import Path

import pytest

from lstm_symbolic.audit.check import check_document
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import cell

FOLDER = Path(__file__).parents[1] / "derivations"
sys.path.insert(0, str(FOLDER))

from render import cells, markdown, scripts  # noqa: E402

TOPICS = {
    "concatenated_weights", "gru_backward", "gru_two_conventions", "lstm_backward", "lstm_forward", "lstm_generalises_gru", "peephole",
    "row_and_column", "truncated_bptt", "vanishing_gradient",
}  # fmt: skip


def test_every_topic_is_there() -> None:
    assert {p.stem for p in scripts()} == TOPICS
    assert all(len(p.read_text(encoding="utf-8").splitlines()) < 120 for p in scripts())


@pytest.mark.parametrize("path", scripts(), ids=lambda p: p.stem)
def test_the_claims_hold_and_the_markdown_is_theirs(path: Path) -> None:
    """The script's assertions run here; renew the files with ``python derivations/render.py``."""
    assert markdown(path) == path.with_suffix(".md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", scripts(), ids=lambda p: p.stem)
def test_the_audit_agrees(path: Path) -> None:
    report, judged = check_document(path.with_suffix(".md"))
    assert [f for f in report.findings if f.severity != "note"] == []
    assert judged
    assert {j.relation for j in judged} <= {"equivalent", "equivalent-under"}


def test_the_audit_sees_a_slip_in_them(tmp_path: Path) -> None:
    text = (FOLDER / "gru_backward.md").read_text(encoding="utf-8")
    forward = text.replace(r"(1 - z_t) \odot \tilde{h}_t", r"(1 - z_t) \odot h_t", 1)
    assert forward != text
    (tmp_path / "slip.md").write_text(forward, encoding="utf-8")
    assert any(f.severity == "error" for f in check_document(tmp_path / "slip.md")[0].findings)


def test_a_claim_that_does_not_hold_is_an_error(tmp_path: Path) -> None:
    script = tmp_path / "wrong.py"
    script.write_text('# %% [markdown]\n# Text.\n\n# %%\nassert ls.compare("x", "2*x").kind == "proved"\n', encoding="utf-8")
    with pytest.raises(AssertionError):
        markdown(script)


def test_prose_and_code_are_told_apart() -> None:
    assert list(cells("# %% [markdown]\n# # Title\n#\n# text\n# %%\nx = 1\n")) == [(True, "# Title\n\ntext"), (False, "x = 1\n")]


def test_the_equations_shown_are_the_cells() -> None:
    """The LSTM's recursion on the page is the derived one, line by line."""
    page = (FOLDER / "lstm_backward.md").read_text(encoding="utf-8")
    assert page.count(r"\frac{\partial L}{\partial W_") == sum(p.startswith("W_") for p in backward(cell("lstm")).parameters)
