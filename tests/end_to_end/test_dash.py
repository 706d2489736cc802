"""The dashboard on a library that is edited while it is open: the real loop, with ``verify`` and Lean."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lean_bridge.dash.app import Dash
from lean_bridge.dash.loop import Loop
from lean_bridge.dash.model import Board
from lean_bridge.dash.widgets import Matrix
from lean_bridge.library.discovery import find_library
from lean_bridge.library.judgement import forget
from lean_bridge.library.status import read_status
from tests.lines import write_two_and_one_beside
from tests.screens import drawn

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

LONG = 240.0
"""Seconds after which a test gives up; on a busy machine nothing here takes half of it."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two modules of which one imports the other, and one beside them; judgements of the test's own."""
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "embedded")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    root = tmp_path / "lean"
    write_two_and_one_beside(root)
    return root


def edit(root: Path, old: str, new: str) -> None:
    path = root / "Line" / "A.lean"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def states(board: Board) -> dict[str, str]:
    rows = board.status.rows if board.status is not None else ()
    return {row.name.removeprefix("Line."): row.state for row in rows}


def until(loop: Loop, is_there: Callable[[Board], bool]) -> None:
    """Wait for a board that a loop has."""
    deadline = time.monotonic() + LONG
    while not is_there(loop.board):
        assert time.monotonic() < deadline, loop.board
        time.sleep(0.02)


def is_over(verdict: str) -> Callable[[Board], bool]:
    """Return whether there is a verdict, of what is there now, and nothing goes on."""
    return lambda board: (
        board.run is None
        and board.status is not None
        and board.status.verdict == verdict
        and not board.status.changed
    )


def is_elaborating(board: Board) -> bool:
    return board.run is not None and "Line.A" in board.run.elaborating


def test_an_edit_that_breaks_a_proof_one_that_mends_it_and_leaving_in_the_middle(root: Path) -> None:
    loop = Loop(find_library(root), ["--unpinned"])
    app = Dash(loop)
    processes: list[subprocess.Popen[bytes]] = []

    async def run(pilot: Pilot[int]) -> None:
        async def until(is_there: Callable[[Board], bool]) -> str:
            deadline = time.monotonic() + LONG
            while not is_there(loop.board):
                assert time.monotonic() < deadline, loop.board
                await asyncio.sleep(0.02)
            app.look()
            await pilot.pause()
            return drawn(app)

        def selected() -> str | None:
            line = app.query_one(Matrix).line
            return line.row.name if line is not None and line.row is not None else None

        assert "✓ accepted · 3 green" in await until(is_over("accepted"))
        await pilot.press("plus", "down", "down")
        assert selected() == "Line.top"

        assert forget(root) is None, "as another run does that comes to nothing"
        assert "✓ accepted" not in await until(lambda board: states(board)["top"] == "open")
        await pilot.press("r")
        assert "✓ accepted · 3 green" in await until(is_over("accepted"))

        edit(root, "Nat.add_comm a b", "Nat.add_comm b")
        text = await until(is_elaborating)
        assert "▶ elaborating" in text
        assert states(loop.board) == {"base": "stale", "top": "stale", "alone": "green"}
        text = await until(is_over("rejected"))
        assert "Line/A.lean:6:44: error: Type mismatch" in text
        assert states(loop.board) == {"base": "open", "top": "open", "alone": "green"}
        assert selected() == "Line.top"
        await pilot.press("enter")
        await pilot.pause()
        assert "6 │ theorem base (a b : Nat) : a + b = b + a := Nat.add_comm b" in drawn(app)
        await pilot.press("escape")

        lakefile = (root / "lakefile.toml").read_bytes()
        (root / "lakefile.toml").write_text("name = ")
        text = await until(lambda board: board.trouble is not None)
        assert "LB902 lakefile.toml: not TOML" in text
        (root / "lakefile.toml").write_bytes(lakefile)
        await until(is_over("rejected"))

        edit(root, "Nat.add_comm b", "Nat.add_comm a b")
        assert "✓ accepted · 3 green" in await until(is_over("accepted"))
        assert selected() == "Line.top"

        edit(root, "Nat.add_comm a b", "(Nat.add_comm a b)")
        await until(is_elaborating)
        assert loop._run is not None
        processes.append(loop._run.process)
        edit(root, "(Nat.add_comm a b)", "((Nat.add_comm a b))")  # only the newest one counts
        await until(lambda board: any(entry.text.startswith("stopped") for entry in board.log))
        await until(is_elaborating)
        processes.append(loop._run.process)
        await pilot.press("q")

    async def play() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await run(pilot)

    try:
        asyncio.run(play())
    finally:
        loop.close()
    assert len({process.pid for process in processes}) == 2
    assert all(process.returncode is not None for process in processes), "what it started is over"
    assert read_status(root).verdict == "no verdict", "what was not judged to its end is not judged"


@pytest.mark.full
def test_what_judges_only_when_asked_takes_up_what_is_judged_elsewhere(root: Path) -> None:
    def verify() -> None:
        words = ["verify", "--project", str(root), "--unpinned", "-j", "1"]
        subprocess.run([sys.executable, "-m", "lean_bridge", *words], capture_output=True, check=False)

    loop = Loop(find_library(root), eager=False)

    loop.start()
    try:
        until(loop, lambda board: states(board).get("top") == "open")
        verify()
        until(loop, is_over("accepted"))
        edit(root, "Nat.add_comm a b", "Nat.add_comm b")
        until(loop, lambda board: states(board) == {"base": "stale", "top": "stale", "alone": "green"})
        verify()
        until(loop, is_over("rejected"))
        assert not any(entry.text.startswith("judging") for entry in loop.board.log), "it judged nothing"
    finally:
        loop.close()


def test_it_is_drawn_on_the_terminal_wherever_errors_go(root: Path, tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")  # which Windows lacks
    ours, theirs = pty.openpty()
    drawn_there = b""
    with (tmp_path / "errors").open("wb") as errors:
        shown = subprocess.Popen(
            [sys.executable, "-m", "lean_bridge", "dash", "-p", str(root), "--manual"],
            stdin=theirs,
            stdout=theirs,
            stderr=errors,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        )
    try:
        os.close(theirs)
        while b"undecided" not in drawn_there:
            assert select.select([ours], [], [], LONG)[0], drawn_there
            drawn_there += os.read(ours, 1 << 16)
        os.write(ours, b"q")
        with contextlib.suppress(OSError):  # the other end is closed
            while select.select([ours], [], [], LONG)[0] and os.read(ours, 1 << 16):
                pass
        assert shown.wait(LONG) == 2
    finally:
        shown.kill()
        os.close(ours)
    assert (tmp_path / "errors").read_bytes() == b""


@pytest.mark.full
def test_a_plain_terminal_and_a_pipe(root: Path) -> None:
    watched = subprocess.Popen(
        [sys.executable, "-m", "lean_bridge", "status", "-p", str(root), "--watch", "--unpinned", "base"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert watched.stdout is not None
    try:
        told: list[str] = []
        for wanted, old, new in (
            ("verdict\taccepted", "Nat.add_comm a b", "sorry"),
            ("verdict\trejected", "sorry", "Nat.add_comm a b"),
            ("verdict\taccepted", "", ""),
        ):
            while not told or not told[-1].startswith(wanted):
                line = watched.stdout.readline()
                assert line, told
                told.append(line)
            if old:
                edit(root, old, new)
        watched.send_signal(signal.SIGINT)
        rest, errors = watched.communicate(timeout=LONG)
    finally:
        watched.kill()
    assert watched.returncode == 130, rest + errors
    assert "Traceback" not in errors
    heads = [tuple(line.split("\t")[:2]) for line in told]
    assert ("rejected", "Line.base") in heads
    assert ("lean", "Line/A.lean:6:8: warning: declaration uses `sorry`\n") in heads
    assert not any(head[1:] == ("Line.alone",) for head in heads), "it was not asked for"


@pytest.mark.full
def test_a_library_without_a_catalogue_is_followed_whole(root: Path) -> None:
    (root / "catalogue.toml").unlink()
    loop = Loop(find_library(root), ["-j", "1"])

    loop.start()
    try:
        until(loop, is_over("accepted"))
        assert "green" in states(loop.board).values()
        edit(root, "Nat.add_comm a b", "sorry")
        until(loop, is_over("rejected"))
        assert states(loop.board)["base"] == "rejected"
        assert not any("catalogue.toml" in entry.text for entry in loop.board.log)
    finally:
        loop.close()
        forget(root)


def test_what_takes_a_terminal_says_so(root: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "lean_bridge", "dash", "--project", str(root)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "80"},
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert "`lean-bridge status --watch`" in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_without_textual_the_mend_is_said(root: Path) -> None:
    program = (
        "import sys; sys.modules['textual'] = None\n"
        f"sys.argv = ['lean-bridge', 'dash', '--project', {str(root)!r}]\n"
        "from lean_bridge.cli import main; main()"
    )
    ours, theirs = os.openpty()
    try:
        found = subprocess.run(
            [sys.executable, "-c", program],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert found.returncode == 2
    assert "pip install 'lean-bridge[dash]'" in found.stderr
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP, None], ids=["TERM", "HUP", "ctrl+c"])
def test_however_it_is_ended_the_terminal_is_as_it_was(root: Path, told: signal.Signals | None) -> None:
    ours, theirs = os.openpty()
    shown = b""
    try:
        started = subprocess.Popen(
            [sys.executable, "-m", "lean_bridge", "dash", "--project", str(root), "--manual"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)
        while b"not judged yet" not in shown and b"no verdict" not in shown:
            shown += os.read(ours, 1 << 16)
        if told is None:
            os.write(ours, b"\x03")
        else:
            started.send_signal(told)
        with contextlib.suppress(OSError):  # what Linux says when nobody has the other end any more
            while more := os.read(ours, 1 << 16):
                shown += more
        assert started.wait(LONG) == 2, shown[-500:]
    finally:
        os.close(ours)
    assert shown.count(b"\x1b[?1049h") == shown.count(b"\x1b[?1049l") == 1, "it leaves its screen"
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l"), "the cursor is seen"
    assert b"Traceback" not in shown
