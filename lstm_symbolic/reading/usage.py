"""What a letter before a bracket is used for: a function, a factor, or a loss with what it depends on."""

from __future__ import annotations

from .context import Context, timed_name
from .kinds import prior
from .surface import Name, Surface
from .tokens import GREEK
from .vocabulary import LOSS

_CALL_LETTERS = {"f", "g", "h", "phi", "varphi", "psi", "rho", "F", "G", "theta", "H", "act"}


def product_cost(name: Name, context: Context) -> float:
    """What it costs to read ``f(x)`` as a product."""
    function = (name.base in _CALL_LETTERS and not name.subs or _is_word(name)) and name.time is None
    return 2.0 if function and name.plain not in context.plain_use else 0.0


def call_cost(name: Name, context: Context) -> float:
    """What it costs to read ``W(x)`` as a call."""
    if name.plain in context.plain_use:
        return 4.0
    if name.base in _CALL_LETTERS or _is_word(name):
        return 0.0 if not name.primes else 0.5
    return 6.0 if name.base[:1] in "WUVb" else 4.0 if name.plain in context.timed else 3.0


def is_loss(s: Surface) -> bool:
    """``J(theta)``, ``L_t(W, b)``: the arguments have no time, or it would be a product."""
    symbol, group = s.args
    inside = group.args if group.op in ("group", "pair") else (group,)
    return symbol.name is not None and symbol.name.base in LOSS - {"E", "l"} and all(_is_parameter(a) for a in inside)


def is_of_weights(s: Surface) -> bool:
    """Are all symbols of an expression matrices by their letters?"""
    names = [timed_name(n.name) for n in s.walk() if n.name is not None]
    return bool(names) and all(prior(n, bool(index), "".join((*n.subs, *n.sups)))[0][0] == "m" for n, index in names)


def _is_parameter(s: Surface) -> bool:
    return s.op == "sym" and s.name is not None and s.name.time is None and not timed_name(s.name)[1]


def _is_word(name: Name) -> bool:
    """``softplus`` and other words are functions; ``alpha`` is a letter."""
    return len(name.base) > 2 and name.base not in GREEK
