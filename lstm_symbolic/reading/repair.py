"""Copy and OCR damage: named repairs, each with its place, what was written, what is read and why.

``RULES`` is an ordered table over the text of one formula; every application is recorded and the offsets of the repaired text still point
into the original. A repair restores what the page showed; an author's mistake is never repaired. Rules that need evidence from the
whole document (a doubled copy, a sigma read as 6) name it in their condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from .names import ACCENTS, STYLES, WORDS
from .tokens import _GREEK, GREEK

#: Commands that start like an escape (backslash and b, t, r, n, f), which a careless program swallows, by the rest that stays.
_EATEN = {
    tail: command
    for command in (
        "bar", "boldsymbol", "begin", "big", "text", "textbf", "tanh", "tilde", "times", "theta", "right", "nabla", "frac", "forall",
        "bullet",
    )
    for tail in [command[1:]]
}  # fmt: skip
_COMMANDS = sorted(
    {"sigma", "tanh", "cdot", "odot", "otimes", "circ", "star", "times", "frac", "partial", "left", "right", "sum", "mathbf", "mathrm",
     "text", "exp", "log", "max", "quad", "qquad", "operatorname", "top", "bigodot"}
    | (GREEK - {"eta", "xi", "pi", "mu", "nu"}) | ACCENTS.keys() | STYLES | WORDS,
    key=len, reverse=True,
)  # fmt: skip
_TAILS = "|".join(sorted((t for t in _EATEN if len(t) > 2 or t == "ar"), key=len, reverse=True))
_LOOKALIKES = dict(zip("АВЕКМНОРСТХаеорсухіј", "ABEKMHOPCTXaeopcyxij", strict=True))


@dataclass(frozen=True)
class Evidence:
    """What the whole document says: how many doubled copies it holds, whether it writes a logistic function in words or as sigma."""

    doubled: int = 0
    sigmoid: bool = True


@dataclass(frozen=True)
class Applied:
    """One repair: the place in the document (offsets), what stood there, what is read, and why."""

    start: int
    end: int
    wrote: str
    read: str
    why: str


@dataclass
class Repaired:
    """A text under repair; ``origin[k]`` is the document's offset of character k."""

    text: str
    origin: list[int]
    applied: list[Applied] = field(default_factory=list)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The document's offsets of a stretch of the repaired text."""
        last = self.origin[-1]
        first = self.origin[min(start, len(self.origin) - 1)]
        return first, max(first + 1, self.origin[end - 1] + 1 if 0 < end <= len(self.text) else last)

    def replace(self, start: int, end: int, new: str, why: str, shown: str | None = None) -> None:
        old = self.text[start:end]
        place = self.place(start, max(end, start + 1))
        self.applied.append(Applied(*place, old.strip(), new.strip() if shown is None else shown, why))
        origins = [self.origin[start + min(k, max(end - start - 1, 0))] for k in range(len(new))]
        self.text = self.text[:start] + new + self.text[end:]
        self.origin[start:end] = origins


Condition = Callable[[str, Evidence], bool]


@dataclass(frozen=True)
class Rule:
    """A pattern, its replacement and the reason; ``when`` asks for more evidence."""

    why: str
    pattern: re.Pattern[str]
    new: str | Callable[[re.Match[str]], str]
    when: Condition = lambda text, evidence: True


def _rule(why: str, pattern: str, new: str | Callable[[re.Match[str]], str], when: Condition | None = None) -> Rule:
    return Rule(why, re.compile(pattern), new, when or (lambda text, evidence: True))


def _has_eaten_big(text: str, evidence: Evidence) -> bool:
    return re.search(r"\\[a-zA-Z]+ig[(\[]", text) is not None or (r"\big" in text and text.count("(") + text.count("[") > 0)


RULES: tuple[Rule, ...] = (
    _rule("a superscript <t> was swallowed as an HTML tag", r"(?<!\s)\s*<(\w[\w+-]*)>\s*</\1>", r"^{<\1>}"),
    _rule("Cyrillic letter that looks Latin", f"[{''.join(_LOOKALIKES)}]", lambda m: _LOOKALIKES[m[0]]),
    _rule("doubled backslash", r"\\\\(?=(?:" + "|".join(_COMMANDS) + r")(?![A-Za-z]))", r"\\"),
    _rule("the \\b of \\big was eaten", r"(\\(?:" + "|".join(_COMMANDS) + r"))ig(?=[(\[{|])", r"\1\\big"),
    _rule("the \\b of \\big was eaten", r"(?<![bB])ig(?=[)\]}|])", r"\\big", _has_eaten_big),
    _rule("the first letter of a command was eaten as an escape",
          rf"(?<![\\A-Za-z])({_TAILS})(?=\{{|\s*[(\\]|(?<=ight)[)\]])",
          lambda m: "\\" + _EATEN[m[1]]),
    _rule("escaped underscore", r"(?<![\w\\{])([A-Za-z]{2,})\\_([A-Za-z]{2,})(?=\s*\()", r"\\mathrm{\1_\2}"),
    _rule("escaped underscore", r"\\_", "_"),
    _rule("the operator * was read as a superscript", r"\^\s*(?:\*|\\ast\b|\{\s*(?:\*|\\ast)\s*\})\s*(?=[A-Za-z\\])", " * "),
    _rule("double subscript", r"_\{(\w+)\}\s*_\{(\w+)\}", r"_{\1\2}"),
    _rule("the braces of a subscript were lost", r"_([A-Z][A-Za-z]+)_(\d+)(?![\d}])", r"_{\1_\2}"),
    _rule("a subscript was flattened to words", r"(?<![\w\\])([A-Z]+\d?) ([A-Z]{2,3}) *(\d)(?![\d.])", r"_W_\1_{\2_\3}"),
    _rule("a subscript was flattened", r"(?<![A-Za-z\\_])([A-Za-z])t-1(?![\w.])", r"\1_{t-1}"),
    _rule("sigma was misread as 6", r"(?<==)(\s*)6\s*(?=\()", r" \\sigma ", lambda text, evidence: evidence.sigmoid and _is_affine(text)),
    _rule("sigma was misread as \\mathscr{O}", r"\\math(?:scr|cal)\{O\}\s*(?=\()", r" \\sigma ", lambda text, evidence: evidence.sigmoid),
)  # fmt: skip


def _is_affine(text: str) -> bool:
    """The bracket after the 6 holds a sum of products, as a gate's pre-activation does, and closes the formula."""
    match = re.search(r"=\s*6\s*\((.*)\)\s*$", text.strip(), re.DOTALL)
    return match is not None and match[1].count("+") >= 1 and bool(re.search(r"[*\\]|[A-Za-z]\s+[A-Za-z]", match[1]))


def fold(text: str) -> str:
    """A text without case, brackets, underscores and blanks: two copies of one formula fold alike."""
    named = "".join(_GREEK.get(c, c) for c in text)
    return re.sub(r"[_{}\s\\]", "", named.lower().replace("₀", "o"))


@lru_cache(maxsize=20_000)  # prose repeats its words
def halves(text: str) -> tuple[int, int] | None:
    """Where the second copy of a doubled text starts, and the length of one period; None where it is not doubled."""
    for copies in (2, 3):
        for cut in _cuts(text, copies):
            parts = [text[a:b] for a, b in zip([0, *cut], [*cut, len(text)], strict=True)]
            folded = {fold(p) for p in parts}
            if len(folded) == 1 and folded != {""} and not text.replace(" ", "").isdigit():
                return cut[0], copies
    return None


def _cuts(text: str, copies: int) -> list[list[int]]:
    """Candidates for the places where copies meet: near equal lengths, a few characters either way."""
    step = len(text) / copies
    if copies == 2:
        middle = round(step)
        return [[k] for k in sorted(range(max(1, middle - 3), min(len(text), middle + 4)), key=lambda k: abs(k - middle))]
    return [[1, len(text) - 1]] if len(text) > 2 and "\\" in text else []


def undouble(raw: str, start: int, evidence: Evidence) -> Repaired | None:
    """One copy of a formula that was copied twice (a web page's text and its hidden twin run together)."""
    text = raw.strip()
    lead = raw.index(text) if text else 0
    found = halves(text)
    if found is None or ("=" not in text and "\\" not in text and evidence.doubled < 3):
        return None
    cut, copies = found
    first, second = text[:cut], text[cut:]
    keep_second = copies == 2 and ("₀" in first or ("_" in second and "_" not in first))
    kept, offset = (second, lead + cut) if keep_second else (first, lead)
    result = Repaired(kept, [start + offset + k for k in range(len(kept))] + [start + offset + len(kept)])
    result.applied.append(Applied(start + lead, start + lead + len(text), text, kept, "a doubled copy of the formula"))
    return result


def repair(raw: str, start: int, evidence: Evidence) -> Repaired:
    """``raw`` (at offset ``start`` of the document) with the rules applied.

    >>> r = repair(r"C_t = \\sigmaig(f_t*C_{t-1} + i_t*ar{C}_tig)", 0, Evidence())
    >>> r.text
    'C_t = \\\\sigma\\\\big(f_t*C_{t-1} + i_t*\\\\bar{C}_t\\\\big)'
    """
    result = undouble(raw, start, evidence) or Repaired(raw, [*range(start, start + len(raw) + 1)])
    if "$" in result.text.strip("$"):
        _join(result)
    for rule in RULES:
        if not rule.when(result.text, evidence):
            continue
        matches = [m for m in rule.pattern.finditer(result.text) if _new(rule, m) != m[0]]
        for m in reversed(matches):
            new = _new(rule, m).replace("_W_", "")
            result.replace(m.start(), m.end(), new, rule.why)
    result.applied.sort(key=lambda a: a.start)
    return result


def _new(rule: Rule, match: re.Match[str]) -> str:
    return match.expand(rule.new) if isinstance(rule.new, str) else rule.new(match)


def _join(result: Repaired) -> None:
    """A formula cut over several math spans and plain text: the delimiters between the pieces go."""
    place = result.place(0, len(result.text))
    wrote = result.text
    for m in reversed(list(re.finditer(r"\$+|\n", result.text))):
        result.text = result.text[: m.start()] + " " * len(m[0]) + result.text[m.end() :]
    result.applied.append(Applied(*place, wrote, re.sub(r"\s+", " ", result.text).strip(), "one formula was cut over several math spans"))
