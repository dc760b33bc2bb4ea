"""Public threads about wrong formulas of recurrent cells: what was reported, what stands against it, and the verdict that is owed.

The formulas are facts and stand as reported; the words are ours. In many threads the correction is the wrong side. Threads whose formulas
could not be recovered are not here.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import lstm_symbolic as ls

GRU = [
    r"r_t = \sigma(W_{ir} x_t + b_{ir} + W_{hr} h_{t-1} + b_{hr})",
    r"z_t = \sigma(W_{iz} x_t + b_{iz} + W_{hz} h_{t-1} + b_{hz})",
    r"n_t = \tanh(W_{in} x_t + b_{in} + r_t \odot (W_{hn} h_{t-1} + b_{hn}))",
]
GATES = [
    r"i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)",
    r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
    r"o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)",
    r"g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)",
]
UPDATE = r"c_t = f_t \odot c_{t-1} + i_t \odot g_t"
OUTPUT = r"h_t = o_t \odot \tanh(c_t)"
GATE = r"z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z) \\ g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g) \\ "


def system(*lines: str) -> str:
    return r" \\ ".join(lines)


@dataclass(frozen=True)
class Thread:
    """A report (``left``), what it is held against (``right``), and the verdict; ``under`` are the parameters that the map must change."""

    id: str
    why: str
    left: str
    right: str
    owed: str
    under: tuple[str, ...] = ()


def conventions(id: str, left: str, right: str) -> Thread:
    """z against 1 - z: one function under negated parameters, two different numbers pointwise."""
    return Thread(
        id, "the update gate may keep the old state or let the new one in", GATE + left, GATE + right, "proved-under", ("W_z", "U_z", "b_z")
    )


FORWARD = [
    Thread(
        "pytorch/pytorch#525",
        "the candidate's letter is missing in the update",
        system(*GATES, r"c_t = f_t * c_{t-1} + i_t * c_{t-1}", OUTPUT),
        system(*GATES, UPDATE, OUTPUT),
        "refuted",
    ),
    Thread(
        "pytorch/pytorch#6753",
        "a product without a sign is elementwise between states",
        system(*GATES, r"c_t = f_t c_{t-1} + i_t g_t", OUTPUT),
        system(*GATES, r"c_t = f_t * c_{t-1} + i_t * g_t", OUTPUT),
        "proved",
    ),
    Thread(
        "pytorch/pytorch#111763",
        "two glyphs for one product",
        system(*GATES, UPDATE),
        system(*GATES, r"c_t = f_t * c_{t-1} + i_t * g_t"),
        "proved",
    ),
    Thread(
        "pytorch/pytorch#138191",
        "columns and rows",
        system(r"i_t = \sigma(W_{ii} x_t + b_{ii} + W_{hi} h_{t-1} + b_{hi})", r"h_t = i_t \odot h_{t-1}"),
        system(r"i_t = \sigma(x_t W_{ii}^T + b_{ii} + h_{t-1} W_{hi}^T + b_{hi})", r"h_t = i_t \odot h_{t-1}"),
        "proved-under",
    ),
    Thread(
        "pytorch/pytorch#20129",
        "the correction is the other convention",
        system(*GRU, r"h_t = (1 - z_t) * n_t + z_t * h_{t-1}"),
        system(*GRU, r"h_t = (1 - z_t) * h_{t-1} + z_t * n_t"),
        "proved-under",
        ("W_iz", "b_iz", "W_hz", "b_hz"),
    ),
    conventions("nndl/nndl#533", r"h_t = z_t \odot h_{t-1} + (1 - z_t) \odot g_t", r"h_t = (1 - z_t) \cdot h_{t-1} + z_t \cdot g_t"),
    conventions("lucidrains/minGRU-pytorch#21", r"h_t = (1 - z_t) * h_{t-1} + z_t * g_t", r"h_t = (1 - z_t) * g_t + z_t * h_{t-1}"),
    conventions(
        "ageron/handson-ml#563", r"h_t = (1 - z_t) \otimes h_{t-1} + z_t \otimes g_t", r"h_t = z_t \otimes h_{t-1} + (1 - z_t) \otimes g_t"
    ),
    Thread(
        "mindspore-ai/mindspore#149",
        "the next step written as t + 1",
        GATE + r"h_{t+1} = (1 - z_{t+1}) * h_t + z_{t+1} * g_{t+1}",
        GATE + r"h_{t+1} = (1 - z_{t+1}) * g_{t+1} + z_{t+1} * h_t",
        "proved-under",
        ("W_z", "U_z", "b_z"),
    ),
    Thread(
        "mlpack/mlpack#2239",
        r"\cdot between states is elementwise",
        system(*GATES, r"c_t = f_t \cdot c_{t-1} + i_t \cdot g_t"),
        system(*GATES, UPDATE),
        "proved",
    ),
    Thread(
        "Lasagne/Lasagne#564",
        "a missing sign changes nothing",
        r"c_t = f_t \odot c_{t-1} + i_t\sigma_c(x_t W_{xc} + h_{t-1} W_{hc} + b_c)",
        r"c_t = f_t \odot c_{t-1} + i_t \odot \sigma_c(x_t W_{xc} + h_{t-1} W_{hc} + b_c)",
        "proved",
    ),
    Thread(
        "zhiyongc/GRU-D#2",
        "the reset gate is not applied",
        system(
            r"r_t = \sigma(W_r [x_t, h_{t-1}, m_t])",
            r"z_t = \sigma(W_z [x_t, h_{t-1}, m_t])",
            r"g_t = \tanh(W [x_t, h_{t-1}, m_t])",
            r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot g_t",
        ),
        system(
            r"r_t = \sigma(W_r [x_t, h_{t-1}, m_t])",
            r"z_t = \sigma(W_z [x_t, h_{t-1}, m_t])",
            r"g_t = \tanh(W [x_t, r_t \odot h_{t-1}, m_t])",
            r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot g_t",
        ),
        "refuted",
    ),
    Thread(
        "nicodjimenez/lstm#47",
        "no tanh at the output",
        system(*GATES, UPDATE, r"h_t = c_t \odot o_t"),
        system(*GATES, UPDATE, OUTPUT),
        "refuted",
    ),
    Thread(
        "fomorians/lstm-odyssey#2",
        "with and without peephole",
        system(*GATES[1:], r"i_t = \sigma(W_i x_t + U_i h_{t-1} + p_i \odot c_{t-1} + b_i)", UPDATE, OUTPUT),
        system(*GATES, UPDATE, OUTPUT),
        "refuted",
    ),
    Thread(
        "iacopomasi/NLP#4",
        "the input of the step before",
        system(r"i_t = \sigma(W_i x_{t-1} + U_i h_{t-1} + b_i)", *GATES[1:], UPDATE, OUTPUT),
        system(*GATES, UPDATE, OUTPUT),
        "refuted",
    ),
    Thread(
        "MartinuzziFrancesco/torchrecurrent#22",
        "a sum for a product",
        system(*GATES, r"c_t = c_{t-1} + i_t + g_t", OUTPUT),
        system(*GATES, r"c_t = c_{t-1} + i_t \odot g_t", OUTPUT),
        "refuted",
    ),
    Thread(
        "pytorch/pytorch#99531",
        "the reset gate before or after the product",
        system(*GRU, r"h_t = (1 - z_t) * n_t + z_t * h_{t-1}"),
        system(
            *GRU[:2], r"n_t = \tanh(W_{in} x_t + b_{in} + W_{hn} (r_t \odot h_{t-1}) + b_{hn})", r"h_t = (1 - z_t) * n_t + z_t * h_{t-1}"
        ),
        "refuted",
    ),
    Thread(
        "salesforce/pytorch-qrnn#22",
        "the forget gate's sides",
        r"f_t = \sigma(W_f u_t) \\ h_t = f_t * x_t + (1 - f_t) * h_{t-1}",
        r"f_t = \sigma(W_f u_t) \\ h_t = f_t * h_{t-1} + (1 - f_t) * x_t",
        "proved-under",
        ("W_f",),
    ),
    Thread("XiaLiPKU/RESCAN#2", "no tanh at the output", r"h_t = o_t \odot c_t", r"h_t = o_t \odot \tanh(c_t)", "refuted"),
    Thread(
        "nicodjimenez/lstm#43",
        "a tanh around the update",
        r"s_t = \tanh(g_t \odot i_t + s_{t-1} \odot f_t)",
        r"s_t = g_t \odot i_t + s_{t-1} \odot f_t",
        "refuted",
    ),
    Thread(
        "chengtan9907/OpenSTL#68",
        "the candidate instead of the squashed state",
        r"h_t = o_t \odot g_t",
        r"h_t = o_t \odot \tanh(c_t)",
        "refuted",
    ),
    Thread(
        "tensorflow/tensorflow#8325",
        "the forget gate's pre-activation in the output gate",
        r"o_t = \sigma(c_t \odot w_{co} + f_t)",
        r"o_t = \sigma(c_t \odot w_{co} + q_t)",
        "refuted",
    ),
    Thread(
        "borelien/entailment-neural-attention-lstm-tf#3",
        "the state of the step before",
        r"h_t = o_t \odot \tanh(c_{t-1})",
        r"h_t = o_t \odot \tanh(c_t)",
        "refuted",
    ),
    Thread(
        "omarsar/nlp_overview#8",
        "one weight in two gates",
        system(
            r"z_t = \sigma(U_z x_t + W_z h_{t-1})", r"s_t = \tanh(U_z x_t + W_s h_{t-1})", r"h_t = (1 - z_t) \odot s_t + z_t \odot h_{t-1}"
        ),
        system(
            r"z_t = \sigma(U_z x_t + W_z h_{t-1})", r"s_t = \tanh(U_s x_t + W_s h_{t-1})", r"h_t = (1 - z_t) \odot s_t + z_t \odot h_{t-1}"
        ),
        "refuted",
    ),
    Thread(
        "D-Nilsson/GRFP#6",
        "a factor r",
        r"h = \lambda (1 - z) \odot (r \odot w) + z \odot g",
        r"h = \lambda (1 - z) \odot w + z \odot g",
        "refuted",
    ),
    Thread(
        "glample/tagger#25",
        "coupled gates are another cell",
        system(GATES[0], r"f_t = 1 - i_t", *GATES[2:], UPDATE, OUTPUT),
        system(*GATES, UPDATE, OUTPUT),
        "refuted",
    ),
    Thread(
        "Atcold/NYU-DLSP20#817", "the diagram's input is a step late", r"h_t = g(h_{t-1}, x_{t-1})", r"h_t = g(h_{t-1}, x_t)", "refuted"
    ),
]

COLUMN = dict.fromkeys(["dh", "do", "di", "df", "dc", "c", "cp", "dcn", "fn", "o", "i", "f", "g", "h", "q", "y", "a"], "n,1")

BACKWARD = [
    Thread("hanbt/learn_dl#53", "the bias takes another gate's delta", "Sum(df[t], (t, 1, T))", "Sum(di[t], (t, 1, T))", "refuted"),
    Thread(
        "CaptainE/RNN-LSTM-in-numpy#1",
        "the gate's function where its derivative belongs",
        "sigmoid(f) * dc * cp",
        "f * (1 - f) * dc * cp",
        "refuted",
    ),
    Thread(
        "apache/mxnet#4057", "the step after is not added", "dh * o * (1 - tanh(c)**2)", "dh * o * (1 - tanh(c)**2) + dcn * fn", "refuted"
    ),
    Thread(
        "apache/mxnet#4057 as typed",
        "neither carry nor derivative",
        "dh[t] * do[t] * (1 - exp(tanh(c[t])))",
        "dh[t] * o[t] * (1 - tanh(c[t])**2) + dc[t + 1] * f[t + 1]",
        "refuted",
    ),
    Thread(
        "dennybritz/nn-from-scratch#3",
        "the derivative at the wrong layer",
        "dh[t] * (1 - tanh(q[t])**2)",
        "dh[t] * (1 - tanh(a[t])**2)",
        "refuted",
    ),
    Thread("Losswise/losswise-python#8", "no factor 0.5 is missing", "dh * o / 2 + dcn", "dh * o + dcn", "refuted"),
    Thread(
        "arunmallya/arunmallya.github.io#6",
        "i is the gate's value, so its derivative needs no sigma",
        "di * sigmoid(a) * (1 - sigmoid(a))",
        "di * dsigmoid(a)",
        "proved",
    ),
    Thread(
        "f-dangel/backpack#169", "two ways to write it", "dh * o * (1 - tanh(c)**2) + dcn * fn", "fn * dcn + o * dtanh(c) * dh", "proved"
    ),
    Thread("nicodjimenez/lstm#49", "the carry dropped", "o * dh", "o * dh + dcn", "refuted"),
    Thread("nicodjimenez/lstm#41", "the derivative of tan, not of tanh", "dh * (1 + tanh(a)**2)", "dh * dtanh(a)", "refuted"),
    Thread(
        "oreilly-japan/deep-learning-from-scratch-2#26",
        "the derivative of the inverse",
        "dh / (1 - tanh(a)**2)",
        "dh * (1 - tanh(a)**2)",
        "refuted",
    ),
    Thread(
        "oreilly-japan/deep-learning-from-scratch-2#26 original", "right as it stood", "dh * (1 - tanh(a)**2)", "dh * dtanh(a)", "proved"
    ),
]

ROWS = {"d_o": "n,1", "d_f": "n,1", "W_o": "n,n", "W_f": "n,n", "d_a": "n,1", "f": "n,1", "i": "n,1"}

MATRIX = [
    Thread("hanbt/learn_dl#34", "row form and column form", "(d_o.T @ W_o + d_f.T @ W_f).T", "W_o.T @ d_o + W_f.T @ d_f", "proved"),
    Thread(
        "llSourcell/LSTM_Networks#4",
        "derivatives of the activations are missing",
        "W_o.T @ d_o + W_f.T @ d_f",
        "W_o.T @ (d_o * f * (1 - f)) + W_f.T @ (d_f * i * (1 - i))",
        "refuted",
    ),
]


@pytest.mark.parametrize("thread", FORWARD, ids=lambda t: t.id)
def test_forward(thread):
    verdict = ls.compare(thread.left, thread.right)
    assert verdict.kind == thread.owed, verdict
    assert set(thread.under) <= set(verdict.under)
    assert (verdict.witness is not None) == (thread.owed == "refuted")


@pytest.mark.parametrize("thread", [t for t in FORWARD if "W_z" in t.under], ids=lambda t: t.id)
def test_conventions_differ_pointwise(thread):
    assert ls.compare(thread.left, thread.right, pointwise=True).kind == "refuted"


@pytest.mark.filterwarnings("ignore:a shape is given")  # one table of shapes for all threads
@pytest.mark.parametrize("thread", BACKWARD, ids=lambda t: t.id)
def test_backward(thread):
    assert ls.compare(thread.left, thread.right, shapes=COLUMN).kind == thread.owed


@pytest.mark.filterwarnings("ignore:a shape is given")  # one table of shapes for all threads
@pytest.mark.parametrize("thread", MATRIX, ids=lambda t: t.id)
def test_matrix_gradients(thread):
    assert ls.compare(thread.left, thread.right, shapes=ROWS).kind == thread.owed
