"""The command line ``lstm-symbolic``: one function a verb, exit status 0 (nothing wrong), 1 (something is wrong), 2 (bad input).

``--help`` must not wait for SymPy, so every import beyond the standard library stands inside the verb that needs it. Bad input gets one
message on standard error and never a traceback; a reader that closes the pipe early changes neither the work nor the status.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import LstmSymbolicError, RepairWarning

if TYPE_CHECKING:
    from .audit.report import Report

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
    verbs = top.add_subparsers(title="verbs", required=True, metavar="VERB")

    check = verbs.add_parser("check", help="audit the formulas of documents", description="Audit documents, alone and against each other.")
    check.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or - for standard input")
    check.add_argument("--against", metavar="CELL|FILE", help="what every document should describe")
    check.add_argument("--format", choices=FORMATS, default="text")
    check.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here instead of standard output")
    check.add_argument("--fix", action="store_true", help="write the fixes into the files")
    check.add_argument("--diff", action="store_true", help="print the fixes as a unified diff and change nothing")
    check.add_argument("--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N", help="processes at work at the same time")
    check.add_argument("--strict", action="store_true", help="warnings count as errors for the exit status")
    check.add_argument("--alone", action="store_true", help="no comparison between documents")
    check.add_argument("--exit-zero", action="store_true", help="status 0 even where something is wrong")
    check.set_defaults(run=_check)

    compare = verbs.add_parser(
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
    compare.add_argument("--format", choices=("text", "json"), default="text")
    compare.add_argument("--certificate", type=Path, metavar="FILE", help="write the certificate here")
    compare.add_argument("--batch", type=Path, metavar="FILE.json", help="many comparisons; prints a JSON list")
    compare.set_defaults(run=_compare)

    derive = verbs.add_parser("derive", help="the gradients of a cell, by backpropagation through time")
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
    derive.add_argument("--notation", default="default", help="letters and signs: colah, a file of your own (own.toml), or like:notes.md")
    derive.add_argument("--color", action="store_true", help="one colour for each gate, its weights and its gradients")
    derive.add_argument("--format", choices=DERIVED, default="text")
    derive.set_defaults(run=_derive)

    show = verbs.add_parser("show", help="equations in a notation and a markup")
    show.add_argument("what", metavar="CELL|FILE|LATEX")
    show.add_argument("--as", dest="markup", choices=MARKUPS, default="unicode")
    show.add_argument("--notation", default="default", help="letters and signs: colah, a file of your own (own.toml), or like:notes.md")
    show.add_argument("--color", action="store_true", help="one colour for each gate, its weights and its gradients")
    show.add_argument("--diagram", choices=DIAGRAMS, help="the picture of the cell instead, computed from its equations")
    show.set_defaults(run=_show)

    exporting = verbs.add_parser("export", help="a cell as code: forward pass and backpropagation through time")
    exporting.add_argument("what", metavar="CELL|FILE")
    exporting.add_argument("--target", choices=TARGETS, default="numpy", help="onnx: a file that builds a model, forward pass only")
    exporting.add_argument("--dtype", choices=("float32", "float64"), help="one type only")
    exporting.add_argument("--no-grad", action="store_true", help="the forward pass only")
    exporting.add_argument("--checkpoint", type=int, metavar="K", help="numpy: keep the states of every K-th step, compute the rest again")
    exporting.add_argument("--weights", choices=FRAMEWORKS, help="numpy, jax, torch: with functions that convert weights from and to these")
    exporting.add_argument("--explain", action="store_true", help="print the schedule instead of the code")
    exporting.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here instead of standard output")
    exporting.set_defaults(run=_export)

    slides = verbs.add_parser("slides", help="a deck: equations, pictures, gradients, comparison, errors found")
    slides.add_argument("what", nargs="+", metavar="CELL|FILE")
    slides.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="deck.pdf, .png, .html, .tex or .typ")
    slides.add_argument("--notation", default="default", help="for example colah, own.toml, or like:notes.md")
    slides.add_argument("--color", action="store_true", help="one colour for each gate, its weights and its gradients")
    slides.add_argument("--lang", choices=LANGUAGES, default="en")
    slides.set_defaults(run=_slides)

    zoo = verbs.add_parser("zoo", help="the known cells")
    zoo.add_argument("cell", nargs="?", metavar="CELL")
    zoo.add_argument("--format", choices=("text", "json"), default="text")
    zoo.set_defaults(run=_zoo)

    verify = verbs.add_parser("verify", help="check a certificate without the prover")
    verify.add_argument("certificate", type=Path, metavar="CERTIFICATE", help="written by compare --certificate")
    verify.set_defaults(run=_verify)

    explain = verbs.add_parser("explain", help="what a finding code means")
    explain.add_argument("code", nargs="?", metavar="CODE", help="for example E204; without one, the whole table")
    explain.set_defaults(run=_explain)
    return top


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1024")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    if names := tuple(name.strip() for name in text.split(",") if name.strip()):
        return names
    raise argparse.ArgumentTypeError("no name is given: write h or h,C")


def _check(args: argparse.Namespace) -> int:
    from .audit.check import check
    from .audit.render import render
    from .audit.terminal import Progress, Style, style_of

    with Progress("checking") as progress:
        report = check([_opened(p) for p in args.paths], against=args.against, alone=args.alone, jobs=args.jobs, progress=progress)
    if args.fix or args.diff:
        return _fix(args, report)
    _emit(render(report, args.format, Style() if args.output else style_of(sys.stdout)), args.output)
    return _status(args, report)


def _opened(path: str) -> Any:
    """Standard input becomes a document of its own."""
    if path != "-":
        return path
    from .reading import Source
    from .reading.source import decode, read_all

    return Source("-", decode(read_all(sys.stdin.buffer, "-"), "-"))


def _status(args: argparse.Namespace, report: Report) -> int:
    if args.format != "text" or args.output or args.fix or args.diff:  # the text report says it itself
        for document in report.documents:
            if document.error:
                _complain(document.error)
    status = report.exit_status(("error", "warning") if args.strict else ("error",))
    return 0 if args.exit_zero and status == 1 else status


def _fix(args: argparse.Namespace, report: Report) -> int:
    """--diff prints what --fix would write; of standard input --fix prints the fixed text."""
    from .audit.fix import diff, fixed, write_fixes
    from .audit.terminal import printable

    opened = [d for d in report.documents if not d.error]
    if args.diff:
        text = "".join(diff(d) for d in opened)
        _emit(printable(text) if sys.stdout.isatty() and args.output is None else text, args.output)
    else:
        for document in opened:
            if document.path == "-":
                _emit(fixed(document), args.output)
            elif count := write_fixes(document):
                print(f"{document.path}: {count} fixed", file=sys.stderr)
    return _status(args, report)


def _compare(args: argparse.Namespace) -> int:
    if args.batch is not None:
        return _batch(args)
    if args.b is None:
        raise LstmSymbolicError("compare takes two sides", hint="lstm-symbolic compare A B, or --batch FILE.json")
    from .audit.compare import compare, generalises
    from .audit.render_verdict import render_verdict
    from .audit.terminal import style_of

    a, b = (s if args.plain else _path_or_text(s) for s in (args.a, args.b))
    verdict = compare(a, b, args.shapes, args.domain, args.outputs, pointwise=args.pointwise, plain=args.plain)
    data = verdict.to_json()
    if args.generalises:
        data["generalises"] = generalises(verdict)
    if args.certificate is not None:
        _emit(_json(data["certificate"]), args.certificate)
    _emit(_json(data) if args.format == "json" else render_verdict(data, style_of(sys.stdout)))
    return int(verdict.kind == "refuted" and not data.get("generalises"))


def _batch(args: argparse.Namespace) -> int:
    given = {"A": args.a, "--plain": args.plain, "--certificate": args.certificate, "--generalises": args.generalises}
    given |= {f"--{name}": getattr(args, name) for name in ("shapes", "domain", "outputs", "pointwise")}
    if idle := [name for name, value in given.items() if value]:
        hint = "shapes, domain, outputs and pointwise are fields of a record; every answer holds its certificate"
        raise LstmSymbolicError(f"--batch leaves nothing to {', '.join(idle)}", hint=hint)
    from .audit.compare import compare_batch
    from .audit.terminal import Progress

    with Progress("comparing") as progress:
        answers = compare_batch(_load(args.batch), progress)
    _emit(_json(answers))
    for answer in answers:
        if "error" in answer:
            _complain(f"{answer['id']}: {answer['error']}")
    if any("error" in a for a in answers):
        return 2
    return int(any(a["verdict"] == "refuted" for a in answers))


def _load(path: Path) -> Any:
    try:
        return json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise LstmSymbolicError(f"{path}: no JSON: {error}") from None


def _is_document(suffix: str) -> bool:
    if not suffix:
        return False  # before the import, which a cell's name need not wait for
    from .audit.check import SUFFIXES

    return suffix in SUFFIXES


def _path_or_text(text: str) -> str | Path:
    """What a user types as A or B: a file where one exists (``notes.md#s2`` is a system of one), else a formula or the name of a cell.

    No formula ends like the name of a document: there the user meant one, and hears that it is missing.
    """
    try:
        if Path(text).is_file() or Path(text.rpartition("#")[0]).is_file():
            return Path(text)
        if text.endswith(("/", ".")) and Path(text).is_dir():
            raise LstmSymbolicError(f"{text} is a folder", hint="name one document in it; check reads folders")
        if _is_document(Path(text.partition("#")[0]).suffix.lower()):
            raise LstmSymbolicError(f"{text.partition('#')[0]} does not exist")
    except (OSError, ValueError):
        pass
    return text


def _derive(args: argparse.Namespace) -> int:
    from .audit.analyse import analyse
    from .audit.derive import arranged, derive

    what, notation = arranged(_path_or_text(args.what), args.layout, args.batch), _notation(args)
    asked = {name: getattr(args, name) for name in ("truncate", "steps", "rules", "prove", "outputs", "unroll")}
    if args.analysis is None:
        _emit(derive(what, args.wrt, format=args.format, notation=notation, **asked))
        return 0
    if idle := [f"--{name}" for name, value in asked.items() if value]:
        raise LstmSymbolicError(f"--analysis {args.analysis} stands instead of the gradients, and leaves nothing to {', '.join(idle)}")
    _emit(analyse(what, args.analysis, args.wrt, args.format, notation))
    return 0


def _show(args: argparse.Namespace) -> int:
    from .audit.show import picture, show

    notation = _notation(args)
    if args.diagram:
        _emit(picture(_path_or_text(args.what), args.diagram, notation))
        return 0
    _emit(show(_path_or_text(args.what), args.markup, notation))
    return 0


def _export(args: argparse.Namespace) -> int:
    from .audit.derive import cell_of
    from .export import beside, explain, export, plan

    cell = cell_of(_path_or_text(args.what))
    given = (cell, args.target, args.dtype, not args.no_grad)
    source = explain(plan(cell, not args.no_grad)) if args.explain else export(*given, checkpoint=args.checkpoint, weights=args.weights)
    _emit(source, args.output)
    if args.output and not args.explain:
        for ending, text in beside(*given).items():
            _emit(text, args.output.with_suffix(ending))
    return 0


def _notation(args: argparse.Namespace) -> Any:
    """A notation by name, from a file, or of a document (``like:notes.md``), with colours where they are asked for."""
    from dataclasses import replace

    from .slides.make import style_like

    chosen = style_like(args.notation)
    return replace(chosen, color="gates") if args.color else chosen


def _slides(args: argparse.Namespace) -> int:
    from .slides import slides

    slides([_path_or_text(w) for w in args.what], _notation(args), args.lang, args.output)
    return 0


def _zoo(args: argparse.Namespace) -> int:
    from .audit.show import zoo, zoo_text

    data = zoo(args.cell)
    _emit(_json(data) if args.format == "json" else zoo_text(data))
    return 0


def _verify(args: argparse.Namespace) -> int:
    """Status 0: accepted; 1: rejected, or not covered by the checker; 2: no certificate."""
    from .proof.check_certificate import main as verify

    return verify(str(args.certificate))


def _explain(args: argparse.Namespace) -> int:
    from .audit.codes import explain

    _emit(explain(args.code))
    return 0


def _json(data: Any) -> str:
    return json.dumps(data, indent=1)


def _emit(text: str, output: Path | None = None) -> None:
    """To the file, or to standard output; a closed pipe only ends the printing."""
    text = text if text.endswith("\n") or not text else text + "\n"
    if output is not None:
        output.write_text(text, encoding="utf-8")
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", RepairWarning)
            warnings.showwarning = lambda message, *rest: _complain(f"warning: {message}")
            return int(args.run(args))
    except LstmSymbolicError as error:
        message = error.render()
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("LSTM_SYMBOLIC_DEBUG"):
            traceback.print_exc()
        message = f"internal error ({type(error).__name__}: {error}); LSTM_SYMBOLIC_DEBUG=1 shows where, please report it"
    _complain(message)
    return 2


def _complain(message: str) -> None:
    """One message on standard error; what it quotes from a document cannot reach the terminal unfiltered."""
    from .audit.terminal import printable

    print(f"lstm-symbolic: {printable(message)}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
