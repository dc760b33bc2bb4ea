"""Fuzz of side conditions: expressions against rewrites that hold only where something is defined (``u * v / v``, ``exp(log(u))``).

    python benchmarks/fuzz_domains.py --count 2000 --seed 1

Judged by floating-point values at simple points, zeros among them: wherever the left side has a value, the stated conditions must hold
exactly where the right side has one too, and there both must agree. A condition that is asked for in vain is as wrong as one left out.
Every certificate goes to the standalone checker. Exit status 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
from fuzz_proof import Generator, Tree, equal_rewrite, positions, put, text

from lstm_symbolic.expr import build, read_term
from lstm_symbolic.expr.numeric import Evaluator
from lstm_symbolic.proof import Verdict, compare_record
from lstm_symbolic.proof.check_certificate import Stop, check

Point = Mapping[str, float]
POINTS, CLOSE = 60, 1e-6
ONE: Tree = ("num", "1")
PARTIAL: tuple[Callable[[Tree, Tree], Tree], ...] = (
    lambda u, v: ("div", ("mul", u, v), v), lambda u, v: ("pow", ("sqrt", u), 2), lambda u, v: ("exp", ("log", u)),
    lambda u, v: ("mul", ("div", u, ("relu", v)), ("relu", v)), lambda u, v: ("sub", ("add", u, ("log", v)), ("log", v)),
    lambda u, v: ("add", u, ("mul", ("num", "0"), ("sqrt", v))), lambda u, v: ("where", ("gt", v, ONE), ("exp", ("log", u)), u),
)  # fmt: skip
VALUES: dict[str, Callable[..., float]] = {
    "add": lambda u, v: u + v, "sub": lambda u, v: u - v, "mul": lambda u, v: u * v, "div": lambda u, v: u / v, "neg": lambda u: -u,
    "max": max, "min": min, "abs": abs, "relu": lambda u: max(u, 0.0), "exp": math.exp, "tanh": math.tanh,
    "cosh": math.cosh, "log": math.log, "sqrt": math.sqrt, "sigmoid": lambda u: 1 / (1 + math.exp(-u)),
    "softplus": lambda u: math.log1p(math.exp(u)), "dtanh": lambda u: 1 - math.tanh(u) ** 2,
    "dsigmoid": lambda u: math.exp(-u) / (1 + math.exp(-u)) ** 2,
}  # fmt: skip


def value(t: Tree, at: Point) -> float:
    """ValueError or ZeroDivisionError where the tree has no value; the branch of a ``where`` that is not taken does not matter."""
    op, *args = t
    if op == "sym":
        return at[args[0]]
    if op == "num":
        return float(args[0])
    if op == "where":
        return value(args[1] if value(args[0], at) else args[2], at)
    if op == "gt":
        u, v = (value(a, at) for a in args)
        if u != v and abs(u - v) < CLOSE:
            raise OverflowError("too close to tell")
        return u > v
    if op == "pow":
        return value(args[0], at) ** args[1]
    return VALUES[op](*(value(a, at) for a in args))


def holds(condition: str, at: Point) -> bool:
    with np.errstate(all="ignore"):
        return bool(Evaluator({n: np.asarray(x) for n, x in at.items()})(build(read_term(condition), {})))


def fault(v: Verdict, left: Tree, right: Tree, rng: random.Random) -> str:
    """What is wrong with a proof, at some point; empty if nothing was found."""
    for _ in range(POINTS):
        at = {n: rng.choice((0.0, 1.0, 2.0, -1.0, -2.0, rng.uniform(-3, 3), rng.uniform(-1, 1))) for n in "pqr"}
        try:
            a = value(left, at)
        except (ValueError, ZeroDivisionError, OverflowError):
            continue
        try:
            b: float | None = value(right, at)
        except OverflowError:
            continue
        except (ValueError, ZeroDivisionError):
            b = None
        allowed = all(holds(w, at) for w in v.where)
        if allowed and b is None:
            return f"no value at {at}, where the conditions hold"
        if not allowed and b is not None:
            return f"a condition in vain at {at}"
        if allowed and b is not None and abs(a - b) > CLOSE * (1 + abs(a)):
            return f"different at {at}"
    return ""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args()
    rng, log, wrong = random.Random(args.seed), Counter[str](), 0
    for _ in range(args.count):
        generator = Generator(rng, True)
        left = right = generator.tree(("1", "1"), rng.choice((1, 2, 2, 3)))
        for _ in range(rng.randint(0, 2)):
            right = equal_rewrite(right, rng)
        path, node = rng.choice([found for found in positions(right) if found[1][0] != "gt"])
        right = put(right, path, rng.choice(PARTIAL)(node, generator.tree(("1", "1"), rng.choice((0, 1, 1)))))
        a, b = text(left), text(right)
        v = compare_record({"lhs": a, "rhs": b})
        log[v.kind] += 1
        found = "refuted" if v.kind == "refuted" else "" if v.kind == "undecided" else fault(v, left, right, rng)
        if v.certificate:
            try:
                check(json.loads(json.dumps(v.certificate)))
                log["certificate accepted"] += 1
            except Stop as stop:
                log[f"certificate {stop.kind}"] += 1
                found = found or (f"certificate {stop.kind}: {stop}" if stop.kind != "not covered" else "")
        if found:
            wrong += 1
            print(f"WRONG: {found}: {a} | {b} | {v.kind} {v.where}")
    print(dict(log), "wrong", wrong)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
