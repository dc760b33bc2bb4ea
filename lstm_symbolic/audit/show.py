"""What ``show`` and ``zoo`` print: equations in a markup and a notation, and the known cells with their sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sympy import Basic, Eq

from ..cells import Cell, cell, cells, parameter_count
from ..expr import plain
from ..expr.dims import write as write_dimension
from ..writing import latex, mathml, typst, unicode
from ..writing.diagram import diagram
from ..writing.style import Style
from .derive import cell_of
from .sides import Side, named, sides, systems_of
from .terminal import pad, width

_WRITERS: dict[str, Callable[..., str]] = {"latex": latex, "typst": typst, "mathml": mathml, "unicode": unicode}
_LINES: dict[str, Callable[[Basic], str]] = {"plain": plain, "sympy": str}


def show(what: Any, markup: str = "unicode", notation: str | Style | None = None) -> str:
    """A cell, a formula, a system, or every system of a file, in a markup (``plain`` and ``sympy`` included).

    >>> print(show("rnn", "plain"))
    h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)
    >>> print(show("o[t] * tanh(C[t])", "latex"))
    o_t \\tanh(C_t)
    """
    held = named(what)
    if isinstance(held, Cell):
        return _write(held, held.equations, markup, notation)
    found = list(systems_of(held).values()) if isinstance(held, Path) else sides(held)
    return "\n\n".join(_side(side, markup, notation) for side in found)


def _side(side: Side, markup: str, notation: str | Style | None) -> str:
    if side.is_formula:
        formula = side.formula()
        return _write(formula, [formula], markup, notation)
    equations = [Eq(left, right, evaluate=False) for left, right in side.system()]
    return _write(equations[0] if len(equations) == 1 else equations, equations, markup, notation)


def _write(whole: Any, lines: Iterable[Basic], markup: str, notation: str | Style | None) -> str:
    if markup in _LINES:
        return "\n".join(_LINES[markup](e) for e in lines)
    return _WRITERS[markup](whole, notation or "default")


def picture(what: Any, markup: str, notation: str | Style | None = None) -> str:
    """The diagram of a cell: of its name, a file, or its equations."""
    return diagram(cell_of(what), markup, notation or "default")


def zoo(name: str | None = None) -> list[dict[str, Any]]:
    """The known cells as data, or one of them.

    >>> zoo("rnn")[0]["parameters"]
    {'W': 'n,m', 'U': 'n,n', 'b': 'n,1'}
    """
    return [_row(cell(n)) for n in ([name] if name else cells())]


def _row(c: Cell) -> dict[str, Any]:
    return {
        "name": c.name,
        "title": c.title,
        "paper": c.paper,
        "aliases": list(c.aliases),
        "equations": c.plain(),
        "inputs": list(c.inputs),
        "states": list(c.states),
        "outputs": list(c.outputs),
        "parameters": {p: ",".join(write_dimension(d) for d in c.shapes[p]) for p in c.parameters},
        "parameter_count": plain(parameter_count(c)),
    }


def zoo_text(rows: list[dict[str, Any]]) -> str:
    """One line for each of many cells, a page for a single one."""
    if len(rows) == 1:
        return _page(rows[0])
    sizes = [max(width(row[key]) for row in rows) for key in ("name", "parameter_count")]
    return "\n".join(f"{pad(r['name'], sizes[0])}  {pad(r['parameter_count'], sizes[1])}  {r['title']}" for r in rows)


def _page(row: dict[str, Any]) -> str:
    shapes = "  ".join(f"{name}: {shape}" for name, shape in row["parameters"].items())
    lines = [
        f"{row['name']}: {row['title']}",
        *([f"also called {', '.join(row['aliases'])}"] if row["aliases"] else []),
        row["paper"],
        "",
        unicode(cell(row["name"])),
        "",
        f"inputs {', '.join(row['inputs'])};  states {', '.join(row['states'])};  outputs {', '.join(row['outputs'])}",
        f"parameters  {shapes}",
        f"{row['parameter_count']} numbers to learn",
    ]
    return "\n".join(lines)
