"""The second oracle: a cell unrolled on explicit SymPy matrices, and the loss differentiated by ``diff``, entry by entry."""

from typing import Any

import sympy
from sympy import Matrix, Rational

from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import Cell

STEPS, SIZE = 2, 2


def matrix(name: str, rows: int, cols: int) -> Matrix:
    return Matrix(rows, cols, lambda i, j: sympy.Symbol(f"{name}_{i}_{j}", real=True))


def value(text: str, table: dict[str, Any]) -> Matrix:
    """Reads the cell's equation with Python's own operators over explicit matrices: no code of ours computes."""

    class M:
        def __init__(self, m: Matrix) -> None:
            self.m = m

        def __add__(self, o: Any) -> "M":
            return M(self.m + o.m)

        def __rsub__(self, one: int) -> "M":
            return M(self.m.applyfunc(lambda v: one - v))

        def __sub__(self, o: Any) -> "M":
            return M(self.m - o.m)

        def __mul__(self, o: Any) -> "M":
            return M(self.m.multiply_elementwise(o.m))

        def __matmul__(self, o: Any) -> "M":
            return M(self.m * o.m)

        def __pow__(self, k: int) -> "M":
            return M(self.m.applyfunc(lambda v: v**k))

        @property
        def T(self) -> "M":
            return M(self.m.T)

    wrapped: dict[str, Any] = {name: {t: M(m) for t, m in v.items()} if isinstance(v, dict) else M(v) for name, v in table.items()}
    t = wrapped.pop("t").m[0]
    wrapped |= {
        "t": int(t),
        "sigmoid": lambda u: M(u.m.applyfunc(lambda v: 1 / (1 + sympy.exp(-v)))),
        "tanh": lambda u: M(u.m.applyfunc(sympy.tanh)),
        "grad": lambda u: u,
    }
    return eval(text, {"__builtins__": {}}, wrapped).m


def compare(cell: Cell) -> float:
    """The largest difference of one entry of every parameter, at a random point."""
    grads = backward(cell)
    rows = {name: 1 if str(shape[1]) == "1" else SIZE for name, shape in cell.shapes.items()}
    symbols: dict[str, Any] = {p: matrix(p, SIZE, rows[p]) for p in cell.parameters}
    for name in (*cell.inputs, *cell.states):
        symbols[name] = {t: matrix(f"{name}{t}", SIZE, 1) for t in range(STEPS + 1) if name in cell.inputs or t == 0}
    for name in grads.upstream.values():
        symbols[name] = {t: matrix(f"{name}{t}", SIZE, 1) for t in range(1, STEPS + 1)}
    free = sorted({s for v in symbols.values() for m in (v.values() if isinstance(v, dict) else [v]) for s in m.free_symbols}, key=str)
    point = {s: sympy.Float(Rational((7 * k) % 23 - 11, 8 + k % 5), 45) for k, s in enumerate(free)}

    def run(table: dict[str, Any]) -> dict[str, Any]:
        for t in range(1, STEPS + 1):
            for e in cell.in_order():
                text = next(line for line in cell.plain() if line.startswith(f"{e.lhs.name}[t] ="))
                table.setdefault(e.lhs.name, {})[t] = value(text.split(" = ", 1)[1], {**table, "t": Matrix([t])})
        return table

    def numbers(free: Any = None) -> dict[str, Any]:
        """Everything a number, except one entry."""
        fixed = {s: v for s, v in point.items() if s != free}
        return {k: {t: m.xreplace(fixed) for t, m in v.items()} if isinstance(v, dict) else v.xreplace(fixed) for k, v in symbols.items()}

    forward = run(numbers())
    adjoint: dict[str, Any] = {}
    for e in grads.recursion:
        name = str(e.lhs.args[0].name) if e.lhs.func.__name__ == "Grad" else e.lhs.name
        adjoint[name] = {STEPS + 1: sympy.zeros(SIZE, 1)}
    later = {name: {**v, STEPS + 1: sympy.zeros(SIZE, 1)} for name, v in forward.items() if isinstance(v, dict)}
    forward = {**forward, **later}
    lines = [line.split(" = ", 1) for line in grads.plain()[: len(grads.recursion)]]

    def adjoint_text(text: str) -> str:
        for name in cell.states:
            text = text.replace(f"grad({name}[", f"grad(g_{name}[")
        return text

    for t in range(STEPS, 0, -1):
        for left, right in lines:
            name = left.removeprefix("grad(").partition("[")[0]
            table = {**forward, **{n if n.startswith("delta") else f"g_{n}": v for n, v in adjoint.items()}, "t": Matrix([t])}
            adjoint[name][t] = value(adjoint_text(right), table)
    worst = 0.0
    for p in cell.parameters:
        line = grads.plain()[len(lines) + list(grads.parameters).index(p)]
        text = adjoint_text(line.split("Sum(", 1)[1].rsplit(", (t, 1, T))", 1)[0])
        table = {**forward, **{n if n.startswith("delta") else f"g_{n}": v for n, v in adjoint.items()}}
        found = sum((value(text, {**table, "t": Matrix([t])}) for t in range(1, STEPS + 1)), sympy.zeros(*symbols[p].shape))
        k = len(found) // 2  # off the diagonal
        s = symbols[p][k]
        table = run(numbers(s))
        loss = sum(sum(table[d][t].multiply_elementwise(table[o][t])) for o, d in grads.upstream.items() for t in range(1, STEPS + 1))
        worst = max(worst, abs(float(sympy.diff(loss, s).subs(s, point[s]) - found[k])))
    return worst
