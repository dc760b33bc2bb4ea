"""Where the formulas of a document stand.

Delimited spans first (``$``, ``$$``, ``\\[``, ``\\(``, environments, math fences), then what copied text leaves without delimiters: lines
with an ``=`` between formula-like sides, code spans, table cells, doubled glyphs, Greek letters, numeric tables. Nothing is decided
about the content here; a stretch that turns out to be no formula is reported as skipped, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .repair import Evidence, halves
from .tidy import FUNCTION_WORDS
from .tokens import GREEK


@dataclass(frozen=True)
class Found:
    """A stretch of the document: offsets of the content, and what held it (math, environment, code, line, cell, text, data).

    ``unclosed`` is an opening sign without its partner; what follows it is read like text without signs.
    """

    start: int
    end: int
    container: str


_ENVIRONMENTS = r"(?:equation|align|gather|eqnarray|multline|flalign|alignat|displaymath|math|aligned|split|gathered)\*?"
#: Kind -> the whole span, from its opening sign on; the content is the group of the same name. Tried where ``_OPENING`` found that sign.
_SPANS = {
    kind: re.compile(pattern, re.DOTALL | re.MULTILINE)
    for kind, pattern in {
        "fence": r"(?P<tick>`{3,}+|~{3,}+)[ \t]*(?P<lang>[\w-]*)[^\n]*\n(?P<fence>.*?)^(?P=tick)[ \t]*$",
        "dd": r"\$\$(?P<dd>(?:\\.|[^$\\]|\$(?!\$))+?)\$\$",
        "sq": r"\\\[(?P<sq>.*?)\\\]",
        "par": r"\\\((?P<par>.*?)\\\)",
        "env": r"(?P<env>\\begin\{(?P<envname>" + _ENVIRONMENTS + r")\}.*?\\end\{(?P=envname)\})",
        "d": r"\$(?P<d>(?:\\.|[^$\n\\]|\n(?!\s*\n))+?)\$(?!\d)",  # $5 and $7 are prices
        "code": r"`(?P<code>[^`\n]+)`",
    }.items()
}
_OPENING = re.compile(
    r"(?P<fence>^(?:```|~~~))|(?P<dd>\$\$)|(?P<sq>\\\[)|(?P<par>\\\()|(?P<env>\\begin\{" + _ENVIRONMENTS + r"\})"
    r"|(?P<d>(?<![\\$])\$)|(?P<code>`)",
    re.MULTILINE,
)
#: Kinds that may reach to the end of the document: where one is not closed, the next one is not either.
_FAR = {"dd", "sq", "par"}
#: What follows an opening sign, to the end of the paragraph, if it opens a formula: no price, no shell variable, no word on TeX.
_OPENS = re.compile(r"(?:(?!\n\s*\n)[^$])*?(?:[_^=]|\\[A-Za-z])")
_NO_MATH = re.compile(r"\$(?:[\s\d]|[A-Z]{2}|$)")
_GOES_ON = re.compile(r"\s*=\s*[A-Za-z\\]*\s*\(\s*(?=\$)")
_BRACKET = re.compile(r"\s*\)")
_CLOSING = re.compile(r"\s*(\$\$?|\\\]|\\\)|`)")
#: Words of prose: three letters and more, and short ones that stand alone (``it`` and ``at`` are flattened names).
_WORD = re.compile(r"[A-Za-z]{3,}|(?<![^\s(])(?:is|as|if|of|to|we|so|or|on|by|be|an|in)(?![^\s,.;:)])")
_KNOWN_WORDS = FUNCTION_WORDS | GREEK | {
    "net", "prev", "next", "new", "old", "gate", "cell", "cand", "hat", "tilde", "matmul", "dot", "vstack", "hstack", "odot", "otimes",
    "cdot", "left", "right", "big", "frac", "text", "mathbf", "mathrm", "bar", "partial", "sum", "top", "clip", "ones", "Sigmoid", "Tanh",
    "Wct", "Uct", "Bct", "Wxh", "Whh", "Why", "bxh", "bhh", "np", "torch", "where", "Sum",
}  # fmt: skip
_CHARS = r"A-Za-z0-9_^{}()\[\]+\-*/.,;|'<>\\@~ \t·⋅⊙∘⊗⊕×⋆−∗⊤⟨⟩∂∇∑∏√′‖∥₀-₎ₐ-ₜ⁰-⁾ᵀα-ωΑ-Ω\u0300-\u0304𝐀-𝟿=:"
_RUN = re.compile(rf"[{_CHARS}]+")
_EQUAL = re.compile(r"(?<![<>=!:-])=(?![=>])")
_MARKER = re.compile(r"^\s*(?:(?:[-*•>#|]+|\(?\d+(?:\.\d+)*[).:]|\(?[a-z]\))\s+)*")
_TUPLE = re.compile(r"\(\s*-?\d+(?:\.\d+)?(?:\s*,\s*-?\d+(?:\.\d+)?)+\s*\)")
_GLYPHS = re.compile(r"(?<![A-Za-z0-9_\\])[A-Za-z][A-Za-z0-9_'()+=₀-₉]{1,60}(?![A-Za-z0-9_])")
_GREEK_RUN = re.compile(
    r"[Α-Ωα-ω]?\\(?:" + "|".join(sorted(GREEK, key=len, reverse=True)) + r")(?![A-Za-z])[Α-Ωα-ω]?|(?<![Α-ωA-Za-z\\])[Α-Ωα-ω](?![Α-ωA-Za-z])"
)
_HTML = re.compile(r"(?<![A-Za-z~\\])\\?[A-Za-z~]+\s*<(\w[\w+-]*)>\s*</\1>")
_HALF = re.compile(r"(?:[A-Za-z][A-Za-z0-9]?'?|[a-z]=?)|.*[()=].*")


def find(text: str) -> tuple[list[Found], Evidence]:
    """All stretches in document order, and what the document as a whole says about its damage."""
    delimited = list(_delimited(text))
    unclosed = [f for f in delimited if f.container == "unclosed"]
    spans = _joined(text, [f for f in delimited if f.container != "unclosed"])
    covered = [*((f.start - 2, f.end + 2) for f in spans), *((f.start, f.end) for f in unclosed)]
    tables = list(_number_tables(text, covered))
    free = _free(text, [*covered, *((f.start, f.end) for f in tables)])
    glyphs = [list(_doubled(text, a, b)) for a, b in free]
    evidence = Evidence(sum(map(len, glyphs)), bool(re.search(r"sigmoid|sigma|σ|logistic", text, re.IGNORECASE)))
    loose: list[Found] = []
    for (a, b), doubled in zip(free, glyphs, strict=True):
        kept = [f for f in doubled if evidence.doubled >= 3 or "=" in text[f.start : f.end]]
        loose += [*kept, *_loose(text, a, b, kept)]
    return sorted([*spans, *tables, *loose, *unclosed], key=lambda f: (f.start, f.end)), evidence


def _delimited(text: str) -> Iterator[Found]:
    position = 0
    unclosed: set[str] = set()
    while m := _OPENING.search(text, position):
        kind = str(m.lastgroup)
        name = m[0] if kind == "env" else kind
        span = None if name in unclosed else _SPANS[kind].match(text, m.start())
        if span is None:
            if kind not in ("fence", "code") and name not in unclosed and _opens(text, m):
                yield Found(m.start(), m.end(), "unclosed")
            if kind in _FAR or kind == "env":
                unclosed.add(name)
            position = m.end()
            continue
        position = span.end()
        start, end = span.span(kind)
        if kind == "fence":
            if (span["lang"] or "").lower() in ("math", "latex", "tex", "katex"):
                yield Found(start, end, "math")
            else:
                yield from _fenced(text, start, end)
            continue
        if kind == "code":
            if "$" in text[start:end]:
                position = start
                continue
            if _looks_like_formula(text[start:end]):
                yield Found(start, end, "code")
            continue
        inner = re.fullmatch(r"\s*(?:\\\[|\\\()(.*?)(?:\\\]|\\\))\s*", text[start:end], re.DOTALL)
        if inner:
            start, end = start + inner.start(1), start + inner.end(1)
        if text[start:end].strip():
            yield Found(start, end, "environment" if kind == "env" else "math")


def _opens(text: str, sign: re.Match[str]) -> bool:
    """Whether a formula begins behind an opening sign that has no partner."""
    return _OPENS.match(text, sign.end()) is not None and not (sign[0] == "$" and _NO_MATH.match(text, sign.start()))


def _fenced(text: str, start: int, end: int) -> Iterator[Found]:
    """Formula-like lines of a code block."""
    for m in re.finditer(r"[^\n]+", text[start:end]):
        yield from _line(text, start + m.start(), start + m.end())


def _looks_like_formula(text: str) -> bool:
    return _RUN.fullmatch(text.strip()) is not None and _EQUAL.search(text) is not None and _formula_part(text) is not None


def _joined(text: str, spans: list[Found]) -> list[Found]:
    """Formulas cut over spans: ``$$f_t$$ = sigmoid ($...$)``, and a name on the line before ``$$2 = ...$$``."""
    out: list[Found] = []
    k = 0
    while k < len(spans):
        span = spans[k]
        inner = text[span.start : span.end].strip()
        outer = _closing(text, span)
        match = _GOES_ON.match(text, outer)
        if "=" not in inner and match and k + 1 < len(spans) and spans[k + 1].start - 2 <= match.end():
            end = _closing(text, spans[k + 1])
            tail = _BRACKET.match(text, end)
            end = tail.end() if tail else end
            out.append(Found(span.start - (2 if text.endswith("$$", 0, span.start) else 1), end, "line"))
            k += 2
            continue
        near = max(0, span.start - 20)
        before = re.search(r"(?:^|\n)([A-Z][A-Z0-9]{0,3}(?: [A-Z]{1,3})?)\n\$\$?$", text[near : span.start])
        if before and re.match(r"\s*\d+\s*=", text[span.start : span.end]):
            out.append(Found(near + before.start(1), span.end, "line"))
        else:
            out.append(span)
        k += 1
    return out


def _closing(text: str, span: Found) -> int:
    m = _CLOSING.match(text, span.end)
    return m.end() if m else span.end


def _free(text: str, covered: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Line pieces outside every span."""
    pieces, position = [], 0
    for a, b in sorted(covered):
        if a > position:
            pieces.append((position, a))
        position = max(position, b)
    pieces.append((position, len(text)))
    out = []
    for a, b in pieces:
        start = a
        for line in text[a:b].split("\n"):
            if line.strip():
                out.append((start, start + len(line)))
            start += len(line) + 1
    return out


def _number_tables(text: str, covered: list[tuple[int, int]]) -> Iterator[Found]:
    """Blocks of tab- or bar-separated lines that hold mostly numbers."""
    for start, end in _blocks(text):
        if any(a < end and b > start for a, b in covered):
            continue
        cells = [c.strip() for c in re.split(r"[\t|\n]", text[start:end]) if c.strip()]
        numbers = [c for c in cells if re.fullmatch(r"-?\d+(?:\.\d+)?", c)]
        if cells and len(numbers) > len(cells) / 2:
            yield Found(start, start + len(text[start:end].rstrip("\n")), "data")


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Runs of two and more lines with a tab or a bar."""
    start = position = lines = 0
    for line in [*text.split("\n"), ""]:
        if "\t" in line or "|" in line:
            start, lines = (start if lines else position), lines + 1
        else:
            if lines > 1:
                yield start, position - 1
            lines = 0
        position += len(line) + 1


def _doubled(text: str, a: int, b: int) -> Iterator[Found]:
    """Runs that are two copies of one short formula: ``zizi``, ``g(z)g(z)``, ``c'=Ac'=A``."""
    for m in _GLYPHS.finditer(text[a:b]):
        run = m[0].rstrip("(=+")
        found = halves(run)
        if found is None:
            continue
        half = run[: found[0]]
        if _HALF.fullmatch(half) and half.count("(") == half.count(")"):
            yield Found(a + m.start(), a + m.start() + len(run), "text")


def _loose(text: str, a: int, b: int, taken: list[Found]) -> list[Found]:
    """Formulas of a piece of plain text: equations, damaged cells, Greek letters, tuples of numbers."""
    found: list[Found] = []

    def free(start: int, end: int) -> bool:
        return not any(f.start < end and f.end > start for f in [*taken, *found])

    for m in _HTML.finditer(text[a:b]):
        found.append(Found(a + m.start(), a + m.end(), "cell"))
    for f in _line(text, a, b):
        if free(f.start, f.end):
            found.append(f)
    for m in _TUPLE.finditer(text[a:b]):
        if free(a + m.start(), a + m.end()):
            found.append(Found(a + m.start(), a + m.end(), "data"))
    for m in _GREEK_RUN.finditer(text[a:b]):
        if free(a + m.start(), a + m.end()):
            found.append(Found(a + m.start(), a + m.end(), "text"))
    return found


def _line(text: str, a: int, b: int) -> Iterator[Found]:
    """Equations of a plain line: from the left side's name to the last character that can belong to the right side."""
    lead = _MARKER.match(text[a:b])
    start = a + (lead.end() if lead else 0)
    for m in _RUN.finditer(text[start:b]):
        if _EQUAL.search(m[0]) is None:
            continue
        part = _formula_part(m[0])
        if part is not None:
            yield Found(start + m.start() + part[0], start + m.start() + part[1], "line")
        else:
            legend = re.match(r"\s*(?P<name>[A-Za-z]{1,2}(?:_\{?[\w+-]+\}?)?)\s*=\s*(?=[A-Za-z]{3}|$)", m[0])
            if legend and text[start + m.start() + legend.end() : b].strip():
                yield Found(start + m.start() + legend.start("name"), start + m.start() + legend.end("name"), "text")


def _formula_part(line: str) -> tuple[int, int] | None:
    """The stretch of a line around its first ``=`` that reads as a formula, without the words beside it."""
    equal = re.search(r"(?<![<>=!:])=(?![=>])", line)
    if equal is None:
        return None
    start, end = 0, len(line)
    for m in _WORD.finditer(line):
        if _is_known(m[0], line, m.start()):
            continue
        if m.end() <= equal.start():
            start = m.end()
        else:
            end = m.start()
            break
    for m in re.finditer(r"[.;:,]\s", line[start : equal.start()]):
        start += m.end()
        break
    part = line[start:end]
    stripped = part.rstrip(" \t,.;:(-–*")
    lead = len(part) - len(part.lstrip(" \t,.;:)|-*"))
    left, _, right = stripped[lead:].partition("=")
    if not left.strip() or len(left) > 60 or not re.search(r"[A-Za-zα-ωΑ-Ω]", left):
        return None
    if not re.search(r"[A-Za-zα-ωΑ-Ω]", right) or not re.search(r"[-+*/(\[@·⋅⊙∘⊗×−\\^_₊₋ᵀ]|[a-zα-ω] [a-zα-ω]", right.strip()):
        return None
    if left.count("(") != left.count(")"):
        return None
    return start + lead, start + len(stripped)


def _is_known(word: str, line: str, at: int) -> bool:
    """Function names, commands, names with an index: part of a formula; other words are prose."""
    if word in _KNOWN_WORDS or line[at - 1 : at] in ("\\", "_", "{", "^"):
        return True
    following = line[at + len(word) : at + len(word) + 1]
    return following in ("_", "[") or (following == "(" and line[at + len(word) + 1 : at + len(word) + 2] != ")" and len(word) <= 12)
