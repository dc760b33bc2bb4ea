"""Which equations of a document form one system.

Documents state several cells, and one cell in two notations side by side. Equations are taken in order; each joins the system whose
names it shares, unless that system defines the same symbol differently (then it is another notation, or another cell). Names that differ in
case or in the place of their index only (X and x, W_f and W^f) speak against. Glyph identity is kept: nothing is renamed here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sympy import Expr

from .adjoints import about_gradients, spoken
from .slices import states_block
from .surface import Name, Statement, Surface
from .tables import ColumnEquation

if TYPE_CHECKING:
    from .document import Formula

Glyph = tuple[str, tuple[str, ...], tuple[str, ...]]
Folded = tuple[str, frozenset[str]]
_INSTANCE = re.compile(r"[A-Za-z]{2,}\d+")


@dataclass
class Cluster:
    """A system in the making."""

    id: str
    position: int
    formulas: list[str] = field(default_factory=list)
    statements: dict[str, Statement] = field(default_factory=dict)
    defined: dict[Glyph, Surface] = field(default_factory=dict)
    glyphs: set[Glyph] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    spelled: set[Folded] = field(default_factory=set)
    derived: dict[str, str] = field(default_factory=dict)
    label: str = ""
    instance: str = ""

    def add(self, key: str, statement: Statement) -> None:
        self.formulas.append(key)
        self.statements[key] = statement
        target = defined(statement)
        if target is not None:
            self.defined.setdefault(target, statement.sides[-1])
        self.learn(glyphs(statement))

    def learn(self, used: set[Glyph]) -> None:
        """What is asked for every equation of the document is kept, not found again."""
        new = used - self.glyphs
        self.glyphs |= new
        self.names |= {"_".join([g[0], *g[1], *g[2]]) for g in new}
        self.spelled |= {_folded(g) for g in new}


def partition(formulas: Sequence[Formula], cells: Sequence[ColumnEquation]) -> list[Cluster]:
    """The systems of a document, in order of appearance."""
    clusters: list[Cluster] = []
    for c in cells:
        label = f"column {c.column}"
        home = next((x for x in clusters if x.label.startswith(label)), None)
        if home is None:
            home = Cluster(f"s{len(clusters) + 1}", 0, label=f"{label}: {c.title}" if c.title else label)
            clusters.append(home)
        home.add(c.cell, c.statement)
        home.derived[c.cell] = c.head
    known = spoken(f.statement for f in formulas if f.statement is not None)
    for f in formulas:
        if f.statement is None or f.kind != "equation" or f.status == "skipped":
            continue
        if about_gradients(f.statement, known) or states_block(f.statement):
            continue
        home = _home(f.statement, clusters)
        if home is None:
            home = Cluster(f"s{len(clusters) + 1}", f.start, instance=instance(f.statement))
            clusters.append(home)
        home.add(f.id, f.statement)
    for late in list(clusters):
        for early in clusters:
            if early is not late and not early.derived and not late.derived and early.instance == late.instance == "":
                _give(early, late)
    clusters = _with_what_they_read(clusters)
    return [part for c in clusters for part in _parted(c)]


def _parted(cluster: Cluster) -> list[Cluster]:
    """A system whose equations form several cells, each with a state of its own and nothing of one step in common."""
    groups: list[set[str]] = []
    together: dict[Glyph | None, set[str]] = {}
    for k, statement in cluster.statements.items():
        for glyph in {defined(statement)} | _read_now(statement):
            together.setdefault(glyph, set()).add(k)
    for k in cluster.formulas:
        target = defined(cluster.statements[k])
        mine = {k} | (together[target] if target is not None else set())
        touching = [g for g in groups if g & mine]
        groups = [g for g in groups if not g & mine] + [mine.union(*touching)]
    steps = _steps(cluster)
    cells = [g for g in groups if any(_is_state(cluster.statements[k], steps) for k in g)]
    if len(cells) < 2 or cluster.derived or cluster.instance:
        return [cluster]
    for orphan in (g for g in groups if g not in cells):
        place = min(int(k[1:]) for k in orphan)
        min(cells, key=lambda g: min(abs(int(k[1:]) - place) + 0.5 * (int(k[1:]) > place) for k in g)).update(orphan)
    parts = []
    for n, keys in enumerate(sorted(cells, key=lambda g: min(int(k[1:]) for k in g))):
        part = Cluster(cluster.id if n == 0 else cluster.id + _letter(n), cluster.position, label=cluster.label)
        for k in cluster.formulas:
            if k in keys:
                part.add(k, cluster.statements[k])
        parts.append(part)
    return parts


def _with_what_they_read(clusters: list[Cluster]) -> list[Cluster]:
    """Equations without a recursion that define what the one recursion beside them reads at the same step and lacks are a part of it."""
    kept = list(clusters)
    for helper in clusters:
        if helper.derived or helper.instance or _recurs(helper):
            continue
        readers = [
            c for c in kept
            if c is not helper and not c.derived and not c.instance and _recurs(c) and not c.defined.keys() & helper.defined.keys()
            and any(_read_now(s) & helper.defined.keys() for s in c.statements.values())
        ]  # fmt: skip
        if len(readers) != 1:
            continue
        whole = Cluster(helper.id, helper.position, label=helper.label or readers[0].label)
        both = {**helper.statements, **readers[0].statements}
        for key in sorted(both, key=lambda k: int(k[1:])):
            whole.add(key, both[key])
        kept = [whole if c is helper else c for c in kept if c is not readers[0]]
    return kept


def _letter(n: int) -> str:
    """b, c, ..., z, then .26, .27."""
    return chr(ord("a") + n) if n < 26 else f".{n}"


def _read_now(statement: Statement) -> set[Glyph]:
    """The symbols that an equation uses at the time of what it defines (not at the step before)."""
    time = statement.sides[0].name.time if statement.sides[0].name is not None else None
    nodes = (n.name for s in statement.sides[1:] for n in s.walk() if n.name is not None)
    return {_glyph(n) for n in nodes if n.time is None or n.time == time or (time is None and n.time.is_Symbol)}


def _steps(cluster: Cluster) -> dict[Glyph, set[Expr]]:
    """The times at which each symbol is used on a right side."""
    steps: dict[Glyph, set[Expr]] = {}
    for node in (n for s in cluster.statements.values() for side in s.sides[1:] for n in side.walk()):
        if node.name is not None and node.name.time is not None:
            steps.setdefault(_glyph(node.name), set()).add(node.name.time)
    return steps


def _is_state(statement: Statement, steps: Mapping[Glyph, set[Expr]]) -> bool:
    """Is what an equation defines used at another step anywhere in the system?"""
    target, left = defined(statement), statement.sides[0].name
    return target is not None and left is not None and left.time is not None and bool(steps.get(target, set()) - {left.time})


def _recurs(cluster: Cluster) -> bool:
    steps = _steps(cluster)
    return any(_is_state(s, steps) for s in cluster.statements.values())


def _give(early: Cluster, late: Cluster) -> None:
    """Definitions that joined the first system and serve only the second: two cells whose letters happened not to clash.

    The second system defines a symbol of the first one anew; what its definition needs, and nothing that stays behind does, moves along.
    """
    targets = late.defined.keys() & early.defined.keys()
    if not targets or early.position > late.position:
        return
    needed = _closure([late.defined[t] for t in late.defined], early)
    wanted = (needed & early.defined.keys()) - targets - _closure([early.defined[t] for t in targets], early)
    while True:
        staying = [v for g, v in early.defined.items() if g not in wanted]
        held = {g for g in wanted if any(g in _names(v) for v in staying)}
        if not held:
            break
        wanted -= held
    moving = [k for k in early.formulas if defined(early.statements[k]) in wanted]
    if _recurs(late):
        moving += _said_again(early, needed, targets)
    for k in moving:
        early.formulas.remove(k)
        late.statements[k] = early.statements.pop(k)
        late.formulas.append(k)
        late.defined.setdefault(defined(late.statements[k]), late.statements[k].sides[-1])  # type: ignore[arg-type]
    for c in (early, late) if moving else ():
        c.glyphs, c.names, c.spelled = set(), set(), set()
        c.learn({g for s in c.statements.values() for g in glyphs(s)})
        c.formulas.sort(key=lambda k: int(k[1:]))
        c.defined = {g: v for g, v in c.defined.items() if any(defined(s) == g for s in c.statements.values())}


def _said_again(early: Cluster, needed: set[Glyph], targets: Collection[Glyph]) -> list[str]:
    """Vectors put together (``x' = [x, h]``) that the document repeats word for word for the second system, after all that this defines."""
    places: dict[Glyph | None, list[str]] = {}
    for k in early.formulas:
        places.setdefault(defined(early.statements[k]), []).append(k)
    end = max(int(k[1:]) for t in targets for k in places[t])
    last = [places[g] for g in needed & places.keys() if len(places[g]) > 1 and int(places[g][-1][1:]) > end]
    same = [keys[-1] for keys in last if early.statements[keys[-1]].sides == early.statements[keys[0]].sides]
    ops = {k: {n.op for n in early.statements[k].sides[-1].walk()} for k in same}
    return [k for k in same if {"pair", "matrix"} & ops[k] and "call" not in ops[k]]


def _closure(values: Sequence[Surface], cluster: Cluster) -> set[Glyph]:
    """Every symbol that some values need, through the definitions of a system."""
    found: set[Glyph] = set()
    work = list(values)
    while work:
        for g in _names(work.pop()) - found:
            found.add(g)
            if g in cluster.defined:
                work.append(cluster.defined[g])
    return found


def _names(value: Surface) -> set[Glyph]:
    return {_glyph(n.name) for n in value.walk() if n.name is not None}


def _home(statement: Statement, clusters: Sequence[Cluster]) -> Cluster | None:
    """The system that an equation joins, or None for a new one."""
    best, best_score = None, 0.0
    for order, c in enumerate(clusters):
        if c.derived or c.instance != instance(statement):
            continue
        score = affinity(statement, c)
        if score > 0 and score + 0.001 * order > best_score:
            best, best_score = c, score + 0.001 * order
    return best


def affinity(statement: Statement, cluster: Cluster) -> float:
    """How well an equation fits a system: shared names, minus names in another spelling; negative where it contradicts."""
    used = glyphs(statement)
    target = defined(statement)
    score = 0.0
    if target is not None and target in cluster.defined:
        if alike(statement.sides[-1], cluster.defined[target]):
            score += 5.0
        elif not cluster.instance:
            return -1.0
    shared = used & cluster.glyphs
    other = {g for g in used - shared if _folded(g) in cluster.spelled and not _twin_inside(g, used)}
    return score + len(shared) - 2.0 * len(other)


def _folded(glyph: Glyph) -> Folded:
    stem, subs, sups = glyph
    return stem.lower(), frozenset(x.lower() for x in (*subs, *sups))


def _twin_inside(glyph: Glyph, used: set[Glyph]) -> bool:
    """The equation itself uses both spellings: then they are two symbols of one notation."""
    return sum(_folded(g) == _folded(glyph) for g in used) > 1


def instance(statement: Statement) -> str:
    """The family of a worked step: ``F1_{TS_1} = ...`` belongs to the family TS."""
    left = statement.sides[0]
    if left.name is None:
        return ""
    tags = [t for t in (*left.name.subs, *left.name.sups) if _INSTANCE.fullmatch(t)]
    return tags[0].rstrip("0123456789") if tags else ""


def defined(statement: Statement) -> Glyph | None:
    """The symbol an equation defines."""
    left = statement.sides[0]
    while left.op == "group" and len(left.args) == 1:
        left = left.args[0]
    return _glyph(left.name) if left.op == "sym" and left.name is not None and len(statement.sides) > 1 else None


def glyphs(statement: Statement) -> set[Glyph]:
    return {_glyph(n.name) for s in statement.sides for n in s.walk() if n.name is not None}


def _glyph(name: Name) -> Glyph:
    return name.glyphs


def alike(a: Surface, b: Surface) -> bool:
    """The same formula but for the product sign, brackets and the function's spelling."""
    a, b = _bare(a), _bare(b)
    if a.op == "product" and b.op == "product" and len(a.args) != len(b.args):
        return False
    same_name = (a.name is None) == (b.name is None) and (a.name is None or a.name == b.name)
    same = a.op == b.op and same_name and a.number == b.number and len(a.args) == len(b.args) and (a.op != "call" or a.glyph == b.glyph)
    return same and all(alike(x, y) for x, y in zip(a.args, b.args, strict=True))


def _bare(s: Surface) -> Surface:
    while s.op == "group" and s.glyph != "[" and len(s.args) == 1:
        s = s.args[0]
    return s


def renamed(statement: Statement, table: Mapping[Glyph, Name]) -> Statement:
    """The statement with names replaced (times kept)."""

    def walk(node: Surface) -> Surface:
        name = node.name
        if name is not None and _glyph(name) in table:
            new = table[_glyph(name)]
            name = replace(new, time=name.time if new.time is None else new.time, layer=name.layer)
        return replace(node, name=name, args=tuple(walk(a) for a in node.args))

    return replace(statement, sides=tuple(walk(s) for s in statement.sides))
