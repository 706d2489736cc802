"""The strict type checker and the linter accept the whole tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_no_file_of_tests_is_passed_over(pytestconfig: pytest.Config) -> None:
    """Directories called ``build``, ``dist`` or ``venv`` are, unless pytest is told otherwise."""
    patterns: list[str] = pytestconfig.getini("norecursedirs")
    places = {path.parent.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")}
    assert not [at for at in places for part in at.parts for each in patterns if fnmatch(part, each)]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["mypy", "--no-error-summary"], id="mypy", marks=pytest.mark.full),
        pytest.param(["ruff", "check", "--quiet", "."], id="ruff-check"),
        pytest.param(["ruff", "format", "--check", "--quiet", "."], id="ruff-format"),
    ],
)
def test_is_clean(command: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


PYRIGHT = "pyright@1.1.414"
"""A package of npm, to which the tests alone are held."""


@pytest.mark.full
def test_what_a_user_writes_is_clean_to_pyright(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm here")
    subprocess.run([npm, "install", "--silent", PYRIGHT], cwd=tmp_path, check=True)
    shutil.copy(ROOT / "tests" / "typing" / "example.py", tmp_path)
    settings = {"include": ["example.py"], "typeCheckingMode": "strict", "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = ["node_modules/.bin/pyright", "--pythonpath", sys.executable]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 errors, 0 warnings" in result.stdout


@pytest.mark.full
def test_what_a_user_writes_is_clean_to_the_strict_type_checker(tmp_path: Path) -> None:
    example = shutil.copy(ROOT / "tests" / "typing" / "example.py", tmp_path)
    command = ["mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache")]
    result = subprocess.run(
        [sys.executable, "-m", *command, str(example)],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
