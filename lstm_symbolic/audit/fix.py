"""Fixes: the edits of the findings, applied to the file that they were found in, or shown as a unified diff.

Of edits that overlap only one is taken; a second run finds what is left. A file that has changed since it was read, or a notebook
that would no longer be one, is not written. Line endings and the byte order mark stay as they are.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import LstmSymbolicError
from .report import SEVERITIES, DocumentReport, Fix

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_END = re.compile(r"\r\n|\r|\n")


def applicable(document: DocumentReport) -> list[Fix]:
    """The fixes that can be made together, in the order of the text; where two overlap, the graver finding's."""
    wanted = sorted(document.findings, key=lambda f: (SEVERITIES.index(f.severity), f.line, f.column))
    taken: list[Fix] = []
    for fix in (f.fix for f in wanted if f.fix):
        if not any(_clash(fix, other) for other in taken):
            taken.append(fix)
    return sorted(taken, key=_start)


def _start(fix: Fix) -> tuple[int, int]:
    return fix.line, fix.column


def _end(fix: Fix) -> tuple[int, int]:
    return fix.end_line, fix.end_column


def _clash(a: Fix, b: Fix) -> bool:
    return _start(a) == _start(b) or (_start(a) < _end(b) and _start(b) < _end(a))


def apply_fixes(text: str, fixes: Iterable[Fix]) -> str:
    """The text with all edits made, the last one first, so that the places of the others stay right.

    >>> apply_fixes("h = tanh(C)\\nh = x", [Fix(1, 5, 1, 9, "cosh"), Fix(2, 5, 2, 6, "y")])
    'h = cosh(C)\\nh = y'
    """
    starts = [0, *(m.end() for m in _END.finditer(text))]
    for fix in sorted(fixes, key=_start, reverse=True):
        start, end = (starts[line - 1] + column - 1 for line, column in (_start(fix), _end(fix)))
        text = text[:start] + fix.text + text[end:]
    return text


def fixed(document: DocumentReport) -> str:
    """The text of a document after its fixes."""
    return apply_fixes(document.text, applicable(document))


def diff(document: DocumentReport) -> str:
    """The fixes as a unified diff that ``patch`` applies; empty where there is nothing to mend."""
    before, after = ([*_lines(text)] for text in (document.text, fixed(document)))
    lines = difflib.unified_diff(before, after, document.path, document.path)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends one."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def write_fixes(document: DocumentReport) -> int:
    """Writes the fixed text into the document's file; the number of fixes made."""
    fixes = applicable(document)
    if not fixes:
        return 0
    path = Path(document.path)
    if not path.stat().st_mode & 0o222:  # also for root, whom no permission stops
        raise LstmSymbolicError(f"{document.path} is read-only; nothing was written")
    data = path.read_bytes()
    mark, encoding = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", "utf-8"))
    text = data[len(mark) :].decode(encoding, errors="replace")
    if _END.sub("\n", text) != document.text:
        raise LstmSymbolicError(f"{document.path} has changed since it was read; nothing was written")
    result = apply_fixes(text, fixes)
    if path.suffix == ".ipynb" and not _is_json(result):
        raise LstmSymbolicError(f"{document.path}: the fixes would break the notebook; nothing was written")
    path.write_bytes(mark + result.encode(encoding))
    return len(fixes)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
