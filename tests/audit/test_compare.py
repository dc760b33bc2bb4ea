"""``compare`` on formulas whose truth was decided by hand (public threads on LSTM and GRU formulas), in the forms that users write."""

from __future__ import annotations

import json

import pytest
import sympy

from lstm_symbolic import cli
from lstm_symbolic.audit.compare import compare, compare_batch, generalises
from lstm_symbolic.cells import Cell, cell
from lstm_symbolic.errors import LstmSymbolicError

GATE = r"z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)"
CANDIDATE = r"\tilde{h}_t = \tanh(W x_t + U h_{t-1} + b)"
ROW = r"f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f) \\ h_t = f_t \odot x_t"


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (r"o_t \odot \tanh(C_t)", r"\tanh(C_t) \odot o_t", "proved"),
        (r"o_t \odot \tanh(C_t)", r"\tanh(C_t \odot o_t)", "refuted"),
        (r"1 - \tanh^2(a)", r"1 + \tanh^2(a)", "refuted"),
        (r"\delta h_t \odot o_t \odot (1 - \tanh^2 c_t)", r"o_t \odot (1 - \tanh^2 c_t) \odot \delta h_t", "proved"),
        (r"\sigma(a) (1 - \sigma(a))", r"\frac{e^{-a}}{(1 + e^{-a})^2}", "proved"),
        ("tanh(x)", "2*sigmoid(2*x) - 1", "proved"),
        ("W @ (x + y)", "W @ x + W @ y", "proved"),
        (sympy.tanh(sympy.Symbol("x")), "2*sigmoid(2*x) - 1", "proved"),
        ("gru", "gru", "proved"),
        (cell("gru"), "gru_reset_before", "proved"),
        ("lstm", "lstm_no_output_tanh", "refuted"),
        (
            rf"{GATE} \\ {CANDIDATE} \\ h_t = (1 - z_t) \odot h_{{t-1}} + z_t \odot \tilde{{h}}_t",
            rf"{GATE} \\ {CANDIDATE} \\ h_t = (1 - z_t) \odot \tilde{{h}}_t + z_t \odot h_{{t-1}}",
            "proved-under",
        ),
        (
            r"i_t = \sigma(W [h_{t-1}, x_t] + b) \\ h_t = i_t",
            ["i[t] = sigmoid(U @ x[t] + V @ h[t-1] + b)", "h[t] = i[t]"],
            "proved-under",
        ),
        (r"h_t = \tanh(W x_t + U h_{t-1} + b)", "rnn", "proved"),
        (r"h_t = \tanh(W x_{t-1} + U h_{t-1} + b)", "rnn", "refuted"),
        ("h[t] = tanh(W @ x[t] + U @ h[t-1] + b)", Cell.from_plain("h[t] = tanh(b + W @ x[t] + U @ h[t-1])"), "proved"),
    ],
)  # fmt: skip
def test_verdicts(left, right, kind):
    verdict = compare(left, right)
    assert verdict.kind == kind, verdict
    assert (verdict.witness is not None) == (kind == "refuted")


def test_options_reach_the_prover():
    assert compare("sqrt(x**2)", "x").kind == "refuted"
    assert compare("sqrt(x**2)", "x", domain="x > 0").kind == "proved"
    shapes = {"A": "n,m", "B": "m,k"}
    assert compare("(A @ B).T", "B.T @ A.T", shapes=shapes).kind == "proved"
    assert compare("(A @ B).T", "A.T @ B.T", shapes="A:n,n B:n,n").kind == "refuted"
    left, right = "y[t] = a * x[t] + b", "y[t] = c * x[t] - b"
    assert compare(left, right).kind == "proved-under"
    assert compare(left, right, pointwise=True).kind != "proved-under"


def test_generalises_is_one_way():
    assert generalises(compare("lstm", "lstm_cifg"))
    assert not generalises(compare("lstm_cifg", "lstm"))


def test_a_formula_against_a_system():
    with pytest.raises(LstmSymbolicError, match="a formula and the other a system"):
        compare("tanh(x)", "lstm")


def test_batch_answers_every_record():
    answers = compare_batch(
        [
            {"id": "a", "lhs": "tanh(x)", "rhs": "2*sigmoid(2*x) - 1"},
            {"lhs": "(", "rhs": "x"},
            {"id": 7, "lhs": "x", "rhs": "x + 1"},
            {"id": "m"},
            {"id": "s", "lhs": "x", "rhs": "x", "shapes": 3},
            {"id": "l", "lhs": ["h[t] = a * x[t]"], "rhs": ["h[t] = x[t] * a"]},
        ]
    )
    assert [(a["id"], a["verdict"], "error" in a) for a in answers] == [
        ("a", "proved", False), (1, "undecided", True), (7, "refuted", False), ("m", "undecided", True), ("s", "undecided", True),
        ("l", "proved", False),
    ]  # fmt: skip
    with pytest.raises(LstmSymbolicError, match="JSON list"):
        compare_batch({"lhs": "x"})


def test_the_json_of_compare(capsys):
    assert cli.main(["compare", "a * b", "a + b", "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert {"verdict", "under", "where", "witness", "certificate", "reason", "seconds", "instance", "names"} <= data.keys()
    values = {name: int(v) for name, v in data["witness"]["values"].items()}
    assert values["a"] * values["b"] != values["a"] + values["b"]
    assert float(data["witness"]["left"]) == values["a"] * values["b"]


def test_statuses_of_compare(capsys, tmp_path):
    assert cli.main(["compare", "lstm", "lstm_cifg", "--generalises"]) == 0
    assert "yes: the right side" in capsys.readouterr().out
    assert cli.main(["compare", "lstm_cifg", "lstm", "--generalises"]) == 1
    assert cli.main(["compare", "tanh(x)"]) == 2
    assert "compare takes two sides" in capsys.readouterr().err
    assert cli.main(["compare", "tanh(", "x", "--plain"]) == 2
    assert cli.main(["compare", "x", "x", "--shapes", "nonsense"]) == 2
    certificate = tmp_path / "c.json"
    assert cli.main(["compare", "x + y", "y + x", "--certificate", str(certificate)]) == 0
    assert json.loads(certificate.read_text())["method"]
    batch = tmp_path / "b.json"
    equal, different, broken = '[{"lhs": "x", "rhs": "x"}]', '[{"lhs": "x", "rhs": "2*x"}]', '[{"lhs": "x"}]'
    for text, status in ((equal, 0), (different, 1), (broken, 2), ("[", 2), ("[" * 100000, 2)):
        batch.write_text(text)
        assert cli.main(["compare", "--batch", str(batch)]) == status, text
    assert "Traceback" not in capsys.readouterr().err


def test_show_and_zoo(capsys, tmp_path):
    assert cli.main(["show", "lstm", "--as", "latex", "--notation", "colah"]) == 0
    assert r"h_t &= o_t * \tanh(C_t)" in capsys.readouterr().out
    assert cli.main(["show", "lstm", "--notation", "nobody"]) == 2
    assert "known notations" in capsys.readouterr().err
    note = tmp_path / "a.md"
    note.write_text(r"$h_t = o_t \odot \tanh(C_t)$")
    assert cli.main(["show", str(note), "--as", "plain"]) == 0
    assert capsys.readouterr().out == "h[t] = o[t] * tanh(C[t])\n"
    assert cli.main(["zoo", "lstm", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["states"] == ["C", "h"]
