"""The audit: documents to a report. The stages in order, one line each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..cells import cell
from ..errors import CellError, LstmSymbolicError
from ..expr.wanted import wanted, wanted_list
from ..proof import System
from ..reading import Source, load, read_document
from .character import contradictions, system_findings
from .claims import claim_findings
from .comparisons import pairwise, required, with_zoo
from .gradients import gradient_findings
from .judge import Judged, judge
from .legend import legend_findings
from .normal import normal_systems
from .parameters import exchanged_letters
from .places import record
from .processes import mapped
from .reading_findings import reading_findings
from .report import DocumentReport, Finding, Report, SystemRecord
from .worked import worked

_PATHS, _EXAMPLE = "the path of a document or a list of paths", 'for example ["lecture.md"]'
#: What a folder is searched for.
SUFFIXES = (".md", ".txt", ".tex", ".markdown", ".rst", ".ipynb", ".html", ".htm")


def check(
    paths: str | Path | Source | Sequence[str | Path | Source],
    against: Any = None,
    alone: bool = False,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """The audit of documents and folders, each alone and against each other.

    ``against`` is a cell or a system that every document is held to; ``jobs`` processes read documents at the same time. What cannot be
    opened is a document with an ``error``, and no exception.

    >>> said = r"$$f_t = \\sigma(W_f x_t + U_f h_{t-1} + b_f)$$ $$i_t = \\sigma(W_i x_t + U_i h_{t-1} + b_i)$$ " + (
    ...     r"$$g_t = \\tanh(W_g x_t + U_g h_{t-1} + b_g)$$ $$c_t = f_t \\odot c_{t-1} + i_t \\odot g_t$$ "
    ...     r"$$o_t = \\sigma(W_o x_t + U_o h_{t-1} + b_o)$$ $$h_t = \\tanh(c_t \\odot o_t)$$")
    >>> [(f.code, f.message, f.expected) for d in check(Source("notes.md", said)).documents for f in d.findings if f.severity == "error"]
    [('E204', 'o[t] belongs beside tanh, not inside it (hidden state of the lstm)', 'h[t] = tanh(c[t]) * o[t]')]
    """
    start = time.monotonic()
    wanted(jobs, int, "a number of processes")
    demand = demanded(against)
    reports, judged = [], []
    documents = expand(paths)
    for report, systems in mapped(partial(check_document, asked=asked_for(against)), documents, jobs):
        reports.append(report)
        progress(len(reports), len(documents))
        judged += [(f"{report.path}#{j.system.id}", j) for j in systems]
    comparisons = [*with_zoo(judged), *([] if alone else pairwise(judged, jobs)), *required(judged, against, demand)]
    return Report(tuple(reports), tuple(comparisons), time.monotonic() - start)


def expand(paths: str | Path | Source | Sequence[str | Path | Source]) -> list[str | Path | Source]:
    """Files of folders, sorted; what is no folder stays as it is."""
    out: list[str | Path | Source] = []
    for p in wanted_list(paths, (str, Path, Source), _PATHS, _EXAMPLE):
        if isinstance(p, str | Path) and p != "" and Path(p).is_dir():
            found = sorted(f for f in Path(p).rglob("*") if f.suffix.lower() in SUFFIXES and (f.is_file() or not f.exists()))
            if not found:
                out.append(p)
            out += found
        else:
            out.append(p)
    return out


def asked_for(against: Any) -> str:
    """The known cell that is named, so that a variant counts as well."""
    try:
        return cell(against).name if isinstance(against, str) else ""
    except CellError:
        return ""


def check_document(path: str | Path | Source, asked: str = "") -> tuple[DocumentReport, list[Judged]]:
    """One document; what cannot be opened is a report with an error."""
    if isinstance(path, Source):
        return audit(path, asked)
    try:
        if path == "":
            raise LstmSymbolicError("an empty text names no document", hint=_EXAMPLE)
        if Path(path).is_dir():
            raise LstmSymbolicError(f"{path} holds no document", hint=f"a folder is searched for {', '.join(SUFFIXES)}")
        return audit(load(path), asked)
    except LstmSymbolicError as error:
        return DocumentReport(str(path), error="; ".join(t for t in (error.message, error.hint) if t)), []


def audit(source: Source, asked: str = "") -> tuple[DocumentReport, list[Judged]]:
    """Read, judge every system, collect the findings in document order."""
    document = read_document(source)
    judged = [judge(system, asked) for system in normal_systems(document)]
    findings: list[Finding] = [*reading_findings(document)]
    for j in judged:
        findings += system_findings(document, j)
    findings += exchanged_letters(document, judged)
    findings += contradictions(document, judged)
    findings += legend_findings(document, [(j.system, j.match) for j in judged if j.match is not None])
    findings += claim_findings(document, judged)
    tables, numbers = worked(document, judged)
    derivation, gradients = gradient_findings(document, judged)
    findings += [*numbers, *gradients]
    records = tuple(record(document, f) for f in document.formulas)
    systems = tuple(system_record(j) for j in judged)
    report = DocumentReport(source.path, source.written, records, systems, _sorted(findings), tables=(*tables, *derivation))
    return report, judged


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """In document order, each once; what several systems share is said by the first."""
    unique = {(f.code, f.line, f.column, f.message): f for f in findings}
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(unique.values(), key=lambda f: (f.line, f.column, rank[f.severity], f.code)))


def system_record(j: Judged) -> SystemRecord:
    """The report's line for one system."""
    system, match = j.system, j.match
    title = system.title or (f"step {system.step}" if system.step is not None else "")
    if match is None:
        return SystemRecord(system.id, system.formulas, layout=system.layout, title=title, reason="no cell of the zoo is near")
    under = dict(j.verdict.under) if j.verdict else {}
    layout = "scalar" if match.cell == "lstm_lee" else system.layout
    return SystemRecord(
        system.id, system.formulas, match.cell, j.relation, layout, dict(match.roles), under, title, j.verdict.reason if j.verdict else ""
    )  # fmt: skip


def demanded(against: Any) -> Judged | System | None:
    """What every system is held to: a cell, equations, or the one system of a document. What is none of these is said at once."""
    if against is None:
        return None
    if not isinstance(against, Path):
        from .sides import sides

        side = sides(against)[0]
        return System(side.system(), side.outputs)
    name, _, wanted = (str(against), "", "") if against.exists() else str(against).partition("#")
    report, systems = check_document(name)
    if report.error:
        raise LstmSymbolicError(report.error)
    found = [j for j in systems if wanted in ("", j.system.id)]
    if len(found) != 1:
        hint = f"name one: {', '.join(f'{name}#{j.system.id}' for j in systems)}" if systems else ""
        raise LstmSymbolicError(f"{against} holds {len(found)} systems", hint=hint)
    return found[0]


__all__ = ["check", "check_document"]
