"""Printed formulas, written out; escaping; every node in every markup; no two names that look alike."""

import itertools
import re
import xml.dom.minidom

import pytest
import sympy
from sympy import Eq, MatrixSymbol, Symbol

from lstm_symbolic import notebook
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import Cell, cell, cells, concatenated
from lstm_symbolic.errors import LstmSymbolicError, ReadError, UnsupportedNode
from lstm_symbolic.expr import NODES, TimeSymbol, build, read_equation, read_term, shapes
from lstm_symbolic.writing import NOTATIONS, Style, latex, mathml, typst, unicode
from lstm_symbolic.writing.colors import colored, tint
from lstm_symbolic.writing.diagram import diagram
from lstm_symbolic.writing.names import Name
from lstm_symbolic.writing.pen import rule

MARKUPS = {"latex": latex, "unicode": unicode, "typst": typst, "mathml": mathml}
SHAPES = shapes("W:n,n U:n,n h:n,1 x:n,1 b:n,1 C:n,1 o:n,1 r:1,n")


def formula(text):
    return build(read_term(text), SHAPES, text)


def equation(text):
    return tuple(formula(str(side).strip()) for side in text.split(" = "))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("h[t] = o[t] * tanh(C[t])", r"h_t = o_t \odot \tanh(C_t)"),
        ("h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)", r"h_t = \tanh(W x_t + U h_{t-1} + b)"),
        ("W @ (o[t] * h[t - 1])", r"W (o_t \odot h_{t-1})"),
        ("o[t] * (W @ h[t])", r"o_t \odot (W h_t)"),
        ("(1 - o[t]) * h[t]", r"(1 - o_t) \odot h_t"),
        ("1 - C[t] ** 2", "1 - C_t^2"),
        ("1 - tanh(C[t]) ** 2", r"1 - \tanh^2(C_t)"),
        ("dsigmoid(W @ x[t])", r"\sigma'(W x_t)"),
        ("(W @ x[t]).T", r"(W x_t)^{\top}"),
        ("W.T @ h[t]", r"W^{\top} h_t"),
        ("C_tilde[t]", r"\tilde{C}_t"),
        ("htilde[t]", r"\tilde{h}_t"),
        ("c_prime", "c'"),
        ("W_f_1", "W_{f,1}"),
        ("W_out", r"W_{\mathrm{out}}"),
        ("alpha * Gamma_u", r"\alpha \Gamma_u"),
        ("net_i[t]", r"\mathrm{net}_{i,t}"),
        ("h[l, t - 1]", "h_{l,t-1}"),
        ("a / b2", r"\frac{a}{\mathrm{b2}}"),
        ("h[t] / (o[t] + x[t])", r"\frac{h_t}{o_t + x_t}"),
        ("a - (c - d)", "a - (c - d)"),
        ("a - c * d", "a - c d"),
        ("-2 * h[t] + x[t]", "-2 h_t + x_t"),
        ("a * (c + d)", r"a \cdot (c + d)"),
        ("2 * 3 * a", r"2 \cdot 3 a"),
        ("0.14 * a + 1 / 3", r"0.14 a + \frac{1}{3}"),
        ("where(a > 0, a, 0)", r"\begin{cases} a & \text{if } a > 0 \\ 0 & \text{otherwise} \end{cases}"),
        ("where(a >= c, 1, 0)", r"\begin{cases} 1 & \text{if } a \ge c \\ 0 & \text{otherwise} \end{cases}"),
        ("relu(a)", r"\operatorname{ReLU}(a)"),
        ("sqrt(a)", r"\sqrt{a}"),
        ("norm(h[t])", r"\left\| h_t \right\|"),
        ("diag(h[t]) @ W", r"\operatorname{diag}(h_t) W"),
        ("Sum(grad(h[t]) @ x[t].T, (t, 1, T))", r"\sum_{t=1}^{T} \frac{\partial L}{\partial h_t} x_t^{\top}"),
        ("W @ Sum(h[t], (t, 1, T))", r"W \left(\sum_{t=1}^{T} h_t\right)"),
        ("jac(h[t], h[k])", r"\frac{\partial h_t}{\partial h_k}"),
        ("hstack(W, U)", r"\begin{bmatrix} W & U \end{bmatrix}"),
        ("matrix([[1, -2], [0.5, a]])", r"\begin{bmatrix} 1 & -2 \\ \frac{1}{2} & a \end{bmatrix}"),
        ("ones(n, m)", r"\mathbf{1}_{n \times m}"),
        ("g(z)", "g(z)"),
    ],
)
def test_latex_written_out(text, want):
    got = equation(text) if " = " in text else formula(text)
    assert latex(got) == want


@pytest.mark.parametrize(
    ("notation", "want"),
    [
        ("default", r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)"),
        (
            "goodfellow",
            r"\mathbf{f}^{(t)} = \sigma(\mathbf{U}^f \mathbf{x}^{(t)} + \mathbf{W}^f \mathbf{h}^{(t-1)} + \mathbf{b}^f)",
        ),
        ("math-bold", r"\mathbf{f}_t = \sigma(\mathbf{W}_f \mathbf{x}_t + \mathbf{U}_f \mathbf{h}_{t-1} + \mathbf{b}_f)"),
        ("pytorch", r"f_t = \sigma(W_{if} x_t + W_{hf} h_{t-1} + b_f)"),
        ("greff", r"\mathbf{f}^t = \sigma(\mathbf{W}_f \mathbf{x}^t + \mathbf{R}_f \mathbf{y}^{t-1} + \mathbf{b}_f)"),
        ("cs230", r"\Gamma_f^{\langle t \rangle} = \sigma(W_f x^{\langle t \rangle} + U_f a^{\langle t-1 \rangle} + b_f)"),
    ],
)
def test_one_gate_in_each_notation(notation, want):
    assert latex(cell("lstm").equations[0], notation) == want


def test_colah_is_colah():
    lines = latex(cell("lstm"), "colah").splitlines()
    assert lines[1] == r"f_t &= \sigma(W_f \cdot [h_{t-1}, x_t] + b_f) \\"
    assert lines[3] == r"\tilde{C}_t &= \tanh(W_C \cdot [h_{t-1}, x_t] + b_C) \\"
    assert lines[5:7] == [r"C_t &= f_t * C_{t-1} + i_t * \tilde{C}_t \\", r"h_t &= o_t * \tanh(C_t)"]


def test_an_authors_own_notation():
    own = Style(
        product=r"\otimes",
        matmul="*",
        names={"C_tilde": r"\bar{C}", "W_f": "W^f", "h": r"\mathbf{h}"},
        sigmoid=r"\text{sigmoid}",
        transpose="T",
    )
    assert latex(cell("lstm").equations[4], own) == r"C_t = f_t \otimes C_{t-1} + i_t \otimes \bar{C}_t"
    assert latex(cell("lstm").equations[0], own) == r"f_t = \text{sigmoid}(W^f * x_t + U_f * \mathbf{h}_{t-1} + b_f)"
    assert latex(formula("W.T"), own) == "W^T"


def test_old_and_new_values_by_a_prime():
    own = Style(time="prime", primed=("c",))
    assert latex(cell("lstm_lee").equations[0], own) == "c' = g(z) f(z_i) + c f(z_f)"


def test_a_transposed_symbol_with_a_time_above():
    assert latex(formula("h[t].T"), Style(time="superscript")) == r"{h^{(t)}}^{\top}"
    assert latex(formula("h[t] ** 2"), Style(time="raised")) == "(h^t)^2"
    assert unicode(formula("h[t].T"), Style(time="raised")) == "(hᵗ)ᵀ"
    assert latex(formula("W.T @ h[t]"), Style(names={"W": "W^f"})) == r"(W^f)^{\top} h_t"


def test_deltas():
    assert latex(formula("grad(h[t])"), Style(gradient="delta")) == r"\delta h_t"


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        (unicode, "hₜ = oₜ ⊙ tanh(Cₜ)"),
        (typst, 'h_t = o_t ⊙ op("tanh") (C_t)'),
        (
            mathml,
            "<math><mrow><msub><mi>h</mi><mrow><mrow><mi>t</mi></mrow></mrow></msub><mo>=</mo><msub><mi>o</mi><mrow><mrow><mi>t</mi></mrow></mrow>"
            "</msub><mo>⊙</mo><mi>tanh</mi><mo>&#x2061;</mo><mrow><mo>(</mo><msub><mi>C</mi><mrow><mrow><mi>t</mi></mrow></mrow></msub><mo>)</mo></mrow>"
            "</mrow></math>",
        ),
    ],
)
def test_the_other_markups_written_out(markup, want):
    assert markup(equation("h[t] = o[t] * tanh(C[t])")) == want


def test_unicode_systems_are_aligned():
    columns = {line.replace("\u0303", "").index("=") for line in unicode(cell("lstm")).splitlines()}
    assert len(columns) == 1


def test_chains_and_lists():
    assert latex(equation("a = c = d")) == "a = c = d"
    rows = [Eq(*equation("a = c"), evaluate=False), Eq(*equation("h[t] = x[t]"), evaluate=False)]
    assert latex(rows) == "\\begin{aligned}\na &= c \\\\\nh_t &= x_t\n\\end{aligned}"


def test_the_initial_value_is_printed_too():
    c = Cell.from_plain(["h[0] = 0", "h[t] = tanh(h[t - 1])"])
    assert unicode(c).splitlines() == ["h₀ = 0", "hₜ = tanh(hₜ₋₁)"]


EVERY = [
    "W @ h[t] + x[t] * b", "h[t] / x[t] - h[t] ** 3", "softmax(h[t])", "concat(h[t], x[t])", "hstack(W, U)", "vstack(W, U)",
    "diag(h[t]) @ W.T", "trace(W) + total(W) + norm(h[t])", "conv(W, h[t])", "Sum(h[t], (t, 1, T))", "Prod(W, (k, j + 1, t))", "grad(W)",
    "jac(h[t], x[t])", "ones(n, m)", "eye(n)", "matrix([[1, 2], [-3, 0.25]])", "where(a > c, sqrt(a), abs(c))", "pi * a / c + g(a, c)",
    "dtanh(h[t]) * dsigmoid(x[t])", "a ** c - 2 / 3", "r + 1", "exp(-a) * log(a) * erf(a)",
]  # fmt: skip


@pytest.mark.parametrize("text", EVERY)
@pytest.mark.parametrize("markup", MARKUPS)
def test_every_formula_prints_in_every_markup(text, markup):
    printed = MARKUPS[markup](formula(text))
    assert printed
    assert "lambda" not in printed
    if markup == "mathml":
        xml.dom.minidom.parseString(printed)
    if markup == "latex":
        assert balanced(printed)


def balanced(text):
    text = re.sub(r"\\[{}]", "", text)
    return (
        text.count("{") == text.count("}")
        and text.count(r"\left") == text.count(r"\right")
        and text.count(r"\begin") == text.count(r"\end")
    )


def test_there_is_a_rule_for_every_node():
    for kind in NODES:
        assert rule.dispatch(kind) is not rule.dispatch(object), kind
    with pytest.raises(UnsupportedNode, match="no printing rule for MatrixElement"):
        latex(MatrixSymbol("A", 2, 2)[0, 1])


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", cells())
def test_names_that_differ_look_different(name, notation):
    """The systems that a style maps onto one letter fall back to their own names."""
    for c in (cell(name), concatenated(cell(name))):
        assert balanced(latex(c, notation))
        lone = tuple(c.symbol(n) for n in c.shapes)
        printed = latex(lone, notation).split(" = ")
        assert len(printed) == len(lone) > 1
        assert len(set(printed)) == len(printed)


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(["C_tilde", "Ctilde", "C", "C_bar", "C_1", "C1"], 2)))
def test_two_symbols_never_print_alike(a, b):
    for markup in MARKUPS.values():
        left, right = markup((Symbol(a, real=True), Symbol(b, real=True))).replace("<mo>=</mo>", " = ").split(" = ")
        assert left.removeprefix("<math><mrow>") != right.removesuffix("</mrow></math>")


COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
#: What LaTeX and amsmath define, of what a printed formula may hold; anything else would be a command that came in from outside.
COMMANDS = set(
    COMMAND.findall(
        r"\alpha\epsilon\mu\nu\pi\Gamma\sigma\tanh\exp\log\max\operatorname\mathrm\mathbf\boldsymbol\mathcal\tilde\hat\bar\odot\cdot\star\top"
        r"\frac\sqrt\sum\prod\partial\left\right\|\langle\rangle\times\ge\begin\end\\\text\backslash\{\}\$\&\#\_\%\sim"
    )
)
ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "msub", "msup", "msubsup", "mfrac", "msqrt", "mover", "munderover", "mtable", "mtr", "mtd", "mtext",
}  # fmt: skip

EVIL = ["<script>alert(1)</script>", r"\input{/etc/passwd}", "a&b", "$x$", '"] #eval("1")', "x\x1b[31m", "}{", "a_{b}", "%", "~^", "\u202e",
        r"\write18{ls}", "^^5cinput{x}", '#read("secret")', "<img src=x onerror=alert(1)>", "]]><script>", "*/", "`ls`"]  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
def test_untrusted_names_are_escaped(name):
    """A user may build a symbol of any text; no markup lets it through as a command."""
    for symbol in (
        Symbol(name, real=True),
        TimeSymbol(name, 2, 1, Symbol("t", integer=True)),
        sympy.Function(name)(Symbol("u", real=True)),
    ):
        tree = xml.dom.minidom.parseString(mathml(symbol))
        assert not tree.getElementsByTagName("script")
        assert {node.tagName for node in tree.getElementsByTagName("*")} <= ELEMENTS
        text = latex(symbol)
        assert set(COMMAND.findall(text)) <= COMMANDS
        assert "^^" not in text
        assert balanced(text)
        assert not re.search(r"(?<!\\)[$%&#~]", text)
        quoted = re.sub(r'"(?:\\.|[^"\\])*"', "", typst(symbol))
        assert not re.search(r"[#$<&]", quoted)
        for printed in (text, quoted, unicode(symbol), mathml(symbol)):
            assert "\x1b" not in printed
            assert "\u202e" not in printed


@pytest.mark.parametrize(
    "evil", [r"\input{x}", "W}", r"\write18{ls}", "a b c", "", r"\tilde", "W_{", "x" * 200, "$", r"\href{a}{b}", "<b>", r"W_{\input{x}}"]
)
def test_an_authors_symbol_is_parsed_not_copied(evil):
    with pytest.raises(ReadError):
        Name.latex(evil)
    with pytest.raises(ReadError):
        latex(formula("h[t]"), Style(names={"h": evil}))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("C", Name("C")),
        (r"\tilde{C}", Name("C", accent="tilde")),
        (r"\widetilde C", Name("C", accent="tilde")),
        ("W_f", Name("W", subs=("f",))),
        ("W^{f}", Name("W", sups=("f",))),
        (r"\Gamma_u", Name("Γ", subs=("u",))),
        (r"W_{x i}", Name("W", subs=("xi",))),
        (r"\mathrm{net}_i", Name("net", font="upright", subs=("i",))),
        ("c'", Name("c", primes=1)),
        (r"c^{\prime}", Name("c", primes=1)),
        (r"\mathbf{h}", Name("h", font="bold")),
        (r"{W_f}", Name("W", subs=("f",))),
        (r"W_{\text{out}}", Name("W", subs=("out",))),
    ],
)
def test_an_authors_symbol(text, name):
    assert Name.latex(text) == name


def test_bold_letters():
    assert unicode(cell("rnn"), "math-bold") == "𝐡ₜ = tanh(𝐖 𝐱ₜ + 𝐔 𝐡ₜ₋₁ + 𝐛)"
    assert typst(cell("rnn").equations[0].lhs, "math-bold") == "bold(h)_t"
    assert "<mi>𝐡</mi>" in mathml(cell("rnn"), "math-bold")
    assert latex(formula("a * h[t]"), "math-bold") == r"a \mathbf{h}_t", "a scalar is not bold"
    assert latex(Symbol("gamma_mean", real=True), Style(names={"gamma_mean": r"\mathbf{\bar{\gamma}}_m"})) == r"\bar{\boldsymbol{\gamma}}_m"


def test_bad_styles_say_what_is_allowed():
    with pytest.raises(ReadError) as error:
        Style(product=r"\input{x}")
    assert r"\odot" in error.value.hint
    with pytest.raises(LstmSymbolicError, match="no notation is called 'nonsense'") as unknown:
        latex(cell("gru"), "nonsense")
    for known in ("default", "colah", "goodfellow", "greff", "cs230", "pytorch", "math-bold"):
        assert known in NOTATIONS
        assert known in unknown.value.hint
    with pytest.raises(UnsupportedNode, match=r"5 \(int\) cannot be printed"):
        latex(5)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_latex_needs_amsmath_alone(notation):
    """No package but amsmath, and no letter that pdfTeX does not know without fonts of its own."""
    for printed in (*(latex(cell(name), notation) for name in cells()), *(latex(formula(text), notation) for text in EVERY)):
        assert set(COMMAND.findall(printed)) <= COMMANDS
        assert set(re.findall(r"\\begin\{(\w+)\}", printed)) <= {"aligned", "bmatrix", "cases"}
        assert printed.isascii()


def test_typst_compiles_every_cell_in_every_notation():
    compiler = pytest.importorskip("typst")
    body = "\n".join(f"$ {typst(cell(name), notation)} $" for name in cells() for notation in NOTATIONS)
    body += "\n".join(f"$ {typst(formula(text))} $" for text in EVERY)
    body += "\n".join(f"$ {typst(Symbol(name, real=True))} $" for name in EVIL)
    assert compiler.compile(f"#set page(height: auto)\n{body}".encode()).startswith(b"%PDF")


def test_notebooks_show_formulas():
    shown = cell("gru")
    assert isinstance(shown, notebook.Shown)
    assert shown._repr_latex_().startswith("$$\\begin{aligned}")
    assert shown._repr_html_().startswith("<math")


def test_deep_formulas_are_refused_not_crashed():
    e = formula("h[t]")
    for _ in range(5000):
        e = sympy.matrices.expressions.Transpose(e)
    with pytest.raises(LstmSymbolicError, match="nested too deeply"):
        latex(e)


def test_long_sums_print():
    text = " + ".join(f"a{k}" for k in range(500))
    assert latex(read_sum(text)).count("+") == 499


def read_sum(text):
    return build(read_equation(text).sides[0], {}, text)


def test_the_default_notation_keeps_the_weights_as_they_are_written():
    joined = concatenated(cell("rnn"))
    assert latex(joined.equations[0]) in latex(joined).replace("&", "")
    assert "U h_{t-1}" in latex(cell("rnn"))
    assert "[" not in latex(joined, "pytorch")


GATES = {"f", "i", "o", "C_tilde"}


def test_each_gate_has_one_colour() -> None:
    """Its weights and the gradient of its pre-activation have it too; states and inputs have none."""
    colors = colored(Style(color="gates"), [cell("lstm")]).colors
    assert len({colors[g] for g in GATES}) == len(GATES)
    for gate, index in (("f", "f"), ("i", "i"), ("o", "o"), ("C_tilde", "C")):
        assert {colors[f"{kind}_{index}"] for kind in "WUb"} == {colors[gate]} == {colors[f"delta_{gate}"]}
    assert not colors.keys() & {"C", "h", "x"}
    assert colored(Style(), [cell("lstm")]).colors == {}


def test_colours_in_every_markup() -> None:
    e, own = cell("gru").equations[3], Style(colors={"z": "#1f5fb3"})
    assert latex(e, own).count(r"\textcolor[HTML]{1F5FB3}{z_t}") == 2
    assert typst(e, own).count('#text(fill: rgb("#1f5fb3"), $z_t$)') == 2
    assert mathml(e, own).count('<mstyle mathcolor="#1f5fb3">') == 2
    assert unicode(e, own) == unicode(e)
    assert re.sub(r"\\textcolor\[HTML\]\{1F5FB3\}\{(z_t)\}", r"\1", latex(e, own)) == latex(e)


def test_colours_of_equations_derivation_and_picture_are_the_same() -> None:
    own, c = Style(color="gates"), cell("gru")
    shade = colored(own, [c]).colors["z"]
    assert rf"\textcolor[HTML]{{{shade[1:].upper()}}}{{z_t}}" in latex(c, own)
    assert rf"\textcolor[HTML]{{{shade[1:].upper()}}}{{\delta_{{z,t}}}}" in latex(backward(c), own)
    picture = diagram(c, "svg", own)
    assert f'<tspan fill="{shade}">' in picture
    assert f'fill="{tint(shade)}"' in picture
    assert tint(shade) not in diagram(c, "svg", "default")


@pytest.mark.parametrize("color", ["red", "#12", "#12345g", "#123456;x", "}\\input{x}"])
def test_a_colour_is_six_digits(color: str) -> None:
    with pytest.raises(ReadError, match="is no color"):
        Style(colors={"f": color})


@pytest.mark.parametrize("print_it", [latex, unicode, typst, mathml])
def test_a_tuple_of_equations_is_the_system_it_came_from(print_it):
    """``cell.equations`` prints as the cell does; a tuple of expressions stays a chain of sides."""
    gru = cell("gru")
    assert print_it(gru.equations) == print_it(list(gru.equations)) == print_it(gru)
    assert print_it((gru.equations[0].lhs, gru.equations[0].rhs)) == print_it(gru.equations[0])
