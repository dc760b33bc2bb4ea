"""One walk over an expression, for every markup: which sign, which brackets, in the author's order.

One small rule a node. A rule returns the text and how tightly it binds; the markup writes the pieces, the style chooses the signs.
SymPy's printers are never used: they reorder sums and print elementwise functions as lambda terms.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import sympy
from sympy import Add, Basic, Expr, MatrixExpr, MatrixSymbol, Mul, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Trace, Transpose, ZeroMatrix

from ..calculus.algebra import picked, selection
from ..expr import SCALAR, TimeSymbol, nodes, shape_of
from ..expr.functions import COMPARISONS, Elementwise
from ..expr.plain import decimal
from .pen import ATOM, BIG, CALL, HADAMARD, POWER, PRODUCT, SUM, Text, Writer, rule

_RELATIONS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "eq": "=", "ne": "≠"}
#: Signs of both products.
_EITHER_PRODUCT = ("", "*", r"\ast", r"\cdot", r"\times", r"\,")


@rule.register(Symbol)
@rule.register(MatrixSymbol)
def _(e: Symbol, w: Writer) -> Text:
    """A symbol with letters above is a power to the eye: its own power and its transpose need brackets."""
    name = w.name(e.name)
    return w.colored(e.name, w.markup.symbol(name, name.subs, name.sups)), POWER if name.sups else ATOM


@rule.register(TimeSymbol)
def _(e: TimeSymbol, w: Writer) -> Text:
    """The time stands where the style puts it; a layer stands below, before it."""
    name = w.name(e.name)
    *layers, last = (str(i).replace(" ", "") for i in e.index)
    below, above = [*name.subs, *layers], list(name.sups)
    match w.style.time:
        case "subscript":
            below.append(last)
        case "superscript":
            above.append(f"({last})")
        case "raised":
            above.append(last)
        case "angle":
            above.append(f"⟨{last}⟩")
        case _ if last == "t":
            name = replace(name, primes=name.primes + (e.name in w.style.primed))
        case _ if not (last == "t-1" and e.name in w.style.primed):
            below.append(last)
    text = w.colored(e.name, w.markup.symbol(name, below, above))
    return text, POWER if name.sups or w.style.time == "raised" else ATOM


@rule.register(Rational)
def _(e: Rational, w: Writer) -> Text:
    if e < 0:
        return w.markup.add([(True, rule(-e, w)[0])]), SUM
    text = decimal(e) or (str(e.p) if e.q == 1 else "")
    if text:
        return w.markup.number(text), ATOM
    return w.fraction(w.markup.number(str(e.p)), w.markup.number(str(e.q)))


@rule.register(type(sympy.pi))
def _(e: Basic, w: Writer) -> Text:
    return w.markup.text("π"), ATOM


@rule.register(Add)
@rule.register(MatAdd)
def _(e: Add, w: Writer) -> Text:
    return w.markup.add([_signed(a, w) for a in e.args]), SUM


def _signed(e: Basic, w: Writer) -> tuple[bool, str]:
    """A summand and whether it is subtracted."""
    if isinstance(e, nodes.Broadcast):
        e = e.args[0]
    if isinstance(e, Rational) and e < 0:
        return True, w(-e)
    if isinstance(e, Mul | MatMul) and isinstance(e.args[0], Rational) and e.args[0] < 0:
        rest = e.args[1:] if e.args[0] == -1 else (-e.args[0], *e.args[1:])
        return True, w.within(rest[0], BIG) if len(rest) == 1 else _factors(rest, w)[0]
    return False, w.within(e, BIG)


@rule.register(Mul)
@rule.register(MatMul)
def _(e: Mul, w: Writer) -> Text:
    found = selection(e)
    if found is not None:
        return _block(*found, w), ATOM
    if e.args[0] == 0 and isinstance(e.args[-1], OneMatrix):  # as the plain syntax writes a matrix of zeros
        return rule(ZeroMatrix(*e.args[-1].shape), w)
    negative, text = _signed(e, w) if isinstance(e.args[0], Rational) and e.args[0] < 0 else (False, "")
    return (w.markup.add([(True, text)]), SUM) if negative else _factors(e.args, w)


def _block(selector: Expr, rows: bool, whole: Expr, w: Writer) -> str:
    """Rows (or columns) of a matrix by their places: (W^T d)_{1:n}; the columns of a matrix after a colon of their own."""
    first, last = picked(selector if rows else selector.args[0]) or (1, 1)
    vector = any(d == 1 for d in shape_of(whole))
    places = ("" if rows or vector else ":, ") + ":".join(str(d).replace(" ", "").replace("*", "") for d in (first, last))
    return w.markup.subscripted(w.within(whole, ATOM), places)


def _factors(args: tuple[Basic, ...], w: Writer) -> Text:
    """A product: quotients as fractions, scalars in front, matrices joined by the style's sign."""
    below = [a.base for a in args if isinstance(a, Pow) and a.exp == -1]
    if below:
        above = tuple(a for a in args if not (isinstance(a, Pow) and a.exp == -1))
        top = _factors(above, w)[0] if above else w.markup.number("1")
        return w.fraction(top, _factors(tuple(below), w)[0])
    if len(args) == 1:
        return rule(args[0], w)
    out = w.within(args[0], PRODUCT)
    for left, right in itertools.pairwise(args):
        text, strength = rule(right, w)
        matrices = isinstance(left, MatrixExpr) and isinstance(right, MatrixExpr)
        sign = w.style.matmul if matrices else ""
        if not sign and (isinstance(right, Rational) or (strength < CALL and _looks_like_call(left))):
            sign = r"\cdot"
        out += w.markup.sign(sign) + (w.markup.paren(text) if strength < CALL else text)
    return out, PRODUCT


def _looks_like_call(left: Basic) -> bool:
    """``g (x + y)`` would be read as a function g; ``W (x + y)`` would not."""
    name = getattr(left, "name", "") or ""
    return isinstance(left, Symbol | MatrixSymbol) and name[:1].islower()


@rule.register(HadamardProduct)
def _(e: HadamardProduct, w: Writer) -> Text:
    """The elementwise product; beside scalars no sign is needed, and between matrices a sign that cannot be the matrix product's."""
    scalars = tuple(isinstance(a, nodes.Broadcast) and shape_of(a.args[0]) == SCALAR for a in e.args)
    if shape_of(e) == SCALAR or sum(scalars) >= len(e.args) - 1:
        return _factors(e.args, w)
    sign = r"\odot" if 1 not in shape_of(e) and w.style.product in _EITHER_PRODUCT else w.style.product
    return w.markup.sign(sign).join(w.within(a, CALL) for a in e.args), HADAMARD


@rule.register(Pow)
def _(e: Pow, w: Writer) -> Text:
    return _power(e.base, e.exp, w)


def _power(base: Basic, exponent: Basic, w: Writer) -> Text:
    if exponent == -1:
        return w.fraction(w.markup.number("1"), w(base))
    name = base.function if isinstance(base, nodes.Apply) else getattr(base, "plain", "")
    if name in ("sigmoid", "tanh") and exponent == 2:
        args = base.operands if isinstance(base, nodes.Apply) else base.args
        return w.markup.call(w.markup.power(w.function(name), w(exponent)), [w(a) for a in args]), CALL
    return w.markup.power(w.within(base, ATOM), w(exponent)), POWER


@rule.register(Transpose)
def _(e: Transpose, w: Writer) -> Text:
    return w.markup.transpose(w.within(e.arg, POWER + 1), w.style.transpose), POWER


@rule.register(Elementwise)
def _(e: Elementwise, w: Writer) -> Text:
    return _apply(e.plain, e.args, w)


@rule.register(AppliedUndef)
def _(e: AppliedUndef, w: Writer) -> Text:
    return w.call(e.func.__name__, *e.args)


@rule.register(nodes.Apply)
def _(e: nodes.Apply, w: Writer) -> Text:
    return _apply(e.function, e.operands, w)


def _apply(name: str, args: tuple[Basic, ...], w: Writer) -> Text:
    """Functions with a notation of their own; the others are a name and its arguments."""
    if name in COMPARISONS:
        return w.markup.relation(_RELATIONS[name], w(args[0]), w(args[1])), 0
    special: dict[str, Callable[[], Text]] = {
        "div": lambda: w.fraction(w(args[0]), w(args[1])),
        "pow": lambda: _power(args[0], args[1], w),
        "sqrt": lambda: (w.markup.root(w(args[0])), ATOM),
        "abs": lambda: (w.markup.bars(w(args[0]), False), ATOM),
        "where": lambda: (w.markup.cases(w(args[0]), w(args[1]), w(args[2])), ATOM),
    }
    return special[name]() if name in special else w.call(name, *args)


@rule.register(nodes.Broadcast)
def _(e: nodes.Broadcast, w: Writer) -> Text:
    """Implicit: another operand of the same operation has the full shape."""
    return rule(e.args[0], w)


@rule.register(nodes.VStack)
@rule.register(nodes.HStack)
def _(e: nodes.Node, w: Writer) -> Text:
    """Vectors are listed in brackets, matrices stand as blocks."""
    axis = 0 if isinstance(e, nodes.VStack) else 1
    parts = [w(a) for a in e.args]
    if all(shape_of(a)[1 - axis] == 1 for a in e.args):
        return w.markup.bracket(parts, w.style.separator), ATOM
    return w.markup.matrix([parts] if axis else [[p] for p in parts]), ATOM


@rule.register(OneMatrix)
@rule.register(ZeroMatrix)
@rule.register(Identity)
def _(e: OneMatrix, w: Writer) -> Text:
    if isinstance(e, Identity):
        return w.markup.subscripted(w.markup.text("I"), str(e.args[0])), ATOM
    size = "×".join(str(d).replace(" ", "") for d in (e.args[:1] if e.args[1] == 1 else e.args))
    return w.markup.subscripted(w.markup.bold(w.markup.number("1" if isinstance(e, OneMatrix) else "0")), size), ATOM


@rule.register(sympy.ImmutableDenseMatrix)
def _(e: sympy.ImmutableDenseMatrix, w: Writer) -> Text:
    return w.markup.matrix([[w(x) for x in e.row(i)] for i in range(e.rows)]), ATOM


@rule.register(nodes.TimeSum)
def _(e: nodes.TimeSum, w: Writer) -> Text:
    body, *bounds = e.args
    var, low, high = (w.markup.script(str(b).replace(" ", "")) for b in bounds)
    return w.markup.big(isinstance(e, nodes.TimeProd), var, low, high, w.within(body, BIG)), BIG


@rule.register(nodes.Norm)
def _(e: nodes.Norm, w: Writer) -> Text:
    return w.markup.bars(w(e.args[0]), True), ATOM


@rule.register(nodes.Conv)
def _(e: nodes.Conv, w: Writer) -> Text:
    return w.call("conv", *e.args[:2])


@rule.register(nodes.ConvTranspose)
def _(e: nodes.ConvTranspose, w: Writer) -> Text:
    return w.call("convtranspose", *e.args[:2])


@rule.register(nodes.ConvKernel)
def _(e: nodes.ConvKernel, w: Writer) -> Text:
    """The size of the kernel is no part of the two images: it stands behind them."""
    parts = [w(a) for a in e.args[:2]] + [w.markup.script(str(d).replace(" ", "")) for d in e.args[2:]]
    return w.markup.call(w.function("convkernel"), parts), CALL


@rule.register(nodes.Grad)
def _(e: nodes.Grad, w: Writer) -> Text:
    if w.style.gradient == "delta":
        return w.markup.prefix("δ", w.within(e.args[0], ATOM)), PRODUCT
    return w.derivative(w.markup.text("L"), w(e.args[0]))


@rule.register(nodes.Jacobian)
def _(e: nodes.Jacobian, w: Writer) -> Text:
    return w.derivative(w(e.args[0]), w(e.args[1]))


def _register_calls() -> None:
    """Nodes written as a name and one argument."""
    calls: dict[type[Basic], str] = {nodes.Diag: "diag", nodes.Softmax: "softmax", nodes.Total: "sum", Trace: "tr"}
    for kind, name in calls.items():
        rule.register(kind, lambda e, w, name=name: w.call(name, *e.args))


_register_calls()
