"""What is kept is kept for the program that judges, and for nothing that lies beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import lean_bridge
from lean_bridge.program import program_digest


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
