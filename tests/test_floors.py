"""The architecture: imports point only downward, floors do not import each other's siblings."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cnnviz

ROOT = Path(cnnviz.__file__).parent
FLOORS = {
    "errors": 0,
    "calls": 1,
    "geometry": 1,
    "files": 1,
    "trained": 1,
    "contract": 2,
    "arrays": 2,
    "images": 3,
    "kernels": 3,
    "ops": 3,
    "conventions": 3,
    "layers": 4,
    "graph": 4,
    "signals": 4,
    "formats": 5,
    "report": 6,
    "model": 7,
    "training": 8,
    "render": 8,
    "batch": 9,
    "cli": 10,
    "__main__": 11,
}
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
PROJECT = Path(__file__).resolve().parent.parent


def room(path: Path) -> str:
    """Return the top-level module or package that a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the absolute names that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_room_has_a_floor() -> None:
    assert {room(path) for path in MODULES} <= set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    here = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "cnnviz" or len(parts) < 2 or parts[1] not in FLOORS:
            continue
        there = parts[1]
        assert there == here or FLOORS[there] < FLOORS[here], f"{here} imports {there}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_click_and_rich_stay_at_the_top(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(path)}
    if room(path) not in ("cli", "__main__"):
        assert "click" not in tops
    if room(path) not in ("cli", "render", "__main__"):
        assert "rich" not in tops


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_private_stays_in_its_room(path: Path) -> None:
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "cnnviz" and parts[1:2] != [room(path)]:
            hidden = [part for part in parts[1:] if part[0] == "_" and not part.endswith("__")]
            assert not hidden, name


@pytest.mark.parametrize("folder", ["cnnviz", "tests", "docs", "benchmarks"])
def test_no_file_is_over_400_lines(folder: str) -> None:
    lengths = {
        str(path.relative_to(PROJECT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (PROJECT / folder).rglob("*.py")
    }
    assert lengths
    assert {path: n for path, n in lengths.items() if n > 400} == {}


def test_an_upward_import_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "x.py"
    module.write_text("def f():\n    from cnnviz.cli import main\n")
    assert imported(module) == {"cnnviz.cli.main"}
    assert FLOORS["cli"] > FLOORS["ops"]
