"""The mathematics of recurrent cells: read, audit, prove, derive, present and export LSTM and GRU equations.

Every public name is imported when it is first used, so that ``import lstm_symbolic`` and ``lstm-symbolic --help`` load neither SymPy
nor NumPy.

>>> import lstm_symbolic as ls
>>> print(ls.cell("rnn"))
h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: Public name -> the module that defines it.
EXPORTS = {
    "Cell": "cells",
    "cell": "cells",
    "cells": "cells",
    "stack": "cells",
    "bidirectional": "cells",
    "concatenated": "cells",
    "split": "cells",
    "parameter_count": "cells",
    "plain": "expr",
    "Style": "writing",
    "latex": "writing",
    "typst": "writing",
    "mathml": "writing",
    "unicode": "writing",
    "backward": "calculus",
    "lambdify": "calculus",
    "read_cell": "reading",
    "compare": "audit.compare",
    "check": "audit.check",
    "export": "export",
    "slides": "slides",
    "LstmSymbolicError": "errors",
}

__all__ = ["__version__", *EXPORTS]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{EXPORTS[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *EXPORTS})
