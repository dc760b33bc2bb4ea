"""Workflow commands of GitHub Actions: every finding becomes an annotation at its line.

A line break or ``::`` in untrusted text could start a command of its own, so values are percent-encoded as the runner expects.
"""

from __future__ import annotations

from collections.abc import Iterator

from .report import Finding, Report
from .terminal import clean

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def render_github(report: Report) -> str:
    """One command a line."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    for document in report.documents:
        if document.error:
            yield f"::error file={_property(document.path)}::{_data(document.error)}"
        for f in sorted(document.findings, key=lambda f: (f.line, f.column)):
            place = f"file={_property(document.path)},line={f.line},endLine={f.end_line},col={f.column},endColumn={f.end_column}"
            yield f"::{_LEVELS[f.severity]} {place},title={_property(f.code)}::{_message(f)}"


def _message(finding: Finding) -> str:
    return "%0A".join(_data(line) for line in (finding.message, *(f"{n.label}: {n.text}" for n in finding.shown)))


def _data(text: str) -> str:
    return clean(text).replace("%", "%25")


def _property(text: str) -> str:
    """
    >>> _property("a:b,c%d")
    'a%3Ab%2Cc%25d'
    """
    return _data(text).replace(":", "%3A").replace(",", "%2C")
