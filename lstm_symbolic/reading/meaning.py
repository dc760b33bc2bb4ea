"""What one node of a formula may mean: a method a node, which returns its readings, the cheapest first.

A product is elementwise or a matrix product, brackets pair or concatenate, a letter before a bracket is a function or a factor. Which one
it is depends on the kinds of the symbols (``kinds``), and these on the whole system (``elaborate``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..errors import ReadError
from ..expr.functions import FUNCTIONS
from ..expr.plain import write
from ..expr.term import CALLS, Term
from .association import Tree, groupings
from .beam import Kinds, Reading, Threaded, prune
from .context import Context, timed_name
from .kinds import prior, product
from .places import COLUMNS, ROWS, read_size
from .surface import Surface
from .usage import call_cost, is_loss, is_of_weights, product_cost
from .vocabulary import LOSS


@dataclass(frozen=True)
class Elaborator:
    """One walk over surfaces; a method a node. Every method returns the cheapest readings first.

    ``memo`` keeps what was read under the same kinds: ``f(g(h(x)))`` is weighed as calls and as products, and must not be read 2^3 times.
    """

    context: Context
    memo: dict[tuple[int, int], tuple[Surface, Kinds, list[Reading]]] = field(default_factory=dict, compare=False)

    def read(self, s: Surface, kinds: Kinds) -> list[Reading]:
        key = id(s), id(kinds)
        if key not in self.memo:
            self.memo[key] = s, kinds, self._read(s, kinds)
        return self.memo[key][2]

    def _read(self, s: Surface, kinds: Kinds) -> list[Reading]:
        method: Callable[[Surface, Kinds], list[Reading]] | None = getattr(self, f"_{s.op}", None)
        if method is None:
            raise ReadError(f"a {s.op} cannot stand here", "", s.span[0])
        return prune(method(s, kinds))

    def thread(self, nodes: Sequence[Surface], kinds: Kinds) -> list[Threaded]:
        beam = [Threaded(0.0, (), kinds)]
        for node in nodes:
            grown = [Threaded(b.cost + r.cost, (*b.items, r), r.kinds) for b in beam for r in self.read(node, b.kinds)]
            beam = prune(grown)
        return beam

    # -- leaves ------------------------------------------------------------------------------------------------------------------

    def _num(self, s: Surface, kinds: Kinds) -> list[Reading]:
        return [Reading(0.0, "s", Term("num", number=s.number, span=s.span), kinds)]

    def _sym(self, s: Surface, kinds: Kinds) -> list[Reading]:
        assert s.name is not None
        name, index = timed_name(s.name)
        if name.base == "pi" and not name.subs:
            return [Reading(0.0, "s", Term("pi", span=s.span), kinds)]
        key = name.plain
        term = Term("sym", name=key, index=index, span=s.span)
        if key in kinds:
            return [Reading(0.0, kinds[key], term, kinds)]
        if key in self.context.declared:
            options: tuple[tuple[str, float], ...] = ((self.context.declared[key], 0.0),)
        else:
            options = prior(name, bool(index) or name.plain in self.context.timed, "".join((*name.subs, *name.sups)))
        return [Reading(cost, kind, term, {**kinds, key: kind}) for kind, cost in options]

    def _ones(self, s: Surface, kinds: Kinds) -> list[Reading]:
        kind = "m" if len(s.index) > 1 and 1 not in s.index else "w" if (s.index[0] == 1) != (self.context.layout == "row") else "v"
        ones = Term("ones", index=s.index, span=s.span)
        return [Reading(0.0, kind, ones if s.number else Term("mul", (Term("num", number=s.number), ones), span=s.span), kinds)]

    def _function(self, s: Surface, kinds: Kinds) -> list[Reading]:
        return [Reading(0.0, "s", Term("sym", name=s.glyph, span=s.span), kinds)]

    # -- sums and products -------------------------------------------------------------------------------------------------------

    def _neg(self, s: Surface, kinds: Kinds) -> list[Reading]:
        return [Reading(r.cost, r.kind, Term("neg", (r.term,), span=s.span), r.kinds) for r in self.read(s.args[0], kinds)]

    def _group(self, s: Surface, kinds: Kinds) -> list[Reading]:
        inner = s.args[0]
        readings = [*self.read(inner, kinds)]
        if s.glyph == "[" and inner.op == "product" and set(inner.glyphs) == {""}:
            for b in self.thread(inner.args, kinds):
                if all(i.kind == "m" for i in b.items):
                    blocks = Term("hstack", tuple(i.term for i in b.items), span=s.span)
                    readings.append(Reading(b.cost - 0.1, "m", blocks, b.kinds))
        return readings

    def _add(self, s: Surface, kinds: Kinds) -> list[Reading]:
        return [self.joined(b, Term("add", tuple(i.term for i in b.items), span=s.span)) for b in self.thread(s.args, kinds)]

    def joined(self, b: Threaded, term: Term) -> Reading:
        """An elementwise combination: one kind for all, numbers fit everywhere."""
        present = {i.kind for i in b.items if not is_number(i.term)} or {"s"}
        symbols = present - {"s"}
        cost = 0.0 if len(present) == 1 else 1.5 if len(symbols) == 1 else 4.0
        kind = "m" if "m" in symbols else next(iter(sorted(symbols)), "s")
        return Reading(b.cost + cost, kind, term, b.kinds)

    def _product(self, s: Surface, kinds: Kinds) -> list[Reading]:
        """A flat chain of factors: the usual grouping first, others when its kinds clash."""
        results = []
        for b in self.thread(s.args, kinds):
            best = float("inf")
            trees = groupings(s.glyphs)
            for rank, tree in enumerate(trees):
                if rank and best < 2.0:
                    break
                if tree in trees[:rank]:
                    continue
                for cost, kind, term in self.multiply(tree, b.items, s.glyphs):
                    best = min(best, cost)
                    results.append(Reading(b.cost + cost + 0.1 * rank, kind, term, b.kinds))
        return results

    def multiply(self, tree: Tree, items: Sequence[Reading], glyphs: Sequence[str]) -> list[tuple[float, str, Term]]:
        if isinstance(tree, int):
            return [(0.0, items[tree].kind, items[tree].term)]
        left, right, glyph = tree
        found = []
        for cost_a, kind_a, a in self.multiply(left, items, glyphs):
            for cost_b, kind_b, b in self.multiply(right, items, glyphs):
                for op, kind, cost in product(kind_a, kind_b, glyph, self.context.layout):
                    if op == "matmul" and kind_a == "v" and b.op == "jac":
                        cost = min(cost, 0.5)  # the chain rule with the gradient as a row, as many write it beside columns
                    if self.context.convolution and op == "matmul" and kind_a == "m" and glyph in ("*", r"\ast", r"\star"):
                        op = "conv"
                    if op == "outer":
                        b = Term("T", (b,), span=b.span)
                        op = "matmul"
                    span = (a.span[0], b.span[1]) if a.span and b.span else None
                    found.append((cost_a + cost_b + cost, kind, Term(op, (a, b), span=span)))
        return sorted(found, key=lambda x: x[0])[:3]

    def _frac(self, s: Surface, kinds: Kinds) -> list[Reading]:
        return [self.joined(b, Term("div", tuple(i.term for i in b.items), span=s.span)) for b in self.thread(s.args, kinds)]

    def _power(self, s: Surface, kinds: Kinds) -> list[Reading]:
        results = self.multiplied(s.args[0], lambda group: replace(s, args=(group, s.args[1])), s, kinds)
        if s.args[1].op == "neg" and is_of_weights(s.args[0]):
            raise ReadError("the inverse of a matrix is not part of the cell language", "", s.span[0])
        for b in self.thread(s.args, kinds):
            base, exponent = b.items
            clash = (0.0 if exponent.kind == "s" else 3.0) + (20.0 if base.kind == "m" and exponent.term.op == "neg" else 0.0)
            results.append(Reading(b.cost + clash, base.kind, Term("pow", (base.term, exponent.term), span=s.span), b.kinds))
        return results

    def _transpose(self, s: Surface, kinds: Kinds) -> list[Reading]:
        """Of ``[h, x]^T`` the stacking itself: there the sign turns the written row into a column, and nothing else."""
        flip = {"v": "w", "w": "v"}
        inner = self.read(s.args[0], kinds) if s.args[0].op != "apply" else self.called(s.args[0], kinds)
        results = self.multiplied(s.args[0], lambda group: replace(s, args=(group,)), s, kinds)
        number = 3.0  # is not transposed
        results += [
            replace(r, cost=r.cost + number * (r.kind == "s"), kind=flip.get(r.kind, r.kind), term=Term("T", (r.term,), span=s.span))
            for r in inner
        ]
        if s.args[0].op == "pair" and self.context.layout == "column":
            results += [replace(r, cost=r.cost + 0.2) for r in inner if r.term.op == "concat" and not _are_rows(r.term)]
            results += [replace(r, kind="v", term=_columns(r.term), cost=r.cost - 0.1) for r in inner if _are_rows(r.term)]
        return results

    # -- pairings ----------------------------------------------------------------------------------------------------------------

    def _pair(self, s: Surface, kinds: Kinds) -> list[Reading]:
        results = []
        for b in self.thread(s.args, kinds):
            present = {i.kind for i in b.items}
            cost = 0.0 if len(present) == 1 else 2.0
            if all(is_number(i.term) for i in b.items):
                raise ReadError("a list of numbers is data, not a formula", "", s.span[0])
            kind = "m" if present == {"m"} else "v"
            op = "hstack" if kind == "m" else "concat"
            extra = 0.0 if s.glyph != "(" else 0.3
            results.append(Reading(b.cost + cost + extra, kind, Term(op, tuple(i.term for i in b.items), span=s.span), b.kinds))
        return results

    def _oplus(self, s: Surface, kinds: Kinds) -> list[Reading]:
        """Names stand beside each other; products are added, as in a diagram of the cell."""
        results, products = [], 1.5 * any(a.op == "product" for a in s.args)
        for b in self.thread(s.args, kinds):
            terms = tuple(i.term for i in b.items)
            results.append(Reading(b.cost + products, "v", Term("concat", terms, span=s.span), b.kinds))
            total = self.joined(b, Term("add", terms, span=s.span))
            results.append(replace(total, cost=total.cost + 0.5))
        return results

    def _matrix(self, s: Surface, kinds: Kinds) -> list[Reading]:
        rows = [row.args for row in s.args]
        cells = [c for row in rows for c in row]
        if any(c.op == "function" for c in cells):
            raise ReadError("a column of functions applied to blocks: write the equations one by one", "", s.span[0])
        results = []
        for b in self.thread(cells, kinds):
            if all(is_number(i.term) for i in b.items):
                table = _grid([i.term for i in b.items], len(rows))
                term = Term("matrix", tuple(Term("row", tuple(r)) for r in table), span=s.span)
                results += [Reading(b.cost, k, term, b.kinds) for k in ("m", "v")]
                continue
            grid = _grid([i.term for i in b.items], len(rows))
            if len(grid[0]) == 1 or len(grid) == 1:
                kind = "m" if all(i.kind == "m" for i in b.items) else "v"
                across = "vstack" if len(grid[0]) == 1 else "hstack"
                term = Term(across if kind == "m" else "concat", tuple(i.term for i in b.items))
            else:
                kind, term = "m", Term("vstack", tuple(Term("hstack", tuple(r)) for r in grid))
            mixed = 0.0 if len({i.kind for i in b.items}) == 1 else 1.0
            results.append(Reading(b.cost + mixed, kind, term, b.kinds))
        return results

    def _cases(self, s: Surface, kinds: Kinds) -> list[Reading]:
        nodes = [a for a in s.args if a.op != "otherwise"]
        results = []
        for b in self.thread(nodes, kinds):
            items = iter(b.items)
            parts = [Term("num") if a.op == "otherwise" else next(items).term for a in s.args]
            values, conditions = parts[0::2], [c for c, a in zip(parts[1::2], s.args[1::2], strict=True) if a.op != "otherwise"]
            if len(conditions) != len(values) - 1:
                raise ReadError("a case distinction needs a last case without condition", "", s.span[0])
            term = values[-1]
            for value, condition in zip(reversed(values[:-1]), reversed(conditions), strict=True):
                term = Term("call", (condition, value, term), name="where", span=s.span)
            main = Threaded(b.cost, tuple(i for i in b.items if i.term.name not in _COMPARISONS), b.kinds)
            results.append(self.joined(main, term))
        return results

    def _compare(self, s: Surface, kinds: Kinds) -> list[Reading]:
        return [
            Reading(b.cost, "s", Term("call", tuple(i.term for i in b.items), name=s.glyph, span=s.span), b.kinds)
            for b in self.thread(s.args, kinds)
        ]

    # -- functions ---------------------------------------------------------------------------------------------------------------

    def _call(self, s: Surface, kinds: Kinds) -> list[Reading]:
        name = s.glyph
        results = []
        for b in self.thread(s.args, kinds):
            terms = tuple(i.term for i in b.items)
            first = b.items[0]
            if name in FUNCTIONS and len(terms) not in FUNCTIONS[name][1]:
                raise ReadError(f"{name} is applied to {len(terms)} arguments", "", s.span[0])
            if CALLS.get(name) not in (None, len(terms)):
                raise ReadError(f"{name} takes {CALLS[name]} argument{'s' if CALLS[name] != 1 else ''}, here {len(terms)}", "", s.span[0])
            match name:
                case "diag":
                    cost = 0.0 if first.kind in ("v", "w") else 2.0
                    results.append(Reading(b.cost + cost, "m", Term("diag", terms, span=s.span), b.kinds))
                case "trace" | "norm" | "total":
                    results.append(Reading(b.cost, "s", Term(name, terms, span=s.span), b.kinds))
                case "softmax":
                    results.append(Reading(b.cost, first.kind, Term(name, terms, span=s.span), b.kinds))
                case "conv" | "conv_transpose":
                    results.append(Reading(b.cost, b.items[1].kind, Term(name, terms, span=s.span), b.kinds))
                case "conv_kernel":
                    size = read_size(",".join(write(t) for t in terms[2:]))
                    if len(size) != 2:
                        raise ReadError("the kernel takes two images and its size", "", s.span[0], "write convkernel(x, g, k, k)")
                    results.append(Reading(b.cost, "m", Term(name, terms[:2], index=size, span=s.span), b.kinds))
                case "concat":
                    results.append(Reading(b.cost, "v", Term("concat", terms, span=s.span), b.kinds))
                case "matmul" if len(terms) == 2:
                    for op, kind, cost in product(b.items[0].kind, b.items[1].kind, "@", self.context.layout):
                        results.append(Reading(b.cost + cost, kind, Term(op, terms, span=s.span), b.kinds))
                case _:
                    results.append(self.joined(b, Term("call", terms, name=name, span=s.span)))
        return results

    def _apply(self, s: Surface, kinds: Kinds) -> list[Reading]:
        """``W(r * h)`` is a product, ``f(z)`` a call; letters and what else the name is used for decide. ``J_t(theta)`` is the loss."""
        if is_loss(s):
            return self.read(s.args[0], kinds)
        return self.multiplied(s, lambda group: group, s, kinds) + self.called(s, kinds)

    def multiplied(self, applied: Surface, change: Callable[[Surface], Surface], s: Surface, kinds: Kinds) -> list[Reading]:
        """``W(r * h)`` as a product; a sign above the bracket, as in ``d(r * h)^T``, is the bracket's alone."""
        if applied.op != "apply":
            return []
        symbol, group = applied.args
        name = symbol.name
        assert name is not None
        if group.op != "group" and not name.subs and name.time is None and name.base[:1] not in "WUV":
            return []
        chain = Surface("product", (symbol, change(group)), glyphs=("",), span=s.span)
        return [replace(r, cost=r.cost + product_cost(name, self.context)) for r in self._product(chain, kinds)]

    def called(self, s: Surface, kinds: Kinds) -> list[Reading]:
        """``f(z)`` as a call."""
        symbol, group = s.args
        name = symbol.name
        assert name is not None
        results = []
        if name.time is None and not name.layer:
            inner = group.args if group.op in ("group", "pair") else (group,)
            cost = call_cost(name, self.context)
            for b in self.thread(inner, kinds):
                called = self.joined(b, Term("call", tuple(i.term for i in b.items), name=name.plain, span=s.span))
                results.append(replace(called, cost=called.cost + cost))
        return results

    # -- calculus ----------------------------------------------------------------------------------------------------------------

    def _grad(self, s: Surface, kinds: Kinds) -> list[Reading]:
        return [replace(r, term=Term("grad", (r.term,), span=s.span)) for r in self.read(s.args[0], kinds)]

    def _jac(self, s: Surface, kinds: Kinds) -> list[Reading]:
        """A matrix; of a loss (also of one step's loss ``L_t``) it is shaped like what it is taken by."""
        results = []
        loss = s.args[0].name is not None and s.args[0].name.base in LOSS
        for b in self.thread(s.args, kinds):
            term = Term("jac", tuple(i.term for i in b.items), span=s.span)
            main = b.items[1].kind if loss else "m"
            other = 0.5 if loss else 2.0
            results += [Reading(b.cost + (0.0 if kind == main else other), kind, term, b.kinds) for kind in ("m", "v")]
        return results

    def _sum(self, s: Surface, kinds: Kinds) -> list[Reading]:
        return [replace(r, term=Term(s.op, (r.term,), index=s.index, span=s.span)) for r in self.read(s.args[0], kinds)]

    _prod = _sum

    def _contract(self, s: Surface, kinds: Kinds) -> list[Reading]:
        reason = f"this sum over the components {s.glyph} is no product of a matrix and a vector"
        raise ReadError(reason, "", s.span[0], "write the equation in matrix form")

    def _part(self, s: Surface, kinds: Kinds) -> list[Reading]:
        """Places of a vector run along it, those of a matrix are its rows where no axis is named."""
        along = {"v": COLUMNS if self.context.layout == "row" else ROWS, "w": ROWS if self.context.layout == "row" else COLUMNS}
        results = []
        for r in self.read(s.args[0], kinds):
            axis = along.get(r.kind, s.glyph or ROWS)
            cost = 3.0 if r.kind == "s" else 1.0 if s.glyph not in ("", axis) else 0.0
            results.append(replace(r, cost=r.cost + cost, term=Term(axis, (r.term,), index=s.index, span=s.span)))
        return results

    def _entry(self, s: Surface, kinds: Kinds) -> list[Reading]:
        raise ReadError("an entry of a vector (component form) is not part of the matrix language", "", s.span[0])


_COMPARISONS = {"gt", "ge", "lt", "le", "eq", "ne"}


def _are_rows(term: Term) -> bool:
    return term.op == "concat" and all(a.op == "T" for a in term.args)


def _columns(term: Term) -> Term:
    """``[h^T, x^T]^T``: the columns below each other."""
    return replace(term, args=tuple(a.args[0] for a in term.args))


def _grid(cells: list[Term], rows: int) -> list[list[Term]]:
    width = len(cells) // rows
    return [cells[k * width : (k + 1) * width] for k in range(rows)]


def is_number(term: Term) -> bool:
    return term.op == "num" or (term.op == "neg" and term.args[0].op == "num")
