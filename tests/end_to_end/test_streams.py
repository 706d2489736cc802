"""Streams that take nothing: the exit status is what it would be, and no fault of this program is claimed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

EXPLAIN = f"{sys.executable} -m lean_bridge explain LB103"
UNKNOWN = f"{sys.executable} -m lean_bridge olean nowhere.olean"


def run(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_where_there_is_no_room_for_the_output_one_line_says_so() -> None:
    found = run(f"{EXPLAIN} >/dev/full")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == "lean-bridge: there is no room to write: No space left on device: no verdict\n"


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
@pytest.mark.parametrize("command", [EXPLAIN, UNKNOWN, f"{EXPLAIN} LB104", f"{UNKNOWN} --nothing"])
def test_where_nothing_can_be_said_the_status_is_not_that_of_a_rejection(command: str) -> None:
    assert run(f"{command} >/dev/full 2>/dev/full").returncode == 2


@pytest.mark.parametrize(("command", "status"), [(EXPLAIN, 0), (UNKNOWN, 2)])
def test_other_streams_that_are_closed_change_no_status(command: str, status: int) -> None:
    assert run(f"{command} <&- 2>&-").returncode == status


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", ">&- 2>&-", ">&-"])
def test_what_nobody_can_see_is_no_success(closed: str) -> None:
    found = run(f"{EXPLAIN} {closed}")
    assert found.returncode == 2
    told = "lean-bridge: standard output is closed; give it somewhere to go: no verdict\n"
    assert found.stderr == ("" if "2>" in closed else told)


def test_letters_that_the_output_has_not_are_escapes() -> None:
    found = run(f"PYTHONUTF8=0 PYTHONIOENCODING=ascii {sys.executable} -m lean_bridge olean 'ж.olean'")
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    told = (
        "import sys; from pathlib import Path; from lean_bridge import cli; "
        f"cli.app = lambda **_: Path({str(tmp_path / 'file' / 'x')!r}).mkdir(); cli.main()"
    )
    found = run(f"{sys.executable} -c {shlex.quote(told)}")
    assert found.returncode == 2
    assert found.stderr == f"lean-bridge: {tmp_path / 'file' / 'x'}: Not a directory: no verdict\n"
