"""The command line as a user meets it: output, exit status, and one message for what cannot be done."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from lstm_symbolic import cli
from lstm_symbolic.audit import terminal
from lstm_symbolic.audit.report import Comparison, DocumentReport, Finding, Fix, Report
from lstm_symbolic.errors import LstmSymbolicError, ReadError

ROOT = Path(__file__).parent.parent


def _python(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], text=True, capture_output=True, check=False, cwd=ROOT, encoding="utf-8", **more  # type: ignore[call-overload]
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["compare", "--help"], ["zoo", "--help"], ["explain", "E204"]])
def test_help_does_not_wait_for_sympy(arguments):
    program = (
        "import sys, lstm_symbolic.cli as cli\n"
        f"try: cli.main({arguments!r})\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "assert not {'sympy', 'numpy', 'flint'} & sys.modules.keys()\n"
    )
    done = _python("-c", program)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout or "E204" in done.stdout


def test_python_dash_m():
    done = _python("-m", "lstm_symbolic", "explain", "W302")
    assert done.returncode == 0
    assert done.stdout.startswith("W302  one name for two quantities  (warning, doubtful notation)\n")


@pytest.mark.parametrize(
    "arguments",
    [[], ["check"], ["check", "a", "--format", "pdf"], ["check", "a", "--jobs", "0"], ["check", "a", "--jobs", "x"], ["oops"], ["show"]],
)
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_an_unknown_code(capsys):
    assert cli.main(["explain", "E2O4"]) == 2
    error = capsys.readouterr().err
    assert "'E2O4' is no finding code" in error
    assert "did you mean" in error
    assert cli.main(["explain"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 50


def _finding(severity: str, line: int = 1, fix: Fix | None = None) -> Finding:
    return Finding("E201", severity, None, line, 1, line, 2, f"made-up {severity}", fix=fix)


@pytest.fixture
def answer(monkeypatch):
    """``check`` answers with a report made here; returns the call's arguments."""
    calls: list[dict[str, object]] = []

    def set_report(report: Report | BaseException) -> list[dict[str, object]]:
        def check(paths, **options):
            calls.append({"paths": paths, **options})
            if isinstance(report, BaseException):
                raise report
            return report

        module = types.ModuleType("lstm_symbolic.audit.check")
        module.check = check  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "lstm_symbolic.audit.check", module)
        return calls

    return set_report


@pytest.mark.parametrize(
    ("findings", "error", "options", "status"),
    [
        ((), None, [], 0),
        (("note", "warning"), None, [], 0),
        (("note", "warning"), None, ["--strict"], 1),
        (("error",), None, [], 1),
        (("error",), None, ["--exit-zero"], 0),
        ((), "no such file", [], 2),
        ((), "no such file", ["--format", "json"], 2),
        (("error",), "no such file", ["--exit-zero"], 2),
    ],
)
def test_exit_status_of_check(answer, capsys, findings, error, options, status):
    unread = (DocumentReport("b.md", error=error),) if error else ()
    answer(Report((DocumentReport("a.md", "x", findings=tuple(map(_finding, findings))), *unread)))
    assert cli.main(["check", "a.md", *options]) == status
    captured = capsys.readouterr()
    assert all(f"made-up {f}" in captured.out for f in findings)
    said = "json" in options and error
    assert captured.err == (f"lstm-symbolic: {error}\n" if said else ""), "the text report says it itself"
    assert not error or error in captured.out


def test_a_refuted_demand_is_an_error(answer, capsys):
    answer(Report((DocumentReport("a.md"),), (Comparison("a.md#s1", "zoo#gru", "refuted", required=True),)))
    assert cli.main(["check", "a.md", "--against", "gru"]) == 1


def test_options_reach_check(answer, capsys):
    calls = answer(Report(()))
    cli.main(["check", "a", "b", "--against", "lstm", "--alone", "--jobs", "3"])
    progress = calls[0].pop("progress")
    assert callable(progress)
    assert calls == [{"paths": ["a", "b"], "against": "lstm", "alone": True, "jobs": 3}]


def test_output_goes_to_the_file(answer, capsys, tmp_path):
    answer(Report((DocumentReport("bài.md", "细胞", findings=(_finding("error"),)),)))
    target = tmp_path / "r.json"
    assert cli.main(["check", "a", "--format", "json", "-o", str(target)]) == 1
    assert capsys.readouterr().out == ""
    assert json.loads(target.read_text())["documents"][0]["path"] == "bài.md"
    assert cli.main(["check", "a", "-o", str(tmp_path / "no" / "folder")]) == 2
    assert "no/folder cannot be written" in capsys.readouterr().err


def test_fix_and_diff(answer, capsys, tmp_path):
    path = tmp_path / "a.md"
    path.write_text("h = x\n")
    findings = (_finding("error", fix=Fix(1, 5, 1, 6, "y")),)
    answer(Report((DocumentReport(str(path), "h = x\n", findings=findings), DocumentReport("gone", error="no such file"))))
    assert cli.main(["check", "a", "--diff"]) == 2
    assert capsys.readouterr().out == f"--- {path}\n+++ {path}\n@@ -1 +1 @@\n-h = x\n+h = y\n"
    assert path.read_text() == "h = x\n"
    cli.main(["check", "a", "--fix"])
    assert path.read_text() == "h = y\n"
    assert "1 fixed" in capsys.readouterr().err
    assert cli.main(["check", "a", "--fix"]) == 2
    assert "has changed" in capsys.readouterr().err


def test_fix_of_standard_input_prints_the_text(answer, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"h = x\r\n")))
    calls = answer(Report((DocumentReport("-", "h = x\n", findings=(_finding("error", fix=Fix(1, 5, 1, 6, "y")),)),)))
    cli.main(["check", "-", "--fix"])
    assert capsys.readouterr().out == "h = y\n"
    assert [(p.path, p.text) for p in calls[0]["paths"]] == [("-", "h = x\n")]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\x00")))
    assert cli.main(["check", "-"]) == 2


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ReadError("unclosed '('", "f = (a", 4), 2, "unclosed '(' (line 1, column 5)"),
        (LstmSymbolicError("no cell is called 'x'", hint="did you mean rnn?"), 2, "did you mean rnn?"),
        (PermissionError(13, "Permission denied", "a.md"), 2, "a.md: Permission denied"),
        (RecursionError("too deep"), 2, "internal error (RecursionError: too deep)"),
        (ReadError("not read", "a\x1b[31mb", 0), 2, "a␛[31mb"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_are_one_message_and_no_traceback(answer, capsys, error, status, message):
    answer(error)
    assert cli.main(["check", "a"]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_a_closed_pipe_is_silent_and_keeps_the_status():
    program = (
        "import sys, types\nfrom lstm_symbolic import cli\nfrom lstm_symbolic.audit.report import *\n"
        "module = types.ModuleType('check')\n"
        "spot = Finding('E201', 'error', None, 1, 1, 1, 2, 'm')\n"
        "module.check = lambda *a, **k: Report((DocumentReport('a', 'x', findings=(spot,) * 20000),))\n"
        "sys.modules['lstm_symbolic.audit.check'] = module\n"
        "sys.exit(cli.main(['check', 'a']))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1
    assert errors == b""


def test_an_ascii_terminal_gets_escapes():
    done = _python("-m", "lstm_symbolic", "explain", "E103", env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    assert "\\u2026 10000 braces" in done.stdout


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_only_on_a_terminal_and_only_after_a_second(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: clock[0])
    for stream, expected in ((_Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        clock[0] = 0.0
        with terminal.Progress("checking") as progress:
            clock[0] = 0.5
            progress(1, 4)
            assert stream.getvalue() == ""
            clock[0] = 1.5
            progress(2, 4)
            assert ("checking [##########          ] 2/4" in stream.getvalue()) is expected
        assert stream.getvalue().endswith("\r") is expected


@pytest.mark.parametrize("verb", [["derive"], ["show"], ["export"], ["compare", "lstm"], ["compare", "--pointwise", "lstm"]])
def test_a_document_that_is_missing_is_no_formula(verb, tmp_path, capsys):
    missing = tmp_path / "nosuch.md"
    assert cli.main([*verb, str(missing)]) == 2
    assert capsys.readouterr().err.strip() == f"lstm-symbolic: {missing} does not exist"
    assert cli.main([*verb, f"{missing}#s1"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_folder_is_no_formula(tmp_path, capsys):
    assert cli.main(["compare", f"{tmp_path}/", "lstm"]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_a_folder_with_the_name_of_a_cell_does_not_hide_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "rnn").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli.main(["show", "rnn", "--as", "plain"]) == 0
    assert capsys.readouterr().out == "h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)\n"


@pytest.mark.parametrize(
    "option", [["a", "b"], ["--plain"], ["--certificate", "c.json"], ["--outputs", "h"], ["--domain", "x>0"], ["--shapes", "x:n,1"]]
)
def test_a_batch_goes_alone(option, tmp_path, capsys):
    """What an option asks for must not be lost in silence."""
    batch = tmp_path / "batch.json"
    batch.write_text('[{"id": 1, "lhs": "x", "rhs": "x"}]', encoding="utf-8")
    assert cli.main(["compare", "--batch", str(batch), *option]) == 2
    held = capsys.readouterr()
    assert held.out == ""
    assert "go with --batch" in held.err


def test_no_outputs_are_wrong_usage(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", "lstm", "lstm", "--outputs", " , "])
    assert stop.value.code == 2


@pytest.mark.parametrize("shapes", [{"a": 5}, {"a": None}, {"a": {"rows": 1}}])
def test_shapes_of_a_batch_that_are_no_text(shapes, tmp_path, capsys):
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps([{"id": 1, "lhs": "a", "rhs": "a", "shapes": shapes}]), encoding="utf-8")
    assert cli.main(["compare", "--batch", str(batch)]) == 2
    assert "a shape is no text" in capsys.readouterr().err
