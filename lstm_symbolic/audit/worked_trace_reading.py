"""The steps of a trace as a document lists them: ``input: 3``, ``input_gate: open``, ``memory cell: 7``, bullets and languages aside.

A step begins at an input that is a whole vector, where a part comes a second time, or after a stretch of other text; it is kept where it
has an input and a memory; a list without any gate is no trace. Nothing is judged here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .worked_values import NUMBER, Stated

_GAP = 160
_S = r"(?:\\?[_ -])?"
#: The parts of a step and what they are called; the longer names first.
_NAMES: tuple[tuple[str, str], ...] = (
    ("input_gate", rf"(?:input|write){_S}gate|輸入[閘門]門?|输入门|入力ゲート|cổng{_S}(?:vào|nhập)"),
    ("forget_gate", rf"(?:forget|keep){_S}gate|遺忘[閘門]門?|遗忘门|忘却ゲート|cổng{_S}quên"),
    ("output_gate", rf"(?:output|read){_S}gate|輸出[閘門]門?|输出门|出力ゲート|cổng{_S}(?:ra|xuất)"),
    ("memory", rf"memory(?:{_S}cell)?|cell{_S}state|記憶(?:單元|體)?|记忆(?:单元)?|bộ{_S}nhớ"),
    ("output", rf"output|輸出|输出|出力|đầu{_S}ra"),
    ("input", rf"input|輸入|输入|入力|đầu{_S}vào"),
)  # fmt: skip
_OPEN, _CLOSED = r"open(?:ed)?|on|開|开|打[開开]|mở", r"closed?|shut|off|關閉?|关闭?|đóng"
_N = NUMBER.pattern
_PART = "|".join(f"(?P<{part}>{names})" for part, names in _NAMES)
_ITEM = re.compile(
    rf"(?<!\w)(?:{_PART})[*`]*[ \t]*[:：=][ \t]*[*`$]*"
    rf"(?:(?P<vector>[(\[]\s*{_N}(?:\s*,\s*{_N})+\s*[)\]])|(?P<number>{_N})|(?P<open>{_OPEN})|(?P<closed>{_CLOSED})|init(?:ial)?\s*(?P<init>{_N}))"
    r"(?![.,]?\w)",
    re.IGNORECASE,
)
_START = re.compile(
    rf"(?:initial|初始|ban đầu)\s*(?:的\s*)?(?:memory(?:{_S}cell)?|記憶|记忆)\s*(?:is|=|:|為|为|是|là)\s*(?P<init>{_N})", re.IGNORECASE
)


@dataclass(frozen=True)
class Step:
    """One step: part -> its printed number, an open gate as 1 and a closed one as 0."""

    parts: Mapping[str, Stated]

    @property
    def span(self) -> tuple[int, int]:
        return next(iter(self.parts.values())).span


@dataclass(frozen=True)
class Trace:
    """All steps in order, and the memory before the first (0 unless stated)."""

    steps: tuple[Step, ...]
    start: Fraction = Fraction(0)


def read_trace(text: str) -> Trace:
    """The steps that a text lists.

    >>> trace = read_trace("1. input: (3, 1)\\n  - input: 3\\n  - memory_cell: 3\\n2. input: 4, input gate: open, memory: 7")
    >>> [{part: x.text for part, x in step.parts.items()} for step in trace.steps]
    [{'input': '3', 'memory': '3'}, {'input': '4', 'input_gate': '1', 'memory': '7'}]
    """
    said = _START.search(text)
    start = _number(said, "init").value if said is not None else Fraction(0)
    blocks: list[dict[str, Stated]] = [{}]
    end = 0
    for m in _ITEM.finditer(text):
        part = next(p for p, _ in _NAMES if m[p])
        if m["init"] is not None:
            start = _number(m, "init").value
            continue
        if m["vector"] or part in blocks[-1] or m.start() - end > _GAP:
            blocks.append({})
        if m["vector"] is None:
            blocks[-1][part] = _stated(m)
        end = m.end()
    steps = [Step(b) for b in blocks if "input" in b and "memory" in b]
    gates = any(part.endswith("gate") for s in steps for part in s.parts)
    return Trace(tuple(steps) if gates else (), start)


def _stated(m: re.Match[str]) -> Stated:
    if m["number"] is not None:
        return _number(m, "number")
    return Stated("1", m.span("open")) if m["open"] is not None else Stated("0", m.span("closed"))


def _number(m: re.Match[str], group: str) -> Stated:
    return Stated(m[group], m.span(group))


__all__ = ["Step", "Trace", "read_trace"]
