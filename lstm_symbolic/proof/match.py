"""Two systems side by side: which names correspond, and the right side rewritten in the names of the left.

Outputs, states and inputs of the same name correspond; other states are paired in every way that their shapes allow, the most similar
names first, and so are inputs where the two systems share no input name. Where they share some, another letter is another thing (``i``
for ``f`` is an error, no renaming), but ``Z`` beside ``z`` is the same one. A row system meets a column system by transposing what it
names. Parameters of the right side get names of their own (``~r``), since the same letter may be chosen differently there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from .dag import SCALAR, UNIT, Dag, Node, Shape
from .evaluate import names_of_dims
from .system import Step

RIGHT = "~r"
MAX_PAIRINGS = 24

Pairing = tuple[tuple[str, str], ...]


def correspondences(left: Step, right: Step, outputs: Sequence[tuple[str, str | None]]) -> Iterator[tuple[Pairing, Pairing]]:
    """Pairings of values (outputs and states) and of inputs."""
    known = {a: b for a, b in outputs if b is not None}
    taken = set(known.values())
    needed = [*dict.fromkeys([a for a, _ in outputs] + left.needed([a for a, _ in outputs]))]
    for name in needed:
        if name not in known and name in right.defined and name not in taken:
            known[name] = name
            taken.add(name)
    theirs = [n for n in dict.fromkeys([*right.outputs, *right.needed(taken or right.outputs)]) if n not in taken]
    open_left = [n for n in needed if n not in known]
    open_right = theirs if open_left else []
    for values in pairings(open_left, open_right, left.symbol, right.symbol):
        pairs = (*known.items(), *values)
        mine = left.free(left.needed(a for a, _ in pairs) + [a for a, _ in pairs])
        other = right.free([b for _, b in pairs] + right.needed(b for _, b in pairs))
        inputs_left = {n: s for n, s in mine.items() if s.data[1]}
        inputs_right = {n: s for n, s in other.items() if s.data[1]}
        same = *((n, n) for n in inputs_left if n in inputs_right), *recased(inputs_left, inputs_right)
        lone = [n for n in inputs_left if n not in dict(same)], [n for n in inputs_right if n not in dict(same).values()]
        for inputs in pairings(*lone, inputs_left, inputs_right) if not same else [()]:
            yield pairs, (*same, *inputs)


def recased(left: Mapping[str, Node], right: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    """Inputs of different names that are one but for capitals and underscores: Z_t on a page that capitalises inputs, and z_t."""
    bare = lambda name: name.replace("_", "").casefold()  # noqa: E731
    for n in left:
        mine = [a for a in left if bare(a) == bare(n)]
        theirs = [b for b in right if bare(b) == bare(n)]
        if n not in right and len(mine) == len(theirs) == 1 and compatible(left[n].shape, right[theirs[0]].shape):
            yield n, theirs[0]


def pairings(left: list[str], right: list[str], left_symbols: dict[str, Node], right_symbols: dict[str, Node]) -> Iterator[Pairing]:
    """Every way to pair the names of compatible shapes, most similar names first; names without a partner stay alone."""
    if not left or not right:
        yield ()
        return
    short, long, swapped = (left, right, False) if len(left) <= len(right) else (right, left, True)
    found: list[tuple[float, Pairing]] = []
    for order in itertools.islice(itertools.permutations(long, len(short)), 20 * MAX_PAIRINGS):
        pairs = tuple((b, a) if swapped else (a, b) for a, b in zip(short, order, strict=True))
        if all(compatible(left_symbols[a].shape, right_symbols[b].shape) for a, b in pairs):
            found.append((-sum(SequenceMatcher(None, a.lower(), b.lower()).ratio() for a, b in pairs), pairs))
    if not found:
        yield ()
    for _, pairs in sorted(found)[:MAX_PAIRINGS]:
        yield pairs


def compatible(a: Shape, b: Shape) -> bool:
    """Vectors with vectors, matrices with matrices, scalars with scalars."""
    return sum(d == UNIT for d in a) == sum(d == UNIT for d in b)


@dataclass(frozen=True)
class Sides:
    """Values that must be equal, left and right, all in the names of the left; parameters of the right are marked."""

    values: dict[str, tuple[Node, Node]]
    names: dict[str, str]
    left_parameters: dict[str, Node]
    right_parameters: dict[str, Node]
    dims: dict[str, str]
    rewrite: Callable[[Node], Node]


def side_by_side(dag: Dag, left: Step, right: Step, values: Pairing, inputs: Pairing) -> Sides | None:
    """The two systems under a pairing; None where shapes do not go together."""
    left_free, right_free = left.free(a for a, _ in values), right.free(b for _, b in values)
    symbols = [(left.symbol[a], right.symbol[b]) for a, b in values]
    symbols += [(left_free[a], right_free[b]) for a, b in inputs if b in right_free and a in left_free]
    rename = dims_map([(a.shape, b.shape) for a, b in symbols], names_of_dims([right.value[b] for _, b in values]))
    roots = dag.redim([right.value[b] for _, b in values] + [b for _, b in symbols], rename)
    count = len(values)
    their_symbols = roots[count : count + len(symbols)]
    shape_of = {a.data[0]: a.shape for a, _ in symbols}
    target = {b.data[0]: a.data[0] for a, b in zip([a for a, _ in symbols], their_symbols, strict=True)}
    if any(b.shape not in (a.shape, (a.shape[1], a.shape[0])) for (a, _), b in zip(symbols, their_symbols, strict=True)):
        return None
    parameters = parameters_of(right, right_free)
    marked: dict[str, Node] = {}

    def rule(node: Node, args: tuple[Node, ...]) -> Node | None:
        if node.op != "sym":
            return None
        name, index = node.data
        if name in target:
            mine = dag.sym(target[name], shape_of[target[name]], index)
            return mine if mine.shape == node.shape else dag.transpose(mine)
        if name in parameters:
            return marked.setdefault(name, dag.sym(name + RIGHT, node.shape))
        apart = name in right.defined or name in left.defined  # an input here and a definition there are two things
        return dag.sym(name + RIGHT, node.shape, index) if apart else None

    theirs = dag.rebuild(roots[:count], rule)
    if not all(fits(node) for root in theirs for node in root.walk()):
        return None
    pairs = {}
    for (name, _), value in zip(values, theirs, strict=True):
        mine = left.value[name]
        if mine.shape != value.shape and SCALAR not in (mine.shape, value.shape):
            value = dag.transpose(value)
        if mine.shape != value.shape and SCALAR not in (mine.shape, value.shape):
            return None
        pairs[name] = (mine, value)
    names = {a: b for a, b in (*values, *inputs) if a != b}
    rewrite = lambda node: dag.rebuild(dag.redim([node], rename), rule)[0]  # noqa: E731
    return Sides(pairs, names, parameters_of(left, left_free), marked, rename, rewrite)


def fits(node: Node) -> bool:
    """Do the arguments of an operation still have its shape, with the symbols of the other side in their places?"""
    if node.op == "matmul":
        return all(a.shape[1] == b.shape[0] for a, b in itertools.pairwise(node.args))
    if node.op in ("add", "mul", "div", "pow", "fn", "broadcast"):
        return all(d in (UNIT, own) for a in node.args for d, own in zip(a.shape, node.shape, strict=True))
    return True


def dims_map(shapes: list[tuple[Shape, Shape]], theirs: list[str]) -> dict[str, str]:
    """Names of the right side's dimensions in those of the left, as far as corresponding symbols say; never two in one."""
    found: dict[str, str] = {}
    for a, b in shapes:
        for x, y in zip([d for d in a if d != UNIT], [d for d in b if d != UNIT], strict=False):
            if len(x) == 1 and len(y) == 1 and x[0][1] == y[0][1] == 1 and x[0][0] and y[0][0] and x[0][0] not in found.values():
                found.setdefault(y[0][0], x[0][0])
    for name in theirs:
        if name not in found and name in found.values():
            found[name] = name + RIGHT
    return {k: v for k, v in found.items() if k != v}


def parameters_of(step: Step, free: dict[str, Node]) -> dict[str, Node]:
    """Symbols that may be chosen: those without a time; in a system without time, matrices and what is only added to their products."""
    lone = {n: s for n, s in free.items() if not s.data[1]}
    if step.timed:
        return lone
    matrices = {n for n, s in lone.items() if UNIT not in s.shape}
    biases = {n for n in lone if n not in matrices} - {n for right in step.defined.values() for n in _not_added(right, matrices)}
    return {n: s for n, s in lone.items() if n in matrices or n in biases}


def _not_added(root: Node, matrices: set[str]) -> set[str]:
    """Symbols with another use than as a summand beside a product with a parameter matrix."""
    found = {root.data[0]} if root.op == "sym" else set()
    for node in root.walk():
        beside = node.op == "add" and any(a.op == "matmul" and any(s.data[0] in matrices for s in a.symbols()) for a in node.args)
        if not beside and node.op != "broadcast":
            found |= {a.data[0] for a in node.args if a.op == "sym"}
    return found
