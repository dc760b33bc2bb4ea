"""The known cells as terms, ready for matching: their canonical keys, their forms with an intermediate put in, their flipped gates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from ..cells import Cell, cell, cells
from ..expr.term import Term, time_shift
from ..expr.to_term import to_term
from .canonical import Canonical
from .normal import Definition


@dataclass(frozen=True, eq=False)
class Model:
    """A known cell as terms: defined name -> value."""

    name: str
    values: Mapping[str, Term]
    parameters: frozenset[str] = frozenset()
    inputs: tuple[str, ...] = ()
    biased: bool = True
    variant_of: str = ""

    def canonical(self, anonymous: bool = False) -> Canonical:
        return Canonical(self.parameters, anonymous=anonymous)


@lru_cache(maxsize=1)
def models() -> tuple[Model, ...]:
    """Every cell of the zoo, as terms; the plain ones first, which win where two match alike."""
    return tuple(model_of(cell(name)) for name in sorted(cells(), key=lambda name: (name.count("_"), len(name), name)))


def candidates(defined: Collection[str] = (), asked: str = "") -> tuple[Model, ...]:
    """The cells that a document which defines some names may be taken for.

    A variant is none of them: an LSTM that lost its forget gate is an error and no ablation. It is one only for a document with the letters
    of its paper (but for one of them), where these are not the plain cell's, or where it is asked for by name.
    """
    return tuple(m for m in models() if not m.variant_of or m.name == asked or _has_letters_of(frozenset(defined), m))


def _has_letters_of(defined: frozenset[str], variant: Model) -> bool:
    """Only letters of the paper; or one other, where the rest are most of those that are the paper's own."""
    own = _own_letters(variant)
    foreign = defined - variant.values.keys()
    return bool(own) and (not foreign or (len(foreign) == 1 and len(own & defined) + 1 >= len(own)))


@lru_cache(maxsize=256)
def _own_letters(variant: Model) -> frozenset[str]:
    """The letters that the paper of a variant has for itself, where these are most of its letters."""
    base = next(m for m in models() if m.name == variant.variant_of)
    own = variant.values.keys() - base.values.keys()
    return frozenset(own) if 2 * len(own) > len(variant.values) else frozenset()


def model_of(c: Cell) -> Model:
    values = {e.lhs.name: to_term(e.rhs) for e in c.equations}
    parameters = frozenset(c.parameters)
    biased = any(_biased(v, parameters) for v in values.values())
    return Model(c.name, values, parameters, tuple(c.inputs), biased, c.variant_of)


def has_bias(parameters: frozenset[str], definitions: Iterable[Definition]) -> bool:
    return any(_biased(d.value, parameters) for d in definitions)


def _biased(value: Term, parameters: frozenset[str]) -> bool:
    """Does some sum hold a bare parameter beside a weighted term?"""
    sums = [t for t in value.walk() if t.op == "add" and any(a.op in ("matmul", "conv") for a in t.args)]
    return any(a.op == "sym" and a.name in parameters for t in sums for a in t.args)


def inlined(model: Model, equations: int) -> tuple[Model, ...]:
    """The model, and its forms with intermediates put in: documents often write the candidate inside the update."""
    return (model,) if equations >= len(model.values) else _versions(model)


@lru_cache(maxsize=64)
def _versions(model: Model) -> tuple[Model, ...]:
    inner = [n for n in model.values if not is_state(model, n) and sum(_mentions(v, n) for v in model.values.values()) == 1]
    return (model, *(_put_in(model, name) for name in inner))


def is_state(model: Model, name: str) -> bool:
    return any(t.op == "sym" and t.name == name and time_shift(t) != 0 for v in model.values.values() for t in v.walk())


def _mentions(term: Term, name: str) -> bool:
    return any(t.op == "sym" and t.name == name for t in term.walk())


def _put_in(model: Model, name: str) -> Model:
    value = model.values[name]

    def walk(term: Term) -> Term:
        if term.op == "sym" and term.name == name:
            return value
        return replace(term, args=tuple(walk(a) for a in term.args))

    return replace(model, values={n: walk(v) for n, v in model.values.items() if n != name})


@lru_cache(maxsize=256)
def complemented(model: Model) -> frozenset[str]:
    """The gates that a model uses as g and as 1 - g: for these the two conventions exist."""
    found = set()
    for value in model.values.values():
        for t in value.walk():
            if t.op == "add" and t.args[0].op == "num":
                found |= {a.args[0].name for a in t.args[1:] if a.op == "neg" and a.args[0].op == "sym"}
    return frozenset(found)


@lru_cache(maxsize=256)
def anonymous_model(model: Model) -> Mapping[str, str]:
    form = model.canonical(anonymous=True)
    return {n: form.key(v) for n, v in model.values.items()}
