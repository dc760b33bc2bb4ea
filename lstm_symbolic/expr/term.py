"""Terms: the untyped tree between text and SymPy, and the reader of the plain syntax.

A term says which operation is meant (``*`` elementwise, ``@`` matrix product) but not yet which shapes; ``infer`` finds the shapes and
``build`` makes the SymPy expression. Text is parsed with Python's grammar and walked over a closed list of node types: nothing is
evaluated. Length and nesting have limits, so that every later walk may recurse.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

import sympy
from sympy import Expr, Integer, Symbol

from ..errors import ReadError

MAX_LENGTH, MAX_DEPTH = 50_000, 120

Span = tuple[int, int]


@dataclass(frozen=True)
class Term:
    """One operation and its arguments.

    ``op`` is one of ``OPS``; ``name`` holds a symbol's or a function's name, ``number`` a literal, ``index`` the time indices of a
    symbol (the last one is the time) or the running index of a sum; ``span`` is its place in the text that it was read from.
    """

    op: str
    args: tuple[Term, ...] = ()
    name: str = ""
    number: Fraction = Fraction(0)
    index: tuple[Expr, ...] = ()
    span: Span | None = field(default=None, compare=False)

    def walk(self) -> Iterator[Term]:
        """This term and everything below it, parents first."""
        stack = [self]
        while stack:
            term = stack.pop()
            yield term
            stack.extend(reversed(term.args))

    def at(self, span: Span | None) -> Term:
        return replace(self, span=span)


#: op -> what the arguments are. ``call`` is an elementwise function, known or uninterpreted; ``mul`` and ``div`` and ``pow`` are
#: elementwise or with a scalar; ``sum`` and ``prod`` run over ``index = (var, low, high)``; ``ones``, ``eye`` and ``conv_kernel`` take
#: dimensions in ``index``.
OPS = (
    "num", "pi", "sym", "add", "neg", "mul", "matmul", "div", "pow", "T", "call", "softmax", "concat", "vstack", "hstack",
    "diag", "trace", "total", "ones", "eye", "matrix", "row", "norm", "sum", "prod", "jac", "grad", "conv",
    "conv_transpose", "conv_kernel",
)  # fmt: skip

#: Plain names that are operations of their own, with the number of arguments (None: one or more).
CALLS: dict[str, int | None] = {
    "softmax": 1, "concat": None, "vstack": None, "hstack": None, "diag": 1, "trace": 1, "total": 1, "norm": 1,
    "jac": 2, "grad": 1, "conv": 2, "conv_transpose": 2,
}  # fmt: skip

_COMPARE = {ast.Gt: "gt", ast.GtE: "ge", ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne"}
_KEYWORDS = ("lambda",)


@dataclass(frozen=True)
class TermEquation:
    """A chain ``a = b = c``, or one lone expression."""

    sides: tuple[Term, ...]
    text: str = ""

    @property
    def target(self) -> Term | None:
        """The defined symbol: the left side where that is one symbol (or the gradient of one)."""
        left = self.sides[0]
        return left if len(self.sides) > 1 and left.op in ("sym", "grad") else None


def read_equation(text: str) -> TermEquation:
    """The term of ``lhs = rhs``, of a chain, or of an expression, in plain syntax.

    >>> read_equation("h[t] = o[t] * tanh(C[t])").sides[1].op
    'mul'
    """
    if len(text) > MAX_LENGTH:
        raise ReadError(f"longer than {MAX_LENGTH} characters", text[:80], 0)
    sides, start = [], 0
    for cut in [*_equals(text), len(text)]:
        sides.append(_side(text, start, cut))
        start = cut + 1
    return TermEquation(tuple(sides), text)


def read_term(text: str) -> Term:
    """The term of one expression."""
    equation = read_equation(text)
    if len(equation.sides) > 1:
        raise ReadError("an equation stands where an expression belongs", text, _equals(text)[0])
    return equation.sides[0]


def read_index(text: str) -> Expr:
    """A time expression: ``t - 1``."""
    return _index(_parse(text, text, 0))


def _equals(text: str) -> list[int]:
    """Offsets of the top-level ``=`` that are not part of a comparison."""
    depth, found = 0, []
    for k, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if c == "=" and depth == 0 and text[k - 1 : k] not in ("<", ">", "!", "=") and text[k + 1 : k + 2] != "=":
            found.append(k)
    return found


def _parse(part: str, text: str, start: int) -> ast.expr:
    if not part.strip():
        raise ReadError("an expression is missing", text, min(start, max(len(text) - 1, 0)))
    shift = len(part) - len(part.lstrip())
    source = part.strip()
    for word in _KEYWORDS:
        source = source.replace(word, word.upper()) if word in source else source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.replace("\n", " "), mode="eval").body
    except SyntaxError as error:
        offset = start + shift + (error.offset - 1 if error.offset else len(source) - 1)
        raise ReadError(f"cannot read this as plain syntax: {error.msg}", text, min(offset, max(len(text) - 1, 0))) from None
    except (RecursionError, MemoryError, ValueError):
        raise ReadError("nested too deeply, or not text", text[:80], 0) from None


def _side(text: str, start: int, end: int) -> Term:
    part = text[start:end]
    tree = _parse(part, text, start)
    shift = start + len(part) - len(part.lstrip())
    return _Reader(text, shift, part.strip()).term(tree, 0)


def _index(node: ast.expr) -> Expr:
    """A time index or a dimension: names, integers, + - *."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return Integer(value)
        case ast.Name(id=name):
            return Symbol(name, integer=True)
        case ast.UnaryOp(op=ast.USub(), operand=u):
            return -_index(u)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
            a, b = _index(left), _index(right)
            return a + b if isinstance(op, ast.Add) else a - b if isinstance(op, ast.Sub) else a * b
    raise ReadError(f"{ast.unparse(node)[:40]!r} is no index", hint="an index is a sum such as t - 1")


class _Reader:
    """One walk over Python's tree; every case is a row of the plain syntax."""

    def __init__(self, text: str, shift: int, source: str) -> None:
        self.text, self.shift = text, shift
        self.ascii = source.isascii()
        self.bytes = source.encode()

    def fail(self, node: ast.expr, message: str, hint: str = "") -> ReadError:
        return ReadError(message, self.text, self.span(node)[0], hint)

    def offset(self, column: int) -> int:
        return column if self.ascii else len(self.bytes[:column].decode(errors="ignore"))

    def span(self, node: ast.expr) -> Span:
        return self.shift + self.offset(node.col_offset), self.shift + self.offset(node.end_col_offset or node.col_offset)

    def term(self, node: ast.expr, depth: int) -> Term:
        if depth > MAX_DEPTH:
            raise self.fail(node, f"nested deeper than {MAX_DEPTH}")
        return self._term(node, depth + 1).at(self.span(node))

    def _term(self, node: ast.expr, d: int) -> Term:
        match node:
            case ast.Constant(value=bool() | None | str() | bytes() | complex()):
                raise self.fail(node, "only numbers can stand here")
            case ast.Constant(value=int(value)):
                return Term("num", number=Fraction(value))
            case ast.Constant(value=float()):
                return Term("num", number=self.decimal(node))
            case ast.Name(id="pi"):
                return Term("pi")
            case ast.Name(id=name):
                return Term("sym", name="lambda" if name == "LAMBDA" else name)
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                parts = index.elts if isinstance(index, ast.Tuple) else [index]
                return Term("sym", name=name, index=tuple(self.index(p) for p in parts))
            case ast.Attribute(value=u, attr="T"):
                return Term("T", (self.term(u, d),))
            case ast.UnaryOp(op=ast.USub(), operand=u):
                return Term("neg", (self.term(u, d),))
            case ast.UnaryOp(op=ast.UAdd(), operand=u):
                return self.term(u, d)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self.sum(node, d)
            case ast.BinOp(left=left, op=op, right=right):
                names = {ast.Mult: "mul", ast.MatMult: "matmul", ast.Div: "div", ast.Pow: "pow"}
                if type(op) not in names:
                    raise self.fail(node, f"{type(op).__name__} is no operation here", "write + - * / ** @")
                return Term(names[type(op)], (self.term(left, d), self.term(right, d)))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return Term("call", (self.term(left, d), self.term(right, d)), name=_COMPARE[type(op)])
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self.call(node, name, args, d)
        raise self.fail(node, f"{type(node).__name__} is not part of the plain syntax")

    def index(self, node: ast.expr) -> Expr:
        try:
            return _index(node)
        except ReadError as error:
            raise self.fail(node, error.message, error.hint) from None

    def sum(self, node: ast.expr, d: int) -> Term:
        """A chain of + and - is one n-ary sum, however long (so that a thousand summands are not a thousand levels)."""
        terms: list[Term] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            right = self.term(node.right, d)
            terms.append(Term("neg", (right,), span=right.span) if isinstance(node.op, ast.Sub) else right)
            node = node.left
        return Term("add", (self.term(node, d), *reversed(terms)))

    def decimal(self, node: ast.expr) -> Fraction:
        start, end = self.span(node)
        try:
            return Fraction(self.text[start:end].replace("_", ""))
        except ValueError:
            raise self.fail(node, "not a decimal number") from None

    def call(self, node: ast.Call, name: str, args: list[ast.expr], d: int) -> Term:
        if name in ("Sum", "Prod"):
            match args:
                case [body, ast.Tuple(elts=[ast.Name() as var, low, high])]:
                    index = (_index(var), self.index(low), self.index(high))
                    return Term("sum" if name == "Sum" else "prod", (self.term(body, d),), index=index)
            raise self.fail(node, f"{name} takes a body and a range", f"write {name}(d[t] @ x[t].T, (t, 1, T))")
        if name in ("ones", "eye"):
            if not 1 <= len(args) <= (2 if name == "ones" else 1):
                raise self.fail(node, f"{name} takes dimensions", "write ones(n), ones(n, m) or eye(n)")
            return Term(name, index=tuple(self.index(a) for a in args))
        if name == "matrix":
            return self.matrix(node, args, d)
        if name == "conv_kernel":
            if len(args) != 4:
                raise self.fail(node, "conv_kernel takes an image, a cotangent and the size of the kernel", "write conv_kernel(x, g, k, k)")
            return Term(name, (self.term(args[0], d), self.term(args[1], d)), index=(self.index(args[2]), self.index(args[3])))
        if name in CALLS:
            count = CALLS[name]
            if not args or (count is not None and len(args) != count):
                raise self.fail(node, f"{name} takes {count or 'one or more'} argument{'s' if count != 1 else ''}, here {len(args)}")
            return Term(name, tuple(self.term(a, d) for a in args))
        if not args:
            raise self.fail(node, f"{name}() has no argument")
        return Term("call", tuple(self.term(a, d) for a in args), name=name)

    def matrix(self, node: ast.expr, args: list[ast.expr], d: int) -> Term:
        match args:
            case [ast.List(elts=rows)] if rows and all(isinstance(r, ast.List) and r.elts for r in rows):
                table = [[self.term(x, d) for x in r.elts] for r in rows if isinstance(r, ast.List)]
                if len({len(r) for r in table}) == 1:
                    return Term("matrix", tuple(Term("row", tuple(r)) for r in table))
        raise self.fail(node, "a matrix is a list of rows of one length", "write matrix([[1, 2], [3, 4]])")


def time_shift(term: Term) -> int | None:
    """The time of a time-indexed symbol, relative to ``t``: 0 for ``h[t]``, -1 for ``h[t - 1]``; None where it is no shift of t."""
    return _shift(term.index[-1]) if term.index else None


@lru_cache(maxsize=1024)
def _shift(time: Expr) -> int | None:
    shift = sympy.sympify(time - Symbol("t", integer=True))
    return int(shift) if shift.is_Integer else None
