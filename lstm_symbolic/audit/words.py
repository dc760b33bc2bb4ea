"""What a verdict or a report says, as on a terminal: one function for a notebook to call."""

from __future__ import annotations

from functools import singledispatch

from ..proof import Verdict
from .render_text import render_text
from .render_verdict import render_verdict
from .report import Report


@singledispatch
def words(o: object) -> str:
    """The text of a verdict or a report."""
    raise TypeError(f"a {type(o).__name__} is neither a verdict nor a report")


@words.register
def _(o: Verdict) -> str:
    return render_verdict(o.to_json())


@words.register
def _(o: Report) -> str:
    return render_text(o)
