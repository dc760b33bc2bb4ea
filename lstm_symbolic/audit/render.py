"""The formats of a report: one function each, by the name that ``--format`` takes."""

from __future__ import annotations

import json
from collections.abc import Callable

from .render_github import render_github
from .render_html import render_html
from .render_markdown import render_markdown
from .render_sarif import render_sarif
from .render_text import render_text
from .report import Report
from .terminal import Style


def render_json(report: Report) -> str:
    """Schema 1, in ASCII, so that any terminal and any pipe carries it."""
    return json.dumps(report.to_json(), indent=1) + "\n"


RENDERERS: dict[str, Callable[[Report, Style], str]] = {
    "text": render_text,
    "json": lambda report, _: render_json(report),
    "sarif": lambda report, _: render_sarif(report),
    "html": lambda report, _: render_html(report),
    "markdown": lambda report, _: render_markdown(report),
    "github": lambda report, _: render_github(report),
}


def render(report: Report, to: str = "text", style: Style | None = None) -> str:
    """The report in one of the formats of ``RENDERERS``."""
    return RENDERERS[to](report, style or Style())
