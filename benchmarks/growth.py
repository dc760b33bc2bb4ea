"""How the time of a comparison grows with its size: nodes, gates, nesting, degree. Prints a table and draws growth.svg.

python benchmarks/growth.py -o growth.svg
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path

from lstm_symbolic.proof import compare_record

Record = dict


def nodes(size: int) -> Record:
    names = [f"x{k}" for k in range(size)]
    return {"lhs": " + ".join(f"tanh({n})" for n in names), "rhs": " + ".join(f"tanh({n})" for n in reversed(names))}


def nesting(size: int) -> Record:
    return {"lhs": "tanh(" * size + "x" + ")" * size, "rhs": "-" + "tanh(" * size + "-x" + ")" * size}


def degree(size: int) -> Record:
    return {"lhs": f"(x + y) ** {size}", "rhs": f"(y + x) ** {size - 1} * (x + y)"}


def gates(size: int) -> Record:
    """One recurrence with this many gates, every gate renamed."""
    sides, shapes = [], {"x": "m,1", "h": "n,1"}
    for letter in "gq":
        names = [f"{letter}{k}" for k in range(size)]
        lines = [f"{g}[t] = sigmoid(W_{g} @ x[t] + U_{g} @ h[t - 1] + b_{g})" for g in names]
        sides.append([*lines, "h[t] = tanh(" + " + ".join(f"{g}[t] * h[t - 1]" for g in names) + ")"])
        shapes |= {k: v for g in names for k, v in ((g, "n,1"), (f"W_{g}", "n,m"), (f"U_{g}", "n,n"), (f"b_{g}", "n,1"))}
    return {"lhs": sides[0], "rhs": sides[1], "shapes": shapes, "outputs": ["h"]}


def products(size: int) -> Record:
    """A chain of matrix products, associated the other way and transposed twice."""
    names = [f"A{k}" for k in range(size)]
    left = names[0]
    for n in names[1:]:
        left = f"({left} @ {n})"
    right = names[-1]
    for n in reversed(names[:-1]):
        right = f"({n} @ {right})"
    return {"lhs": left, "rhs": f"({right}).T.T", "shapes": dict.fromkeys(names, "n,n")}


FAMILIES: dict[str, tuple[Callable[[int], Record], tuple[int, ...]]] = {
    "summands": (nodes, (4, 8, 16, 32, 64, 128, 256)),
    "nesting": (nesting, (4, 8, 16, 32, 48)),
    "degree": (degree, (4, 8, 16, 32, 40)),
    "gates": (gates, (2, 3, 4, 6, 8, 12)),
    "products": (products, (4, 8, 16, 32, 48)),
}
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")


def measured(make: Callable[[int], Record], size: int, repeats: int = 3) -> tuple[float, str]:
    """The fastest of some runs, and the verdict."""
    record, best, kind = make(size), math.inf, ""
    for _ in range(repeats):
        start = time.perf_counter()
        kind = compare_record(record).kind
        best = min(best, time.perf_counter() - start)
    return best, kind


def slope(points: list[tuple[int, float]]) -> float:
    """The exponent p of time ~ size**p over the upper half of the sizes."""
    (a, s), (b, t) = points[len(points) // 2], points[-1]
    return math.log(t / s) / math.log(b / a)


def drawing(curves: dict[str, list[tuple[int, float]]]) -> str:
    """Both axes logarithmic, as one SVG."""
    width, height, pad = 640, 420, 56
    sizes = [n for points in curves.values() for n, _ in points]
    times = [t for points in curves.values() for _, t in points]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def x(n: float) -> float:
        return pad + (width - 2 * pad) * math.log(n / min(sizes)) / math.log(max(sizes) / min(sizes))

    def y(t: float) -> float:
        return height - pad - (height - 2 * pad) * (math.log10(t) - low) / (high - low)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">']
    parts.append(f'<rect width="{width}" height="{height}" fill="white"/>')
    for k in range(low, high + 1):
        parts.append(f'<line x1="{pad}" x2="{width - pad}" y1="{y(10**k):.1f}" y2="{y(10**k):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{pad - 6}" y="{y(10**k) + 4:.1f}" text-anchor="end">{10.0**k:g} s</text>')
    for n in (2, 4, 8, 16, 32, 64, 128, 256):
        parts.append(f'<text x="{x(n):.1f}" y="{height - pad + 18}" text-anchor="middle">{n}</text>')
    for k, (colour, (name, points)) in enumerate(zip(COLOURS, curves.items(), strict=True)):
        line = " ".join(f"{x(n):.1f},{y(t):.1f}" for n, t in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{pad + 10}" y="{pad + 16 * k}" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{width / 2}" y="{height - 12}" text-anchor="middle">size of the pair</text></svg>')
    return "\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("growth.svg"))
    args = parser.parse_args()
    curves = {}
    for name, (make, sizes) in FAMILIES.items():
        curves[name], row = [], []
        for size in sizes:
            seconds, kind = measured(make, size)
            curves[name].append((size, seconds))
            row.append(f"{size}: {seconds * 1e3:.1f} ms {kind}")
        print(f"{name:10s} time ~ size^{slope(curves[name]):.1f}   " + ", ".join(row), flush=True)
    args.output.write_text(drawing(curves), encoding="utf-8")
    print(args.output)


if __name__ == "__main__":
    main()
