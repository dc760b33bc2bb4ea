"""Findings about reading alone: what cannot be read, what was repaired by a guess, what is ambiguous, how products are signed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..reading.document import Document, Formula
from ..reading.partition import alike
from ..reading.surface import Surface
from .places import finding, is_guess, label, where
from .report import Finding, Label


def reading_findings(document: Document) -> Iterator[Finding]:
    """All findings that need no system."""
    for f in document.formulas:
        if f.status == "unreadable":
            yield _unreadable(document, f)
        for a in f.repairs:
            if is_guess(a):
                message = f"{a.wrote!r} is read as {a.read}: {a.why}" if a.read else a.why
                yield finding(document, "W301", (a.start, a.end), message, f, wrote=f.plain)
        if f.ambiguous:
            yield finding(document, "W307", (f.start, f.end), "two readings fit", f, wrote=f.plain, notes=[("or", f.ambiguous)])
    yield from _damage(document)
    yield from _signs(document)


def _unreadable(document: Document, f: Formula) -> Finding:
    at = f.start if f.error_at is None else min(max(f.error_at, f.start), f.end - 1)
    reason = f.reason
    code = "E101"
    braces = re.findall(r"(?<!\\)[{}]", f.raw)
    if re.search(r"never closed|expected '[)\]}]|expected '\\", reason) or braces.count("{") != braces.count("}"):
        code = "E102"
    elif "nested" in reason or "longer than" in reason:
        code = "E103"
    elif reason.startswith("unknown command"):
        code = "E104"
    severity = "error" if code in ("E102", "E103") else "warning"
    return finding(
        document,
        code,
        (at, f.end if at == f.start else at + 1),
        f"this formula cannot be read: {reason}",
        f,
        severity=severity,
    )


def _damage(document: Document) -> Iterator[Finding]:
    """One note for each kind of repaired damage."""
    kinds: dict[str, list[Formula]] = {}
    for f in document.formulas:
        for why in dict.fromkeys(a.why for a in f.repairs if not is_guess(a)):
            kinds.setdefault(why, []).append(f)
    for why, formulas in kinds.items():
        first = formulas[0]
        applied = next(a for a in first.repairs if a.why == why)
        others = f" (and in {len(formulas) - 1} more)" if len(formulas) > 1 else ""
        message = f"repaired: {why}{others}"
        yield finding(
            document, "N506", (applied.start, applied.end), message, first, notes=[("read", applied.read)] if applied.read else []
        )


def _signs(document: Document) -> Iterator[Finding]:
    """The same equation once with a product sign and once without."""
    seen: dict[str, Formula] = {}
    odd: dict[str, int] = {}
    signs: dict[str, set[str]] = {}
    for f in document.formulas:
        if f.kind != "equation" or f.statement is None or f.equation is None:
            continue
        for sign, kind, _ in _product_signs(f):
            signs.setdefault(kind, set()).add(sign)
            odd[f"{kind} {sign}"] = odd.get(f"{kind} {sign}", 0) + 1
    for f in document.formulas:
        if f.kind != "equation" or f.statement is None or f.equation is None:
            continue
        for sign, kind, node in _product_signs(f):
            others = signs[kind] - {sign}
            common = max(others, key=lambda s: odd[f"{kind} {s}"], default="")
            if sign == "" and common and odd[f"{kind} {common}"] > odd[f"{kind} {sign}"] and f.plain not in seen:
                seen[f.plain] = f
                message = f"no product sign here; elsewhere the same product is written {common}"
                yield finding(document, "N502", node.span, message, f, labels=_twin(document, f))
                break


def _product_signs(f: Formula) -> Iterator[tuple[str, str, Surface]]:
    """Signs of the products of a weight with a pairing, which read alike however they are written."""
    assert f.statement is not None
    for node in (n for s in f.statement.sides for n in s.walk() if n.op == "product"):
        for k, sign in enumerate(node.glyphs):
            left, right = node.args[k], node.args[k + 1]
            if right.op == "pair" and left.op == "sym":
                yield sign, "weight times concatenation", Surface("product", (left, right), span=(left.span[0], right.span[0] + 1))


def _twin(document: Document, f: Formula) -> list[Label]:
    """The same formula written otherwise, somewhere else in the document."""
    for g in document.formulas:
        same = g is not f and g.kind == "equation" and g.plain == f.plain and g.raw != f.raw
        if same and g.statement is not None and f.statement is not None and alike(g.statement.sides[-1], f.statement.sides[-1]):
            return [label(document, (g.start, g.end), f"the same formula, {where(document, g)}")]
    return []
