"""SARIF 2.1.0: the findings for code hosts and editors, with their fixes as replacements."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from .. import __version__
from .codes import CODES
from .data import plain_data
from .report import DocumentReport, Finding, Report

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"


def render_sarif(report: Report) -> str:
    """One run; rules are the codes that occur."""
    return json.dumps({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [_run(report)]}, indent=1) + "\n"


def _run(report: Report) -> dict[str, Any]:
    rules = sorted({f.code for _, f in report.findings})
    unread = [d for d in report.documents if d.error]
    return {
        "tool": {"driver": {"name": "lstm-symbolic", "version": __version__, "rules": [_rule(code) for code in rules]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not unread,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": d.error},
                        "locations": [{"physicalLocation": {"artifactLocation": _artifact(d)}}],
                    }
                    for d in unread
                ],
            }
        ],
        "results": [_result(d, f, rules) for d, f in report.findings],
    }


def _rule(code: str) -> dict[str, Any]:
    row = CODES.get(code)
    if row is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": row.text},
        "help": {"text": f"as written: {row.wrong}\nmended: {row.right}"},
        "defaultConfiguration": {"level": row.severity},
    }


def _artifact(document: DocumentReport) -> dict[str, str]:
    """A relative reference, or a file URI for an absolute path."""
    path = quote(document.path.replace("\\", "/"))
    return {"uri": f"file://{path}" if path.startswith("/") else path}


def _region(line: int, column: int, end_line: int, end_column: int) -> dict[str, int]:
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _result(document: DocumentReport, f: Finding, rules: list[str]) -> dict[str, Any]:
    artifact = _artifact(document)
    text = "\n".join([f.message, *(f"{n.label}: {n.text}" for n in f.shown)])
    result: dict[str, Any] = {
        "ruleId": f.code,
        "ruleIndex": rules.index(f.code),
        "level": f.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": _region(f.line, f.column, f.end_line, f.end_column)}}],
        "properties": {"formula": f.formula, "wrote": f.wrote, "expected": f.expected, "witness": plain_data(f.witness)},
    }
    if f.labels:
        result["relatedLocations"] = [
            {
                "message": {"text": label.text},
                "physicalLocation": {
                    "artifactLocation": artifact,
                    "region": _region(label.line, label.column, label.line, label.end_column),
                },
            }
            for label in f.labels
        ]
    if f.fix:
        deleted = _region(f.fix.line, f.fix.column, f.fix.end_line, f.fix.end_column)
        change = {"artifactLocation": artifact, "replacements": [{"deletedRegion": deleted, "insertedContent": {"text": f.fix.text}}]}
        result["fixes"] = [{"description": {"text": f.message}, "artifactChanges": [change]}]
    return result
