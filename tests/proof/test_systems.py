"""Systems: families of parameters, renamed states, layouts, recursions in both directions."""

from __future__ import annotations

import itertools

import pytest

from lstm_symbolic.cells import cell, cells
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.proof import System, compare_record, compare_systems, generalises

GRU = [
    "z[t] = sigmoid(Wz @ x[t] + Uz @ h[t-1] + bz)",
    "r[t] = sigmoid(Wr @ x[t] + Ur @ h[t-1] + br)",
    "g[t] = tanh(Wg @ x[t] + Ug @ (r[t] * h[t-1]) + bg)",
    "h[t] = z[t] * h[t-1] + (1 - z[t]) * g[t]",
]


def changed(*edits: tuple[str, str]) -> list[str]:
    text = "\n".join(GRU)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text.split("\n")


def compare(left: list[str], right: list[str], **flags):  # type: ignore[no-untyped-def]
    return compare_record({"lhs": left, "rhs": right, **flags})


def test_the_order_of_equations_and_names_of_intermediates_do_not_matter() -> None:
    found = compare(GRU, changed(("z[t]", "u[t]"), ("g[t]", "c_tilde[t]"))[::-1])
    assert found.kind == "proved"
    assert found.names == {"z": "u", "g": "c_tilde"}


def test_complemented_gate() -> None:
    found = compare(GRU, changed(("z[t] * h[t-1] + (1 - z[t]) * g[t]", "(1 - z[t]) * h[t-1] + z[t] * g[t]")))
    assert found.kind == "proved-under"
    assert found.under == {"Wz": "-Wz", "Uz": "-Uz", "bz": "-bz"}


def test_complemented_gate_pointwise() -> None:
    other = changed(("z[t] * h[t-1] + (1 - z[t]) * g[t]", "(1 - z[t]) * h[t-1] + z[t] * g[t]"))
    found = compare(GRU, other, pointwise=True)
    assert found.kind == "refuted"
    assert found.difference[0].startswith("h: ")


def test_two_biases_are_one() -> None:
    found = compare(GRU, changed(("+ bz)", "+ bz + cz)")))
    assert found.kind == "proved-under"
    assert found.under == {"bz": "bz + cz"}


def test_a_missing_bias_is_an_instance() -> None:
    found = compare(changed((" + bz)", ")")), GRU)
    assert found.kind == "refuted"
    assert found.instance is not None
    assert found.instance.to_json() == {"of": "right", "under": {"bz": "0 * ones(n, 1)"}}


def test_a_shared_bias_is_an_instance() -> None:
    found = compare(GRU, changed(("+ br)", "+ bz)")))
    assert found.kind == "refuted"
    assert found.instance is not None
    assert found.instance.to_json() == {"of": "left", "under": {"br": "bz"}}


@pytest.mark.parametrize(
    "edit",
    [("Ug @ (r[t] * h[t-1])", "r[t] * (Ug @ h[t-1])"), ("z[t] * h[t-1]", "z[t] * g[t]"), ("= tanh(", "= sigmoid("),
     ("r[t] * h[t-1]", "h[t-1]"),
     ("h[t] = z[t]", "h[t] = r[t]"), ("Wg @ x[t]", "Wg @ x[t-1]"), ("(1 - z[t])", "(1 + z[t])")],
)  # fmt: skip
def test_mistakes_are_refuted(edit: tuple[str, str]) -> None:
    found = compare(GRU, changed(edit))
    assert found.kind == "refuted"
    assert found.witness is not None
    assert found.witness.left != found.witness.right


def test_rows_for_columns() -> None:
    rows = ["y[t] = tanh(u[t] @ A + y[t-1] @ B + c)"]
    found = compare(["h[t] = tanh(W @ x[t] + U @ h[t-1] + b)"], rows)
    assert found.kind == "proved-under"
    assert found.under in ({"W": "A.T", "U": "B.T", "b": "c.T"}, {"A": "W.T", "B": "U.T", "c": "b.T"})
    assert found.names == {"h": "y", "x": "u"}


def test_five_gates_are_fast() -> None:
    def gates(sign: str, names: str) -> list[str]:
        lines = [f"{g}[t] = sigmoid({sign}(W{p} @ x[t] + U{p} @ h[t-1]))" for g, p in zip("ifoze", names, strict=True)]
        new = {g: f"(1 - {g}[t])" if sign else f"{g}[t]" for g in "ifoze"}
        state = f"C[t] = {new['f']} * C[t-1] + {new['i']} * {new['e']} * g[t]"
        output = f"h[t] = {new['o']} * tanh(C[t]) + {new['z']} * C[t]"
        return [*lines, "g[t] = tanh(Wg @ x[t] + Ug @ h[t-1])", state, output]

    found = compare(gates("", "ifoze"), gates("-", "ofezi"))
    assert found.kind == "proved-under"
    assert found.seconds < 1


def test_a_recursion_backward_in_time_starts_from_zero() -> None:
    shapes = dict.fromkeys(("dC", "dh", "o", "C", "f", "i"), "n,1")
    right = ["dC[t] = dh[t] * o[t] * dtanh(C[t]) + f[t+1] * dC[t+1]"]
    flags = {"shapes": shapes, "backward_in_time": True, "pointwise": True}
    assert compare(["dC[t] = f[t+1] * dC[t+1] + o[t] * dh[t] * (1 - tanh(C[t]) ** 2)"], right, **flags).kind == "proved"
    wrong = compare(["dC[t] = dh[t] * o[t] * dtanh(C[t]) + f[t] * dC[t+1]"], right, **flags)
    assert wrong.kind == "refuted"
    assert wrong.witness is not None
    assert any("t+1" in name for name in wrong.witness.values), "one step hides the mistake: it needs two"


def test_a_difference_in_a_hidden_state_shows_in_the_second_step() -> None:
    left = ["s[t] = tanh(s[t-1] + x[t])", "y[t] = s[t-1]"]
    right = ["s[t] = tanh(s[t-1] - x[t])", "y[t] = s[t-1]"]
    found = compare(left, right, outputs=["y"], pointwise=True, shapes={"s": "n,1", "x": "n,1", "y": "n,1"})
    assert found.kind == "refuted"
    assert found.witness is not None
    assert "s[t-2]" in found.witness.values


def test_sums_over_time_of_defined_symbols() -> None:
    left = ["d[t] = e[t] + U.T @ d[t+1]", "dU = Sum(d[t] @ h[t-1].T, (t, 1, T))"]
    right = ["p[t] = U.T @ p[t+1] + e[t]", "dU = Sum(p[s+1] @ h[s].T, (s, 0, T - 1))"]
    flags = {"outputs": ["dU"], "backward_in_time": True, "pointwise": True}
    assert compare(left, right, **flags).kind == "proved"
    assert compare(left, [right[0], right[1].replace("h[s]", "h[s+1]")], **flags).kind == "refuted"


@pytest.mark.parametrize("equations", [["h[t] = g[t]", "g[t] = h[t]"], ["h[t] = x[t]", "h[t] = 2 * x[t]"], ["2 * h[t] = x[t]"]])
def test_what_is_no_system_is_an_error(equations: list[str]) -> None:
    with pytest.raises(LstmSymbolicError):
        compare(equations, ["h[t] = x[t]"])


def test_an_output_that_is_not_defined_is_an_error() -> None:
    with pytest.raises(LstmSymbolicError, match="y is no definition"):
        compare(["h[t] = x[t]"], ["h[t] = x[t]"], outputs=["y"])


def test_outputs_without_a_counterpart_are_not_equal() -> None:
    """h is a vector, p a scalar: nothing corresponds, so nothing is proved."""
    found = compare(["h[t] = tanh(U @ h[t-1])"], ["p[t] = tanh(u * p[t-1])"], shapes={"h": "n,1", "U": "n,n", "p": "1,1", "u": "1,1"})
    assert found.kind == "undecided"
    assert "do not correspond" in found.reason


def zoo() -> dict[str, System]:
    found = {name: cell(name) for name in cells()}
    return {name: System(tuple((e.lhs, e.rhs) for e in c.equations), tuple(c.outputs)) for name, c in found.items()}


def test_no_two_cells_of_the_zoo_are_equal_and_special_cases_are_found() -> None:
    known, instances = zoo(), set()
    for a, b in itertools.combinations((name for name in known if not cell(name).variant_of), 2):
        found = compare_systems(known[a], known[b])
        assert found.kind in ("refuted", "undecided"), (a, b, found)
        if found.instance is not None:
            instances.add((a, b) if found.instance.of == "left" else (b, a))
    assert {("lstm", "lstm_cifg"), ("lstm_peephole", "lstm"), ("lstm", "lstm_no_bias"), ("gru", "mgu")} <= instances
    assert ("lstm", "lstm_peephole") not in instances


#: Cells that are another one in a framework's conventions (rows, two biases, stacked biases, the other z): the same functions.
CONVENTIONS = {"gru_keras", "gru_onnx", "gru_z_writes", "lstm_keras", "lstm_onnx", "lstm_torch"}


@pytest.mark.parametrize("name", [name for name in cells() if cell(name).variant_of])
def test_a_variant_is_its_cell_only_where_conventions_differ(name: str) -> None:
    found = compare_systems(zoo()[name], zoo()[cell(name).variant_of])
    assert (found.kind in ("proved", "proved-under")) == (name in CONVENTIONS), found


def test_every_cell_of_the_zoo_equals_itself() -> None:
    for name, system in zoo().items():
        assert compare_systems(system, system).kind == "proved", name


def test_generalises() -> None:
    known = zoo()
    assert generalises(known["lstm"], known["lstm_cifg"]).kind == "proved-under"
    assert generalises(known["lstm_cifg"], known["lstm"]).kind == "refuted"


def test_products_of_parameters_are_not_called_different() -> None:
    """W V is any matrix, as M is; the search does not solve that, so it must not say refuted."""
    found = compare(["h[t] = W @ V @ h[t-1]"], ["h[t] = M @ h[t-1]"], shapes={"W": "n,n", "V": "n,n", "M": "n,n", "h": "n,1"})
    assert found.kind == "undecided"
    assert "multiply" in found.reason


def test_an_input_in_another_case_is_the_same_input() -> None:
    """``Z_t`` beside shared inputs is z_t in capitals; another letter is another thing."""

    def system(name: str) -> list[str]:
        return [f"c[t] = tanh({name}[t]) * sigmoid(i[t]) + c[t-1] * sigmoid(f[t])"]

    same = compare_record({"lhs": system("Z"), "rhs": system("z"), "shapes": {}, "outputs": ["c"]})
    assert (same.kind, same.names) == ("proved", {"Z": "z"})
    assert compare_record({"lhs": system("q"), "rhs": system("z"), "shapes": {}, "outputs": ["c"]}).kind == "refuted"


RECURSION = "h[t] = tanh(h[t - 1] + x[t])"


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (["h[0] = 1", RECURSION], ["h[0] = 2", RECURSION], "undecided"),
        (["h[0] = 1", RECURSION], ["s[0] = 3", RECURSION.replace("h[", "s[")], "undecided"),
        (["h[0] = 2 * a", RECURSION], ["h[0] = a + a", RECURSION], "proved"),
        (["h[0] = 1", RECURSION], [RECURSION], "proved"),
        (["h[0] = 0", "h[t] = h[t - 1] * x[t]"], ["h[0] = 0", "h[t] = 2 * h[t - 1] * x[t]"], "undecided"),
        (["h[0] = 0", "h[t] = h[t - 1] * x[t]"], ["h[t] = 2 * h[t - 1] * x[t]"], "undecided"),
        (["h[t] = h[t - 1] * x[t]"], ["h[t] = 2 * h[t - 1] * x[t]"], "refuted"),
        (["h[0] = 0", RECURSION], [RECURSION.replace("h[t - 1]", "2 * h[t - 1]")], "refuted"),
        (["h[0] = 1", RECURSION], ["h[0] = 1", RECURSION.replace("x[t]", "2 * x[t]")], "refuted"),
    ],
)
def test_starts_that_are_stated_must_be_equal(left: list[str], right: list[str], kind: str) -> None:
    """Equal steps from different starts are no equal systems (this was once called proved), and a witness starts where the systems do."""
    verdict = compare_record({"lhs": left, "rhs": right})
    assert verdict.kind == kind
    assert kind != "undecided" or "start differently" in verdict.reason or "the steps differ" in verdict.reason
