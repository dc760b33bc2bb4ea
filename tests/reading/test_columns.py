"""Gates in one column are one equation each (Zaremba et al. 2014, equation 4; Xu et al. 2015, equation 1)."""

import pytest

from lstm_symbolic.reading import Source, read_document


def column(*cells: str) -> str:
    return r"\begin{pmatrix} " + r" \\ ".join(cells) + r" \end{pmatrix}"


GATES, FUNCTIONS = column("i_t", "o_t", "g_t"), column(r"\sigma", r"\mathrm{sigm}", r"\tanh")


@pytest.mark.parametrize(
    ("right", "plain"),
    [
        (FUNCTIONS + "W [h_{t-1}, x_t]", "{gate}[t] = {function}(W_{gate} @ concat(h[t - 1], x[t]))"),
        (FUNCTIONS + r"\left(W x_t + U h_{t-1} + b\right)", "{gate}[t] = {function}(W_{gate} @ x[t] + U_{gate} @ h[t - 1] + b_{gate})"),
        (FUNCTIONS + "T_{2n,3n}" + column("x_t", "h_{t-1}"), "{gate}[t] = {function}(T_{gate} @ concat(x[t], h[t - 1]))"),
        (FUNCTIONS + r"\circ " + column("W_i", "W_o", "W_g") + "x_t", "{gate}[t] = {function}(W_{gate} @ x[t])"),
        (FUNCTIONS + column(r"\hat i_t", r"\hat o_t", r"\hat g_t"), "{gate}[t] = {function}({gate}_hat[t])"),
    ],
)
def test_each_gate_has_its_equation(right: str, plain: str) -> None:
    found = read_document(Source("x.md", f"$$ {GATES} = {right} $$")).formulas
    functions = {"i": "sigmoid", "o": "sigmoid", "g": "tanh"}
    assert [f.plain for f in found] == [plain.format(gate=g, function=function) for g, function in functions.items()]
    assert all("column of gates" in f.reason for f in found)


@pytest.mark.parametrize(
    "right", [column(r"\sigma", r"\tanh") + "W x_t", FUNCTIONS + r"r_t \odot (W x_t)", FUNCTIONS + r"(W x_t)^2", FUNCTIONS + r"\sigma(x_t)"]
)
def test_rows_that_do_not_come_apart_are_refused(right: str) -> None:
    [found] = read_document(Source("x.md", f"$$ {GATES} = {right} $$")).formulas
    assert found.status == "unreadable"
    assert found.reason


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        (r"i_t, f_t, o_t = \sigma(W x_t + U h_{t-1})", ["concat(i[t], f[t], o[t]) = sigmoid(W @ x[t] + U @ h[t - 1])"]),
        (r"h_t, \tilde{c}_t &= \mathrm{LSTM}\left(x_t, h_{t-1}\right)", ["concat(h[t], c_tilde[t]) = LSTM(x[t], h[t - 1])"]),
        (r"a_t = b_t, c_t = \sigma(d_t)", ["a[t] = b[t]", "c[t] = sigmoid(d[t])"]),
    ],
)
def test_one_call_gives_a_list(source: str, plain: list[str]) -> None:
    """The second of three names was once taken for a side remark."""
    found = read_document(Source("x.md", f"$$ {source} $$")).formulas
    assert [f.plain for f in found] == plain
    assert {f.status for f in found} == {"read"}
