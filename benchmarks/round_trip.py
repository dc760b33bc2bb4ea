"""Every cell of the zoo in every notation: is the printed LaTeX, read back, proved equal to the cell? And are its gradients the same?

``python benchmarks/round_trip.py [NOTATION...]`` prints a line for each that is not, and a count. The tests run LSTM, GRU and a sample.
A convolution is told its shapes, since the formulas do not say how large a picture is. Gradients are compared line by line, up to a
one-to-one renaming of symbols.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence

import lstm_symbolic as ls
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import Cell
from lstm_symbolic.expr.dims import write
from lstm_symbolic.reading import Source, read_document
from lstm_symbolic.writing import NOTATIONS
from lstm_symbolic.writing.show import in_notation

WORD = re.compile(r"[A-Za-z_]\w*")


def read_back(text: str) -> list[str]:
    """The printed lines in plain syntax; a line that was repaired counts as not read."""
    formulas = read_document(Source("printed.md", f"$$\n{text}\n$$\n")).formulas
    return [f.plain or "" if f.status == "read" else f.status for f in formulas]


def renaming(wrote: Sequence[str], read: Sequence[str]) -> dict[str, str] | None:
    """The one-to-one map of names that turns the first lines into the second."""
    names: dict[str, str] = {}
    for a, b in zip(wrote, read, strict=False):
        if WORD.split(a) != WORD.split(b):
            return None
        names |= {x: y for x, y in zip(WORD.findall(a), WORD.findall(b), strict=True) if x not in names}
    if len(wrote) != len(read) or len(set(names.values())) < len(names):
        return None
    same = all(WORD.sub(lambda m: names[m[0]], a) == b for a, b in zip(wrote, read, strict=True))
    return names if same else None


def cell_verdict(cell: Cell, notation: str) -> str:
    own = in_notation(cell, notation)
    text = ls.latex(cell, notation)
    names = renaming(own.plain(), read_back(text)) if "conv" in text else None
    shapes = {names[n]: ",".join(write(d) for d in shape) for n, shape in own.shapes.items()} if names else None
    return str(ls.compare(text, cell, shapes=shapes).kind)


def gradient_verdict(cell: Cell, notation: str) -> str:
    grads = backward(in_notation(cell, notation))
    return "proved" if renaming(grads.plain(), read_back(ls.latex(grads, notation))) is not None else "not the same"


def main(notations: list[str]) -> int:
    counts: Counter[tuple[str, str]] = Counter()
    for notation in notations or NOTATIONS:
        for name in ls.cells():
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
        good, bad = counts[what, "proved"], counts[what, "not"]
        print(f"{what}: {good} of {good + bad} proved equal")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
