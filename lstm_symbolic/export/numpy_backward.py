"""The backward half of an exported NumPy file: local factors by blocks of steps, then the loop over steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr

from .adjoint import Junction, Term
from .graph import runs
from .lines import assigned, filled
from .numpy_block import accumulators, collect, factors, short
from .numpy_forward import local_functions
from .numpy_views import Views, between, times
from .numpy_weights import transposed, transposes

#: A block of steps has about this many entries in each vector, so that its factors stay in the cache.
BLOCK = 8192

#: From so many entries in each vector on, several calls are faster than one that repeats an argument (measured: 5.2 for 8.0 us at 4096).
APART = 256


@dataclass
class Backward:
    """One walk over the backward half of a plan. ``rows`` are the views of one step's slots, ``row_names`` what the loop calls them."""

    views: Views
    rows: list[str] = field(default_factory=list)
    row_names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan, fresh = self.views.plan, self.views.names.fresh
        self.later = {name: fresh(f"later_{name}") for name in plan.previous}
        self.saved = {name: fresh(f"saved_{name}") for name in plan.previous if self.is_slot(name)}
        self.up = {name: fresh(f"up_{name}") for name in plan.step.outputs}
        self.cotangent = {j.node: fresh(f"d_{next((t.name for t in j.terms if t.name), 'operand')}") for j in plan.back.junctions}

    @cached_property
    def copied(self) -> dict[str, str]:
        """Gradients of outputs that a block of steps begins with: sums read them from a copy, where samples are innermost."""
        names = [self.required(j.terms) for j in self.views.plan.back.junctions]
        return {name: self.up[name] for name in names if name}

    def at_once(self, up: str) -> str:
        """The buffer of such a copy."""
        return up if len(self.copied) > 1 else "up"

    @property
    def deltas(self) -> dict[Expr, list[int]]:
        """The slots that are needed after the loop, those of affine nodes, by size and in order."""
        plan = self.views.plan
        wanted = set(plan.back.affine.values())
        return {size: [n for n in order if n in wanted] for size, order in plan.order.items() if wanted & set(order)}

    def buffers(self) -> Iterator[str]:
        """Memory of the backward pass."""
        plan, views = self.views.plan, self.views
        size = views.spell(max(plan.order, key=lambda s: len(plan.order[s])))
        yield f"        self.block = max(1, min(T, {BLOCK} // max(1, {size} * B)))  # steps whose factors are computed at once"
        own = [p for p in plan.uses if p.buffer == "uses"]
        uses = {p.size: max(q.end for q in own if q.size == p.size) for p in own}
        for kind, counts in (("factors", {s: len(o) for s, o in plan.order.items()}), ("work", plan.work), ("uses", uses)):
            for s, count in counts.items():
                yield f"        self.{views.buffer(kind, s)} = np.empty((self.block, {count}, {views.spell(s)}, B), dtype)"
        for name, up in self.copied.items():
            width = views.spell(plan.graph[plan.step.outputs[name]].size)
            yield f"        self.{self.at_once(up)} = np.empty((self.block, {width}, B), dtype)"
        for s, numbers in self.deltas.items():
            k, n, name = len(numbers), views.spell(s), views.buffer("deltas", s)
            yield f"        self.{name} = np.empty((T, B, {k}, {n}), dtype)"

    def slots(self) -> list[str]:
        """How the slots of one cotangent are listed. Broadcasting copies what it repeats: large slots get a call each."""
        size = self.views.spell(max(self.views.plan.order, key=lambda s: len(self.views.plan.order[s])))
        several = any(text.startswith("slots(") for text in self.rows)
        return [f"        slots = list if {size} * B > {APART} else lambda some: [some]"] if several else []

    def function(self, called: str = "backward") -> list[str]:
        """The function ``backward``."""
        from .numpy_gradients import gradients

        plan, views = self.views.plan, self.views
        loop = [line for j in plan.back.junctions for line in self.junction(j)] + list(self.carries())
        block, after = list(factors(self.views)), list(gradients(self))
        sizes = [f'"{k}": (T, B, {views.spell(plan.graph[n].size)})' for k, n in plan.step.outputs.items()]
        states = [f'"{k}": (B, {views.spell(p.size)})' for k, p in plan.previous.items()]
        text = [f"def {called}(d_outputs, cache, d_state=None):"]
        text += ['    """Gradients of parameters, inputs and initial state, from those of outputs and final state (0 where missing)."""']
        lines = (*after, *views.constant_values(block).values())
        given = ", ".join(name if any(f'{name}["' in line for line in lines) else "_" for name in ("inputs", "params"))
        text += [f"    ws, used, {given}, off = cache", "    if ws.used != used:"]
        text += ['        raise ValueError("cache is stale: its workspace was used by another forward pass")']
        text += [f"    T, B, {', '.join([*views.dimensions, 'dtype'])} = ws.key"]
        for name, shapes in (("d_outputs", sizes), ("d_state", states)):
            first, last = f'{name} = _check("{name}", {{}} if {name} is None else {name}, {{', "}, dtype, optional=True)"
            text += filled("    ", first, shapes, last)
        for name, up in self.up.items():
            text += [f'    {up} = d_outputs["{name}"].transpose(0, 2, 1) if "{name}" in d_outputs else {self.absent(name)}']
        for name, place in plan.previous.items():
            zero = f"np.zeros(({views.spell(place.size)}, B), dtype)"
            saved = f"{self.saved[name]} = " if name in self.saved else ""
            text += [f'    {self.later[name]} = {saved}d_state["{name}"].T.copy() if "{name}" in d_state else {zero}']
        sums = [(self.cotangent[j.node], j.size) for j in plan.back.junctions if not self.is_alias(j)]
        if sums:
            text += assigned("    ", [name for name, _ in sums], [f"np.empty(({views.spell(size)}, B), dtype)" for _, size in sums])
        text += [*transposes(self.views), *self.parts(), *accumulators(self.views)]
        text += ["    on = None if off is None else (~off)[:, None, None, :].astype(dtype)"]
        constants = views.constant_values(block)
        text += local_functions([*loop, *block, *(["copyto("] if self.copied else [])], constants)
        text += ["    for first, last in [(max(0, t - ws.block), t) for t in range(T, 0, -ws.block)]:"]
        for name, saved in self.saved.items():
            text += [f"        {self.later[name]}, {saved}[...] = {saved}, {self.later[name]}"]
        text += [f"        copyto(ws.{self.at_once(up)}[: last - first], {up}[first:last])" for up in self.copied.values()]
        text += [f"        {line}" for line in block]
        text += ["        if off is not None:"]
        text += [f"            {short(self.views, 'factors', size)} *= on[first:last]" for size in plan.order]
        text += ["        for t in range(last - 1, first - 1, -1):"]
        text += [f"            {', '.join(self.row_names)}{',' * (len(self.row_names) == 1)} = ws.rows[t - first]"]
        text += [f"            {line}" for line in loop]
        done = [f"    del {', '.join(transposed(self.views, i) for i in range(len(plan.pulls)))}"] if plan.pulls else []
        return [*text, *(f"        {line}" for line in collect(self.views, self.deltas)), *done, *after]

    def row(self, first: int, last: int, size: Expr, flat: bool = False) -> str:
        """The name of some slots of one step."""
        buffer = self.views.buffer("factors", size)
        view, label = f"self.{buffer}[r, {first}]", f"{self.views.buffer('k', size)}{first}"
        if last > first + 1:
            view = f"self.{buffer}[r, {between(str(first), str(last))}]"
            label = f"{label}_to_{last - 1}{'_rows' if flat else ''}"
            view = f"{view}.reshape({times(last - first, size)}, B)" if flat else f"slots({view})"
        return self.named(view, label)

    def named(self, view: str, label: str) -> str:
        """The name of a view of one step of a block."""
        if view not in self.rows:
            self.rows.append(view)
            self.row_names.append(self.views.names.fresh(label))
        return self.row_names[self.rows.index(view)]

    def term(self, t: Term) -> str:
        """A summand of a cotangent that is an array already."""
        if t.kind == "later":
            return self.later[t.name]
        if t.kind == "upstream":
            return self.named(f"self.{self.at_once(self.up[t.name])}[r]", "up") if t.name in self.copied else f"{self.up[t.name]}[t]"
        place = self.views.plan.slot(t.of)
        return self.row(place.slot, place.end, place.size)

    def is_alias(self, j: Junction) -> bool:
        """A cotangent that is the gradient of an output and nothing else."""
        return [t.kind for t in j.terms] == ["upstream"]

    def is_slot(self, name: str) -> bool:
        """What a state receives is one slot as it stands."""
        return [t.kind for t in self.views.plan.back.carries[name]] == ["slot"]

    def required(self, terms: Sequence[Term]) -> str | None:
        """The output whose gradient a sum begins with, where too little else begins it."""
        others = [t.kind for t in terms if t.kind != "upstream"]
        return next((t.name for t in terms if t.kind == "upstream"), None) if len(others) < 2 and "product" not in others else None

    def absent(self, name: str) -> str:
        """What stands for an output without gradient: nothing where it is only added, else zeros."""
        j = next((j for j in self.views.plan.back.junctions if Term("upstream", name) in j.terms), None)
        if j is None or name not in self.copied:
            return "None"
        return f"np.broadcast_to(dtype.type(0), (T, {self.views.spell(j.size)}, B))"

    def junction(self, j: Junction) -> Iterator[str]:
        """The sum of a cotangent, then all its slots."""
        d = self.cotangent[j.node]
        if self.is_alias(j):
            yield f"{d} = {self.term(j.terms[0])}"
        else:
            yield from self.sum(d, j.terms, self.required(j.terms))
        plan = self.views.plan
        for size, order in plan.order.items():
            for first, last in runs([i for i, n in enumerate(order) if plan.back.slots[n].junction == j.node]):
                name = self.row(first, last, size)
                if last > first + 1:
                    yield f"for slot in {name}:"
                    name = "slot"
                yield f"{'    ' * (name == 'slot')}multiply({d}, {name}, out={name})"

    def sum(self, target: str, terms: Sequence[Term], required: str | None) -> Iterator[str]:
        """The sum of terms in a buffer; gradients of outputs that may be missing come last."""
        arrays = [self.term(t) for t in terms if t.kind in ("later", "slot") or (t.kind == "upstream" and t.name == required)]
        products = [line for t in terms if t.kind == "product" for line in self.pull(t.of, target)]
        yield from products
        if not products:
            yield f"add({arrays[0]}, {arrays[1]}, out={target})" if len(arrays) > 1 else f"copyto({target}, {arrays[0]})"
            arrays = arrays[2:]
        yield from (f"add({target}, {a}, out={target})" for a in arrays)
        for t in terms:
            if t.kind == "upstream" and t.name != required:
                yield f"if {self.up[t.name]} is not None:"
                yield f"    add({target}, {self.up[t.name]}[t], out={target})"

    def pull(self, node: int, target: str) -> Iterator[str]:
        """Transposed weights applied to the slots that they produced."""
        into = target
        for i, pull in enumerate(self.views.plan.pulls):
            if pull.node == node:
                yield f"matmul({transposed(self.views, i)}, {self.row(pull.first, pull.last, pull.rows, flat=True)}, out={into})"
                if into != target:
                    yield f"add({target}, {into}, out={target})"
                into = f"part_{target}"

    def carries(self) -> Iterator[str]:
        """What each state receives from this step, for the step before; where the mask is 0, the cotangent as it is."""
        plan = self.views.plan
        for name, terms in plan.back.carries.items():
            if self.is_slot(name):
                yield f"{self.later[name]} = {self.term(terms[0])}"
            elif terms:
                yield from self.sum(self.later[name], terms, None)
            else:
                yield f"{self.later[name]}.fill(0)"
        if plan.previous:
            yield "if off is not None:"
            for name in plan.previous:
                d = self.cotangent[plan.step.states[name]]
                later = self.later[name]
                kept = f"multiply({d}, off[t], out={d})"
                yield f"    {later} = add({later}, {kept}, out={self.saved[name]})" if name in self.saved else f"    {later} += {kept}"

    def parts(self) -> Iterator[str]:
        """Room for the second product that one cotangent receives."""
        plan, views = self.views.plan, self.views
        for node in dict.fromkeys(p.node for p in plan.pulls):
            if sum(p.node == node for p in plan.pulls) > 1:
                targets = [self.cotangent[node]] if node in self.cotangent else []
                targets += [self.later[name] for name, terms in plan.back.carries.items() if Term("product", of=node) in terms]
                yield from (f"    part_{target} = np.empty(({views.spell(plan.graph[node].size)}, B), dtype)" for target in targets)
