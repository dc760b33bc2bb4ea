"""Index notation as text a person can read: ``U_f[k,i]*d_f[k]``; plain syntax where nothing has an index.

A bound index gets a letter of its own, also below functions; repeated letters are summed (times with an explicit ``Sum``).
"""

from __future__ import annotations

from typing import Any

from flint import fmpq

from .atoms import Atoms
from .dag import write_dim, write_time
from .labels import TIME, Factor, Monomial
from .poly import COLUMN, INNER, ROW, SPARE, Poly, key

_FREE = {ROW: "i", COLUMN: "j", INNER: "p", SPARE: "q", 0: ""}
_LETTERS = "klpqrsuv"
_FIRST = -100_000
_ODD = ("tau", "erf")


def number(q: Any) -> str:
    return str(q.p) if q.q == 1 else f"{q.p}/{q.q}"


class Show:
    """Text of polynomials of one algebra."""

    def __init__(self, algebra: Atoms) -> None:
        self.algebra = algebra
        self.names: dict[int, str] = {}

    def ref(self, r: int) -> str:
        return _FREE.get(r) or self.names.get(r) or self.algebra.time_name(r).partition("~")[0]

    def opened(self, m: Monomial) -> tuple[list[Factor], list[str]]:
        """The factors with a name for each bound index, and the names of running times."""
        refs, times = {}, []
        for label, dim in enumerate(m[1], 1):
            count = len(self.names)
            letter = _LETTERS[count % len(_LETTERS)] + str(count // len(_LETTERS) or "")
            refs[label] = _FIRST - count
            self.names[refs[label]] = f"t_{letter}" if dim == TIME else letter
            times += [self.names[refs[label]]] if dim == TIME else []
        return [self.algebra.moved(f, refs, {}) for f in m[0]], times

    def factor(self, f: Factor) -> tuple[int, str]:
        """Sign and text."""
        head_id, refs, shifts, power = f
        head = self.algebra.heads[head_id]
        first = len(refs) - len(shifts)
        index = [self.ref(r) for r in refs[:first]]
        times = [write_time((self.ref(r), s)) for r, s in zip(refs[first:], shifts, strict=True)]
        match head[0]:
            case "sym":
                block = f"#{head[2]}{head[3]}" if head[2] or head[3] else ""
                name = head[1].format(*times) if "{" in head[1] else head[1] + (f"[{','.join(times)}]" if times else "")
                text = name + block + (f"[{','.join(index)}]" if index else "")
            case "dim":
                text = write_dim(head[1])
            case "clock":
                text = times[0]
            case "atom":
                return self.atom(head[1], f, power)
            case _:
                text = head[0] + (f"[{','.join(index + times)}]" if index or times else "")
        return 1, text if power == 1 else f"{text}**{number(fmpq(power))}"

    def atom(self, kind: str, f: Factor, power: Any) -> tuple[int, str]:
        args, scale = self.algebra.arguments(f), self.algebra.scale
        sign, raised = 1, "" if power == 1 else f"**{number(fmpq(power))}"
        if kind == "exp":
            return 1, f"exp({self.poly(scale(args[0], fmpq(power)))})"
        if kind in _ODD and key(args[0])[0][1] < 0:
            sign, args = -1 if int(power) % 2 else 1, [scale(args[0], fmpq(-1))]
        if kind == "tau":
            return sign, f"tanh({self.poly(scale(args[0], fmpq(1, 2)))}){raised}"
        if kind == "inv":
            return 1, f"1/({self.poly(args[0])}){raised}"
        if kind == "step":
            return 1, f"({self.poly(args[0])} > 0)"
        return sign, f"{kind.removeprefix('fn:')}({', '.join(self.poly(p) for p in args)}){raised}"

    def monomial(self, m: Monomial, c: Any = 1) -> str:
        before = dict(self.names)
        factors, times = self.opened(m)
        shown = [self.factor(f) for f in factors]
        self.names = before
        for sign, _ in shown:
            c = c * sign
        text = "*".join(t for _, t in shown) or "1"
        if times:
            text = f"Sum({text}, {', '.join(times)})"
        if text == "1":
            return number(fmpq(c))
        return text if c == 1 else f"-{text}" if c == -1 else f"{number(fmpq(c))}*{text}"

    def poly(self, p: Poly) -> str:
        text = " + ".join(self.monomial(m, c) for m, c in sorted(p.items())) or "0"
        return text.replace("+ -", "- ")
