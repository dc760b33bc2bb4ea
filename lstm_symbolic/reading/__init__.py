"""Reading: from a document's text to formulas with places, repairs and readings, grouped into systems."""

from .document import Document, Formula, Group, read_document
from .elaborate import elaborate
from .latex import read_cell, read_latex, read_latex_with_repairs
from .source import Source, load

__all__ = [
    "Document", "Formula", "Group", "Source", "elaborate", "load", "read_cell", "read_document", "read_latex", "read_latex_with_repairs",
]  # fmt: skip
