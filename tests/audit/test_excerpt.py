"""Carets stand under their characters. Widths are counted by an independent rule: the scripts used here, character by character."""

from __future__ import annotations

import pytest

from lstm_symbolic.audit.excerpt import Mark, excerpt, underlined, window
from lstm_symbolic.audit.report import Finding, Label
from lstm_symbolic.audit.terminal import Style, clean, pad, printable, style_of, width, wrap


def _finding(line: int, column: int, end_line: int, end_column: int, *labels: Label) -> Finding:
    return Finding("E1", "error", None, line, column, end_line, end_column, "m", labels=labels)


def _columns(text: str) -> int:
    """Independent of the code: East Asian letters two, Thai vowels above and below none, everything else one."""
    return sum(2 if "\u3000" <= c <= "\u9fff" or "\uff01" <= c <= "\uff60" else 0 if c in "ัิีึืุู็่้๊๋์ํ\u0302\u0309" else 1 for c in text)


@pytest.mark.parametrize("text", ["h = x", "Cổng quên", "遗忘门 f", "ที่นี่ ค่า", "ｈ＝ｘ", "o\u0302\u0309"])
def test_width(text):
    assert width(text) == _columns(text)
    assert width(pad(text, 30)) == 30


@pytest.mark.parametrize("prefix", ["", "abc ", "遗忘门 ", "สถานะเซลล์ ", "Cổng quên: "])
def test_the_caret_stands_under_its_character(prefix):
    line = prefix + "h = TARGET end"
    start = line.index("TARGET")
    mark = Mark(start, start + 6, "^")
    view = window(line, (mark,), 80)
    assert view.shown == line
    assert view.underline(mark) == (_columns(prefix) + 4, 6)


def test_a_tab_is_four_columns():
    mark = Mark(1, 2, "^")
    view = window("\tx", (mark,), 80)
    assert (view.shown, view.underline(mark)) == ("    x", (4, 1))


@pytest.mark.parametrize("columns", [30, 60, 77])
@pytest.mark.parametrize("filler", ["x", "细", "ก่"])
@pytest.mark.parametrize("before", [0, 3, 70, 500])
@pytest.mark.parametrize("after", [0, 3, 70, 500])
def test_a_long_line_is_windowed_around_its_mark(columns, filler, before, after):
    line = filler * before + "TARGET" + filler * after
    start = len(filler) * before
    mark = Mark(start, start + 6, "^")
    view = window(line, (mark,), columns)
    assert width(view.shown) <= columns
    assert view.shown.count("TARGET") == 1
    indent, length = view.underline(mark)
    assert length == 6
    assert indent == _columns(view.shown.split("TARGET")[0])
    if _columns(line) <= columns:
        assert view.shown == line
    else:
        assert width(view.shown) >= columns - 3, "the window is used to the full"


def test_a_span_longer_than_the_window_is_underlined_to_its_end():
    view = window("a" * 10 + "b" * 300, (mark := Mark(10, 310, "^"),), 60)
    indent, length = view.underline(mark)
    assert indent + length <= 60
    assert length >= 30


def test_a_megabyte_on_one_line_is_cheap():
    line = "x" * 5_000_000
    assert width(window(line, (Mark(4_000_000, 4_000_010, "^"),), 80).shown) == 80


def test_a_span_over_several_lines():
    lines = ["a \\begin{x}", "  b", "  c", "  d", "  e", "\\end{x} f"]
    found = excerpt(lines, _finding(1, 3, 6, 8))
    assert [s.number for s in found] == [1, 2, 3, 6]
    assert [(m.start, m.end) for s in found for m in s.marks] == [(2, 11), (2, 3), (2, 3), (0, 7)]


def test_places_outside_the_text_do_no_harm():
    assert excerpt([], _finding(1, 1, 1, 5)) == ()
    assert excerpt(["x"], _finding(9, 1, 9, 5)) == ()
    assert excerpt(["x"], _finding(1, 50, 1, 60))[0].marks == (Mark(1, 2, "^"),)
    assert excerpt(["x"], _finding(1, 1, 1, 2, Label(7, 1, 2, "")))[0].number == 1
    assert excerpt(["x"], _finding(0, 0, 0, 0)) == ()


def test_a_label_on_the_same_line_and_one_elsewhere():
    found = excerpt(["a = b", "c = d"], _finding(2, 1, 2, 2, Label(2, 5, 6, "here"), Label(1, 1, 2, "there")))
    assert [(s.number, [(m.start, m.sign, m.text) for m in s.marks]) for s in found] == [
        (1, [(0, "-", "there")]),
        (2, [(0, "^", ""), (4, "-", "here")]),
    ]


def test_the_text_of_a_label_stays_inside_the_width():
    view = window("x" * 70, (mark := Mark(60, 65, "-", "a long text about this place"),), 78)
    rows = underlined(view, mark, 78)
    assert rows[0] == (60, "-----", "")
    assert " ".join(text for _, _, text in rows[1:]) == "a long text about this place"
    assert all(indent + width(text) <= 78 for indent, _, text in rows)


@pytest.mark.parametrize("bad", ["\x1b[2J", "\x9b31m", "\x07", "\u202e", "\u2066", "\u200b", "\x00", "\x7f", "\u2028", "\ud800", "\ufeff"])
def test_nothing_dangerous_is_printed(bad):
    for shown in (clean(f"a{bad}b"), printable(f"a{bad}b"), window(f"a{bad}b", (), 80).shown):
        assert not set(shown) & {"\x1b", "\x9b", "\x07", "\u202e", "\u2066", "\u200b", "\x00", "\x7f", "\u2028", "\ud800", "\ufeff"}
        assert shown.startswith("a")
        assert shown.endswith("b")
        shown.encode()


def test_wrapping_counts_columns_and_keeps_every_character():
    for text in ("遗忘门" * 30, "word " * 40, "ก่า " * 50, "x" * 200, "a  =  b"):
        lines = wrap(text, 31)
        assert all(width(line) <= 31 for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())
    assert wrap("", 10) == [""]


class _Stream:
    def __init__(self, tty: bool) -> None:
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


def test_colour_only_on_a_terminal_and_not_with_no_color(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    assert style_of(_Stream(True)) == Style(100, True)  # type: ignore[arg-type]
    assert style_of(_Stream(False)).colour is False  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert style_of(_Stream(True)).colour is False  # type: ignore[arg-type]
    monkeypatch.delenv("COLUMNS")
    assert style_of(_Stream(False)).width == 80  # type: ignore[arg-type]
