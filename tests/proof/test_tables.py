"""Every node and every operation has a rule in every table; what has none raises an error that names it."""

from __future__ import annotations

import pytest
import sympy

from lstm_symbolic.errors import UnsupportedNode
from lstm_symbolic.expr import NODES
from lstm_symbolic.expr.functions import FUNCTIONS
from lstm_symbolic.proof import balls, evaluate, normal, residue
from lstm_symbolic.proof.atoms import Atoms
from lstm_symbolic.proof.dag import OPS, Dag
from lstm_symbolic.proof.translate import Translator


@pytest.mark.parametrize("node", NODES, ids=lambda c: c.__name__)
def test_every_node_is_translated(node: type) -> None:
    dispatcher = Translator.__dict__["rule"].dispatcher
    assert dispatcher.dispatch(node) is not dispatcher.dispatch(object)


def test_every_operation_has_a_normal_form_and_a_value() -> None:
    assert set(normal.RULES) == set(OPS)
    assert set(evaluate.RULES) == set(OPS)


def test_every_function_has_a_rule() -> None:
    assert set(FUNCTIONS) <= set(Atoms.rules)
    assert set(FUNCTIONS) <= {*balls.FUNCTIONS, "where"}
    assert set(residue.FUNCTIONS) | residue.WITHOUT == set(FUNCTIONS)
    assert set(residue.LEVELS) == set(residue.FUNCTIONS)


def test_an_unknown_node_names_itself() -> None:
    with pytest.raises(UnsupportedNode, match="Derivative"):
        Translator(Dag())(sympy.Derivative(sympy.Function("f")(sympy.Symbol("x")), sympy.Symbol("x")))
