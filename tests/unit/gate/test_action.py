"""The action's step as bash runs it, with a command in the gate's place that tells what it was given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ACTION = Path(__file__).parents[3] / "action.yml"


def judge(tmp_path: Path, arguments: str) -> tuple[int, list[str], str]:
    """Return the status of the step, the words that the gate was given, and what was said."""
    (step,) = (
        each
        for each in yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
        if each.get("id") == "gate"
    )
    for name, text in (
        ("lean-bridge", 'printf "%s\\0" "$@" > "$REPORTS/given"'),
        ("python", f'exec "{sys.executable}" "$@"'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "REPORTS": str(tmp_path / "reports"),
            "LEAN_BRIDGE_PLACE": str(tmp_path),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "DIRECTORY": ".",
            "ARGUMENTS": arguments,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    given = tmp_path / "reports" / "given"
    words = given.read_text().split("\0")[:-1] if given.is_file() else []
    return done.returncode, words, done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", []),
        ("--project a --no-axioms", ["--project", "a", "--no-axioms"]),
        (
            "--project a\n--no-axioms\r\n\n--link pinned\n",
            ["--project", "a", "--no-axioms", "--link", "pinned"],
        ),
        ("--link 'second kernel' --judged \"a b\"", ["--link", "second kernel", "--judged", "a b"]),
        ("--judged '$(touch x)' --judged *", ["--judged", "$(touch x)", "--judged", "*"]),
    ],
)
def test_every_line_and_every_quote_of_the_arguments_counts(
    tmp_path: Path, arguments: str, words: list[str]
) -> None:
    status, given, _ = judge(tmp_path, arguments)
    assert (status, given[: len(words) + 1]) == (0, ["gate", *words])
    assert given[len(words) + 1 : len(words) + 3] == ["--output", "github"]


def test_arguments_that_cannot_be_split_stop_the_step(tmp_path: Path) -> None:
    status, given, told = judge(tmp_path, "--judged 'a\n--no-axioms")
    assert (status, given) == (2, [])
    assert told == "lean-bridge: arguments: No closing quotation; close what is opened\n"
