"""What a user may type wrongly: options that do not go together, files that are not there, names that are nearly right."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lstm_symbolic import cli
from lstm_symbolic.audit.check import check
from lstm_symbolic.audit.render import render


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one message of what is bad usage or bad input."""
    assert cli.main(arguments) == 2
    held = capsys.readouterr()
    assert held.out == ""
    assert held.err.startswith("lstm-symbolic: ")
    assert held.err.count("lstm-symbolic: ") == 1
    assert "internal error" not in held.err
    return held.err.removeprefix("lstm-symbolic: ")


@pytest.mark.parametrize(
    ("arguments", "idle", "what"),
    [
        ("derive rnn --analysis ranges --wrt nosuch", "--wrt", "--analysis ranges"),
        ("derive rnn --analysis jacobian --wrt W", "--wrt", "--analysis jacobian"),
        ("derive rnn --analysis costs --steps --unroll 2", "--steps and --unroll", "--analysis costs"),
        ("derive rnn --format plain --notation colah", "--notation", "plain"),
        ("derive rnn --color", "--color", "text"),
        ("export rnn --explain --checkpoint 2", "--checkpoint", "--explain"),
        ("export rnn --explain --weights torch --target jax", "--target and --weights", "--explain"),
        ("show rnn --diagram svg --as latex", "--as", "--diagram"),
        ("show rnn --as sympy --notation colah --color", "--notation and --color", "sympy"),
        ("check a.md --fix --diff", "--fix", "--diff"),
        ("check a.md --fix --format json", "--format", "--fix"),
        ("check a.md --fix -o b.md", "-o", "--fix"),
        ("check a.md --strict --exit-zero", "--exit-zero", "--strict"),
        ("compare --batch b.json --format text", "--format text", "--batch"),
    ],
)
def test_options_that_leave_nothing_to_each_other(arguments, idle, what, capsys):
    verb = "do" if " and " in idle else "does"
    assert refused(arguments.split(), capsys).splitlines()[0] == f"{idle} {verb} not go with {what}"


def test_words_for_a_symbol_are_left_out_aloud(capsys):
    assert cli.main(["show", r"\text{some words} = x_t", "--as", "plain"]) == 0
    held = capsys.readouterr()
    assert held.out == "x[t]\n"
    said = r"\text{some words} = x_t: left out '\text{some words}' (words where a symbol should stand)"
    assert held.err == f"lstm-symbolic: warning: {said}\n"


def test_formulas_have_no_outputs(capsys):
    assert "a formula has no outputs" in refused(["compare", "x", "y", "--outputs", "h"], capsys)


@pytest.mark.parametrize(
    ("b", "domain", "verdict"), [("lstm", "x>0", "proved"), ("gru", "x>0", "undecided"), ("gru", None, "refuted"), ("gru", " ", "refuted")]
)
def test_systems_on_a_domain(b, domain, verdict, capsys):
    """Equal everywhere is equal there; a counterexample may lie outside."""
    cli.main(["compare", "lstm", b, "--format", "json", *(["--domain", domain] if domain else [])])
    assert json.loads(capsys.readouterr().out)["verdict"] == verdict


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [(r"\sigma(0)", r"\frac12", "proved"), (r"\sigma(0)", "1/2", "proved"), ("0", r"\tanh(0)", "proved"), ("-1", r"\sigma(x)", "refuted"),
     (r"\frac{1}{0}", "1", "undecided")],
)  # fmt: skip
def test_a_number_is_a_side(a, b, kind, capsys):
    cli.main(["compare", "--format", "json", "--", a, b])
    assert json.loads(capsys.readouterr().out)["verdict"] == kind


@pytest.mark.parametrize(
    ("option", "value", "column"),
    [("--domain", "x>>0", 3), ("--domain", "x > 0, y > (", 12), ("--shapes", "x:1,1 a:0,1", 7), ("--shapes", "x:n,-1", 1),
     ("--shapes", "x:n, 1", 1)],
)  # fmt: skip
def test_the_place_of_what_is_wrong_in_an_option(option, value, column, capsys):
    error = refused(["compare", "x", "y", option, value], capsys).splitlines()
    assert error[0].endswith(f"(line 1, column {column})")
    assert error[1] == f"  {value}"
    assert error[2] == " " * (column + 1) + "^"


def test_a_shape_of_nothing_is_said(capsys):
    assert cli.main(["compare", "x", "x", "--shapes", "x:n,1 zz:n,1"]) == 0
    assert capsys.readouterr().err == "lstm-symbolic: warning: a shape is given for zz, which neither side has\n"


def test_both_parts_of_a_domain_count(capsys):
    assert cli.main(["compare", "abs(x*y)", "x*y", "--domain", "x>0 and y>0"]) == 0


@pytest.mark.parametrize(
    "arguments", [["show", "gruu"], ["compare", "gruu", "lstm"], ["export", "gruu"], ["derive", "gruu"], ["slides", "gruu", "-o", "d.html"]]
)
def test_a_name_that_is_nearly_right(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "did you mean gru" in refused(arguments, capsys)


@pytest.mark.parametrize("name", ["nosuch.pdf", "a folder/nosuch.Rmd", "../nosuch.md#s1", "cells.json"])
def test_a_file_that_is_missing_is_no_formula(name, capsys):
    assert refused(["show", name], capsys) == f"{name.partition('#')[0]} does not exist\n"


@pytest.mark.parametrize("formula", ["W.T", "x + W.T", "0.5", "(W @ x).T", "2. * x"])
def test_a_formula_with_a_dot_is_no_file(formula, capsys):
    assert cli.main(["show", formula]) == 0


def test_symbols_are_no_slips(capsys):
    for word in ("net", "W_f", "h_t", "cell", "run"):
        assert cli.main(["show", word]) == 0


def _certificate() -> str:
    from lstm_symbolic.audit.compare import compare

    return json.dumps(compare("tanh(x)", "2*sigmoid(2*x) - 1").certificate)


def test_verify_reads_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(_certificate().encode())))
    assert cli.main(["verify", "-"]) == 0
    assert capsys.readouterr().out.startswith("accepted")


@pytest.mark.parametrize("arguments", [["verify"], ["compare", "--batch"]])
def test_a_missing_json_file(arguments, tmp_path, capsys):
    missing = str(tmp_path / "nosuch.json")
    assert refused([*arguments, missing], capsys) == f"{missing} does not exist\n"


@pytest.mark.parametrize(
    "arguments",
    [["slides", "rnn", "-o"], ["export", "rnn", "-o"], ["check", "a.md", "--format", "html", "-o"], ["compare", "x", "x", "--certificate"]],
)
def test_where_nothing_can_be_written(arguments, tmp_path, capsys):
    assert f"{tmp_path}/no/d.pdf cannot be written" in refused([*arguments, f"{tmp_path}/no/d.pdf"], capsys)
    assert f"{tmp_path} is a folder" in refused([*arguments, str(tmp_path)], capsys)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_where_nobody_may_write(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert "permission denied" in refused(["export", "rnn", "-o", f"{tmp_path}/a.py"], capsys)


def test_the_wrapper_does_not_take_the_place_of_its_source(tmp_path, capsys):
    assert "write -o g.c" in refused(["export", "rnn", "--target", "c", "-o", str(tmp_path / "g.py")], capsys)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github", "sarif"])
def test_a_hint_stands_apart_from_the_error(form, tmp_path):
    report = check(tmp_path)
    text = " ".join(render(report, form).split())
    assert "holds no document; a folder is searched" in text.replace("\\", "")


def test_streams_that_were_closed_before_are_empty(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    assert "no JSON" in refused(["verify", "-"], capsys)
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["explain", "E204"]) == 0


def test_a_full_disk_is_one_message(monkeypatch, capsys):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert cli.main(["explain", "E204"]) == 2
    assert capsys.readouterr().err == "lstm-symbolic: standard output cannot be written: No space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal")
def test_an_interrupt_ends_the_processes_as_well():
    program = (
        "import time; from lstm_symbolic.audit.processes import mapped; print('go', flush=True); list(_mapped(time.sleep, [90, 90, 90], 2))"
    )
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", program], start_new_session=True, **quiet) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode in (1, 130, -signal.SIGINT)


def test_a_link_to_nothing_is_not_passed_over(tmp_path):
    (tmp_path / "a.md").symlink_to(tmp_path / "gone.md")
    assert [d.error for d in check(tmp_path).documents] == [f"{tmp_path / 'a.md'} does not exist"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_a_document(tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(r"$$h_t = \tanh(W x_t + U h_{t-1} + b)$$",))
    writer.start()
    assert cli.main(["compare", str(pipe), "rnn"]) == 0
    writer.join()
    assert capsys.readouterr().out.startswith("proved")


RNN = r"$$h_t = \tanh(W x_t + U h_{t-1} + b)$$"


@pytest.mark.parametrize(
    ("against", "status"),
    [("same.md", 0), ("same.md#s1", 0), ("other.md", 1), ("rnn", 0), ("gru", 1), ("h[t] = tanh(W @ x[t] + U @ h[t-1] + b)", 0)],
)
def test_what_a_document_is_held_to(against, status, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a.md", "same.md"):
        Path(name).write_text(RNN, encoding="utf-8")
    Path("other.md").write_text(RNN.replace("tanh", "sigma"), encoding="utf-8")
    assert cli.main(["check", "a.md", "--against", against]) == status


@pytest.mark.parametrize("against", ["nosuch.md", "lstmm", "x + y", "two.md", "none.md"])
def test_what_no_document_can_be_held_to(against, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.md").write_text(RNN, encoding="utf-8")
    Path("none.md").write_text("no formula", encoding="utf-8")
    Path("two.md").write_text(f"# One\n\n{RNN}\n\n# Two\n\n" + RNN.replace("tanh", "sigma"), encoding="utf-8")
    refused(["check", "a.md", "--against", against], capsys)
