"""What can be said of the JAX and torch files without JAX and torch: they are readable, and ruff finds nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from exported import SUPPORTED

from lstm_symbolic.cells import Cell
from lstm_symbolic.export import export

PROJECT = Path(__file__).parent.parent.parent


IMPORTS = [("jax", {"math", "jax", "jax.numpy"}), ("torch", {"math", "torch"}), ("onnx", {"sys", "numpy", "onnx"})]


@pytest.mark.parametrize(("target", "allowed"), IMPORTS)
def test_the_files_are_readable(target: str, allowed: set[str], tmp_path: Path) -> None:
    """Only the library is imported, the project's own rules of ruff hold; only the widest equations need a wider line."""
    for name in SUPPORTED:
        source = export(name, target=target)
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        imported = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import | ast.ImportFrom)]
        assert {a.name for n in imported for a in n.names} == allowed
        assert max(map(len, source.splitlines())) <= 140 or name == "lstm_fgr"
        assert name != "lstm" or len(source.splitlines()) < 240
    command = [sys.executable, "-m", "ruff", "check", "--config", str(PROJECT / "pyproject.toml"), "--ignore", "E501", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0 or "No module named ruff" in found.stderr, found.stdout


@pytest.mark.parametrize("target", ["jax", "torch", "numpy", "numba"])
def test_no_text_of_a_document_becomes_code(target: str) -> None:
    evil = Cell.from_plain(["h[t] = tanh(W @ x[t] + U @ h[t - 1])"], title='"""\nimport os; os.abort()\n\\', paper='\\\'"""', name="a\nb")
    tree = ast.parse(export(evil, target=target))
    assert {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names} <= {"math", "jax", "jax.numpy", "torch", "numpy"}
    wrapped = Cell.from_plain(["h[t] = tanh(W @ x[t])"], paper=f"{'x' * 130} import os")
    assert ast.get_docstring(ast.parse(export(wrapped, target=target)))


@pytest.mark.parametrize("target", ["jax", "torch"])
def test_names_that_the_file_needs_stay_its_own(target: str) -> None:
    """A cell whose symbols are called like the file's own variables still compiles, each name assigned to its own value."""
    lines = ["at[t] = sigmoid(old @ on[t] + up @ at[t - 1])", "step[t] = tanh(at[t]) * on[t]"]
    source = export(Cell.from_plain(lines, shapes={"old": "n,n", "up": "n,n"}), target=target)
    compile(source, "exported.py", "exec")
    step = next(n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef) and n.name == "step")
    stored = [n.id for n in ast.walk(step) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    assert not {"at", "old", "step", "up"} & set(stored)
