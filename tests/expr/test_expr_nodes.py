"""Every node of the closed set obeys SymPy's contract: rebuilt from its args, substituted, evaluated, pickled."""

import pickle

import pytest
import sympy
from sympy import Add, ImmutableDenseMatrix, Integer, MatrixSymbol, Mul, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Trace, Transpose, ZeroMatrix

from lstm_symbolic.errors import ShapeError
from lstm_symbolic.expr import NODES, build, dim, nodes, plain, read_term, shapes, symbol
from lstm_symbolic.expr.functions import FUNCTIONS, Elementwise, sigmoid

t = Symbol("t", integer=True)
n, m = symbol("n"), symbol("m")
a, b = sympy.symbols("a b", real=True)
W, V = MatrixSymbol("W", n, n), MatrixSymbol("V", n, n)
h, x = nodes.TimeSymbol("h", n, 1, t), nodes.TimeSymbol("x", m, 1, t - 1)

#: SymPy's own scalar Add and Mul sort (and evaluate) when they are rebuilt; only these two, and only the order is lost.
EXAMPLES = {
    Symbol: a, Integer: Integer(3), Rational: Rational(1, 3), Add: Add(a, b, evaluate=False), Mul: Mul(a, b, evaluate=False),
    Pow: Pow(a, Integer(2), evaluate=False), Elementwise: sigmoid(a), AppliedUndef: sympy.Function("g", real=True)(a),
    type(sympy.pi): sympy.pi, MatrixSymbol: W, MatAdd: MatAdd(W, V), MatMul: MatMul(W, h),
    HadamardProduct: HadamardProduct(h, MatMul(W, h)), Transpose: Transpose(W),
    OneMatrix: OneMatrix(n, 1), ZeroMatrix: ZeroMatrix(n, m), Identity: Identity(n), Trace: Trace(W),
    ImmutableDenseMatrix: ImmutableDenseMatrix([[1, a], [Rational(1, 7), -2]]),
    nodes.TimeSymbol: h, nodes.Apply: nodes.Apply("tanh", MatMul(W, h)), nodes.Broadcast: nodes.Broadcast(a, n, 1),
    nodes.VStack: nodes.VStack(h, x), nodes.HStack: nodes.HStack(W, V), nodes.Diag: nodes.Diag(h), nodes.Softmax: nodes.Softmax(h),
    nodes.Total: nodes.Total(W), nodes.Norm: nodes.Norm(h), nodes.Conv: nodes.Conv(W, h, n, 1),
    nodes.ConvTranspose: nodes.ConvTranspose(W, h, n, 1), nodes.ConvKernel: nodes.ConvKernel(h, h, n, n),
    nodes.TimeSum: nodes.TimeSum(MatMul(W, h), t, 1, Symbol("T", integer=True)),
    nodes.TimeProd: nodes.TimeProd(W, t, 1, Symbol("T", integer=True)), nodes.Grad: nodes.Grad(h), nodes.Jacobian: nodes.Jacobian(h, x),
}  # fmt: skip


def test_there_is_an_example_of_every_node():
    assert set(EXAMPLES) == set(NODES)


each = pytest.mark.parametrize("e", EXAMPLES.values(), ids=lambda e: type(e).__name__)


@each
def test_func_of_args_is_the_node(e):
    assert (e.func(*e.args) if e.args else e) == e


@each
def test_pickled_nodes_are_the_same(e):
    assert pickle.loads(pickle.dumps(e)) == e


@each
def test_doit_keeps_shape_and_meaning(e):
    done = e.doit()
    assert getattr(done, "shape", None) == getattr(e, "shape", None)


@each
def test_a_substitution_that_changes_nothing_changes_nothing(e):
    assert e.subs(Symbol("nowhere"), 1) == e
    assert e.xreplace({Symbol("nowhere"): Integer(1)}) == e


@pytest.mark.parametrize("wrap", [lambda u: -u, lambda u: sympy.latex(u), str, repr], ids=["negated", "latex", "str", "repr"])
@each
def test_sympys_own_operations_do_not_fail(e, wrap):
    wrap(e)


def test_time_shifts_by_substitution():
    step = nodes.Apply("tanh", MatAdd(MatMul(W, h.subs(t, t - 1)), h))
    assert str(step.subs(t, t + 1)) == "Apply(tanh, W*h[t] + h[t + 1])"


def test_the_bound_index_of_a_sum_is_not_substituted():
    T = Symbol("T", integer=True)
    total = nodes.TimeSum(h, t, 1, T)
    assert total.subs(t, 5) == total
    assert total.subs(T, 3) == nodes.TimeSum(h, t, 1, 3)


def test_time_symbols_that_differ_print_differently():
    assert str(h) != str(h.subs(t, t - 1))
    assert sympy.latex(MatMul(W, h)) != sympy.latex(MatMul(W, h.subs(t, t - 1)))


def test_shapes_of_the_nodes():
    assert nodes.VStack(h, x).shape == (n + m, 1)
    assert nodes.HStack(W, V).shape == (n, 2 * n)
    assert nodes.Diag(h).shape == (n, n)
    assert nodes.Jacobian(h, x).shape == (n, m)
    assert nodes.Grad(W).shape == (n, n)
    assert nodes.Total(W).shape == nodes.Norm(W).shape == (1, 1)


@pytest.mark.parametrize("name", [k for k, (f, counts) in FUNCTIONS.items() if counts == (1,) and k not in ("sign", "abs", "relu")])
def test_derivatives_of_the_functions_by_finite_differences(name):
    """fdiff against a central difference of SymPy's own evaluation at high precision; no rule is shared."""
    u = Symbol("u", real=True)
    f = FUNCTIONS[name][0](u)
    names = {
        "sigmoid": lambda v: 1 / (1 + sympy.exp(-v)),
        "erf": sympy.erf,
        "erfc": sympy.erfc,
        "softplus": lambda v: sympy.log(1 + sympy.exp(v)),
    }
    names |= {"dsigmoid": lambda v: sympy.exp(-v) / (1 + sympy.exp(-v)) ** 2, "dtanh": lambda v: 1 - sympy.tanh(v) ** 2}
    truth = names.get(name) or getattr(sympy, name)
    point, step = sympy.Rational(7, 10), sympy.Rational(1, 10**12)
    numeric = ((truth(point + step) - truth(point - step)) / (2 * step)).evalf(40)

    def value(e):
        e = e.replace(lambda s: isinstance(s, Elementwise), lambda s: (names.get(s.plain) or getattr(sympy, s.plain))(*s.args))
        return e.subs(u, point).evalf(40)

    assert abs(value(f.diff(u)) - numeric) < 1e-20


def test_definitions_by_rewriting():
    for name in ("sigmoid", "tanh", "dsigmoid", "dtanh", "softplus", "cosh", "sinh"):
        f = FUNCTIONS[name][0](a)
        assert not f.rewrite(sympy.exp).has(Elementwise)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("W @ V_m", "matrix product of shapes"),
        ("h[t] + W", "does not fit|elementwise"),
        ("trace(V_m)", "trace of shape"),
        ("diag(W)", "diag of shape"),
        ("alpha @ W", "scalar alpha"),
        ("hstack(W, V_m)", "stacked blocks"),
    ],
)
def test_shapes_that_do_not_fit(text, says):
    with pytest.raises(ShapeError, match=says):
        build(read_term(text), shapes({"W": "n,n", "V_m": "m,n", "h": "m,1"}), text)


def test_dimensions():
    assert dim("2*n + m") == 2 * n + m
    assert plain(build(read_term("ones(n, m)"), {})) == "ones(n, m)"
