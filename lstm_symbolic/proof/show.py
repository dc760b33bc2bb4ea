"""Index notation as text a person can read: ``U_f[k,i]*d_f[k]``; plain syntax where nothing has an index."""

from __future__ import annotations

from typing import Any

from flint import fmpq

from .atoms import Atoms
from .dag import write_dim, write_time
from .labels import TIME, Factor, Monomial
from .poly import COLUMN, FIRST_TIME, INNER, ROW, SPARE, Poly

_FREE = {ROW: "i", COLUMN: "j", INNER: "p", SPARE: "q", 0: ""}
_BOUND = "klpqrsuv"


def number(q: Any) -> str:
    return str(q.p) if q.q == 1 else f"{q.p}/{q.q}"


class Show:
    """Text of polynomials of one algebra."""

    def __init__(self, algebra: Atoms) -> None:
        self.algebra = algebra

    def ref(self, r: int, dims: tuple[int, ...]) -> str:
        if r > 0:
            name = _BOUND[(r - 1) % len(_BOUND)] + str((r - 1) // len(_BOUND) or "")
            return f"t_{name}" if dims[r - 1 : r] == (TIME,) else name
        return _FREE.get(r) or (self.algebra.time_name(r) if r <= FIRST_TIME else str(r))

    def time(self, r: int, shift: int, dims: tuple[int, ...]) -> str:
        return write_time((self.ref(r, dims) if r else "", shift))

    def factor(self, f: Factor, dims: tuple[int, ...] = ()) -> str:
        head_id, refs, shifts, power = f
        head = self.algebra.heads[head_id]
        first = len(refs) - len(shifts)
        index = [self.ref(r, dims) for r in refs[:first]]
        times = [self.time(r, s, dims) for r, s in zip(refs[first:], shifts, strict=True)]
        match head[0]:
            case "sym":
                block = f"#{head[2]}{head[3]}" if head[2] or head[3] else ""
                name = head[1].format(*times) if "{" in head[1] else head[1] + (f"[{','.join(times)}]" if times else "")
                text = name + block + (f"[{','.join(index)}]" if index else "")
            case "dim":
                text = write_dim(head[1])
            case "delta":
                text = f"delta[{','.join(index)}]"
            case "clock":
                text = times[0]
            case "atom":
                return self.atom(head[1], f, power, dims)
            case _:
                text = head[0] + (f"[{','.join(index + times)}]" if index or times else "")
        return text if power == 1 else f"{text}**{number(fmpq(power))}"

    def atom(self, kind: str, f: Factor, power: Any, dims: tuple[int, ...]) -> str:
        args = [self.poly(p, dims) for p in self.algebra.arguments(f)]
        if kind == "tau":
            text = f"tanh({self.poly(self.algebra.scale(self.algebra.arguments(f)[0], fmpq(1, 2)), dims)})"
        elif kind == "exp":
            return f"exp({self.poly(self.algebra.scale(self.algebra.arguments(f)[0], fmpq(power)), dims)})"
        elif kind == "inv":
            return f"1/({args[0]})" + (f"**{power}" if power != 1 else "")
        elif kind == "step":
            text = f"({args[0]} > 0)"
        else:
            text = f"{kind.removeprefix('fn:')}({', '.join(args)})"
        return text if power == 1 else f"{text}**{number(fmpq(power))}"

    def monomial(self, m: Monomial, c: Any = fmpq(1), outer: tuple[int, ...] = ()) -> str:
        dims = m[1] or outer
        factors = [self.factor(f, dims) for f in m[0]]
        over = [self.ref(k, dims) for k, d in enumerate(m[1], 1) if d == TIME]
        text = "*".join(factors) or "1"
        if over:
            text = f"Sum({text}, {', '.join(over)})"
        if c == 1:
            return text
        if c == -1:
            return f"-{text}"
        return number(c) if text == "1" else f"{number(c)}*{text}"

    def poly(self, p: Poly, outer: tuple[int, ...] = ()) -> str:
        terms = [self.monomial(m, c, outer) for m, c in p.items()]
        text = " + ".join(terms) or "0"
        return text.replace("+ -", "- ")
