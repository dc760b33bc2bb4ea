"""What a notebook and ``print`` show of our objects. The one place where a lower layer reaches up: it asks ``writing``, when it is shown.

A data class that holds equations inherits ``Shown``, one that says something in words ``Told``; importing this module imports nothing
else of the package.
"""

from __future__ import annotations


class Shown:
    r"""Formulas in notebooks, in the default notation.

    >>> from lstm_symbolic.cells import cell
    >>> cell("rnn")._repr_latex_()
    '$$\\begin{aligned}\nh_t &= \\tanh(W x_t + U h_{t-1} + b)\n\\end{aligned}$$'
    """

    def _repr_latex_(self) -> str:
        from .writing import latex

        return f"$${latex(self)}$$"

    def _repr_html_(self) -> str:
        from .writing import mathml

        return mathml(self)


class Told:
    """What a terminal shows, in notebooks; it is no formula, so that there is no LaTeX of it.

    >>> from lstm_symbolic.proof import Verdict
    >>> print(Verdict("proved"))
    proved        equal for all values
    >>> Verdict("proved")._repr_html_()
    '<pre>proved        equal for all values</pre>'
    """

    def __str__(self) -> str:
        from .audit.words import words

        return words(self)

    def _repr_latex_(self) -> str | None:
        return None

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"
