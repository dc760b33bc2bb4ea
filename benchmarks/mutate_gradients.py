"""Single-edit mutations of right gradients: none may be proved, nearly all refuted, the edit located, the repair ranked first.

    python benchmarks/mutate_gradients.py --count 500 --seed 1

The right lines are those of ``backward`` for eight cells. A mutation changes one node of one right side (a symbol, a time, a sign, a
transpose, a factor, a term, the order of a product); what is still equal at random values is no mutation and is drawn again.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lstm_symbolic.audit.edits import places, put
from lstm_symbolic.audit.gradients.derive import Derived, judge_line
from lstm_symbolic.audit.gradients.forward import Forward, forward_of_cell
from lstm_symbolic.audit.gradients.names import Unclear
from lstm_symbolic.audit.gradients.prove import verdict
from lstm_symbolic.audit.gradients.statements import Line, lines
from lstm_symbolic.audit.gradients.trial import Misfit, look_in, same, value_of
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import cell
from lstm_symbolic.expr.plain import write
from lstm_symbolic.expr.term import Term, read_equation, time_shift
from lstm_symbolic.reading.document import Formula

CELLS = ("rnn", "lstm", "gru", "lstm_peephole", "lstm_cifg", "gru_reset_after", "mgu", "lstm_no_output_tanh")


@dataclass(frozen=True)
class Mutation:
    """A wrong right side, the kind of its slip and the node that was changed."""

    kind: str
    value: Term
    at: Term


def mutations(value: Term, line: Line, rng: random.Random) -> Iterator[Mutation]:
    """Random single edits, without end."""
    spots = [(path, node) for path, node in places(value, ()) if node.op != "num"]
    symbols = sorted({(t.name, t.index) for t in value.walk() if t.op == "sym"}, key=str)
    while True:
        path, node = rng.choice(spots)
        for kind, new in _changes(node, symbols, line, rng):
            yield Mutation(kind, put(value, path, new), node)


def _changes(node: Term, symbols: list, line: Line, rng: random.Random) -> Iterator[tuple[str, Term]]:
    if node.op == "sym":
        name, index = rng.choice(symbols)
        if name != node.name and bool(index) == bool(node.index):
            yield "symbol", replace(node, name=name)
        if node.index:
            shift = rng.choice((-1, 1))
            if (time_shift(node) or 0) + shift in (-1, 0, 1):
                yield "time", replace(node, index=tuple(i + shift for i in node.index))
    if node.op == "T":
        yield "transpose", node.args[0]
    if node.op == "add":
        k = rng.randrange(len(node.args))
        a = node.args[k]
        rest = node.args[:k] + node.args[k + 1 :]
        yield "sign", replace(node, args=(*node.args[:k], a.args[0] if a.op == "neg" else Term("neg", (a,)), *node.args[k + 1 :]))
        yield "term", rest[0] if len(rest) == 1 else replace(node, args=rest)
    if node.op == "mul":
        yield "factor", node.args[rng.randrange(2)]
    if node.op == "matmul":
        yield "order", replace(node, args=node.args[::-1])


def rightly(forward: Forward, line: Line, value: Term, wrong: Term, shapes_differ: list) -> bool:
    """Is the mutated side another function than the right one, at random values?"""
    world = forward.derivation.world(None)
    reading = forward.derivation.follow(line).holds[0]
    shift = time_shift(line.left) if line.left.index else None
    look = look_in(world, reading.assigned, (reading.target, shift))
    try:
        return not same(value_of(wrong, look), value_of(value, look))
    except Misfit:
        shapes_differ.append(1)
        return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=10, help="how many misses to print")
    args = parser.parse_args()
    rng, start = random.Random(args.seed), time.time()
    found, misses = Counter(), []
    pools = []
    for name in CELLS:
        forward = forward_of_cell(cell(name))
        for e in backward(cell(name)).plain():
            try:
                pools += [(name, forward, e, line) for line in lines("f1", read_equation(e), forward.names)]
            except Unclear as reason:
                print(f"{name}: {e}: not judged, {reason}")
        for _, f, _, line in pools:
            if f is forward and forward.derivation.follow(line).kind != "holds":
                print(f"{name}: a right line does not hold: {write(line.value)}")
    pools = [p for p in pools if p[1].derivation.follow(p[3]).kind == "holds"]
    while found["all"] < args.count:
        name, forward, text, line = rng.choice(pools)
        mutation = next(mutations(line.value, line, rng))
        misfit: list = []
        if not rightly(forward, line, line.value, mutation.value, misfit):
            continue
        found["all"] += 1
        found[f"kind {mutation.kind}"] += 1
        kept = dict(forward.derivation.meanings)
        result = Derived(forward)
        wrong = replace(line, value=mutation.value)
        claim = judge_line(result, Formula("f1", 0, 1, text, "equation", "read"), wrong, ())
        forward.derivation.meanings = kept
        if claim.outcome.kind == "holds":
            proof = verdict(forward, wrong, claim.outcome.holds[0])
            found["proved" if proof.kind.startswith("proved") else "held"] += 1
            misses.append((name, mutation.kind, text, write(mutation.value), proof.kind))
            continue
        proof = None if claim.outcome.misfit or claim.reading is None else verdict(forward, wrong, claim.reading)
        refuted = claim.outcome.misfit or claim.outcome.kind == "last" or (proof is not None and proof.kind == "refuted")
        found["refuted"] += bool(refuted)
        mended = claim.edits[-1].value if claim.edits else None
        again = verdict(forward, replace(line, value=mended), claim.reading) if mended is not None and claim.reading else None
        equal = again is not None and again.kind.startswith("proved")
        touched = bool(claim.edits) and (equal or _near(claim.edits[0].at, mutation.at))
        found["located"] += touched
        found["repaired"] += equal
        if not (refuted and equal):
            words = [(e.code, e.words) for e in claim.edits]
            misses.append((name, mutation.kind, text, write(mutation.value), words, claim.outcome.misfit))
    n = found["all"]
    for key in ("proved", "held", "refuted", "located", "repaired"):
        print(f"{key:10s} {found[key]:5d} of {n}   {100 * found[key] / n:.1f} %")
    print({k: v for k, v in found.items() if k.startswith("kind")}, f"{time.time() - start:.0f} s")
    for m in misses[: args.show]:
        print("  ", *m, sep=" | ")


def _near(a: Term, b: Term) -> bool:
    return a == b or any(x == b for x in a.walk()) or any(x == a for x in b.walk())


if __name__ == "__main__":
    main()
