"""What is kept is kept for the program that judges, and for nothing that lies beside it."""

from __future__ import annotations

import re
import shutil
from importlib.metadata import distributions
from pathlib import Path

import pytest

import lean_bridge
from lean_bridge.program import installed_versions, program_digest


def test_what_a_wheel_has_beside_the_program_is_no_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lean_bridge"
    ignored = shutil.ignore_patterns("__pycache__", "_lean", "_example")
    shutil.copytree(Path(next(iter(lean_bridge.__path__))), package, ignore=ignored)
    monkeypatch.setattr(lean_bridge, "__path__", [str(package)])
    digest = program_digest.__wrapped__
    before = digest()
    for beside in ("_lean/Proofs/A.lean", "_example/Model.lean", "verdict/__pycache__/judge.pyc"):
        (package / beside).parent.mkdir(parents=True, exist_ok=True)
        (package / beside).write_text("beside")
        assert digest() == before, beside
    (package / "verdict" / "judge.py").write_text("# judges nothing\n")
    assert digest() != before


def test_versions_are_those_that_python_tells() -> None:
    told: dict[str, str] = {}
    for each in distributions():
        told.setdefault(re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower(), each.version)
    assert "numpy" in told
    found = installed_versions()
    assert {name: found.get(name) for name in told} == told


def test_of_several_places_the_first_decides_and_eggs_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "first/Lean_Dojo-4.20.0.dist-info",
        "second/lean_dojo-4.19.0.dist-info",
        "second/torch-2.6.0+cpu.dist-info",
        "second/numpy-2.1.0-py3.11-linux-x86_64.egg-info",
        "second/galois-0.4.4.dist-info.old",
        "python_flint-0.7.0-py3.11-linux-x86_64.egg",
    ):
        (tmp_path / name).mkdir(parents=True)
    egg = tmp_path / "python_flint-0.7.0-py3.11-linux-x86_64.egg"
    monkeypatch.setattr(
        "sys.path", [*map(str, (tmp_path / "first", tmp_path / "second", egg, tmp_path / "no"))]
    )
    assert installed_versions() == {
        "lean-dojo": "4.20.0",
        "torch": "2.6.0+cpu",
        "numpy": "2.1.0",
        "python-flint": "0.7.0",
    }
