"""Starts child processes that can be ended as a whole, without settings of Node's or Lean's from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_NOT_INHERITED = ("NODE_OPTIONS", "LEAN_PATH")


def start(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    stderr: IO[bytes],
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` at the head of a new process group, ``env`` added to this process's environment."""
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={**inherited, "LLVM_PROFILE_FILE": os.devnull, **(env or {})},
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its group, and collect its exit status; does nothing to one already collected."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
