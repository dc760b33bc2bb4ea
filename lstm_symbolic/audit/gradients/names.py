"""What the names of a derivation mean: whose adjoint ``d\\gamma_o`` is, which variable ``c_prev``, which weight ``W_u``.

Names are settled against the forward system: ``a_prev`` is a[t-1], ``dc_next`` the adjoint of c, ``\\sigma'_z`` the derivative z(1-z),
``delta_{a_f}`` the adjoint of f's pre-activation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sympy import Expr

from ...expr.term import Term
from ...reading.adjoints import variable_of
from ...reading.slices import SIDES
from ...reading.vocabulary import LOSS
from ..assign import likeness
from ..interpret import T
from .blocks import Blocks, block

ONE = Term("num", number=Fraction(1))

_NEIGHBOUR = re.compile(r"(?P<stem>.+)_(?P<which>next|prev)")
_ACCENT = re.compile(r"_?(?:tilde|hat|bar)_?")
_PRIMED = re.compile(r"(?:sigma|sigmoid|tanh|f|g)prime_(?P<rest>\w+)")
#: Letters that authors put before a gate's name for its pre-activation: a_f, z_i, net_o.
_PRE = re.compile(r"(?:delta_|d_)?(?:a|z|s|net|u|v|p)_?(?P<rest>[A-Za-z]\w*)")


class Unclear(Exception):
    """The line cannot be judged; the message says why."""


@dataclass(frozen=True)
class Adjoint:
    """An adjoint as the author names it. ``key`` is the same at all times; ``variable`` is "" where the name does not say whose it is.

    ``candidate``: of a state h, the candidate whose adjoint delta_h may be as well (its weights are W_h, U_h). ``introduced``: a line
    defines the name (``dh_raw = (1 - h^2) dh``). ``part``: some part of the variable's adjoint, which one the name does not say
    (``dC_total``, ``dh_future``).
    """

    key: str
    variable: str
    pre: bool = False
    local: bool = False
    candidate: str = ""
    introduced: bool = False
    part: bool = False

    @property
    def nameless(self) -> bool:
        """A bare delta, or a name that a line introduces, that may be the adjoint of anything; no name that the system does not know."""
        bare = self.key.startswith("delta") and not self.key.removeprefix("delta").strip("_0123456789")
        return not self.variable and (bare or self.introduced)


class Mentionable(Collection[str]):
    """Every name that may follow a d or a delta: what the system knows under any letter, and pre-activations."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        return self.names.settled(name) is not None or self.names.activated(name) in self.names.activations

    def __iter__(self) -> Iterator[str]:
        return iter(self.names.known)

    def __len__(self) -> int:
        return len(self.names.known)


@dataclass(frozen=True)
class Usage:
    """How a document uses names: the blocks that it says to mean by a concatenated weight, adjoints that lines introduce (``dh_raw``), and
    variables whose adjoints it writes in two ways (dL/dh and delta_h).
    """

    sides: frozenset[str] = frozenset()
    introduced: frozenset[str] = frozenset()
    both: frozenset[str] = frozenset()


@dataclass
class Names:
    """The symbols of a forward system, and what the gradient lines call them.

    ``readouts`` gives the logits of a softmax, ``blocks`` the weights of concatenated operands; ``elsewhere`` are names that the document
    defines outside the system: they are no other letters for anything in it.
    """

    variables: Sequence[str]
    parameters: Sequence[str]
    activations: Mapping[str, str]
    roles: Mapping[str, str] = field(default_factory=dict)
    written: dict[str, Term] = field(default_factory=dict)
    readouts: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, Blocks] = field(default_factory=dict)
    usage: Usage = field(default_factory=lambda: Usage())
    elsewhere: frozenset[str] = frozenset()

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
        if name in self.readouts or name in self.elsewhere:
            return None
        same = [k for k in self.known if _spelled(k) == _spelled(name)]
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

    def activated(self, name: str) -> str | None:
        """The gate whose pre-activation a name is: f for a_f, the candidate h_tilde for a_h beside a state h."""
        match = _PRE.fullmatch(name)
        if match is None or name in self.elsewhere:
            return None
        owner = self.settled(match["rest"])
        near = [a for a in self.activations if a.split("_")[0].casefold() == match["rest"].casefold()]
        return near[0] if owner not in self.activations and len(near) == 1 else owner

    def candidate(self, state: str, key: str) -> str:
        """The candidate of a state that has its letter: h_tilde for h."""
        if state in self.activations or key.startswith("grad"):
            return ""
        return next((a for a in self.activations if a != state and a.split("_")[0].casefold() == state.casefold()), "")

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
        whole, _, side = name.rpartition("_")
        owner = (self.settled(whole) or "") if name not in self.known and side in SIDES else ""
        found = block(replace(term, name=owner, index=()), side, self.blocks[owner]) if owner in self.blocks else None
        if found is not None:
            return found
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
        direct = self.settled(term.name.removeprefix("dL_"))
        if term.name.startswith("dL_") and direct in self.variables and term.index:
            return Adjoint(f"grad {direct}", direct or "", local=True), term.index
        near = _NEIGHBOUR.fullmatch(term.name)
        name = near["stem"] if near else term.name
        whose = variable_of(name, self.mentionable)
        if whose is None and name in self.usage.introduced:
            return Adjoint(name, "", introduced=True), term.index or (T,)
        if whose is None and not term.index:
            return self._part(name)
        if whose is None:
            return None
        if not whose:
            return Adjoint(name, ""), term.index or (T,)
        return self._of(name, _rest(name), near, term.index, name.startswith("dp_"))

    def _part(self, name: str) -> tuple[Adjoint, tuple[Expr, ...]] | None:
        """``dC_total``, which no line defines: a part of the adjoint of C."""
        stem = name.rpartition("_")[0]
        whose = variable_of(stem, self.mentionable) if name not in self.known else None
        settled = self.settled(whose) if whose else None
        return (Adjoint(name, settled or "", part=True), (T,)) if settled in self.variables else None

    def residual(self, term: Term) -> tuple[Adjoint, tuple[Expr, ...], bool] | None:
        """``y_hat_t - y_t``, the adjoint of the logits whose softmax y_hat is, under the cross-entropy; True where it is y_t - y_hat_t."""
        if term.op != "add" or len(term.args) != 2:
            return None
        signs = [a.op == "neg" for a in term.args]
        parts = [a.args[0] if a.op == "neg" else a for a in term.args]
        if any(p.op != "sym" for p in parts) or sum(signs) != 1 or parts[0].index != parts[1].index:
            return None
        read = [p.name in self.readouts for p in parts]
        target = parts[read.index(False)].name if sum(read) == 1 else ""
        if not target or target in self.known:
            return None
        output = parts[read.index(True)]
        logits = self.readouts[output.name]
        return Adjoint(f"grad {logits}", logits), output.index or (T,), signs[read.index(True)]

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
            return Adjoint(key, settled, pre, candidate=self.candidate(settled, key) if settled in self.usage.both else ""), time
        owner = self.activated(name)
        return Adjoint(key, owner or "", owner is not None), time


def _spelled(name: str) -> tuple[str, list[str]]:
    """A name apart from its accents: ``\\tilde\\delta_h`` and ``\\delta_{\\tilde h}`` are of one symbol."""
    return _ACCENT.sub("", name).casefold(), sorted(a.strip("_") for a in _ACCENT.findall(name))


def _rest(name: str) -> str:
    return re.sub(r"^(?:dp_|d_|delta_|Delta_|nabla_|D_|delta|d)", "", name)


def is_loss(term: Term) -> bool:
    return term.op == "sym" and term.name in LOSS


def derivative(function: str, value: Term) -> Term:
    """The derivative of a gate's activation, in the gate's value: z(1-z), 1-g**2."""
    if function == "sigmoid":
        return Term("mul", (value, Term("add", (ONE, Term("neg", (value,))))), span=value.span)
    return Term("add", (ONE, Term("neg", (Term("pow", (value, Term("num", number=Fraction(2)))),))), span=value.span)
