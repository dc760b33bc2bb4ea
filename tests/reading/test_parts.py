"""The stages one by one: scanner, repairs, tokens, names, systems, tables."""

from __future__ import annotations

import pytest
from sympy import Symbol

from lstm_symbolic.errors import ReadError
from lstm_symbolic.reading import Document, Source, read_document
from lstm_symbolic.reading.names import read_index
from lstm_symbolic.reading.repair import Evidence, repair
from lstm_symbolic.reading.scan import find
from lstm_symbolic.reading.tokens import nesting, tokenize

EVIDENCE = Evidence(doubled=5, sigmoid=True)


def document(text: str) -> Document:
    return read_document(Source("parts.md", text))


# -- scanner ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a $x_t$ b $$y$$ c", ["x_t", "y"]),
        (r"a \(x\) and \[y\]", ["x", "y"]),
        ("costs \\$5 and \\$6", []),
        ("```math\nx = y\n```", ["x = y\n"]),
        (r"$$\[ h = c \]$$", [" h = c "]),
        ("`$f = g$`", ["f = g"]),
        (r"\begin{align} a &= b \end{align}", [r"\begin{align} a &= b \end{align}"]),
        ("The state is h_t = o_t * tanh(c_t), as said.", ["h_t = o_t * tanh(c_t)"]),
        ("**h_t = o_t * tanh(c_t)**", ["h_t = o_t * tanh(c_t)"]),
        ("no formula here, only x and words = nothing", []),
        ("if a == b and c != d then e <= f", []),
        (r"$$a \\[2pt] b$$", [r"a \\[2pt] b"]),
    ],
)
def test_scan(text: str, found: list[str]) -> None:
    assert [text[f.start : f.end] for f in find(text)[0]] == found


def test_what_is_not_closed_hides_nothing_after_it() -> None:
    assert [f.plain for f in document("\\[ a = b + c\n\n$h_t = f_t + c_t$").formulas][-1] == "h[t] = f[t] + c[t]"


# -- repairs ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damaged", "mended"),
    [
        (r"C_t = \sigmaig(a*ar{C}_tig)", r"C_t = \sigma\big(a*\bar{C}_t\big)"),
        ("c <t></t>", "c^{<t>}"),
        (r"X_{TS}_{2}", "X_{TS2}"),
        (r"Xt^*W_i", "Xt * W_i"),
        (r"h\_t", "h_t"),
        (r"f = \\sigma(x)", r"f = \sigma(x)"),
        ("Н_t", "H_t"),
        ("F = 6 (X * W + H * U)", r"F = \sigma (X * W + H * U)"),
        (r"I = \mathscr{O}(X * W)", r"I =  \sigma (X * W)"),
        ("zizi", "zi"),
        ("ht-1", "h_{t-1}"),
    ],
)
def test_repair(damaged: str, mended: str) -> None:
    result = repair(damaged, 100, EVIDENCE)
    assert result.text == mended
    assert result.applied
    assert all(a.why and 100 <= a.start < a.end <= 100 + len(damaged) for a in result.applied)
    assert len(result.origin) == len(result.text) + 1
    assert result.origin == sorted(result.origin)


@pytest.mark.parametrize(
    "clean",
    [
        r"y = 6 x", r"y = 6 (x)", r"L = \mathcal{L}(x)", r"W^{*} = W", r"\begin{bmatrix} a \\ b \end{bmatrix}", r"a \\ \sigma = b",
        r"x_{t}^{2}", r"\text{big} x", r"g(z) f(z)", r"h_t = h_t", r"\bar{C}_t", r"\tanh(x)", "d_{ij}",
    ],
)  # fmt: skip
def test_clean_text_is_left_alone(clean: str) -> None:
    assert repair(clean, 0, Evidence(doubled=0, sigmoid=True)).applied == []


def test_a_six_is_a_six_where_no_sigmoid_is_known() -> None:
    assert repair("F = 6 (X * W + H * U)", 0, Evidence(0, sigmoid=False)).applied == []


# -- tokens and names --------------------------------------------------------------------------------------------------------------


def test_tokens_point_into_the_text() -> None:
    text = "δₜ = Wᵀ 𝒉ₜ₋₁ ⊙ c̃"
    tokens = tokenize(text)
    assert [t.text for t in tokens if t.kind == "cmd"] == [r"\delta", r"\odot", r"\tilde"]
    assert all(0 <= t.start <= t.end <= len(text) for t in tokens)
    assert [t.start for t in tokens] == sorted(t.start for t in tokens)


def test_nesting_counts_the_deepest() -> None:
    assert nesting(tokenize("((a)(b{c}))")) == 3


@pytest.mark.parametrize(
    ("text", "above", "field", "value"),
    [
        ("t-1", False, "time", Symbol("t", integer=True) - 1),
        ("<t>", True, "time", Symbol("t", integer=True)),
        ("(t)", True, "time", Symbol("t", integer=True)),
        ("f", False, "tags", ("f",)),
        ("TS_1", False, "tags", ("TS1",)),
        ("T", True, "transpose", True),
        (r"\mathsf{T}", True, "transpose", True),
        (r"\mathsf T", True, "transpose", True),
        (r"\top", True, "transpose", True),
        ("2", True, "power", 2),
        ("-1", True, "power", -1),
        (r"\prime", True, "primes", 1),
        ("l", True, "layer", Symbol("l", integer=True)),
        ("(l-1)", True, "layer", Symbol("l", integer=True) - 1),
        ("i", False, "tags", ("i",)),
        ("xi", False, "tags", ("xi",)),
    ],
)
def test_index(text: str, above: bool, field: str, value: object) -> None:
    assert getattr(read_index(tokenize(text)[:-1], above), field) == value


def test_a_component_is_refused() -> None:
    with pytest.raises(ReadError, match="component"):
        read_index(tokenize("t_k")[:-1], False)


# -- systems and tables ------------------------------------------------------------------------------------------------------------


def test_two_notations_are_two_systems() -> None:
    left = r"$$h_t = \tanh(W x_t + U h_{t-1})$$"
    right = r"$$H_t = \tanh(X_t W^h + H_{t-1} U^h)$$"
    assert [g.layout for g in document(f"{left}\n\n{right}").groups] == ["column", "row"]


def test_one_system_stays_one() -> None:
    text = r"$f_t = \sigma(W_f x_t + U_f h_{t-1})$, then $c_t = f_t \odot c_{t-1}$ and $h_t = \tanh(c_t)$"
    (group,) = document(text).groups
    assert group.formulas == ("f1", "f2", "f3")


def test_a_table_states_one_system_a_column() -> None:
    text = "| | GRU | LSTM |\n|---|---|---|\n| $c_t$ | $u_t * g_t$ | $u_t * g_t + f_t * c_{t-1}$ |\n| $a_t$ | $c_t$ | $o_t * c_t$ |\n"
    groups = document(text).groups
    assert [len(g.equations) for g in groups] == [2, 2]
    assert ["GRU" in g.label for g in groups] == [True, False]


def test_lone_expressions_are_read_too() -> None:
    assert [f.plain for f in document(r"The product $o_t \odot \tanh(c_t)$ of $o_t$.").formulas] == ["o[t] * tanh(c[t])", "o[t]"]


def test_ids_of_systems_are_unique() -> None:
    text = "\n\n".join(rf"$$h^{{{x}}}_t = \tanh(W_{{{x}}} x_t + U_{{{x}}} h^{{{x}}}_{{t-1}})$$" for x in "abcdepqrvw")
    ids = [g.id for g in document(text).groups]
    assert len(ids) == len(set(ids))
