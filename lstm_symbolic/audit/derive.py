"""What ``derive`` prints: the adjoint recursion of a cell, the gradients that follow from it, and why each line holds."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from sympy import Eq

from ..calculus import RULES, Gradients, Step, backward, unrolled
from ..calculus.gradients import adjoints, key
from ..calculus.named_step import NamedStep
from ..calculus.vjp import table as rule_table
from ..cells import TIME, Cell, batched, cell, leaves, transposed
from ..errors import LstmSymbolicError
from ..expr import plain, write
from ..expr.nodes import Grad
from ..writing import Style, latex, mathml, style, typst, unicode
from ..writing.colors import colored
from .recheck import Rechecked, recheck
from .sides import named, sides

Lines = tuple[Eq, ...]


def derive(
    what: Any,
    wrt: str | None = None,
    truncate: int | None = None,
    steps: bool = False,
    rules: bool = False,
    format: str = "text",
    prove: bool = False,
    notation: str | Style = "default",
    outputs: Iterable[str] | None = None,
    unroll: int | None = None,
) -> str:
    """The gradients of a cell (its name, a file, or its equations), or of one parameter; ``outputs`` is what the loss reads at every
    step, ``unroll`` a number of steps to write out.

    >>> print(derive("rnn", wrt="W", format="plain"))
    grad(h[t]) = dL_h[t] + U.T @ delta_h[t + 1]
    delta_h[t] = grad(h[t]) * (1 - h[t] ** 2)
    grad(W) = Sum(delta_h[t] @ x[t].T, (t, 1, T))
    delta_h[T + 1] = 0
    """
    grads = backward(cell_of(what), truncate, outputs)
    symbolic = lines(grads, wrt)
    chosen = symbolic if unroll is None else unrolled(grads, unroll, wrt)
    pen = colored(style(notation), [grads.cell])
    reasons = [s for s in grads.steps if wrt is None or _belongs(s, symbolic)] if steps else []
    table = list(dict.fromkeys(f"{r.name}: {r.formula}" for r in RULES.values() if r.formula)) if rules else []
    proofs = [_said(r) for r in recheck(grads)] if prove else []
    if format == "json":
        return json.dumps({**_data(grads, chosen, reasons, table), **({"proofs": proofs} if prove else {})}, indent=1)
    notes = [*([] if format == "plain" else _notes(grads)), *proofs]
    if rules and format in ("latex", "typst"):
        return "\n".join([PAGES[format](chosen, reasons, notes, pen), PAGES[format](rule_table(), [], [], pen)])
    return PAGES[format](chosen, reasons, [*notes, *table], pen)


def _said(r: Rechecked) -> str:
    return f"{r.verdict.kind}: {plain(r.step.left)}" + (f" ({r.verdict.reason})" if r.verdict.reason else "")


def cell_of(what: Any) -> Cell:
    """The cell that a name, a file or equations describe."""
    held = named(what)
    if isinstance(held, Cell):
        return held
    if isinstance(held, str) and held.replace("_", "").replace("-", "").isalnum():
        return cell(held)  # says which names there are
    side = sides(held)[0]
    if side.is_formula:
        raise LstmSymbolicError("one formula is no cell", hint="give the equations of a step, h[t] = ... h[t - 1], or the name of a cell")
    about: dict[str, Any] = {"layout": side.layout} if side.layout else {}
    return Cell.from_terms(side.terms, side.shapes, outputs=side.outputs or None, **about)


def arranged(what: Any, layout: str | None = None, batch: str | None = None) -> Cell:
    """The cell with its vectors as columns or rows, for one sample or for a batch.

    >>> print(derive(arranged("rnn", "row", "B"), wrt="b", format="plain"))
    grad(h[t]) = dL_h[t] + delta_h[t + 1] @ U.T
    delta_h[t] = grad(h[t]) * (1 - h[t] ** 2)
    grad(b) = Sum(ones(B).T @ delta_h[t], (t, 1, T))
    delta_h[T + 1] = 0
    """
    c = cell_of(what)
    if layout is not None and c.layout not in (layout, "scalar"):
        c = transposed(c)
    return c if batch is None else batched(c, batch)


def lines(grads: Gradients, wrt: str | None = None) -> Lines:
    """The equations to print: those of one gradient or all, then what is zero beyond the last step."""
    if wrt is not None:
        found = grads.wrt(wrt)
    else:
        others = (*grads.inputs.values(), *grads.initial.values())
        found = (*grads.equations, *(Eq(s.left, s.right, evaluate=False) for s in grads.steps if any(s.right is o for o in others)))
    used = {key(a) for e in found for a in adjoints(e.rhs, grads.recursion)}
    return (*found, *(b for b in grads.boundary if key(b.lhs) in used))


def _belongs(step: Step, chosen: Lines) -> bool:
    """A step is shown with the lines it leads to: its adjoint is one of them, or is written out in one."""
    written_out = isinstance(step.left, Grad) and step.left.has(TIME) and any(_delta(e) == key(step.left) for e in chosen)
    return written_out or any(step.left == e.lhs for e in chosen)


def _delta(e: Eq) -> str:
    return key(e.lhs).removeprefix("delta_")


def _notes(grads: Gradients) -> list[str]:
    loss = ", ".join(f"{name}[t] is the gradient of the loss by {output}[t] alone" for output, name in grads.upstream.items())
    loss += "; where the loss reads the last step only, it is 0 for t < T"
    sizes = {name: grads.shapes[name] for name in (*grads.cell.inputs, *grads.cell.states)}
    wide = ", ".join(f"{name}[t] is {write(rows)} x {write(cols)}" for name, (rows, cols) in sizes.items() if 1 not in (rows, cols))
    inner = [f"{delta}[t] is the gradient by {argument}" for delta, argument in _inner(grads).items()]
    window = f"{grads.mask}[t] is 0 where t is a multiple of {grads.truncate}, and 1 elsewhere"
    unseen = _unseen(grads)
    aside = f"the loss does not see {', '.join(unseen)}, which nothing reads: --outputs {','.join([*grads.upstream, *unseen])} lets it"
    return [loss, *([wide] if wide else []), *inner, *([window] if grads.mask else []), *([aside] if unseen else [])]


def _unseen(grads: Gradients) -> list[str]:
    """What a step gives and nothing reads, neither the step nor the loss: ``h = o * c`` where only c is carried on."""
    read = {s.name for e in grads.cell.equations for s in leaves(e.rhs)}
    return [name for name in grads.cell.intermediates if name not in read and name not in grads.upstream]


def _inner(grads: Gradients) -> dict[str, str]:
    """The deltas of values that have more than one pre-activation, and what they are the gradients by."""
    step = NamedStep(grads.cell, grads.truncate, tuple(grads.upstream))
    count = Counter(step.owner.values())
    found = {symbol.name: plain(argument) for symbol, argument in step.arguments.items() if count[step.owner[symbol.name]] > 1}
    return {step.deltas[name]: argument for name, argument in found.items() if step.deltas[name] in grads.deltas}


def _data(grads: Gradients, chosen: Lines, reasons: list[Step], table: list[str]) -> dict[str, Any]:
    def texts(values: Any) -> dict[str, str]:
        return {name: plain(value) for name, value in values.items()}

    return {
        "cell": grads.cell.name,
        "truncate": grads.truncate,
        "equations": [plain(e) for e in chosen],
        "deltas": texts(grads.deltas),
        "parameters": texts(grads.parameters),
        "inputs": texts(grads.inputs),
        "initial": texts(grads.initial),
        "boundary": [plain(e) for e in grads.boundary],
        "upstream": dict(grads.upstream),
        "mask": grads.mask or None,
        "shapes": {name: ",".join(write(d) for d in shape) for name, shape in grads.shapes.items()},
        "steps": [{"left": plain(s.left), "right": plain(s.right), "rule": s.rule, "because": s.because} for s in reasons],
        "rules": table,
    }


def _text(chosen: Lines, reasons: list[Step], notes: list[str], pen: Style) -> str:
    parts = [unicode(list(chosen), pen)]
    if reasons:
        shown = unicode([(s.left, s.right) for s in reasons], pen).splitlines()
        parts.append("\n".join(f"{line}\n    {s.rule}: {s.because}" for line, s in zip(shown, reasons, strict=True)))
    return "\n\n".join([*parts, "\n".join(notes)])


def _plain(chosen: Lines, reasons: list[Step], notes: list[str], pen: Style) -> str:
    """Equations, so that every line can be read back; what else is asked for stands in comments."""
    return "\n".join([*(plain(e) for e in chosen), *(f"# {said}" for said in (*reasons, *notes))])


def _markdown(chosen: Lines, reasons: list[Step], notes: list[str], pen: Style) -> str:
    steps = [f"1. ${latex((s.left, s.right), pen)}$  \n   {s.rule}: {s.because}" for s in reasons]
    return "\n\n".join([f"$$\n{latex(list(chosen), pen)}\n$$", *(["\n".join(steps)] if steps else []), "\n".join(f"- {n}" for n in notes)])


def _html(chosen: Lines, reasons: list[Step], notes: list[str], pen: Style) -> str:
    steps = "".join(f"<li>{mathml((s.left, s.right), pen)} {html.escape(f'{s.rule}: {s.because}')}</li>\n" for s in reasons)
    said = "".join(f"<li>{html.escape(n)}</li>\n" for n in notes)
    return f"{mathml(list(chosen), pen)}\n" + (f"<ol>\n{steps}</ol>\n" if steps else "") + f"<ul>\n{said}</ul>"


def _latex(chosen: Lines, reasons: list[Step], notes: list[str], pen: Style) -> str:
    return "\n".join([latex(list(chosen), pen), *(f"% {s}" for s in (*reasons, *notes))])


def _typst(chosen: Lines, reasons: list[Step], notes: list[str], pen: Style) -> str:
    return "\n".join([typst(list(chosen), pen), *(f"// {s}" for s in (*reasons, *notes))])


PAGES: dict[str, Callable[[Lines, list[Step], list[str], Style], str]] = {
    "text": _text, "plain": _plain, "markdown": _markdown, "html": _html, "latex": _latex, "typst": _typst,
}  # fmt: skip
