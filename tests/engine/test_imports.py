"""The engine stands alone: the standard library and itself, and no clock."""

import ast
from pathlib import Path
import sys

import pytest

from custom_components.sunfuse import engine

ROOT = Path(engine.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter", "sleep"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_imports_the_standard_library_and_itself_only(module: Path) -> None:
    """No Home Assistant, no OCPP, no package, no other room."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                assert alias.name.split(".")[0] in sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                deep = len(module.relative_to(ROOT).parents)
                assert node.level <= deep, f"{module.name} reaches out of the engine"
            else:
                assert (node.module or "").split(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_owns_no_clock_and_no_io(module: Path) -> None:
    """The time comes in with the snapshot; nothing is opened or awaited."""
    for node in ast.walk(ast.parse(module.read_text())):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names}
            assert not names & {"time", "random", "os", "socket", "asyncio", "pathlib"}
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                assert node.func.attr not in CLOCKS
            elif isinstance(node.func, ast.Name):
                assert node.func.id not in {"open", "print", "input"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_modules_are_short(module: Path) -> None:
    """A module that passes 400 lines is asking to be two."""
    assert len(module.read_text().splitlines()) <= 400
