"""Fuzz the reader: mutated real formulas, token soup, decoded noise. It must answer in time, with spans inside the text, or say why not.

    python benchmarks/fuzz_reading.py --seconds 60 --seed 1

Nothing but an ``LstmSymbolicError`` may come out of the package; a formula takes less than half a second of CPU (each text is
read twice), a document a time in proportion to its formulas. The first failing inputs are printed as Python literals.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.reading import Document, Source, read_document, read_latex
from lstm_symbolic.reading.source import decode

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus.json"
LIMIT = 0.5
TOKENS = r"""\sigma \tanh \odot \cdot \frac \left \right \begin{bmatrix} \end{bmatrix} \begin{cases} \end{cases} \text \tilde \sum \prod
    \nabla \top \mathbf \mathrm \underbrace \tag \label \quad \, \; \\ \| \{ \} \leftarrow \in \mathbb{R} \begin{align} \end{align} \boxed
    { } ( ) [ ] _ ^ ' & = + - * / , ; : . | < > $ $$ ` ``` # % ~ ! ? W x_t h_{t-1} C_t b_f W_{hf} t T i f o 1 0 2.5 .5 sigmoid tanh np.dot
    \partial \max x.T ** σ ⊙ ₜ ₋ ₁ ᵀ ̃ × ∂ ig( ar{ \\sigma <t></t> zizi 6 Xt^* 𝒉 Н é 汉""".split()  # noqa: SIM905
#: Brackets and commands that nest.
NESTING = (
    ("(", ")"), ("[", "]"), ("{", "}"), (r"\frac{1}{", "}"), (r"\tilde{", "}"), (r"\sigma(", ")"), ("f(", ")"), ("x_{", "}"), ("x^{", "}"),
    (r"\left\{", r"\right\}"), ("|", "|"), (r"\begin{bmatrix}", r"\end{bmatrix}"), ("-", ""), (r"\text{", "}"),
    (r"\underbrace{", "}_{a}"), ("(a=", ")"), ("[x,", "]"), (r"\partial ", ""),
)  # fmt: skip
DELIMITERS = (("$$", "$$"), ("$", "$"), (r"\[", r"\]"), ("```math\n", "\n```"), ("", ""), ("`", "`"), ("| ", " |"), ("$$", ""))


def mutated(pick: random.Random, formulas: list[str]) -> str:
    """A real formula after a few edits."""
    text = pick.choice(formulas)
    for _ in range(pick.randint(1, 4)):
        a = pick.randrange(len(text) + 1)
        b = min(len(text), a + pick.randint(0, 6))
        piece = pick.choice(["", pick.choice(TOKENS), text[a:b] * 2, text[a:b][::-1], pick.choice(formulas)[:20]])
        text = text[:a] + piece + text[b:]
    return text


def soup(pick: random.Random, formulas: list[str]) -> str:
    """Tokens in no order."""
    return pick.choice(["", " "]).join(pick.choice(TOKENS) for _ in range(pick.randint(1, 40)))


def noise(pick: random.Random, formulas: list[str]) -> str:
    """Bytes as a careless program decodes them."""
    data = bytes(pick.randrange(256) for _ in range(pick.randint(1, 80)))
    return data.decode(pick.choice(["utf-8", "latin-1", "utf-16-le", "cp1251"]), errors="replace")


def nested(pick: random.Random, formulas: list[str]) -> str:
    """Brackets, fractions, accents in one another."""
    opened, closed = pick.choice(NESTING)
    depth = pick.choice([3, 20, 70, 300, 2000])
    return opened * depth + "x" + closed * pick.choice([depth, depth, depth - 1, 0])


def delimited(pick: random.Random, text: str) -> str:
    before, after = pick.choice(DELIMITERS)
    return f"{before}{text}{after}"


def fault(document: Document) -> str:
    """What is wrong with the places of a document, or nothing."""
    length = len(document.source.text)
    for f in document.formulas:
        if not 0 <= f.start <= f.end <= length:
            return f"formula {f.start}..{f.end} outside the text"
        if document.source.text[f.start : f.end].strip() != f.raw.strip():
            return f"raw {f.raw!r} is not the text at its place"
        for r in f.repairs:
            if not 0 <= r.start <= r.end <= length:
                return f"repair {r} outside the text"
        for term in (t for s in (f.equation.sides if f.equation else ()) for t in s.walk()):
            if term.span is not None and term.span != (0, 0) and not f.start <= term.span[0] <= term.span[1] <= f.end and f.group == "":
                return f"term {term.op} {term.span} outside its formula {f.start}..{f.end}"
        if f.status == "unreadable" and not f.reason:
            return "unreadable without a reason"
    return ""


Maker = Callable[[random.Random, list[str]], str]
MAKERS: tuple[Maker, ...] = (mutated, mutated, soup, noise, nested)


def run(seconds: float, seed: int, formulas: list[str]) -> tuple[Counter[str], list[str]]:
    """Counts of what came out, and the failures."""
    counts: Counter[str] = Counter()
    failures: list[str] = []
    slowest = 0.0
    number, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        pick = random.Random(f"{seed}:{number}")
        number += 1
        text = delimited(pick, pick.choice(MAKERS)(pick, formulas))
        start, found = time.process_time(), 0
        try:
            document = read_document(Source("fuzz", text))
            found = len(document.formulas)
            wrong = fault(document)
            counts.update(f.status for f in document.formulas)
            read_latex(text)
        except LstmSymbolicError:
            wrong = ""
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        took = time.process_time() - start
        slowest = max(slowest, took)
        if took > 2 * LIMIT * (1 + found / 200):
            wrong = wrong or f"{took:.2f} s for {found} formulas"
        if wrong:
            failures.append(f"{wrong}\n    {text!r}")
        try:
            decode(text.encode("utf-8", errors="surrogatepass") + bytes([pick.randrange(256)]), "fuzz")
        except LstmSymbolicError:
            counts["bytes refused"] += 1
    counts["texts"] = number
    counts["slowest, ms"] = round(1000 * slowest)
    return counts, failures


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args()
    formulas = [f["raw"] for d in json.loads(CORPUS.read_text(encoding="utf-8")) for f in d["formulas"]]
    counts, failures = run(args.seconds, args.seed, formulas)
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    print(f"{len(failures)} failures")
    for failure in failures[:20]:
        print(failure[:600])
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
