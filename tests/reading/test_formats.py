"""Notebooks and pages: formulas stay at their offsets, code and markup is silent, fixes keep the file valid."""

import json
import re
from pathlib import Path

import pytest

from lstm_symbolic.audit.check import audit, check
from lstm_symbolic.audit.fix import write_fixes
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.reading import Source
from lstm_symbolic.reading.formats import plain_text
from lstm_symbolic.reading.source import load

LSTM = [
    r"$$f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$$",
    r"$$i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)$$",
    r"$$g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)$$",
    r"$$o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)$$",
    r"$$c_t = f_t \odot c_{t-1} + i_t \odot g_t$$",
    r"$$h_t = o_t \odot \tanh(c_t)$$",
]


def notebook(lines: list[str], one_string: bool = False, **how: object) -> str:
    source = ["# LSTM\n", *(f"{line}\n" for line in lines)]
    cells = [
        {"cell_type": "code", "metadata": {"note": "$$h_t = x_t$$"}, "source": ["h_t = 3 * x_t  # $$q = 1$$"], "outputs": []},
        {"cell_type": "markdown", "metadata": {}, "source": "".join(source) if one_string else source},
        {"source": ['plain "text" \u00e9 \u2208'], "metadata": {}, "cell_type": "markdown"},
    ]
    return json.dumps({"cells": cells, "metadata": {"cells": [{"source": "$$y = 2$$"}]}, "nbformat": 4, "nbformat_minor": 5}, **how)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("one_string", [False, True])
def test_a_notebook_is_its_markdown_cells(tmp_path: Path, one_string: bool, indent: int | None) -> None:
    path = tmp_path / "lesson.ipynb"
    path.write_text(notebook(LSTM, one_string, indent=indent))
    source = load(path)
    assert len(source.text) == len(source.written)
    assert source.text.count("\n") == source.written.count("\n")
    assert "q = 1" not in source.text
    assert "y = 2" not in source.text
    assert 'plain  "text "' in source.text
    report, (judged,) = audit(source)
    assert judged.match is not None
    assert judged.match.cell == "lstm"
    assert [f.code for f in report.findings if f.severity != "note"] == []
    assert not [f for f in report.formulas if f.status != "read"]


def test_a_fix_keeps_the_notebook_valid(tmp_path: Path) -> None:
    path = tmp_path / "lesson.ipynb"
    wrong = [line.replace(r"o_t \odot \tanh(c_t)", r"i_t \odot \tanh(c_t)") for line in LSTM]
    path.write_text(notebook(wrong, indent=1))
    report = check([path]).documents[0]
    (found,) = [f for f in report.findings if f.severity == "error"]
    assert found.line == 1 + path.read_text().split("\n").index(next(t for t in path.read_text().split("\n") if "h_t = i_t" in t))
    assert write_fixes(report) == 1
    cells = json.loads(path.read_text())["cells"]
    assert r"h_t = o_t" in "".join(cells[1]["source"])
    assert not [f for f in check([path]).documents[0].findings if f.severity == "error"]


def test_a_file_that_is_no_notebook_is_read_as_text() -> None:
    assert plain_text("$$h = x$$ {", "a.ipynb") == "$$h = x$$ {"


PAGE = r"""<!DOCTYPE html><html><head><title>$$a_t = b$$</title><style>x = {y}</style>
<script>var s = "$$q_t = 1$$";</script></head><body>
<h1>RNN &amp; friends</h1> <!-- $$z_t = 2$$ -->
<p>The state is \(h_t = \tanh(W x_t + U h_{t-1} + b)\), where h &#8712; R.</p>
<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>y</mi></mrow>
<annotation encoding="application/x-tex">y_t = V h_t</annotation></semantics></math></span>
<span class="katex-html" aria-hidden="true"><span>yt=Vht</span></span></span>
<script type="math/tex; mode=display">r_t = \tanh(V h_t)</script><br><img alt="$k = 1$"></body></html>
"""


def test_a_page_is_its_text_and_its_tex(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(PAGE)
    source = load(path)
    assert len(source.text) == len(PAGE)
    report, _ = audit(source)
    assert [f.plain for f in report.formulas] == ["h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)", "y[t] = V @ h[t]", "r[t] = tanh(V @ h[t])"]
    assert [f.line for f in report.formulas] == [4, 6, 8]
    assert "RNN     & friends" in source.text


def test_other_files_are_as_they_are() -> None:
    assert Source("a.md", "<p>$x$</p>").written == plain_text("<p>$x$</p>", "a.md")


@pytest.mark.parametrize(("text", "said"), [('{"cells": [', "a.ipynb:1:12: this is no notebook"), ("[]", "it has no list of cells")])
def test_a_damaged_notebook_is_an_error(text: str, said: str) -> None:
    with pytest.raises(LstmSymbolicError, match=re.escape(said)):
        plain_text(text, "a.ipynb")
