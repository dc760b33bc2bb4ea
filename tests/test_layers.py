"""Imports between the layers go downwards only, as DESIGN says: cli > slides > audit > ... > cells > expr."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lstm_symbolic

ROOT = Path(lstm_symbolic.__file__).parent
LAYERS = ("expr", "cells", "calculus", "proof", "reading", "writing", "export", "audit", "slides", "cli")
#: Below everything: they import nothing of the package (the notebook hook asks upward only when an object is shown).
GROUND = ("errors", "notebook")


def layer(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(text: str, module: str, package: bool) -> Iterator[str]:
    """The absolute names of all modules of the package that a text imports, also inside functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "lstm_symbolic")
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                parts = module.split(".")
                keep = len(parts) - node.level + package
                base = ".".join(parts[:keep] + ([node.module] if node.module else []))
            else:
                base = node.module or ""
            if base == "lstm_symbolic":
                yield from (f"lstm_symbolic.{a.name}" for a in node.names)
            elif base.startswith("lstm_symbolic."):
                yield base


def upward(text: str, module: str, package: bool = False) -> list[str]:
    """Imports that go up."""
    here = layer(module)
    if here in ("", "__main__", *GROUND):
        return []
    found = [layer(name) for name in imports(text, module, package)]
    return [name for name in found if name in LAYERS and LAYERS.index(name) > LAYERS.index(here)]


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    assert upward(path.read_text(encoding="utf-8"), module_name(path), path.name == "__init__.py") == []


def test_every_module_has_a_layer() -> None:
    assert {layer(module_name(p)) for p in FILES} <= {"", "__init__", "__main__", *LAYERS, *GROUND}


def test_the_ground_imports_nothing_at_import_time() -> None:
    for name in GROUND:
        tree = ast.parse((ROOT / f"{name}.py").read_text(encoding="utf-8"))
        assert not [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module != "__future__"]


@pytest.mark.parametrize(
    "text",
    [
        "from ..writing import latex",
        "from lstm_symbolic.audit.check import check",
        "import lstm_symbolic.cli",
        "def f():\n    from .. import slides",
    ],
)
def test_an_upward_import_is_seen(text: str) -> None:
    assert upward(text, "lstm_symbolic.cells.cell")


def test_a_downward_import_is_fine() -> None:
    assert upward("from ..cells import Cell\nfrom ..expr.nodes import NODES\nfrom .walk import Writer", "lstm_symbolic.writing.show") == []


def test_importing_the_package_loads_neither_sympy_nor_numpy() -> None:
    code = "import sys, lstm_symbolic; dir(lstm_symbolic); print(any(m in sys.modules for m in ('sympy', 'numpy', 'flint')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


@pytest.mark.parametrize("first", ["cell", "cells", "Cell"])
def test_verbs_stay_verbs_whatever_is_imported_first(first: str) -> None:
    """``cells`` is a verb and a subpackage: both ways of using it work, in any order."""
    code = (
        f"import lstm_symbolic as ls; ls.{first}; import lstm_symbolic.cells.zoo.gru; assert 'lstm' in ls.cells();"
        "from lstm_symbolic.cells import Cell; import lstm_symbolic.cells as c; assert c.Cell is Cell; ls.cells(); print('fine')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "fine", done.stderr


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        lstm_symbolic.nonsense  # noqa: B018
