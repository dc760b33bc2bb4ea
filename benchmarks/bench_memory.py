"""Peak memory of the exported files beside inputs and weights, in arrays of T * B * H numbers, and what it costs in time.

``python benchmarks/bench_memory.py``: float32, upstream at every step, no workspace given (so that everything that a call needs counts);
then what one step of each loop allocates when there is a workspace. Peaks are those of tracemalloc, which NumPy reports its arrays to.
Two numbers stand in each row. The first counts everything that a call allocates, its results included (outputs, gradients of inputs and of
weights). The second is what it needs beside them: no program could do without the results, and a caller who asks for them has to have the
room. That one is held against the bar. Where weights are large beside T * B * H (``weights`` is the size of one set), the first number may
be above the bar, because the gradients of weights and one packed copy of the weights are as large.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from lstm_symbolic.export import beside, export

SHAPES = ((100, 32, 64, 128), (200, 16, 128, 256), (50, 64, 512, 512), (1000, 8, 64, 64))
MUST = {"numpy": 24.0, "numpy, checkpoints": 6.0, "c": 8.0}


def numpy_file(cell: str, checkpoint: int | None = None) -> ModuleType:
    module = ModuleType("exported")
    exec(export(cell, checkpoint=checkpoint), module.__dict__)
    return module


def c_file(cell: str, folder: Path) -> ModuleType:
    path = folder / f"{cell}.py"
    path.with_suffix(".c").write_text(export(cell, "c"), encoding="utf-8")
    path.write_text(beside(cell, "c")[".py"], encoding="utf-8")
    spec = importlib.util.spec_from_file_location(cell, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def calls(module: ModuleType, shape: tuple[int, int, int, int], **more: Any) -> tuple[Callable[[], Any], int, int]:
    """Forward and backward once, and the number of bytes of the weights and of all results."""
    steps, batch, m, n = shape
    rng = np.random.default_rng(0)
    params = module.init({"n": n, "m": m}, rng, "float32")
    x, up = (rng.standard_normal((steps, batch, size)).astype("float32") for size in (m, n))
    state = {k: rng.standard_normal((batch, n)).astype("float32") for k in module.STATES}

    def run() -> Any:
        _, _, cache = module.forward(x, params, state, **more)
        return module.backward({"h": up}, cache)

    weights = sum(v.nbytes for v in params.values())
    outputs = module.forward(x, params, state)[0]
    return run, weights, weights + x.nbytes + sum(v.nbytes for v in (*outputs.values(), *state.values()))


def peak(run: Callable[[], Any]) -> int:
    run()  # what the first call builds is no part of it
    tracemalloc.start()
    run()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def least(systems: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    best = dict.fromkeys(systems, math.inf)
    for _ in range(rounds):
        for name, run in systems.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - start)
    return best


class Watched:
    """NumPy, with a note of what was allocated between one matrix product and the next: a step of a loop has one."""

    def __init__(self) -> None:
        self.most: list[int] = []
        self.before = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def matmul(self, *args: Any, **named: Any) -> Any:
        self.most.append(tracemalloc.get_traced_memory()[1] - self.before)
        result = np.matmul(*args, **named)
        tracemalloc.reset_peak()
        self.before = tracemalloc.get_traced_memory()[0]
        return result


def in_loop(cell: str, shape: tuple[int, int, int, int], mask: Any = None) -> int:
    """The most that a step allocates, forward or backward, with a workspace. The first and the last step stand beside other work."""
    steps, batch, m, n = shape
    module = numpy_file(cell)
    ws = module.workspace(steps, batch, {"n": n, "m": m}, "float32")
    run, _, _ = calls(module, shape, workspace=ws, mask=mask)
    run()
    watched = Watched()
    module.np = watched  # type: ignore[attr-defined]
    tracemalloc.start()
    run()
    tracemalloc.stop()
    return max(watched.most[2 : steps + 1] + watched.most[steps + 2 : 2 * steps + 1])  # before them stands the product of all inputs


def rows(cell: str, folder: Path, rounds: int) -> Iterator[str]:
    for shape in SHAPES:
        steps, batch, _, n = shape
        every = max(k for k in range(1, math.isqrt(steps) + 1) if steps % k == 0)
        modules = {"numpy": numpy_file(cell), "numpy, checkpoints": numpy_file(cell, every), "c": c_file(cell, folder)}
        made = {name: calls(module, shape) for name, module in modules.items()}
        unit, (_, weights, results) = 4 * steps * batch * n, made["numpy"]
        times = least({name: run for name, (run, _, _) in made.items()}, rounds)
        yield f"{cell} {shape}, weights {weights / unit:.2f}, results {results / unit:.2f}, checkpoints every {every} steps:"
        for name, (run, _, _) in made.items():
            found = peak(run) / unit
            own = found - results / unit
            miss = "" if own <= MUST[name] else " MISSED"
            time_of = times[name] / times["numpy"]
            yield f"  {name}: {found:.2f}, beside results {own:.2f}/{MUST[name]:.0f}{miss}, time of numpy {time_of:.2f}"
        masked = np.arange(steps * batch).reshape(steps, batch) % 3 != 0
        found, with_mask = in_loop(cell, shape), in_loop(cell, shape, masked)
        yield f"  a step with a workspace allocates {found} bytes, with a mask {with_mask} (NumPy's own buffers); h_t is {4 * batch * n}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cells", default="lstm,gru_reset_after")
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for cell in args.cells.split(","):
            for line in rows(cell, Path(folder), args.rounds):
                print(line, flush=True)


if __name__ == "__main__":
    main()
