"""The words beside symbols: legends, and what a text says of gates.

A legend that calls ``C_t`` the candidate where the equations compute the candidate as another symbol; a function that changes its letter
between steps; a text that speaks of a gate's input where it means the gate's value. Words are matched in the languages of the tables
below; an unknown language is no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..expr.plain import write
from ..expr.term import Term
from ..reading.document import Document, Formula
from .normal import NormalSystem
from .places import finding, label, where
from .recognise import Match
from .report import Finding

#: What a role is called -> the roles of the zoo that it can be.
ROLE_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"candidate|ứng viên|候选|候選|candidat|кандидат", ("C_tilde", "c_tilde", "g", "h_tilde")),
    (r"forget gate|keep gate|cổng quên|遗忘门|遺忘門|忘却ゲート|망각", ("f", "G_f")),
    (r"input gate|write gate|cổng (?:vào|nhập)|输入门|輸入門|入力ゲート|입력 게이트", ("i", "G_u")),
    (r"output gate|read gate|cổng (?:ra|xuất)|输出门|輸出門|出力ゲート|출력 게이트", ("o", "G_o")),
    (r"new cell state|previous cell state|cell state|trạng thái ô|细胞状态|細胞狀態", ("C", "c")),
    (r"hidden state|trạng thái ẩn|隐藏状态|隱藏狀態|隠れ状態|은닉", ("h", "a")),
)
#: "the input of the ... gate is 0 (or 1)": what decides is the gate's value, not its input.
_GATE_INPUT = re.compile(
    r"(?P<gate>(?:forget|input|output)\s*gate)\s*(?:的)?(?:輸入|输入|'s input|input)\s*(?:為|为|是|is|equals|=)\s*(?P<value>[01])(?![\d.])",
    re.IGNORECASE,
)


def legend_findings(document: Document, judged: Sequence[tuple[NormalSystem, Match]]) -> Iterator[Finding]:
    yield from _roles(document, judged)
    yield from _functions(document)
    yield from _gate_inputs(document)


def _words_after(document: Document, f: Formula) -> str:
    """The words that follow a symbol on its line."""
    end = document.source.text.find("\n", f.end)
    rest = document.source.text[f.end : end if end >= 0 else len(document.source.text)]
    return re.sub(r"^[$`)\]\\\s:=–-]+", "", rest)[:60]


def _roles(document: Document, judged: Sequence[tuple[NormalSystem, Match]]) -> Iterator[Finding]:
    """Legends against the equations."""
    said: dict[str, list[tuple[Formula, str]]] = {}
    for f in document.formulas:
        if f.kind != "symbol" or f.equation is None or f.equation.sides[0].op != "sym":
            continue
        words = _words_after(document, f)
        role = next((r for pattern, r in ROLE_WORDS if re.match(rf"(?:the |new )?(?:{pattern})", words, re.IGNORECASE)), None)
        if role is None:
            continue
        name = f.equation.sides[0].name
        said.setdefault(f.plain, []).append((f, words.strip()))
        for _, match in judged:
            actual = match.roles.get(name)
            owner = next((mine for mine, known in match.roles.items() if known in role), None)
            if actual is not None and actual not in role and owner is not None and owner != name:
                other = next((g for g, _ in said[f.plain] if g is not f), None)
                labels = [label(document, (other.start, other.end), "the same symbol with another meaning")] if other else []
                actual_name = _role_name(actual)
                place = f"in the equations that is {owner}[t], and {name} is the {actual_name}"
                message = f"the legend calls {f.plain} {_quoted(words)}; {place}"
                yield finding(document, "W302", (f.start, f.end), message, f, wrote=f.plain, expected=f"{owner}[t]", labels=labels)
                break


def _quoted(words: str) -> str:
    return "'" + re.split(r"[.,;()]", words)[0].strip()[:40] + "'"


def _role_name(role: str) -> str:
    names = {
        "C": "cell state",
        "c": "cell state",
        "h": "hidden state",
        "a": "hidden state",
        "f": "forget gate",
        "i": "input gate",
        "o": "output gate",
    }
    return names.get(role, "candidate" if "tilde" in role else role)


def _functions(document: Document) -> Iterator[Finding]:
    """``g(z_i)`` in one step, ``f(z_i)`` in the equations: two function letters changed places."""
    stated: dict[str, tuple[str, Formula]] = {}
    calls = [
        (f, c)
        for f in document.formulas
        if f.equation is not None
        for s in f.equation.sides
        for c in s.walk()
        if c.op == "call" and len(c.args) == 1
    ]
    known = {"sigmoid", "tanh", "exp", "log", "softmax", "relu", "sqrt", "dtanh", "dsigmoid", "max", "abs"}
    for f, c in calls:
        if f.kind == "equation" and c.name not in known:
            stated.setdefault(_argument(c), (c.name, f))
    for f, c in calls:
        here = stated.get(_argument(c))
        if f.kind != "expression" or here is None or here[0] == c.name or c.name in known:
            continue
        right, line = here
        message = f"{write(c)} here, {right}({_argument(c)}) in {where(document, line)}: two function letters are exchanged"
        spot = [label(document, (line.start, line.end), f"{right} is applied to it here")]
        yield finding(document, "W308", (f.start, f.end), message, f, wrote=f.plain, expected=f"{right}({_argument(c)})", labels=spot)


def _argument(call: Term) -> str:
    return write(call.args[0]).lower()


def _gate_inputs(document: Document) -> Iterator[Finding]:
    for m in _GATE_INPUT.finditer(document.source.text):
        value = {"0": "0.5", "1": "0.731…"}[m["value"]]
        message = f"the gate's value is meant, not its input: with input {m['value']} the gate is sigmoid({m['value']}) = {value}"
        yield finding(document, "W309", m.span(), message, notes=[("read", f"{m['gate']} = {m['value']} (its value after the sigmoid)")])


__all__ = ["legend_findings"]
