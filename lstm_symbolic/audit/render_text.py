"""The report on a terminal: findings with their source lines first, then what was recognised, repaired, counted and compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from .excerpt import SourceLine, excerpt, underlined, window
from .matrix import Matrix
from .report import SEVERITIES, DocumentReport, Finding, Report, SystemRecord, Table
from .terminal import Style, clean, pad, width, wrap

MAX_DETAILS = 60
_RELATIONS = {"equivalent": "=", "equivalent-under": "≅", "differs": "≠", "undecided": "?"}


def render_text(report: Report, style: Style | None = None) -> str:
    """The whole report as text."""
    style = style or Style()
    blocks: list[list[str]] = []
    for document in report.documents:
        blocks += document_blocks(document, style)
    blocks.append([summary_line(report, style)])
    matrix = Matrix(report)
    if matrix.comparisons:
        blocks += comparison_blocks(matrix, style)
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def document_blocks(document: DocumentReport, style: Style) -> Iterator[list[str]]:
    """The findings of a document, its systems, its repairs and its worked examples."""
    if document.error:
        yield [f"{style.paint(clean(document.path), 'path')}  {style.paint('not read', 'error')}", *_indented(document.error, style)]
        return
    lines = [line.rstrip("\r") for line in document.text.split("\n")]
    for finding in sorted(document.findings, key=lambda f: (f.line, f.column)):
        yield list(finding_lines(document, finding, lines, style))
    yield list(system_lines(document, style))
    yield list(repair_lines(document, style))
    for table in document.tables:
        yield table_lines(table, style)


def finding_lines(document: DocumentReport, finding: Finding, lines: Sequence[str], style: Style) -> Iterator[str]:
    """One finding: header, source lines with carets, notes."""
    place = f"{clean(document.path)}:{finding.line}:{finding.column}"
    kind = f"{finding.severity} {finding.code}"
    head = f"{place}  {kind}  "
    first, *rest = wrap(finding.message, style.width - 4, min(width(head), style.width) - 4)
    yield f"{style.paint(place, 'path')}  {style.paint(kind, finding.severity)}  {style.paint(first, 'label')}".rstrip()
    yield from (f"    {style.paint(line, 'label')}" for line in rest)
    source = excerpt(lines, finding)
    digits = len(str(max((s.number for s in source), default=0)))
    bar = style.paint(f"{'':{digits}} |", "gutter")
    if source:
        yield bar
    previous = None
    for line in source:
        if previous is not None and line.number > previous + 1:
            yield style.paint(f"{'':{digits}} ⋮", "gutter")
        previous = line.number
        yield from _source_lines(line, digits, bar, finding.severity, style)
    labels = [wrap(note.label, 16)[0] for note in finding.shown]
    size = max(map(width, labels), default=0)
    for label, note in zip(labels, finding.shown, strict=True):
        for k, part in enumerate(wrap(note.text, style.width - digits - size - 6)):
            mark, head = ("=", label) if k == 0 else (" ", "")
            yield f"{style.paint(f'{chr(32):{digits}} {mark}', 'gutter')} {style.paint(pad(head, size), 'label')}  {part}".rstrip()


def _source_lines(line: SourceLine, digits: int, bar: str, severity: str, style: Style) -> Iterator[str]:
    columns = style.width - digits - 3
    view = window(line.text, line.marks, columns)
    yield f"{style.paint(f'{line.number:>{digits}} |', 'gutter')} {view.shown}"
    for mark in line.marks:
        role = severity if mark.sign == "^" else "gutter"
        for indent, under, text in underlined(view, mark, columns):
            yield f"{bar} {' ' * indent}{style.paint(' '.join(p for p in (under, text) if p), role)}"


def _indented(text: str, style: Style) -> Iterator[str]:
    return (f"    {line}" for line in wrap(text, style.width - 4))


def system_lines(document: DocumentReport, style: Style) -> Iterator[str]:
    """Which cell every system is, and under which mapping."""
    if document.systems:
        yield style.paint(f"{clean(document.path)}: {count(len(document.systems), 'system')}", "path")
    for system in document.systems:
        yield from _hanging(f"  {clean(system.title or system.id)}", _system_text(system), style)
        renamed = ", ".join(f"{k} → {v}" for k, v in system.names.items() if k != v)
        if renamed:
            yield from _hanging("    names", renamed, style)
        if system.under:
            yield from _hanging("    under", ", ".join(f"{k} := {v}" for k, v in system.under.items()), style)


def _system_text(system: SystemRecord) -> str:
    cell = f"{_RELATIONS.get(system.relation, '?')} {system.cell} ({system.relation})" if system.cell else "no known cell"
    layout = {"row": "row vectors", "column": "column vectors", "scalar": "scalars"}.get(system.layout, system.layout)
    reason = f"; {system.reason}" if system.reason else ""
    return f"{cell}, {layout}, {count(len(system.formulas), 'formula')}{reason}"


def repair_lines(document: DocumentReport, style: Style) -> Iterator[str]:
    """Every repair once, those of one kind together."""
    kinds: dict[str, dict[tuple[str, str], list[int]]] = {}
    for formula in document.formulas:
        for repair in formula.repairs:
            kinds.setdefault(repair.why, {}).setdefault((repair.wrote, repair.read), []).append(formula.line)
    if kinds:
        total = sum(len(f.repairs) for f in document.formulas)
        yield style.paint(f"{clean(document.path)}: {count(total, 'repair')}", "path")
    for why, repairs in kinds.items():
        texts = [f"{_lines(at)}: {wrote} → {read or 'nothing'}" for (wrote, read), at in repairs.items()]
        yield from _hanging(f"  {clean(why)}", ";  ".join(texts), style)


def _lines(numbers: Iterable[int]) -> str:
    found = [str(n) for n in dict.fromkeys(numbers)]
    return ("line " if len(found) == 1 else "lines ") + ", ".join(found[:6]) + (" …" if len(found) > 6 else "")


def _hanging(head: str, text: str, style: Style, column: int = 22) -> Iterator[str]:
    """A head and its text; the text continues in its own column."""
    column = max(column, 0) if width(head) + 2 <= column else 6
    parts = wrap(text, style.width - column)
    if column == 6:
        yield from (f"  {part}" for part in wrap(head.strip(), style.width - 2))
    else:
        yield pad(head, column) + parts.pop(0)
    yield from (" " * column + part for part in parts)


def table_lines(table: Table, style: Style) -> list[str]:
    """A table; columns are as wide as their widest entry, or wrapped at spaces where a line has no room for that."""
    rows = [[clean(x) for x in row] for row in (table.header, *table.rows)]
    columns = max(map(len, rows))
    rows = [row + [""] * (columns - len(row)) for row in rows]
    sizes = _fitted(rows, style.width)
    head, *body = [_row(row, sizes) for row in rows]
    title = (style.paint(line, "path") for line in wrap(table.title, style.width))
    return [*title, *(style.paint(x, "label") for x in head), "  " + "  ".join("-" * s for s in sizes), *(x for row in body for x in row)]


def _fitted(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Widths of columns: the widest are narrowed, as far as their longest words allow."""
    columns = list(zip(*rows, strict=True))
    sizes = [max(map(width, column)) for column in columns]
    least = [max((width(w) for cell in column for w in cell.split()), default=0) for column in columns]
    while 2 * len(sizes) + sum(sizes) > room:
        wide = [k for k, size in enumerate(sizes) if size > max(least[k], 8)]
        if not wide:
            break
        sizes[max(wide, key=sizes.__getitem__)] -= 1
    return sizes


def _row(cells: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """One row, on as many lines as its longest cell takes."""
    parts = [wrap(cell, size) if width(cell) > size else [cell] for cell, size in zip(cells, sizes, strict=True)]
    lines = zip_longest(*parts, fillvalue="")
    return ["  " + "  ".join(pad(x, size) for x, size in zip(line, sizes, strict=True)).rstrip() for line in lines]


def summary_line(report: Report, style: Style) -> str:
    """Counts of documents, formulas and findings.

    >>> summary_line(Report(()), Style())
    '0 documents · 0 formulas · nothing wrong'
    """
    s = report.summary
    unread = sum(bool(d.error) for d in report.documents)
    states = [f"{s[k]} {k}" for k in ("read", "repaired", "skipped", "unreadable") if s[k]]
    counts = [(count(s[f"{k}s"], k), k) for k in SEVERITIES if s[f"{k}s"]]
    said = counts or ([] if unread == s["documents"] > 0 else [("nothing wrong", "good")])
    read = count(s["documents"], "document") + (f" ({unread} not read)" if unread else "")
    read += f" · {count(s['formulas'], 'formula')}" + (f": {', '.join(states)}" if states else "")
    found = ", ".join(style.paint(text, role) for text, role in said)
    if report.seconds is not None:
        time = f"{report.seconds:.1f} s"
        found += ("    " if width(", ".join(text for text, _ in said)) + 4 + width(time) <= style.width else "\n") + time
    return "\n".join(wrap(read, style.width)) + (" · " if width(read) + 50 <= style.width else "\n") + found


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "error"), count(2, "error")
    ('1 error', '2 errors')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def comparison_blocks(matrix: Matrix, style: Style) -> Iterator[list[str]]:
    """The table of pairs (in pieces where it is wider than the terminal), its legend, and the mapping or witness of each pair."""
    names = {side: clean(matrix.names[side]) for side in matrix.sides}
    numbers = {side: str(k) for k, side in enumerate(matrix.sides, 1)}
    long = 4 + max(map(width, names.values())) + sum(2 + max(3, width(n)) for n in names.values()) > style.width
    heads = numbers if long else names
    stub = min(max(width(f"{numbers[s]} {names[s]}" if long else names[s]) for s in names) + 2, style.width // 2)
    size = {side: max(width(heads[side]), 2) + 2 for side in names}
    per_piece = max(1, (style.width - stub) // max(size.values())) if long else len(names)
    for start in range(0, len(names), per_piece):
        piece = matrix.sides[start : start + per_piece]
        lines = [" " * stub + "".join(pad(heads[c], size[c]) for c in piece).rstrip()]
        for row in matrix.sides:
            head = wrap(f"{numbers[row]} {names[row]}" if long else names[row], stub - 2)[0]
            signs = [(matrix.sign(row, c), size[c]) for c in piece]
            lines.append((pad(head, stub) + "".join(style.paint(s, _ROLE[s]) + " " * (n - len(s)) for s, n in signs)).rstrip())
        yield lines
    yield wrap(matrix.legend, style.width)
    details = [(head, text) for head, text in matrix.details() if text]
    yield [line for head, text in details[:MAX_DETAILS] for line in _hanging(f"  {clean(head)}", text, style, 30)]
    if len(details) > MAX_DETAILS:
        yield [f"  … and {len(details) - MAX_DETAILS} more pairs: --format json or html lists all"]


_ROLE = {"=": "good", "≅": "good", "≠": "error", "?": "warning", "·": "faint", "": "faint"}
