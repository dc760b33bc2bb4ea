"""Altered certificates must be rejected: ``python benchmarks/tamper_certificates.py --count 2000 --seed 1``.

Every certificate of the pairs in tests/data is changed by the smallest edits: signs, numbers, exponents, names, functions, sides, kinds,
maps and stated digits. Half of the copies keep their digest (a careless edit), half get a new one (a forgery that only mathematics can
reject). An edit can leave the statement true, with a certificate that proves it (``a + b`` for ``b + a``): the prover is asked, such a
forgery is shown and not counted, for nothing false is certified. ``--count`` altered certificates beside those must all be rejected.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from lstm_symbolic.expr import build, read_term, shapes
from lstm_symbolic.proof import System, compare_expressions, compare_record, compare_systems, read_system
from lstm_symbolic.proof.check_certificate import Stop, check, digest

DATA = Path(__file__).parent.parent / "tests" / "data"
Json = dict[str, Any]
FALSE = ("rejected", "WRONGLY ACCEPTED")


def certificates() -> list[Json]:
    """The certificates of all pairs of known truth."""
    pairs = [p for name in ("pairs_dev.json", "pairs_proof.json") for p in json.loads((DATA / name).read_text())]
    return [json.loads(json.dumps(c)) for p in pairs if (c := compare_record(p).certificate)]


def replaced(pattern: str, by: Callable[[str], str]) -> Callable[[str, random.Random], str]:
    """An edit of one place of a text; the text itself where it has no such place."""

    def edit(text: str, source: random.Random) -> str:
        places = list(re.finditer(pattern, text))
        if not places:
            return text
        m = source.choice(places)
        return text[: m.start()] + by(m.group()) + text[m.end() :]

    return edit


TEXT_EDITS = {
    "sign": replaced(r" [+-] ", lambda s: " - " if "+" in s else " + "),
    "number": replaced(r"(?<![\w.])\d+(?![\w.\]])", lambda s: str(int(s) + 1)),
    "function": replaced(r"\b(tanh|sigmoid|exp|log|sqrt|max|abs)\(", lambda s: {"tanh(": "sigmoid("}.get(s, "tanh(")),
    "operation": replaced(r" [*/] ", lambda s: " / " if "*" in s else " * "),
    "transpose": replaced(r"\.T", lambda s: ""),
    "name": replaced(r"\b[a-zA-Z]\w*\b(?!\()", lambda s: s + "_x"),
    "time": replaced(r"\[t - 1\]", lambda s: "[t]"),
}


def altered(data: Json, source: random.Random) -> tuple[str, Json]:
    """A copy with one edit, and what was edited."""
    copied = copy.deepcopy(data)
    kind = source.choice(("text", "text", "text", "offset", "double", "verdict", "map", "witness", "where", "sides"))
    if kind == "text":
        name, side = source.choice(list(TEXT_EDITS)), source.choice(("left", "right"))
        copied = change(copied, side, lambda text: TEXT_EDITS[name](text, source), source)
        own = copied["shapes"][side]  # a renamed matrix keeps its shape
        own |= {f"{n}_x": shape for n, shape in own.items() if f"{n}_x" in str(copied[side])}
        return name, copied
    if kind in ("offset", "double"):
        form = "({}) + 1 / 10 ** 30" if kind == "offset" else "({}) * 2"
        return kind, change(copied, "right", lambda text: form.format(text), source, last=True)
    if kind == "verdict":
        others = {"proved", "proved-where-defined", "proved-under", "refuted"} - {copied["verdict"]}
        copied["verdict"] = source.choice(sorted(others))
    elif kind == "map" and copied["under"]:
        own = source.choice([m for m in copied["under"].values() if m] or [{}])
        if own:
            name = source.choice(sorted(own))
            own[name] = source.choice((f"-({own[name]})", f"2 * ({own[name]})"))
    elif kind == "witness" and copied["witness"] and copied["witness"].get("dims") is not None:
        which = source.choice(("left", "right"))
        copied["witness"][which] = replaced(r"\d(?=\d*$)", lambda s: str((int(s) + 5) % 10))(copied["witness"][which], source)
    elif kind == "where" and copied["where"]:
        shifted = [w.replace(" >", " + 1 >").replace(" !=", " + 1 !=") for w in copied["where"]]
        copied["where"] = copied["where"][1:] if source.random() < 0.5 else shifted
    elif kind == "sides" and copied["verdict"] == "refuted" and copied["left"] != copied["right"]:
        copied["witness"]["left"], copied["witness"]["right"] = copied["witness"]["right"], copied["witness"]["left"]
    return kind, copied


def change(data: Json, side: str, edit: Callable[[str], str], source: random.Random, last: bool = False) -> Json:
    """Edit one side, or the right side of one of its equations (of an output, where ``last``)."""
    text = data[side]
    if isinstance(text, str):
        data[side] = edit(text)
        return data
    outputs = [o[side == "right"] for o in data["outputs"]]
    chosen = [k for k, e in enumerate(text) if not last or re.split(r"[\[ =]", e)[0] in outputs] or [0]
    k = source.choice(chosen)
    left, right = text[k].split(" = ", 1)
    text[k] = f"{left} = {edit(right)}"
    return data


def tampered(sources: list[Json], seed: int) -> Iterator[tuple[str, bool, Json]]:
    """(what was edited, whether the digest was forged, the certificate); every one differs from its source."""
    source, forged = random.Random(seed), False
    while True:
        data = source.choice(sources)
        kind, copied = altered(data, source)
        if copied == data:
            continue
        forged = not forged
        if forged:
            copied["digest"] = digest(copied)
        yield kind, forged, copied


def accepted(data: Json) -> bool:
    try:
        check(data)
    except Stop:
        return False
    return True


def still_true(data: Json) -> bool:
    """Whether the prover gives the altered statement the verdict that it has."""
    left, right = data["left"], data["right"]
    own = {s: shapes(data["shapes"][s]) for s in ("left", "right")}
    if isinstance(left, str):
        verdict = compare_expressions(build(read_term(left), own["left"]), build(read_term(right), own["right"]), data["domain"])
    else:
        systems = [read_system(left, own["left"], tuple(o[0] for o in data["outputs"])), read_system(right, own["right"])]
        a, b = (System(s.equations, s.outputs) for s in systems)
        flags = {"pointwise": data["pointwise"], "backward_in_time": data["backward_in_time"]}
        verdict = compare_systems(a, b, [o[1] for o in data["outputs"]], **flags)
    return verdict.kind == data["verdict"]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args()
    sources = certificates()
    print(f"{len(sources)} certificates, {sum(map(accepted, sources))} accepted")
    counts: Counter[tuple[str, str]] = Counter()
    for kind, forged, data in tampered(sources, args.seed):
        outcome = "rejected"
        if accepted(data):
            outcome = "still true" if forged and still_true(data) else "WRONGLY ACCEPTED"
            print(f"{outcome}: {kind}: {data['left']} | {data['right']} | {data['verdict']} {data['under']} {data['where']}")
        counts["forged" if forged else "edited", outcome] += 1
        wrong, false = (sum(k for key, k in counts.items() if key[1] in wanted) for wanted in (FALSE[1:], FALSE))
        if false == args.count:
            break
    print(dict(counts))
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
