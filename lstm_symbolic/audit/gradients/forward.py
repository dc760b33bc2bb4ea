"""The forward step that a derivation speaks of: the document's own equations, completed where they leave gates undefined.

Documents state their forward equations in pieces; pieces that do not contradict each other are one step. Slips that the audit located are
mended first, so that a derivation is not blamed for them. Where the backward lines fit the plain cell and the forward ones a variant
of it, the plain cell is a candidate too; a document without forward equations is held against the cells that have its letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...cells import Cell, cell
from ...cells.layers import Stack
from ...errors import LstmSymbolicError
from ...expr.term import Term, TermEquation
from ...reading.adjoints import about_gradients, spoken
from ...reading.document import Document, Formula
from ...reading.vocabulary import LOSS
from ..assign import likeness
from ..interpret import T, map_symbols
from ..judge import Judged, judge
from ..localise import locate
from ..models import Model, model_of, models
from ..normal import Definition, NormalSystem
from ..order import in_order
from ..recognise import against
from .blocks import blocks_of
from .names import Names
from .readings import Derivation
from .truth import step_of

#: A variant -> the cell whose backward pass authors copy beside it.
BASES = {"lstm_no_output_tanh": "lstm", "lstm_cifg": "lstm", "lstm_peephole": "lstm", "gru_reset_after": "gru"}

#: Cells that a document without forward equations may speak of.
ASSUMED = ("lstm", "gru", "rnn")


@dataclass(frozen=True)
class Forward:
    """A step whose adjoints are known, and the names under which a document speaks of it.

    ``stated`` are the formulas that it comes from; ``assumed`` names a cell that the document does not state, ``guessed`` are gates that
    it uses and leaves undefined.
    """

    derivation: Derivation
    names: Names
    stated: tuple[str, ...] = ()
    assumed: str = ""
    guessed: tuple[str, ...] = ()


def gradient_formulas(document: Document) -> list[Formula]:
    """The equations of a document that speak of gradients, in the names that its forward equations have (``Stack``)."""
    known = spoken(f.statement for f in document.formulas if f.statement is not None)
    stack = Stack.of([e for g in document.groups for e in g.equations])
    return [
        replace(f, equation=stack.flat(f.equation)) for f in document.formulas
        if f.equation is not None and len(f.equation.sides) > 1 and f.statement is not None and about_gradients(f.statement, known)
    ]  # fmt: skip


def forwards(judged: Sequence[Judged], formulas: Sequence[Formula]) -> list[Forward]:
    """The steps that the lines may speak of: the document's own first."""
    mentioned = frozenset(t.name for f in formulas if f.equation for s in f.equation.sides for t in s.walk() if t.op == "sym")
    found: list[Forward] = []
    every = {d.name: d.value for j in judged for d in j.system.definitions}
    for j in merged(judged):
        steps = [_forward(_mended(j), j, mentioned)]
        base = BASES.get(j.match.cell) if j.match is not None else None
        if base is not None:
            steps.append(_forward(_as_base(j, base), j, mentioned, base))
        for step in (x for x in steps if x is not None):
            step.names.elsewhere = _elsewhere(every, j)
            found.append(step)
    if not any(f.stated for f in found):
        found += _assumed(mentioned, frozenset(name for j in judged for name in j.system.defined))
    return found


def _elsewhere(every: Mapping[str, Term], j: Judged) -> frozenset[str]:
    """What the document defines outside a system; the argument of a gate under a name of its own is that gate's pre-activation."""
    arguments = [a for d in j.system.definitions if d.value.op == "call" for a in d.value.args]
    return frozenset(n for n, value in every.items() if n not in j.system.defined and value not in arguments)


def merged(judged: Sequence[Judged]) -> Iterator[Judged]:
    """Systems that share symbols and define nothing twice are one step."""
    groups: list[list[Judged]] = []
    for j in judged:
        if j.system.step is not None:
            continue
        for group in groups:
            others = [g.system for g in group]
            known = {n for s in others for n in (*s.variables, *s.parameters)}
            if not any(n in s.defined for s in others for n in j.system.defined) and known & {*j.system.variables, *j.system.parameters}:
                group.append(j)
                break
        else:
            groups.append([j])
    for group in groups:
        if len(group) == 1:
            yield group[0]
        else:
            definitions = tuple(d for j in group for d in j.system.definitions)
            timed = {d.name for d in definitions} | {t.name for d in definitions for t in d.value.walk() if t.op == "sym" and t.index}
            parameters = frozenset(p for j in group for p in j.system.parameters) - timed
            yield judge(replace(group[0].system, definitions=definitions, parameters=parameters))


def _mended(j: Judged) -> list[Definition]:
    """The definitions with the slips that the audit found put right."""
    right = {located.definition.name: located.expected for located in j.located if located.edits}
    return [replace(d, value=right.get(d.name, in_order(d.value, j.system))) for d in j.system.definitions]


def _as_base(j: Judged, base: str) -> list[Definition]:
    """The definitions as the plain cell has them."""
    assert j.match is not None
    model = next(m for m in models() if m.name == base)
    right = {located.definition.name: located.expected for located in locate(j.system, against(j.system, j.match, model))}
    return [replace(d, value=right.get(d.name, d.value)) for d in j.system.definitions]


def _forward(definitions: Sequence[Definition], j: Judged, mentioned: frozenset[str], assumed: str = "") -> Forward | None:
    kept, readouts = _read_out([(d.name, d.value) for d in definitions if not _is_loss(d)])
    roles = dict(j.match.roles) if j.match is not None else {}
    guessed = completions(j.system, j.match.model if j.match else None, roles, mentioned)
    made = _made([*guessed, *kept], roles)
    if made is None:
        return None
    made.names.readouts = readouts
    return replace(made, stated=tuple(d.formula for d in definitions), assumed=assumed, guessed=tuple(name for name, _ in guessed))


def _made(definitions: Sequence[tuple[str, Term]], roles: Mapping[str, str]) -> Forward | None:
    """The step of some equations; None where they cannot be differentiated."""
    definitions = _joined(definitions)
    equations = [TermEquation((Term("sym", name=name, index=(T,)), value)) for name, value in definitions]
    if not equations:
        return None
    try:
        step = step_of(Cell.from_terms(equations))
        derivation = Derivation(step)
        derivation.world(None)
    except (LstmSymbolicError, RecursionError, ArithmeticError):
        return None
    activations = {name: value.name for name, value in definitions if value.op == "call" and value.name in ("sigmoid", "tanh")}
    variables = tuple(dict.fromkeys((*step.cell.defined, *step.cell.states, *step.cell.inputs)))
    return Forward(derivation, Names(variables, tuple(step.cell.parameters), activations, roles, blocks=blocks_of(step.cell)))


def _joined(definitions: Sequence[tuple[str, Term]]) -> list[tuple[str, Term]]:
    """Values that have a name and that other equations write out (``a = tanh(C)`` beside ``h = o * tanh(C)``): the others read the name.

    >>> from ...expr.term import read_term
    >>> written = [("h", read_term("o[t] * tanh(C[t])")), ("a", read_term("tanh(C[t])"))]
    >>> _joined(written)[0] == ("h", read_term("o[t] * a[t]"))
    True
    """
    read = {t.name for _, value in definitions for t in value.walk() if t.op == "sym"}
    names = {value: name for name, value in definitions if name not in read and value.op in ("call", "add")}
    if not names:
        return list(definitions)

    def walk(term: Term, own: str) -> Term:
        if names.get(term, own) != own:
            return Term("sym", name=names[term], index=(T,), span=term.span)
        return replace(term, args=tuple(walk(a, own) for a in term.args))

    return [(name, value if names.get(value, name) != name else walk(value, name)) for name, value in definitions]


def forward_of_cell(known: Cell) -> Forward:
    """The step of a known cell under its own names."""
    made = _made(list(model_of(known).values.items()), {name: name for name in known.defined})
    if made is None:
        raise LstmSymbolicError(f"{known.name} cannot be differentiated")
    return replace(made, stated=tuple(known.defined))


def _is_loss(d: Definition) -> bool:
    return d.name in LOSS or any(t.op == "call" and t.name == "log" for t in d.value.walk())


def _read_out(definitions: Sequence[tuple[str, Term]]) -> tuple[list[tuple[str, Term]], dict[str, str]]:
    """The step up to the logits, and what a softmax makes of them: its cross-entropy has the adjoint y_hat - y there.

    >>> from ...expr.term import read_term
    >>> kept, readouts = _read_out([("p", Term("softmax", (read_term("V @ h[t]"),)))])
    >>> [name for name, _ in kept], readouts
    (['p_logits'], {'p': 'p_logits'})
    """
    kept, readouts = [], {}
    for name, value in definitions:
        if value.op != "softmax":
            kept.append((name, value))
        elif value.args[0].op == "sym":
            readouts[name] = value.args[0].name
        else:
            readouts[name] = f"{name}_logits"
            kept.append((readouts[name], value.args[0]))
    return kept, readouts


def completions(system: NormalSystem, model: Model | None, roles: Mapping[str, str], mentioned: frozenset[str]) -> list[tuple[str, Term]]:
    """Gates that the system uses and never defines, written as the gate that it does define: o's line with f for o."""
    if model is None:
        return []
    gates = [d for d in system.definitions if d.value.op == "call" and d.value.name in ("sigmoid", "tanh")]
    sibling = next((d for d in gates if any(t.name in system.parameters for t in d.value.walk())), None)
    missing = [(n, goal) for n in system.undefined if (goal := model.values.get(roles.get(n, ""))) is not None and goal.op == "call"]
    if sibling is None:
        return []
    return [
        (name, _renamed(replace(sibling.value, name=goal.name), _letters(sibling.value, system.parameters, name, mentioned)))
        for name, goal in missing
    ]


def _letters(value: Term, parameters: frozenset[str], name: str, mentioned: frozenset[str]) -> dict[str, str]:
    """The parameters of one gate's line -> those of another gate."""
    parts = dict.fromkeys((name, *name.split("_")))
    tags = [form for part in parts for form in (part, part.lower(), part.upper())]
    table = {}
    for p in {t.name for t in value.walk() if t.op == "sym" and t.name in parameters}:
        stem = p.rpartition("_")[0] or p
        table[p] = next((f"{stem}_{tag}" for tag in tags if f"{stem}_{tag}" in mentioned), f"{stem}_{name}")
    return table


def _renamed(term: Term, table: Mapping[str, str]) -> Term:
    return map_symbols(term, lambda t: replace(t, name=table.get(t.name, t.name)))


def _assumed(mentioned: Iterable[str], defined: frozenset[str]) -> Iterator[Forward]:
    """Known cells under the letters that the lines use; none that speaks of what the document defines, in a way of its own."""
    used = {part for name in mentioned for part in (name, name.removeprefix("delta_"), name.removeprefix("d_"), name.removeprefix("d"))}
    for known in ASSUMED:
        model = model_of(cell(known))
        table: dict[str, str] = {}
        for role in (*model.values, *model.inputs):
            near = [n for n in sorted(used - set(table.values())) if likeness(n, role) <= 1]
            if near:
                table[role] = min(near, key=lambda n: likeness(n, role))
        if len(table) * 2 > len(model.values) and defined.isdisjoint(table.values()):
            made = _made([(table.get(n, n), _renamed(v, table)) for n, v in model.values.items()], {v: k for k, v in table.items()})
            if made is not None:
                yield replace(made, assumed=known)
