"""Do two readings in plain syntax say the same? An own small algebra on Python's syntax tree, with nothing of the package in it.

Both sides are brought to a canonical form (sums and elementwise products without order, signs and numbers collected, matrix chains flat);
symbols that only one side uses are matched by what stands around them. Renaming is one-to-one, and time indices count.
"""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import factorial

#: Spellings of one function.
_SAME = {"sigma": "sigmoid", "sigm": "sigmoid", "vstack": "concat", "hstack": "concat", "partial": "grad"}
_MOST = 5040


def same(a: str, b: str) -> bool:
    """The same up to order, signs, numeric factors and a renaming of symbols that only one reading uses.

    >>> same("h[t] = o[t]*tanh(C[t])", "h[t] = tanh(c[t]) * o[t]"), same("h = o*C", "h = o@C")
    (True, False)
    >>> same("z*h + (1 - z)*g", "-(z - 1)*g + h*z"), same("z*h + (1 - z)*g", "z*g + (1 - z)*h")
    (True, False)
    """
    try:
        left, right = _chain(a), _chain(b)
    except SyntaxError:
        return False
    names, others = _names(left), _names(right)
    mine, theirs = sorted(names - others), sorted(others - names)
    if len(left) != len(right) or len(mine) != len(theirs):
        return False
    goal = _form(right, {})
    return any(_form(left, renaming) == goal for renaming in _renamings(left, right, mine, theirs))


def _renamings(left: list[ast.expr], right: list[ast.expr], mine: list[str], theirs: list[str]) -> Iterator[Mapping[str, str]]:
    """One-to-one maps between names that stand in alike places."""
    here, there = _places(left, mine), _places(right, theirs)
    if sorted(here.values()) != sorted(there.values()):
        return
    groups = [([n for n in mine if here[n] == place], [n for n in theirs if there[n] == place]) for place in dict.fromkeys(here.values())]
    ways = 1
    for group, _ in groups:
        ways *= factorial(len(group))
    assert ways <= _MOST, f"{ways} renamings are too many to try"
    for choice in itertools.product(*(itertools.permutations(found) for _, found in groups)):
        yield {n: m for (group, _), found in zip(groups, choice, strict=True) for n, m in zip(group, found, strict=True)}


def _places(sides: list[ast.expr], private: list[str]) -> dict[str, str]:
    """What a name's surroundings look like when all other private names are blank."""
    return {n: repr(_form(sides, {**dict.fromkeys(private, "?"), n: "!"})) for n in private}


def _chain(text: str) -> list[ast.expr]:
    """The sides of ``a = b = c``."""
    parts, depth, start = [], 0, 0
    for k, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if c == "=" and depth == 0 and "=" not in text[k + 1 : k + 2] and text[k - 1] not in "<>!=":
            parts.append(text[start:k])
            start = k + 1
    return [ast.parse(p.strip(), mode="eval").body for p in [*parts, text[start:]]]


def _names(sides: list[ast.expr]) -> set[str]:
    called = {id(n.func) for s in sides for n in ast.walk(s) if isinstance(n, ast.Call)}
    indices = {id(n) for s in sides for i in ast.walk(s) if isinstance(i, ast.Subscript) for n in ast.walk(i.slice)}
    return {n.id for s in sides for n in ast.walk(s) if isinstance(n, ast.Name) and id(n) not in called | indices}


def _form(sides: list[ast.expr], names: Mapping[str, str]) -> tuple[object, ...]:
    return tuple(_frozen(_sum(s, names)) for s in sides)


Sum = Counter[tuple[object, ...]]


def _frozen(total: Sum) -> tuple[object, ...]:
    return tuple(sorted(((m, c) for m, c in total.items() if c), key=repr))


def _one(*factor: object) -> Sum:
    return Counter({(factor,): Fraction(1)})


def _factors(total: Sum) -> tuple[Fraction, tuple[object, ...]]:
    """A sum as one product: its number and its factors; a sum of several terms is itself a factor, with a positive first term."""
    if len(total) == 1:
        ((monomial, coefficient),) = total.items()
        return Fraction(coefficient), monomial
    if not total:
        return Fraction(0), ()
    sign = _sign(total)
    return sign, (("sum", _frozen(Counter({m: sign * c for m, c in total.items()}))),)


def _sign(total: Sum) -> Fraction:
    first = min(total, key=repr)
    return Fraction(1 if total[first] > 0 else -1)


def _times(a: Sum, b: Sum) -> Sum:
    (c, left), (d, right) = _factors(a), _factors(b)
    return Counter({tuple(sorted((*left, *right), key=repr)): c * d})


def _sum(node: ast.expr, names: Mapping[str, str]) -> Sum:
    def go(x: ast.expr) -> Sum:
        return _sum(x, names)

    match node:
        case ast.Constant(value=int() | float()):
            return Counter({(): Fraction(ast.unparse(node))})
        case ast.Name(id=name):
            return _one("sym", names.get(name, name), "")
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            return _one("sym", names.get(name, name), ast.unparse(index).replace(" ", ""))
        case ast.Attribute(value=value, attr="T"):
            return _one("T", _frozen(go(value)))
        case ast.UnaryOp(op=ast.USub(), operand=value):
            return Counter({m: -c for m, c in go(value).items()})
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            total = go(left)
            for m, c in go(right).items():
                total[m] += c if isinstance(op, ast.Add) else -c
            return total
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _times(go(left), go(right))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            number, factors = _factors(go(right))
            inverse = _one("inverse", factors) if factors else Counter({(): Fraction(1)})
            return _times(_times(go(left), Counter({(): 1 / number}) if number else _one("zero")), inverse if factors else _unit())
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(k))) if 1 <= k <= 4:
            power = _unit()
            for _ in range(k):
                power = _times(power, go(left))
            return power
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _one("pow", _frozen(go(left)), _frozen(go(right)))
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            (c, x), (d, y) = _factors(go(left)), _factors(go(right))
            return Counter({(("@", (*_links(x), *_links(y))),): c * d})
        case ast.Call(func=ast.Name(id="ones")):
            return _unit()
        case ast.Call(func=ast.Name(id=function), args=args):
            return _one("call", _SAME.get(function, function), tuple(_frozen(go(x)) for x in args))
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return _one("list", tuple(_frozen(go(x)) for x in items))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _one("compare", type(op).__name__, _frozen(go(left)), _frozen(go(right)))
    raise SyntaxError(ast.dump(node)[:80])


def _unit() -> Sum:
    return Counter({(): Fraction(1)})


def _links(factors: tuple[object, ...]) -> tuple[object, ...]:
    """The links of a matrix chain."""
    if len(factors) == 1 and isinstance(factors[0], tuple) and factors[0][0] == "@":
        return factors[0][1]  # type: ignore[no-any-return]
    return (factors,)
