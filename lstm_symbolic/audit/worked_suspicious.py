"""Entries that are far from all other numbers of a document's matrices in a way that a lost decimal point explains.

``77`` among entries such as ``0.51`` and ``-1.4``: a number printed without a decimal point, ten times as large as the largest of the
others, where nearly all of those have one. It is used as it stands and nothing is mended: the number that was meant is only a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..reading.document import Document
from .places import finding
from .report import Finding
from .worked_values import Printed, Stated

#: How much larger than all others, how many entries it takes to know the usual size, and how few may stand out.
FACTOR, LEAST, SHARE = 10, 8, 10


def suspicious_numbers(document: Document, matrices: Sequence[Printed]) -> Iterator[Finding]:
    """One warning for every entry that stands out."""
    entries = [(s, m) for m in matrices for s in m.entries()]
    odd = standing_out([s for s, _ in entries])
    usual = max((abs(s.value) for s, _ in entries if s not in odd), default=0)
    for s, m in entries:
        if s in odd:
            meant = with_point(s, usual)
            message = f"{s.text} stands among numbers of size at most {float(usual):g}: is it {meant}, without its decimal point?"
            yield finding(document, "W306", s.span, message, m.formula, wrote=s.text, expected=meant)


def standing_out(entries: Sequence[Stated]) -> list[Stated]:
    """The few entries above a gap of ``FACTOR``, where they have no decimal point and the rest has.

    >>> [s.text for s in standing_out([Stated(x, (0, 1)) for x in "0.5 0.2 0.31 -1.4 1.3 0.82 0.4 0.1 .9 1.2 77".split()])]
    ['77']
    """
    ranked = sorted(entries, key=lambda s: -abs(s.value))
    for k in range(1, len(ranked) // SHARE + 1):
        odd, rest = ranked[:k], ranked[k:]
        pointless = not any("." in s.text for s in odd)
        usual = [s for s in rest if "." in s.text]
        far = abs(odd[-1].value) >= FACTOR * abs(rest[0].value) > 0
        if len(entries) >= LEAST and pointless and far and len(usual) * SHARE >= len(rest) * (SHARE - 1):
            return odd
    return []


def with_point(s: Stated, usual: object) -> str:
    """The digits with a decimal point, as far right as the usual size allows.

    >>> with_point(Stated("-77", (0, 3)), 1)
    '-.77'
    """
    sign, digits = ("-", s.text[1:]) if s.text[0] in "-−" else ("", s.text)
    places = next((k for k in range(1, len(digits)) if abs(s.value) / 10**k <= usual), len(digits))  # type: ignore[operator]
    return f"{sign}{digits[: len(digits) - places]}.{digits[len(digits) - places :]}"


__all__ = ["suspicious_numbers"]
