"""The Lean that is used may be named on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.cli import Toolchain
from lean_bridge.toolchain.find import CHOICES


def test_what_may_be_chosen_is_what_is_looked_for() -> None:
    assert tuple(Toolchain) == CHOICES


@pytest.mark.parametrize("said", ["embedded", "auto", "nothing"])
def test_the_command_line_stands_in_place_of_the_variable(tmp_path: Path, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lean_bridge", "--toolchain", "installed", "toolchain", "path", "--shipped"],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "LEAN_BRIDGE_TOOLCHAIN": said, "PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stdout
    assert "LB901 no installed Lean 4.28.0: there is no `lean`; install" in done.stderr
