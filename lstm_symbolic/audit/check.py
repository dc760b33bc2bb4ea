"""The audit: documents to a report. The stages in order, one line each."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..cells import cell
from ..errors import CellError, LstmSymbolicError
from ..expr.plain import write
from ..proof import System, Verdict, compare_systems
from ..reading import Source, load, read_document
from .character import contradictions, system_findings
from .claims import claim_findings
from .gradients import gradient_findings
from .judge import Judged, carried, judge, prover_system
from .legend import legend_findings
from .models import models
from .normal import normal_systems
from .parameters import exchanged_letters
from .places import record
from .reading_findings import reading_findings
from .recognise import SAME_ROLE
from .report import Comparison, DocumentReport, Finding, Report, SystemRecord
from .worked import worked

_In = TypeVar("_In")
_Out = TypeVar("_Out")

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

    ``against`` is a cell or a system that every document is held to; ``jobs`` processes read documents at the same time.
    """
    start = time.monotonic()
    reports, judged = [], []
    documents = expand(paths)
    for report, systems in _mapped(partial(check_document, asked=asked_for(against)), documents, jobs):
        reports.append(report)
        progress(len(reports), len(documents))
        judged += [(f"{report.path}#{j.system.id}", j) for j in systems]
    comparisons = [*with_zoo(judged), *([] if alone else pairwise(judged, jobs)), *required(judged, against)]
    return Report(tuple(reports), tuple(comparisons), time.monotonic() - start)


def expand(paths: str | Path | Source | Sequence[str | Path | Source]) -> list[str | Path | Source]:
    """Files of folders, sorted; what is no folder stays as it is."""
    given: Iterable[str | Path | Source] = [paths] if isinstance(paths, str | Path | Source) else paths
    out: list[str | Path | Source] = []
    for p in given:
        if isinstance(p, str | Path) and Path(p).is_dir():
            found = sorted(f for f in Path(p).rglob("*") if f.suffix.lower() in SUFFIXES and (f.is_file() or not f.exists()))
            if not found:
                out.append(p)
            out += found
        else:
            out.append(p)
    return out


def _mapped(work: Callable[[_In], _Out], items: Sequence[_In], jobs: int) -> Iterator[_Out]:
    """``map`` over several processes, in order. An interrupt from the terminal ends them at once."""
    if jobs == 1 or len(items) < 2:
        yield from map(work, items)
        return
    try:
        with ProcessPoolExecutor(min(jobs, len(items)), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_DFL)) as pool:
            yield from pool.map(work, items, chunksize=1 + len(items) // (8 * jobs))
    except BrokenProcessPool:
        raise LstmSymbolicError("a process was ended from outside", hint="is there too little memory? try --jobs 1") from None


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


# -- comparisons ----------------------------------------------------------------------------------------------------------------


def with_zoo(judged: Sequence[tuple[str, Judged]]) -> list[Comparison]:
    """Every system against its own cell."""
    return [
        comparison(key, f"zoo#{j.match.cell}", j.verdict, dict(j.match.roles))
        for key, j in judged
        if j.match is not None and j.verdict is not None
    ]


def pairwise(judged: Sequence[tuple[str, Judged]], jobs: int = 1) -> list[Comparison]:
    """Every two systems, names matched through their cells; what two documents state alike is compared once."""
    pairs = [((left, a), (right, b)) for (left, a), (right, b) in itertools.combinations(judged, 2)]
    tasks = {(_statement(a), _statement(b)): (a, b) for (_, a), (_, b) in pairs}
    verdicts = dict(zip(tasks, _mapped(_verdict, list(tasks.values()), jobs), strict=True))
    out = []
    for (left, a), (right, b) in pairs:
        back = {role: mine for mine, role in canonical_roles(b).items()}
        names = {mine: back[role] for mine, role in canonical_roles(a).items() if role in back}
        out.append(comparison(left, right, verdicts[_statement(a), _statement(b)], names))
    return out


def _verdict(pair: tuple[Judged, Judged]) -> Verdict:
    a, b = pair
    if a.match is None or b.match is None:
        return Verdict("undecided", reason="one of the systems is no known cell, so their symbols are not matched")
    outputs = tuple(r for r in canonical_outputs(a) if r in canonical_outputs(b))
    if not outputs:
        return Verdict("undecided", reason="the two systems share no output")
    try:
        return compare_systems(as_system(a, outputs), as_system(b, outputs))
    except LstmSymbolicError as error:
        return Verdict("undecided", reason=error.message)


def _statement(j: Judged) -> Hashable:
    """What a system states, places apart: systems with the same statement compare alike."""
    roles = tuple(sorted(canonical_roles(j).items()))
    return j.system.layout, roles, frozenset((d.name, write(d.value)) for d in j.system.definitions)


def canonical_roles(j: Judged) -> dict[str, str]:
    if j.match is None:
        return {}
    return {mine: SAME_ROLE.get(role, role) for mine, role in j.match.roles.items()}


def canonical_outputs(j: Judged) -> tuple[str, ...]:
    assert j.match is not None
    return tuple(SAME_ROLE.get(r, r) for r in carried(j.system, j.match))


def as_system(j: Judged, outputs: tuple[str, ...]) -> System:
    """A system under the names of its roles."""
    return prover_system(j.system, canonical_roles(j), outputs, j.match)


def comparison(left: str, right: str, verdict: Verdict, names: dict[str, str]) -> Comparison:
    witness = verdict.witness.to_json() if verdict.witness else None
    return Comparison(
        left, right, verdict.kind, {**names, **verdict.names}, dict(verdict.under), witness, dict(verdict.certificate), verdict.reason
    )


def required(judged: Sequence[tuple[str, Judged]], against: Any) -> list[Comparison]:
    """Every system against what the user asked for."""
    if against is None:
        return []
    from .sides import sides

    known = next((m for m in models() if m.name == against), None) if isinstance(against, str) else None
    out = []
    for key, j in judged:
        if known is not None and j.match is not None and j.match.model.name == known.name and j.verdict is not None:
            out.append(replace(comparison(key, f"zoo#{known.name}", j.verdict, dict(j.match.roles)), required=True))
            continue
        try:
            side = sides(against)[0]
            mine = prover_system(j.system, {}, tuple(j.system.defined))
            verdict = compare_systems(mine, System(side.system(), side.outputs))
        except LstmSymbolicError as error:
            verdict = Verdict("undecided", reason=error.message)
        out.append(replace(comparison(key, str(against), verdict, {}), required=True))
    return out


__all__ = ["check", "check_document"]
