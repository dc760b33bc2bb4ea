"""Decks: what is on the pages, in four languages and five forms; what hostile text becomes; what is said of bad input."""

from __future__ import annotations

import html.parser
import itertools
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lstm_symbolic as ls
from lstm_symbolic import cli
from lstm_symbolic.audit.codes import CODES
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import Cell, cell, cells
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.expr import plain
from lstm_symbolic.slides import as_beamer, as_html, as_typst, fonts
from lstm_symbolic.slides.compose import compose
from lstm_symbolic.slides.deck import Code, Columns, Deck, Equations, Page, Picture, Plot, Sentence, Table
from lstm_symbolic.slides.documents import audited, error_pages
from lstm_symbolic.slides.flowing import gradient_flow
from lstm_symbolic.slides.make import SUFFIXES, save, slides
from lstm_symbolic.slides.purpose import purpose
from lstm_symbolic.slides.words import LANGUAGES, words
from lstm_symbolic.writing import Style

EVIL = '</script><script>alert(1)</script>" onload="x #read("secret") $ \\input{secret} \\write18{ls} & % ~ ^ _ } { ` ${1}'


def hostile() -> Deck:
    plot = Plot(((EVIL, (1.0, 0.5)),), EVIL, EVIL)
    blocks = (Sentence(EVIL), Code(EVIL, EVIL), Table((EVIL,), ((EVIL,),)), Columns(((Sentence(EVIL),),)), plot)
    return Deck(EVIL, EVIL, (Page(EVIL, blocks, EVIL),), Style(), "en")


def named_badly() -> Cell:
    """A cell whose symbols are commands."""
    import sympy

    from lstm_symbolic.expr import TimeSymbol

    c = cell("rnn")
    names = {"h": "\\input{x}", "x": "#read(1)", "W": "<script>", "U": 'a"b', "b": "\\write18{ls}$"}

    def rename(e: sympy.Basic) -> sympy.Basic:
        table = {}
        for s in e.atoms(sympy.MatrixSymbol):
            args = (names[s.name], *s.shape)
            table[s] = TimeSymbol(*args, *s.index) if isinstance(s, TimeSymbol) else sympy.MatrixSymbol(*args)
        return e.xreplace(table)

    (e,) = c.equations
    equation = sympy.Eq(rename(e.lhs), rename(e.rhs), evaluate=False)
    return Cell.from_equations([equation], name="\\input{x}", title="<script>alert(1)</script>")


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_pages_of_two_cells() -> None:
    deck = compose([cell("lstm"), cell("gru")], Style(), "en")
    titles = [p.title for p in deck.pages]
    for title in ("The equations", "The cell as a picture", "Unrolled over time", "Gates at 0 and at 1", "Gradients of the parameters"):
        assert titles.count(title) >= 2
    assert titles[-3:] == ["How far do gradients reach?", "Side by side", "Sizes"]
    blocks = [b for p in deck.pages for b in p.blocks]
    explained = [b for b in blocks if isinstance(b, Equations) and b.sentences]
    assert [len(b.rows) == len(b.sentences) for b in explained] == [True] * len(explained)
    assert sum(isinstance(b, Picture) for b in blocks) == 6
    shown = {row for b in blocks if isinstance(b, Equations) for row in b.rows}
    for c in ("lstm", "gru"):
        assert {(e.lhs, e.rhs) for e in cell(c).equations} <= shown


def test_every_gradient_is_on_a_page() -> None:
    grads = backward(cell("gru"))
    deck = compose([grads], Style(), "en")
    blocks = [b for p in deck.pages for b in p.blocks]
    inner = [x for b in blocks for x in (itertools.chain(*b.columns) if isinstance(b, Columns) else [b])]
    shown = {row for b in inner if isinstance(b, Equations) for row in b.rows}
    assert {(e.lhs, e.rhs) for e in grads.equations} <= shown


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_language_says_everything(lang) -> None:
    own, english = words(lang), words("en")
    assert own.titles.keys() == english.titles.keys()
    assert own.sentences.keys() == english.sentences.keys()
    assert all(text.strip() for text in (*own.titles.values(), *own.sentences.values()))
    if lang != "en":
        assert not {k for k in english.sentences if own.sentences[k] == english.sentences[k]}


@pytest.mark.parametrize(("lang", "letters"), [("vi", "[à-ỹđ]"), ("zh", "[\u4e00-\u9fff]"), ("th", "[\u0e01-\u0e4e]")])
def test_every_finding_code_has_a_sentence_in_every_language(lang, letters) -> None:
    own = words(lang).findings
    assert own.keys() == CODES.keys()
    assert len(set(own.values())) == len(own), "two codes would look alike"
    assert all(re.search(letters, text, re.IGNORECASE) and len(text) <= 90 for text in own.values())


def test_an_error_is_told_in_the_language_of_the_deck(tmp_path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(ls.latex(cell("gru"), "default").join(("$$\n", "\n$$\n")).replace("(1 - z_t)", "(1 + z_t)"), encoding="utf-8")
    for lang, sentence in (("vi", "Sai dấu."), ("zh", "正负号有误。"), ("th", "เครื่องหมายบวกลบผิด")):
        target = tmp_path / f"deck.{lang}.typ"
        assert cli.main(["slides", str(path), "--lang", lang, "-o", str(target)]) == 0
        text = target.read_text(encoding="utf-8")
        assert "E210" in text
        assert sentence in text


def test_what_was_expected_is_a_formula(tmp_path) -> None:
    """Without a fix in the author's own letters, the right formula is typeset, with the products that its system says."""
    path = tmp_path / "notes.md"
    path.write_text(
        "f_t = sigmoid(W_f x_t + U_f h_{t-1})\n\ni_t = sigmoid(W_i x_t + U_i h_{t-1})\n\no_t = sigmoid(W_o x_t + U_o h_{t-1})\n\n"
        "g_t = tanh(W_g x_t + U_g h_{t-1})\n\nc_t = f_t * c_{t-1} + i_t * g_t\n\nht = tanh(c_t * o_t)\n",
        encoding="utf-8",
    )
    report = audited(path)
    report = replace(report, findings=tuple(replace(f, fix=None) for f in report.findings))
    (page,) = (p for p in error_pages(report, words("en")) if "E204" in p.title)
    assert [plain(row) for b in page.blocks if isinstance(b, Equations) for row in b.rows] == ["h[t] = tanh(c[t]) * o[t]"]
    assert "⊙" in ls.unicode(next(b for b in page.blocks if isinstance(b, Equations)).rows[0])


@pytest.mark.parametrize("name", cells())
def test_every_equation_has_a_sentence(name) -> None:
    c = cell(name)
    assert {purpose(c, n) for n in c.defined} <= words("en").sentences.keys()


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("lstm", {"f": "forget", "i": "input", "o": "output", "C_tilde": "candidate", "C": "memory", "h": "hidden"}),
        ("gru_reset_after", {"r": "reset", "z": "update", "h_tilde": "candidate", "h": "memory"}),
        ("lstm_keras", {"f": "forget", "i": "input", "o": "output", "c": "memory"}),
        ("lstm_cs230", {"G_u": "input", "G_f": "forget", "G_o": "output", "G_r": "reset"}),
        ("gru_z_writes", {"z": "update", "r": "reset"}),
        ("slstm", {"i": "input", "f": "forget", "o": "output"}),
        ("rnn", {"h": "state"}),
    ],
)
def test_purposes_do_not_depend_on_names(name, want) -> None:
    c = cell(name)
    assert {n: purpose(c, n) for n in want} == want


def test_the_flow_is_the_true_gradient() -> None:
    """Against finite differences of a forward pass written here."""
    flow = gradient_flow(cell("rnn"), steps=6, seed=3)
    rng = np.random.default_rng(3)
    n = 8
    weights = {}
    for p in cell("rnn").parameters:
        size = (n, 1) if p == "b" else (n, n)
        weights[p] = np.zeros(size) if p == "b" else rng.uniform(-1, 1, size) / np.sqrt(n)
    x = [rng.standard_normal((n, 1)) for _ in range(8)]
    u = rng.standard_normal((n, 1))

    def loss(start: int, h: np.ndarray) -> float:
        for t in range(start + 1, 7):
            h = np.tanh(weights["W"] @ x[t + 1] + weights["U"] @ h + weights["b"])
        return float((u.T @ h).item())

    states = [np.zeros((n, 1))]
    for t in range(7):
        states.append(np.tanh(weights["W"] @ x[t + 1] + weights["U"] @ states[-1] + weights["b"]))
    norms = []
    for t in range(6, -1, -1):
        h = states[t + 1]
        bumps = [np.eye(n)[:, [k]] * 1e-5 for k in range(n)]
        norms.append(np.sqrt(sum(((loss(t, h + d) - loss(t, h - d)) / 2e-5) ** 2 for d in bumps)))
    assert np.allclose(flow, np.array(norms) / norms[0], rtol=1e-6)


def test_an_lstm_remembers_longer_than_a_simple_network() -> None:
    assert gradient_flow(cell("lstm"))[50] > 1e3 * gradient_flow(cell("rnn"))[50]


def test_html_is_harmless() -> None:
    for deck in (hostile(), compose([named_badly()], Style(), "en")):
        text = as_html.render(deck)
        tags = Tags()
        tags.feed(text)
        assert tags.tags.count("script") == 1
        assert not tags.attributes & {"onload", "onclick", "onerror", "src", "href"}
        assert "default-src 'none'" in text
        assert "alert(1)</script>" not in text


def test_typst_is_harmless(tmp_path) -> None:
    compiler = pytest.importorskip("typst")
    (tmp_path / "secret").write_text("SECRET", encoding="utf-8")
    for deck in (hostile(), compose([named_badly()], Style(), "en")):
        source = as_typst.render(deck)
        outside = re.sub(r'"(?:\\.|[^"\\])*"', '""', source.partition("#page(align")[2])
        assert "read" not in outside
        (tmp_path / "deck.typ").write_text(source, encoding="utf-8")
        compiler.compile(str(tmp_path / "deck.typ"), output=str(tmp_path / "deck.pdf"))
        assert (tmp_path / "deck.pdf").stat().st_size > 1000


def test_tex_is_harmless() -> None:
    for deck in (hostile(), compose([named_badly()], Style(), "en")):
        source = as_beamer.render(deck)
        assert not re.search(r"\\(input|write|include|read|openin|immediate|catcode)(?![a-z])", source)
        assert source.count(r"\begin{document}") == source.count(r"\end{document}") == 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
@pytest.mark.parametrize("deck", [hostile, lambda: compose([named_badly()], Style(), "en"), lambda: compose([cell("gru")], Style(), "en")])
def test_beamer_compiles_without_overfull_lines(tmp_path, deck) -> None:
    (tmp_path / "deck.tex").write_text(as_beamer.render(deck()), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "deck.tex"], cwd=tmp_path, capture_output=True, check=False
    )
    log = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, log[-3000:]
    if deck is not hostile:
        assert "Overfull" not in log, re.findall(r"Overfull.*", log)


def test_missing_fonts_are_named(monkeypatch, tmp_path) -> None:
    pytest.importorskip("typst")
    monkeypatch.setattr(fonts, "installed", lambda: {"Libertinus Serif"})
    for lang, package in (("zh", "fonts-noto-cjk"), ("th", "fonts-thai-tlwg")):
        with pytest.raises(LstmSymbolicError) as stop:
            slides("rnn", lang=lang, to=tmp_path / "deck.pdf")
        assert package in stop.value.hint
    slides("rnn", lang="vi", to=tmp_path / "deck.pdf")
    assert (tmp_path / "deck.pdf").read_bytes().startswith(b"%PDF")


def test_vietnamese_needs_no_other_font() -> None:
    assert fonts.missing(words("vi").sentences.values(), {"Libertinus Serif"}) == []
    text = "".join((*words("vi").sentences.values(), *words("vi").titles.values()))
    assert fonts.shown(text) == text


@pytest.mark.parametrize("suffix", [".html", ".tex", ".typ"])
def test_sources_are_written(tmp_path, suffix) -> None:
    target = tmp_path / f"deck{suffix}"
    assert cli.main(["slides", "rnn", "--lang", "zh", "-o", str(target)]) == 0
    assert "新状态" in target.read_text(encoding="utf-8")


def test_pictures_of_pages(tmp_path) -> None:
    pytest.importorskip("typst")
    assert cli.main(["slides", "rnn", "-o", str(tmp_path / "deck.png")]) == 0
    made = sorted(tmp_path.glob("deck-*.png"))
    deck = ls.slides("rnn")
    assert len(made) == len(deck.pages) + 1, "no page runs over"


def test_bad_input(tmp_path, capsys) -> None:
    assert cli.main(["slides", "rnn", "-o", str(tmp_path / "deck.doc")]) == 2
    assert ".pdf, .png" in capsys.readouterr().err
    assert cli.main(["slides", "nonsense", "-o", str(tmp_path / "deck.pdf")]) == 2
    assert "no cell is called" in capsys.readouterr().err
    assert cli.main(["slides", str(tmp_path / "none.md"), "-o", str(tmp_path / "deck.pdf")]) == 2
    assert "none.md" in capsys.readouterr().err
    assert cli.main(["slides", "rnn", "--notation", "klingon", "-o", str(tmp_path / "deck.pdf")]) == 2
    assert "known notations: default" in capsys.readouterr().err
    with pytest.raises(LstmSymbolicError, match="no words in 'tlh'") as stop:
        slides("rnn", lang="tlh")
    assert stop.value.hint == "languages: en, vi, zh, th"
    with pytest.raises(LstmSymbolicError, match="a deck of nothing"):
        slides([])
    with pytest.raises(LstmSymbolicError, match="no deck is made as"):
        save(slides("rnn"), Path("deck"))
    assert ".pdf" in SUFFIXES


DOCUMENT = r"""
# GRU
$$z_t = \sigma(V_z x_t + R_z s_{t-1} + b_z)$$
$$r_t = \sigma(V_r x_t + R_r s_{t-1} + b_r)$$
$$\tilde{s}_t = \tanh(V_s x_t + R_s (r_t \circ s_{t-1}) + b_s)$$
$$s_t = z_t \circ s_{t-1} + (1 - z_{t-1}) \circ \tilde{s}_t$$
"""


def test_a_document_is_corrected_in_its_own_notation(tmp_path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text(DOCUMENT, encoding="utf-8")
    deck = slides(notes)
    first = deck.pages[0]
    assert first.title.startswith("Corrected: E")
    before, after = (b.text for b in first.blocks if isinstance(b, Code))
    assert "(1 - z_{t-1})" in before
    assert "(1 - z_t)" in after or "(1 - z_{t})" in after
    text = as_beamer.render(deck)
    assert r"s_t &= z_t \circ s_{t-1}" in text or r"s_t = z_t \circ s_{t-1}" in text
    assert "V_z x_t + R_z s_{t-1}" in text


def test_like_a_document(tmp_path, capsys) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text(DOCUMENT.replace("z_{t-1})", "z_t)"), encoding="utf-8")
    assert cli.main(["show", "gru", "--notation", f"like:{notes}", "--as", "latex"]) == 0
    out = capsys.readouterr().out
    assert r"\tilde{s}_t &= \tanh(V_s x_t + R_s (r_t \circ s_{t-1}) + b_s)" in out
    empty = tmp_path / "empty.md"
    empty.write_text("nothing", encoding="utf-8")
    assert cli.main(["show", "gru", "--notation", f"like:{empty}"]) == 2
    assert "no cell whose notation" in capsys.readouterr().err


def test_a_document_names_its_deck(tmp_path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text(DOCUMENT, encoding="utf-8")
    assert slides(notes).title == "GRU"
    notes.write_text(DOCUMENT.replace("# GRU", ""), encoding="utf-8")
    assert slides(notes).title == "notes"


def test_a_simple_network_is_beside_every_cell() -> None:
    (plot,) = (b for p in compose([cell("lstm")], Style(), "en").pages for b in p.blocks if isinstance(b, Plot))
    assert [name for name, _ in plot.curves] == [cell("lstm").title, cell("rnn").title]


def test_every_line_of_the_recursion_has_its_reason() -> None:
    grads = backward(cell("lstm"))
    explained = {row[0]: say for p in compose([grads], Style(), "en").pages for b in p.blocks if isinstance(b, Equations) and b.sentences
                 for row, say in zip(b.rows, b.sentences, strict=True)}  # fmt: skip
    assert explained.keys() == {e.lhs for e in grads.recursion}
    assert [("σ" in say, "tanh" in say) for say in explained.values()].count((True, False)) == 3
    assert [("σ" in say, "tanh" in say) for say in explained.values()].count((False, True)) == 1


def test_colours_reach_every_form_of_a_deck() -> None:
    deck = compose([cell("gru")], Style(color="gates"), "en")
    assert r"\textcolor[HTML]{B3401F}{r_t}" in as_beamer.render(deck)
    assert '#text(fill: rgb("#b3401f"), $r_t$)' in as_typst.render(deck)
    assert '<mstyle mathcolor="#b3401f">' in as_html.render(deck)
