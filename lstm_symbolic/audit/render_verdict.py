"""One verdict on a terminal: what was decided, and why it can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .terminal import Style, wrap
from .witness import values_text

_HEADLINES = {
    "proved": ("good", "equal for all values"),
    "proved-where-defined": ("good", "equal wherever both sides are defined"),
    "proved-under": ("good", "equal as families, under a mapping of the parameters"),
    "refuted": ("error", "not equal"),
    "undecided": ("warning", "neither a proof nor a counterexample was found"),
}


def render_verdict(verdict: Mapping[str, Any], style: Style | None = None) -> str:
    """The JSON object of ``compare`` in words.

    >>> print(render_verdict({"verdict": "proved-under", "under": {"W_z": "-W_z"}}))
    proved-under  equal as families, under a mapping of the parameters
      under        W_z := -W_z
    """
    style = style or Style()
    kind = str(verdict["verdict"])
    role, words = _HEADLINES[kind]
    lines = [f"{style.paint(f'{kind:12}', role)}  {words}"]
    for label, text in _rows(verdict):
        for k, part in enumerate(wrap(text, style.width - 15)):
            head = f"{label if k == 0 else '':11}"
            lines.append(f"  {style.paint(head, 'label')}  {part}".rstrip())
    return "\n".join(lines)


def _rows(verdict: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in (verdict.get("under") or {}).items():
        yield "under", f"{name} := {value}"
    renamed = [f"{a} → {b}" for a, b in (verdict.get("names") or {}).items() if a != b]
    if renamed:
        yield "names", ", ".join(renamed)
    for condition in verdict.get("where") or ():
        yield "where", str(condition)
    witness = verdict.get("witness")
    if witness:
        yield "at", values_text(witness["values"]) or "all values"
        yield "left", str(witness["left"])
        yield "right", str(witness["right"])
    instance = verdict.get("instance")
    if instance:
        other = "right" if instance["of"] == "left" else "left"
        under = ", ".join(f"{k} := {v}" for k, v in instance["under"].items())
        yield "instance", f"the {other} side is the special case of the {instance['of']} one with {under}"
    if "generalises" in verdict:
        yield "generalises", "yes: the right side is the left one or a special case of it" if verdict["generalises"] else "no"
    if verdict.get("reason"):
        yield "because", str(verdict["reason"])
