"""Documents with many symbols: what a formula means depends on its own symbols, and so does the work of reading it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from lstm_symbolic.expr.plain import write
from lstm_symbolic.reading import steps
from lstm_symbolic.reading.elaborate import elaborate
from lstm_symbolic.reading.grammar import parse
from lstm_symbolic.reading.meaning import Elaborator
from lstm_symbolic.reading.surface import Statement
from lstm_symbolic.reading.tidy import split
from lstm_symbolic.reading.tokens import tokenize


def statements(lines: Sequence[str]) -> list[Statement]:
    return [parse(split(tokenize(line))[0]) for line in lines]


def test_formulas_without_a_common_symbol_cost_what_they_cost_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[str] = []
    symbol = Elaborator._sym
    monkeypatch.setattr(Elaborator, "_sym", lambda self, s, kinds: weighed.append(s.op) or symbol(self, s, kinds))  # type: ignore[func-returns-value]
    lines = [rf"a_{{{k}}} = \sigma(W_{{{k}}} u_{{{k}}} + b_{{{k}}})" for k in range(12)]
    elaborate(statements(lines[:1]), layout="column")
    alone = len(weighed)
    elaborate(statements(lines), layout="column")
    assert alone > 4
    assert len(weighed) - alone == 12 * alone


def test_a_later_formula_still_decides_what_an_earlier_one_means() -> None:
    """Alone, ``Z u_t`` is a product of two vectors; after a formula of other symbols, ``Z = U V`` makes it a matrix times a vector."""
    lines = [r"r_t = Z u_t", r"s = u v", r"Z = U V"]

    def read(count: int) -> list[str]:
        return [write(e.sides[1]) for e in elaborate(statements(lines[:count])).equations]  # type: ignore[union-attr]

    assert read(2) == ["Z * u[t]", "u * v"]
    assert read(3) == ["Z @ u[t]", "u * v", "U @ V"]


def test_a_long_chain_of_values_of_the_step_before_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pass settles one value of the chain; a document may not ask for as many passes as it has formulas."""
    passes: list[int] = []
    late = steps._late
    monkeypatch.setattr(steps, "_late", lambda found: passes.append(1) or late(found))  # type: ignore[func-returns-value]
    letters = "abdfgkmnpqrsuvwz"
    lines = [r"a_{t-1} = x_t \odot h_{t-1}"]
    lines += [rf"{own}_{{t-1}} = {before}_{{t-1}} \odot h_{{t-1}}" for before, own in pairwise(letters)]
    lines += [rf"h_t = {letters[-1]}_{{t-1}} + h_{{t-1}}"]
    found = steps.in_step(statements(lines))
    assert len(passes) <= 8
    assert str(found[0].sides[0].name.time) == "t"  # type: ignore[union-attr]
