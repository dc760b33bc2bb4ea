"""What an audit says: the data behind every renderer, field by field the JSON of ``check`` (schema 1).

Nothing is decided here and nothing heavy is imported. Places are 1-based lines and columns of the original file, columns count
characters, ends are exclusive. Every formula of a document has a record, also one that was skipped; a document that could not be
opened has an ``error`` and nothing else, so that no input is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..notebook import Told
from .data import plain_data
from .witness import witness_text

SCHEMA = 1
KINDS = ("equation", "expression", "symbol", "declaration", "data", "label", "diagram")
STATUSES = ("read", "repaired", "skipped", "unreadable")
SEVERITIES = ("error", "warning", "note")
RELATIONS = ("equivalent", "equivalent-under", "differs", "undecided")


class Note(NamedTuple):
    """One line below a finding: ``= read``, ``= expected``, ``= witness``, ``= fix``, or any other label."""

    label: str
    text: str


@dataclass(frozen=True)
class Repair:
    """One repair of damaged text: what stood there, what it was read as, and why."""

    wrote: str
    read: str
    why: str


@dataclass(frozen=True)
class FormulaRecord:
    """One formula of a document: where it stands, how it was read (``plain``: plain syntax), or why it was not."""

    id: str
    line: int
    column: int
    end_line: int
    end_column: int
    kind: str
    raw: str
    status: str
    reason: str = ""
    plain: str = ""
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True)
class SystemRecord:
    """Formulas that belong together, and the known cell nearest to them.

    ``names`` maps the document's symbols to the cell's, ``under`` a parameter to its expression; ``title`` tells the systems of one
    document apart (``GRU``, ``left column``).
    """

    id: str
    formulas: tuple[str, ...]
    cell: str | None = None
    relation: str = "undecided"
    layout: str = "column"
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    under: Mapping[str, str] = field(default_factory=dict, hash=False)
    title: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Fix:
    """An edit that mends a finding, in the author's own notation."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True)
class Label:
    """A second place that a finding speaks of, on one line: the other definition, the line before."""

    line: int
    column: int
    end_column: int
    text: str


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, doubtful or worth knowing. ``wrote`` and ``expected`` are in plain syntax.

    ``witness`` is ``{"values", "left", "right"}``. ``notes`` are shown below the source line in the order given.
    """

    code: str
    severity: str
    formula: str | None
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    wrote: str = ""
    expected: str = ""
    fix: Fix | None = None
    witness: Mapping[str, Any] | None = field(default=None, hash=False)
    notes: tuple[Note, ...] = ()
    labels: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", tuple(Note(*n) for n in self.notes))

    @property
    def shown(self) -> tuple[Note, ...]:
        """The notes below the finding: what it read, expected, its witness and its fix, unless a note says it better; then the rest.

        >>> spot = Finding("E202", "error", "f1", 2, 7, 2, 12, "a time index is wrong", expected="h[t - 1]")
        >>> spot.shown
        (Note(label='expected', text='h[t - 1]'),)
        """
        given = {
            "read": self.wrote,
            "expected": self.expected,
            "witness": witness_text(self.witness, "as written", "expected"),
            "fix": self.fix.text if self.fix else "",
        }
        standard = [n for k, v in given.items() for n in [m for m in self.notes if m.label == k] or [Note(k, v)]]
        return (*(n for n in standard if n.text), *(n for n in self.notes if n.label not in given))


@dataclass(frozen=True)
class Table:
    """A table shown after the findings: a worked example recomputed, row by row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class DocumentReport:
    """All that was found in one document. ``text`` is the original file, for the renderers; the JSON leaves it out."""

    path: str
    text: str = field(default="", metadata={"json": False})
    formulas: tuple[FormulaRecord, ...] = ()
    systems: tuple[SystemRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str | None = None
    tables: tuple[Table, ...] = ()

    def of(self, severity: str) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity == severity)


@dataclass(frozen=True)
class Comparison:
    """Two systems against each other; ``left`` and ``right`` are ``path#system id`` or ``zoo#lstm``.

    ``required`` marks a comparison that the user asked to hold (``--against``): there a refutation is an error.
    """

    left: str
    right: str
    verdict: str
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    under: Mapping[str, str] = field(default_factory=dict, hash=False)
    witness: Mapping[str, Any] | None = field(default=None, hash=False)
    certificate: Mapping[str, Any] | None = field(default=None, hash=False)
    reason: str = ""
    required: bool = False


@dataclass(frozen=True)
class Report(Told):
    """The answer of ``check``.

    >>> Report((DocumentReport("notes.md"),)).summary["documents"]
    1
    """

    documents: tuple[DocumentReport, ...]
    comparisons: tuple[Comparison, ...] = ()
    seconds: float | None = None

    @property
    def findings(self) -> Iterator[tuple[DocumentReport, Finding]]:
        return ((d, f) for d in self.documents for f in d.findings)

    @property
    def summary(self) -> dict[str, int]:
        """Counts: documents, formulas by status, findings by severity."""
        statuses = [f.status for d in self.documents for f in d.formulas]
        severities = [f.severity for _, f in self.findings]
        return {
            "documents": len(self.documents),
            "formulas": len(statuses),
            **{s: statuses.count(s) for s in STATUSES},
            **{f"{s}s": severities.count(s) for s in SEVERITIES},
        }

    @property
    def names(self) -> dict[str, str]:
        """A short name for every ``path#system id`` that a comparison speaks of."""
        return _short_names(self)

    def exit_status(self, fail_on: Iterable[str] = ("error",)) -> int:
        """2 where a document could not be opened, 1 where something is wrong, else 0.

        >>> Report((DocumentReport("gone.md", error="no such file"),)).exit_status()
        2
        """
        if any(d.error for d in self.documents):
            return 2
        wrong = any(f.severity in fail_on for _, f in self.findings)
        return int(wrong or any(c.required and c.verdict == "refuted" for c in self.comparisons))

    def to_json(self) -> dict[str, Any]:
        """The JSON object of schema 1: dictionaries, lists, strings and integers only."""
        return {
            "schema": SCHEMA,
            "summary": self.summary,
            "documents": [plain_data(d) for d in self.documents],
            "comparisons": [plain_data(c) for c in self.comparisons],
        }


def _short_names(report: Report) -> dict[str, str]:
    """The file's stem, with the system's title where the document has several."""
    found = {}
    for document in report.documents:
        stem = document.path.replace("\\", "/").rsplit("/", 1)[-1]
        stem = stem.rsplit(".", 1)[0] if "." in stem[1:] else stem
        for system in document.systems:
            title = system.title if 0 < len(system.title) <= 20 else system.id
            tail = f" {title}" if len(document.systems) > 1 else ""
            found[f"{document.path}#{system.id}"] = stem + tail
    for side in (s for c in report.comparisons for s in (c.left, c.right)):
        found.setdefault(side, side.removeprefix("zoo#") if side.startswith("zoo#") else side)
    return found
