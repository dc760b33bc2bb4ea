"""Sums and products as a textbook prints them: no zero, no factor one, like terms once, common elementwise factors in front.

Only what changes nothing but the form is done here. A transposed elementwise product stays as it is (``(r * h).T`` reads better than
``r.T * h.T``), and a matrix product is never multiplied out.
"""

from __future__ import annotations

from functools import reduce

from sympy import Expr, Integer, MatrixExpr, Mul, Rational
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, OneMatrix, Transpose

from ..expr import Shape, shape_of
from ..expr.build import add, broadcast, divide, matmul, neg, ones, times
from ..expr.build import transpose as _transpose
from ..expr.nodes import Apply, Broadcast, HStack

ONE = Integer(1)


def zero(shape: Shape) -> Expr:
    """Zero in a shape, as the plain syntax writes it."""
    return times(Integer(0), ones(*shape))


def hadamard(*factors: Expr) -> Expr:
    """The elementwise product; numbers stand in front.

    >>> from sympy import symbols
    >>> a, b = symbols("a b", real=True)
    >>> hadamard(a, hadamard(Integer(-1), b), Integer(1))
    -a*b
    """
    number, rest = ONE, []
    for factor in factors:
        coefficient, core = split(factor)
        number *= coefficient
        rest += [f for f in parts(core) if f != ONE]
    above = [f for f in rest if not is_reciprocal(f)]
    product = scale(number, reduce(times, above)) if above else number
    product = reduce(divide, (f.operands[1] for f in rest if is_reciprocal(f)), product)
    full = max((shape_of(f) for f in factors), key=lambda s: sum(d != 1 for d in s))
    matrix = any(isinstance(f, MatrixExpr) for f in factors)
    return product if not matrix or isinstance(product, MatrixExpr) and shape_of(product) == full else broadcast(product, full)


def is_reciprocal(e: Expr) -> bool:
    """1 / u, elementwise."""
    return isinstance(e, Apply) and e.function == "div" and split(e.operands[0]) == (ONE, ONE)


def total(*terms: Expr) -> Expr:
    """The sum of terms of one shape: like terms collected, what all terms share taken out, a positive term first.

    >>> from sympy import symbols
    >>> from ..expr import plain
    >>> d, g, h = symbols("d g h", real=True)
    >>> plain(total(hadamard(Integer(-1), d, g), hadamard(d, h)))
    'd * (h - g)'
    """
    counts: dict[Expr, Rational] = {}
    for term in _selected_once([t for e in terms for t in (e.args if isinstance(e, MatAdd) else (e,))]):
        coefficient, core = split(term)
        counts[core] = counts.get(core, Integer(0)) + coefficient
    kept = sorted(((n, core) for core, n in counts.items() if n != 0), key=lambda pair: bool(pair[0] < 0))
    if not kept:
        return zero(shape_of(terms[0]))
    if len(kept) == 1:
        return _like(scale(*kept[0]), terms[0])
    lists = [parts(core) for _, core in kept]
    common: list[Expr] = []
    for f in lists[0]:
        if f != ONE and all(other.count(f) > common.count(f) for other in lists[1:]):
            common.append(f)
    if not common:
        return _like(add(*(scale(*pair) for pair in kept)), terms[0])
    return hadamard(*common, total(*(hadamard(n, *_without(own, common)) for (n, _), own in zip(kept, lists, strict=True))))


def _selected_once(terms: list[Expr]) -> list[Expr]:
    """What several terms pick the same rows (or columns) of is added first: S @ a + S @ b is S @ (a + b)."""
    groups: dict[tuple[Expr, bool], list[Expr]] = {}
    for term in terms:
        found = selection(term)
        if found is not None:
            groups.setdefault(found[:2], []).append(found[2])
    shared = {pick: rest for pick, rest in groups.items() if len(rest) > 1}
    result, done = [], set()
    for term in terms:
        found = selection(term)
        if found is None or found[:2] not in shared:
            result.append(term)
        elif found[:2] not in done:
            (pick, left), both = found[:2], total(*shared[found[:2]])
            done.add((pick, left))
            result.append(product(pick, both) if left else product(both, pick))
    return result


def selection(e: Expr) -> tuple[Expr, bool, Expr] | None:
    """``S @ a`` or ``a @ S.T`` where S = [0 I 0] picks a block: the factor, whether it stands on the left, and a."""
    if not isinstance(e, MatMul) or not all(isinstance(a, MatrixExpr) for a in e.args):
        return None
    if picked(e.args[0]) is not None:
        return e.args[0], True, product(*e.args[1:])
    last = e.args[-1]
    return (last, False, product(*e.args[:-1])) if isinstance(last, Transpose) and picked(last.arg) is not None else None


def picked(e: Expr) -> tuple[Expr, Expr] | None:
    """First and last place of the block that [0 I 0] picks, counted from 1.

    >>> from ..expr import build, read_term
    >>> picked(build(read_term("hstack(0 * ones(m, n), eye(m))"), {}))
    (n + 1, m + n)
    """
    if not isinstance(e, HStack) or sum(isinstance(a, Identity) for a in e.args) != 1:
        return None
    if any(split(a)[0] != 0 for a in e.args if not isinstance(a, Identity)):
        return None
    k = next(k for k, a in enumerate(e.args) if isinstance(a, Identity))
    before = sum((shape_of(a)[1] for a in e.args[:k]), Integer(0))
    return before + 1, before + shape_of(e.args[k])[1]


def scale(number: Rational, e: Expr) -> Expr:
    """A number times an expression; in an elementwise product it stands before the first factor."""
    if number == 1 or e == ONE:
        return e if number == 1 else number
    if number < 0:
        return neg(scale(-number, e))
    return HadamardProduct(scale(number, e.args[0]), *e.args[1:]) if isinstance(e, HadamardProduct) else times(number, e)


def split(e: Expr) -> tuple[Rational, Expr]:
    """The number in front, and the rest."""
    if isinstance(e, Rational):
        return e, ONE
    if isinstance(e, Broadcast) and split(e.args[0])[1] == ONE:
        return split(e.args[0])
    if isinstance(e, OneMatrix):
        return ONE, ONE
    if isinstance(e, Mul | MatMul) and isinstance(e.args[0], Rational):
        number, rest = split(e.args[1]) if len(e.args) == 2 else (ONE, e.func(*e.args[1:], evaluate=False))
        return e.args[0] * number, rest
    if isinstance(e, HadamardProduct):
        number, first = split(e.args[0])
        return number, e if number == 1 else HadamardProduct(first, *e.args[1:])
    return ONE, e


def parts(e: Expr) -> list[Expr]:
    """The elementwise factors."""
    scalar = isinstance(e, Mul) and not isinstance(e, MatMul)  # SymPy's MatMul is a Mul
    return list(e.args) if scalar or isinstance(e, HadamardProduct) else [e]


def _without(factors: list[Expr], common: list[Expr]) -> list[Expr]:
    rest = list(factors)
    for f in common:
        rest.remove(f)
    return rest


def _like(e: Expr, model: Expr) -> Expr:
    """Numbers lose their shape on the way; the sum has the shape of its terms."""
    return broadcast(e, shape_of(model)) if isinstance(model, MatrixExpr) and not isinstance(e, MatrixExpr) else e


def product(*factors: Expr) -> Expr:
    """The matrix product; scalars come to the front."""
    return reduce(matmul, factors)


def transpose(e: Expr) -> Expr:
    """The transpose; of a matrix product the product of the transposes, in the other order."""
    if isinstance(e, Transpose):
        return e.arg
    if isinstance(e, MatMul):
        scalars = [a for a in e.args if not isinstance(a, MatrixExpr)]
        turned = product(*(transpose(a) for a in reversed(e.args) if isinstance(a, MatrixExpr)))
        return reduce(lambda matrix, s: times(s, matrix), reversed(scalars), turned)
    return _transpose(e)
