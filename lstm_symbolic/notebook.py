"""What a notebook shows for our objects. The one place where a lower layer reaches up: it asks ``writing``, when it is shown.

A data class that holds equations inherits ``Shown``; importing this module imports nothing else of the package.
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
