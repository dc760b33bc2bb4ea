"""The words and signs of cell formulas: names of functions, product signs, relations. Tables only."""

from __future__ import annotations

#: Names of elementwise functions as documents write them -> the plain name.
FUNCTIONS = {
    "sigmoid": "sigmoid", "sigm": "sigmoid", "sig": "sigmoid", "logistic": "sigmoid", "Sigmoid": "sigmoid", "sgm": "sigmoid",
    "tanh": "tanh", "Tanh": "tanh", "th": "tanh", "exp": "exp", "log": "log", "ln": "log", "max": "max", "min": "min", "relu": "relu",
    "ReLU": "relu", "Relu": "relu", "RELU": "relu", "softplus": "softplus", "sign": "sign", "sgn": "sign", "abs": "abs", "erf": "erf",
    "cosh": "cosh", "sinh": "sinh", "softmax": "softmax", "Softmax": "softmax", "SoftMax": "softmax", "diag": "diag", "Diag": "diag",
    "trace": "trace", "tr": "trace", "Tr": "trace", "concat": "concat", "Concat": "concat", "norm": "norm", "matmul": "matmul",
    "dot": "matmul", "sigma": "sigmoid", "conv": "conv", "convtranspose": "conv_transpose", "convkernel": "conv_kernel", "sum": "total",
}  # fmt: skip
#: A sigma with one of these tags is the gate activation; other tags name a function of their own (\sigma_c, \sigma_h).
GATE_TAGS = {"g", "i", "f", "o", "r", "u", "z", "gate", "s", "rec"}
PRODUCTS = {
    "*", r"\cdot", r"\times", r"\odot", r"\circ", r"\otimes", r"\star", r"\ast", r"\bullet", "@", r"\sdot", r"\bigodot", r"\bigotimes",
    r"\bigcirc", r"\circledast", r"\boxtimes", r"\bigstar", r"\centerdot", r"\diamond", r"\hadamard", ".",
}  # fmt: skip
#: Signs between the sides of a chain.
RELATIONS = {
    "=", r"\leftarrow", r"\gets", r"\coloneqq", r"\equiv", r"\triangleq", r"\approx", r"\doteq", r"\Leftarrow",
    r"\longleftarrow", r"\defeq", r"\eqdef",
}  # fmt: skip
COMPARE = {
    ">": "gt", "<": "lt", r"\geq": "ge", r"\ge": "ge", r"\leq": "le", r"\le": "le", r"\neq": "ne", r"\ne": "ne",
    r"\geqslant": "ge", r"\leqslant": "le",
}  # fmt: skip
#: Between what stands beside each other in brackets.
SEPARATORS = {",", ";", r"\|", r"\mid", r"\parallel", r"\frown", "|", r"\\", "&", r"\vert", ":"}
#: What ends a product: no factor starts with one of these.
STOP = SEPARATORS | {
    "", ")", "]", "}", r"\}", r"\rbrack", r"\end", r"\in", r"\oplus", r"\rangle",
    r"\rVert", "+", "-", "/", "=", r"\pm", r"\to", r"\rightarrow", r"\xrightarrow", r"\rvert", r"\over",
}  # fmt: skip
#: Letters of a loss: its derivative with respect to a symbol is that symbol's gradient.
LOSS = {"L", "J", "E", "Loss", "loss", "ell", "cost", "mathcalL", "l"}
