"""Other Pythons that are claimed: the package installs there, reads a graph, binds, runs and checks it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.test_package import CLAIMED

pytestmark = [pytest.mark.lean, pytest.mark.full, pytest.mark.usefixtures("embedded")]

ROOT = Path(__file__).parents[2]
SIZES = ("--dims", "n=5,dModel=8,numHeads=2,headDim=4", "--set", "c=0.5")
PROGRAM = """
import pickle, sys
import numpy as np
import lean_bridge

graph = lean_bridge.open_project(shipped=True).graph("mhaResidualDGraph")
program = graph.bind(n=5, dModel=8, numHeads=2, headDim=4).compile(c=0.5)
rng = np.random.default_rng(0)
inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
expected = program.vjp(inputs, {"residual": np.ones((5, 8))})
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    twin = pickle.loads(pickle.dumps(program, protocol))
    np.testing.assert_equal(twin.vjp(inputs, {"residual": np.ones((5, 8))}), expected)
print(*sys.version_info[:2], graph.standing.status, len(expected))
"""


def interpreter(version: str) -> Path | None:
    """Return a Python of a version: on the path, or where pyenv keeps its own."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which(f"python{version}")
    places = [*([Path(found)] if found else []), *sorted(kept.glob(f"{version}.*/bin/python"))]
    for place in places:
        asked = subprocess.run(
            [place, "-c", "import venv, sys; print(sys.version)"], capture_output=True, text=True, check=False
        )
        if asked.stdout.startswith(f"{version}."):  # pyenv has commands for Pythons that are not chosen
            return place
    return None


@pytest.mark.parametrize("version", CLAIMED)
def test_what_is_claimed_of_a_python(version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(*words: str | Path) -> str:
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(python, "-m", "venv", "env")
    own = tmp_path / "env" / "bin"
    run(own / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{ROOT}[kernel]")
    assert run(own / "python", "-c", PROGRAM).split() == [*version.split("."), "accepted", "5"]
    assert "✓ ok" in run(own / "lean-bridge", "doctor")
    told = run(
        own / "lean-bridge", "run", "mhaResidualDGraph", "--shipped", *SIZES, "--random", "0", "--check"
    )
    assert "✓ adjoint identity" in told
