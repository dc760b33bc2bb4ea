"""Every cell of the zoo in every notation: is the printed LaTeX, read back, proved equal to the cell? And are its gradients the same?

``python benchmarks/round_trip.py [NOTATION...]`` prints a line for each that is not, and a count. The tests run LSTM, GRU and a sample.
Some cells are told their shapes, since their formulas do not say them; they are compared in the layout of the notation. Gradients are
compared line by line, up to a one-to-one renaming of symbols.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

import lstm_symbolic as ls
from lstm_symbolic.calculus.backward import backward
from lstm_symbolic.calculus.gradients import Gradients
from lstm_symbolic.cells import Cell, cells, leaves
from lstm_symbolic.expr import shape_of
from lstm_symbolic.expr.dims import write
from lstm_symbolic.reading import Source, read_document
from lstm_symbolic.writing import NOTATIONS
from lstm_symbolic.writing.show import in_notation

WORD = re.compile(r"[A-Za-z_]\w*")
#: Cells whose formulas leave a shape open: of a picture, of a scalar gate, of the n in a mean.
UNSAID = {"conv_lstm", "lstm_layer_norm", "mlstm", "mlstm_stabilised"}


def read_back(text: str, declared: Iterable[str] = ()) -> list[str]:
    """The printed lines in plain syntax; a line that was repaired counts as not read."""
    lines = [f"${d}$\n" for d in declared] + [f"$$\n{text}\n$$\n"]
    formulas = read_document(Source("printed.md", "\n".join(lines))).formulas
    return [f.plain or "" if f.status == "read" else f.status for f in formulas if f.kind != "declaration"]


def declarations(obj: Cell | Gradients, notation: str) -> list[str]:
    r"""``W_f \in \mathbb{R}^{n \times m}`` for every symbol of the equations."""
    symbols = {s.name: s for e in obj.equations for side in e.args for s in leaves(side)}
    names = [line.removesuffix(r"\\").strip("& ") for line in ls.latex(list(symbols.values()), notation).split("\n")[1:-1]]
    spaces = [r" \times ".join(write(d) for d in shape_of(s) if d != 1) or "1" for s in symbols.values()]
    return [rf"{name} \in \mathbb{{R}}^{{{space}}}" for name, space in zip(names, spaces, strict=True)]


def renaming(wrote: Sequence[str], read: Sequence[str]) -> dict[str, str]:
    """Every name of the first lines, and what stands in its place in the second; empty where that is not one-to-one."""
    names: dict[str, str] = {}
    for a, b in zip(wrote, read, strict=True) if len(wrote) == len(read) else ():
        names = dict(zip(WORD.findall(a), WORD.findall(b), strict=False)) | names
    return names if len(set(names.values())) == len(names) else {}


def renamed_back(names: dict[str, str], line: str) -> str:
    back = {new: old for old, new in names.items()}
    return WORD.sub(lambda m: back.get(m[0], "unknown"), line)


def shapes_of(obj: Cell | Gradients) -> dict[str, str]:
    return {s.name: ",".join(write(d) for d in shape_of(s)) for e in obj.equations for side in e.args for s in leaves(side)}


def cell_verdict(cell: Cell, notation: str) -> str:
    """The prover finds the renaming; where it does not in its time, or shapes are open, the names by their places are given to it."""
    text = ls.latex(cell, notation)
    if cell.name not in UNSAID:
        return str(ls.compare(text, cell).kind)
    own = in_notation(cell, notation)
    read = read_back(text, declarations(own, notation))
    names = renaming(own.plain(), read)
    return str(ls.compare([renamed_back(names, line) for line in read], own, plain=True, shapes=shapes_of(own)).kind)


def gradient_verdict(cell: Cell, notation: str) -> str:
    grads = backward(in_notation(cell, notation))
    declared = declarations(grads, notation) if cell.name in UNSAID else []
    read = read_back(ls.latex(grads, notation), declared)
    names, shapes = renaming(grads.plain(), read), shapes_of(grads)
    if not names:
        return "not the same"
    for line, again in zip(grads.plain(), (renamed_back(names, r) for r in read), strict=True):
        if line != again:
            (left, right), (left2, right2) = line.split(" = ", 1), again.split(" = ", 1)
            kind = ls.compare(right, right2, plain=True, shapes=shapes).kind
            if left != left2 or kind != "proved":
                return str(kind)
    return "proved"


def main(notations: list[str]) -> int:
    counts: Counter[tuple[str, str]] = Counter()
    for notation in notations or NOTATIONS:
        for name in cells():
            for what, judge in (("cell", cell_verdict), ("gradients", gradient_verdict)):
                try:
                    verdict = judge(ls.cell(name), notation)
                except Exception as error:  # a failure is counted with its name
                    verdict = type(error).__name__
                good = verdict in ("proved", "proved-under")
                counts[what, "proved" if good else "not"] += 1
                if not good:
                    print(f"{what} {name} in {notation}: {verdict}", flush=True)
    for what in ("cell", "gradients"):
        same, other = counts[what, "proved"], counts[what, "not"]
        print(f"{what}: {same} of {same + other} proved equal")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
