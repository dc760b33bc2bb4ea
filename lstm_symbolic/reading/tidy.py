"""Before the grammar: boxes, colours, tags and alignment go, and a span falls into its statements.

A span of a document often holds several formulas (``\\\\``, ``\\qquad``, a comma, "and" between them), or one formula over several
rows of an alignment (a row that starts with an operator goes on).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .names import WORDS
from .tokens import Token
from .vocabulary import RELATIONS

#: Commands that vanish together with this many groups; a negative count keeps the last group's content.
_DROP = {
    r"\tag": 1, r"\tag*": 1, r"\label": 1, r"\bbox": -1, r"\vspace": 1, r"\mspace": 1, r"\phantom": 1, r"\hphantom": 1, r"\vphantom": 1,
    r"\color": 1, r"\ref": 1, r"\eqref": 1, r"\cite": 1, r"\kern": 0, r"\rule": 2, r"\class": -2, r"\cssId": -2, r"\textcolor": -2,
    r"\colorbox": -2, r"\boxed": -1, r"\fbox": -1, r"\cancel": -1, r"\smash": -1, r"\mathstrut": 0, r"\htmlClass": -2, r"\raise": 0,
    r"\underset": -2, r"\overset": -2, r"\stackrel": -2, r"\ensuremath": -1, r"\mathord": -1, r"\mathopen": 0, r"\mathclose": 0,
}  # fmt: skip
_ALIGNMENTS = {
    "align", "aligned", "gather", "gathered", "split", "equation", "eqnarray", "multline", "alignat", "alignedat", "flalign",
    "displaymath", "math", "subequations",
}  # fmt: skip
#: Environments of entries; one whose entries are equations is an alignment.
_TABLES = {"array", "cases", "dcases", "rcases", "matrix", "tabular"}
_OPEN, _CLOSE = {"(", "[", "{", r"\{", r"\lbrack", r"\lbrace"}, {")", "]", "}", r"\}", r"\rbrack", r"\rbrace"}
_OPERATORS = {
    "+", "-", "*", "/", "=", r"\cdot", r"\odot", r"\circ", r"\otimes", r"\times", r"\ast", r"\star", r"\approx", r"\oplus", r"\bullet",
}  # fmt: skip
_BREAKS = {r"\\", r"\cr", r"\newline", r"\quad", r"\qquad", r"\implies", r"\Rightarrow", r"\iff", r"\Longrightarrow", r"\hskip", r"\par"}
#: Signs of MATLAB: entry by entry.
_POINTWISE = {"*": r"\odot", "/": "/"}
#: A space of an em and more stands between formulas.
_WIDE = re.compile(r"\{(?:\d*[1-9]\d*(?:\.\d+)?(?:em|cm|in)|\d{2,}(?:pt|mm|px))\}")
#: Marks that stand for rows which are left out.
_LEFT_OUT = {r"\vdots", r"\ddots", r"\dots", r"\ldots", r"\cdots"}
FUNCTION_WORDS = {
    "sigmoid", "sigm", "sig", "tanh", "softmax", "exp", "max", "min", "diag", "relu", "ReLU", "log", "ln", "softplus", "logistic", "norm",
    "trace", "tr", "sign", "sgn", "abs", "silu", "sqrt", "hardsigmoid", "concat", "Concat",
}  # fmt: skip


def group_end(tokens: Sequence[Token], k: int) -> int:
    """The position after the group (or single token) that starts at ``k``."""
    if k >= len(tokens) or tokens[k].text != "{":
        return min(k + 1, len(tokens))
    depth = 0
    while k < len(tokens):
        depth += (tokens[k].text == "{") - (tokens[k].text == "}")
        k += 1
        if depth == 0:
            break
    return k


def tidy(tokens: Sequence[Token]) -> list[Token]:
    """Tokens without layout commands, boxes and colours."""
    out: list[Token] = []
    k = 0
    while k < len(tokens):
        token = tokens[k]
        if token.text in (r"\hspace", r"\hspace*"):
            end = group_end(tokens, k + 1)
            wide = _WIDE.fullmatch("".join(t.text for t in tokens[k + 1 : end]))
            out += [Token("cmd", r"\quad", token.start, tokens[end - 1].end)] if wide else []
            k = end
        elif token.text in _DROP:
            k += 1
            if k < len(tokens) and tokens[k].text == "[":
                while k < len(tokens) and tokens[k].text != "]":
                    k += 1
                k += 1
            for count in range(abs(_DROP[token.text])):
                end = group_end(tokens, k)
                if _DROP[token.text] < 0 and count == abs(_DROP[token.text]) - 1:
                    inner = tidy(tokens[k + 1 : end - 1] if k < len(tokens) and tokens[k].text == "{" else tokens[k:end])
                    out += inner
                k = end
        elif token.text in (r"\underbrace", r"\overbrace"):
            end = group_end(tokens, k + 1)
            out += tidy(tokens[k + 1 : end])
            k = group_end(tokens, end + 1) if end < len(tokens) and tokens[end].text in "_^" else end
        elif token.text == "{" and k + 2 < len(tokens) and tokens[k + 1].text in _OPERATORS and tokens[k + 2].text == "}":
            out.append(tokens[k + 1])
            k += 3
        elif token.text == "." and k + 1 < len(tokens) and tokens[k + 1].text in _POINTWISE and not tokens[k + 1].gap:
            out.append(replace(tokens[k + 1], text=_POINTWISE[tokens[k + 1].text], start=token.start))
            k += 2
        elif token.text == r"\begin" and (end := _table_of_equations(tokens, k)):
            if out and out[-1].text in (r"\{", r"\lbrace"):
                out.pop()
            start = group_end(tokens, k + 1)
            start = group_end(tokens, start) if tokens[start].text == "{" else start
            mark = Token("cmd", r"\\", token.start, token.end)
            out += [mark, *tidy(tokens[start:end]), replace(mark, start=tokens[end].start, end=tokens[end].end)]
            k = group_end(tokens, end + 1)
        elif token.text in (r"\begin", r"\end") and _environment(tokens, k).rstrip("*") in _ALIGNMENTS:
            end = group_end(tokens, k + 1)
            out.append(Token("cmd", r"\\", token.start, token.end))
            k = group_end(tokens, end) if "alignat" in _environment(tokens, k) or "alignedat" in _environment(tokens, k) else end
        else:
            out.append(token)
            k += 1
    return out


def _table_of_equations(tokens: Sequence[Token], k: int) -> int:
    """The position of the ``\\end`` of a table that starts at ``k`` and whose cells are equations; 0 for any other."""
    if _environment(tokens, k).rstrip("*") not in _TABLES:
        return 0
    depth, brackets, equation = 0, 0, False
    for j in range(k, len(tokens)):
        depth += (tokens[j].text == r"\begin") - (tokens[j].text == r"\end")
        if depth == 0:
            return j if equation else 0
        brackets += (tokens[j].text in _OPEN) - (tokens[j].text in _CLOSE)
        equation = equation or (depth == 1 and brackets == 0 and tokens[j].text == "=")
    return 0


def _environment(tokens: Sequence[Token], k: int) -> str:
    return "".join(t.text for t in tokens[k + 2 : group_end(tokens, k + 1) - 1])


def _is_words(tokens: Sequence[Token], k: int) -> bool:
    """``\\text{and}``: words between formulas, not a function or a name."""
    if k >= len(tokens) or tokens[k].text not in (r"\text", r"\textrm", r"\mbox", r"\textbf", r"\textit", r"\textnormal"):
        return False
    if k and tokens[k - 1].text in ("_", "^"):
        return False
    inner = [t.text for t in tokens[k + 2 : group_end(tokens, k + 1) - 1]]
    after = tokens[group_end(tokens, k + 1)].text if group_end(tokens, k + 1) < len(tokens) else ""
    if k and after == "(" and tokens[k - 1].text in _OPERATORS | RELATIONS | _OPEN and all(t.isalpha() or t in "-_" for t in inner):
        return False  # an operand is due: \text{hard sigmoid}(a) is a function
    label = k == 0 and after == "(" and "".join(inner) not in FUNCTION_WORDS
    return not (len(inner) == 1 and (inner[0] in FUNCTION_WORDS or after in ("(", "_", "^", "="))) or label


def split(tokens: Sequence[Token]) -> list[list[Token]]:
    """The statements of a span, each a list of tokens without the closing ``end``.

    Breaks count only outside brackets and matrices; a row that starts with an operator continues the one before.
    """
    tokens = tidy([t for t in tokens if not t.is_end])
    statements: list[list[Token]] = [[]]
    depth = matrices = 0
    k = 0
    while k < len(tokens):
        token = tokens[k]
        if not statements[-1] and not depth and not matrices and (end := _listed(tokens, k)):
            opened, closed = (Token("op", text, at, at) for text, at in (("(", token.start), (")", tokens[end - 1].end)))
            statements[-1] += [opened, *tokens[k:end], closed]
            k = end
            continue
        if token.text == r"\begin":
            matrices += 1
        elif token.text == r"\end":
            matrices = max(0, matrices - 1)
        depth = max(0, depth + (token.text in _OPEN) - (token.text in _CLOSE))
        if matrices or token.text in (r"\begin", r"\end"):
            statements[-1].append(token)
            k += 1
            continue
        if token.text == r"\\" and k + 1 < len(tokens) and tokens[k + 1].text == "[":
            while k + 1 < len(tokens) and tokens[k + 1].text != "]":
                k += 1
            k += 1
        if depth == 0 and (token.text in _BREAKS or _is_words(tokens, k)):
            k = group_end(tokens, k + 1) if _is_words(tokens, k) else k + 1
            if not _continues(tokens, k, statements[-1]):
                statements.append([])
        elif token.text == "&" or token.text in _BREAKS:
            k += 1
            if depth and k < len(tokens):
                tokens[k] = replace(tokens[k], wide=True)
        elif depth == 0 and token.text in (",", ";", ".") and _ends(tokens, k):
            statements.append([])
            k += 1
        else:
            statements[-1].append(token)
            k += 1
    statements = [_unwrapped(s) for s in statements]
    return [s for s in statements if any(t.kind in ("word", "cmd", "num") and t.text not in _LEFT_OUT for t in s)]


def _listed(tokens: Sequence[Token], k: int) -> int:
    """The end of ``h_t, c_t`` in ``h_t, c_t = LSTM(x_t, h_{t-1}, c_{t-1})``, where one call gives all of them; 0 for anything else."""
    end, commas = _symbol_end(tokens, k), 0
    while end > k and end < len(tokens) and tokens[end].text == ",":
        k, commas = end + 1, commas + 1
        end = _symbol_end(tokens, k)
    equals = end + (end < len(tokens) and tokens[end].text == "&")
    if not commas or end == k or equals >= len(tokens) or tokens[equals].text != "=":
        return 0
    called = _symbol_end(tokens, equals + 1)
    called += called < len(tokens) and tokens[called].text == r"\left"
    return end if called > equals + 1 and called < len(tokens) and tokens[called].text in ("(", "[") else 0


def _symbol_end(tokens: Sequence[Token], k: int) -> int:
    """The position after a symbol with its accents and indices; ``k`` where none stands."""
    if k >= len(tokens) or tokens[k].kind not in ("word", "cmd") or tokens[k].text in _BREAKS:
        return k
    k += 1
    while k < len(tokens) and tokens[k].text in ("_", "^", "{"):
        k = group_end(tokens, k + (tokens[k].text != "{"))
    return k


def _unwrapped(statement: list[Token]) -> list[Token]:
    """A statement without braces around the whole of it, as ``{\\small ...}`` leaves them."""
    while statement and statement[0].text == "{" and statement[-1].text == "}" and group_end(statement, 0) == len(statement):
        statement = statement[1:-1]
    return statement


def _continues(tokens: Sequence[Token], k: int, before: Sequence[Token]) -> bool:
    """Does the row that starts at ``k`` go on with the statement before it?"""
    while k < len(tokens) and tokens[k].text == "&":
        k += 1
    if k >= len(tokens) or not before:
        return False
    return tokens[k].text in _OPERATORS | {r"\in"} or before[-1].text in _OPERATORS


def _ends(tokens: Sequence[Token], k: int) -> bool:
    """Is this comma (or full stop) the end of a statement: what follows is nothing, or holds an ``=`` of its own?"""
    rest = tokens[k + 1 :]
    if tokens[k].text == ".":
        return not [t for t in rest if t.text not in (r"\\", "&", "}", r"\end")]
    depth = 0
    for t in rest:
        depth += (t.text in _OPEN) - (t.text in _CLOSE)
        if depth == 0 and t.text in (",", ";", r"\\", r"\qquad", r"\quad"):
            return False
        if depth == 0 and t.text in ("=", r"\in"):
            return True
    return not any(t.kind in ("word", "cmd", "num") for t in rest)


__all__ = ["FUNCTION_WORDS", "WORDS", "group_end", "split", "tidy"]
