"""The plain syntax, written: the ASCII form of every expression. Reading it back gives the same expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import sympy
from sympy import Expr

from .functions import COMPARISONS
from .term import CALLS, Term
from .to_term import to_term

LOWEST, SUM, PRODUCT, UNARY, POWER, ATOM = 0, 1, 2, 3, 4, 5


def plain(e: Expr | tuple[Expr, ...] | sympy.Equality) -> str:
    """The plain text of an expression, of an ``Eq``, or of a chain of sides; ``UnsupportedNode`` for what no plain text can say.

    >>> x, y = sympy.symbols("x y", real=True)
    >>> plain(sympy.Eq(y, sympy.Add(x, -y, evaluate=False), evaluate=False))
    'y = x - y'
    """
    if isinstance(e, sympy.Equality):
        e = (e.lhs, e.rhs)
    return " = ".join(write(to_term(s)) for s in (e if isinstance(e, tuple) else (e,)))


def write(term: Term) -> str:
    """The plain text of a term.

    >>> from .term import read_term
    >>> write(read_term("a-(b-c)*W@(x+y)"))
    'a - (b - c) * W @ (x + y)'
    """
    return _write(term)[0]


def _write(term: Term) -> tuple[str, int]:
    """Text and binding strength."""
    return _WRITERS.get(term.op, _call)(term)


def _paren(term: Term, least: int) -> str:
    text, strength = _write(term)
    return f"({text})" if strength < least else text


@lru_cache(maxsize=1024)
def time(i: Expr) -> str:
    """``t - 1``, ``t - k``: the time first, what is taken away last.

    >>> t, k = sympy.symbols("t k", integer=True)
    >>> time(t - k - 1)
    't - k - 1'
    """

    def rank(a: Expr) -> tuple[bool, bool, bool, str]:
        return a.could_extract_minus_sign(), a.is_number, str(a) not in ("t", "T", "tau"), str(a)

    first, *rest = sorted(sympy.Add.make_args(i), key=rank)
    return sympy.sstr(first) + "".join(f" - {sympy.sstr(-a)}" if a.could_extract_minus_sign() else f" + {sympy.sstr(a)}" for a in rest)


def _number(term: Term) -> tuple[str, int]:
    value = term.number
    if value.denominator == 1:
        return str(value.numerator), ATOM if value >= 0 else UNARY
    exact = decimal(value)
    return (exact, ATOM) if exact else (f"{value.numerator} / {value.denominator}", PRODUCT)


def decimal(value: Fraction) -> str | None:
    """0.14, where that is exact and what a person would write."""
    if value.denominator < 10 or 10**6 % value.denominator or value < 0:
        return None
    text = f"{value.numerator * (10**6 // value.denominator):07d}"
    return (text[:-6] + "." + text[-6:]).rstrip("0")


def _symbol(term: Term) -> tuple[str, int]:
    return (f"{term.name}[{', '.join(time(i) for i in term.index)}]" if term.index else term.name), ATOM


def _sum(term: Term) -> tuple[str, int]:
    text = _paren(term.args[0], PRODUCT)
    for a in term.args[1:]:
        opposite = _opposite(a)
        text += f" + {_paren(a, PRODUCT)}" if opposite is None else f" - {_paren(opposite, PRODUCT)}"
    return text, SUM


def _opposite(term: Term) -> Term | None:
    """The term without its leading minus sign, where it has one."""
    if term.op == "neg":
        return term.args[0]
    left = _opposite(term.args[0]) if term.op in ("mul", "matmul", "div") else None
    return None if left is None else replace(term, args=(left, *term.args[1:]))


def _neg(term: Term) -> tuple[str, int]:
    text, strength = _write(term.args[0])
    return (f"-({text})" if strength <= PRODUCT else f"-{text}"), UNARY


def _product(term: Term) -> tuple[str, int]:
    """``*``, ``@`` and ``/`` bind alike and to the left."""
    sign = {"mul": "*", "matmul": "@", "div": "/"}[term.op]
    left = term.args[0]
    return f"{_paren(left, PRODUCT)} {sign} {_paren(term.args[1], UNARY)}", PRODUCT


def _power(term: Term) -> tuple[str, int]:
    return f"{_paren(term.args[0], ATOM)} ** {_paren(term.args[1], UNARY)}", POWER


def _function(term: Term) -> tuple[str, int]:
    if term.name in COMPARISONS:
        return f"{_paren(term.args[0], SUM)} {COMPARISONS[term.name]} {_paren(term.args[1], SUM)}", LOWEST
    return f"{term.name}({', '.join(write(a) for a in term.args)})", ATOM


def _call(term: Term) -> tuple[str, int]:
    assert term.op in CALLS, term.op
    return f"{term.op}({', '.join(write(a) for a in term.args)})", ATOM


def _dims(term: Term) -> tuple[str, int]:
    return f"{term.op}({', '.join(time(i) for i in term.index)})", ATOM


def _kernel(term: Term) -> tuple[str, int]:
    return f"conv_kernel({', '.join([*(write(a) for a in term.args), *(time(i) for i in term.index)])})", ATOM


def _matrix(term: Term) -> tuple[str, int]:
    rows = ", ".join("[" + ", ".join(write(x) for x in row.args) + "]" for row in term.args)
    return f"matrix([{rows}])", ATOM


def _running(term: Term) -> tuple[str, int]:
    var, low, high = (time(i) for i in term.index)
    return f"{'Sum' if term.op == 'sum' else 'Prod'}({write(term.args[0])}, ({var}, {low}, {high}))", ATOM


_WRITERS: dict[str, Callable[[Term], tuple[str, int]]] = {
    "num": _number, "pi": lambda term: ("pi", ATOM), "sym": _symbol, "add": _sum, "neg": _neg, "mul": _product, "matmul": _product,
    "div": _product, "pow": _power, "T": lambda term: (f"{_paren(term.args[0], ATOM)}.T", ATOM), "call": _function, "ones": _dims,
    "eye": _dims, "conv_kernel": _kernel, "matrix": _matrix, "sum": _running, "prod": _running,
}  # fmt: skip
