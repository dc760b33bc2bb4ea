"""Which known cell is this? Roles for the symbols of a system by matching its equations with those of every cell of the zoo.

An equation is matched by its anonymous canonical form; where several fit (the gates of an LSTM have one form), the use of each symbol
decides, and letters only break ties. Equations that match nothing are what may be wrong: ``localise`` looks at them. A known cell whose
intermediate the document writes inline is matched with that intermediate put in.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..expr.term import time_shift
from .assign import assignments, likeness
from .canonical import Canonical
from .models import Model, anonymous_model, candidates, complemented, has_bias, inlined, is_state
from .normal import Definition, NormalSystem

MAX_ASSIGNMENTS = 200

#: A score below which a system is no known cell.
NEAR = 0.3


@dataclass(frozen=True)
class Match:
    """A system taken for a known cell: ``roles`` maps the document's symbols to the cell's; ``exact`` equations agree, ``wrong`` ones have
    the role and not the value, ``missing`` gates are used and never defined, ``extra`` equations have no counterpart."""

    model: Model
    roles: Mapping[str, str]
    exact: tuple[str, ...]
    wrong: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    flipped: frozenset[str] = frozenset()
    score: float = 0.0

    @property
    def cell(self) -> str:
        return self.model.name


def recognise(system: NormalSystem, above: float = NEAR, asked: str = "") -> Match | None:
    """The nearest known cell, or None where nothing is near: no score lies above ``above``; ``asked`` names a variant that counts too.

    Models are taken in the order of the score that they could reach at best, so that most are never tried.
    """
    best: Match | None = None
    system = without_readouts(system)
    mine = anonymous(system)
    known = candidates(system.defined, asked)
    trials = [_Trial.of(system, version, mine) for model in known for version in inlined(model, len(system.definitions))]
    for trial in sorted(trials, key=lambda t: -t.bound):
        if trial.bound <= above + 1e-9:
            break
        match = trial.best()
        if match is not None and match.score > above + 1e-9:
            best, above = match, match.score
    return best


def without_readouts(system: NormalSystem) -> NormalSystem:
    """The recursion alone: ``y_t = W h_t + b`` and ``softmax(V h_t)`` read a state that is carried on, and feed nothing back."""
    carried = {t.name for d in system.definitions for t in d.value.walk() if t.op == "sym" and t.index and time_shift(t) != 0}
    used = {t.name for d in system.definitions for t in d.value.walk() if t.op == "sym"}

    def reads(d: Definition) -> bool:
        timed = {t for t in d.value.walk() if t.op == "sym" and t.index}
        weighted = any(t.op == "matmul" for t in d.value.walk())
        return d.name not in used and weighted and len(timed) == 1 and all(t.name in carried and time_shift(t) == 0 for t in timed)

    kept = tuple(d for d in system.definitions if not reads(d))
    return system if len(kept) == len(system.definitions) else replace(system, definitions=kept)


#: Roles of different cells that correspond.
SAME_ROLE = {"c": "C", "c_tilde": "C_tilde", "G_u": "i", "G_f": "f", "G_o": "o", "a": "h", "G_r": "r"}


def against(system: NormalSystem, match: Match, model: Model) -> Match:
    """The system under another cell's roles, carried over from its own match."""
    names = {*model.values, *model.inputs}
    roles = {mine: SAME_ROLE.get(role, role) for mine, role in match.roles.items()}
    roles = {mine: role for mine, role in roles.items() if role in names}
    exact, flipped = _Trial.of(system, model, anonymous(system)).exact(roles)
    wrong = tuple(n for n in system.defined if roles.get(n) in model.values and n not in exact)
    missing = tuple(n for n in model.values if n not in {roles.get(n) for n in system.defined})
    return Match(model, roles, tuple(exact), wrong, missing, tuple(n for n in system.defined if n not in roles), flipped)


@dataclass
class _Trial:
    """One system against one model; canonical keys are remembered by the roles they were made with."""

    system: NormalSystem
    model: Model
    mine: Mapping[str, str]
    known: Mapping[str, str]
    bound: float
    keys: dict[tuple[object, ...], str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    @cached_property
    def mentioned(self) -> dict[str, frozenset[str]]:
        """All symbols of each of the system's equations."""
        return {n: frozenset(t.name for t in d.value.walk() if t.op == "sym") for n, d in self.system.defined.items()}

    @cached_property
    def timed(self) -> dict[str, tuple[str, ...]]:
        """Those with a time."""
        found = {n: {t.name for t in d.value.walk() if t.op == "sym" and t.index} for n, d in self.system.defined.items()}
        return {n: tuple(sorted(names)) for n, names in found.items()}

    @cached_property
    def biased(self) -> bool:
        return has_bias(self.system.parameters, self.system.definitions)

    @classmethod
    def of(cls, system: NormalSystem, model: Model, mine: Mapping[str, str]) -> _Trial:
        known = anonymous_model(model)
        left = list(known.values())
        shared = 0
        for key in mine.values():
            if key in left:
                left.remove(key)
                shared += 1
        size = max(len(known), len(mine))
        rest = abs(len(known) - len(mine))
        bound = (shared - 0.05 * max(len(known) - len(mine), 0) - 0.5 * (rest if len(mine) > len(known) else 0)) / size + 0.02 * shared
        bound += 0.03
        if shared < len(mine) and complemented(model):
            bound += 1.0 / size + 0.02  # a flipped gate may make one more equation agree
        return cls(system, model, mine, known, bound if shared or len(mine) == 1 else -1.0)

    def best(self) -> Match | None:
        """The best assignment of the system's definitions to the model's."""
        if self.bound < 0:
            return None
        best: Match | None = None
        whole = len(self.mine)
        for pairs in itertools.islice(assignments(self.mine, self.known), MAX_ASSIGNMENTS):
            match = self.judged(pairs)
            if best is None or match.score > best.score:
                best = match
            if len(match.exact) == whole and not match.flipped and not match.missing:
                break
        return best

    def value(self, name: str) -> str:
        """The model's own key of one of its equations."""
        if name not in self.values:
            self.values[name] = self.model.canonical().key(self.model.values[name])
        return self.values[name]

    def key(self, name: str, roles: Mapping[str, str], flipped: frozenset[str]) -> str:
        """The key of one of the system's equations under some roles."""
        used = self.timed[name]
        entry = (name, *(roles.get(u) for u in used), *(u in flipped for u in used))
        if entry not in self.keys:
            form = Canonical(self.system.parameters, roles, flipped, self.system.layout == "row")
            self.keys[entry] = form.key(self.system.defined[name].value)
        return self.keys[entry]

    def judged(self, pairs: Mapping[str, str]) -> Match:
        """Roles for all symbols under an assignment of the defined ones, and how many equations agree then."""
        system, model = self.system, self.model
        roles = dict(pairs)
        for name in system.undefined:
            if name in roles:
                continue
            taken = set(roles.values())
            free = [n for n in (*model.inputs, *model.values) if n not in taken]
            fitting = [n for n in free if self.fits({**roles, name: n}, name)]
            pool = fitting or (free if len(free) == 1 else [])
            if pool:
                roles[name] = min(pool, key=lambda n: likeness(name, n))
        exact, flipped = self.exact(roles)
        paired = [n for n in system.defined if n in roles]
        wrong = tuple(n for n in paired if n not in exact)
        extra = tuple(n for n in system.defined if n not in roles)
        missing = tuple(n for n in model.values if n not in {roles[p] for p in paired})
        named = sum(likeness(a, b) for a, b in roles.items())
        used = {roles[u] for u in system.undefined if u in roles}
        unstated = [m for m in missing if m not in used]
        size = max(len(model.values), len(system.definitions))
        lost = sum(is_state(model, m) for m in unstated)
        penalty = 0.35 * len(wrong) + 0.5 * len(extra) + 0.45 * len(unstated) + lost + 0.05 * (len(missing) - len(unstated))
        biased = self.biased == model.biased
        score = (len(exact) - penalty) / size + 0.02 * len(exact) - 0.012 * named - 0.05 * bool(flipped) + 0.03 * biased
        return Match(model, roles, tuple(exact), wrong, missing, extra, flipped, score)

    def fits(self, roles: Mapping[str, str], added: str) -> bool:
        """Does some equation agree under these roles, or at least speak of what the added name may be?"""
        for name, mentioned in self.mentioned.items():
            if name not in roles or added not in mentioned or roles[name] not in self.model.values:
                continue
            known = set(self.timed[name])
            if known <= roles.keys() and self.key(name, roles, frozenset()) == self.value(roles[name]):
                return True
            if not known <= roles.keys() and roles[added] in {t.name for t in self.model.values[roles[name]].walk()}:
                return True
        return False

    def exact(self, roles: Mapping[str, str]) -> tuple[list[str], frozenset[str]]:
        """The equations that agree; a gate whose complement makes more of them agree is flipped."""

        def agreeing(flipped: frozenset[str]) -> list[str]:
            paired = (n for n in self.system.defined if roles.get(n) in self.model.values)
            return [n for n in paired if self.key(n, roles, flipped) == self.value(roles[n])]

        best, flips = agreeing(frozenset()), frozenset[str]()
        if len(best) < len(self.system.definitions):
            for name in (n for n, role in roles.items() if role in complemented(self.model)):
                found = agreeing(frozenset({name}))
                if len(found) > len(best):
                    best, flips = found, frozenset({name})
        return best, flips


def anonymous(system: NormalSystem) -> dict[str, str]:
    """What every equation looks like when nothing has a name."""
    form = Canonical(system.parameters, row=system.layout == "row", anonymous=True)
    return {n: form.key(d.value) for n, d in system.defined.items()}
