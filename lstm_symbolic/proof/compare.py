"""The comparison of two expressions, or of two systems: the stages in order, and what each outcome means as a verdict."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy
from sympy import Expr, MatrixSymbol, Symbol

from ..errors import LstmSymbolicError, ReadError, UnsupportedNode
from ..expr import build, build_equation, infer, plain, read_equation, read_term, shape_of, shapes
from ..expr.nodes import TimeSymbol
from .atoms import Atoms
from .budget import Budget, Exhausted, Inconsistent
from .dag import SCALAR, Dag, Node, write_dim
from .domain import Condition, read_domain
from .embed import Embedding, Family, GaveUp, embed, simplicity
from .match import RIGHT, Sides, correspondences, side_by_side
from .normal import Normal
from .refute import Question, find_witness
from .settle import Settled, differing_monomials, settle
from .system import Step, System
from .translate import Translator, scalar_times
from .unroll import unrolled
from .verdict import Instance, Verdict, Witness

SECONDS = 10.0


def compare_expressions(
    a: Expr, b: Expr, domain: str | None = None, seconds: float = SECONDS, pointwise: bool = False, gates: frozenset[str] = frozenset()
) -> Verdict:
    """Are two expressions equal? What only one of them names may be solved for, unless ``pointwise``; a witness gives ``gates`` values
    within (0, 1).

    >>> x = Symbol("x", real=True)
    >>> from lstm_symbolic.expr.functions import sigmoid, tanh
    >>> compare_expressions(tanh(x), 2 * sigmoid(2 * x) - 1).kind
    'proved'
    """
    return _timed(lambda budget: _expressions(a, b, domain, budget, pointwise, gates), seconds)


def compare_systems(
    a: System,
    b: System,
    outputs_rhs: Sequence[str] | None = None,
    pointwise: bool = False,
    backward_in_time: bool = False,
    seconds: float = SECONDS,
) -> Verdict:
    """Are two systems equal, as families of their parameters (or for the same parameters, ``pointwise``)?"""
    return _timed(lambda budget: _Systems(a, b, outputs_rhs, pointwise, backward_in_time, budget).verdict(), seconds)


def compare_record(record: Mapping[str, Any], seconds: float = SECONDS) -> Verdict:
    """The comparison that one record of a batch asks for (plain text, shapes, and the flags of ``compare``).

    >>> compare_record({"lhs": "(A @ B).T", "rhs": "B.T @ A.T", "shapes": {"A": "n,m", "B": "m,k"}}).kind
    'proved'
    """
    given = shapes(record.get("shapes"))
    left, right = record["lhs"], record["rhs"]
    equations = [x if isinstance(x, list | tuple) else [x] if len(read_equation(x).sides) > 1 else None for x in (left, right)]
    if equations[0] is None and equations[1] is None:
        a, b = (build(read_term(x), given, x) for x in (left, right))
        return compare_expressions(a, b, record.get("domain"), seconds)
    if equations[0] is None or equations[1] is None:
        raise ReadError("an expression cannot be compared with a list of equations")
    outputs = tuple(record.get("outputs") or ())
    systems = [read_system(equations[0], given, outputs), read_system(equations[1], given)]
    flags = {name: bool(record.get(name)) for name in ("pointwise", "backward_in_time")}
    return compare_systems(systems[0], systems[1], record.get("outputs_rhs"), seconds=seconds, **flags)


def read_system(equations: Sequence[str], given: Mapping[str, Any] | None = None, outputs: tuple[str, ...] = ()) -> System:
    """A system from plain equations; shapes that are not given are inferred."""
    read = [read_equation(text) for text in equations]
    for equation in read:
        if len(equation.sides) < 2:
            raise ReadError("an equation is missing its left side", equation.text, 0)
    known, _ = infer(read, given or {})
    sides = [build_equation(equation, known) for equation in read]
    return System(tuple((s[0], s[-1]) for s in sides), outputs)


def difference(a: Expr, b: Expr) -> list[str]:
    """The monomials, in index notation, that occur on one side only.

    >>> U, d = MatrixSymbol("U", *_n(2)), MatrixSymbol("d", *_n(1))
    >>> difference(U.T * d, U * d)
    ['left: U[k,i]*d[k]', 'right: U[i,k]*d[k]']
    """
    translate = Translator(Dag(), scalar_times([a, b]))
    return list(differing_monomials([(translate(a), translate(b))], Budget(SECONDS)))


def _n(count: int) -> list[Expr]:
    n = Symbol("n", integer=True, positive=True)
    return [n, n if count == 2 else sympy.Integer(1)]


def _timed(run: Any, seconds: float) -> Verdict:
    """The verdict with its time; what the prover cannot do is an answer as well."""
    budget = Budget(seconds)
    try:
        verdict = run(budget)
    except Inconsistent:
        raise
    except (UnsupportedNode, Exhausted) as error:
        verdict = Verdict("undecided", reason=error.message)
    except RecursionError:
        verdict = Verdict("undecided", reason="nested too deeply")
    return replace(verdict, seconds=time.monotonic() - budget.started)


# -- outcomes -------------------------------------------------------------------------------------------------------------------


def _proved(settled: Settled, names: Mapping[str, str], certificate: Mapping[str, Any]) -> Verdict:
    kind = "proved-where-defined" if settled.where else "proved"
    return Verdict(kind, where=settled.where, names=dict(names), certificate={"method": settled.method, **certificate})


@dataclass(frozen=True)
class Maps:
    """Embeddings found: the right side's parameters in those of the left (``forth``), and the other way round."""

    forth: Embedding | None = None
    back: Embedding | None = None
    gave_up: str = ""


def _families(left: Family, right: Family, dag: Dag, budget: Budget) -> Maps:
    if not left.parameters and not right.parameters:
        return Maps()
    found: list[Embedding | None] = []
    gave_up = ""
    for general, special in ((right, left), (left, right)):
        try:
            found.append(embed(general, special, dag, budget))
        except GaveUp as error:
            found.append(None)
            gave_up = error.message
    return Maps(found[0], found[1], gave_up)


def text_of(embedding: Embedding) -> dict[str, str]:
    """The map as plain text, without what maps to itself."""
    found = {}
    for name, e in embedding.under.items():
        marked = {s: _unmarked(s) for s in e.atoms(Symbol, MatrixSymbol) if getattr(s, "name", "").endswith(RIGHT)}
        text = plain(e.xreplace(marked))
        if text != name.removesuffix(RIGHT):
            found[name.removesuffix(RIGHT)] = text
    return found


def _unmarked(s: Any) -> Any:
    name = s.name.removesuffix(RIGHT)
    return Symbol(name, real=True) if isinstance(s, Symbol) else MatrixSymbol(name, *s.shape)


def _under(maps: Maps) -> tuple[dict[str, str], Embedding]:
    """Of the two maps the one that reads more simply."""
    assert maps.forth is not None and maps.back is not None
    return min(((text_of(e), e) for e in (maps.back, maps.forth)), key=lambda pair: simplicity(pair[0]))


def _instance(maps: Maps) -> Instance | None:
    if maps.forth is not None:
        return Instance("right", text_of(maps.forth))
    return Instance("left", text_of(maps.back)) if maps.back is not None else None


# -- expressions ----------------------------------------------------------------------------------------------------------------


def _expressions(a: Expr, b: Expr, domain: str | None, budget: Budget, pointwise: bool, gates: frozenset[str]) -> Verdict:
    dag = Dag()
    translate = Translator(dag, scalar_times([a, b]))
    left, right = translate(a), translate(b)
    given = {s.name: shape_of(s) for e in (a, b) for s in e.atoms(MatrixSymbol) if not isinstance(s, TimeSymbol)}
    conditions = read_domain(domain, dag, given)
    if left.shape != right.shape and SCALAR not in (left.shape, right.shape):
        return _different_shapes(left, right)
    settled = settle([(left, right)], budget, conditions)
    if settled.equal:
        return _proved(settled, {}, {})
    maps = Maps()
    if not conditions and not pointwise:
        mine, theirs = ({n.data[0]: n for n in side.symbols()} for side in (left, right))
        families = [
            Family((side,), {n: s for n, s in own.items() if n not in other and not s.data[1]})
            for side, own, other in ((left, mine, theirs), (right, theirs, mine))
        ]
        maps = _families(families[0], families[1], dag, budget)
    if maps.forth is not None and maps.back is not None:
        under, embedding = _under(maps)
        return Verdict("proved-under", under, certificate={"method": embedding.settled.method})
    verdict = _refuted([[(left, right)]], settled, maps, budget, conditions, gates)
    return replace(verdict, difference=tuple(differing_monomials([(left, right)], budget.part(0.2))))


def _different_shapes(left: Node, right: Node) -> Verdict:
    """Matrices of different shapes are different matrices."""
    texts = [f"a {' x '.join(write_dim(d) for d in side.shape)} matrix" for side in (left, right)]
    return Verdict("refuted", witness=Witness({}, *texts), reason="the sides have different shapes")


def _refuted(
    stages: Iterable[list[tuple[Node, Node]]],
    settled: Settled,
    maps: Maps,
    budget: Budget,
    domain: tuple[Condition, ...] = (),
    gates: frozenset[str] = frozenset(),
) -> Verdict:
    """A witness for the first stage that has one; else undecided."""
    for pairs in stages:
        if all(a is b for a, b in pairs):
            continue
        witness = find_witness(Question(pairs, domain, gates=gates), budget)
        if witness is not None:
            if maps.gave_up:
                return Verdict("undecided", reason=f"for the same parameters the sides differ; of other parameters: {maps.gave_up}")
            shown = Witness({k.replace(RIGHT, ""): v for k, v in witness.values.items()}, witness.left, witness.right)
            return Verdict("refuted", witness=shown, instance=_instance(maps))
    return Verdict("undecided", reason=settled.reason or "no proof and no witness was found")


# -- systems --------------------------------------------------------------------------------------------------------------------


@dataclass
class _Systems:
    """The comparison of two systems."""

    a: System
    b: System
    outputs_rhs: Sequence[str] | None
    pointwise: bool
    backward: bool
    budget: Budget
    dag: Dag = field(default_factory=Dag)

    def verdict(self) -> Verdict:
        self.left, self.right = Step(self.a, self.dag, self.backward), Step(self.b, self.dag, self.backward)
        outputs = self.outputs()
        best: tuple[int, Sides, Settled, Maps] | None = None
        for values, inputs in correspondences(self.left, self.right, outputs):
            self.budget.check()
            sides = side_by_side(self.dag, self.left, self.right, values, inputs)
            if sides is None:
                continue
            settled = settle(self.pinned(sides, list(sides.values)), self.budget)
            matched = self.all_states(values)
            if settled.equal and matched:
                self.check([a for a, _ in values], [b for _, b in values])
                return _proved(settled, self.intermediates(sides) | sides.names, {"induction": list(sides.values)})
            maps = self.families(sides) if matched else Maps()
            if maps.forth is not None and maps.back is not None:
                self.check([a for a, _ in values], [b for _, b in values])
                under, embedding = _under(maps)
                certificate = {"method": embedding.settled.method, "induction": list(sides.values)}
                return Verdict("proved-under", under, names=sides.names, certificate=certificate)
            rank = int(maps.forth is not None or maps.back is not None)
            if best is None or rank > best[0]:
                best = rank, sides, settled, maps
        if best is None:
            raise UnsupportedNode("the outputs of the systems do not correspond")
        _, sides, settled, maps = best
        names = [a for a, _ in outputs if a in sides.values] or list(sides.values)
        verdict = _refuted(self.stages(sides, names), settled, maps, self.budget)
        return replace(verdict, names=sides.names, difference=self.localised(sides))

    def localised(self, sides: Sides) -> tuple[str, ...]:
        """The differing monomials of each definition that both systems have, before intermediates are substituted."""
        lines = []
        for name in self.left.defined:
            other = sides.names.get(name, name)
            if other in self.right.defined:
                mine, theirs = self.left.defined[name], sides.rewrite(self.right.defined[other])
                theirs = theirs if mine.shape == theirs.shape else self.dag.transpose(theirs)
                if mine.shape == theirs.shape:
                    (pair,) = self.pin(sides, [(mine, self.unmarked(theirs))])
                    lines += [f"{name}: {line}" for line in differing_monomials([pair], self.budget.part(0.2), 4)]
        return tuple(line.replace(RIGHT, "") for line in lines)

    def outputs(self) -> list[tuple[str, str | None]]:
        """The left outputs with their counterparts, as far as they are known."""
        names = list(self.a.outputs or self.left.outputs)
        for name in names:
            if name not in self.left.defined:
                raise LstmSymbolicError(f"{name} is no definition of the left system")
        theirs = list(self.outputs_rhs or self.b.outputs)
        for name in theirs:
            if name not in self.right.defined:
                raise LstmSymbolicError(f"{name} is no definition of the right system")
        if theirs and len(theirs) == len(names):
            return list(zip(names, theirs, strict=True))
        return [(n, n if n in self.right.defined else None) for n in names]

    def all_states(self, values: Sequence[tuple[str, str]]) -> bool:
        """Whether everything that the outputs depend on over time is paired."""
        mine, theirs = [a for a, _ in values], [b for _, b in values]
        return set(self.left.needed(mine)) <= set(mine) and set(self.right.needed(theirs)) <= set(theirs)

    def check(self, mine: list[str], theirs: list[str]) -> None:
        self.left.check_direction(mine)
        self.right.check_direction(theirs)

    def unmarked(self, right: Node) -> Node:
        """A definition of the right, its intermediates taken for those of the same name on the left."""
        names = {n: n.data[0].removesuffix(RIGHT) for n in right.symbols() if n.data[0].endswith(RIGHT)}
        table = {n: self.dag.sym(name, n.shape, n.data[1]) for n, name in names.items() if name in self.left.defined}
        return self.dag.substitute([right], table)[0]

    def pinned(self, sides: Sides, names: Iterable[str]) -> list[tuple[Node, Node]]:
        """The pairs with parameters of the same name taken to be the same."""
        return self.pin(sides, [sides.values[n] for n in names])

    def pin(self, sides: Sides, pairs: list[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
        table = {s: sides.left_parameters[n] for n, s in sides.right_parameters.items() if n in sides.left_parameters}
        table = {s: mine for s, mine in table.items() if s.shape == mine.shape}
        return list(zip([a for a, _ in pairs], self.dag.substitute([b for _, b in pairs], table), strict=True))

    def families(self, sides: Sides) -> Maps:
        mine, theirs = sides.left_parameters, sides.right_parameters
        pairs = list(sides.values.values())
        if self.pointwise:
            pairs = self.pinned(sides, list(sides.values))
            mine, theirs = {n: s for n, s in mine.items() if n not in theirs}, {n: s for n, s in theirs.items() if n not in mine}
        marked = {s.data[0]: s for s in theirs.values()}
        left = Family(tuple(a for a, _ in pairs), mine)
        right = Family(tuple(b for _, b in pairs), marked, {n: n.removesuffix(RIGHT) for n in marked})
        return _families(left, right, self.dag, self.budget)

    def intermediates(self, sides: Sides) -> dict[str, str]:
        """Definitions of the left that have another name on the right: those with the same value."""
        if set(self.left.defined) == set(self.right.defined):
            return {}
        mine = [n for n in self.left.defined if n not in sides.values and n not in self.right.defined]
        theirs = [n for n in self.right.defined if n not in sides.names.values()]
        pairs = self.pin(sides, [(self.left.value[n], self.left.value[n]) for n in mine])
        values = self.pin(sides, [(v, v) for v in (sides.rewrite(self.right.value[n]) for n in theirs)])
        try:
            normal = Normal([a for a, _ in pairs] + [b for _, b in values], Atoms(self.budget.part(0.2)))
            known = {normal(b).keys(): n for n, (_, b) in reversed(list(zip(theirs, values, strict=True)))}
            found = {n: known.get(normal(a).keys(), n) for n, (a, _) in zip(mine, pairs, strict=True)}
        except (UnsupportedNode, Exhausted):
            return {}
        return {a: b for a, b in found.items() if a != b}

    def stages(self, sides: Sides, names: list[str]) -> Iterable[list[tuple[Node, Node]]]:
        """One step, then two and three: a difference in a hidden state shows later, one that runs backward from zero as well."""
        pairs = dict(zip(sides.values, self.pinned(sides, list(sides.values)), strict=True))
        for steps in (1, 2, 3):
            self.budget.check()
            yield unrolled(self.dag, pairs, names, steps, self.backward)


__all__ = ["System", "compare_expressions", "compare_record", "compare_systems", "difference", "read_system"]
