"""Runs the worked derivations and writes what they say and show as Markdown: ``python derivations/render.py`` renews every .md file.

A derivation is a script in percent format: ``# %% [markdown]`` begins prose, ``# %%`` code. Code calls ``show`` for what a reader should
see, and asserts what the prose claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lstm_symbolic as ls

HERE = Path(__file__).parent


def scripts() -> list[Path]:
    """Every derivation."""
    return sorted(p for p in HERE.glob("*.py") if p.name != Path(__file__).name)


def cells(text: str) -> Iterator[tuple[bool, str]]:
    """(is it prose?, the text) for each cell."""
    for part in text.split("# %%")[1:]:
        head, _, body = part.partition("\n")
        prose = "[markdown]" in head
        yield prose, "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.splitlines()) if prose else body


def markdown(path: Path) -> str:
    """The Markdown of one derivation; a claim that does not hold is an AssertionError."""
    parts: list[str] = []

    def show(thing: Any, notation: str = "default") -> None:
        parts.append(f"$$\n{ls.latex(thing, notation)}\n$$")

    world: dict[str, Any] = {"ls": ls, "show": show}
    for prose, body in cells(path.read_text(encoding="utf-8")):
        if prose:
            parts.append(body.strip())
        else:
            exec(compile(body, str(path.name), "exec"), world)
    parts.append(f"*Written by [{path.name}]({path.name}), which also proves what is said here.*")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    for script in scripts():
        script.with_suffix(".md").write_text(markdown(script), encoding="utf-8")
