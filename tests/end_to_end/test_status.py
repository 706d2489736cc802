"""From an accepted library over an edit to a rejected one: ``status`` never says more than was judged."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pybind_models.status import StatusReport
from tests.lines import write_two_and_one_beside
from tests.running_lean import run_here

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two modules of which one imports the other, and one beside them."""
    root = tmp_path / "lean"
    write_two_and_one_beside(root)
    return root


def run(root: Path, command: str, *args: str) -> subprocess.CompletedProcess[str]:
    return run_here(command, "--project", str(root), *args, env={"COLUMNS": "100"})


def status(root: Path, *args: str) -> tuple[int, StatusReport]:
    found = run(root, "status", "--format", "json", *args)
    assert found.stdout, found.stderr
    return found.returncode, StatusReport.model_validate_json(found.stdout)


def states(found: StatusReport) -> dict[str, str]:
    return {row.name.removeprefix("Line."): row.state for row in found.rows}


def edit(root: Path, module: str, old: str, new: str) -> None:
    path = root / "Line" / f"{module}.lean"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def ageless(text: str) -> list[str]:
    return re.sub(r"judged .*", "", text).splitlines()


def test_from_nothing_over_accepted_and_stale_to_rejected(library: Path) -> None:
    code, found = status(library)
    assert (code, found.verdict, found.judged, found.code) == (2, "no verdict", None, "LB908")
    assert set(states(found).values()) == {"open"}

    verified = run(library, "verify", "--unpinned")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    code, found = status(library)
    assert (code, found.verdict, found.unpinned, found.changed) == (0, "accepted", True, ())
    assert states(found) == {"base": "green", "top": "green", "alone": "green"}
    shown = run(library, "status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert ageless(shown.stdout) == ageless(verified.stdout), "verify ends in this view"
    assert "✓ accepted · 3 green" in shown.stdout

    # an entry alone, accepted, is no judgement of the library
    assert run(library, "verify", "--unpinned", "alone").returncode == 0
    assert status(library)[1].verdict == "accepted"

    edit(library, "A", "theorem base", "/-- The first. -/\ntheorem base")
    code, found = status(library)
    assert (code, found.verdict, found.code, found.judged) == (2, "no verdict", "LB914", "accepted")
    assert states(found) == {"base": "stale", "top": "stale", "alone": "green"}
    assert found.changed == ("Line/A.lean changed",)
    code, chosen = status(library, "--not", "green")
    assert (code, states(chosen), chosen.left_out) == (2, {"base": "stale", "top": "stale"}, 1)
    code, chosen = status(library, "alone")
    assert (code, chosen.verdict, states(chosen)) == (2, "no verdict", {"alone": "green"})
    assert states(status(library, "--group", "beside")[1]) == {"alone": "green"}

    edit(library, "A", "Nat.add_comm a b", "sorry")
    verified = run(library, "verify", "--unpinned")
    assert verified.returncode == 1
    assert "sorryAx" in verified.stdout
    code, found = status(library)
    assert (code, found.verdict, found.changed) == (1, "rejected", ())
    assert states(found) == {"base": "rejected", "top": "rejected", "alone": "green"}
    assert [row.code for row in found.rows] == ["LB205", "LB205", None]
    text = run(library, "status").stdout
    assert text.index("✗ Row") < text.index("✓ Beside")
    assert "→ lean-bridge explain LB205" in text

    edit(library, "A", "sorry", "Nat.add_comm a b")
    code, found = status(library)
    assert (code, found.verdict, found.judged) == (2, "no verdict", "rejected"), "mended is not judged"
    assert states(found)["top"] == "stale"


def test_a_run_that_contradicts_a_judgement_takes_it_back(library: Path) -> None:
    assert run(library, "verify", "--unpinned").returncode == 0
    assert status(library)[0] == 0
    assert run(library, "verify", "alone").returncode == 2, "nobody waives that it is not pinned"
    code, found = status(library)
    assert (code, found.judged, found.code) == (2, None, "LB209")
    assert str(found.reason).startswith("a later run of a part did not accept what the last one had judged: ")
    assert run(library, "verify", "--unpinned").returncode == 0
    assert run(library, "verify", "--unpinned", "--require", "confirmed", "nobody").returncode == 2
    assert status(library)[0] == 0, "a name that nobody has says nothing of the library"
    (library / "lean-toolchain").rename(library / "toolchain")
    assert run(library, "verify", "--unpinned").returncode == 2
    (library / "toolchain").rename(library / "lean-toolchain")
    code, found = status(library)
    assert (code, found.judged, found.code) == (2, None, "LB902")
    assert str(found.reason).startswith("the last run failed before it judged: lean-toolchain: ")
    assert set(states(found).values()) == {"open"}


def test_nobody_else_and_no_copy_is_believed(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(library.parent / "data"))  # to find its only judgement in
    assert run(library, "verify", "--unpinned").returncode == 0
    (record,) = (library.parent / "data" / "lean-bridge" / "judgements").iterdir()
    content = record.read_bytes()
    record.write_bytes(content.replace(b'"unpinned":true', b'"unpinned":false'))
    assert (record.read_bytes() != content, status(library)[0]) == (True, 2)
    record.write_bytes(content)
    assert status(library)[0] == 0
    moved = library.parent / "moved"
    library.rename(moved)
    assert status(moved)[0] == 2


def test_a_name_that_no_row_has_is_said(library: Path) -> None:
    found = run(library, "status", "encoder")
    assert found.returncode == 2
    assert found.stderr.startswith("lean-bridge: LB903 no row has 'encoder' in its name or group")
    for words in (("--shipped",), ("--not", "grün")):
        assert run(library, "status", *words).returncode == 2
    for also in ((), ("--watch",), ("--not", "green"), ("--format", "json")):
        found = run(library, "status", "--group", "Rwo", *also)
        assert (found.returncode, found.stdout) == (2, "")
        assert found.stderr == "lean-bridge: LB903 no group has 'Rwo' in its name; did you mean Row?\n"


def test_no_lean_is_started(library: Path) -> None:
    assert run(library, "verify", "--unpinned").returncode == 0
    program = (
        "import sys, subprocess, os\n"
        "def refuse(*a, **k): raise AssertionError(a)\n"
        "subprocess.Popen = os.posix_spawn = os.fork = os.execve = refuse\n"
        f"sys.argv = ['lean-bridge', 'status', '--project', {str(library)!r}]\n"
        "from lean_bridge.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    print([m for m in ('numpy', 'torch', 'lean_dojo', 'lean_bridge.project') if m in sys.modules])\n"
    )
    env = {**os.environ, "LEAN_BRIDGE_TOOLCHAIN": "embedded"}
    found = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.endswith("\n[]\n")
