"""The fused loops of the C target in Numba's Python: a row is a slice of a flat array, everything else is spelled by tables."""

from __future__ import annotations

from collections.abc import Iterator

from .c_layout import spell
from .c_loops import BackwardLoops, Loop

#: operation or function -> Numba; ``real`` is the type of the arrays, so that float32 stays float32.
CALLS = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "neg": "-{0}", "pow": "{0} ** {1}", "copy": "{0}",
    "tanh": "np.tanh({0})", "sigmoid": "real(1) / (real(1) + np.exp(-{0}))", "exp": "np.exp({0})", "log": "np.log({0})",
    "sqrt": "np.sqrt({0})", "abs": "np.abs({0})", "sign": "np.sign({0})", "cosh": "np.cosh({0})", "sinh": "np.sinh({0})",
    "relu": "real(0) if {0} < 0 else {0}", "softplus": "np.logaddexp({0}, real(0))", "max": "np.maximum({0}, {1})",
    "min": "np.minimum({0}, {1})",
    "gt": "real({0} > {1})", "ge": "real({0} >= {1})", "lt": "real({0} < {1})", "le": "real({0} <= {1})",
    "eq": "real({0} == {1})", "ne": "real({0} != {1})", "where": "{1} if {0} != 0 else {2}",
    "erf": "real(math.erf({0}))", "erfc": "real(math.erfc({0}))", "dtanh": "real(1) - np.tanh({0}) ** 2",
    "dsigmoid": "real(0.25) * (real(1) - np.tanh(real(0.5) * {0}) ** 2)",
}  # fmt: skip


def row(pointer: str) -> str:
    """A pointer as a slice.

    >>> row("s_h + (t * B + q) * size_n"), row("zeros"), row("p_W + 0")
    ('s_h[(t * B + q) * size_n :]', 'zeros', 'p_W')
    """
    array, _, first = pointer.partition(" + ")
    return f"{array}[{first} :]" if first not in ("", "0") else array


class NumbaLoop(Loop):
    """One loop over samples and features."""

    calls = CALLS
    declared = "{} = {}"
    literal = "real({})"
    stored = "{} {} {}"

    def code(self, off: list[str]) -> Iterator[str]:
        if not self.lines:
            return
        yield "for q in range(B):"
        if off:
            yield "    if masked and not on[t * B + q]:"
            yield from (f"        {line}" for line in off)
            yield "        continue"
        yield from (f"    {name} = {row(pointer)}" for pointer, name in self.rows.items())
        for lines in (*self.done, self.lines):
            yield f"    for j in range({spell(self.size)}):"
            yield from (f"        {line}" for line in lines)


class NumbaBackwardLoops(BackwardLoops):
    """The stages of the backward step. Upstream gradients are always given here."""

    kind = NumbaLoop
    cleared = "clear({}, {})"
    kept = "keep({}, {}, {}, {})"

    @staticmethod
    def pointer(text: str) -> str:
        return row(text)

    @staticmethod
    def upstream(pointer: str) -> str:
        return pointer
