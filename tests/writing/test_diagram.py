"""Every cell's picture: nothing overlaps, no wire runs through a box, and every operation of the equations is in it."""

from __future__ import annotations

import itertools
import shutil
import xml.etree.ElementTree as ET

import pytest
from sympy import Symbol

from lstm_symbolic import cli
from lstm_symbolic.cells import Cell, cell, cells
from lstm_symbolic.errors import LstmSymbolicError
from lstm_symbolic.writing.diagram import Drawing, backward_view, diagram, draw, unrolled
from lstm_symbolic.writing.diagram.emit import svg, tikz, typst

VIEWS = [pytest.param(view, name, id=f"{view.__name__}-{name}") for view in (draw, backward_view, unrolled) for name in cells()]
Box = tuple[float, float, float, float]


def box(item) -> Box:
    (x, y), (a, b) = item.at, item.half
    return x - a, y - b, x + a, y + b


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def inside(a: Box, b: Box) -> bool:
    return b[0] <= a[0] and b[1] <= a[1] and a[2] <= b[2] and a[3] <= b[3]


def cuts(p, q, b: Box) -> bool:
    """Whether an upright or level piece of wire runs through the inside of a box."""
    e = 0.05
    piece = min(p[0], q[0]) - e, min(p[1], q[1]) - e, max(p[0], q[0]) + e, max(p[1], q[1]) + e
    return overlap(piece, (b[0] + 2 * e, b[1] + 2 * e, b[2] - 2 * e, b[3] - 2 * e))


def faults(drawing: Drawing) -> list[str]:
    shapes = [s for s in drawing.shapes if s.kind != "dot"]
    found = [f"{a} {b}" for a, b in itertools.combinations(shapes, 2) if overlap(box(a), box(b))]
    for a, b in itertools.combinations(drawing.labels, 2):
        if overlap(box(a), box(b)):
            found.append(f"labels {a.main} and {b.main}")
    for label in drawing.labels:
        for s in shapes:
            if overlap(box(label), box(s)) and not inside(box(label), box(s)):
                found.append(f"{label.main} leaves its {s.kind}")
    for line in drawing.lines:
        for p, q in itertools.pairwise(line.points):
            if p[0] != q[0] and p[1] != q[1]:
                found.append(f"{p} {q} is neither level nor upright")
            found += [f"wire {p} {q} through {i}" for i in (*shapes, *drawing.labels) if cuts(p, q, box(i))]
    return found


@pytest.mark.parametrize(("view", "name"), VIEWS)
def test_nothing_overlaps(view, name) -> None:
    assert faults(view(cell(name))) == []


@pytest.mark.parametrize("name", cells())
def test_two_wires_never_run_together(name) -> None:
    pieces = [(line.net, p, q) for line in draw(cell(name)).lines for p, q in itertools.pairwise(line.points)]
    for (m, a, b), (n, c, d) in itertools.combinations(pieces, 2):
        if m != n:
            for axis in (0, 1):
                if a[axis] == b[axis] == c[axis] == d[axis]:
                    low, high = sorted((a[1 - axis], b[1 - axis])), sorted((c[1 - axis], d[1 - axis]))
                    assert low[1] <= high[0] or high[1] <= low[0], (m, n, a, b, c, d)


def test_an_overlap_would_be_seen() -> None:
    drawing = draw(cell("gru"))
    first, *rest = drawing.shapes
    moved = type(first)(first.kind, rest[0].at, first.half)
    assert faults(Drawing(drawing.cell, (moved, *rest), drawing.lines, drawing.labels))


def test_the_lstm_has_what_every_book_shows() -> None:
    drawing = draw(cell("lstm"))
    kinds = [(s.kind, s.role) for s in drawing.shapes]
    assert kinds.count(("box", "gate")) == 3
    assert kinds.count(("box", "candidate")) == 1
    signs = [label.main for label in drawing.labels if isinstance(label.main, str)]
    assert sorted(signs) == ["+", "⊙", "⊙", "⊙"]
    ends = {str(label.main) for label in drawing.labels}
    assert {"C[t - 1]", "C[t]", "h[t - 1]", "h[t]", "x[t]", "f[t]", "i[t]", "o[t]", "C_tilde[t]"} <= ends


def test_gates_stand_in_a_row_and_the_memory_on_a_lane() -> None:
    drawing = draw(cell("lstm"))
    gates = [s for s in drawing.shapes if s.role in ("gate", "candidate")]
    assert len({s.at[1] for s in gates}) == 1
    places = {str(label.main): label.at for label in drawing.labels}
    assert places["C[t - 1]"][1] == places["C[t]"][1] < gates[0].at[1]


@pytest.mark.parametrize("name", ["lstm", "gru", "mlstm", "lstm_cs230"])
@pytest.mark.parametrize("notation", ["default", "greff", "cs230", "d2l"])
def test_svg_is_xml(name, notation) -> None:
    root = ET.fromstring(diagram(cell(name), "svg", notation))
    assert root.tag.endswith("svg")
    assert not [e for e in root.iter() if e.tag.endswith(("script", "foreignObject", "image"))]


def test_hostile_names_are_text() -> None:
    h, evil = Symbol("</text><script>alert(1)</script>", real=True), Symbol("x", real=True)
    c = cell("rnn")
    equations = tuple(e.xreplace({}) for e in c.equations)
    named = Cell.from_equations(equations, name="<script>", title="</title><script>\\input{x}")
    text = svg(draw(named))
    assert "<script" not in text
    assert h != evil


def test_too_large_a_cell_is_refused() -> None:
    lines = [f"g{k}[t] = sigmoid(W{k} @ x[t] + U{k} @ h[t - 1])" for k in range(40)]
    total = " + ".join(f"g{k}[t] * h[t - 1]" for k in range(40))
    with pytest.raises(LstmSymbolicError, match="a picture has room for"):
        draw(Cell.from_plain([*lines, f"h[t] = {total}"]))


@pytest.mark.parametrize("markup", ["svg", "typst", "tikz"])
def test_show_diagram(markup, capsys) -> None:
    assert cli.main(["show", "gru", "--diagram", markup]) == 0
    out = capsys.readouterr().out
    assert {"svg": "<svg", "typst": "#box(", "tikz": "tikzpicture"}[markup] in out


def test_show_diagram_of_a_formula_is_an_error(capsys) -> None:
    assert cli.main(["show", "a + b", "--diagram", "svg"]) == 2
    assert "no cell" in capsys.readouterr().err


def test_typst_draws_it() -> None:
    compiler = pytest.importorskip("typst")
    for name in ("lstm", "gru", "mlstm_stabilised"):
        for view in (draw, backward_view, unrolled):
            page = "#set page(width: auto, height: auto)\n" + typst(view(cell(name)))
            assert compiler.compile(page.encode(), format="svg").startswith(b"<svg")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_tikz_compiles(tmp_path) -> None:
    import subprocess

    body = "\n\n".join(tikz(draw(cell(n))) for n in ("lstm", "gru", "lstm_1997", "mlstm"))
    text = "\\documentclass{article}\n\\usepackage{amsmath,amssymb,tikz}\n\\usetikzlibrary{arrows.meta}\n\\begin{document}\n"
    (tmp_path / "d.tex").write_text(text + body + "\n\\end{document}\n", encoding="utf-8")
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "d.tex"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
