"""The docstring of an exported file: the equations, where they come from, and how arrays lie."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from textwrap import wrap

from .naming import clean
from .plan import Plan

REUSED = "With a workspace, results hold until its next use."


def described(plan: Plan, library: str, remarks: str) -> list[str]:
    """The lines of the docstring; ``library`` is what the file computes with."""
    cell = plan.cell
    try:
        number = version("lstm_symbolic")
    except PackageNotFoundError:
        number = "unknown"
    what = "forward pass and backpropagation through time" if plan.gradients else "forward pass"
    written = f"Written by lstm_symbolic {clean(number)}{f', cell {clean(cell.name)}' if cell.name else ''}."
    loose = [name for name in cell.outputs if name not in plan.previous]
    zero = f"; {', '.join(loose)} {'is' if len(loose) == 1 else 'are'} 0 there" if loose else ""
    layout = f"Arrays are time-major, (T, B, features) for T steps of B samples. A missing state is 0. A step whose mask (T, B) is 0 \
leaves every state of the sample as it is{zero}. {remarks}"
    lines = [
        f'"""{clean(cell.title) or "A recurrent cell"}: {what} in {library}.',
        "",
        *(f"    {clean(line)}" for line in cell.plain()),
        "",
    ]
    return [*lines, *wrap(f"{clean(cell.paper)}. {written}" if cell.paper else written, 138), *wrap(f'{layout}"""', 138), ""]
