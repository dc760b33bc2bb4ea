"""Fixes are edits: what they change is written out, what they must not change is compared byte by byte."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lstm_symbolic.audit.fix import applicable, apply_fixes, diff, fixed, write_fixes
from lstm_symbolic.audit.report import DocumentReport, Finding, Fix
from lstm_symbolic.errors import LstmSymbolicError


def _document(path: str, text: str, *fixes: Fix | tuple[str, Fix]) -> DocumentReport:
    pairs = [f if isinstance(f, tuple) else ("error", f) for f in fixes]
    findings = tuple(Finding("X", s, None, f.line, f.column, f.end_line, f.end_column, "m", fix=f) for s, f in pairs)
    return DocumentReport(path, text, findings=findings)


def test_several_edits_keep_each_other_in_place():
    text = "h = tanh(C) o\nâ = 门 x\nend"
    edits = [Fix(1, 13, 1, 13, "* "), Fix(1, 5, 1, 12, "o"), Fix(2, 5, 2, 6, "关闭的门"), Fix(2, 7, 3, 4, "")]
    assert apply_fixes(text, edits) == "h = o * o\nâ = 关闭的门 "


def test_of_overlapping_edits_the_graver_is_made():
    inner, outer, beside = Fix(1, 3, 1, 4, "!"), Fix(1, 2, 1, 6, "?"), Fix(1, 6, 1, 7, "+")
    assert applicable(_document("a", "abcdefg", ("warning", inner), ("error", outer), ("note", beside))) == [outer, beside]
    assert applicable(_document("a", "abcdefg", outer, outer)) == [outer]
    assert applicable(_document("a", "abcdefg", insertion := Fix(1, 3, 1, 3, "x"), Fix(1, 3, 1, 3, "y"))) == [insertion]
    assert fixed(_document("a", "abcdefg", ("warning", inner), outer)) == "a?fg"


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"", "utf-8"), (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_line_endings_and_encoding_stay(tmp_path: Path, ending: bytes, mark: bytes, encoding: str):
    path = tmp_path / "a.md"
    lines = ["Cổng quên", "h = x", "细胞", ""]
    path.write_bytes(mark + ending.decode().join(lines).encode(encoding))
    assert write_fixes(_document(str(path), "\n".join(lines), Fix(1, 6, 1, 10, "vào"), Fix(2, 5, 2, 6, "y"))) == 2
    assert path.read_bytes() == mark + ending.decode().join(["Cổng vào", "h = y", "细胞", ""]).encode(encoding)


def test_a_changed_file_is_not_written(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("other text")
    with pytest.raises(LstmSymbolicError, match="has changed"):
        write_fixes(_document(str(path), "h = x", Fix(1, 5, 1, 6, "y")))
    assert path.read_text() == "other text"


def test_a_file_that_is_read_only_stays(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("h = x")
    path.chmod(0o444)
    with pytest.raises(LstmSymbolicError, match="is read-only; nothing was written"):
        write_fixes(_document(str(path), "h = x", Fix(1, 5, 1, 6, "y")))
    assert path.read_text() == "h = x"


def test_a_notebook_stays_one(tmp_path: Path):
    path = tmp_path / "a.ipynb"
    text = '{"cells": ["h = x"]}'
    path.write_text(text)
    with pytest.raises(LstmSymbolicError, match="notebook"):
        write_fixes(_document(str(path), text, Fix(1, 17, 1, 18, '"')))
    assert path.read_text() == text
    assert write_fixes(_document(str(path), text, Fix(1, 17, 1, 18, r"\\tanh"))) == 1
    assert path.read_text() == r'{"cells": ["h = \\tanh"]}'


def test_nothing_to_fix_touches_nothing(tmp_path: Path):
    assert write_fixes(_document(str(tmp_path / "absent.md"), "x")) == 0
    assert diff(_document("a", "x")) == ""


@pytest.mark.parametrize("text", ["h = x\nend\n", "h = x\nend", "h = x", "a\nh = x\u2028y\n"])
def test_patch_applies_the_diff(tmp_path: Path, text: str):
    line = text.split("\n").index(next(t for t in text.split("\n") if t.startswith("h")))
    document = _document("a.md", text, Fix(line + 1, 5, line + 1, 6, "y"))
    (tmp_path / "a.md").write_text(text, newline="")
    done = subprocess.run(["git", "apply", "-p0", "-"], input=diff(document), text=True, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.md").read_text() == text.replace("x", "y", 1)
