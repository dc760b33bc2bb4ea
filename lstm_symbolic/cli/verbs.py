"""One function a verb: from its arguments to its exit status.

``--help`` must not wait for SymPy, so every import beyond the standard library stands inside the verb that needs it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import LstmSymbolicError
from .input import json_of, opened, path_or_text
from .output import complain, emit, json_text

if TYPE_CHECKING:
    from ..audit.report import Report

#: Forms of equations that are the same in every notation, and forms without colours.
NO_NOTATION = ("plain", "sympy", "json")
NO_COLOUR = (*NO_NOTATION, "text", "unicode")


def check(args: argparse.Namespace) -> int:
    from ..audit.check import check
    from ..audit.render import render
    from ..audit.terminal import Progress, Style, style_of

    _nothing_for(
        {"--exit-zero": args.exit_zero and args.strict}, "--strict", "one counts warnings in the status, the other makes it 0"
    )
    if args.fix or args.diff:
        _nothing_for({"--fix": args.fix and args.diff, "--format": args.format}, "--diff" if args.diff else "--fix")
    if args.fix and args.paths != ["-"]:
        _nothing_for({"-o": args.output}, "--fix", "files are mended where they are; --diff -o FILE writes what would change")
    with Progress("checking") as progress:
        against = None if args.against is None else path_or_text(args.against)
        report = check([opened(p) for p in args.paths], against=against, alone=args.alone, jobs=args.jobs, progress=progress)
    if args.fix or args.diff:
        return _fix(args, report)
    emit(render(report, args.format or "text", Style() if args.output else style_of(sys.stdout)), args.output)
    return _status(args, report)


def _status(args: argparse.Namespace, report: Report) -> int:
    if args.format not in (None, "text") or args.output or args.fix or args.diff:  # the text report says it itself
        for document in report.documents:
            if document.error:
                complain(document.error)
    status = report.exit_status(("error", "warning") if args.strict else ("error",))
    return 0 if args.exit_zero and status == 1 else status


def _fix(args: argparse.Namespace, report: Report) -> int:
    """--diff prints what --fix would write; of standard input --fix prints the fixed text."""
    from ..audit.fix import diff, fixed, write_fixes
    from ..audit.terminal import printable

    opened = [d for d in report.documents if not d.error]
    if args.diff:
        text = "".join(diff(d) for d in opened)
        emit(printable(text) if sys.stdout.isatty() and args.output is None else text, args.output)
    else:
        for document in opened:
            if document.path == "-":
                emit(fixed(document), args.output)
            elif count := write_fixes(document):
                print(f"{document.path}: {count} fixed", file=sys.stderr)
    return _status(args, report)


def compare(args: argparse.Namespace) -> int:
    if args.batch is not None:
        return _batch(args)
    if args.b is None:
        raise LstmSymbolicError("compare takes two sides", hint="lstm-symbolic compare A B, or --batch FILE.json")
    from ..audit.compare import compare, generalises
    from ..audit.render_verdict import render_verdict
    from ..audit.terminal import style_of

    a, b = (s if args.plain else path_or_text(s) for s in (args.a, args.b))
    verdict = compare(a, b, args.shapes, args.domain, args.outputs, pointwise=args.pointwise, plain=args.plain)
    data = verdict.to_json()
    if args.generalises:
        data["generalises"] = generalises(verdict)
    if args.certificate is not None:
        emit(json_text(data["certificate"]), args.certificate)
    emit(json_text(data) if args.format == "json" else render_verdict(data, style_of(sys.stdout)))
    return int(verdict.kind == "refuted" and not data.get("generalises"))


def _batch(args: argparse.Namespace) -> int:
    names = ("plain", "shapes", "domain", "outputs", "pointwise", "generalises", "certificate")
    given = {"A": args.a, **{f"--{name}": getattr(args, name) for name in names}, "--format text": args.format == "text"}
    _nothing_for(given, "--batch", "shapes, domain, outputs and pointwise are fields of a record; the answers are JSON")
    from ..audit.compare import compare_batch
    from ..audit.terminal import Progress

    with Progress("comparing") as progress:
        answers = compare_batch(json_of(args.batch), progress)
    emit(json_text(answers))
    for answer in answers:
        if "error" in answer:
            complain(f"{answer['id']}: {answer['error']}")
    if any("error" in a for a in answers):
        return 2
    return int(any(a["verdict"] == "refuted" for a in answers))


def derive(args: argparse.Namespace) -> int:
    from ..audit.analyse import WITH_RESPECT_TO, analyse
    from ..audit.derive import arranged, derive

    what, notation = arranged(path_or_text(args.what), args.layout, args.batch), _notation(args, args.format)
    asked = {name: getattr(args, name) for name in ("truncate", "steps", "rules", "prove", "outputs", "unroll")}
    if args.analysis is None:
        emit(derive(what, args.wrt, format=args.format, notation=notation, **asked))
        return 0
    idle = {f"--{name}": value for name, value in asked.items()}
    if args.analysis not in WITH_RESPECT_TO:
        idle["--wrt"] = args.wrt
    _nothing_for(idle, f"--analysis {args.analysis}")
    emit(analyse(what, args.analysis, args.wrt, args.format, notation))
    return 0


def show(args: argparse.Namespace) -> int:
    from ..audit.show import picture, show

    if args.diagram:
        _nothing_for({"--as": args.markup}, "--diagram")
        emit(picture(path_or_text(args.what), args.diagram, _notation(args)))
        return 0
    markup = args.markup or "unicode"
    emit(show(path_or_text(args.what), markup, _notation(args, markup)))
    return 0


def export(args: argparse.Namespace) -> int:
    from ..audit.derive import cell_of
    from ..export import beside, explain, export, plan

    if args.explain:
        given = {f"--{name}": getattr(args, name) for name in ("target", "dtype", "checkpoint", "weights")}
        _nothing_for(given, "--explain", "the schedule is the same for every target")
        emit(explain(plan(cell_of(path_or_text(args.what)), not args.no_grad)), args.output)
        return 0
    asked = (cell_of(path_or_text(args.what)), args.target or "numpy", args.dtype, not args.no_grad)
    others = beside(*asked) if args.output else {}
    if args.output and args.output.suffix in others:
        name = args.output.with_suffix(f".{asked[1]}").name
        raise LstmSymbolicError(f"{args.output.name} is the name of the wrapper that stands beside {name}", hint=f"write -o {name}")
    emit(export(*asked, checkpoint=args.checkpoint, weights=args.weights), args.output)
    for ending, text in others.items():
        emit(text, args.output.with_suffix(ending))
    return 0


def _notation(args: argparse.Namespace, markup: str = "") -> Any:
    """A notation by name, from a file, or of a document (``like:notes.md``), with colours where they are asked for."""
    from dataclasses import replace

    from ..slides.make import style_like

    _nothing_for({"--notation": markup in NO_NOTATION and args.notation, "--color": markup in NO_COLOUR and args.color}, markup)
    chosen = style_like(args.notation or "default")
    return replace(chosen, color="gates") if args.color else chosen


def _nothing_for(given: Mapping[str, object], what: str, hint: str = "") -> None:
    """What an option asks for must not be lost in silence where another leaves nothing to it."""
    if idle := [name for name, value in given.items() if value]:
        raise LstmSymbolicError(f"{' and '.join(idle)} {'does' if len(idle) == 1 else 'do'} not go with {what}", hint=hint)


def slides(args: argparse.Namespace) -> int:
    from ..slides import slides

    slides([path_or_text(w) for w in args.what], _notation(args), args.lang, args.output)
    return 0


def zoo(args: argparse.Namespace) -> int:
    from ..audit.show import zoo, zoo_text

    data = zoo(args.cell)
    emit(json_text(data) if args.format == "json" else zoo_text(data))
    return 0


def verify(args: argparse.Namespace) -> int:
    """Status 0: accepted; 1: rejected, or not covered by the checker; 2: no certificate."""
    from ..proof.check_certificate import Stop, check

    try:
        emit(check(json_of(args.what)))
    except Stop as stop:
        if stop.kind == "malformed":
            raise LstmSymbolicError(f"malformed: {stop}") from None
        emit(f"{stop.kind}: {stop}")
        return 1
    return 0


def explain(args: argparse.Namespace) -> int:
    from ..audit.codes import explain

    emit(explain(args.code))
    return 0
