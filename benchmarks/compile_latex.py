"""Every cell of the zoo as a deck in Beamer and in Typst: does it compile, and is a line too long or a page too full?

    apt-get install -y --no-install-recommends texlive-latex-recommended texlive-fonts-recommended texlive-latex-extra texlive-pictures
    pip install 'lstm_symbolic[slides]'
    python benchmarks/compile_latex.py [CELL...]

prints one line a cell: pages and seconds for each compiler, and the number of overfull boxes (0 is wanted). A Beamer deck holds equations,
TikZ pictures, gradients and plot; ``latex(cell)`` also stands by itself on the last frame, as a lecturer pastes it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lstm_symbolic as ls
from lstm_symbolic.slides import as_beamer
from lstm_symbolic.slides.make import save

LATEX = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "deck.tex"]
END = r"\end{document}"


def beamer(name: str, folder: Path) -> tuple[int, int, float]:
    """Pages, overfull boxes, seconds."""
    deck = ls.slides(name)
    assert not isinstance(deck, str)
    pasted = rf"\begin{{frame}}[shrink]\small\[{ls.latex(ls.cell(name))}\]\end{{frame}}"
    source = as_beamer.render(deck).replace(END, f"{pasted}\n{END}")
    (folder / "deck.tex").write_text(source, encoding="utf-8")
    start = time.perf_counter()
    done = subprocess.run(LATEX, cwd=folder, capture_output=True, check=False)
    seconds = time.perf_counter() - start
    log = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise SystemExit(f"{name}: {log[-1500:]}")
    found = re.search(r"\((\d+) pages", log)
    return int(found.group(1)) if found else 0, log.count("Overfull"), seconds


def typst(name: str, folder: Path) -> tuple[int, float]:
    """Pages beyond those of the deck, seconds."""
    deck = ls.slides(name)
    assert not isinstance(deck, str)
    start = time.perf_counter()
    save(deck, folder / "deck.png")
    seconds = time.perf_counter() - start
    made = list(folder.glob("deck-*.png"))
    for page in made:
        page.unlink()
    return len(made) - len(deck.pages) - 1, seconds


def main(names: list[str]) -> int:
    bad = 0
    with tempfile.TemporaryDirectory() as place:
        for name in names or ls.cells():
            pages, overfull, seconds = beamer(name, Path(place))
            beyond, drawn = typst(name, Path(place))
            bad += overfull + beyond
            print(
                f"{name:26} Beamer {pages:3} pages {seconds:5.1f} s, {overfull} overfull; Typst {drawn:5.1f} s, {beyond} pages run over",
                flush=True,
            )
    print(f"{bad} overfull boxes or pages")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
