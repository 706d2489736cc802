"""The rooms import in one direction only, and each outside package has its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lean_bridge
import pybind_models

PACKAGE = Path(next(iter(lean_bridge.__path__)))
MODELS = Path(next(iter(pybind_models.__path__)))

MAY_IMPORT = {
    "toolchain": set(),
    "build": {"toolchain", "olean"},
    "olean": set(),
    "kernel": {"olean", "toolchain"},
    "audit": {"olean"},
    "extract": {"olean"},
    "executor": set(),
    "capture": {"executor"},
    "emit": set(),
    "certify": {
        "audit",
        "capture",
        "crosscheck",
        "emit",
        "executor",
        "library",
        "program",
        "project",
        "toolchain",
    },
    "crosscheck": {"executor", "extract", "audit", "olean", "build", "toolchain"},
    "witness": {"crosscheck", "extract", "audit", "olean", "build", "toolchain"},
    "verdict": {
        "audit",
        "build",
        "crosscheck",
        "executor",
        "extract",
        "kernel",
        "olean",
        "program",
        "toolchain",
        "witness",
    },
    "library": {
        "audit",
        "build",
        "crosscheck",
        "extract",
        "kernel",
        "olean",
        "program",
        "toolchain",
        "verdict",
        "witness",
    },
    "bench": {"executor", "crosscheck", "extract"},
    "gate": {"audit", "library", "project", "toolchain", "ui", "verdict"},
    "cluster": {"program", "toolchain"},
    "ui": set(),
    "dash": {"audit", "build", "library", "toolchain", "ui"},
    "commands": {
        "audit",
        "bench",
        "build",
        "certify",
        "cluster",
        "crosscheck",
        "dash",
        "executor",
        "extract",
        "gate",
        "kernel",
        "library",
        "olean",
        "project",
        "toolchain",
        "ui",
        "verdict",
    },
}
"""The rooms that each room may use; besides them everyone may use words and models."""

WORDS = (
    "ahead",
    "codes",
    "doubts",
    "errors",
    "events",
    "files",
    "findings",
    "letters",
    "misfits",
    "names",
    "notebooks",
    "sealed",
    "spelling",
    "uncollected",
)
"""What everyone may use, besides the models; ``notebooks`` looks up the room that draws when it draws."""

FLOORS = {
    "arrays": set(),
    "rules": {"arrays"},
    "plans": {"arrays", "rules"},
    "plans.passes.algebra": {"arrays", "plans"},
    "plans.passes.small": {"arrays", "plans"},
    "plans.passes.memory": {"arrays", "plans"},
}
"""The rooms inside the executor, and which of the others each may use; the face may use them all."""

CONFINED = {
    "rich": {"dash", "ui"},
    "textual": {"commands", "dash"},
    "watchfiles": {"dash"},
    "typer": {"cli.py", "commands"},
    "numpy": {"executor", "crosscheck", "olean", "bench"},
    "array_api_compat": {"executor"},
    "flint": {"executor"},
    "safetensors": {"executor"},
    "torch": {"bench", "capture", "crosscheck", "executor"},
    "jax": {"bench", "capture", "crosscheck", "executor"},
    "autograd": {"bench"},
    "threadpoolctl": {"bench"},
    "matplotlib": {"ui"},
    "lean_dojo": {"audit"},
    "ray": {"cluster"},
    "tomli_w": {"audit"},
    "subprocess": {"certify", "dash", "toolchain"},
}
"""Where a package may be imported, if not everywhere."""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module is not None
            yield node.module


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_every_room_has_a_rule() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(MAY_IMPORT)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room = place(path)
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top in CONFINED:
            assert room in CONFINED[top], f"{top} is for {CONFINED[top]}"
        if top == "lean_bridge" and room in MAY_IMPORT:
            target = rest.partition(".")[0]
            allowed = {room, *WORDS} | MAY_IMPORT[room]
            assert target in allowed, f"{room} may not import {name}"


def floor_of(name: str) -> str | None:
    """Return the room inside the executor that a module is in, if it is in one."""
    within = name.removeprefix("lean_bridge.executor.")
    found = [room for room in FLOORS if within == room or within.startswith(f"{room}.")]
    return max(found, key=len, default=None) if within != name else None


def test_every_room_inside_the_executor_has_a_rule() -> None:
    rooms = {path.parent.name for path in (PACKAGE / "executor").glob("*/__init__.py")}
    assert rooms == {room for room in FLOORS if "." not in room}


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "executor").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_the_executor_is_built_from_the_ground_up(path: Path) -> None:
    floor = floor_of(module_name(path))
    assert floor is not None or path.parent.name == "executor"
    for name in imported(path):
        if floor is not None and name.startswith("lean_bridge.executor."):
            assert floor_of(name) in {floor} | FLOORS[floor], f"{floor} may not import {name}"


def test_no_two_modules_of_a_room_import_each_other() -> None:
    """Nor a longer circle, type checking included."""
    modules = {module_name(path): path for path in SOURCES}
    reads = {
        name: {other for other in imported(path) if other in modules and room_of(other) == room_of(name)}
        for name, path in modules.items()
    }
    while reads:
        ready = [name for name, others in reads.items() if not others & reads.keys()]
        assert ready, f"a circle among {sorted(reads)}"
        for name in ready:
            del reads[name]


def module_name(path: Path) -> str:
    return ".".join(("lean_bridge", *path.relative_to(PACKAGE).with_suffix("").parts))


def room_of(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("path", sorted(MODELS.rglob("*.py")), ids=lambda path: path.name)
def test_models_know_nothing_of_the_tool(path: Path) -> None:
    assert not any(name.startswith("lean_bridge") for name in imported(path))


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/__init__.py")), ids=lambda path: path.parent.name)
def test_rooms_are_described_in_one_sentence_and_export_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree)
    assert docstring is not None
    assert docstring.count(".") >= 1
    assert len(tree.body) == 1
