"""Where the two sides are defined: denominators that are not 0, logarithms of positive values, roots of values that are not negative.

Both sides are looked at in every case of signs. Conditions that hold for all real values (of the domain) are dropped; if what is left is
the same on both sides the verdict is ``proved``, else it is ``proved-where-defined`` and the difference is its ``where``. The branch of a
``where`` that a case does not take asks for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from .atoms import Undefined
from .dag import Node, walk
from .excluded import Cube, branches, cube, inside, merged, outside
from .field import Field
from .generators import used
from .implied import Condition, implied, needed
from .normal import Normal, constant
from .quotients import Element
from .show import Show, number

PARTIAL = ("div", "pow", "fn")


class Fails(Enum):
    """Whether a condition fails in a whole case, and whether a noted condition says so."""

    NO, NOTED, SILENT = range(3)


def qualified(condition: Condition, asked: Iterable[Cube], held: Iterable[Cube]) -> Iterator[Condition]:
    """A condition that some cases ask for, others do not, and that holds anyway in still others: ``where(p > 1, q, 1) != 0``."""
    for c in merged([*asked, *held]):
        if not c:
            yield condition
        elif any(c <= a for a in asked):
            text = f"{inside(c, condition.value)} {condition.kind.rstrip('0')} 0"
            yield replace(condition, name=text, text=text, region=c)


@dataclass(frozen=True)
class Needs:
    """What one side asks for in a case, and how it fails there."""

    conditions: list[Condition]
    fails: set[Fails]

    @property
    def never(self) -> bool:
        return bool(self.fails - {Fails.NO})


def requirement(normal: Normal, node: Node) -> tuple[str, Node] | None:
    """What a node asks of one of its arguments."""
    if node.op == "div":
        return "!=0", node.args[1]
    if node.op == "fn" and node.data in ("log", "sqrt"):
        return (">0" if node.data == "log" else ">=0"), node.args[0]
    if node.op == "pow":
        exponent = node.args[1]
        value = constant(normal.algebra, normal(exponent).blocks[0, 0]) if len(normal(exponent).blocks) == 1 else None
        if value is None or value.denominator > 2:
            return ">0", node.args[0]
        if value.denominator == 2:
            return (">0" if value < 0 else ">=0"), node.args[0]
        return ("!=0", node.args[0]) if value < 0 else None
    return None


def partial(normal: Normal, roots: Iterable[Node]) -> bool:
    """Whether something below the roots may be undefined."""
    return any(n.op in PARTIAL and requirement(normal, n) is not None for n in walk(roots))


class Definedness:
    """Collects the conditions of both sides, case by case."""

    def __init__(self, normal: Normal, left: Node, right: Node) -> None:
        self.normal, self.sides = normal, (left, right)
        self.show = Show(normal.algebra)
        self.differing: dict[Condition, set[Cube]] = {}
        self.held: dict[Condition, set[Cube]] = {}
        self.excluded: dict[Cube, None] = {}
        self.nowhere: list[Cube] = []  # neither side has a value: nothing is asked, and nothing forbidden
        self.last: Field | None = None

    @property
    def where(self) -> list[str]:
        """What one side asks for and the other does not; what follows from the rest is left out."""
        noted = (q for c, cubes in self.differing.items() for q in qualified(c, [*cubes, *self.zeros(c)], self.harmless(c, cubes)))
        conditions = list(dict.fromkeys([*noted, *map(self.outside, merged(self.excluded))]))
        return [c.text for c in needed(conditions, self.last)] if self.last is not None else []

    def zeros(self, c: Condition) -> list[Cube]:
        """Excluded cases where what the condition asks about is zero: it fails there, too."""
        return [e for e in self.excluded if any(not a.sign and a.about(c.name) for a in e)] if c.kind != ">=0" else []

    def harmless(self, c: Condition, asked: Iterable[Cube]) -> list[Cube]:
        """Where the condition holds anyway, or neither side has a value."""
        signs = [(e, a) for e in asked for a in e if a.about(c.name) and a.sign]
        return [*self.held.get(c, ()), *self.nowhere, *(e - {a} | {replace(a, sign=-a.sign)} for e, a in signs)]

    def outside(self, c: Cube) -> Condition:
        """That an excluded case is not met."""
        if len(c) > 1:
            return Condition(">0", outside(c), outside(c), "", None, c)
        (a,) = c
        p = a.polynomial * (-a.sign or 1)
        return Condition("!=0" if not a.sign else ">=0" if a.strict else ">0", str(p), outside(c), a.opposite, p)

    def __call__(self, field: Field) -> bool:
        """Note what one side asks for and the other does not; False where a side has no value in the whole case."""
        self.last = field
        left, right = (self.side(field, root) for root in self.sides)
        assumed = cube(field.case, lambda p: self.text(field, p))
        if left.never and right.never:
            self.nowhere.append(assumed)
            return False
        for own, other in ((left, right), (right, left)):
            if own.never and Fails.NOTED not in own.fails:
                self.excluded.setdefault(assumed)
            for c in own.conditions:
                if not c.follows_from(other.conditions):
                    self.differing.setdefault(c, set()).add(branches(assumed, c.name))
        return not (left.never or right.never)

    def side(self, field: Field, root: Node) -> Needs:
        """What one side asks for in a case."""
        found: dict[Condition, None] = {}
        fails = set()
        for node in self.taken(field, root):
            kind, argument = (requirement(self.normal, node) if node.op in PARTIAL else None) or ("", None)
            for p in self.normal(argument).blocks.values() if argument is not None else ():
                try:
                    fails.add(self.ask(field, kind, field(p), found))
                except Undefined:
                    fails.add(Fails.SILENT)
        return Needs(list(found), fails)

    def taken(self, field: Field, root: Node) -> list[Node]:
        """The nodes below a root whose values matter in this case."""
        seen: dict[int, Node] = {}
        stack = [root]
        while stack:
            node = stack.pop()
            if node.number in seen:
                continue
            seen[node.number] = node
            args = node.args
            if node.op == "fn" and node.data == "where":
                values = {str(field(p)[0]) for p in self.normal(args[0]).blocks.values()}
                args = (args[0], args[1]) if values == {"1"} else (args[0], args[2]) if values == {"0"} else args
            stack.extend(args)
        return list(seen.values())

    def ask(self, field: Field, kind: str, value: Element, found: dict[Condition, None]) -> Fails:
        """Add what is left of ``value > 0`` (or the like) once the known signs are taken out."""
        if value[0] == 0:
            return Fails.SILENT if kind != ">=0" else Fails.NO
        sign, rest = 1, field.one
        for p in (self.through_exp(field, value[0]), value[1]):
            lead, factors = field.factors(p)
            sign *= 1 if lead > 0 else -1
            for f, e in factors:
                monic = f / f.leading_coefficient()
                sign *= 1 if f.leading_coefficient() > 0 or int(e) % 2 == 0 else -1
                known = field.sign(monic, True)
                if known is not None:
                    sign *= known if int(e) % 2 else 1
                elif kind == "!=0" or int(e) % 2 == 0:
                    if p is not value[1] and kind != ">=0":
                        self.note(field, "!=0", monic, found)
                else:
                    rest = field.mul(rest, (monic, field.g.one))
        if kind == "!=0":
            return Fails.NO
        assumed, strict = field.case.signs.get(str(rest[0]), (None, False))
        if assumed is not None:
            sign *= assumed
            if not strict and assumed and kind == ">0":
                self.note(field, "!=0", rest[0], found)
        if sign < 0 and (assumed is not None or not used(rest[0])):
            if assumed is None:
                return Fails.SILENT
            self.note(field, kind, rest[0] * (sign * assumed), found)
            return Fails.NOTED
        if assumed == 0 and kind == ">0":
            self.note(field, kind, rest[0], found)
            return Fails.NOTED
        if assumed is None and used(rest[0]):
            self.note(field, kind, rest[0] * sign, found)
        return Fails.NO

    def through_exp(self, field: Field, p: Any) -> Any:
        """exp(u) - exp(v) has the sign of u - v: the condition is put in terms of that."""
        lead, factors = field.factors(p)
        result = field.g.one * lead
        for f, e in factors:
            u = field.difference_of_exponentials(f)
            result = result * (u[0] * u[1] if u is not None and u[0] != 0 else f) ** int(e)
        return result

    def note(self, field: Field, kind: str, p: Any, found: dict[Condition, None]) -> None:
        monic = p / p.leading_coefficient()
        sign = -1 if kind != "!=0" and p.leading_coefficient() < 0 else 1
        value = self.text(field, p if kind != "!=0" else monic)
        if p.leading_coefficient() < 0 and len(p) == 1 and kind != "!=0":
            text = f"{self.text(field, monic)} {kind.rstrip('0').replace('>', '<')} 0"
        else:
            text = f"{value} {kind.rstrip('0')} 0"
        condition = Condition(kind, str(monic * sign), text, value, p)
        if implied(kind, p, field):
            self.held.setdefault(condition, set()).add(self.branches(field, condition))
        else:
            found.setdefault(condition)

    def branches(self, field: Field, condition: Condition) -> Cube:
        return branches(cube(field.case, lambda p: self.text(field, p)), condition.name)

    # -- text -------------------------------------------------------------------------------------------------------------------

    def text(self, field: Field, p: Any) -> str:
        terms = []
        for e, q in p.terms():
            factors = [self.generator(field, i) + (f"**{x}" if x > 1 else "") for i, x in enumerate(e) if x]
            product = " * ".join(factors)
            terms.append(product if q == 1 and product else f"-{product}" if q == -1 and product else " * ".join([number(q), *factors]))
        return (" + ".join(terms) or "0").replace("+ -", "- ")

    def generator(self, field: Field, i: int) -> str:
        kind, meaning = field.g.meaning[i]
        if kind == "leaf":
            return self.show.monomial(meaning)
        inner = dict(field.exponents).get(i) or field.logs.get(i) or field.roots.get(i) or field.g.inner.get(i)
        if inner is None:
            return f"{kind.removeprefix('fn:')}(...)"
        return f"{kind}({self.fraction(field, inner) if kind == 'exp' else self.text(field, inner)})"

    def fraction(self, field: Field, a: Element) -> str:
        return self.text(field, a[0]) if a[1] == 1 else f"({self.text(field, a[0])}) / ({self.text(field, a[1])})"
