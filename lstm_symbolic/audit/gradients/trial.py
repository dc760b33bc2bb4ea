"""Trial values: under which readings of its adjoints can a line hold at all?

One random run of the forward system and of its adjoints, at small dimensions that differ from each other. It only says which readings
are worth the prover's time; what it rejects is refuted by the prover, and what it lets pass is proved there.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from sympy import Symbol

from ...cells import TIME
from ...expr.numeric import NUMPY, Evaluator
from ...expr.term import Term, time_shift
from .truth import Meaning, Step, incoming, read_in_step

Array = np.ndarray
NOW = 5
#: Different from each other, and from each other's sums.
SIZES = (3, 2, 7, 11, 16, 17, 29, 31)


class _Open(dict[str, Callable[..., Array]]):
    """A function that is left open behaves like tanh here, which is what authors mean by it; the prover keeps it open."""

    def get(self, name: str, default: object = None) -> Callable[..., Array]:  # type: ignore[override]
        return NUMPY["dtanh"] if name.startswith("d") else NUMPY["tanh"]


OPEN = _Open()


class Misfit(Exception):
    """The shapes of an operation do not fit."""


@dataclass
class World:
    """Values of every forward symbol at t-2 .. t+1, and of every adjoint; ``last`` is the step after which nothing comes, if any."""

    step: Step
    last: int | None = None
    values: dict[tuple[str, int | None], Array] = field(default_factory=dict)
    adjoints: dict[tuple[Meaning, int | None], Array] = field(default_factory=dict)
    dims: dict[str, int] = field(default_factory=dict)

    @classmethod
    @np.errstate(all="ignore")
    def of(cls, step: Step, last: int | None = None, seed: int = 1) -> World:
        world = cls(step, last)
        rng = np.random.default_rng(seed)
        cell = step.cell
        written = [d for shape in cell.shapes.values() for d in shape] + [e.rhs for e in step.equations]
        letters = dict.fromkeys(s.name for d in written for s in sorted(d.atoms(Symbol), key=str) if s != TIME)
        world.dims = dict(zip(letters, SIZES, strict=False)) | dict.fromkeys(list(letters)[len(SIZES) :], SIZES[-1])
        table: dict[object, Array] = {}

        def fresh(name: str, low: float = -1.0, high: float = 1.0) -> Array:
            rows, cols = cell.shapes[name]
            evaluator = Evaluator(table, world.dims)
            return rng.uniform(low, high, (evaluator.integer(rows), evaluator.integer(cols)))

        for p in cell.parameters:
            table[p] = world.values[p, None] = fresh(p)
        times = range(NOW - 3, NOW + 2)
        for name in (*cell.states, *cell.defined):
            table[name, NOW - 4] = fresh(name)
        for t in times:
            for name in cell.inputs:
                table[name, t] = fresh(name, 0.1, 0.9)
                table.setdefault((name, t - 1), fresh(name, 0.1, 0.9))
            for e in step.equations:
                table[e.lhs.name, t] = np.asarray(Evaluator(table, world.dims, {"t": t}, OPEN)(e.rhs), dtype=float)
        world.values |= {(k[0], k[1] - NOW): v for k, v in table.items() if isinstance(k, tuple)}
        world.back(table, rng)
        return world

    def back(self, table: dict[object, Array], rng: np.random.Generator) -> None:
        """The adjoints at t+1, t, t-1, in this order."""
        step = self.step
        later: dict[str, Array] = {}
        for shift in (1, 0, -1):
            t = NOW + shift
            evaluate = Evaluator(table, self.dims, {"t": t}, OPEN)
            for name in step.arriving:
                shape = self.values[name, shift].shape
                nothing = shift == self.last
                handed = np.zeros(shape) if nothing or name not in later else later[name]
                own = rng.uniform(-1, 1, shape) if shift == 1 or not read_in_step(step, name) else np.zeros(shape)
                table[incoming(step.cell, name).name, t] = own + handed
            for name, e in step.total.items():
                self.note("total", name, shift, evaluate(e), later.get(name))
            for name, e in step.pre.items():
                self.adjoints[Meaning("pre", name), shift] = evaluate(e)
            if shift == 0:
                for name, e in step.parameters.items():
                    self.adjoints[Meaning("step", name), None] = evaluate(e)
            for k, e in enumerate(step.inner):
                self.adjoints[Meaning("inner", str(k)), shift] = evaluate(e)
            later = {n: sum((evaluate(x) for x in parts), np.zeros(())) for n, parts in step.lagged.items()}
            for n, parts in (*step.lagged.items(), *step.uses.items()):
                values = [np.asarray(evaluate(x)) for x in parts[:4]]
                at = shift - 1 if n in step.lagged and parts is step.lagged[n] else shift
                for bits in range(1, 2 ** len(values)):
                    chosen = sum((v for k, v in enumerate(values) if bits >> k & 1), np.zeros(()))
                    self.adjoints[Meaning(f"part{bits}" if at < shift else f"use{bits}", n), at] = chosen
                    if at < shift:  # the same as what the step hands out, for deltas that are numbered and not timed
                        self.adjoints[Meaning(f"handed{bits}", n), shift] = chosen

    def note(self, kind: str, name: str, shift: int, value: Array, handed: Array | None) -> None:
        self.adjoints[Meaning(kind, name), shift] = value
        recurrent = np.zeros_like(value) if handed is None or shift == self.last else handed
        if shift < 1 and name in self.step.lagged:
            self.adjoints[Meaning("recurrent", name), shift] = recurrent
            self.adjoints[Meaning("direct", name), shift] = value - recurrent

    def sizes(self, misfit: str) -> str:
        """Sizes as the dimensions that they stand for: 3x1 and 5x1 are n x 1 and (n + m) x 1."""
        names = {size: name for name, size in self.dims.items()}
        sums = {a + b: f"({x} + {y})" for (a, x), (b, y) in itertools.combinations(names.items(), 2)}

        def named(match: re.Match[str]) -> str:
            return " x ".join(names.get(int(n), sums.get(int(n), n)) for n in match.groups())

        return re.sub(r"(\d+)x(\d+)", named, misfit)

    def moves(self, meaning: Meaning, shift: int | None) -> bool:
        """Is the adjoint anything but zero?"""
        value = self.adjoints.get((meaning, shift), self.adjoints.get((meaning, 0)))
        return value is None or bool(value.any())

    def meanings(self, shift: int | None) -> list[Meaning]:
        """Everything that a nameless adjoint at a step can be, each value once."""
        found: dict[tuple[tuple[int, ...], bytes], Meaning] = {}
        for (m, s), v in self.adjoints.items():
            if s == shift and m.kind != "step" and v.any():
                found.setdefault((v.shape, np.round(v, 9).tobytes()), m)
        return list(found.values())


@np.errstate(all="ignore")
def value_of(term: Term, look: Callable[[Term], Array], kept: Mapping[int, Array] = MappingProxyType({})) -> Array:
    """The value of a term; ``look`` gives those of symbols, ``kept`` those of subterms that are known by their id.

    >>> from ...expr.term import read_term
    >>> value_of(read_term("a.T @ b"), lambda s: np.ones((3, 1))).tolist()
    [[3.0]]
    """
    return _value(term, look, kept)


@np.errstate(all="ignore")
def values_below(term: Term, look: Callable[[Term], Array]) -> dict[int, Array]:
    """The values of all subterms that have one, for trials of changed terms that share them."""
    kept: dict[int, Array] = {}
    for t in reversed(list(term.walk())):
        with suppress(Misfit):
            kept[id(t)] = _value(t, look, kept)
    return kept


def _value(term: Term, look: Callable[[Term], Array], kept: Mapping[int, Array]) -> Array:
    known = kept.get(id(term))
    if known is not None:
        return known
    if term.op in ("sym", "eye") or (term.op == "ones" and term.index):
        return look(term)
    args = [_value(a, look, kept) for a in term.args]
    rule = _RULES.get(term.op)
    if rule is None:
        if term.op == "call":
            return np.asarray((NUMPY.get(term.name) or OPEN.get(term.name))(*args), dtype=float)
        raise Misfit(f"{term.op} {term.name}".strip())
    return rule(term, args)


def _fit(args: list[Array]) -> list[Array]:
    shapes = {a.shape for a in args if a.size != 1}
    if len(shapes) > 1:
        raise Misfit(" and ".join(f"{r}x{c}" for r, c in sorted(shapes)))
    return args


def _number(term: Term, args: list[Array]) -> Array:
    return np.full((1, 1), float(term.number))


def _sum(term: Term, args: list[Array]) -> Array:
    out = np.zeros((1, 1))
    for a in _fit(args):
        out = out + a
    return out


def _matmul(term: Term, args: list[Array]) -> Array:
    a, b = args
    if a.shape[1] != b.shape[0]:
        if a.size == 1 or b.size == 1:
            return a * b
        raise Misfit(f"{a.shape[0]}x{a.shape[1]} @ {b.shape[0]}x{b.shape[1]}")
    return a @ b


def _mul(term: Term, args: list[Array]) -> Array:
    a, b = _fit(args)
    return a * b


def _diag(term: Term, args: list[Array]) -> Array:
    if 1 not in args[0].shape:
        raise Misfit("diag of a matrix")
    return np.diag(args[0].reshape(-1))


def _stack(axis: int) -> Callable[[Term, list[Array]], Array]:
    def rule(term: Term, args: list[Array]) -> Array:
        if len({a.shape[1 - axis] for a in args}) > 1:
            raise Misfit("stacked parts of different width")
        return np.concatenate(args, axis=axis)

    return rule


def _concat(term: Term, args: list[Array]) -> Array:
    return _stack(1 if all(a.shape[0] == 1 for a in args) and any(a.shape[1] != 1 for a in args) else 0)(term, args)


def _ones(term: Term, args: list[Array]) -> Array:
    return np.ones((1, 1))


_RULES: Mapping[str, Callable[[Term, list[Array]], Array]] = {
    "num": _number,
    "add": _sum,
    "mul": _mul,
    "matmul": _matmul,
    "neg": lambda term, args: -args[0],
    "div": lambda term, args: np.divide(*_fit(args)),
    "pow": lambda term, args: np.power(*_fit(args)),
    "T": lambda term, args: args[0].T,
    "diag": _diag,
    "vstack": _stack(0),
    "hstack": _stack(1),
    "concat": _concat,
    "ones": _ones,
}


def look_in(world: World, assigned: Mapping[str, Meaning], target: tuple[Meaning, int | None] | None = None) -> Callable[[Term], Array]:
    """The values of forward symbols, and of adjoints under an assignment of meanings."""

    def look(term: Term) -> Array:
        if term.op in ("eye", "ones"):
            strange = {s.name for d in term.index for s in d.free_symbols} - set(world.dims)
            if strange:
                raise Misfit(f"no forward symbol has the dimension {', '.join(sorted(strange))}")
            sizes = [Evaluator({}, world.dims).integer(d) for d in term.index]
            return np.eye(sizes[0]) if term.op == "eye" else np.ones((*sizes, 1)[:2])
        shift = time_shift(term) if term.index else None
        if term.name == "loss_term" and target is not None:
            meaning, at = target
            found = world.adjoints.get((Meaning("direct", meaning.name), at))
        elif term.name in assigned:
            meaning = assigned[term.name]
            found = world.adjoints.get((meaning, shift))
        else:
            found = world.values.get((term.name, shift))
        if found is None:
            raise Misfit(f"no value for {term.name}")
        return found

    return look


def same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool((np.abs(a - b) <= 1e-11 + 1e-9 * np.abs(b)).all())
