"""Bad input: one clear error or a reason, in bounded time; never a traceback, never silence."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from lstm_symbolic.errors import LstmSymbolicError, ReadError
from lstm_symbolic.reading import Source, load, read_document, read_latex, read_latex_with_repairs
from lstm_symbolic.reading.document import MAX_FORMULAS
from lstm_symbolic.reading.source import MAX_BYTES, decode, read_all

FORMULA = r"h_t = o_t \odot \tanh(c_t)"


def plains(text: str) -> list[str]:
    return [f.plain for f in read_document(Source("bad.md", text)).formulas]


def test_an_empty_file_holds_no_formula(tmp_path: Path) -> None:
    (tmp_path / "empty.md").write_bytes(b"")
    assert read_document(load(tmp_path / "empty.md")).formulas == ()


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00", b"abc\x00def", b"\xff\xfe\x00", b"caf\xe9 = x"])
def test_a_binary_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.md").write_bytes(data)
    with pytest.raises(LstmSymbolicError, match=r"a\.md (is not UTF-8 text|is a binary file|is a picture)"):
        load(tmp_path / "a.md")


@pytest.mark.parametrize(
    ("data", "what"), [(b"%PDF-1.7\n1 0 obj", "a PDF"), (b"{\\rtf1 $x$}", "an RTF file"), (b"PK\x03\x04abc", "a packed file")]
)
def test_a_file_of_another_kind_is_named(data: bytes, what: str) -> None:
    with pytest.raises(LstmSymbolicError, match=f"notes is {what}") as caught:
        decode(data, "notes")
    assert caught.value.hint == "give its text or its LaTeX"


@pytest.mark.parametrize(
    ("text", "place", "sign"),
    [
        ("a\n\nso $h_t = c_t is open.\n\n$x_t$", (3, 4), "$"),
        (r"then \[ h_t = \tanh(c_t)", (1, 6), r"\["),
        (r"then \( h_t", (1, 6), r"\("),
        ("$$c_t = f_t$$ and\n$$ h_t = o_t", (2, 1), "$$"),
        ("\\begin{align}\nh_t &= o_t\n", (1, 1), r"\begin{align}"),
    ],
)
def test_what_is_never_closed_is_said_with_its_place(text: str, place: tuple[int, int], sign: str) -> None:
    document = read_document(Source("a.md", text))
    (found,) = [f for f in document.formulas if "never closed" in f.reason]
    assert (found.status, found.raw, document.source.place(found.start)) == ("unreadable", sign, place)


@pytest.mark.parametrize(
    "text", ["costs $5 and $7", "a $5 fee_x", "set $HOME_DIR = x", "$ pip install a_b", r"the \begin{align} of TeX", "US$ only"]
)
def test_what_opens_no_formula_is_none(text: str) -> None:
    assert read_document(Source("a.md", text)).formulas == ()


def test_ten_megabytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "big.md").write_bytes(b"$x$\n" * (10_000_000 // 4))
    with pytest.raises(LstmSymbolicError, match=f"{MAX_BYTES:,} bytes, which is the limit"):
        load(tmp_path / "big.md")


def test_a_stream_without_a_size_is_read_to_the_limit_only() -> None:
    """A pipe or a device may never end: what is asked of it is bounded."""

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= MAX_BYTES + 1
            return b"x" * size

    with pytest.raises(LstmSymbolicError, match="which is the limit"):
        read_all(Endless(), "-")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(LstmSymbolicError, match="does not exist"):
        load(tmp_path / "nowhere.md")
    with pytest.raises(LstmSymbolicError, match="is a folder"):
        load(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    (tmp_path / "a.md").write_bytes(f"# Ô nhớ{newline}{newline}${FORMULA}${newline}".encode(encoding))
    document = read_document(load(tmp_path / "a.md"))
    assert [f.plain for f in document.formulas] == ["h[t] = o[t] * tanh(c[t])"]
    assert document.source.place(document.formulas[0].start) == (3, 2)


@pytest.mark.parametrize(
    "deep",
    ["(" * 10_000 + "x" + ")" * 10_000, "{" * 10_000, r"\frac{1}{" * 10_000, r"\tilde{" * 3000 + "x" + "}" * 3000, "x_{" * 10_000,
     "|" * 10_001, "-" * 10_000 + "x", r"\left(" * 1500, r"\begin{bmatrix}" * 500, "[x," * 900 + "x" + "]" * 900],
)  # fmt: skip
def test_deep_nesting_is_refused_at_once(deep: str) -> None:
    start = time.process_time()
    (formula,) = read_document(Source("deep.md", f"$$y = {deep}$$")).formulas
    assert formula.status == "unreadable"
    assert formula.reason
    assert time.process_time() - start < 5


UNBALANCED = (
    "a = (b", "a = b)", "a = [b, c", r"a = \frac{b}{", "a = {b", r"a = \left( b", r"\begin{bmatrix} a", "a_{b", "a^", "a = b =",
    r"a = \boxed", r"a = \underbrace", r"\tag", r"a = \begin",
)  # fmt: skip


@pytest.mark.parametrize("raw", UNBALANCED)
def test_unbalanced_brackets_are_named_or_refused(raw: str) -> None:
    for f in read_document(Source("a.md", f"$$y = {raw}$$")).formulas:
        assert f.repairs or f.reason or f.status == "read"
    message = refusal(raw)
    assert message is None or 0 <= message <= len(raw)


def refusal(raw: str) -> int | None:
    """Where the error that reading raises points to; None where the text is read."""
    try:
        read_latex(raw)
    except ReadError as error:
        return -1 if error.offset is None else error.offset
    return None


def test_nested_applications_are_not_read_twice_each() -> None:
    start = time.process_time()
    assert plains("$$y = " + "f(" * 40 + "x" + ")" * 40 + "$$")[0].startswith("y = f(f(")
    assert time.process_time() - start < 5


def test_three_thousand_formulas_take_bounded_time() -> None:
    start = time.process_time()
    formulas = plains("\n\n".join(rf"text $h_{{{k},t}} = \tanh(c_t)$ text" for k in range(3000)))
    assert len(formulas) == 3000
    assert all(formulas)
    assert time.process_time() - start < 120


@pytest.mark.parametrize("unit", ["$$(1)$$\n\n", "$$x \\\\ y$$\n\n"])
def test_what_is_beyond_the_limit_is_said(unit: str) -> None:
    """Every stretch keeps its record; one of them says why it and the others are not read."""
    per = len(read_document(Source("one.md", unit)).formulas)
    formulas = read_document(Source("many.md", unit * (MAX_FORMULAS // per + 5))).formulas
    first, *others = [f for f in formulas if str(MAX_FORMULAS) in f.reason]
    assert first is formulas[MAX_FORMULAS]
    assert (first.status, len(others)) == ("unreadable", 4)
    assert "5 are left out" in first.reason
    assert {f.status for f in others} == {"skipped"}


PIECES = (
    "a", "$", "`", "|", "\t", r"\[", " ", "$$", "= ", "a=b+c ", r"\begin{align}", "(1,", "<a>", "```\n", "\\",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_a_line_of_a_megabyte(piece: str) -> None:
    start = time.process_time()
    read_document(Source("line.md", piece * (1_000_000 // len(piece))))
    assert time.process_time() - start < 60


@pytest.mark.parametrize("text", ["", " ", "\n", "$$", "$ $", r"\\", "%", "...", "(3)", r"a \rightarrow b", "é", "\u200b"])
def test_latex_that_says_nothing(text: str) -> None:
    with pytest.raises(ReadError):
        read_latex(text)


def test_repairs_of_given_latex_are_told() -> None:
    equations, repairs = read_latex_with_repairs(r"C_t = \sigmaig(f_t*C_{t-1}")
    assert len(equations) == 1
    assert {r.why for r in repairs} == {r"the \b of \big was eaten", "bracket not closed"}
    assert all(0 <= r.start <= r.end <= 26 for r in repairs)
    assert read_latex_with_repairs(FORMULA)[1] == ()


def test_a_row_break_with_a_length_is_no_display() -> None:
    assert len(read_latex(r"z_t = \sigma(a_t) \\[2pt] h_t = z_t")) == 2
