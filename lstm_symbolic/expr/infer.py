"""Shapes of all symbols of a system at once: unification over symbolic dimensions.

Every symbol starts with two unknown dimensions. Matrix products, stackings and given shapes are hard constraints; elementwise operations
unify what is not already a scalar, a row or a column (those broadcast). A conflict is recorded with the operation it arose in, and
the rest goes on, so that one bad line never sinks its system.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy
from sympy import Expr, Integer

from .dims import Shape, symbol, write
from .term import Term, TermEquation

_ELEMENTWISE = ("add", "mul", "div", "pow", "call", "neg")
_LETTERS = ("p", "q", "k", "l", "r", "s", "u", "v")

Node = int
Pair = tuple[Node, Node]


@dataclass(frozen=True)
class Conflict:
    """Two dimensions that must be equal and are not, and the operation that asks for it."""

    equation: int
    term: Term
    left: str
    right: str

    @property
    def message(self) -> str:
        what = {"matmul": "the matrix product", "add": "the sum", "mul": "the elementwise product"}.get(self.term.op, "this")
        return f"{what} needs {self.left} = {self.right}"


@dataclass
class Dimensions:
    """Union-find over dimensions. A root is free, a named atom, or a sum of other dimensions."""

    parent: list[Node] = field(default_factory=list)
    atom: dict[Node, Expr] = field(default_factory=dict)
    parts: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    named: dict[Expr, Node] = field(default_factory=dict)

    def fresh(self) -> Node:
        self.parent.append(len(self.parent))
        return len(self.parent) - 1

    def find(self, a: Node) -> Node:
        while self.parent[a] != a:
            self.parent[a] = self.parent[self.parent[a]]
            a = self.parent[a]
        return a

    def of(self, value: Expr) -> Node:
        """The node of a given dimension; ``n + m`` is a sum of nodes, and a dummy stands for a dimension that is sought."""
        if value not in self.named:
            node = self.named[value] = self.fresh()
            terms = [t for a in sympy.Add.make_args(value) for t in self._repeat(a)]
            if len(terms) > 1:
                self.parts[node] = tuple(self.of(t) for t in terms)
            elif not value.is_Dummy:
                self.atom[node] = value
        return self.named[value]

    @staticmethod
    def _repeat(term: Expr) -> list[Expr]:
        count, rest = term.as_coeff_Mul()
        return [rest] * int(count) if rest != 1 and count.is_Integer and 0 < count <= 16 else [term]

    def total(self, nodes: Sequence[Node]) -> Node:
        node = self.fresh()
        self.parts[node] = tuple(nodes)
        return node

    def flat(self, a: Node, depth: int = 0) -> list[Node]:
        """The leaves of a sum."""
        a = self.find(a)
        if a not in self.parts or depth > 40:
            return [a]
        return [leaf for p in self.parts[a] for leaf in self.flat(p, depth + 1)]

    def is_one(self, a: Node) -> bool:
        return self.atom.get(self.find(a)) == 1

    def is_free(self, a: Node) -> bool:
        a = self.find(a)
        return a not in self.atom and a not in self.parts

    def unify(self, a: Node, b: Node) -> bool:
        """Make two dimensions equal; False where they are known to differ."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return True
        if self.is_free(b):
            a, b = b, a
        if self.is_free(a):
            if len(self.flat(b)) > 1 and a in self.flat(b):
                return False
            self.parent[a] = b
            return True
        left, right = self.without_common(a, b)
        if len(left) == 1 and len(right) == 1 and not (self.is_free(left[0]) or self.is_free(right[0])):
            return self.atom.get(left[0]) == self.atom.get(right[0])
        if len(left) == len(right):
            return all(self.unify(x, y) for x, y in zip(left, right, strict=True))
        short, long = (left, right) if len(left) < len(right) else (right, left)
        if len(short) == 1 and self.is_free(short[0]) and short[0] not in long:
            self.parts[short[0]] = tuple(long)
            return True
        return False

    def without_common(self, a: Node, b: Node) -> tuple[list[Node], list[Node]]:
        """The leaves of two sums without those that both have; of two numbers, the smaller goes: ``6 = 4 + x`` becomes ``2 = x``."""
        left, right = self.flat(a), self.flat(b)
        for leaf in list(left):
            if leaf in right:
                left.remove(leaf)
                right.remove(leaf)
        numbers = [sum(int(self.atom[x]) for x in side if self.is_number(x)) for side in (left, right)]
        if all(numbers):
            left, right = ([x for x in side if not self.is_number(x)] for side in (left, right))
            rest = numbers[0] - numbers[1]
            if rest:
                (left if rest > 0 else right).append(self.of(Integer(abs(rest))))
        return left, right

    def is_number(self, a: Node) -> bool:
        return isinstance(self.atom.get(a), Integer)

    def is_open(self, a: Node, b: Node) -> bool:
        """Which part is which cannot be said yet: ``n + m = rows(h) + rows(x)``, with a given size and two unknown ones."""
        if self.is_free(a) or self.is_free(b):
            return False
        left, right = self.without_common(a, b)
        free = [sum(map(self.is_free, side)) for side in (left, right)]
        return min(free) == 0 and max(free) > 1

    def show(self, a: Node) -> str:
        return write(sympy.Add(*(self.atom[x] for x in self.flat(a))))


@dataclass
class Inference:
    """One run over a system. ``conflicts`` lists what did not fit; it is told at the end, when every dimension has its name."""

    equations: Sequence[TermEquation]
    given: Mapping[str, Shape]
    layout: str
    dims: Dimensions = field(default_factory=Dimensions)
    symbols: dict[str, Pair] = field(default_factory=dict)
    conflicts: list[tuple[int, Term, Node, Node]] = field(default_factory=list)
    soft: list[tuple[int, Term, list[Pair]]] = field(default_factory=list)
    late: list[tuple[int, Term, Node, Node]] = field(default_factory=list)

    def run(self) -> dict[str, Shape]:
        one = self.dims.of(Integer(1))
        sides = [[self.visit(s, k) for s in e.sides] for k, e in enumerate(self.equations)]
        for k, (equation, pairs) in enumerate(zip(self.equations, sides, strict=True)):
            self.soft.append((k, Term("add", equation.sides), [p for p in pairs if p is not None]))
        flat = not any(t.op in ("matmul", "concat", "vstack", "hstack", "T", "diag") for t in self.terms())
        timed = {t.name for t in self.terms() if t.op == "sym" and t.index}
        for name, (rows, cols) in self.symbols.items():
            if name not in self.given and (flat or name in timed):
                for d in (rows, cols) if flat else (cols,) if self.layout == "column" else (rows,):
                    self.dims.unify(d, one)
        for join in (self.unify, self.unify, self.settle):  # where nothing else says which part is which: in the order written
            for k, term, known in self.soft:
                self.elementwise(k, term, known)
            waiting, self.late = self.late, []
            for k, term, a, b in waiting:
                join(k, term, a, b)
        return self.named()

    def told(self) -> list[Conflict]:
        """The conflicts, each once, without those that what was found later has settled."""
        shown = dict.fromkeys(Conflict(k, term, self.dims.show(a), self.dims.show(b)) for k, term, a, b in self.conflicts)
        return [c for c in shown if c.left != c.right]

    def terms(self) -> list[Term]:
        return [t for e in self.equations for s in e.sides for t in s.walk()]

    def symbol(self, name: str) -> Pair:
        if name not in self.symbols:
            if name in self.given:
                rows, cols = self.given[name]
                self.symbols[name] = self.dims.of(rows), self.dims.of(cols)
            else:
                self.symbols[name] = self.dims.fresh(), self.dims.fresh()
        return self.symbols[name]

    def unify(self, k: int, term: Term, a: Node, b: Node) -> None:
        if self.dims.is_open(a, b):
            self.late.append((k, term, a, b))
        else:
            self.settle(k, term, a, b)

    def settle(self, k: int, term: Term, a: Node, b: Node) -> None:
        if not self.dims.unify(a, b):
            self.conflicts.append((k, term, a, b))

    def scalar(self) -> Pair:
        one = self.dims.of(Integer(1))
        return one, one

    def visit(self, term: Term, k: int) -> Pair | None:
        """The dimensions of a term; None for a number, which fits everywhere."""
        args = [self.visit(a, k) for a in term.args]
        known = [a for a in args if a is not None]
        match term.op:
            case "num" | "pi":
                return None
            case "sym":
                return self.symbol(term.name)
            case "ones" | "eye":
                rows, *rest = [symbolic(i) for i in term.index]
                cols = rest[0] if rest else rows if term.op == "eye" else Integer(1)
                return self.dims.of(rows), self.dims.of(cols)
            case "matrix":
                return self.dims.of(Integer(len(term.args))), self.dims.of(Integer(len(term.args[0].args)))
            case "row":
                return None
            case "T":
                return (known[0][1], known[0][0]) if known else None
            case "matmul" if len(known) == 2:
                self.unify(k, term, known[0][1], known[1][0])
                return known[0][0], known[1][1]
            case "concat" | "vstack" | "hstack" if known:
                across = term.op == "hstack" or (term.op == "concat" and self.layout == "row")
                for pair in known[1:]:
                    self.unify(k, term, known[0][1 - across], pair[1 - across])
                size = self.dims.total([p[across] for p in known])
                return (known[0][0], size) if across else (size, known[0][1])
            case "diag" if known:
                rows, cols = known[0]
                size = cols if self.layout == "row" else rows
                self.unify(k, term, rows if size == cols else cols, self.dims.of(Integer(1)))
                return size, size
            case "trace" | "total" | "norm":
                return self.scalar()
            case "jac" if len(known) == 2:
                return (known[0][1], known[1][1]) if self.layout == "row" else (known[0][0], known[1][0])
            case "conv" | "conv_transpose" if len(known) == 2:
                return known[1]
            case "conv_kernel":
                rows, cols = (self.dims.of(symbolic(i)) for i in term.index)
                return rows, cols
            case op if op in _ELEMENTWISE:
                if not known:
                    return None
                if len(known) > 1:
                    self.soft.append((k, term, known))
                return self.widest(known)
        return known[0] if known else None

    def widest(self, pairs: Sequence[Pair]) -> Pair:
        """The shape of an elementwise result: of the first argument that is not known to be a scalar, row or column."""
        return min(pairs, key=lambda p: self.dims.is_one(p[0]) + self.dims.is_one(p[1]))

    def elementwise(self, k: int, term: Term, pairs: Sequence[Pair]) -> None:
        """One shape for all, except what broadcasts; beside columns an unknown is a column too."""
        pairs = [p for p in pairs if not (self.dims.is_one(p[0]) and self.dims.is_one(p[1]))]
        for axis in (0, 1):
            wide = [p[axis] for p in pairs if not self.dims.is_one(p[axis])]
            if len(wide) < len(pairs) and all(self.dims.is_free(a) for a in wide):
                wide.insert(0, self.dims.of(Integer(1)))
            for a, b in itertools.pairwise(wide):
                self.unify(k, term, a, b)

    def named(self) -> dict[str, Shape]:
        """Names for the dimensions left free: n for states, m for inputs, then other letters."""
        defined = [e.target.name for e in self.equations if e.target is not None and e.target.op == "sym"]
        timed = dict.fromkeys(t.name for t in self.terms() if t.op == "sym" and t.index)
        order = [*defined, *(s for s in timed if s not in defined), *self.symbols]
        used = {str(s) for s in self.dims.named}
        letters = [x for x in _LETTERS if x not in used]
        for position, name in enumerate(order):
            if name not in self.symbols:
                continue
            for node in self.symbols[name]:
                for leaf in self.dims.flat(node):
                    if self.dims.is_free(leaf):
                        wish = "n" if position < len(defined) else "m" if name in timed else ""
                        letter = wish if wish and wish not in used else letters.pop(0) if letters else f"d{leaf}"
                        used.add(letter)
                        self.dims.atom[self.dims.find(leaf)] = symbol(letter)
        return {name: (self.value(r), self.value(c)) for name, (r, c) in self.symbols.items()}

    def value(self, node: Node) -> Expr:
        return sympy.Add(*(self.dims.atom[leaf] for leaf in self.dims.flat(node)))


def symbolic(index: Expr) -> Expr:
    """A dimension from an index expression: its names are positive integers."""
    return index.subs({s: symbol(s.name) for s in index.free_symbols if not s.is_Dummy})


def layout_of(equations: Sequence[TermEquation]) -> str:
    """``column`` (W x) or ``row`` (x W), by the side on which the time-indexed factor stands; ``column`` where nothing says."""
    votes = 0
    for term in (t for e in equations for s in e.sides for t in s.walk() if t.op == "matmul"):
        left, right = (any(x.op == "sym" and x.index for x in a.walk()) for a in term.args)
        votes += (right and not left) - (left and not right)
    return "row" if votes < 0 else "column"


def infer(
    equations: Sequence[TermEquation], given: Mapping[str, Shape] | None = None, layout: str | None = None
) -> tuple[dict[str, Shape], list[Conflict]]:
    """Shapes of every symbol of a system, and the conflicts.

    >>> from .term import read_equation
    >>> shapes, conflicts = infer([read_equation("h[t] = tanh(W @ x[t] + U @ h[t - 1] + b)")])
    >>> shapes["W"], shapes["b"], conflicts
    ((n, m), (n, 1), [])
    """
    run = Inference(equations, given or {}, layout or layout_of(equations))
    shapes = run.run()
    return shapes, run.told()
