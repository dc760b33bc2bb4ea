"""A recursion written out for a few steps, for witnesses: what one symbolic step hides may show in the second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .dag import Dag, Node


def unrolled(
    dag: Dag, values: Mapping[str, tuple[Node, Node]], names: Sequence[str], steps: int, backward: bool, starts: Mapping[str, Node]
) -> list[tuple[Node, Node]]:
    """The named values after ``steps`` steps, left and right.

    A recursion that runs forward starts from the states that are stated (``starts``), or from free ones, equal on both sides; one that
    runs backward starts from zero at T + 1.
    """
    ahead = 1 if backward else -1
    sides = []
    for side in (0, 1):
        own = {n: pair[side] for n, pair in values.items()}
        roots = [own[n] for n in names]
        for k in range(1, steps + 1):
            last = k == steps
            table = {}
            for n in dag_symbols(roots):
                name, index = n.data
                if name not in own or not index or index[-1] != ("t", ahead * k):
                    continue
                if last:
                    table[n] = dag.zero(n.shape) if backward else starts.get(name, n)
                    continue
                later = dag.retime(own[name], ("t", 0), ("t", ahead * k))
                table[n] = dag.transpose(later) if later.shape != n.shape else later
            roots = dag.substitute(roots, table)
        sides.append(roots)
    return list(zip(*sides, strict=True))


def dag_symbols(roots: Sequence[Node]) -> list[Node]:
    return list({n.number: n for r in roots for n in r.symbols()}.values())
