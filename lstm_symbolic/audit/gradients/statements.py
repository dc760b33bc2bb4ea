"""A line about gradients taken apart: whose adjoint stands on the left, what stands on the right.

Names are settled against the forward system: ``a_prev`` is a[t-1], ``dc_next`` the adjoint of c, ``\\sigma'_z`` the derivative z(1-z),
``delta_{a_f}`` the adjoint of f's pre-activation. Adjoints become symbols of their own, so that a line is an ordinary formula over them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sympy import Expr, Symbol

from ...expr.term import Term, TermEquation, time_shift
from ...reading.adjoints import variable_of
from ...reading.vocabulary import LOSS
from ..assign import likeness
from ..interpret import T

ONE = Term("num", number=Fraction(1))
HORIZONS = (Symbol("T", integer=True), Symbol("tau", integer=True))

_NEIGHBOUR = re.compile(r"(?P<stem>.+)_(?P<which>next|prev)")
_PRIMED = re.compile(r"(?:sigma|sigmoid|tanh|f|g)prime_(?P<rest>\w+)")
#: Letters that authors put before a gate's name for its pre-activation: a_f, z_i, net_o.
_PRE = re.compile(r"(?:delta_|d_)?(?:a|z|s|net|u|v|p)_?(?P<rest>[A-Za-z]\w*)")


class Unclear(Exception):
    """The line cannot be judged; the message says why."""


@dataclass(frozen=True)
class Adjoint:
    """An adjoint as the author names it. ``key`` is the same at all times; ``variable`` is "" where the name does not say whose it is."""

    key: str
    variable: str
    pre: bool = False
    local: bool = False

    @property
    def nameless(self) -> bool:
        """A bare delta, that may be the adjoint of anything; not one whose name says something that the system does not know."""
        return not self.variable and self.key.startswith("delta") and not self.key.removeprefix("delta").strip("_0123456789")


@dataclass(frozen=True)
class Line:
    """One claim: ``target`` at ``shift`` equals ``value``, a term over forward symbols and the ``adjoints`` named in it.

    ``shift`` is None for a parameter; ``final`` where the line speaks of the last step; ``adds`` where it adds to what the target was.
    """

    formula: str
    target: Adjoint
    left: Term
    value: Term
    adjoints: Mapping[str, Adjoint]
    final: bool = False
    adds: bool = False
    loss_terms: int = 0


class Mentionable(Collection[str]):
    """Every name that may follow a d or a delta: what the system knows under any letter, and pre-activations."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        match = _PRE.fullmatch(name)
        return self.names.settled(name) is not None or (match is not None and self.names.settled(match["rest"]) in self.names.activations)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names.known)

    def __len__(self) -> int:
        return len(self.names.known)


@dataclass
class Names:
    """The symbols of a forward system, and what the gradient lines call them."""

    variables: Sequence[str]
    parameters: Sequence[str]
    activations: Mapping[str, str]
    roles: Mapping[str, str] = field(default_factory=dict)
    written: dict[str, Term] = field(default_factory=dict)

    @property
    def known(self) -> frozenset[str]:
        return frozenset((*self.variables, *self.parameters))

    @property
    def mentionable(self) -> Mentionable:
        return Mentionable(self)

    def settled(self, name: str) -> str | None:
        """The variable or parameter that a name means, in whatever spelling."""
        if name in self.known:
            return name
        same = [k for k in self.known if k.casefold() == name.casefold()]
        return same[0] if len(same) == 1 else self.alias(name)

    def alias(self, name: str) -> str | None:
        """Another letter for one gate: i_t where the equations say Gamma_u; W_u where they say W_i."""
        return self._alias(name) or self._alias(name[:1].upper() + name[1:])

    def _alias(self, name: str) -> str | None:
        roles = {self.roles[v]: v for v in self.variables if v in self.roles}
        near = [v for role, v in roles.items() if v in self.activations and likeness(name, role) <= 1 and likeness(name, v) <= 1]
        if len(near) == 1 and likeness(name, near[0]) < 2:
            return near[0]
        stem, _, tag = name.rpartition("_")
        owner = self.alias(tag) if stem in ("W", "U", "V", "b", "R") and tag not in ("", name) else None
        tags = {owner, owner.rpartition("_")[2]} if owner else set()
        return next((p for p in self.parameters if p.rpartition("_")[0] == stem and p.rpartition("_")[2] in tags), None)

    def symbol(self, term: Term) -> Term:
        """A forward symbol under its settled name and with its time."""
        name, index = term.name, term.index
        near = _NEIGHBOUR.fullmatch(name)
        if near is not None and not index:
            name, index = near["stem"], (T - int(near["which"] == "prev"),)
        primed = _PRIMED.fullmatch(name)
        if primed is not None:
            gate = self.settled(primed["rest"])
            if gate is None or gate not in self.activations:
                raise Unclear(f"{term.name} is the derivative of nothing that the equations name")
            return derivative(self.activations[gate], Term("sym", name=gate, index=index or (T,), span=term.span))
        settled = self.settled(name)
        if settled is None:
            return term
        if settled in self.parameters:
            return replace(term, name=settled, index=())
        return replace(term, name=settled, index=index or (T,))

    def adjoint(self, term: Term) -> tuple[Adjoint, tuple[Expr, ...]] | None:
        """The adjoint that a term names, and its time."""
        if term.op == "jac" and is_loss(term.args[0]):
            found = self.adjoint(Term("grad", (term.args[1],)))
            return None if found is None else (replace(found[0], local=bool(term.args[0].index)), found[1])
        if term.op == "grad":
            inner = term.args[0]
            if inner.op != "sym":
                return None
            near = _NEIGHBOUR.fullmatch(inner.name)
            name = near["stem"] if near else inner.name
            return self._of(f"grad {name}", name, near, inner.index)
        if term.op != "sym":
            return None
        near = _NEIGHBOUR.fullmatch(term.name)
        name = near["stem"] if near else term.name
        whose = variable_of(name, self.mentionable)
        if whose is None:
            return None
        if not whose:
            return Adjoint(name, ""), term.index or (T,)
        return self._of(name, _rest(name), near, term.index, name.startswith("dp_"))

    def _of(
        self, key: str, name: str, near: re.Match[str] | None, index: tuple[Expr, ...], pre: bool = False
    ) -> tuple[Adjoint, tuple[Expr, ...]]:
        settled = self.settled(name)
        if settled in self.parameters:
            return Adjoint(key, settled or ""), ()
        if settled is None and not index and near is None and _PRE.fullmatch(name) is None:
            raise Unclear(f"{name} is no symbol of the forward equations")
        time = (T - int(near["which"] == "prev"),) if near is not None else index or (T,)
        if settled is not None:
            return Adjoint(key, settled, pre), time
        match = _PRE.fullmatch(name)
        owner = self.settled(match["rest"]) if match else None
        return Adjoint(key, owner or "", owner is not None), time


def _rest(name: str) -> str:
    return re.sub(r"^(?:dp_|d_|delta_|Delta_|nabla_|D_|delta|d)", "", name)


def is_loss(term: Term) -> bool:
    return term.op == "sym" and term.name in LOSS


def derivative(function: str, value: Term) -> Term:
    """The derivative of a gate's activation, in the gate's value: z(1-z), 1-g**2."""
    if function == "sigmoid":
        return Term("mul", (value, Term("add", (ONE, Term("neg", (value,))))), span=value.span)
    return Term("add", (ONE, Term("neg", (Term("pow", (value, Term("num", number=Fraction(2)))),))), span=value.span)


def lines(formula: str, equation: TermEquation, names: Names) -> list[Line]:
    """The claims of one formula: its left side against every other side that can be judged."""
    head = names.adjoint(equation.sides[0])
    if head is None:
        raise Unclear("the left side is no gradient of a symbol of the forward equations")
    target, index = head
    sides = [s for s in equation.sides[1:] if not any(t.op == "jac" and not is_loss(t.args[0]) for t in s.walk())]
    if len(equation.sides) > 2:
        sides = [s for s in sides if not _is_diagram_number(s)]
    if not sides:
        raise Unclear("only Jacobians stand on the right")
    losses = {(t.args[0].name, t.args[0].index) for s in equation.sides for t in s.walk() if t.op == "jac" and is_loss(t.args[0])}
    if len(losses) > 1:
        raise Unclear("the derivatives of several losses")
    target = replace(target, local=target.local or any(index for _, index in losses))
    found, reasons = [], []
    for side in sides:
        try:
            found.append(_line(formula, target, index, equation.sides[0], side, names))
        except Unclear as reason:
            reasons.append(str(reason))
    if not found:
        raise Unclear(reasons[0])
    return found


def _is_diagram_number(side: Term) -> bool:
    """``delta3 * 6``: the 6 is a node of a drawing."""
    return side.op in ("mul", "call") and any(a.op == "num" or (a.op == "call" and any(b.op == "num" for b in a.args)) for a in side.args)


def _line(formula: str, target: Adjoint, index: tuple[Expr, ...], left: Term, side: Term, names: Names) -> Line:
    if side.op == "sum":
        variable, side = side.index[0], side.args[0]
        side = _at_time(side, variable)
        if index:
            raise Unclear("the gradient at one step as a sum over steps")
    found: dict[str, Adjoint] = {}
    final = bool(index) and index[-1] in HORIZONS
    adds = False

    def walk(term: Term) -> Term:
        nonlocal final
        adjoint = names.adjoint(term)
        if adjoint is not None:
            a, time = adjoint
            name = "adj_" + re.sub(r"\W", "_", a.key)
            found[name] = a
            final = final or bool(time and time[-1] in HORIZONS)
            placed = Term("sym", name=name, index=_plain_time(time), span=term.span)
            names.written[name] = term
            return placed
        if term.op == "sym":
            symbol = names.symbol(term)
            if symbol.op == "sym" and symbol.index:
                final = final or symbol.index[-1] in HORIZONS
                return replace(symbol, index=_plain_time(symbol.index))
            return symbol
        if term.op == "jac":
            raise Unclear("a Jacobian stands on the right")
        args = tuple(walk(a) for a in term.args)
        return _derivative_call(replace(term, args=args), names)

    value = walk(side)
    own = "adj_" + re.sub(r"\W", "_", target.key)
    if value.op == "add":
        kept = tuple(a for a in value.args if not _accumulates(a, own, target, index, found))
        adds = len(kept) < len(value.args)
        value = value if not adds else kept[0] if len(kept) == 1 else replace(value, args=kept)
    value, loss_terms = _loss_terms(value, names, found)
    if loss_terms and not (index and (target.variable or target.nameless)):
        raise Unclear("the loss itself is not given")
    left = Term("sym", name=own, index=_plain_time(index), span=left.span)
    return Line(formula, target, left, value, found, final, adds, loss_terms)


def _plain_time(index: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The last step counts as t in a line of its own."""
    return tuple(T if i in HORIZONS else i for i in index[-1:])


def _at_time(term: Term, variable: Expr) -> Term:
    """The body of a sum over k, with t for k."""
    index = tuple(i.subs(variable, T) for i in term.index)
    return replace(term, args=tuple(_at_time(a, variable) for a in term.args), index=index)


def _derivative_call(term: Term, names: Names) -> Term:
    """``tanh'(g_t)`` of a gate's value g: authors mean the derivative at its pre-activation, written in g."""
    if term.op == "call" and term.name.endswith("prime"):
        term = replace(term, name=f"d{term.name.removesuffix('prime')}")
    if term.op == "call" and term.name in ("dsigmoid", "dtanh") and len(term.args) == 1:
        inner = term.args[0]
        function = term.name[1:]
        if (inner.op == "sym" and names.activations.get(inner.name) == function) or (inner.op == "call" and inner.name == function):
            return derivative(function, replace(inner, span=term.span))
    return term


def _accumulates(term: Term, own: str, target: Adjoint, index: tuple[Expr, ...], found: Mapping[str, Adjoint]) -> bool:
    """``dW = dW + ...``, ``dL/dC_t += ...``: the summand is what the target was before."""
    if term.op != "sym":
        return False
    if index:
        return term.name == own and term.index == _plain_time(index)
    return not term.index and (term.name in found or re.match(r"d(elta)?_?[WUVRb](_|$)", term.name) is not None)


def _loss_terms(value: Term, names: Names, found: Mapping[str, Adjoint]) -> tuple[Term, int]:
    """Summands that bring in the loss (targets, output weights) become one symbol; anything else unknown cannot be judged."""
    parts = value.args if value.op == "add" else (value,)
    foreign = [p for p in parts if unknown(p, names, found)]
    if not foreign:
        return value, 0
    if any(t.name in found or re.match(r"d(elta)?_", t.name) for p in foreign for t in p.walk() if t.op == "sym"):
        names_ = ", ".join(sorted({n for p in foreign for n in unknown(p, names, found)}))
        raise Unclear(f"{names_} is no symbol of the forward equations")
    kept = tuple(p for p in parts if p not in foreign)
    loss = Term("sym", name="loss_term", index=(T,), span=foreign[0].span)
    return (loss if not kept else replace(value, args=(*kept, loss))), len(foreign)


def unknown(term: Term, names: Names, found: Mapping[str, Adjoint]) -> set[str]:
    """Symbols that are neither forward symbols nor adjoints, and times that are no step beside t."""
    out = set()
    for t in term.walk():
        if t.op == "sym" and t.name not in names.known and t.name not in found:
            out.add(t.name)
        elif t.op == "sym" and t.index and time_shift(t) is None:
            out.add(f"{t.name}[{t.index[-1]}]")
    return out
