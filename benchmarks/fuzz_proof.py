"""Fuzz of the prover: random expressions against rewrites that are equal, and against mutants, judged by mpmath at 400 digits.

    python benchmarks/fuzz_proof.py --elementwise 20000 --matrix 20000 --systems 20000 --seed 1

A verdict is unsound if it says "proved" where values differ, or "refuted" where the right side was made by equalities only. Undecided
answers are counted and printed, but for pairs of which a side has no value anywhere: there "undecided" is the answer. The oracle
(``oracle.py``) shares nothing with the prover and recomputes every witness; one certificate in ten goes to the standalone checker.
Systems: an LSTM or a GRU against a reparametrisation that is equal by construction, and against the same with one more change.
Exit status 1 if anything was unsound.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable

from oracle import differ_at, truth

from lstm_symbolic.errors import ShapeError
from lstm_symbolic.proof import Verdict, compare_record
from lstm_symbolic.proof.check_certificate import Stop, check

Tree = tuple  # ("op", children...) ; ("sym", name) ; ("num", text)
SHAPES = {
    "a": "n,1", "b": "n,1", "c": "n,1", "x": "m,1", "y": "m,1", "A": "n,n", "B": "n,n", "W": "n,m", "V": "n,m",
    "p": "1,1", "q": "1,1", "r": "1,1",
}  # fmt: skip
BY_SHAPE: dict[tuple[str, str], list[str]] = {}
for _name, _shape in SHAPES.items():
    BY_SHAPE.setdefault(tuple(_shape.split(",")), []).append(_name)
TOTAL = ("sigmoid", "tanh", "exp", "relu", "abs", "softplus", "dsigmoid", "dtanh", "cosh")
FIX = {"add": " + ", "sub": " - ", "mul": " * ", "div": " / ", "matmul": " @ "}


def text(t: Tree) -> str:
    op, *args = t
    if op in ("sym", "num"):
        return str(args[0])
    if op in FIX:
        return "(" + FIX[op].join(text(a) for a in args) + ")"
    if op == "neg":
        return f"(-{text(args[0])})"
    if op == "T":
        return f"({text(args[0])}).T"
    if op == "pow":
        return f"({text(args[0])}) ** {args[1]}"
    if op == "gt":
        return f"({text(args[0])} > {text(args[1])})"
    return f"{op}({', '.join(text(a) for a in args)})"


class Generator:
    """Random trees of a given shape."""

    def __init__(self, rng: random.Random, scalar: bool) -> None:
        self.rng, self.scalar = rng, scalar

    def leaf(self, shape: tuple[str, str]) -> Tree:
        if shape in BY_SHAPE and (shape != ("1", "1") or self.rng.random() < 0.85):
            return ("sym", self.rng.choice(BY_SHAPE[shape]))
        if shape == ("1", "1"):
            return ("num", str(self.rng.choice((1, 2, 3))))
        if shape[::-1] in BY_SHAPE:
            return ("T", self.leaf(shape[::-1]))
        return ("matmul", self.tree((shape[0], "n"), 0), self.tree(("n", shape[1]), 0))

    def tree(self, shape: tuple[str, str], depth: int) -> Tree:
        rng = self.rng
        if depth <= 0:
            return self.leaf(shape)
        sub = lambda s=shape: self.tree(s, depth - rng.choice((1, 1, 2)))  # noqa: E731
        kind = rng.random()
        if kind < 0.2:
            return ("add", sub(), sub())
        if kind < 0.3:
            return ("sub", sub(), sub())
        if kind < 0.45:
            return ("mul", sub(), sub())
        if kind < 0.62:
            return (rng.choice(TOTAL if self.scalar else TOTAL[:6]), sub())
        if self.scalar:
            return rng.choice((
                lambda: ("max", sub(), sub()), lambda: ("min", sub(), sub()),
                lambda: ("div", sub(), ("add", ("num", "1"), ("pow", sub(), 2))),
                lambda: ("where", ("gt", sub(), sub()), sub(), sub()), lambda: ("sqrt", ("add", ("num", "1"), ("pow", sub(), 2))),
                lambda: ("log", ("add", ("num", "1"), ("exp", sub()))), lambda: ("pow", sub(), 2), lambda: ("div", sub(), ("exp", sub())),
            ))()  # fmt: skip
        if kind < 0.8:
            inner = rng.choice(("n", "m"))
            return ("matmul", sub((shape[0], inner)), sub((inner, shape[1])))
        if kind < 0.87:
            return ("T", sub(shape[::-1]))
        if kind < 0.92 and shape[0] == "n":
            return ("matmul", ("diag", sub(("n", "1"))), sub(shape))
        if kind < 0.96 and shape == ("1", "1"):
            return ("trace", sub(("n", "n")))
        return ("neg", sub())


# -- equal rewrites -------------------------------------------------------------------------------------------------------------


def double(u: Tree) -> Tree:
    return ("mul", ("num", "2"), u)


def half(u: Tree) -> Tree:
    return ("div", u, ("num", "2"))


EQUAL: dict[str, list[Callable[..., Tree]]] = {
    "add": [lambda u, v: ("add", v, u), lambda u, v: ("sub", u, ("neg", v)), lambda u, v: ("neg", ("sub", ("neg", u), v))],
    "sub": [lambda u, v: ("neg", ("sub", v, u)), lambda u, v: ("add", u, ("neg", v))],
    "mul": [lambda u, v: ("mul", v, u), lambda u, v: ("mul", ("neg", u), ("neg", v))],
    "matmul": [lambda u, v: ("T", ("matmul", ("T", v), ("T", u))), lambda u, v: ("neg", ("matmul", ("neg", u), v))],
    "T": [lambda u: ("T", ("T", ("T", u)))],
    "sigmoid": [lambda u: half(("add", ("num", "1"), ("tanh", half(u)))), lambda u: ("sub", ("num", "1"), ("sigmoid", ("neg", u)))],
    "tanh": [lambda u: ("sub", double(("sigmoid", double(u))), ("num", "1")), lambda u: ("neg", ("tanh", ("neg", u)))],
    "exp": [lambda u: ("mul", ("exp", half(u)), ("exp", half(u))), lambda u: ("div", ("num", "1"), ("exp", ("neg", u)))],
    "relu": [lambda u: half(("add", u, ("abs", u))), lambda u: ("add", u, ("relu", ("neg", u)))],
    "abs": [lambda u: ("abs", ("neg", u)), lambda u: ("add", ("relu", u), ("relu", ("neg", u)))],
    "softplus": [lambda u: ("add", u, ("softplus", ("neg", u))), lambda u: ("log", ("add", ("num", "1"), ("exp", u)))],
    "dsigmoid": [lambda u: ("mul", ("sigmoid", u), ("sub", ("num", "1"), ("sigmoid", u))), lambda u: ("dsigmoid", ("neg", u))],
    "dtanh": [lambda u: ("sub", ("num", "1"), ("pow", ("tanh", u), 2))],
    "cosh": [lambda u: half(("add", ("exp", u), ("exp", ("neg", u))))],
    "max": [lambda u, v: ("max", v, u), lambda u, v: ("add", u, ("relu", ("sub", v, u))),
            lambda u, v: ("neg", ("min", ("neg", u), ("neg", v)))],
    "min": [lambda u, v: ("sub", ("add", u, v), ("max", u, v))],
    "trace": [lambda u: ("trace", ("T", u))],
    "pow": [lambda u, k: ("mul", u, u)],
}  # fmt: skip


def positions(t: Tree, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Tree]]:
    found = [(path, t)]
    for k, a in enumerate(t[1:], 1):
        if isinstance(a, tuple):
            found += positions(a, (*path, k))
    return found


def put(t: Tree, path: tuple[int, ...], new: Tree) -> Tree:
    if not path:
        return new
    return tuple(put(a, path[1:], new) if k == path[0] else a for k, a in enumerate(t))


def equal_rewrite(t: Tree, rng: random.Random) -> Tree:
    """A rewrite that keeps the value."""
    for path, node in rng.sample(places := positions(t), len(places)):
        rules = EQUAL.get(node[0], [])
        if rules:
            return put(t, path, rng.choice(rules)(*node[1:]))
    return t


def mutate(t: Tree, rng: random.Random) -> Tree:
    """One small mistake."""
    for path, node in rng.sample(places := positions(t), len(places)):
        op = node[0]
        swap = {"add": "sub", "sub": "add", "sigmoid": "tanh", "tanh": "sigmoid", "max": "min", "min": "max", "relu": "abs", "exp": "cosh"}
        if op in swap and rng.random() < 0.6:
            return put(t, path, (swap[op], *node[1:]))
        if op == "sym":
            others = [n for n in BY_SHAPE[tuple(SHAPES[node[1]].split(","))] if n != node[1]]
            choices: list[Tree] = [("sym", rng.choice(others))] if others else []
            choices += [("neg", node), ("add", node, ("div", node, ("num", "1000000000")))]
            if SHAPES[node[1]] == "n,n":
                choices.append(("T", node))
            return put(t, path, rng.choice(choices))
        if op == "mul" and rng.random() < 0.5:
            return put(t, path, node[1])
    return ("neg", t)


# -- verdicts against the oracle ------------------------------------------------------------------------------------------------


def expressions(level: str, count: int, rng: random.Random, log: Counter[str], times: list[float]) -> None:
    """Pairs of one level: scalar functions, or matrices of symbolic dimensions. Half are mutated after equal rewrites."""
    scalar = level == "elementwise"
    for _ in range(count):
        shape = ("1", "1") if scalar else rng.choice((("n", "1"), ("n", "m"), ("1", "1"), ("n", "n")))
        left = Generator(rng, scalar).tree(shape, rng.choice((2, 3, 3)))
        right = left
        for _ in range(rng.randint(1, 4)):
            right = equal_rewrite(right, rng)
        if changed := rng.random() < 0.5:
            right = mutate(right, rng)
        a, b = text(left), text(right)
        started = time.monotonic()
        try:
            v = compare_record({"lhs": a, "rhs": b, "shapes": {k: s for k, s in SHAPES.items() if s != "1,1"}})
        except ShapeError:
            log["mutant without a shape"] += 1
            continue
        times.append(time.monotonic() - started)
        judge(log, f"{'mutant' if changed else 'equal'}", v, a, b, left, right)


def judge(log: Counter[str], kind: str, v: Verdict, a: str, b: str, left: Tree, right: Tree) -> None:
    """One verdict against the truth; its certificate goes to the standalone checker."""
    nowhere = v.kind == "undecided" and ("nowhere" in v.reason or "division by zero" in v.reason)
    log[f"{kind}: {'a side has no value anywhere' if nowhere else v.kind}"] += 1
    if v.kind == "undecided":
        if not nowhere:
            print("undecided:", a, "|", b, "|", v.reason)
        return
    known = truth(left, right, SHAPES)
    if v.kind in ("proved", "proved-where-defined") and known == "different":
        log["UNSOUND proved"] += 1
        print("UNSOUND proved:", a, "|", b)
    if v.kind == "refuted":
        apart = differ_at(left, right, v.witness.to_json()["values"]) if v.witness else None
        log[f"witness {'recomputed' if apart else 'not recomputed' if apart is None else 'WRONG'}"] += 1
        if kind == "equal" or apart is False:
            log["UNSOUND refuted"] += 1
            print("UNSOUND refuted:", a, "|", b, v.witness)
    if v.kind == "proved-under" and known == "equal":
        log["a map where none is needed"] += 1
    certify(log, v, a, b)


#: One certificate in so many goes to the standalone checker, which takes longer than the prover; and every one with side conditions.
CERTIFIED = 10


def certify(log: Counter[str], v: Verdict, a: object, b: object) -> None:
    log["decided"] += 1
    if log["decided"] % CERTIFIED and v.kind != "proved-where-defined":
        return
    try:
        check(json.loads(json.dumps(v.certificate)))
        log["certificates accepted"] += 1
    except Stop as stop:
        log[f"certificates {stop.kind}"] += 1
        if stop.kind != "not covered":
            print("certificate", stop.kind, stop, ":", a, "|", b)


# -- systems --------------------------------------------------------------------------------------------------------------------


def gate(letter: str, f: str, rng: random.Random, style: str) -> tuple[str, dict[str, str]]:
    """One gate in one of several parametrisations of the same family."""
    sign = "-" if style == "flipped" else ""
    if style == "concat":
        return f"{f}(W{letter} @ concat(h[t-1], x[t]) + b{letter})", {f"W{letter}": "n,n+m", f"b{letter}": "n,1"}
    if style == "two":
        biases = {f"b{letter}": "n,1", f"c{letter}": "n,1"}
        return f"{f}(U{letter} @ h[t-1] + c{letter} + V{letter} @ x[t] + b{letter})", {f"U{letter}": "n,n", f"V{letter}": "n,m", **biases}
    inner = f"U{letter} @ h[t-1] + V{letter} @ x[t] + b{letter}"
    return f"{f}({sign}({inner}))", {f"U{letter}": "n,n", f"V{letter}": "n,m", f"b{letter}": "n,1"}


def cell(rng: random.Random, kind: str, plain: bool) -> tuple[list[str], dict[str, str]]:
    letters = rng.sample("ifogzrsk", 4)
    table: dict[str, str] = {}
    equations = []
    for role, f in zip(("i", "f", "o", "g"), ("sigmoid", "sigmoid", "sigmoid", "tanh"), strict=True):
        style = "plain" if plain else rng.choice(("plain", "flipped", "concat", "two"))
        body, own = gate(letters["ifog".index(role)] if not plain else role, f, rng, style)
        table.update(own)
        if style == "flipped" and f == "sigmoid" and rng.random() < 0.5:
            body = f"1 - {body}"
        equations.append(f"q{role}[t] = {body}")
    rng.shuffle(equations)
    if kind == "lstm":
        equations += ["C[t] = qf[t] * C[t-1] + qi[t] * qg[t]", "h[t] = qo[t] * tanh(C[t])"]
    else:
        equations += ["C[t] = C[t-1] * (1 - qf[t]) + qf[t] * (qi[t] * qg[t])", "h[t] = qo[t] * C[t]"]
    names = dict.fromkeys(("h", "C", "qi", "qf", "qo", "qg"), "n,1")
    return equations, {**table, **names, "x": "m,1"}


MISTAKES = (
    ("* tanh(C[t])", "* tanh(C[t-1])"), ("* C[t-1]", "* C[t-1] * C[t-1]"), ("qi[t] * qg[t]", "qi[t] + qg[t]"),
    ("qo[t] * tanh(C[t])", "tanh(qo[t] * C[t])"), ("qf[t] * C[t-1] + ", "C[t-1] + "), ("qo[t] *", "qi[t] *"), ("h[t-1]", "C[t-1]"),
)  # fmt: skip


def systems(count: int, rng: random.Random, log: Counter[str], times: list[float]) -> None:
    for _ in range(count):
        kind = rng.choice(("lstm", "gated"))
        left, table = cell(rng, kind, True)
        right, more = cell(rng, kind, False)
        changed = rng.random() < 0.4
        if changed:
            old, new = rng.choice([m for m in MISTAKES if any(m[0] in e for e in right)])
            where = next(k for k, e in enumerate(right) if old in e)
            right = [e.replace(old, new, 1) if k == where else e for k, e in enumerate(right)]
        clash = any(more[n] != s for n, s in table.items() if n in more)
        if clash:
            continue
        started = time.monotonic()
        v = compare_record({"lhs": left, "rhs": right, "shapes": {**table, **more}, "outputs": ["h"]})
        times.append(time.monotonic() - started)
        log[f"system {'mutant' if changed else 'equal'}: {v.kind}"] += 1
        if not changed and v.kind == "refuted":
            log["UNSOUND refuted"] += 1
            print("UNSOUND refuted:", left, "|", right)
        if changed and v.kind.startswith("proved"):
            log["UNSOUND proved"] += 1
            print("UNSOUND proved:", left, "|", right, v.under)
        if v.kind == "undecided":
            print("undecided:", left, "|", right, v.reason)
        else:
            certify(log, v, left, right)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elementwise", type=int, default=250, help="pairs of scalar expressions")
    parser.add_argument("--matrix", type=int, default=250, help="pairs of matrix expressions")
    parser.add_argument("--systems", type=int, default=40, help="pairs of one-step systems")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, unsound = random.Random(args.seed), 0
    for level in ("elementwise", "matrix", "systems"):
        log, times = Counter[str](), []
        count = getattr(args, level)
        if level == "systems":
            systems(count, rng, log, times)
        else:
            expressions(level, count, rng, log, times)
        unsound += report(level, log, sorted(times))
    return 1 if unsound else 0


def report(level: str, log: Counter[str], times: list[float]) -> int:
    """Prints one level's counts; the number of unsound verdicts."""
    if not times:
        return 0
    print(f"{level}: {len(times)} pairs, median {times[len(times) // 2] * 1e3:.1f} ms, worst {times[-1]:.2f} s")
    for line, k in sorted(log.items()):
        print(f"  {line}: {k}")
    undecided = sum(k for line, k in log.items() if line.endswith("undecided"))
    checked = sum(k for line, k in log.items() if line.startswith("certificates"))
    unsound = sum(k for line, k in log.items() if line.startswith("UNSOUND"))
    print(f"  decided {100 * (1 - undecided / len(times)):.2f} %, unsound {unsound}")
    if checked:
        print(f"  certificates accepted {100 * log['certificates accepted'] / checked:.2f} % of {checked}", flush=True)
    return unsound


if __name__ == "__main__":
    sys.exit(main())
