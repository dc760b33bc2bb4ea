"""Which names are adjoints: what authors call the gradient of a variable, and the equations that speak of gradients.

``dW_f``, ``da_{next}``, ``\\delta h_t``, ``d\\tilde c``, ``\\delta_{10}`` stand for derivatives of the loss; they belong to no forward
system. A name counts as an adjoint only where the rest of it is a symbol of the same document.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .surface import Statement, Surface

#: ``d``, ``\delta``, ``\nabla`` in front of a variable's name; ``dp`` is the derivative at the pre-activation.
_PREFIX = re.compile(r"(?P<prefix>delta_|delta|Delta_|nabla_|dp_|d_|D_|d)(?P<rest>[A-Za-z]\w*)")
_BARE = re.compile(r"delta(_?\d+)?")
_DELTA = re.compile(r"delta_\w+")
_NEIGHBOUR = re.compile(r"_(?:next|prev)$")


def variable_of(name: str, known: Collection[str]) -> str | None:
    """The symbol whose adjoint a name is: "" for a bare delta, None where it is no adjoint.

    >>> variable_of("d_gamma_o", {"Gamma_o"}), variable_of("da_next", {"a"}), variable_of("delta10", {"h"}), variable_of("d_k", {"h"})
    ('Gamma_o', 'a', '', None)
    """
    if _BARE.fullmatch(name):
        return ""
    match = _PREFIX.fullmatch(name)
    if match is None or name in ("dsigmoid", "dtanh"):
        return None
    rest = _NEIGHBOUR.sub("", match["rest"])
    if rest in known:
        return rest
    return next((k for k in sorted(known) if k.casefold() == rest.casefold()), None)


@dataclass(frozen=True)
class Spoken:
    """What a document speaks of: its symbols (without ``_next`` and ``_prev``), and whether it speaks of gradients at all.

    A delta with a tag that no symbol has is an adjoint only there: elsewhere it may be a step size.
    """

    names: frozenset[str]
    gradients: bool

    def is_adjoint(self, name: str) -> bool:
        return variable_of(name, self.names) is not None or (self.gradients and _DELTA.fullmatch(name) is not None)


def spoken(statements: Iterable[Statement]) -> Spoken:
    """The symbols of a document."""
    nodes = [node for s in statements for node in _nodes(s)]
    names = frozenset(_NEIGHBOUR.sub("", node.name.plain) for node in nodes if node.name is not None)
    deltas = {n for n in names if _BARE.fullmatch(n)}
    plain = any(node.op == "grad" for node in nodes) or any(variable_of(n, names) for n in names)
    return Spoken(names, plain or len(deltas) > 2)


def about_gradients(statement: Statement, document: Spoken) -> bool:
    """Does a formula speak of gradients? Then it is no equation of the forward step."""
    return any(
        node.op in ("grad", "jac") or (document.gradients and node.name is not None and document.is_adjoint(node.name.plain))
        for node in _nodes(statement)
    )


def _nodes(statement: Statement) -> Iterable[Surface]:
    return (node for side in statement.sides for node in side.walk())
