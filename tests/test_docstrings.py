"""``help`` of a public function shows the mathematics, by examples that a user can type."""

from __future__ import annotations

import inspect

import pytest

import lstm_symbolic as ls


@pytest.mark.parametrize("name", [name for name in ls.EXPORTS if name != "LstmSymbolicError"])
def test_help_has_an_example_that_can_be_typed(name: str) -> None:
    held = getattr(ls, name)
    text = inspect.getdoc(getattr(held, name) if inspect.ismodule(held) else held) or ""
    assert ">>> " in text
    assert ">>> from ." not in text, "relative imports work inside the package only"
