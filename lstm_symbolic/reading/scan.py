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
    """A stretch of the document: offsets of the content, and what held it (math, environment, code, line, cell, text, data)."""

    start: int
    end: int
    container: str


_ENVIRONMENTS = r"(?:equation|align|gather|eqnarray|multline|flalign|alignat|displaymath|math|aligned|split|gathered)\*?"
_SPANS = re.compile(
    r"(?P<fence>^(?P<tick>```+|~~~+)[ \t]*(?P<lang>[\w-]*)[^\n]*\n(?P<block>.*?)^(?P=tick)[ \t]*$)"
    r"|\$\$(?P<dd>(?:\\.|[^$\\]|\$(?!\$))+?)\$\$"
    r"|\\\[(?P<sq>.*?)\\\]"
    r"|\\\((?P<par>.*?)\\\)"
    r"|(?P<env>\\begin\{(?P<envname>" + _ENVIRONMENTS + r")\}.*?\\end\{(?P=envname)\})"
    r"|(?<![\\$])\$(?P<d>(?:\\.|[^$\n\\]|\n(?!\s*\n))+?)\$"
    r"|`(?P<code>[^`\n]+)`",
    re.DOTALL | re.MULTILINE,
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z]{3,}")
_KNOWN_WORDS = FUNCTION_WORDS | GREEK | {
    "net", "prev", "next", "new", "old", "gate", "cell", "cand", "hat", "tilde", "matmul", "dot", "vstack", "hstack", "odot", "otimes",
    "cdot", "left", "right", "big", "frac", "text", "mathbf", "mathrm", "bar", "partial", "sum", "top", "clip", "ones", "Sigmoid", "Tanh",
    "Wct", "Uct", "Bct", "Wxh", "Whh", "Why", "bxh", "bhh", "np", "torch", "where", "Sum",
}  # fmt: skip
_CHARS = r"A-Za-z0-9_^{}()\[\]+\-*/.,;|'<>\\@~ \t·⋅⊙∘⊗⊕×⋆−∗⊤⟨⟩∂∇∑∏√′‖∥₀-₎ₐ-ₜ⁰-⁾ᵀα-ωΑ-Ω\u0300-\u0304𝐀-𝟿=:"
_LINE = re.compile(rf"[{_CHARS}]*(?<![<>=!:-])=(?![=>])[{_CHARS}]*")
_MARKER = re.compile(r"^\s*(?:(?:[-*•>#|]+|\(?\d+(?:\.\d+)*[).:]|\(?[a-z]\))\s+)*")
_TUPLE = re.compile(r"\(\s*-?\d+(?:\.\d+)?(?:\s*,\s*-?\d+(?:\.\d+)?)+\s*\)")
_GLYPHS = re.compile(r"(?<![A-Za-z0-9_\\])[A-Za-z][A-Za-z0-9_'()+=₀-₉]{1,60}(?![A-Za-z0-9_])")
_GREEK_RUN = re.compile(
    r"[Α-Ωα-ω]?\\(?:" + "|".join(sorted(GREEK, key=len, reverse=True)) + r")(?![A-Za-z])[Α-Ωα-ω]?|(?<![Α-ωA-Za-z\\])[Α-Ωα-ω](?![Α-ωA-Za-z])"
)
_HTML = re.compile(r"\\?[A-Za-z~]+\s*<(\w[\w+-]*)>\s*</\1>")
_HALF = re.compile(r"(?:[A-Za-z][A-Za-z0-9]?'?|[a-z]=?)|.*[()=].*")


def find(text: str) -> tuple[list[Found], Evidence]:
    """All stretches in document order, and what the document as a whole says about its damage."""
    spans = list(_delimited(text))
    spans = _joined(text, spans)
    covered = [(f.start - 2, f.end + 2) for f in spans]
    tables = list(_number_tables(text, covered))
    free = _free(text, [*covered, *((f.start, f.end) for f in tables)])
    glyphs = [f for a, b in free for f in _doubled(text, a, b)]
    evidence = Evidence(len(glyphs), bool(re.search(r"sigmoid|sigma|σ|logistic", text, re.IGNORECASE)))
    if evidence.doubled < 3:
        glyphs = [f for f in glyphs if "=" in text[f.start : f.end]]
    loose = [*glyphs]
    for a, b in free:
        loose += _loose(text, a, b, [*glyphs, *loose])
    return sorted([*spans, *tables, *loose], key=lambda f: (f.start, f.end)), evidence


def _delimited(text: str) -> Iterator[Found]:
    position = 0
    while m := _SPANS.search(text, position):
        position = m.end()
        if m["fence"] is not None:
            start = m.start("block")
            if (m["lang"] or "").lower() in ("math", "latex", "tex", "katex"):
                yield Found(start, m.end("block"), "math")
            else:
                position = start
                yield from _fenced(text, start, m.end("block"))
                position = m.end()
            continue
        kind = next(k for k in ("dd", "sq", "par", "env", "d", "code") if m[k] is not None)
        start, end = m.span(kind)
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


def _fenced(text: str, start: int, end: int) -> Iterator[Found]:
    """Formula-like lines of a code block."""
    for m in re.finditer(r"[^\n]+", text[start:end]):
        yield from _line(text, start + m.start(), start + m.end())


def _looks_like_formula(text: str) -> bool:
    m = _LINE.fullmatch(text.strip())
    return m is not None and _formula_part(text) is not None


def _joined(text: str, spans: list[Found]) -> list[Found]:
    """Formulas cut over spans: ``$$f_t$$ = sigmoid ($...$)``, and a name on the line before ``$$2 = ...$$``."""
    out: list[Found] = []
    k = 0
    while k < len(spans):
        span = spans[k]
        inner = text[span.start : span.end].strip()
        outer = _closing(text, span)
        match = re.match(r"\s*=\s*[A-Za-z\\]*\s*\(\s*(?=\$)", text[outer:])
        if "=" not in inner and match and k + 1 < len(spans) and spans[k + 1].start - 2 <= outer + match.end():
            end = _closing(text, spans[k + 1])
            tail = re.match(r"\s*\)", text[end:])
            end += tail.end() if tail else 0
            out.append(Found(span.start - (2 if text[: span.start].endswith("$$") else 1), end, "line"))
            k += 2
            continue
        before = re.search(r"(?:^|\n)([A-Z][A-Z0-9]{0,3}(?: [A-Z]{1,3})?)\n\$\$?$", text[: span.start])
        if before and re.match(r"\s*\d+\s*=", text[span.start : span.end]):
            out.append(Found(before.start(1), span.end, "line"))
        else:
            out.append(span)
        k += 1
    return out


def _closing(text: str, span: Found) -> int:
    m = re.match(r"\s*(\$\$?|\\\]|\\\)|`)", text[span.end :])
    return span.end + (m.end() if m else 0)


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
    for block in re.finditer(r"(?:^[^\n]*[\t|][^\n]*\n?){2,}", text, re.MULTILINE):
        if any(a < block.end() and b > block.start() for a, b in covered):
            continue
        cells = [c.strip() for c in re.split(r"[\t|\n]", block[0]) if c.strip()]
        numbers = [c for c in cells if re.fullmatch(r"-?\d+(?:\.\d+)?", c)]
        if cells and len(numbers) > len(cells) / 2:
            yield Found(block.start(), block.start() + len(block[0].rstrip("\n")), "data")


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
    for m in _LINE.finditer(text[start:b]):
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
