"""Sub- and superscripts: is this index a time, a tag of the name, a power or a transpose?

``h_{t-1}``, ``c^{<t>}``, ``h^{(t)}`` are times; the f of ``W_f``, ``U^f``, ``W^{(f)}`` is part of the name; ``W^T``, ``W^\\top`` transpose;
``g^2`` is a power. A tag that is no time expression stays in the name (``F1_{TS_1}`` is ``F1_TS1``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sympy import Expr, Integer, Symbol

from ..errors import ReadError
from .surface import Name, Statement, Surface
from .tokens import GREEK, Token

TRANSPOSE = {"T", r"\top", r"\intercal", "tr", r"\transp", r"\transpose"}
ACCENTS = {
    "tilde": "tilde", "widetilde": "tilde", "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "check": "check", "dot": "dot",
    "ddot": "ddot", "overrightarrow": "fwd", "overleftarrow": "bwd", "underline": "", "vec": "", "acute": "acute", "breve": "breve",
    "~": "tilde",
}  # fmt: skip
STYLES = {
    "mathbf", "boldsymbol", "bm", "mathit", "mathcal", "mathscr", "mathbb", "mathfrak", "pmb", "bold", "boldmath", "symbf", "vb", "bf",
}  # fmt: skip
WORDS = {"mathrm", "operatorname", "text", "textrm", "mathsf", "textbf", "textit", "texttt", "mathtt", "mbox", "textnormal", "rm", "hbox"}

_WRAP = {"(": ")", "<": ">", r"\langle": r"\rangle", "[": "]", r"\{": r"\}", "{": "}"}
_ANGLES = {"<", r"\langle"}
_TIME = re.compile(r"(?P<var>t|T|\\tau|\\ell|L|[a-z])(?:(?P<sign>[+-])(?P<by>\d+|[a-z]))?")
#: Letters that are a time by themselves; the other letters are one only inside brackets or with an offset.
_ALWAYS_TIME = {"t", "T", r"\tau"}
_RUNNING = {"k", "j", "s", "n", "l", "i", "m"}
_GATE_TAGS = {"i"}
#: Letters that above a symbol count layers.
_LAYER = {"l", r"\ell", "L"}


@dataclass(frozen=True)
class Index:
    """What one sub- or superscript says."""

    time: Expr | None = None
    layer: Expr | None = None
    tags: tuple[str, ...] = ()
    power: int | None = None
    transpose: bool = False
    primes: int = 0


def read_index(tokens: Sequence[Token], above: bool, bound: frozenset[str] = frozenset()) -> Index:
    """The meaning of a group of tokens below (or above) a symbol; ``bound`` holds the running indices of enclosing sums."""
    texts = [t.text for t in tokens]
    if above:
        joined = "".join(t for t in texts if t not in ("{", "}") and t[1:] not in WORDS | STYLES)
        if joined in TRANSPOSE:
            return Index(transpose=True)
        if re.fullmatch(r"-\d+", joined):
            return Index(power=int(joined))
        if texts and all(x in (r"\prime", "'") for x in texts):
            return Index(primes=len(texts))
        if joined.isdigit():
            return Index(power=int(joined))
    groups = _groups(texts)
    if len(groups) > 1:
        return _bracketed(groups, bound)
    inner, wrapped = _unwrap(texts)
    if not inner:
        return Index()
    if "," in inner or ";" in inner:
        return _several(tokens, inner, above, bound)
    if "_" in inner[1:]:
        return _nested(inner, above, bound)
    time = _time(inner, wrapped, above, bound)
    if time is not None:
        return Index(layer=time) if above and inner[0] in _LAYER and inner[0].lstrip("\\") not in bound else Index(time=time)
    if above and len(inner) == 1 and inner[0] in _LAYER:
        return Index(layer=Symbol("L" if inner[0] == "L" else "l", integer=True))
    return Index(tags=(_tag(inner),))


def _unwrap(texts: list[str]) -> tuple[list[str], bool]:
    wrapped = False
    while len(texts) >= 2 and _WRAP.get(texts[0]) == texts[-1]:
        wrapped = wrapped or texts[0] != "{"
        texts = texts[1:-1]
    return [t.replace("\\_", "_") for t in texts if t not in ("{", "}")], wrapped


def _groups(texts: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The bracketed parts of ``[l]<t>``, each with its bracket; none where something stands outside brackets."""
    found: list[tuple[str, list[str]]] = []
    rest = [t for t in texts if t not in ("{", "}")]
    while rest:
        close = _WRAP.get(rest[0])
        if close is None or close not in rest:
            return []
        end = rest.index(close)
        found.append((rest[0], rest[1:end]))
        rest = rest[end + 1 :]
    return found


def _bracketed(groups: Sequence[tuple[str, list[str]]], bound: frozenset[str]) -> Index:
    """``a^{[l]<t>}``, as Ng's courses write: the layer in brackets, the step between angles, the number of a sample in parentheses."""
    result = Index()
    angles = any(bracket in _ANGLES for bracket, _ in groups)
    for bracket, inner in groups:
        index = Integer(int(inner[0])) if len(inner) == 1 and inner[0].isdigit() else _time(inner, True, True, bound)
        if index is None:
            result = replace(result, tags=(*result.tags, _tag(inner)))
        elif bracket in _ANGLES or not (angles or index.is_Integer or inner[0] in _LAYER or result.time is not None):
            result = replace(result, time=index)
        else:
            result = replace(result, layer=index)
    return result


def _nested(inner: list[str], above: bool, bound: frozenset[str]) -> Index:
    """``\\delta_{h_t}``: a tag with its own index; ``y_{t_k}`` is an entry of a vector, which the matrix language has not."""
    cut = inner.index("_", 1)
    first, rest = inner[:cut], inner[cut + 1 :]
    if _time(first, False, above, bound) is not None:
        raise ReadError("an entry of a vector (component form) is not part of the matrix language")
    time = _time(rest, False, above, bound)
    return Index(tags=(_tag([x for x in inner if x != "_"]),)) if time is None else Index(time=time, tags=(_tag(first),))


def _several(tokens: Sequence[Token], inner: list[str], above: bool, bound: frozenset[str]) -> Index:
    """``{t, l}``, ``{i,x}``: each part by itself; tags of one symbol join (W_{i,x} is W_ix)."""
    parts: list[list[str]] = [[]]
    for text in inner:
        if text in (",", ";"):
            parts.append([])
        else:
            parts[-1].append(text)
    result, tags = Index(), []
    for part in parts:
        time = _time(part, False, False, bound) if part else None
        if time is not None and result.time is None:
            result = replace(result, time=time)
        elif time is not None:
            result = replace(result, layer=time)
        elif part == ["l"]:
            result = replace(result, layer=Symbol("l", integer=True))
        elif part:
            tags.append(_tag(part))
    return replace(result, tags=("".join(tags),) if tags else ())


def _time(texts: list[str], wrapped: bool, above: bool, bound: frozenset[str]) -> Expr | None:
    match = _TIME.fullmatch("".join(texts))
    if match is None:
        return None
    var, sign, by = match["var"], match["sign"], match["by"]
    letter = "l" if var == r"\ell" else var.lstrip("\\")
    known = var in _ALWAYS_TIME or letter in bound
    running = (var in _RUNNING or var in _LAYER) and (sign is not None or (wrapped and var not in _GATE_TAGS))
    if not (known or running):
        return None
    shift: Expr = Integer(0) if by is None else Integer(int(by)) if by.isdigit() else Symbol(by, integer=True)
    return Symbol(letter, integer=True) + (-shift if sign == "-" else shift)


def _tag(texts: list[str]) -> str:
    """The tag's text: letters, digits and Greek names; accents follow their letter (W_{\\tilde h} is W_htilde)."""
    out: list[str] = []
    accent = ""
    for text in texts:
        if text.startswith("\\"):
            command = text[1:]
            if command in ACCENTS:
                accent = ACCENTS[command]
                continue
            if command in STYLES or command in WORDS or command in ("prime",):
                out.append("prime" if command == "prime" else "")
                continue
            if command not in GREEK:
                raise ReadError(f"the index holds {text}, which is no part of a name")
            out.append(command)
        elif text.isalnum():
            out.append(text)
        elif text in "+-*/=":
            out.append({"+": "plus", "-": "minus"}.get(text, ""))
        elif text == "_":
            out.append("_")
        elif text == "'":
            out.append("prime")
        if accent:
            out.append(accent)
            accent = ""
    return re.sub(r"\W", "", "".join(out)) or "_"


def attach(name: Name, index: Index, above: bool) -> Name:
    """The name with one more index."""
    if index.time is not None and name.time is not None:
        index = Index(layer=index.time, tags=index.tags)
    return replace(
        name,
        time=index.time if index.time is not None else name.time,
        layer=index.layer if index.layer is not None else name.layer,
        primes=name.primes + index.primes,
        sups=name.sups + (index.tags if above else ()),
        subs=name.subs + (() if above else index.tags),
    )


@dataclass(frozen=True)
class TagTable:
    """Spellings of tags that are one tag: spelling -> the spelling most used."""

    table: dict[str, str]

    def apply(self, statement: Statement) -> tuple[Statement, list[tuple[str, str]]]:
        """The statement with one spelling, and the changes."""
        changed: list[tuple[str, str]] = []

        def tags(old: tuple[str, ...]) -> tuple[str, ...]:
            new = tuple(self.table.get(x, x) for x in old)
            changed.extend((a, b) for a, b in zip(old, new, strict=True) if a != b)
            return new

        def walk(node: Surface) -> Surface:
            name = node.name
            if name is not None:
                name = replace(name, subs=tags(name.subs), sups=tags(name.sups))
            return replace(node, name=name, args=tuple(walk(a) for a in node.args))

        renamed = replace(statement, sides=tuple(walk(s) for s in statement.sides))
        return renamed, list(dict.fromkeys(changed))

    def __bool__(self) -> bool:
        return bool(self.table)


def merge_tags(statements: Sequence[Statement]) -> TagTable:
    """Long tags (two letters and a digit) that differ in case only; the spelling used most stands for all."""
    counts: dict[str, int] = {}
    for node in (n for s in statements for side in s.sides for n in side.walk()):
        for tag in (*node.name.subs, *node.name.sups) if node.name is not None else ():
            if re.fullmatch(r"[A-Za-z]{2,}\d+", tag):
                counts[tag] = counts.get(tag, 0) + 1
    table = {}
    families: dict[str, dict[str, int]] = {}
    for tag, count in counts.items():
        letters = tag.rstrip("0123456789")
        family = families.setdefault(letters.lower(), {})
        family[letters] = family.get(letters, 0) + count
    for tag in counts:
        letters = tag.rstrip("0123456789")
        family = families[letters.lower()]
        best = max(family, key=lambda x: family[x])
        if best != letters:
            table[tag] = best + tag[len(letters) :]
    return TagTable(table)
