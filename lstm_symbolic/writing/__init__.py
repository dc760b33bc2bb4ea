r"""Formulas in LaTeX, Unicode, Typst and MathML, in the notation that a reader is used to.

>>> from ..cells import cell
>>> print(latex(cell("lstm").equations[-1]))
h_t = o_t \odot \tanh(C_t)
>>> print(latex(cell("lstm").equations[0]))
f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)
"""

from .notations import NOTATIONS, read_notation, style
from .show import latex, mathml, typst, unicode, write
from .style import Style

__all__ = ["NOTATIONS", "Style", "latex", "mathml", "read_notation", "style", "typst", "unicode", "write"]
