"""The verbs of the command line and their options."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from . import verbs

FORMATS = ("text", "json", "sarif", "html", "markdown", "github")
DERIVED = ("text", "latex", "typst", "markdown", "html", "json", "plain")
TARGETS = ("numpy", "c", "numba", "jax", "torch", "onnx")
FRAMEWORKS = ("torch", "keras", "onnx")
LANGUAGES = ("en", "vi", "zh", "th")
DIAGRAMS = ("svg", "typst", "tikz")
LAYOUTS = ("column", "row")
ANALYSES = ("jacobian", "forward", "hessian", "ranges", "limits", "costs")
MARKUPS = ("unicode", "latex", "typst", "mathml", "plain", "sympy")


def parser() -> argparse.ArgumentParser:
    """All verbs and their options."""
    top = argparse.ArgumentParser(prog="lstm-symbolic", description="Read, audit, prove and show the mathematics of recurrent cells.")
    known = top.add_subparsers(title="verbs", required=True, metavar="VERB")

    check = known.add_parser("check", help="audit the formulas of documents", description="Audit documents, alone and against each other.")
    check.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or - for standard input")
    check.add_argument("--against", metavar="CELL|FILE", help="what every document should describe")
    check.add_argument("--format", choices=FORMATS, help="text unless another is named")
    check.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here instead of standard output")
    check.add_argument("--fix", action="store_true", help="write the fixes into the files")
    check.add_argument("--diff", action="store_true", help="print the fixes as a unified diff and change nothing")
    check.add_argument("--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N", help="processes at work at the same time")
    check.add_argument("--strict", action="store_true", help="warnings count as errors for the exit status")
    check.add_argument("--alone", action="store_true", help="no comparison between documents")
    check.add_argument("--exit-zero", action="store_true", help="status 0 even where something is wrong")
    check.set_defaults(run=verbs.check)

    compare = known.add_parser(
        "compare", help="are two formulas, cells or documents equal?", epilog="Write -- before a formula that begins with a minus sign."
    )
    compare.add_argument("a", nargs="?", metavar="A", help="a formula (LaTeX or plain), a cell of the zoo, or a file")
    compare.add_argument("b", nargs="?", metavar="B")
    compare.add_argument("--plain", action="store_true", help="A and B are plain syntax; lines or ; separate equations")
    compare.add_argument("--shapes", metavar='"W:n,n h:n,1"', help="rows and columns of the symbols")
    compare.add_argument("--domain", metavar='"x>0"', help="where the symbols live")
    compare.add_argument("--outputs", type=_names, metavar="h,C", help="what has to agree")
    compare.add_argument("--pointwise", action="store_true", help="parameters of one name are one parameter")
    compare.add_argument("--generalises", action="store_true", help="is B a special case of A?")
    compare.add_argument("--format", choices=("text", "json"))
    compare.add_argument("--certificate", type=Path, metavar="FILE", help="write the certificate here")
    compare.add_argument("--batch", metavar="FILE.json", help="many comparisons; prints a JSON list")
    compare.set_defaults(run=verbs.compare)

    derive = known.add_parser("derive", help="the gradients of a cell, by backpropagation through time")
    derive.add_argument("what", metavar="CELL|FILE")
    derive.add_argument("--wrt", metavar="W_f", help="one parameter, input or initial state only")
    derive.add_argument("--steps", action="store_true", help="every line with its reason")
    derive.add_argument("--truncate", type=_positive, metavar="K", help="no gradient crosses the end of a window of K steps")
    derive.add_argument("--unroll", type=_positive, metavar="T", help="written out for T steps")
    derive.add_argument("--outputs", type=_names, metavar="h,C", help="what the loss reads at every step")
    derive.add_argument("--layout", choices=LAYOUTS, help="vectors as columns (W x) or as rows (x W)")
    derive.add_argument("--batch", nargs="?", const="B", metavar="B", help="one column (or row) for each of B samples")
    derive.add_argument("--rules", action="store_true", help="the table of derivative rules as well")
    derive.add_argument("--prove", action="store_true", help="every line proved again, by what a gradient is")
    derive.add_argument(
        "--analysis",
        choices=ANALYSES,
        help="instead of the gradients: how far they reach, forward mode, H v, ranges, gates at 0 and 1, or costs",
    )
    derive.add_argument("--notation", help="letters and signs: colah, a file of your own (own.toml), or like:notes.md")
    derive.add_argument("--color", action="store_true", help="one colour for each gate, its weights and its gradients")
    derive.add_argument("--format", choices=DERIVED, default="text")
    derive.set_defaults(run=verbs.derive)

    show = known.add_parser("show", help="equations in a notation and a markup")
    show.add_argument("what", metavar="CELL|FILE|LATEX")
    show.add_argument("--as", dest="markup", choices=MARKUPS, help="unicode unless another is named")
    show.add_argument("--notation", help="letters and signs: colah, a file of your own (own.toml), or like:notes.md")
    show.add_argument("--color", action="store_true", help="one colour for each gate, its weights and its gradients")
    show.add_argument("--diagram", choices=DIAGRAMS, help="the picture of the cell instead, computed from its equations")
    show.set_defaults(run=verbs.show)

    exporting = known.add_parser("export", help="a cell as code: forward pass and backpropagation through time")
    exporting.add_argument("what", metavar="CELL|FILE")
    exporting.add_argument("--target", choices=TARGETS, help="numpy unless named; onnx: a file that builds a model, forward pass only")
    exporting.add_argument("--dtype", choices=("float32", "float64"), help="one type only")
    exporting.add_argument("--no-grad", action="store_true", help="the forward pass only")
    exporting.add_argument("--checkpoint", type=int, metavar="K", help="numpy: keep the states of every K-th step, compute the rest again")
    exporting.add_argument("--weights", choices=FRAMEWORKS, help="numpy, jax, torch: with functions that convert weights from and to these")
    exporting.add_argument("--explain", action="store_true", help="print the schedule instead of the code")
    exporting.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here instead of standard output")
    exporting.set_defaults(run=verbs.export)

    slides = known.add_parser("slides", help="a deck: equations, pictures, gradients, comparison, errors found")
    slides.add_argument("what", nargs="+", metavar="CELL|FILE")
    slides.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="deck.pdf, .png, .html, .tex or .typ")
    slides.add_argument("--notation", help="for example colah, own.toml, or like:notes.md")
    slides.add_argument("--color", action="store_true", help="one colour for each gate, its weights and its gradients")
    slides.add_argument("--lang", choices=LANGUAGES, default="en")
    slides.set_defaults(run=verbs.slides)

    zoo = known.add_parser("zoo", help="the known cells")
    zoo.add_argument("cell", nargs="?", metavar="CELL")
    zoo.add_argument("--format", choices=("text", "json"), default="text")
    zoo.set_defaults(run=verbs.zoo)

    verify = known.add_parser("verify", help="check a certificate without the prover")
    verify.add_argument("what", metavar="CERTIFICATE", help="written by compare --certificate; - is standard input")
    verify.set_defaults(run=verbs.verify)

    explain = known.add_parser("explain", help="what a finding code means")
    explain.add_argument("code", nargs="?", metavar="CODE", help="for example E204; without one, the whole table")
    explain.set_defaults(run=verbs.explain)
    return top


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1024")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    if names := tuple(name.strip() for name in text.split(",") if name.strip()):
        return names
    raise argparse.ArgumentTypeError("no name is given: write h or h,C")
