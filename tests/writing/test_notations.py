"""Notations are data: the packaged files, an author's own file, and what is said of a bad one."""

from pathlib import Path

import pytest
from sympy import Symbol

from lstm_symbolic import cli
from lstm_symbolic.cells import TIME as T
from lstm_symbolic.cells import cell
from lstm_symbolic.errors import LstmSymbolicError, ReadError
from lstm_symbolic.expr import TimeSymbol
from lstm_symbolic.writing import NOTATIONS, Style, latex, read_notation, style, unicode
from lstm_symbolic.writing.names import Name

n = Symbol("n", integer=True, positive=True)
OWN = """
product = '\\circ'
matmul = '\\cdot'
time = "angle"
bold = ["vector"]
[names]
C_tilde = '\\bar{C}'
"W_*" = 'W^{*}'
W_o = 'W_{out}'
"""


def test_the_default_says_nothing_but_what_it_is_about():
    assert next(iter(NOTATIONS)) == "default"
    assert all(own.about for own in NOTATIONS.values())
    assert NOTATIONS["default"] == Style("default", about=NOTATIONS["default"].about)


@pytest.mark.parametrize(
    ("notation", "line"),
    [
        ("colah", r"f_t &= \sigma(W_f \cdot [h_{t-1}, x_t] + b_f)"),
        ("goodfellow", r"\mathbf{f}^{(t)} &= \sigma(\mathbf{U}^f \mathbf{x}^{(t)} + \mathbf{W}^f \mathbf{h}^{(t-1)} + \mathbf{b}^f)"),
        ("greff", r"\mathbf{y}^t &= \mathbf{o}^t \odot \tanh(\mathbf{c}^t)"),
        ("cs230", r"a^{\langle t \rangle} &= \Gamma_o^{\langle t \rangle} \star \tanh(c^{\langle t \rangle})"),
        ("lee", r"c^t &= z_f^t \odot c^{t-1} + z_i^t \odot z^t"),
        ("thai-lecture", r"f_t &= \sigma(x_t U^f + h_{t-1} W^f + b_f)"),
        ("pytorch", r"g_t &= \tanh(W_{ig} x_t + W_{hg} h_{t-1} + b_g)"),
        ("keras", r"c_t &= f_t * c_{t-1} + i_t * \tilde{c}_t"),
        ("cho", r"\tilde{c}^{\langle t \rangle} &= \tanh(W x^{\langle t \rangle} + U h^{\langle t-1 \rangle} + b)"),
        ("math-bold", r"\mathbf{h}_t &= \mathbf{o}_t \odot \tanh(\mathbf{c}_t)"),
    ],
)
def test_the_lstm_as_each_school_writes_it(notation: str, line: str) -> None:
    assert line in [row.removesuffix(" \\\\") for row in latex(cell("lstm"), notation).splitlines()]


def test_primes_never_hide_a_time() -> None:
    """With c' beside c, what is neither now nor before keeps its index: a gradient reads t + 1."""
    own = Style(time="prime", primed=("C",), names={"C": "c", "f": "z_f"})
    texts = [latex(cell("lstm").symbol(name).subs(T, T + k), own) for name in ("C", "f") for k in (-1, 0, 1)]
    assert texts == ["c", "c'", "c_{t+1}", "z_{f,t-1}", "z_f", "z_{f,t+1}"]


def test_an_authors_own_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN, encoding="utf-8")
    want = r"\sigma(W^f \cdot \mathbf{x}^{\langle t \rangle} + U_f \cdot \mathbf{h}^{\langle t-1 \rangle} + \mathbf{b}_f)"
    assert latex(cell("lstm").equations[0].rhs, str(file)) == want
    assert cli.main(["show", "lstm", "--notation", str(file), "--as", "latex"]) == 0
    assert want in capsys.readouterr().out
    assert cli.main(["show", "lstm", "--notation", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: No such file" in capsys.readouterr().err


def test_a_star_stands_for_the_rest_of_a_name():
    own = read_notation(OWN, "own.toml")
    assert own.glyph("W_f") == Name("W", sups=("f",))
    assert own.glyph("W_o") == Name("W", subs=("out",)), "a name itself is stronger than a pattern"
    assert own.glyph("W") == Name("W")
    assert own.glyph("W_f}\\input{x") == Name.plain("W_f}\\input{x"), "what is no word is not put into a symbol"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("product = ", "no TOML"),
        ("a = " + "[" * 100_000, "no TOML"),
        ("colour = 'red'", "'colour' is nothing that a notation says"),
        ("name = 'x'", "'name' is nothing"),
        ("product = 3", "product is no text"),
        ("product = '\\input{x}'", "is no product of a notation"),
        ("time = 'left'", "'left' is no time of a notation"),
        ("bold = 'vector'", "bold is no list of texts"),
        ("bold = ['scalar']", "'scalar' is no bold of a notation"),
        ("names = ['h']", "names is no table of texts"),
        ("[names]\nh = 1", "names is no table of texts"),
        ("[names]\nh = '\\write18{ls}'", "is not one symbol"),
        ("[names]\n'W_*' = '\\input{*}'", "is not one symbol"),
        ("[names]\nh = '#read(1)'", "is not one symbol"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(text: str, complaint: str) -> None:
    with pytest.raises(ReadError) as error:
        read_notation(text, "own.toml")
    assert error.value.message.startswith("own.toml: ")
    assert complaint in error.value.message


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * 200_000])
def test_a_file_that_is_no_notation(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "odd.toml"
    file.write_bytes(content)
    with pytest.raises(LstmSymbolicError, match=r"odd\.toml"):
        style(str(file))


def test_letters_that_would_fall_together_stay_apart():
    """Three names that a style maps onto one letter, and one that already has it."""
    own = Style(names={"a": "y", "b": "y", "c": "b"})
    text = unicode(tuple(Symbol(name, real=True) for name in "abcy"), own)
    assert len(set(text.split(" = "))) == 4


def test_a_gradient_bears_the_letters_of_its_symbol() -> None:
    """Greff et al. print delta z, where the candidate is z; the CS230 sheet has Gamma for gates."""
    assert latex(TimeSymbol("delta_C_tilde", n, 1, T), "greff") == r"\boldsymbol{\delta}_z^t"
    assert latex(TimeSymbol("delta_i", n, 1, T), "cs230") == r"\delta_{\Gamma,u}^{\langle t \rangle}"
    assert latex(TimeSymbol("dL_h", n, 1, T), "cs230") == r"\mathrm{dL}_a^{\langle t \rangle}"
    assert latex(TimeSymbol("delta_f", n, 1, T)) == r"\delta_{f,t}"
