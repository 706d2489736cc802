"""The page on adding a primitive shows what stands in the tree, and the primitive it adds is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.testing

from lean_bridge.audit.catalogue import read_catalogue
from lean_bridge.cli import app
from lean_bridge.executor.rules.table import PRIMITIVES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add-a-primitive.md").read_text(encoding="utf-8")
FILE = re.compile(r"`([\w/.-]+/[\w.-]+\.\w+)`|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown() -> list[tuple[str, str]]:
    """Return each block of code that is shown, with the file that was named last before it."""
    blocks, file = [], ""
    for found in FILE.finditer(PAGE):
        if found[1]:
            file = found[1]
        elif found[2] != "console":
            blocks.append((file, found[3]))
    return blocks


def test_it_shows_each_side() -> None:
    assert {Path(file).suffix for file, _ in shown()} == {".lean", ".toml", ".py"}
    assert len(shown()) >= 8


@pytest.mark.parametrize(("file", "code"), shown())
def test_what_is_shown_stands_in_the_file_that_is_named(file: str, code: str) -> None:
    assert code in (ROOT / file).read_text(encoding="utf-8"), file


def test_what_is_named_is_there() -> None:
    paths = set(re.findall(r"(?:lean|lean_bridge|tests|docs)/[\w/.-]*\w", PAGE))
    assert len(paths) > 10
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    assert "square" in PRIMITIVES
    assert "Proofs.Autograd.TapeNodes.squareFderiv" in {
        each.name for each in read_catalogue(ROOT / "lean").declarations
    }


def test_its_commands_are_those_of_the_tool() -> None:
    runner = typer.testing.CliRunner()
    commands = re.findall(r"^\$ lean-bridge (\w+)((?: --[\w-]+)*)", PAGE, re.MULTILINE)
    assert {name for name, _ in commands} == {"verify", "pin"}
    for name in ("verify", "pin"):
        assert runner.invoke(app, [name, "--help"]).exit_code == 0
    told = runner.invoke(app, ["verify", "--help"]).stdout
    assert set(re.findall(r"^\$ lean-bridge verify.* (--[\w-]+)", PAGE, re.MULTILINE)) <= set(
        re.findall(r"--[\w-]+", told)
    )
    modules = re.findall(r"^\$ python -m (tests\.\w+)", PAGE, re.MULTILINE)
    assert modules
    assert all((ROOT / f"{module.replace('.', '/')}.py").is_file() for module in modules)
