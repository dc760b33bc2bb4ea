"""One system of a document against the known cell nearest to it: the match, the located slips, the prover's verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..cells import cell
from ..errors import LstmSymbolicError
from ..expr import build_equation, infer
from ..expr.dims import Shape
from ..expr.term import Term, TermEquation, time_shift
from ..proof import System, Verdict, compare_systems
from .functions import recognised
from .interpret import T, map_symbols
from .localise import Located, locate
from .models import Model
from .normal import NormalSystem
from .recognise import Match, recognise


@dataclass(frozen=True)
class Judged:
    """A system with its verdict: the match, the located slips, and the comparison with the zoo."""

    system: NormalSystem
    match: Match | None
    located: tuple[Located, ...] = ()
    verdict: Verdict | None = None

    @property
    def relation(self) -> str:
        if self.verdict is None:
            return "undecided"
        return {"proved": "equivalent", "proved-where-defined": "equivalent", "proved-under": "equivalent-under", "refuted": "differs"}.get(
            self.verdict.kind, "undecided"
        )


def judge(system: NormalSystem, asked: str = "") -> Judged:
    """Recognise, locate, compare."""
    system, match = recognised(system, asked)
    if match is None:
        plain = with_products_put_in(without_net_inputs(system))
        plain, match = recognised(plain, asked) if plain is not system else (system, None)
        if match is None or match.missing or len(match.exact) < len(match.wrong):
            return Judged(system, None)
        noted = replace(system, interpretations=plain.interpretations)
        return Judged(noted, match, locate(plain, match) if match.wrong else (), against_zoo(plain, match))
    plain = system
    if match.wrong and match.extra:
        written = put_in(system, match.extra)
        again = recognise(written, asked=asked)
        if again is not None and again.cell == match.cell and len(again.wrong) < len(match.wrong):
            plain, match = written, again
    sure = len(match.exact) >= len(match.wrong)  # with more wrong than right, the cell itself is a guess
    located = tuple(x for x in locate(plain, match) if not _made_of(plain, match, x)) if sure else ()
    if not certain(match) and carries_something_else(match, located):
        return Judged(system, None)
    return Judged(system, match, located, against_zoo(plain, match))


def _made_of(system: NormalSystem, match: Match, slip: Located) -> bool:
    """Does the equation read a value of the document's own, made from what the cell has there? Then it is another cell, and no slip."""

    def made_of(name: str) -> set[str]:
        found: set[str] = set()
        open_names = [name]
        while open_names:
            n = open_names.pop()
            if n in match.extra and n in system.defined:
                read = {t.name for t in system.defined[n].value.walk() if t.op == "sym"} - found
                found |= read
                open_names += read
        return found

    wrote = {t.name for t in slip.definition.value.walk() if t.op == "sym"}
    wanted = {t.name for t in slip.expected.walk() if t.op == "sym" and t.index} - wrote
    wanted |= {t.name for t in slip.expected.walk() if t.op == "sym" and time_shift(t) == -1}
    return any(made_of(n) & wanted for n in wrote & set(match.extra))


def certain(match: Match) -> bool:
    """Is the cell beyond doubt: everything is stated, and all but one equation agree?"""
    return len(match.exact) >= 2 and len(match.wrong) == 1 and not match.missing


def carries_something_else(match: Match, located: Sequence[Located]) -> bool:
    """No recursion of the cell is there, and none by a slip: gates that look alike do not make it the cell."""
    states = set(cell(match.cell).states)
    foreign = {match.roles[x.definition.name] for x in located if not x.edits}
    return bool(foreign & states) and not (states - foreign) & {match.roles[n] for n in (*match.exact, *match.wrong)}


def without_net_inputs(system: NormalSystem) -> NormalSystem:
    """``a_f = W_f x_t + U_f h_{t-1} + b_f`` put into ``f_t = sigma(a_f)``, where nothing else reads it."""
    uses = Counter(t.name for d in system.definitions for t in d.value.walk() if t.op == "sym")
    inner = {
        d.value.args[0].name: system.defined[d.value.args[0].name].value
        for d in system.definitions
        if d.value.op == "call" and len(d.value.args) == 1 and d.value.args[0].name in system.defined and uses[d.value.args[0].name] == 1
    }
    if not inner:
        return system
    kept = [d for d in system.definitions if d.name not in inner]
    put = tuple(replace(d, value=map_symbols(d.value, lambda t: inner.get(t.name, t))) for d in kept)
    return replace(system, definitions=put)


def with_products_put_in(system: NormalSystem) -> NormalSystem:
    """``m_t = r_t * h_{t-1}`` put into the one equation that reads it, and ``v_t = [x_t, h_{t-1}]`` into all that do."""
    uses = Counter(t.name for d in system.definitions for t in d.value.walk() if t.op == "sym")
    return put_in(system, [d.name for d in system.definitions if _is_name_for(d.value, uses[d.name])])


def _is_name_for(value: Term, uses: int) -> bool:
    return value.op == "concat" or (value.op == "mul" and uses == 1)


def put_in(system: NormalSystem, names: Iterable[str]) -> NormalSystem:
    """Some values put into the equations that read them at the same step; values that read each other stay as they are."""
    extra = {n: system.defined[n].value for n in names if n in system.defined}
    read = {t.name for n, d in system.defined.items() if n not in extra for t in d.value.walk() if t.op == "sym" and time_shift(t) == 0}
    if not read & extra.keys() or any(t.name in extra for value in extra.values() for t in value.walk() if t.op == "sym"):
        return system

    def put(t: Term) -> Term:
        return extra[t.name] if t.name in extra and time_shift(t) == 0 else t

    kept = [d for d in system.definitions if d.name not in extra or d.name not in read]
    return replace(system, definitions=tuple(replace(d, value=map_symbols(d.value, put)) for d in kept))


def against_zoo(system: NormalSystem, match: Match) -> Verdict:
    """The prover's verdict on the system and the cell. A gate that the document never defines is free on both sides."""
    free = [match.roles[u] for u in system.undefined if u in match.roles and match.roles[u] in match.model.values]
    try:
        outputs = carried(system, match)
        mine = prover_system(system, match.roles, outputs, match)
        theirs = zoo_system(match.model, tuple(free), outputs)
        return compare_systems(mine, theirs)
    except LstmSymbolicError as error:
        return Verdict("undecided", reason=error.message)


def prover_system(system: NormalSystem, roles: Mapping[str, str], outputs: tuple[str, ...], match: Match | None = None) -> System:
    """The system for the prover: variables under their roles, everything else under its own name (marked where a role has that name).

    Variables have the shapes of the cell that the system is taken for: an equation that lacks a factor leaves shapes open.
    """
    own = {n: f"{n}_doc" for n in (*system.parameters, *system.variables) if n in roles.values() and n not in roles}
    names = {**own, **roles}
    equations = [_renamed(d.equation, names) for d in system.definitions]
    layout = system.layout if system.layout in ("row", "column") else None
    given = {roles[mine]: _shape(match, mine, system.layout) for mine in match.roles if mine in roles} if match is not None else {}
    shapes, conflicts = infer(equations, given, layout=layout)
    if conflicts:
        raise LstmSymbolicError(f"the shapes do not fit: {conflicts[0].message}")
    pairs = tuple((s[0], s[-1]) for s in (build_equation(e, shapes) for e in equations))
    return System(pairs, tuple(n for n in outputs if n in {names.get(d, d) for d in system.defined}))


def _shape(match: Match, name: str, layout: str) -> Shape:
    """The shape of a variable in its cell, in the document's layout."""
    rows, cols = cell(match.cell).shapes[match.roles[name]]
    return (cols, rows) if layout == "row" else (rows, cols)


def carried(system: NormalSystem, match: Match) -> tuple[str, ...]:
    """The roles of what the recursion carries or yields, as far as the system defines them."""
    c = cell(match.cell)
    wanted = dict.fromkeys((*c.states, *c.outputs))
    return tuple(role for role in wanted if role in {match.roles[n] for n in system.defined if n in match.roles})


def _renamed(e: TermEquation, names: Mapping[str, str]) -> TermEquation:
    def walk(t: Term) -> Term:
        return replace(t, args=tuple(walk(a) for a in t.args), name=names.get(t.name, t.name) if t.op == "sym" else t.name)

    return TermEquation(tuple(walk(s) for s in e.sides))


def zoo_system(model: Model, free: tuple[str, ...], outputs: tuple[str, ...]) -> System:
    """The known cell without the definitions of ``free`` gates."""
    c = cell(model.name)
    values = {n: v for n, v in model.values.items() if n not in free}
    equations = [TermEquation((Term("sym", name=n, index=(T,)), v)) for n, v in values.items()]
    shapes, _ = infer(equations, c.shapes)
    return System(tuple((s[0], s[-1]) for s in (build_equation(e, shapes) for e in equations)), outputs)
