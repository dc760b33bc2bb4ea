"""How long derivations take and how large they are, and what SymPy's own routes do with the same cell.

``python benchmarks/bench_calculus.py`` prints a table; it takes about two minutes, most of it SymPy's.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import sympy
from sympy import HadamardProduct, Matrix, MatrixSymbol, Symbol, symbols

import lstm_symbolic as ls
from lstm_symbolic.calculus import backward, hessian_product, jacobian, unrolled

LIMIT = 40.0


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def row(what: str, seconds: float, said: str) -> None:
    print(f"{what:52} {seconds:9.3f} s   {said}")


def ours() -> None:
    program = [sys.executable, "-m", "lstm_symbolic", "derive", "lstm"]
    seconds, _ = timed(lambda: subprocess.run(program, check=True, capture_output=True))
    row("lstm-symbolic derive lstm, with the start of Python", seconds, "")
    for name in ("lstm", "gru", "lstm_fgr", "lstm_layer_norm", "mlstm_stabilised", "conv_lstm"):
        cell = ls.cell(name)
        seconds, grads = timed(lambda cell=cell: backward(cell))
        row(f"backward({name}), symbolic sizes and T", seconds, f"{len(grads.plain())} lines, {len(str(grads))} characters")
    for layers in (1, 2, 4, 8):
        cell = ls.stack(*[ls.cell("lstm")] * layers)
        seconds, grads = timed(lambda cell=cell: backward(cell))
        row(f"backward of {layers} layers", seconds, f"{len(str(grads))} characters")
    for size in ("B", 32):
        seconds, grads = timed(lambda size=size: backward(ls.batched(ls.cell("lstm"), size)))
        row(f"backward(lstm) of a batch of {size}", seconds, f"{len(str(grads))} characters")
    for window in (5, 1000):
        seconds, grads = timed(lambda window=window: backward(ls.cell("lstm"), truncate=window))
        row(f"backward(lstm), windows of {window} steps", seconds, f"{len(str(grads))} characters")
    grads = backward(ls.cell("lstm"))
    for steps in (10, 100):
        seconds, lines = timed(lambda steps=steps: unrolled(grads, steps))
        row(f"the same, written out for T = {steps}", seconds, f"{len(lines)} lines")
    seconds, _ = timed(lambda: jacobian(ls.cell("lstm")))
    row("jacobian(lstm)", seconds, "")
    seconds, found = timed(lambda: hessian_product(grads))
    row("hessian_product(lstm)", seconds, f"{len(str(found))} characters")
    cells = [ls.cell(name) for name in ls.cells()]
    for what, some in (("every cell", cells), ("every cell that has one, for a batch", [b for c in cells for b in batch_of(c)])):
        seconds, steps = timed(lambda some=some: [step for c in some for step in ls.recheck(backward(c))])
        row(
            f"recheck of {what}",
            seconds,
            f"{sum(s.verdict.kind == 'proved' for s in steps)} of {len(steps)} steps proved, {len(some)} cells",
        )


def batch_of(cell: ls.Cell) -> list[ls.Cell]:
    """The cell for a batch, where its values are vectors."""
    try:
        return [ls.batched(cell)]
    except ls.LstmSymbolicError:
        return []


def by_matrix_expressions() -> None:
    """``MatrixExpr.diff``, one gate of one step with symbolic sizes."""
    n, m = symbols("n m", integer=True, positive=True)
    W, x = MatrixSymbol("W", n, m), MatrixSymbol("x", m, 1)
    gate = (W * x).applyfunc(sympy.tanh)
    for what, formula in (("tanh(W x), entry by entry", gate), ("tanh(W x) * tanh(W x)", HadamardProduct(gate, gate))):
        try:
            seconds, found = timed(lambda formula=formula: formula.diff(W))
            row(f"SymPy, diff of {what}", seconds, f"{type(found).__name__}: {str(found)[:60]}")
        except Exception as error:
            row(f"SymPy, diff of {what}", 0.0, f"{type(error).__name__}: {str(error)[:60]}")


def by_entries(steps: int, size: int) -> tuple[float, int]:
    """An LSTM unrolled on explicit matrices, one entry of ∂L/∂W_f by ``diff``."""

    def matrix(name: str, cols: int) -> Matrix:
        return Matrix(size, cols, lambda i, j: Symbol(f"{name}{i}{j}", real=True))

    def sigma(a: Matrix) -> Matrix:
        return a.applyfunc(lambda v: 1 / (1 + sympy.exp(-v)))

    h, c = matrix("h", 1), matrix("c", 1)
    p = {k: (matrix(f"W{k}", size), matrix(f"U{k}", size), matrix(f"b{k}", 1)) for k in "fico"}
    start, loss = time.perf_counter(), sympy.Integer(0)
    for t in range(steps):
        x = matrix(f"x{t}_", 1)
        f, i, g, o = (w * x + u * h + b for w, u, b in p.values())
        c = sigma(f).multiply_elementwise(c) + sigma(i).multiply_elementwise(g.applyfunc(sympy.tanh))
        h = sigma(o).multiply_elementwise(c.applyfunc(sympy.tanh))
        loss += sum(h)
    found = loss.diff(p["f"][0][0, 0])
    return time.perf_counter() - start, int(sympy.count_ops(found))


def by_unrolling() -> None:
    for size in (1, 2):
        for steps in (1, 2, 3, 4):
            seconds, count = by_entries(steps, size)
            row(f"SymPy, one entry of dW_f, n = m = {size}, T = {steps}", seconds, f"{count} operations")
            if seconds * 20 > LIMIT:
                break


if __name__ == "__main__":
    ours()
    by_matrix_expressions()
    by_unrolling()
