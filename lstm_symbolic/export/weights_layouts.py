"""How torch, Keras and ONNX lay out the weights of their LSTM and GRU, and the equations that they compute with them.

A cell has such a layout where it is *proved* equal to those equations as a family; the map that the proof finds says what stands where.
The symbols are ``kernel_f`` (applied to x), ``recurrent_f`` (applied to h), ``bias_f``, ``inner_h`` (a bias inside a reset) and
``peephole_f``, for each gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..cells import Cell


@dataclass(frozen=True)
class Convention:
    """An LSTM (i, f, g, o) or a GRU (r, z, n): with biases or none, with peepholes, reset after the product or before."""

    kind: str
    biases: bool = True
    peepholes: bool = False
    after: bool = False

    @property
    def gates(self) -> str:
        return "ifgo" if self.kind == "lstm" else "rzn"

    def cell(self) -> Cell:
        """The equations.

        >>> Convention("gru", biases=False, after=True).cell().plain()[2]
        'n[t] = tanh(kernel_n @ x[t] + r[t] * (recurrent_n @ h[t - 1]))'
        """
        lines = [*self._lstm()] if self.kind == "lstm" else [*self._gru()]
        shapes = {f"{name}_{k}": size for k in self.gates for name, size in (("kernel", "n,m"), ("recurrent", "n,n"))}
        shapes |= {f"bias_{k}": "n,1" for k in self.gates if self.biases}
        shapes |= {"inner_n": "n,1"} if self.after and self.biases else {}
        shapes |= {f"peephole_{k}": "n,1" for k in "ifo" if self.peepholes}
        return Cell.from_plain(lines, shapes=shapes, outputs=["h"])

    def _gate(self, gate: str, function: str, *more: str) -> str:
        terms = [f"kernel_{gate} @ x[t]", f"recurrent_{gate} @ h[t - 1]", *([f"bias_{gate}"] if self.biases else []), *more]
        return f"{gate}[t] = {function}({' + '.join(terms)})"

    def _lstm(self) -> Iterator[str]:
        for gate in "if":
            yield self._gate(gate, "sigmoid", *([f"peephole_{gate} * c[t - 1]"] if self.peepholes else []))
        yield self._gate("g", "tanh")
        yield "c[t] = f[t] * c[t - 1] + i[t] * g[t]"
        yield self._gate("o", "sigmoid", *(["peephole_o * c[t]"] if self.peepholes else []))
        yield "h[t] = o[t] * tanh(c[t])"

    def _gru(self) -> Iterator[str]:
        for gate in "rz":
            yield self._gate(gate, "sigmoid")
        bias, inner = (" + bias_n", " + inner_n") if self.biases else ("", "")
        if self.after:
            product = f"(recurrent_n @ h[t - 1]{inner})" if inner else "(recurrent_n @ h[t - 1])"
            yield f"n[t] = tanh(kernel_n @ x[t]{bias} + r[t] * {product})"
        else:
            yield f"n[t] = tanh(kernel_n @ x[t] + recurrent_n @ (r[t] * h[t - 1]){bias})"
        yield "h[t] = (1 - z[t]) * n[t] + z[t] * h[t - 1]"


@dataclass(frozen=True)
class Layout:
    """Names of the arrays of a framework, and how the blocks of the gates stand in them.

    ``columns``: blocks are applied from the right and stand beside each other. ``lead``: a first axis for directions. ``biases`` is
    ``two`` (input and recurrent biases in two arrays), ``flat`` (one after the other in one array), or ``rows`` (below each other; one
    row alone has no axis of its own).
    """

    kernel: str
    recurrent: str
    bias: tuple[str, ...]
    orders: dict[str, str]
    columns: bool
    lead: bool
    biases: str


LAYOUTS = {
    "torch": Layout(
        "weight_ih_l0", "weight_hh_l0", ("bias_ih_l0", "bias_hh_l0"), {"lstm": "ifgo", "gru": "rzn"}, False, False, biases="two"
    ),
    "keras": Layout("kernel", "recurrent_kernel", ("bias",), {"lstm": "ifgo", "gru": "zrn"}, columns=True, lead=False, biases="rows"),
    "onnx": Layout("W", "R", ("B",), {"lstm": "iofg", "gru": "zrn"}, columns=False, lead=True, biases="flat"),
}  # fmt: skip


def conventions(framework: str, states: int, biases: bool) -> list[Convention]:
    """What a framework computes, for so many states.

    >>> [c.after for c in conventions("torch", 1, True)]
    [True]
    """
    if states == 2:
        return [Convention("lstm", biases), *([Convention("lstm", biases, peepholes=True)] if framework == "onnx" and biases else [])]
    if states != 1:
        return []
    return [Convention("gru", biases, after=True), *([Convention("gru", biases)] if framework != "torch" else [])]
