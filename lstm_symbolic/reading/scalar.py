"""General scalar LaTeX outside the cell language (limits, integrals, a definition of a function): latex2sympy2's maintained continuation.

It is imported only when a formula needs it (it costs 0.4 s), with ``lowercase_symbols=False``, and its answer is checked for the failures
that were measured: a rest silently dropped, a name that became a power or a factor. The result is reported with the reader's name; it is
never used for state equations.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MAX_LENGTH = 400
_SCALAR = re.compile(r"\\(?:lim|int|frac|binom|infty|ln|log|sqrt|pm|sin|cos|arctan|sum|prod)\b")
_FOREIGN = re.compile(r"\\(?:odot|circ|otimes|star|text|mathrm\{[A-Z]|mathscr|begin|tilde|xrightarrow|top)|->|%")


@lru_cache(maxsize=1)
def _parser() -> Any:
    from latex2sympy2_extended import latex2sympy

    return latex2sympy


def read(text: str) -> str | None:
    """The report's reason for a scalar formula that the general reader understands; None where it does not, or where its answer fails
    the checks.

    >>> read(r"\\\\lim_{x \\\\to \\\\infty} \\\\frac{1}{1 + e^{-x}}") is None
    False
    """
    text = text.strip().rstrip(".,;")
    if len(text) > MAX_LENGTH or not _SCALAR.search(text) or _FOREIGN.search(text) or text.count("{") != text.count("}"):
        return None
    if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
        return None
    sides = re.split(r"(?<![<>!:\\])=(?!=)", text)
    try:
        results = [convert(s) for s in sides if s.strip()]
    except Exception:
        # The general parser raises its own, undocumented exceptions; any of them means that it cannot read the formula.
        return None
    if not results or any(r is None for r in results):
        return None
    return "outside the cell language; read by latex2sympy2_extended as " + " = ".join(str(r) for r in results)


def convert(text: str) -> Any:
    """The SymPy expression of one side, or None where a check fails: every letter of the source must come back as a symbol or function."""
    from latex2sympy2_extended.latex2sympy2 import ConversionConfig

    expression = _parser()(text, conversion_config=ConversionConfig(lowercase_symbols=False))
    if expression is None:
        return None
    wanted = set(re.findall(r"(?<![\\A-Za-z_{])([A-Za-z])(?![A-Za-z])", re.sub(r"\\[A-Za-z]+", " ", text))) - {"e", "d", "i"}
    names = {c for s in getattr(expression, "atoms", lambda: [])() for c in str(s)}
    return expression if wanted <= names else None
