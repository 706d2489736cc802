"""Whatever the kernel's process says that makes no sense confirms nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.kernel.replay import Outcome, replay, to_report
from lean_bridge.kernel.session import SecondKernel, installed_library
from lean_bridge.olean.environment import Environment
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
