"""Every way of not being accepted has a code, and every code is explained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge import cli, errors
from lean_bridge.cli import app
from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.errors import BuildFailed, LeanBridgeError, OleanError


def leaves(kind: type[LeanBridgeError]) -> Iterator[type[LeanBridgeError]]:
    below = kind.__subclasses__()
    for each in below:
        yield from leaves(each)
    if not below:
        yield kind


def test_every_code_is_explained_in_full() -> None:
    assert set(EXPLANATIONS) == set(Code)
    for code, told in EXPLANATIONS.items():
        assert not told.title.endswith("."), code
        assert all(text.endswith(".") for text in (told.meaning, told.why, told.mend)), code


def test_no_two_explanations_are_the_same() -> None:
    titles = [told.title for told in EXPLANATIONS.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("kind", list(leaves(LeanBridgeError)), ids=lambda kind: kind.__name__)
def test_every_error_that_is_raised_has_a_code_of_its_exit_status(kind: type[LeanBridgeError]) -> None:
    assert kind.__module__ == errors.__name__
    assert kind.code is not Code.OUR_FAULT
    assert kind.code.startswith("LB9") == (kind.exit_code == 2)


def test_an_error_may_be_raised_with_a_code_of_its_own() -> None:
    assert BuildFailed("no").code is Code.BUILD_FAILED
    assert BuildFailed("no", code=Code.KERNEL_SKIPPED).code is Code.KERNEL_SKIPPED
    assert OleanError("A.olean", 3, "twice", code=Code.DEFINED_TWICE).code is Code.DEFINED_TWICE
    assert BuildFailed("no").code is Code.BUILD_FAILED


def test_explain_lists_every_code() -> None:
    result = CliRunner().invoke(app, ["explain"])
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == [code.value for code in Code]


@pytest.mark.parametrize("spelling", ["LB205", "lb205", "SORRY", "sorry"])
def test_explain_says_what_a_code_means_and_how_to_mend_it(spelling: str) -> None:
    result = CliRunner().invoke(app, ["explain", spelling])
    told = EXPLANATIONS[Code.SORRY]
    shown = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert shown.startswith(f"LB205 {told.title}")
    assert all(text in shown for text in (told.meaning, told.why, told.mend))


def test_explain_as_json() -> None:
    result = CliRunner().invoke(app, ["explain", "LB401", "--format", "json"])
    (row,) = json.loads(result.stdout)
    assert (row["code"], row["name"]) == ("LB401", "KERNEL_REFUSES")
    assert row["why"] == EXPLANATIONS[Code.KERNEL_REFUSES].why
    everything = json.loads(CliRunner().invoke(app, ["explain", "--format", "json"]).stdout)
    assert [row["code"] for row in everything] == [code.value for code in Code]


def test_an_unknown_code_is_no_success() -> None:
    result = CliRunner().invoke(app, ["explain", "LB000"])
    assert result.exit_code == 2
    assert "LB000" in result.stderr


def test_the_command_line_puts_the_code_before_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lean-bridge", "list", "--project", str(tmp_path)])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 2
    assert capsys.readouterr().err.startswith(f"lean-bridge: LB902 {tmp_path}: expected a Lean library")


def test_what_was_not_foreseen_is_our_fault_and_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unforeseen(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "app", unforeseen)
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 2
    traceback, _, last = capsys.readouterr().err.strip().rpartition("\n")
    assert "ZeroDivisionError" in traceback
    assert last.startswith("lean-bridge: LB999 ")


@pytest.mark.parametrize(
    ("raised", "status"),
    [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141), (MemoryError(), 2), (OSError("full"), 2)],
)
def test_status_1_is_for_what_was_rejected_alone(raised: BaseException, status: int) -> None:
    script = (
        "import sys\nfrom lean_bridge import cli\n"
        f"def fail(**_): raise {raised!r}\n"
        "cli.app = fail\ncli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr


@pytest.mark.parametrize("module", ["typer", "lean_bridge.cli", "lean_bridge.commands.judging"])
def test_an_interrupt_while_the_program_is_read_in_is_one_line(module: str) -> None:
    script = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background ignores it
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from lean_bridge.__main__ import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "lean-bridge: interrupted: no verdict\n")


def test_a_reader_that_goes_away_is_no_rejection() -> None:
    command = subprocess.Popen(
        [sys.executable, "-m", "lean_bridge", "explain"],
        stdin=subprocess.DEVNULL,
        stdout=(pipe := os.pipe())[1],
        stderr=subprocess.PIPE,
    )
    os.close(pipe[0])
    os.close(pipe[1])
    _, told = command.communicate()
    assert (command.returncode, told) == (141, b"")


@pytest.mark.parametrize("words", [["nonsense"], ["verify", "--nonsense"], ["explain", "LB000"]])
def test_words_that_are_no_command_are_no_rejection(words: list[str]) -> None:
    command = [sys.executable, "-m", "lean_bridge", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
