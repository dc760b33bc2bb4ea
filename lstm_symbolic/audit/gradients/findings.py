"""What the audit says of a derivation: one verdict a line in a table, and a finding for every line that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...errors import LstmSymbolicError
from ...expr.plain import write
from ...expr.term import Term, time_shift
from ...expr.to_term import to_term
from ...proof import Verdict
from ...reading.document import Document, Formula
from ..interpret import map_symbols
from ..judge import Judged
from ..places import finding, fix, label, span_of, where
from ..report import Finding, Fix, Table
from . import sums
from .chains import chain_findings
from .derive import Claim, Derived, derived, placed
from .forward import forwards, gradient_formulas
from .jacobians import JacobianClaim, is_jacobian, judge_jacobian
from .prove import meant, verdict
from .readings import Reading
from .statements import Line
from .truth import Meaning, read_in_step
from .usage import usage

MAX_LINES = 200
#: A line that nothing explains is wrong if it is refuted under every reading; with more of them nothing is said.
MAX_READINGS = 40
COLUMNS = ("line", "as read", "verdict", "reading")

#: What a meaning is called in a report.
WORDS = {
    "total": "the adjoint of {}", "pre": "the adjoint of {}'s pre-activation", "recurrent": "the part of {}'s adjoint from step t+1",
    "direct": "the part of {}'s adjoint from step t", "step": "the gradient of {}", "inner": "the adjoint of a part of an equation",
}  # fmt: skip


def gradient_findings(document: Document, judged: Sequence[Judged]) -> tuple[list[Table], list[Finding]]:
    """The table of a document's gradient lines, and what is wrong with them."""
    formulas = gradient_formulas(document)[:MAX_LINES]
    if not formulas:
        return [], []
    candidates = forwards(judged, formulas)
    for forward in candidates:
        forward.names.usage = usage(document, formulas, forward.names)
    results = [derived(forward, formulas) for forward in candidates]
    found = list(chain_findings(document, formulas))
    best = max(results, key=lambda r: (r.count("holds"), not r.forward.assumed), default=None)
    if best is None or not best.trusted:
        own = next((r for r in results if r.forward.stated and not r.forward.guessed), None)
        return [*_untrusted(document, formulas, own, found)], found
    stated = next((r for r in results if r.forward.stated == best.forward.stated and not r.forward.assumed), None)
    rows: list[tuple[str, ...]] = []
    told: set[str] = {f.formula for f in found if f.formula is not None}
    for claim in (_as_elsewhere(best, c) for c in best.claims):
        proof = _proof(best, claim)
        rows.append(_row(document, best, claim, proof))
        if claim.formula.id not in told:
            made = list(_findings(document, best, claim, proof))
            told |= {claim.formula.id} if made else set()
            found += made
    for k, reason in best.unclear.items():
        rows.append(_unclear(document, best, document.formula(k), reason, found))
    if best.forward.assumed and stated is not None:
        found += _contradiction(document, best, stated)
    rows.sort(key=lambda r: int(r[0].removeprefix("line ")))
    title = "gradients" + (f", against the {best.forward.assumed}" if best.forward.assumed else ", against the document's own equations")
    return [Table(title, COLUMNS, tuple(rows))], found


def _untrusted(document: Document, formulas: Sequence[Formula], own: Derived | None, found: list[Finding]) -> Iterator[Table]:
    """Lines without a step that they are the gradients of; Jacobians of the document's own equations are judged even so."""
    reason = "no forward equations that this is the gradient of"
    rows = [_unclear(document, own, f, reason, found) for f in formulas]
    yield Table("gradients", COLUMNS, tuple(rows))


def _unclear(document: Document, result: Derived | None, f: Formula, reason: str, found: list[Finding]) -> tuple[str, ...]:
    """The row of a line that is no gradient of the step; a Jacobian is judged, and a wrong one makes a finding."""
    claim = judge_jacobian(result.forward, f) if result is not None and is_jacobian(f) else JacobianClaim("not judged", reason)
    if claim.kind == "wrong" and claim.proof is not None and f.id not in {x.formula for x in found}:
        witness = claim.proof.witness.to_json() if claim.proof.witness else None
        notes = [("read", f.plain), ("meaning", f"{claim.reading}; g_upstream is any upstream gradient")]
        found.append(finding(document, "E299", (f.start, f.end), "this Jacobian is wrong", f, wrote=f.plain, witness=witness, notes=notes))
    return where(document, f), f.plain, claim.kind, claim.reading


def _proof(result: Derived, claim: Claim) -> Verdict:
    """The prover on a line that can hold, under its first reading; on a wrong one under the reading that explains it."""
    outcome = claim.outcome
    if outcome.kind == "holds":
        return verdict(result.forward, outcome.line, _preferred(outcome.holds))
    if outcome.kind == "fails" and not outcome.misfit:
        readings = [claim.reading] if claim.reading is not None else result.forward.derivation.every(outcome.line, MAX_READINGS)
        proofs = [verdict(result.forward, outcome.line, r) for r in readings]
        return next((p for p in proofs if p.kind != "refuted"), proofs[0]) if proofs else Verdict("undecided")
    return Verdict("undecided")


def _as_elsewhere(result: Derived, claim: Claim) -> Claim:
    """A wrong line that nothing small mends is explained as its name is used elsewhere, or as the other gates' deltas are."""
    if claim.outcome.kind != "fails" or claim.edits or claim.reading is None:
        return claim
    key, target = claim.outcome.line.target.key, claim.reading.target
    gates = [_preferred(c.outcome.holds).target.kind for c in result.claims if c.outcome.holds]
    usual = "pre" if gates.count("pre") > gates.count("total") else "total"
    wanted = next(iter(result.forward.derivation.meanings.get(key, ())), Meaning(usual, target.name))
    kept = result.forward.derivation.meanings
    for reading in claim.outcome.candidates:
        agrees = all(m in kept.get(claim.outcome.line.adjoints[n].key, (m,)) for n, m in reading.others)
        if reading.target == wanted and agrees:
            return replace(claim, reading=reading)
    return claim


def left_out(result: Derived, claim: Claim) -> str:
    """The step that a sum leaves out whose summands are right."""
    line = claim.outcome.line
    return sums.left_out(line.value, line.over, result.forward.derivation.step.cell.states) if claim.outcome.holds else ""


def _preferred(readings: Sequence[Reading]) -> Reading:
    order = list(WORDS)
    return min(readings, key=lambda r: order.index(r.target.kind) if r.target.kind in order else len(order))


def said(reading: Reading) -> str:
    return WORDS.get(reading.target.kind, "a part of {}'s adjoint").format(reading.target.name)


def _row(document: Document, result: Derived, claim: Claim, proof: Verdict) -> tuple[str, ...]:
    outcome = claim.outcome
    known = _preferred(outcome.holds) if outcome.holds else claim.reading
    text = {
        "holds": "wrong" if left_out(result, claim) else proof.kind if proof.kind != "refuted" else "undecided",
        "last": "only at t = T",
        "tangent": "holds",
        "open": "not judged",
        "fails": "wrong" if outcome.misfit or proof.kind == "refuted" else "undecided",
    }[outcome.kind]
    plain = {"tangent": "differentials", "open": "the names say too little"}.get(outcome.kind)
    reading = plain or (said(known) if known else "")
    return where(document, claim.formula), claim.formula.plain, text, reading


def _findings(document: Document, result: Derived, claim: Claim, proof: Verdict) -> Iterator[Finding]:
    """The finding of a wrong line; the prover must not have found it right after all."""
    outcome, f = claim.outcome, claim.formula
    step = left_out(result, claim)
    if step:
        message = f"the sum leaves out step {step}"
        yield finding(document, "E217", (f.start, f.end), message, f, wrote=f.plain, notes=[("read", f.plain)])
    if outcome.kind == "last":
        yield from _last_only(document, result, claim)
        return
    if outcome.kind != "fails" or not (outcome.misfit or proof.kind == "refuted"):
        return
    read = [("read", f.plain)]
    if claim.reading is not None:
        read.append(("meaning", f"the left side is {said(claim.reading)}"))
    witness = proof.witness.to_json() if proof.witness else None
    arriving = [n for n in (witness or {}).get("values", {}) if "_in[" in n]
    if arriving:
        read.append(("where", f"{arriving[0]} is what arrives there from outside the step: from the loss, and from later steps"))
    if not claim.edits:
        code = "E218" if outcome.misfit else "E299"
        message = "this gradient is wrong, and no small change makes it right"
        sizes = result.forward.derivation.world(None).sizes(outcome.misfit)
        message = f"the shapes do not fit: {sizes}" if outcome.misfit else message
        right = "" if outcome.misfit or claim.reading is None else _derived(result, claim.reading, outcome.line)
        expected = f"{write(f.equation.sides[0])} = {right}" if right and f.equation else ""
        read += [("expected", expected)] if expected else []
        yield finding(document, code, (f.start, f.end), message, f, wrote=f.plain, expected=expected, witness=witness, notes=read)
        return
    over, value = outcome.line.over, claim.edits[-1].value
    expected = _unplaced(write(Term("sum", (value,), index=over) if over else value), result)
    left = write(f.equation.sides[0]) if f.equation else ""
    notes = [*read, ("expected", f"{left} = {expected}")]
    for k, e in enumerate(claim.edits):
        words = _unplaced(e.words, result)
        yield finding(
            document, e.code, span_of(f, e.at), words, f, wrote=f.plain, expected=f"{left} = {expected}",
            fix=None if len(claim.edits) > 1 else _fix(document, claim), witness=None if k else witness, notes=notes,
        )  # fmt: skip


def _last_only(document: Document, result: Derived, claim: Claim) -> Iterator[Finding]:
    """A line that lacks what comes from step t+1, unless another line of the document adds it."""
    f, line = claim.formula, claim.outcome.line
    others = [c.outcome for c in result.claims if c.formula.id != f.id and c.outcome.line.target.variable == line.target.variable]
    added = any(o.line.adds or any(r.target.kind in ("total", "recurrent") for r in o.holds) for o in others)
    if line.target.local or (added and result.forward.derivation.step.uses.get(line.target.variable)):
        return
    message = f"the term from step t+1 is missing: {write(f.equation.sides[0]) if f.equation else ''} is this at t = T only"
    yield finding(document, "E207", (f.start, f.end), message, f, wrote=f.plain, notes=[("read", f.plain)])


def _contradiction(document: Document, best: Derived, stated: Derived) -> Iterator[Finding]:
    """The backward lines are those of the plain cell, the forward equations are not: said once, at the first line that tells."""
    wrong = {c.formula.id for c in stated.claims if c.outcome.kind in ("fails", "last")}
    first = next((c.formula for c in best.claims if c.outcome.kind == "holds" and c.formula.id in wrong), None)
    if first is None:
        return
    cell = stated.forward.derivation.step.cell
    own = {e.lhs.name: e.rhs for e in cell.equations}
    changed = [e.lhs.name for e in best.forward.derivation.step.cell.equations if own.get(e.lhs.name) != e.rhs]
    sources = [document.formula(k) for k in stated.forward.stated if _target(document.formula(k)) in changed]
    labels = [label(document, (g.start, g.end), "the forward equation") for g in sources[:1]]
    message = f"this belongs to the {best.forward.assumed}; the forward equation of {', '.join(changed)} is another one"
    yield finding(document, "E211", (first.start, first.end), message, first, wrote=first.plain, labels=labels)


def _target(f: Formula) -> str:
    return f.equation.sides[0].name if f.equation is not None else ""


def _derived(result: Derived, reading: Reading, line: Line) -> str:
    """What the line should say, by the derivative rules, in the author's names for what arrives at the step."""
    derivation = result.forward.derivation
    called: dict[str, Term] = {}
    for key, kept in derivation.meanings.items():
        for m in kept[:1]:
            arrives = m.kind == ("recurrent" if read_in_step(derivation.step, m.name) else "total")
            if arrives and m.name in derivation.step.carried:
                called.setdefault(f"{m.name}_in", Term("sym", name=placed(key)))
    shift = time_shift(line.left) if line.left.index else None
    try:
        value = to_term(meant(derivation.step, reading.target, shift))
    except LstmSymbolicError:
        return ""
    named = map_symbols(value, lambda t: replace(called[t.name], index=t.index) if t.name in called else t)
    text = write(Term("sum", (named,), index=line.over) if line.over else named)
    return _unplaced(text, result) if "_in[" not in text and len(text) < 400 else ""


def _unplaced(text: str, result: Derived) -> str:
    """``adj_d_gamma_o[t]`` is what the author calls d_gamma_o[t]."""
    for name, term in sorted(result.forward.names.written.items(), key=lambda x: -len(x[0])):
        if term.op == "sym":
            text = text.replace(name, term.name)
            continue
        one, other = (a.args[0].name if a.args else a.name for a in (term.args if term.op == "add" else term.args[-1:] * 2))
        for ending in ("[t - 1]", "[t + 1]", "[t]", ""):
            spoken = f"({one}{ending} - {other}{ending})" if term.op == "add" else f"grad({one}{ending})"
            text = text.replace(f"{name}{ending}", spoken)
    return text


def _fix(document: Document, claim: Claim) -> Fix | None:
    """A symbol exchanged for one that the author writes elsewhere."""
    (edit,) = claim.edits
    span = edit.at.span
    if edit.code not in ("E201", "E202") or edit.at.op != "sym" or span is None:
        return None
    old = {t for t in claim.outcome.line.value.walk() if t.op == "sym"}
    new = [t for t in edit.value.walk() if t.op == "sym" and t not in old]
    if len(new) != 1 or new[0].name.startswith("adj_"):
        return None
    for f in document.formulas:
        if f.equation is None or f.repairs:
            continue
        for t in (t for s in f.equation.sides for t in s.walk()):
            if t.op == "sym" and t.name == new[0].name and t.index == new[0].index and t.span is not None and f.start <= t.span[0] < f.end:
                return fix(document, span, document.source.text[t.span[0] : t.span[1]])
    return None
