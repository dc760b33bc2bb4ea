"""Slides: a deck from cells, gradients or documents, in a lecturer's notation and language, as PDF, PNG, Typst, HTML or Beamer."""

from .deck import Deck
from .make import slides

__all__ = ["Deck", "slides"]
