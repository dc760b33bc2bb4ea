"""Where every value of a step is used, and what cotangent it receives there: one walk backward through the right sides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sympy import Eq, Expr

from ..cells import TIME
from ..errors import CellError
from ..expr import TimeSymbol, plain
from .vjp import rule_of


@dataclass(frozen=True)
class Use:
    """One place where a value is used: the cotangent that it receives there, by which equation and which rules."""

    cotangent: Expr
    equation: Eq
    rules: tuple[str, ...]


@dataclass
class Tape:
    """The uses of every symbol; a time-dependent one by its name and the shift at which it is read, a parameter with shift None."""

    values: dict[Expr, Expr]
    uses: dict[tuple[str, int | None], list[Use]] = field(default_factory=lambda: defaultdict(list))

    def pull(self, equation: Eq, adjoint: Expr) -> None:
        """Pushes the adjoint of the left side down to every symbol of the right side."""
        stack: list[tuple[Expr, Expr, tuple[str, ...]]] = [(equation.rhs, adjoint, ())]
        while stack:
            e, g, rules = stack.pop()
            if e.is_symbol:
                self.uses[e.name, shift_of(e)].append(Use(g, equation, rules))
                continue
            rule = rule_of(e)
            name = rules if rule.name == "sum" or rules[-1:] == (rule.name,) else (*rules, rule.name)
            stack += [(a, cotangent, name) for a, cotangent in reversed(list(rule.pull(e, g, self.values.get(e, e))))]

    def now(self, name: str) -> list[Use]:
        return self.uses.get((name, 0), [])

    def lagged(self, name: str) -> list[tuple[int, Use]]:
        """Uses at another time, with the shift at which the value is read."""
        return [(s, u) for (n, s), uses in self.uses.items() if n == name and s not in (0, None) for u in uses if s is not None]


def shift_of(symbol: Expr) -> int | None:
    """0 for ``h[t]``, -1 for ``h[t - 1]``, None for a symbol without time."""
    if not isinstance(symbol, TimeSymbol):
        return None
    distance = symbol.index[-1] - TIME
    if not distance.is_Integer:
        raise CellError(f"{plain(symbol)} is read at no fixed distance from t", hint="write h[t - 1], h[t + 1]")
    return int(distance)


def at(e: Expr, shift: int) -> Expr:
    """The expression ``shift`` steps later."""
    return e.xreplace({TIME: TIME + shift}) if shift else e
