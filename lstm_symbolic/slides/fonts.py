"""Which writing systems a text needs, which fonts have them, and what to install where none does. Nothing is printed as boxes.

Typst says nothing about a missing glyph, so we ask for the fonts before it runs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import LstmSymbolicError


@dataclass(frozen=True)
class Script:
    """A writing system: its letters, fonts that have them, and the Debian package of one."""

    name: str
    ranges: tuple[tuple[int, int], ...]
    fonts: tuple[str, ...]
    package: str

    def has(self, letter: str) -> bool:
        return any(low <= ord(letter) <= high for low, high in self.ranges)


SCRIPTS = (
    Script("Thai", ((0x0E00, 0x0E7F),), ("Noto Serif Thai", "Noto Sans Thai", "Laksaman", "Loma", "Garuda", "Norasi", "Sarabun", "Tahoma"),
           "fonts-thai-tlwg"),
    Script("Chinese", ((0x3000, 0x303F), (0x3400, 0x9FFF), (0xFF00, 0xFFEF)),
           ("Noto Serif CJK SC", "Noto Sans CJK SC", "Source Han Serif SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC",
            "Microsoft YaHei", "SimSun"), "fonts-noto-cjk"),
)  # fmt: skip
#: Letters that Typst's own fonts have: Latin with all Vietnamese marks, Greek, Cyrillic, punctuation, arrows, mathematics.
_KNOWN = ((0x20, 0x52F), (0x1E00, 0x22FF), (0x2308, 0x230B), (0x2460, 0x24FF), (0x2500, 0x25FF), (0x27C0, 0x2BFF), (0x1D400, 0x1D7FF))
#: Preferred families, in the order in which Typst tries them.
FAMILIES = ("Libertinus Serif", *(f for script in SCRIPTS for f in script.fonts[:5]))


def installed() -> set[str]:
    """The families that Typst finds."""
    from typst import Fonts

    return set(Fonts().families())


def missing(texts: Iterable[str], families: set[str]) -> list[Script]:
    """Writing systems of the texts that no installed font has.

    >>> [s.package for s in missing(["cổng quên", "遗忘门"], {"Libertinus Serif"})]
    ['fonts-noto-cjk']
    """
    letters = set("".join(texts))
    return [s for s in SCRIPTS if any(map(s.has, letters)) and not families & set(s.fonts)]


def require(texts: Iterable[str]) -> None:
    """An error that names the font to install."""
    lacking = missing(texts, installed())
    if lacking:
        names = " and ".join(s.name for s in lacking)
        packages = " ".join(s.package for s in lacking)
        hint = f"install one of {', '.join(lacking[0].fonts[:3])} (Debian: apt-get install {packages}), or write .html, which needs no font"
        raise LstmSymbolicError(f"no installed font has {names} letters", hint=hint)


def shown(text: str) -> str:
    """Letters that no font of ours has, by their number.

    >>> shown("a \\U0001f600 é ก")
    'a [U+1F600] é ก'
    """

    def known(c: str) -> bool:
        return any(low <= ord(c) <= high for low, high in _KNOWN) or any(s.has(c) for s in SCRIPTS) or unicodedata.combining(c) != 0

    return "".join(c if c in "\n\t" or known(c) else f"[U+{ord(c):04X}]" for c in text)
