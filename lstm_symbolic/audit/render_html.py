"""The report as one HTML page: no scripts, nothing loaded from outside, every piece of untrusted text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise

from .excerpt import SourceLine, excerpt, window
from .matrix import Matrix, explanation
from .page import PAGE
from .render_text import count, summary_line
from .report import SEVERITIES, Comparison, DocumentReport, Finding, FormulaRecord, Report, SystemRecord, Table
from .terminal import Style, clean, glyph

COLUMNS = 150
_SIGN_CLASS = {"=": "good", "≅": "good", "≠": "error", "?": "warning", "·": "", "": ""}


def render_html(report: Report) -> str:
    """The whole page."""
    body = [f'<h1>Audit</h1>\n<p class="summary">{_text(summary_line(report, Style(200)))}</p>']
    if len(report.documents) > 1:
        body.append("<nav><ul>" + "".join(_entry(k, d) for k, d in enumerate(report.documents, 1)) + "</ul></nav>")
    matrix = Matrix(report)
    if matrix.comparisons:
        body.append(_comparisons(matrix))
    body += [_document(document, f"d{k}") for k, document in enumerate(report.documents, 1)]
    return PAGE.replace("{body}", "\n".join(body))


def _text(text: str) -> str:
    """Untrusted text, line by line: nothing in it is markup, no control character reaches the page."""
    return escape("\n".join(clean(line) for line in text.split("\n")))


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>" if text else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already."""
    head = "".join(f"<th>{h}</th>" for h in header)
    lines = "".join("<tr>" + "".join(f"<td>{x}</td>" for x in row) + "</tr>\n" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{lines}</tbody></table></div>'


def _entry(number: int, document: DocumentReport) -> str:
    counts = [count(len(found), severity) for severity in SEVERITIES if (found := document.of(severity))]
    state = "not read" if document.error else ", ".join(counts) or "nothing wrong"
    return f'<li><a href="#d{number}">{_text(document.path)}</a> <span class="faint">{state}</span></li>'


def _comparisons(matrix: Matrix) -> str:
    names = matrix.names
    rows = [[f"<b>{_text(names[r])}</b>", *(_pair(matrix, r, c) for c in matrix.sides)] for r in matrix.sides]
    table = _table(["", *(_text(names[c]) for c in matrix.sides)], rows)
    return f'<section><h2>Comparisons</h2>{table}<p class="faint">{_text(matrix.legend)}</p></section>'


def _pair(matrix: Matrix, row: str, column: str) -> str:
    """One cell: the verdict; in the direction of the comparison also the mapping or the witness."""
    sign = matrix.sign(row, column)
    found: Comparison | None = matrix.cells.get((row, column))
    if found is None:
        return f'<span class="faint">{sign}</span>'
    why = explanation(found) if found.left == row else ""
    below = f"<small>{_code(why)}</small>" if why else ""
    return f'<span class="{_SIGN_CLASS[sign]}">{sign} {_text(found.verdict)}</span>{below}'


def _document(document: DocumentReport, anchor: str) -> str:
    parts = [f'<section id="{anchor}"><h2>{_text(document.path)}</h2>']
    if document.error:
        return f'{parts[0]}<p class="error">not read: {_text(document.error)}</p></section>'
    lines = document.text.split("\n")
    for finding in sorted(document.findings, key=lambda f: (f.line, f.column)):
        parts.append(_finding(finding, lines, anchor))
    if document.systems:
        header = ["system", "cell", "relation", "layout", "names", "under", "formulas"]
        parts.append("<h3>Systems</h3>" + _table(header, map(_system, document.systems)))
    parts += [_worked(table) for table in document.tables]
    if document.formulas:
        rows = [_formula(f, anchor) for f in document.formulas]
        table = _table(["line", "kind", "status", "written", "read"], rows)
        parts.append(f"<details open><summary>{count(len(rows), 'formula')}</summary>{table}</details>")
    return "\n".join([*parts, "</section>"])


def _finding(finding: Finding, lines: Sequence[str], anchor: str) -> str:
    place = f"line {finding.line}, column {finding.column}"
    target = f'<a href="#{anchor}-{_text(finding.formula)}">{place}</a>' if finding.formula else place
    source = "".join(_source(line) for line in excerpt(lines, finding))
    notes = "".join(f"<dt>{_text(n.label)}</dt><dd>{_code(n.text)}</dd>" for n in finding.shown)
    kind = f'<span class="code">{finding.severity} {_text(finding.code)}</span>'
    head = f'<h3>{kind} {_text(finding.message)} <span class="faint">{target}</span></h3>'
    return f'<article class="{finding.severity}">{head}\n<pre>{source}</pre>\n<dl>{notes}</dl></article>'


def _source(line: SourceLine) -> str:
    """The line, with its marked characters in <mark> and its labels behind it."""
    view = window(line.text, line.marks, COLUMNS)
    labels = "".join(f'  <span class="faint">{_text(m.text)}</span>' for m in line.marks if m.text)
    before, after = "…" if view.first else "", "…" if view.last < len(line.text.rstrip()) else ""
    body = "".join(_run(view.line[a:b], kind) for a, b, kind in _runs(line, view.first, view.last))
    return f'<span class="number">{line.number}</span> {before}{body}{after}{labels}\n'


def _runs(line: SourceLine, first: int, last: int) -> Iterator[tuple[int, int, str]]:
    """Stretches of a line that look alike; where marks overlap the finding wins over a label."""
    cuts = sorted({first, last, *(c for m in line.marks for c in (m.start, m.end) if first < c < last)})
    for a, b in pairwise(cuts):
        signs = {m.sign for m in line.marks if m.start <= a < m.end}
        yield a, b, "^" if "^" in signs else "-" if "-" in signs else ""


def _run(text: str, kind: str) -> str:
    shown = escape("".join(glyph(c)[0] for c in text))
    return f'<mark class="{"main" if kind == "^" else "other"}">{shown}</mark>' if kind else shown


def _mapping(table: Mapping[str, str], sign: str) -> str:
    return "<br>".join(_code(f"{k} {sign} {v}") for k, v in table.items())


def _system(s: SystemRecord) -> list[str]:
    relation = f"{_text(s.relation)}<br><small>{_text(s.reason)}</small>" if s.reason else _text(s.relation)
    names = _mapping(s.names, "→")
    return [_text(s.title or s.id), _code(s.cell or ""), relation, s.layout, names, _mapping(s.under, ":="), str(len(s.formulas))]


def _worked(table: Table) -> str:
    return f"<h3>{_text(table.title)}</h3>" + _table([_text(h) for h in table.header], [[_text(x) for x in row] for row in table.rows])


def _formula(f: FormulaRecord, anchor: str) -> list[str]:
    repairs = "".join(f"<br><small>{_text(r.why)}: {_code(r.wrote)} → {_code(r.read) or 'nothing'}</small>" for r in f.repairs)
    read = _code(f.plain) + (f' <span class="faint">{_text(f.reason)}</span>' if f.reason else "")
    place = f'<span id="{anchor}-{_text(f.id)}">{f.line}:{f.column}</span>'
    return [place, f.kind, f'<span class="{f.status}">{f.status}</span>', _code(f.raw), read + repairs]
