"""What a deck says besides formulas, one TOML file a language: titles, one short sentence for each purpose of an equation, and one for each
finding code. In English a finding says more about itself than its code does, so there are none.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...errors import LstmSymbolicError

LANGUAGES = ("en", "vi", "zh", "th")


@dataclass(frozen=True)
class Words:
    """Titles and sentences of one language.

    >>> words("vi").sentence("forget")
    'Cổng quên: giữ lại bao nhiêu phần của bộ nhớ cũ.'
    """

    lang: str
    titles: dict[str, str]
    sentences: dict[str, str]
    findings: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self.titles[key]

    def sentence(self, key: str) -> str:
        return self.sentences[key]

    def finding(self, code: str, message: str) -> str:
        """What a finding says; ``message`` is its own text, in English.

        >>> words("zh").finding("E210", "the sign of this term is wrong")
        '正负号有误。'
        """
        return self.findings.get(code, message)


@cache
def words(lang: str) -> Words:
    """The words of a language by its code."""
    if lang not in LANGUAGES:
        raise LstmSymbolicError(f"no words in {lang[:20]!r}", hint=f"languages: {', '.join(LANGUAGES)}")
    table = tomllib.loads(files(__package__).joinpath(f"{lang}.toml").read_text(encoding="utf-8"))
    return Words(lang, {k: v for k, v in table.items() if isinstance(v, str)}, table["sentences"], table.get("findings", {}))
