"""Conversions between a cell's parameters and the weights of torch, Keras and ONNX, as functions of an exported file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..cells import Cell
from ..errors import LstmSymbolicError
from .jax_code import JAX
from .jax_language import Language
from .jax_passes import folded
from .lines import filled
from .torch_code import TORCH
from .weights import Block, Match, Summand, match
from .weights_layouts import LAYOUTS, Layout

#: The targets whose files may carry conversions, and how they join and part arrays.
LANGUAGES = {
    "numpy": Language("np", {"zeros": "np.zeros_like({0})"}, "np.concatenate(({0}), {1})", "np.split({0}, {1}, {2})", "{0}"),
    "jax": JAX,
    "torch": TORCH,
}


def with_conversions(source: str, cell: Cell, framework: str, target: str) -> str:
    """An exported file with the functions ``to_...`` and ``from_...`` of a framework."""
    if target not in LANGUAGES:
        raise LstmSymbolicError(f"weights are not converted in files for {target}", hint=f"take one of {', '.join(LANGUAGES)}")
    body, check, rest = source.partition('\n\nif __name__ == "__main__":')
    return body.rstrip("\n") + "\n" + conversions(cell, framework, LANGUAGES[target]) + check + rest


def conversions(cell: Cell, framework: str, language: Language) -> str:
    """The functions ``to_...`` and ``from_...`` of a framework, as text of an exported file."""
    if framework not in LAYOUTS:
        raise LstmSymbolicError(f"no weights of {framework[:60]!r}", hint=f"there are {', '.join(LAYOUTS)}")
    found, layout = match(cell, framework), LAYOUTS[framework]
    body = _Conversion(cell, found, layout, language)
    names = ", ".join(body.arrays())
    lines = [
        "", "", f"def to_{framework}(params):", f'    """The parameters as {framework} lays them out: {names}."""',
        *(f"    {line}" for line in body.to()), "", "", f"def from_{framework}(arrays):",
        f'    """The parameters from arrays of {framework}: {names}."""', *(f"    {line}" for line in body.back()),
    ]  # fmt: skip
    return folded("\n".join(lines)) + "\n"


@dataclass(frozen=True)
class _Conversion:
    cell: Cell
    found: Match
    layout: Layout
    language: Language

    @property
    def order(self) -> str:
        return self.layout.orders[self.found.convention.kind]

    def arrays(self) -> list[str]:
        layout, convention = self.layout, self.found.convention
        named = [layout.kernel, layout.recurrent, *(layout.bias if convention.biases else ())]
        return [*named, *(["P"] if convention.peepholes else [])]

    # from the values of one side to those of the other

    def forwards(self) -> Iterator[tuple[str, str]]:
        for key, form in self.found.forms.items():
            sums = ["".join(self._signed(s, i) for i, s in enumerate(part)) for part in form.parts]
            yield key, sums[0] if form.axis < 0 else self.language.concatenate.format(", ".join(sums), form.axis)

    def _signed(self, s: Summand, position: int) -> str:
        flat = self.is_vector(s.name)
        text = self.spelled(s.name) + (".T" if s.transposed and not flat else "")
        return f" {s.sign or '+'} {text}" if position else s.sign + text

    def backwards(self) -> Iterator[tuple[str, str]]:
        """Solved for the first summand; the others are 0."""
        for key, form in self.found.forms.items():
            for index, part in enumerate(form.parts):
                block = self.spelled(key) + self._columns(key, form, index)
                for i, s in enumerate(part):
                    value = f"{s.sign}{block}" + (".T" if s.transposed and not self.is_vector(s.name) else "")
                    zeros = self.language.functions["zeros"].format(block)
                    yield s.name, value if i == 0 else zeros

    def _columns(self, key: str, form: Block, index: int) -> str:
        """Which part of a matrix belongs to one of two operands; as many of its rows (columns) as there are features belong to h."""
        if form.axis < 0:
            return ""
        n = f"{self.spelled(key)}.shape[{1 - form.axis}]"
        cut = n if form.parts[0][0].name.startswith("recurrent_") else f"-{n}"
        span = f":{cut}" if index == 0 else f"{cut}:"
        return f"[:, {span}]" if form.axis == 1 else f"[{span}]"

    def is_vector(self, name: str) -> bool:
        return name.startswith(("bias_", "inner_", "peephole_")) if name not in self.cell.shapes else 1 in self.cell.shapes[name]

    def spelled(self, name: str) -> str:
        if name not in self.cell.shapes:
            return name
        return f'params["{name}"]' + (".reshape(-1)" if self.is_vector(name) else "")

    # the two functions

    def to(self) -> Iterator[str]:
        pairs = self.backwards() if self.found.cell_side else self.forwards()
        yield from (f"{name} = {text}" for name, text in pairs)
        listed = [f'"{self.layout.kernel}": {self.stacked("kernel")}', f'"{self.layout.recurrent}": {self.stacked("recurrent")}']
        if self.found.convention.biases:
            yield f"bias = {self.joined([f'bias_{k}' for k in self.order], 0)}"
            zeros = self.language.functions["zeros"]
            if self.found.convention.after:
                parts = [f"inner_{k}" if k == "n" else zeros.format(f"bias_{k}") for k in self.order]
                yield f"inner = {self.joined(parts, 0)}"
            elif self.layout.biases != "rows":
                yield f"inner = {zeros.format('bias')}"
            listed += self.biases("bias", "inner")
        if self.found.convention.peepholes:
            listed.append('"P": ' + self.joined([f"peephole_{k}" for k in "iof"], 0) + "[None]")
        yield from (line[4:] for line in filled("    ", "return {", listed, "}"))

    def biases(self, outer: str, inner: str) -> list[str]:
        names, kind = self.layout.bias, self.layout.biases
        if kind == "two":
            return [f'"{names[0]}": {outer}', f'"{names[1]}": {inner}']
        if kind == "flat":
            return [f'"{names[0]}": {self.joined([outer, inner], 0)}[None]']
        two = self.joined([f"{outer}[None]", f"{inner}[None]"], 0)
        return [f'"{names[0]}": {two if self.found.convention.after else outer}']

    def joined(self, parts: Sequence[str], axis: int) -> str:
        return self.language.concatenate.format(", ".join(parts), axis)

    def stacked(self, name: str) -> str:
        turned = ".T" if self.layout.columns else ""
        return self.joined([f"{name}_{k}{turned}" for k in self.order], int(self.layout.columns)) + ("[None]" if self.layout.lead else "")

    def parted(self, name: str, array: str, order: str, axis: int = 0, turned: str = "") -> str:
        whole = self.language.split.format(array, len(order), axis)
        names = ", ".join(f"{name}_{k}" for k in order)
        return f"{names} = (part.T for part in {whole})" if turned else f"{names} = {whole}"

    def back(self) -> Iterator[str]:
        layout, first = self.layout, "[0]" if self.layout.lead else ""
        wanted = ", ".join(self.arrays())
        yield f"if set(arrays) != {{{', '.join(repr(a).replace(chr(39), chr(34)) for a in self.arrays())}}}:"
        yield f"    raise ValueError(f\"arrays are {{', '.join(arrays)}}, expected {wanted}\")"
        gates = len(self.order)
        axis = 2 if layout.lead else 1
        inner, outer = (axis, axis - 1) if not layout.columns else (0, 1)
        yield f'n = arrays["{layout.recurrent}"].shape[{inner}]'
        for name in (layout.kernel, layout.recurrent):
            yield f'if arrays["{name}"].shape[{outer}] != {gates} * n:'
            yield f"    raise ValueError(f\"{name} has shape {{tuple(arrays['{name}'].shape)}}, expected {gates} blocks of {{n}}\")"
        for name, array in (("kernel", layout.kernel), ("recurrent", layout.recurrent)):
            yield self.parted(name, f'arrays["{array}"]{first}', self.order, int(layout.columns), ".T" if layout.columns else "")
        if self.found.convention.biases:
            yield from self.bias_parts()
        if self.found.convention.peepholes:
            yield self.parted("peephole", 'arrays["P"][0]', "iof")
        pairs = list(self.forwards() if self.found.cell_side else self.backwards())
        shapes = self.cell.shapes
        listed = []
        for name, text in pairs:
            column = ".reshape(-1, 1)" if shapes[name][1] == 1 else ".reshape(1, -1)"
            body = f"({text})" if " " in text or text.startswith("-") else text
            listed.append(f'"{name}": {body}{column}' if self.is_vector(name) else f'"{name}": {text}')
        yield from (line[4:] for line in filled("    ", "return {", listed, "}"))

    def bias_parts(self) -> Iterator[str]:
        names, kind, after = self.layout.bias, self.layout.biases, self.found.convention.after
        if kind == "rows" and not after:
            yield self.parted("bias", f'arrays["{names[0]}"]', self.order)
            return
        texts = {"two": [f'arrays["{n}"]' for n in names], "rows": [f'arrays["{names[0]}"][{i}]' for i in (0, 1)]}
        halves = texts.get(kind) or [f"part for part in {self.language.split.format(f'arrays[{chr(34)}{names[0]}{chr(34)}][0]', 2, 0)}"]
        if kind == "flat":
            yield f"outer, inner = {halves[0].removeprefix('part for part in ')}"
            halves = ["outer", "inner"]
        yield self.parted("bias", halves[0], self.order)
        yield self.parted("inner", halves[1], self.order)
        for k in self.order:
            if not (after and k == "n"):
                yield f"bias_{k} = bias_{k} + inner_{k}"
