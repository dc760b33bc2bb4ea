"""Certificates: every verdict of the pairs has one that the standalone checker accepts; altered ones are rejected; the checker is alone."""

from __future__ import annotations

import ast
import importlib.util
import itertools
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lstm_symbolic.cli import main
from lstm_symbolic.proof import check_certificate, compare_record
from lstm_symbolic.proof.check_certificate import Stop, check, digest, start

ROOT = Path(__file__).parent.parent.parent
PAIRS = [p for name in ("pairs_dev.json", "pairs_proof.json") for p in json.loads((ROOT / "tests" / "data" / name).read_text())]
DECIDED = [p for p in PAIRS if p["verdict"] != "undecided"]


def _benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("tamper_certificates", ROOT / "benchmarks" / "tamper_certificates.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def certificate(lhs: Any, rhs: Any, **record: Any) -> dict[str, Any]:
    return json.loads(json.dumps(compare_record({"lhs": lhs, "rhs": rhs, **record}).certificate))


def refusal(data: Any) -> str:
    with pytest.raises(Stop) as caught:
        check(data)
    return f"{caught.value.kind}: {caught.value}"


def forged(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The certificate with other fields and a digest that fits: only mathematics can reject it."""
    data = {**data, **changes}
    return {**data, "digest": digest(data)}


@pytest.mark.parametrize("pair", DECIDED, ids=lambda p: p["id"])
def test_accepted(pair: dict[str, Any]) -> None:
    data = json.loads(json.dumps(compare_record(pair).certificate))
    assert data["verdict"] == pair["verdict"]
    assert check(data).startswith("accepted")


def test_tampered_certificates_are_rejected() -> None:
    benchmark = _benchmark()
    for kind, is_forged, data in itertools.islice(benchmark.tampered(benchmark.certificates(), 7), 120):
        assert not benchmark.accepted(data) or (is_forged and benchmark.still_true(data)), (kind, data)


def test_false_statements_are_rejected() -> None:
    """A proof moved to another statement: an offset of 1e-30, a lost condition, a lost map, another kind."""
    proof = certificate("tanh(x)", "2 * sigmoid(2 * x) - 1")
    assert refusal(forged(proof, right="2 * sigmoid(2 * x) - 1 + 1 / 10 ** 30")) == "rejected: the sides differ"
    where = certificate("x * y / x", "y")
    assert check(where).startswith("accepted")
    assert "not defined under the same conditions" in refusal(forged(where, verdict="proved", where=[]))
    assert refusal(forged(where, where=["x != 0", "y != 0"])).startswith("rejected")
    assert refusal(forged(where, where=["x + 1 != 0"])).startswith("rejected")
    bias = certificate("h[t] = tanh(W @ x[t] + b + c)", "h[t] = tanh(W @ x[t] + b)")
    assert bias["verdict"] == "proved-under"
    assert refusal(forged(bias, verdict="proved", under={})) == "rejected: the sides differ"
    assert refusal(forged(bias, under={**bias["under"], "right": {"b": "b - c"}})) == "rejected: the sides differ"
    assert refusal(forged(bias, verdict="refuted")).startswith("rejected")


def test_a_symbol_of_one_side_keeps_its_shape() -> None:
    """Once accepted: what only the right side names was taken for a number there, so that softmax(u) was 1."""
    proof = certificate("softmax(u + c)", "softmax(u)", shapes={"u": "n,1"})
    assert check(proof).startswith("accepted")
    shapes = {**proof["shapes"], "left": {"v": "n,1", "c": "1,1"}}
    assert refusal(forged(proof, left="softmax(v + c)", shapes=shapes)) == "rejected: the sides differ"
    assert refusal(forged(proof, left="softmax(v + c)")) == "malformed: 'v' has no shape"
    assert refusal(forged(proof, left="ones(n, 1)", right="ones(1, n)")) == "rejected: the sides have different shapes"


def test_induction_needs_every_state() -> None:
    """Leaving a state out of the pairs, crossing states, or mapping an input to another input proves nothing."""
    steps = ["C[t] = f[t] * C[t-1] + x[t]", "h[t] = tanh(C[t])"]
    proof = certificate(steps, ["C[t] = x[t] + C[t-1] * f[t]", "h[t] = tanh(C[t])"], outputs=["h"])
    assert check(proof).startswith("accepted")
    assert refusal(forged(proof, pairs=[["h", "h"]])) == "rejected: the state C has no counterpart"
    assert refusal(forged(proof, pairs=[["h", "C"], ["C", "h"]])).startswith("rejected")
    assert refusal(forged(proof, inputs=[["x", "f"], ["f", "x"]])) == "rejected: inputs of one name correspond"
    assert refusal(forged(proof, outputs=[])) == "rejected: an output is not compared"


def test_special_values_are_met() -> None:
    """What is undefined, or a case of its own, at single values: of numbers, in matrices, and where a dimension is made up."""
    proof = certificate("x * y", "y * x")
    undefined = "rejected: the sides are not defined under the same conditions"
    assert refusal(forged(proof, left="x / x * y", right="y", dimensions=["n"])) == undefined
    vectors = certificate("u * v", "v * u", shapes={"u": "n,1", "v": "n,1"})
    assert refusal(forged(vectors, left="u / u * v", right="v")) == undefined
    assert refusal(forged(vectors, left="((u > 0) + (u < 0)) * v", right="v")) == "rejected: the sides differ"


def test_times_are_no_fixed_numbers() -> None:
    """Once accepted: times had the same few values at every point."""
    proof = certificate("x[k] * a[t]", "a[t] * x[k]")
    for left, right in (("x[k] * (k - 5)", "x[k] * 0"), ("t * x[t]", "3 * x[t]"), ("Sum(x[t], (k, 1, t))", "3 * x[t]"), ("x[t+2]", "x[k]")):
        assert refusal(forged(proof, left=left, right=right)) == "rejected: the sides differ"
    assert check(forged(proof, left="Sum(x[t], (k, 1, t))", right="t * x[t]")).startswith("accepted")


def test_recursions_run_one_way() -> None:
    """A state that depends on itself before and after, through a definition that another one has put in already."""
    proof = certificate(["h[t] = d[t] + h[t-1]", "d[t] = x[t]"], ["h[t] = h[t-1] + d[t]", "d[t] = x[t]"])
    lines = ["h[t] = d[t] + h[t-1]", "d[t] = h[t+1]"]
    pairs = [["d", "d"], ["h", "h"]]
    assert refusal(forged(proof, left=lines, right=lines, pairs=pairs)) == "rejected: a state depends on itself both before and after"
    assert refusal(forged(proof, left=[*proof["left"], "h[0] = 1"])).startswith("not covered")
    assert refusal(forged(proof, left=["h[2 * t] = x[t]"], right=["h[t] = x[t]"])).startswith("not covered")
    assert refusal(forged(proof, left=["h[t + 1] = x[t]"], right=["h[t] = x[t]"])) == "rejected: the sides differ"


def test_maps_are_of_parameters_only() -> None:
    """No input may stand in for a parameter, no parameter may be renamed as if it were an input, no name has two values."""
    proof = certificate(["h[t] = tanh(x[t] + a)"], ["h[t] = tanh(x[t] + b)"])
    under = {"right": {"b": "a - x[t]"}, "left": {"a": "b + x[t]"}}
    assert check(proof).startswith("accepted")
    assert refusal(forged(proof, right=["h[t] = tanh(2 * x[t] + b)"], under=under)).startswith("malformed")
    under = {"right": {"b": "a - x"}, "left": {"a": "b + x"}}
    assert refusal(forged(proof, right=["h[t] = tanh(2 * x[t] + b)"], under=under)) == "rejected: the sides differ"
    assert refusal(forged(proof, verdict="proved", under={}, inputs=[["a", "b"]])) == "rejected: b is renamed, and no input"
    refuted = certificate("x", "2 * x")
    values = {"values": {"x": "1"}, "values_right": {"x": "2"}, "left": "1", "right": "2"}
    assert refusal(forged(refuted, right="x", witness={**refuted["witness"], **values})).startswith("rejected")


def test_a_word_of_python_is_a_name_of_its_own() -> None:
    assert check(certificate("lambda * lambda_", "lambda_ * lambda")).startswith("accepted")
    assert certificate("lambda - lambda_", "0")["verdict"] == "refuted"


def test_values_without_bound_end() -> None:
    """The root of zero is exact, and what is too small for a decimal is no fraction of a billion digits."""
    assert check(certificate("sqrt(1 - x)", "2 * sqrt(1 - x) + y * x")).startswith("accepted")
    proof = certificate("exp(x)", "exp(x) + 1")
    witness = {**proof["witness"], "values": {"x": "-1" + 20 * "0"}, "left": "0", "right": "1", "digits": 1}
    assert check(forged(proof, witness=witness)).startswith("accepted")


def test_functions_of_the_checker_are_no_functions_of_a_statement() -> None:
    """``step`` is any function in a statement; here it is [x > 0]."""
    assert refusal(certificate("step(x) + y", "y + step(x)")).startswith("not covered")


def test_witness_digits_and_domain_are_checked() -> None:
    data = certificate("tanh(x)", "x")
    witness = data["witness"]
    assert refusal(forged(data, witness={**witness, "left": "0.9"})).startswith("rejected")
    assert refusal(forged(data, witness={**witness, "values": {"x": "0"}})).startswith("rejected")
    assert refusal(forged(data, domain=["x < -5"])) == "rejected: the witness is outside the domain"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "no certificate"),
        ({}, "no certificate"),
        ({"certificate": 1, "digest": "x"}, "no certificate"),
        ({"certificate": 2, "digest": "x"}, "digest"),
        (forged({"certificate": 2}), "'left'"),
        (forged(certificate("x", "x + 0"), left="x +"), "not plain syntax: 'x +'"),
        (forged(certificate("x", "x + 0"), left="__import__('os')"), "not plain syntax"),
        (forged(certificate("x", "x + 0"), verdict="maybe"), "no verdict: 'maybe'"),
    ],
)
def test_malformed_names_the_place(data: Any, place: str) -> None:
    assert place in refusal(data)


def test_checker_is_one_file_of_the_standard_library() -> None:
    source = Path(check_certificate.__file__).read_text()
    assert len(source.splitlines()) <= 500
    imports = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import | ast.ImportFrom)]
    imported = {n.module if isinstance(n, ast.ImportFrom) else n.names[0].name for n in imports}
    assert {(name or "").partition(".")[0] for name in imported} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("exp(1)", "2.718281828459045235360287471"), ("erf(1)", "0.842700792949714869341220635"), ("sqrt(2)", "1.414213562373095048801688724"),
     ("log(10)", "2.302585092994045684017991455"), ("pi", "3.141592653589793238462643383"), ("tanh(1/2)", "0.462117157260009758502318484")],
)  # fmt: skip
def test_intervals_hold_known_decimals(text: str, expected: str) -> None:
    """Published decimals lie within the interval, which is narrow."""
    start(60, False, False, {})
    value = check_certificate.Run({}, lambda *_: [])(check_certificate.parse(text), {})[0][0].real
    low, high = Fraction(value.lo), Fraction(value.hi)
    assert abs(low - Fraction(expected)) < Fraction(1, 10**26)
    assert low <= high < low + Fraction(1, 10**50)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """compare writes, verify reads; the checker runs by itself as well. 0 accepted, 1 rejected, 2 malformed."""
    path = tmp_path / "cert.json"
    assert main(["compare", "--plain", "tanh(x)", "2*sigmoid(2*x) - 1", "--certificate", str(path)]) == 0
    assert main(["verify", str(path)]) == 0
    assert "accepted" in capsys.readouterr().out
    alone = subprocess.run([sys.executable, "-S", check_certificate.__file__, str(path)], capture_output=True, text=True, cwd=tmp_path)
    assert (alone.returncode, alone.stdout[:8]) == (0, "accepted")
    path.write_text(path.read_text().replace("sigmoid(2", "sigmoid(3"))
    assert main(["verify", str(path)]) == 1
    path.write_text("{")
    capsys.readouterr()
    assert main(["verify", str(path)]) == 2
    assert "malformed" in capsys.readouterr().err
