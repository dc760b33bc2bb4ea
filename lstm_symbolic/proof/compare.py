"""The comparison of two expressions, or of two systems: the stages in order, and what each outcome means as a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy
from sympy import Expr, MatrixSymbol, Symbol

from ..cells.layers import one_layer
from ..errors import ReadError, UnsupportedNode
from ..expr import build, build_equation, infer, read_equation, read_term, shape_of, shapes
from ..expr.nodes import TimeSymbol
from .budget import Budget, Exhausted, Inconsistent
from .certificate import Evidence, Statement, certified
from .dag import SCALAR, Dag, Node, walk, write_dim
from .domain import read_domain
from .embed import Family
from .outcome import Maps, both_ways, find_maps, proved, refuted, simplest
from .recursion import Systems
from .refute import Question, defined_together, find_witness
from .settle import differing_monomials, settle
from .system import System
from .translate import Translator, scalar_times
from .verdict import Verdict, Witness

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


def separated(a: Expr, b: Expr, seconds: float = SECONDS) -> Verdict:
    """Refuted by a witness, or undecided: for expressions so large that their normal forms cost more than their values.

    >>> x, y = Symbol("x", real=True), Symbol("y", real=True)
    >>> separated((x + y) ** 50, x**50 + y**50).kind, separated(x, x).kind
    ('refuted', 'undecided')
    """
    return _timed(lambda budget: _separated(a, b, budget), seconds)


def compare_systems(
    a: System,
    b: System,
    outputs_rhs: Sequence[str] | None = None,
    pointwise: bool = False,
    backward_in_time: bool = False,
    seconds: float = SECONDS,
) -> Verdict:
    """Are two systems equal, as families of their parameters (or for the same parameters, ``pointwise``)?"""
    return _timed(lambda budget: Systems(a, b, outputs_rhs, pointwise, backward_in_time, budget).verdict(), seconds)


def generalises(
    a: System, b: System, outputs_rhs: Sequence[str] | None = None, backward_in_time: bool = False, seconds: float = SECONDS
) -> Verdict:
    """Is b a special case of a? ``under`` says which: the parameters of a, in those of b."""
    return _timed(lambda budget: Systems(a, b, outputs_rhs, False, backward_in_time, budget).generalises(), seconds)


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
    return on_domain(compare_systems(systems[0], systems[1], record.get("outputs_rhs"), seconds=seconds, **flags), record.get("domain"))


def on_domain(verdict: Verdict, domain: str | None) -> Verdict:
    """What a verdict on two systems, found for all values, says where a domain is asked for: equal everywhere is equal there, but a
    witness may lie outside, and a map of parameters may lead outside.

    >>> on_domain(Verdict("proved"), "x > 0").kind, on_domain(Verdict("refuted"), "x > 0").kind
    ('proved', 'undecided')
    """
    if not read_domain(domain, Dag()) or verdict.kind in ("proved", "proved-where-defined", "undecided"):
        return verdict
    return Verdict("undecided", reason=f"{verdict.kind} for all values; systems are not compared on a domain", seconds=verdict.seconds)


def read_system(equations: Sequence[str], given: Mapping[str, Any] | None = None, outputs: tuple[str, ...] = ()) -> System:
    """A system from plain equations; shapes that are not given are inferred."""
    read = [read_equation(text) for text in equations]
    for equation in read:
        if len(equation.sides) < 2:
            raise ReadError("an equation is missing its left side", equation.text, 0)
    read = one_layer(read)
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


def _timed(run: Callable[[Budget], Verdict], seconds: float) -> Verdict:
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


def _expressions(a: Expr, b: Expr, domain: str | None, budget: Budget, pointwise: bool, gates: frozenset[str]) -> Verdict:
    dag = Dag()
    translate = Translator(dag, scalar_times([a, b]))
    left, right = translate(a), translate(b)
    given = {s.name: shape_of(s) for e in (a, b) for s in e.atoms(MatrixSymbol) if not isinstance(s, TimeSymbol)}
    conditions = read_domain(domain, dag, given)
    if left.shape != right.shape and SCALAR not in (left.shape, right.shape):
        return certified(_different_shapes(left, right), Statement(a, b, domain), Evidence())
    settled = settle([(left, right)], budget, conditions)
    if left is right and _nowhere(left, Question([(left, right)], conditions), budget):
        return Verdict("undecided", reason="no point was found where it is defined")
    statement = Statement(a, b, domain)
    if settled.equal:
        return certified(proved(settled, {}), statement, Evidence())
    maps = Maps()
    if not conditions and not pointwise:
        mine, theirs = ({n.data[0]: n for n in side.symbols()} for side in (left, right))
        families = [
            Family((side,), {n: s for n, s in own.items() if n not in other and not s.data[1]})
            for side, own, other in ((left, mine, theirs), (right, theirs, mine))
        ]
        maps = find_maps(families[0], families[1], dag, budget)
    if maps.forth is not None and maps.back is not None:
        under, embedding = simplest(maps)
        verdict = Verdict("proved-under", under, certificate={"method": embedding.settled.method})
        return certified(verdict, statement, Evidence(under=both_ways(maps)))
    verdict = refuted([[(left, right)]], settled, maps, budget, conditions, gates)
    verdict = replace(verdict, difference=tuple(differing_monomials([(left, right)], budget.part(0.2))))
    return certified(verdict, statement, Evidence())


def _nowhere(side: Node, question: Question, budget: Budget) -> bool:
    """Whether no point is found at which a side that may be undefined has a value."""
    if not any(n.op in ("div", "pow") or (n.op == "fn" and n.data in ("log", "sqrt")) for n in walk([side])):
        return False
    try:
        return not defined_together(question, budget)
    except UnsupportedNode:
        return False


def _separated(a: Expr, b: Expr, budget: Budget) -> Verdict:
    translate = Translator(Dag(), scalar_times([a, b]))
    witness = find_witness(Question([(translate(a), translate(b))]), budget)
    return Verdict("undecided", reason="no witness was found") if witness is None else Verdict("refuted", witness=witness)


def _different_shapes(left: Node, right: Node) -> Verdict:
    """Matrices of different shapes are different matrices."""
    texts = [f"a {' x '.join(write_dim(d) for d in side.shape)} matrix" for side in (left, right)]
    return Verdict("refuted", witness=Witness({}, texts[0], texts[1]), reason="the sides have different shapes")
