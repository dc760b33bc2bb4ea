"""Names that a derivation uses and the forward equations do not have, or have for something else: nothing right is called wrong.

Every derivation here is right, and was checked by hand, unless a test says which line is not.
"""

import pytest

from lstm_symbolic.audit.check import audit
from lstm_symbolic.reading import Source

LSTM = r"""
$$f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$$
$$i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)$$
$$o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)$$
$$\tilde{C}_t = \tanh(W_C x_t + U_C h_{t-1} + b_C)$$
$$C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t$$
$$h_t = o_t \odot \tanh(C_t)$$
"""

STACKED = r"""
$$\text{pre}_t = x_t W^T + H_{t-1} U^T + b^T$$
$$i_t = \sigma(\text{pre}_t[0{:}H]), \quad f_t = \sigma(\text{pre}_t[H{:}2H])$$
$$o_t = \sigma(\text{pre}_t[2H{:}3H]), \quad g_t = \tanh(\text{pre}_t[3H{:}4H])$$
$$C_t = f_t \odot C_{t-1} + i_t \odot g_t$$
$$H_t = o_t \odot \tanh(C_t)$$
$$\delta i_t = \delta C_t \odot g_t, \quad \delta f_t = \delta C_t \odot C_{t-1}$$
$$\delta o_t = \delta H_t \odot \tanh(C_t), \quad \delta g_t = \delta C_t \odot i_t$$
$$\delta\text{pre}_t = [\delta i_t \odot i_t(1-i_t) \mid \delta f_t \odot f_t(1-f_t)
\mid \delta o_t \odot o_t(1-o_t) \mid \delta g_t \odot (1-g_t^2)]$$
$$\frac{\partial L}{\partial W} = \sum_t \delta\text{pre}_t^T x_t$$
"""


def verdicts(text: str) -> tuple[list[str], list[int]]:
    """The verdicts of the lines about gradients, and the lines with an error."""
    report, _ = audit(Source("notes.md", text))
    rows = [row[2] for t in report.tables if "gradients" in t.title for row in t.rows]
    return rows, sorted({f.line for f in report.findings if f.severity == "error"})


def test_a_name_that_the_document_defines_elsewhere_is_no_gate() -> None:
    """z is the score of the readout here, and a_C the squashed cell state: neither is the candidate, whose letters they are."""
    readout = "\nThe scores:\n\n$$\\hat y = \\text{softmax}(W_y h_t)$$\n\n$$z = W_y h_t + b_y$$\n$$\\hat y = \\text{softmax}(z)$$\n"
    lines = r"""
$$\frac{dL}{do_t} = \frac{dL}{dh_t} \odot \tanh(C_t)$$
$$\frac{dL}{dz} = \hat y - y$$
$$a_C = \tanh(C_t)$$
$$\frac{dL}{da_C} = \frac{dL}{dh_t} \odot o_t$$
"""
    rows, errors = verdicts(LSTM + readout + lines)
    assert rows[0] == "proved"
    assert errors == []


def test_a_part_of_an_adjoint_under_a_name_that_no_line_defines() -> None:
    lines = r"$$dC_t = dh_t \odot o_t \odot (1 - \tanh^2(C_t)) + dC_{\text{total}}$$"
    assert verdicts(LSTM + lines) == (["proved"], [])
    wrong = r"$$dC_t = dh_t \odot o_t \odot (1 + \tanh^2(C_t)) + dC_{\text{total}}$$"
    assert verdicts(LSTM + wrong)[0] == ["not judged"]


def test_parts_of_what_is_computed_at_once() -> None:
    rows, errors = verdicts(STACKED)
    assert rows == ["proved"] * 6
    assert errors == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [(r"g_t \odot (1-g_t^2)]", r"g_t \odot (1-g_t)]"), (r"\delta f_t \odot f_t(1-f_t)", r"\delta i_t \odot f_t(1-f_t)")],
)  # fmt: skip
def test_a_slip_in_a_part_is_found(right: str, wrong: str) -> None:
    assert STACKED.count(right) == 1
    assert verdicts(STACKED.replace(right, wrong))[1] in ([9], [10])


def test_a_value_that_nothing_reads_is_not_refuted() -> None:
    """The gates are given by words only: what pre does is not said, so its adjoint cannot be judged."""
    text = "\n".join(line for line in STACKED.splitlines() if "sigma" not in line)
    rows, errors = verdicts(text)
    assert errors == []
    assert "not judged" in rows


def test_a_document_with_a_convention_of_its_own_is_not_held_against_a_cell_of_the_zoo() -> None:
    """What is reset has the time of what it is made of, h at t-1; z is the gate of the new value here."""
    text = r"""
$$z_t = \sigma(W_z x_t + U_z h_{t-1})$$
$$r_t = \sigma(W_r x_t + U_r h_{t-1})$$
$$h_{\mathrm{reset}, t-1} = r_t \odot h_{t-1}$$
$$\tilde{h}_t = \tanh(W_h x_t + U_h h_{\mathrm{reset}, t-1})$$
$$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t$$
$$\frac{\partial L}{\partial \tilde{h}_t} = \frac{\partial L}{\partial h_t} \odot z_t$$
$$\frac{\partial L}{\partial z_t} = \frac{\partial L}{\partial h_t} \odot (\tilde{h}_t - h_{t-1})$$
$$\frac{\partial L}{\partial W_r} = \sum_t \delta_{r,t} x_t^T$$
"""
    rows, errors = verdicts(text)
    assert rows[:2] == ["proved", "proved"]
    assert errors == []


def test_a_part_as_long_as_a_letter_that_is_the_size_of_nothing_is_not_judged() -> None:
    lines = r"$$dh_{t-1} = (U_f^T df_t)_{[:H]} + (U_i^T di_t)_{[:H]}$$"
    rows, errors = verdicts(LSTM + r"$$df_t = dC_t \odot C_{t-1}$$" + lines)
    assert rows[-1] == "not judged"
    assert errors == []


def test_gradients_of_row_vectors_beside_equations_of_columns_are_wrong() -> None:
    """The readout is said apart from the cell, and in its order W h: rows in the gradient are no reason to turn it round."""
    text = (
        LSTM
        + r"""
$$\hat y = \text{softmax}(W_y h_t + b_y)$$

$$z = W_y h_t + b_y$$
$$\hat y = \text{softmax}(z)$$
$$\frac{dL}{d o_t} = \frac{dL}{dh_t} \odot \tanh(C_t)$$
$$\frac{dL}{d W_y} = h_t^\top (\hat y - y)$$
"""
    )
    rows, errors = verdicts(text)
    assert rows == ["proved", "wrong"]
    assert errors == [14]
