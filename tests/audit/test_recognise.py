"""Which cell a document states: textbook forms in several notations, output layers beside the recursion, and slips in an unusual one."""

import pytest

from lstm_symbolic.audit.check import audit, check
from lstm_symbolic.cells import cell, cells
from lstm_symbolic.reading import Source
from lstm_symbolic.writing import latex

GATE = r"$$%s_t = \sigma(W_%s x_t + U_%s h_{t-1} + b_%s)$$"

#: Title -> text, cell, relation, codes of the errors.
DOCUMENTS = {
    "open squashing functions": (
        r"""$$\begin{aligned}f_{t}&=\sigma _{g}(W_{f}x_{t}+U_{f}h_{t-1}+b_{f})\\i_{t}&=\sigma _{g}(W_{i}x_{t}+U_{i}h_{t-1}+b_{i})\\
        o_{t}&=\sigma _{g}(W_{o}x_{t}+U_{o}h_{t-1}+b_{o})\\{\tilde {c}}_{t}&=\sigma _{c}(W_{c}x_{t}+U_{c}h_{t-1}+b_{c})\\
        c_{t}&=f_{t}\odot c_{t-1}+i_{t}\odot {\tilde {c}}_{t}\\h_{t}&=o_{t}\odot \sigma _{h}(c_{t})\end{aligned}$$""",
        "lstm", "equivalent-under", [],
    ),
    "bold rows": (
        r"""$$\begin{aligned} \mathbf{I}_t &= \sigma(\mathbf{X}_t \mathbf{W}_{\textrm{xi}}
        + \mathbf{H}_{t-1} \mathbf{W}_{\textrm{hi}} + \mathbf{b}_\textrm{i}),\\
        \mathbf{F}_t &= \sigma(\mathbf{X}_t \mathbf{W}_{\textrm{xf}}
        + \mathbf{H}_{t-1} \mathbf{W}_{\textrm{hf}} + \mathbf{b}_\textrm{f}),\\
        \mathbf{O}_t &= \sigma(\mathbf{X}_t \mathbf{W}_{\textrm{xo}}
        + \mathbf{H}_{t-1} \mathbf{W}_{\textrm{ho}} + \mathbf{b}_\textrm{o}), \end{aligned}$$
        $$\tilde{\mathbf{C}}_t = \textrm{tanh}(\mathbf{X}_t \mathbf{W}_{\textrm{xc}}
        + \mathbf{H}_{t-1} \mathbf{W}_{\textrm{hc}} + \mathbf{b}_\textrm{c}),$$
        $$\mathbf{C}_t = \mathbf{F}_t \odot \mathbf{C}_{t-1} + \mathbf{I}_t \odot \tilde{\mathbf{C}}_t.$$

        $$\mathbf{H}_t = \mathbf{O}_t \odot \tanh(\mathbf{C}_t).$$""",
        "lstm", "equivalent-under", [],
    ),
    "weights in superscripts, reset after the product": (
        r"""$$z_t = \sigma(W^{(z)} x_t + U^{(z)} h_{t-1})$$ $$r_t = \sigma(W^{(r)} x_t + U^{(r)} h_{t-1})$$
        $$\tilde{h}_t = \tanh(r_t \circ U h_{t-1} + W x_t)$$ $$h_t = (1 - z_t) \circ \tilde{h}_t + z_t \circ h_{t-1}$$""",
        "gru_reset_after_no_bias", "equivalent-under", [],
    ),
    "an output layer beside the recursion": (
        r"$$h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t)$$ $$y_t = W_{hy} h_t$$", "rnn_no_bias", "equivalent-under", [],
    ),
    "the gates stand elsewhere": (
        r"$$c_t = f \odot c_{t-1} + i \odot g$$ $$h_t = o \odot \tanh(c_t)$$", "lstm_no_bias", "equivalent", [],
    ),
    "what is reset has a name": (
        r"""$$z_t = \sigma(W_z x_t + U_z h_{t-1})$$ $$r_t = \sigma(W_r x_t + U_r h_{t-1})$$ $$m_t = r_t \odot h_{t-1}$$
        $$\tilde{h}_t = \tanh(W_h x_t + U_h m_t)$$ $$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t$$""",
        "gru_no_bias", "equivalent-under", [],
    ),
    "what is reset has the time of the state": (
        r"""$$z_t = \sigma(W_z x_t + U_z h_{t-1})$$ $$r_t = \sigma(W_r x_t + U_r h_{t-1})$$ $$h_{\text{reset},t-1} = r_t \odot h_{t-1}$$
        $$\tilde{h}_t = \tanh(W_h x_t + U_h h_{\text{reset},t-1})$$ $$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t$$""",
        "gru_no_bias", "equivalent-under", [],
    ),
    "a slip beside a value with a name": (
        r"""$$z_t = \sigma(W_z x_t + U_z h_{t-1})$$ $$r_t = \sigma(W_r x_t + U_r h_{t-1})$$ $$m_t = r_t \odot h_{t-1}$$
        $$\tilde{h}_t = \tanh(W_h x_t + U_h m_t)$$ $$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot h_t$$""",
        "gru_no_bias", "undecided", ["E201", "E219"],
    ),
    "one letter for every squashing function": (
        r"""$$z_t = f(W_{xz} x_t + W_{hz} h_{t-1} + b_z)$$ $$r_t = f(W_{xr} x_t + W_{hr} h_{t-1} + b_r)$$
        $$\hat{h}_t = f(W_{xh} x_t + W_{hh} (r_t \odot h_{t-1}) + b_h)$$ $$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \hat{h}_t$$""",
        "gru", "equivalent-under", [],
    ),
    "program-like names": (
        r"""$$z_t = sigmoid(W_z @ [h_{t-1}, x_t] + b_z)$$ $$r_t = sigmoid(W_r @ [h_{t-1}, x_t] + b_r)$$
        $$\begin{aligned} & \text{ResetHidden} = r_t * h_{t-1}\\ & g_t = tanh(W_g @ [ResetHidden, x_t] + b_g) \end{aligned}$$
        $$h_t = (1 - z_t) * h_{prev} + z_t * g_t$$""",
        "gru", "equivalent-under", [],
    ),
    "signs of MATLAB, a space between formulas": (
        r"""$$f_t = \sigma(W_f x_t + U_f h_{t-1}) \hspace{1cm} i_t = \sigma(W_i x_t + U_i h_{t-1})$$
        $$\hspace{-1em} o_t = \sigma(W_o x_t + U_o h_{t-1})$$
        $$g_t = \tanh(W_g x_t + U_g h_{t-1}) \quad \in \mathbb{R}^n$$ $$c_t = f_t.*c_{t-1} + i_t .* g_t$$ $$h_t = o_t.*tanh(c_t)$$""",
        "lstm_no_bias", "equivalent-under", [],
    ),
    "the Deep Learning book's cell with the steps above, e at a step and no exponential": (
        r"""$$h^{(t)} = q^{(t)} \circ \tanh(s^{(t)})$$ $$s^{(t)} = f^{(t)} \circ s^{(t-1)} + g^{(t)} \circ e^{(t)}$$
        $$f^{(t)} = \sigma(b_f + U_f x^{(t)} + W_f h^{(t-1)})$$ $$g^{(t)} = \sigma(b_g + U_g x^{(t)} + W_g h^{(t-1)})$$
        $$q^{(t)} = \sigma(b_q + U_q x^{(t)} + W_q h^{(t-1)})$$ $$e^{(t)} = \sigma(b_e + U_e x^{(t)} + W_e h^{(t-1)})$$""",
        "lstm_goodfellow", "equivalent-under", [],
    ),
    "four slips": (
        "\n\n".join([GATE % ("i", "i", "i", "i"), GATE % ("f", "f", "f", "f"),
                     r"$$o_t = \sigma(W_o x_t + U_o h_t + b_o)$$", r"$$g_t = \tanh(W_g x_t + U_g h_{t-1} + b_i)$$",
                     r"$$c_t = f_t \odot c_t + i_t \odot g_t$$", r"$$h_t = o_t + \tanh(c_t)$$"]),
        "lstm", "undecided", ["E202", "E219", "E201", "E202", "E219", "E213"],
    ),
}  # fmt: skip


def test_a_cell_state_of_the_author_s_own_is_no_slip() -> None:
    """The T-LSTM (Baytas et al. 2017) takes a part out of C[t-1] before the gates see it: another cell, and no wrong letter."""
    text = "\n\n".join([
        r"$$C^S_{t-1} = \tanh(W_d C_{t-1} + b_d)$$", r"$$\hat{C}^S_{t-1} = C^S_{t-1} * g(\Delta_t)$$",
        r"$$C^T_{t-1} = C_{t-1} - C^S_{t-1}$$", r"$$C^*_{t-1} = C^T_{t-1} + \hat{C}^S_{t-1}$$",
        *(GATE % (g, g, g, g) for g in "fio"), r"$$\tilde{C} = \tanh(W_c x_t + U_c h_{t-1} + b_c)$$",
        r"$$C_t = f_t * C^*_{t-1} + i_t * \tilde{C}$$", r"$$h_t = o_t * \tanh(C_t)$$",
    ])  # fmt: skip
    report, judged = audit(Source("notes.md", text))
    assert [f.code for f in report.findings if f.severity == "error"] == []
    assert len(judged) == 1


def test_two_cells_that_share_a_concatenation_under_one_name() -> None:
    r"""``x' = [x_t; h_{t-1}]`` is said once for each; the functions are left open."""
    text = r"""$$\begin{aligned} x' &= [x_t^T, h_{t-1}^T]^T \\ z &= \tanh(W x') \\ z^i &= \sigma_1(W^i x') \\ z^f &= \sigma_2(W^f x') \\
    z' &= \sigma_3(W' x') \\ c_t &= z^f \bullet c^{t-1} + z^i \bullet z \\ h_t &= z' \bullet \tanh(c_t) \end{aligned}$$

    # GRU

    $$\begin{aligned} x' &= [x_t^T, h_{t-1}^T]^T \\ z &= \sigma_1(W^z x') \\ r &= \sigma_2(W^r x') \\
    h' &= \tanh(W' [x_t^T, (r \bullet h_{t-1})^T]^T) \\ h_t &= z \bullet h_{t-1} + (1 - z) \bullet h' \end{aligned}$$"""
    report, judged = audit(Source("notes.md", text))
    assert [j.match.cell if j.match else None for j in judged][1:] == ["gru_no_bias"]
    assert [f.code for f in report.findings if f.severity != "note"] == []


@pytest.mark.parametrize("title", DOCUMENTS)
def test_documents(title):
    text, cell, relation, errors = DOCUMENTS[title]
    report, judged = audit(Source("notes.md", text))
    assert [(j.match.cell if j.match else None, j.relation) for j in judged] == [(cell, relation)]
    assert [f.code for f in report.findings if f.severity == "error"] == errors


@pytest.mark.parametrize("name", [name for name in cells() if cell(name).variant_of and name != "lstm_goodfellow"])
def test_nobody_is_taken_for_a_variant(name: str) -> None:
    """A write-up that lost a gate is an LSTM with an error, even where an ablation has exactly its equations."""
    report, judged = audit(Source("notes.md", f"$$\n{latex(cell(name))}\n$$"))
    assert all(j.match is None or not cell(j.match.cell).variant_of for j in judged)
    if name in ("lstm_nig", "lstm_nfg", "lstm_nog"):
        assert [f.severity for f in report.findings].count("error") >= 1


def test_a_variant_with_letters_of_its_own_is_known_by_them() -> None:
    """The Deep Learning book's sigmoid candidate is its LSTM under its letters, and a slip under everyone else's."""
    text = latex(cell("lstm_goodfellow"))
    _, (judged,) = audit(Source("notes.md", f"$$\n{text}\n$$"))
    assert judged.match is not None
    assert judged.match.cell == "lstm_goodfellow"
    for own, usual in (("s", "C"), ("g", "i"), ("q", "o")):
        text = text.replace(f"{own}_{{t", f"{usual}_{{t").replace(f"{own}_t", f"{usual}_t")
        text = text.replace(rf"\tilde{{{own}}}", rf"\tilde{{{usual}}}")
    report, (judged,) = audit(Source("notes.md", f"$$\n{text}\n$$"))
    assert judged.match is not None
    assert judged.match.cell == "lstm"
    assert [f.code for f in report.findings if f.severity == "error"] == ["E212"]


def test_a_variant_is_there_for_who_names_it() -> None:
    report = check([Source("notes.md", f"$$\n{latex(cell('lstm_nfg'))}\n$$")], against="lstm_nfg", alone=True)
    assert [c.verdict for c in report.comparisons if c.required] == ["proved"]
    assert [s.cell for s in report.documents[0].systems] == ["lstm_nfg"]
    assert not [f for f in report.documents[0].findings if f.severity == "error"]


NET_INPUTS = r"""
$$a_f = W_f x_t + U_f h_{t-1} + b_f$$
$$f_t = \sigma(a_f)$$
$$a_i = W_i x_t + U_i h_{t-1} + b_i$$
$$i_t = \sigma(a_i)$$
$$a_g = W_g x_t + U_g h_{t-1} + b_g$$
$$g_t = \tanh(a_g)$$
$$a_o = W_o x_t + U_o h_{t-1} + b_o$$
$$o_t = \sigma(a_o)$$
$$c_t = f_t \odot c_{t-1} + i_t \odot g_t$$
$$h_t = o_t \odot \tanh(c_t)$$
"""


def test_a_cell_with_named_net_inputs_is_known() -> None:
    report, (judged,) = audit(Source("notes.md", NET_INPUTS))
    assert judged.match is not None
    assert judged.match.cell == "lstm"
    assert judged.relation == "equivalent-under"
    assert not [f for f in report.findings if f.severity == "error"]
    _, (judged,) = audit(Source("notes.md", NET_INPUTS.replace(r"i_t \odot g_t", r"i_t \odot c_t")))
    assert judged.relation != "equivalent-under"


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        (r"i_t \odot g_t", r"i_t \odot f_t", "E201"),
        (r"g_t = \tanh", r"g_t = \sigma", "E212"),
        (r"f_t \odot c_{t-1}", r"f_t \odot c_t", "E202"),
    ],
)
def test_a_slip_beside_named_net_inputs_is_found(right: str, wrong: str, code: str) -> None:
    assert NET_INPUTS.count(right) == 1
    line = NET_INPUTS[: NET_INPUTS.index(right)].count("\n") + 1
    report, _ = audit(Source("notes.md", NET_INPUTS.replace(right, wrong)))
    assert {(f.code, f.line) for f in report.findings if f.severity == "error" and f.code != "E219"} == {(code, line)}


def test_gates_alone_make_no_cell() -> None:
    """What is carried on is nothing of an LSTM, and no slip of it: the equations are not called wrong."""
    gates = "\n".join(GATE % (g, g, g, g) for g in "fio")
    carried = r"$$c_t = f_t \odot \exp(c_{t-1}) \odot o_t$$" + "\n" + r"$$h_t = \exp(i_t \odot c_t \odot c_t) \odot h_{t-1}$$"
    report, _ = audit(Source("x.md", f"{gates}\n{carried}"))
    assert [s.cell for s in report.systems] == [None]
    assert [f.code for f in report.findings] == ["N511"]


def test_a_bidirectional_layer_beside_its_output() -> None:
    """Two names of the document meet in one name of the cell: h_fwd is its h, and the document has an h of its own."""
    gate = r"$$\overrightarrow{%s}_t = %s(\overrightarrow{W}_%s x_t + \overrightarrow{U}_%s %s)$$"
    h = r"\overrightarrow{h}_{t-1}"
    lines = [gate % (g, r"\sigma", g, g, h) for g in "zr"] + [gate % ("g", r"\tanh", "g", "g", rf"(\overrightarrow{{r}}_t \odot {h})")]
    lines += [rf"$$\overrightarrow{{h}}_t = (1 - \overrightarrow{{z}}_t) \odot {h} + \overrightarrow{{z}}_t \odot \overrightarrow{{g}}_t$$"]
    report, _ = audit(Source("x.md", "\n".join([*lines, r"$$h_t = [\overrightarrow{h}_t; \overleftarrow{h}_t]$$"])))
    assert [(s.cell, s.relation) for s in report.systems] == [("gru_no_bias", "equivalent-under")]


def test_a_total_loss_is_no_step_of_itself() -> None:
    report, _ = audit(Source("x.md", r"$$J(\theta) = \frac{1}{T} \sum_{t=1}^{T} J^{(t)}(\theta)$$"))
    assert [f.plain for f in report.formulas] == ["J = 1 / T * Sum(J[t], (t, 1, T))"]
    assert not report.findings
