"""The report as Markdown for a pull request or an issue: findings in code blocks, everything else in tables.

Untrusted text stands in code spans, or escaped, so that it can neither open markup nor mention a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .matrix import Matrix, explanation
from .render_text import count, finding_lines, summary_line
from .report import DocumentReport, Report
from .terminal import Style, clean

_PLAIN = Style(100)
_SPECIAL = re.compile(r"([\\`*_\[\]#|~$>])")


def render_markdown(report: Report) -> str:
    """The whole report."""
    blocks = ["# Audit", escape(summary_line(report, Style(200)))]
    matrix = Matrix(report)
    if matrix.comparisons:
        blocks += _comparisons(matrix)
    for document in report.documents:
        blocks += _document(document)
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is.

    >>> escape("a_b <i> @me")
    'a\\\\_b &lt;i\\\\> &#64;me'
    """
    return _SPECIAL.sub(r"\\\1", clean(text).replace("&", "&amp;").replace("<", "&lt;")).replace("@", "&#64;")


def code(text: str) -> str:
    """A code span that the text cannot close; a bar is escaped for tables.

    >>> code("a|b`c")
    '``a\\\\|b`c``'
    """
    text = clean(text).replace("|", "\\|")
    if not text.strip():
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    gap = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def _fenced(lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([*row, *[""] * (len(header) - len(row))] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _mapping(table: Mapping[str, str], sign: str) -> str:
    return code(", ".join(f"{k} {sign} {v}" for k, v in table.items() if k != v))


def _folded(title: str, table: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{table}\n\n</details>"


def _comparisons(matrix: Matrix) -> Iterator[str]:
    yield "## Comparisons"
    rows = [[escape(matrix.names[r]), *(matrix.sign(r, c) for c in matrix.sides)] for r in matrix.sides]
    yield _table(["", *(escape(matrix.names[c]) for c in matrix.sides)], rows)
    yield escape(matrix.legend)
    yield _table(
        ["left", "right", "verdict", "because"],
        [[escape(matrix.names[c.left]), escape(matrix.names[c.right]), c.verdict, code(explanation(c))] for c in matrix.comparisons],
    )


def _document(document: DocumentReport) -> Iterator[str]:
    yield f"## {code(document.path)}"
    if document.error:
        yield f"**not read**: {escape(document.error)}"
        return
    lines = document.text.split("\n")
    for finding in sorted(document.findings, key=lambda f: (f.line, f.column)):
        yield f"**{finding.severity} {finding.code}** line {finding.line}: {escape(finding.message)}"
        yield _fenced([*finding_lines(document, finding, lines, _PLAIN)][1:])
    if document.systems:
        rows = [
            [escape(s.title or s.id), code(s.cell or ""), s.relation, s.layout, _mapping(s.names, "→"), _mapping(s.under, ":=")]
            for s in document.systems
        ]
        yield _table(["system", "cell", "relation", "layout", "names", "under"], rows)
    for table in document.tables:
        yield f"**{escape(table.title)}**"
        yield _table([escape(h) for h in table.header], [[escape(x) for x in row] for row in table.rows])
    if document.formulas:
        listed = [[str(f.line), f.kind, f.status, code(f.raw), code(f.plain) or escape(f.reason)] for f in document.formulas]
        yield _folded(count(len(listed), "formula"), _table(["line", "kind", "status", "written", "read"], listed))
    repairs = [[str(f.line), escape(r.why), code(r.wrote), code(r.read)] for f in document.formulas for r in f.repairs]
    if repairs:
        yield _folded(count(len(repairs), "repair"), _table(["line", "why", "wrote", "read"], repairs))
