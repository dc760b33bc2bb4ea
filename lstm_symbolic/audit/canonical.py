"""A fast canonical form for matching: which equation of a document is which equation of a known cell, whatever its letters.

Polynomials over atoms, with elementwise products commuted and expanded; parameters are anonymous (``#``: a bias, a peephole; ``@`` a weight
applied to what follows), so that concatenated and split weights, one bias, two or none, columns and rows have one form. It guides the
search and is no proof: every verdict comes from ``proof``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..expr.term import Term, time_shift

#: A sum of monomials: sorted atoms -> coefficient.
Poly = dict[tuple[str, ...], int | Fraction]
MAX_TERMS = 120

ONE: Poly = {(): 1}
PARAMETER = "#"


def add(a: Poly, b: Poly, sign: int = 1) -> Poly:
    out = dict(a)
    for m, c in b.items():
        out[m] = out.get(m, 0) + sign * c
    return {m: c for m, c in out.items() if c}


def times(a: Poly, b: Poly) -> Poly:
    out: Poly = {}
    for m, c in a.items():
        for n, d in b.items():
            key = tuple(sorted((*m, *n)))
            out[key] = out.get(key, 0) + c * d
    return {m: c for m, c in out.items() if c}


def text(p: Poly) -> str:
    return "+".join(sorted(f"{'' if c == 1 else f'{c}*'}{'.'.join(m) or '1'}" for m, c in p.items())) or "0"


@dataclass(frozen=True)
class Canonical:
    """One walk over terms. ``parameters`` are anonymous; ``roles`` gives every other symbol its role (None: its own name); a
    ``flipped`` gate stands for its complement."""

    parameters: frozenset[str]
    roles: Mapping[str, str] | None = None
    flipped: frozenset[str] = frozenset()
    row: bool = False
    anonymous: bool = False

    def key(self, term: Term) -> str:
        return text(self.poly(term))

    def poly(self, term: Term) -> Poly:
        rule: Callable[[Term], Poly] | None = getattr(self, f"_{term.op}", None)
        result = rule(term) if rule is not None else self.opaque(term)
        return self.merged(result) if len(result) <= MAX_TERMS else {(f"big({hash(text(result))})",): 1}

    def opaque(self, term: Term) -> Poly:
        """A node without a rule is an atom of its own."""
        name = f"{term.op}:{term.name}" if term.name else term.op
        index = ",".join(str(i) for i in term.index)
        return {(f"{name}({';'.join(self.key(a) for a in term.args)}){index}",): 1}

    def merged(self, p: Poly) -> Poly:
        """Two biases are one; a negated parameter is a parameter; so is a multiple of one."""
        out: Poly = {}
        for m, c in p.items():
            if PARAMETER in m or any(a.startswith("@") for a in m):
                key = tuple(a for k, a in enumerate(m) if a != PARAMETER or m.index(a) == k)
                if len(key) == 2 and key[0] == PARAMETER and not key[1].startswith("@"):
                    key = (f"@<{key[1]}>",)  # a peephole: diagonal or full
                out[key] = 1
            else:
                out[m] = out.get(m, 0) + c
        return out

    def _num(self, term: Term) -> Poly:
        n = term.number
        return {(): n.numerator if n.denominator == 1 else n} if n else {}

    def _sym(self, term: Term) -> Poly:
        if term.name in self.parameters:
            return {(PARAMETER,): 1}
        shift = time_shift(term)
        role = "s" if self.anonymous else term.name if self.roles is None else self.roles.get(term.name, f"?{term.name}")
        atom: Poly = {(f"{role}[{shift if shift is not None else ','.join(str(i) for i in term.index)}]",): 1}
        return add(ONE, atom, -1) if term.name in self.flipped and not self.anonymous else atom

    def _ones(self, term: Term) -> Poly:
        return ONE

    def _add(self, term: Term) -> Poly:
        """A sum; a bias beside a weighted term is left out, so that a cell matches with and without biases."""
        total: Poly = {}
        for a in term.args:
            total = add(total, self.poly(a))
        if any(x.startswith("@") for m in total for x in m):
            total.pop((PARAMETER,), None)
        return total

    def _neg(self, term: Term) -> Poly:
        return {m: -c for m, c in self.poly(term.args[0]).items()}

    def _mul(self, term: Term) -> Poly:
        return times(self.poly(term.args[0]), self.poly(term.args[1]))

    def _div(self, term: Term) -> Poly:
        above, below = self.poly(term.args[0]), self.poly(term.args[1])
        if set(below) == {()}:
            return {m: Fraction(c) / below[()] for m, c in above.items()}
        return times(above, {(f"1/({text(below)})",): 1})

    def _pow(self, term: Term) -> Poly:
        base, exponent = term.args
        if exponent.op == "num" and exponent.number in (1, 2, 3, 4):
            result = ONE
            for _ in range(int(exponent.number)):
                result = times(result, self.poly(base))
            return result
        return {(f"({self.key(base)})^({self.key(exponent)})",): 1}

    def _T(self, term: Term) -> Poly:
        inner = self.poly(term.args[0])
        return inner if inner == {(PARAMETER,): 1} else {(f"T({text(inner)})",): 1}

    def _matmul(self, term: Term) -> Poly:
        left, right = term.args[::-1] if self.row else term.args
        factor = self.poly(left)
        if factor == {(PARAMETER,): 1}:
            return self.weighted(right)
        if left.op in ("hstack", "concat") and right.op == "concat" and len(left.args) == len(right.args):
            total: Poly = {}
            for w, v in zip(left.args, right.args, strict=True):
                pair = Term("matmul", (v, w) if self.row else (w, v))
                total = add(total, self.poly(pair))
            return total
        return {(f"mm({text(factor)},{self.key(right)})",): 1}

    def weighted(self, operand: Term) -> Poly:
        """A weight applied to a sum, or to a concatenation: a weight for each part."""
        if operand.op == "concat":
            total: Poly = {}
            for part in operand.args:
                total = add(total, self.weighted(part))
            return total
        return {(f"@<{text({m: 1})}>",): 1 for m in self.poly(operand)}

    def _call(self, term: Term) -> Poly:
        return {(f"{term.name}({','.join(self.key(a) for a in term.args)})",): 1}
