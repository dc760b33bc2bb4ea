"""One layer of a stack as a cell of its own: ``h[l - 1, t]``, what the layer below says, is an input and not the state ``h[l, t]``.

Documents write deep recurrent networks by their layer l (Graves 2013, equation 11; Zaremba et al. 2014, equation 3). The layer that the
equations define loses its index; a symbol of another layer becomes a symbol of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr

from ..expr import Term, TermEquation
from ..expr.term import time_shift

Layer = tuple[Expr, ...]


@dataclass(frozen=True)
class Stack:
    """How a system names its layers: ``home`` is the one that it defines, ``names`` are those of symbols of the others."""

    home: Layer = ()
    names: Mapping[tuple[str, Layer], str] = field(default_factory=dict)

    @classmethod
    def of(cls, equations: Sequence[TermEquation]) -> Stack:
        """The layers of some equations; without any there is nothing to rename."""
        symbols = {t for e in equations for s in e.sides for t in s.walk() if t.op == "sym"}
        layered = sorted((t for t in symbols if len(t.index) > 1), key=str)
        if not layered:
            return cls()
        home = _home(equations, layered)
        taken, names = {t.name for t in symbols}, dict[tuple[str, Layer], str]()
        for key in dict.fromkeys((t.name, t.index[:-1]) for t in layered if t.index[:-1] != home):
            names[key] = _name(*key, home)
            while names[key] in taken:
                names[key] += "_"
            taken.add(names[key])
        return cls(home, names)

    def flat(self, equation: TermEquation) -> TermEquation:
        """The equation without indices of layers."""
        return replace(equation, sides=tuple(self._flat(s) for s in equation.sides)) if self.home else equation

    def _flat(self, term: Term) -> Term:
        term = replace(term, args=tuple(self._flat(a) for a in term.args))
        if term.op != "sym" or len(term.index) < 2:
            return term
        key = term.name, term.index[:-1]
        name = term.name if key[1] == self.home else self.names.get(key) or _name(*key, self.home)
        return replace(term, name=name, index=term.index[-1:])


def one_layer(equations: Sequence[TermEquation]) -> list[TermEquation]:
    """The equations of a system without indices of layers.

    >>> from ..expr import read_equation
    >>> from ..expr.plain import write
    >>> [e] = one_layer([read_equation("h[l, t] = tanh(W @ h[l - 1, t] + U @ h[l, t - 1])")])
    >>> " = ".join(write(s) for s in e.sides)
    'h[t] = tanh(W @ h_below[t] + U @ h[t - 1])'
    """
    stack = Stack.of(equations)
    return [stack.flat(e) for e in equations]


def _home(equations: Sequence[TermEquation], symbols: Sequence[Term]) -> Layer:
    """The layer that most equations define; where none says so, that of what is remembered from another step."""
    defined = [e.sides[0].index[:-1] for e in equations if len(e.sides) > 1 and len(e.sides[0].index) > 1]
    remembered = [t.index[:-1] for t in symbols if time_shift(t)]
    return Counter(defined or remembered or [t.index[:-1] for t in symbols]).most_common(1)[0][0]


def _name(name: str, layer: Layer, home: Layer) -> str:
    """``h_below`` for the layer under this one, ``h_above`` for the one over it, ``h_2`` for layer 2."""
    away = [a - b for a, b in zip(layer, home, strict=True) if a != b] if len(layer) == len(home) else []
    if len(away) == 1 and abs(away[0]) == 1 and not layer[0].is_Integer:
        return f"{name}_{'below' if away[0] == -1 else 'above'}"
    return "_".join([name, *(re.sub(r"\W+", "_", str(i).replace("-", "m").replace("+", "p")).strip("_") for i in layer)])
