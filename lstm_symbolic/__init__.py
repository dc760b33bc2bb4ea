"""The mathematics of recurrent cells: read, audit, prove, derive, present and export LSTM and GRU equations.

Every public name is imported when it is first used, so that ``import lstm_symbolic`` and ``lstm-symbolic --help`` load neither SymPy
nor NumPy.

>>> import lstm_symbolic as ls
>>> print(ls.cell("rnn"))
h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

#: Public name -> the module that defines it.
EXPORTS = {
    "Cell": "cells",
    "cell": "cells",
    "cells": "cells",
    "stack": "cells",
    "bidirectional": "cells",
    "batched": "cells",
    "transposed": "cells",
    "concatenated": "cells",
    "split": "cells",
    "parameter_count": "cells",
    "plain": "expr",
    "Style": "writing",
    "latex": "writing",
    "typst": "writing",
    "mathml": "writing",
    "unicode": "writing",
    "operation_count": "cells",
    "backward": "calculus",
    "unrolled": "calculus",
    "jacobian": "calculus",
    "norm_bounds": "calculus",
    "forward_mode": "calculus",
    "hessian_product": "calculus",
    "ranges": "calculus",
    "growth": "calculus",
    "fixed": "calculus",
    "within": "audit.bounds",
    "recheck": "audit.recheck",
    "export": "export",
    "lambdify": "export",
    "read_cell": "reading",
    "compare": "audit.compare",
    "check": "audit.check",
    "slides": "slides",
    "LstmSymbolicError": "errors",
}

__all__ = ["__version__", *EXPORTS]


class _Verb(ModuleType):
    """A subpackage that is also a verb: ``ls.cells()`` calls the function ``cells`` of ``lstm_symbolic.cells``."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **options)


class _Package(ModuleType):
    """Python binds every imported subpackage here; those that share their name with a verb stay callable."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in EXPORTS and isinstance(value, ModuleType):
            value.__class__ = _Verb
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if EXPORTS[name] == name:
        return import_module(f".{name}", __name__)
    value = globals()[name] = getattr(import_module(f".{EXPORTS[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *EXPORTS})
