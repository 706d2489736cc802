"""Whatever the kernel's process says that makes no sense confirms nothing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import pytest

from lean_bridge.errors import ToolchainTimeout
from lean_bridge.kernel.replay import Outcome, replay, to_report
from lean_bridge.kernel.session import Conversation, SecondKernel, installed_library
from lean_bridge.olean.environment import Environment
from lean_bridge.toolchain.process import end, read_lines, start
from tests.unit.kernel.declarations import DATA

HELLO = '{"kernel": "4.35.0"}'
YES = '{"outcome": "accepted", "message": ""}'
QUESTIONS = 5
"""``swap``, ``Pair`` with its two fields, and the numbers that literals are made of."""

SPEECHES = {
    "nothing": ([], "ended with status 0: it said nothing"),
    "no greeting": ([YES] * QUESTIONS + ['{"end": 3}'], "process began with"),
    "an end at once": (['{"end": -1}'], "process began with {}"),
    "no end": ([HELLO] + [YES] * QUESTIONS, "ended with status 0"),
    "an end too early": ([HELLO, YES, '{"end": 1}'], "1 answers to"),
    "an end that counts otherwise": ([HELLO, YES, '{"end": 4}'], "gave 1 answers and says 4"),
    "too many answers": ([HELLO] + [YES] * 9 + ['{"end": 9}'], "9 answers to"),
    "no JSON": ([HELLO, "accepted"], "said b'accepted'"),
    "JSON of another kind": ([HELLO, "[1]"], "said b'[1]'"),
    "an unknown outcome": ([HELLO, *['{"outcome": "fine"}'] * QUESTIONS, '{"end": 5}'], ""),
}


@pytest.fixture(name="environment", scope="module")
def _environment() -> Environment:
    environment = Environment([DATA])
    environment.load("Native")
    return environment


def speak(directory: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> SecondKernel:
    """Put a program in the place of the kernel's process that says these lines, whatever it is asked."""
    program = directory / "program"
    program.write_text(f"#!{sys.executable}\nprint({chr(10).join(lines)!r})\n" if lines else "#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    return SecondKernel(Path("unused"), "4.35.0", "a test")


@pytest.mark.parametrize("case", SPEECHES)
def test_what_makes_no_sense_confirms_nothing(
    case: str, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, fault = SPEECHES[case]
    found = replay(environment, ["swap"], kernel=speak(tmp_path, lines, monkeypatch))
    assert fault in (found.fault or "")
    assert found.outcomes["swap"].state == ("accepted" if case == "no end" else "not reached")
    assert to_report(found, allowed_axioms=()).verdict == "no verdict"


def test_whole_answers_count_as_said(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no = YES.replace("accepted", "refused").replace('""', '"because"')
    kernel = speak(tmp_path, [HELLO, YES, YES, YES, YES, no, '{"end": 5}'], monkeypatch)
    found = replay(environment, ["swap"], kernel=kernel)
    assert found.fault is None
    assert found.outcomes["swap"] == Outcome("refused", "because")
    assert found.outcomes["Pair"] == Outcome("accepted")


@pytest.mark.parametrize(("answered", "top"), [(3, "not reached"), (4, "gave up")])
def test_a_process_that_ends_gave_up_at_what_it_was_at(
    answered: int, top: str, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = replay(environment, ["swap"], kernel=speak(tmp_path, [HELLO] + [YES] * answered, monkeypatch))
    assert [outcome.state for outcome in found.outcomes.values()].count("gave up") == 1
    assert found.outcomes["swap"].state == top
    assert (found.fault or "") in (found.outcomes["swap"].detail or "")


def program(directory: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program in the place of the kernel's process, and return where it is."""
    place = directory / "program"
    place.write_text(f"#!{sys.executable}\nimport os, sys, time\n{text}")
    place.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(place))
    return place


def requests(*lines: bytes) -> IO[bytes]:
    return io.BytesIO(b"".join(lines))


ECHO = f"""
def say(text):
    print(text, flush=True)
say({HELLO!r})
for count, _ in enumerate(sys.stdin, 1):
    say({YES!r})
say('{{"end": %d}}' % count)
"""


def test_what_is_asked_later_is_answered_by_the_same_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, ECHO, monkeypatch)
    monkeypatch.setattr("lean_bridge.toolchain.process._TURN", 0.05)
    with Conversation(Path("unused"), time_limit=20.0, memory_limit=0) as asked:
        asked.ask(requests(b"{}\n", b"{}\n"), 2)
        assert asked.version() == "4.35.0"
        quiet: list[tuple[float, float]] = []
        while not quiet or quiet != asked.busy:  # a slow machine answers in several turns
            quiet = [*asked.busy]
            time.sleep(0.3)
        asked.ask(requests(b"{}\n"), 1)
        assert len(list(asked.answers())) == 3
        (first, until), (again, ended) = asked.busy[len(quiet) - 1 : len(quiet) + 1]
        assert first <= until < until + 0.3 <= again <= ended


def test_seconds_in_which_nothing_is_asked_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lean_bridge.toolchain.process._TURN", 0.05)
    place = program(tmp_path, "time.sleep(0.5)\nprint('late')\n", monkeypatch)
    for is_awaited, expected in ((False, [b"late"]), (True, None)):
        process = start([place], cwd=tmp_path, stderr=subprocess.DEVNULL)
        lines = read_lines(process, time_limit=0.2, is_awaited=lambda said=is_awaited: said)  # type: ignore[misc]
        if expected is None:
            with pytest.raises(ToolchainTimeout):
                list(lines)
        else:
            assert list(lines) == expected
        end(process)
        assert process.stdout is not None
        process.stdout.close()


def test_who_goes_away_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one that reads nothing of what is written to it, nor threads that wait for it."""
    place = tmp_path / "id"
    told = f"open({str(place)!r}, 'w').write(str(os.getpid()))"
    program(tmp_path, f"print({HELLO!r}, flush=True)\n{told}\ntime.sleep(600)\n", monkeypatch)
    before = threading.active_count()

    def interrupted() -> None:
        with Conversation(Path("unused"), time_limit=600.0, memory_limit=0) as asked:
            asked.ask(requests(b"{}\n" * 1_000_000), 1_000_000)
            while not place.is_file() or not place.read_text():
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(ProcessLookupError):
        os.kill(int(place.read_text()), 0)
    assert threading.active_count() == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a limit of time ends it")
def test_the_process_does_not_outlive_who_asked() -> None:
    command = [sys.executable, "-m", "lean_bridge.kernel.child", "library", "1", "1", str(os.getppid())]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"process {os.getppid()}, which started this, is gone" in said.stderr


@pytest.mark.skipif(sys.platform != "linux" or installed_library() is None, reason="there is none here")
@pytest.mark.parametrize(("kind", "most"), [("RLIMIT_AS", 1 << 36), ("RLIMIT_CPU", 500)])
def test_limits_that_may_not_be_raised_stay(kind: str, most: int) -> None:
    told = (
        f"import resource; resource.setrlimit(resource.{kind}, ({most}, {most}))\n"
        "from lean_bridge.kernel.session import find_second_kernel\n"
        "print(find_second_kernel().version)\n"
    )
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert (found.stdout, found.stderr) == ("4.35.0\n", "")
