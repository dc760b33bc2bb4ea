r"""What a document says of the range of a state: ``C_t \in [-1, 1]``, ``|h_t| \le 1``, "the tanh keeps the cell state within ±1".

A claim is held to the cell that the document's equations were proved to be, with states that start at 0. Only what exact numbers refute is
reported: a claim that is proved, undecided, or about anything but a state of a proved cell is no finding.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ..cells import Cell, cell
from ..errors import LstmSymbolicError
from ..reading.document import Document
from ..writing.names import Name
from .bounds import Claim, within
from .judge import Judged
from .places import finding
from .report import Finding

#: More claims than this are not held to anything: each takes a second.
_MOST = 6
_NUMBER = r"[-−]?\s?\d+(?:\.\d+)?"
_SYMBOL = r"(?P<symbol>\\?[A-Za-z][^\s$|<>=≤\[\],]{0,30}?)"
_LESS = r"\s*(?:<|≤|\\leq?(?:slant)?|\\lt)\s*"
#: Formulas that are claims, whole.
_FORMULAS = (
    re.compile(rf"{_SYMBOL}\s*(?:\\in|∈)\s*\\?[\[(]\s*(?P<low>{_NUMBER})\s*,\s*(?P<high>{_NUMBER})\s*\\?[\])]"),
    re.compile(rf"(?P<low>{_NUMBER}){_LESS}{_SYMBOL}{_LESS}(?P<high>{_NUMBER})"),
    re.compile(rf"(?:\||\\lvert|\\left\|)\s*{_SYMBOL}\s*(?:\||\\rvert|\\right\|){_LESS}(?P<high>{_NUMBER})"),
)
_RANGE = rf"\$?(?:(?:±|\\pm)\s?(?P<around>\d+(?:\.\d+)?)|[\[(]?(?P<low>{_NUMBER})\s*(?:,|and|to|to\s\+)\s*\+?(?P<high>{_NUMBER}))"
_VERBS = r"keeps|holds|bounds|limits|squashes|restricts|confines"
#: Sentences that are claims: who keeps what where, or what stays where.
_SENTENCES = tuple(
    re.compile(pattern + r"\s+(?:within|between|in|inside|to)\s+(?:the\s+(?:range|interval)\s+)?(?:of\s+)?" + _RANGE, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_VERBS})\s+the\s+(?P<what>cell|hidden)\s+state",
        r"\bthe\s+(?P<what>cell|hidden)\s+state\s+(?:is\s+(?:always|kept|bounded)|(?:always\s+)?(?:stays|lies|remains))",
    )
)
_CALLED = {"cell": ("C", "c"), "hidden": ("h", "a")}


@dataclass(frozen=True)
class _Said:
    """A claim as it stands: its place, the state by its symbol or by what it is called, and the bounds."""

    span: tuple[int, int]
    symbol: str
    called: str
    low: Fraction
    high: Fraction


def claim_findings(document: Document, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Ranges that the equations leave, each with numbers that show it."""
    proved = [j for j in judged if j.match is not None and j.verdict is not None and j.verdict.kind in ("proved", "proved-under")]
    claims = itertools.chain(_in_formulas(document), _in_sentences(document)) if proved else ()
    for said in itertools.islice(claims, _MOST):
        for j in proved:
            refuted = _refuted(said, j)
            if refuted is not None:
                yield _finding(document, said, refuted)
                break


def _in_formulas(document: Document) -> Iterator[_Said]:
    for f in document.formulas:
        found = next((m for pattern in _FORMULAS if (m := pattern.fullmatch(f.raw.strip().rstrip(".,;")))), None)
        if found is not None:
            high = _number(found["high"])
            yield _Said((f.start, f.end), found["symbol"], "", _number(found.groupdict().get("low") or f"-{high}"), high)


def _in_sentences(document: Document) -> Iterator[_Said]:
    for pattern in _SENTENCES:
        for m in pattern.finditer(document.source.text):
            high = _number(m["high"] or m["around"])
            low = _number(m["low"]) if m["low"] else -high
            yield _Said(m.span(), "", m["what"].lower(), low, high)


def _number(text: str) -> Fraction:
    return Fraction(text.replace("−", "-").replace(" ", ""))


def _refuted(said: _Said, j: Judged) -> Claim | None:
    """The claim about a state of the cell, where it is certainly wrong."""
    assert j.match is not None
    state = _state(said, j, cell(j.match.cell))
    if state is None or said.low > said.high:
        return None
    claim = _held(j.match.cell, state, said.low, said.high)
    return claim if claim.verdict == "refuted" else None


@lru_cache(maxsize=64)
def _held(known: str, state: str, low: Fraction, high: Fraction) -> Claim:
    """A document often says the same twice."""
    return within(cell(known), state, low, high)


def _state(said: _Said, j: Judged, known: Cell) -> str | None:
    """The state of the known cell that is meant."""
    assert j.match is not None
    if said.called:
        return next((s for s in _CALLED[said.called] if s in known.states), None)
    try:
        glyph = Name.latex(said.symbol)
    except LstmSymbolicError:
        return None
    time = (glyph.base, glyph.accent, [s for s in (*glyph.subs, *glyph.sups) if s not in ("t", "(t)", "<t>", "⟨t⟩")])
    roles = ((Name.plain(own), role) for own, role in j.match.roles.items() if role in known.states)
    return next((role for own, role in roles if (own.base, own.accent, [*own.subs, *own.sups]) == time), None)


def _finding(document: Document, said: _Said, claim: Claim) -> Finding:
    values = {name: str(v) for name, v in claim.values.items()}
    bound = claim.high if Fraction(claim.value.split()[0]) > claim.high else claim.low
    shown = ", ".join(f"{name} = {v}" for name, v in values.items() if v != "0")
    message = f"{claim.name}[t] does not stay within {claim.low} and {claim.high}: {claim.name}[{claim.step}] = {claim.value}"
    notes = [("witness", f"sizes 1, states 0 at the start, {shown}: {claim.name}[{claim.step}] = {claim.value}")]
    witness = {"values": values, "left": claim.value, "right": str(bound)}
    formula = next((f for f in document.formulas if (f.start, f.end) == said.span), None)
    return finding(document, "E405", said.span, message, formula, witness=witness, notes=notes)
