"""Starts child processes that can be ended as a whole, without settings of Node's or Lean's from outside."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from lean_bridge.errors import ToolchainError, ToolchainTimeout

LONGEST: Final = 1e7
"""Seconds that anything is given: clocks do not take every number, and nobody waits for longer."""
_TURN: Final = 1.0
"""Seconds after which it is asked again whether anything is awaited."""
_NOT_INHERITED = re.compile(r"NODE_OPTIONS|NODE_PATH|LEAN_(?!BRIDGE_).*", re.DOTALL)
"""What has Node or Lean run or find something else."""


def start(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    stderr: int | IO[bytes],
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    env: Mapping[str, str] | None = None,
    inherit: bool = True,
) -> subprocess.Popen[bytes]:
    """Start ``command`` at the head of a new process group.

    ``env`` is added to this process's environment, or is all of it where it is not to ``inherit`` that.
    Raises: ToolchainError, naming it, if it cannot be started.
    """
    kept = os.environ.items() if inherit else ()
    inherited = {name: value for name, value in kept if not _NOT_INHERITED.fullmatch(name)}
    words = [str(word) for word in command]
    try:
        return subprocess.Popen(
            words,
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={**inherited, "LLVM_PROFILE_FILE": os.devnull, **(env or {})},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # no process, no memory, no program; or a zero byte in a word
        why = getattr(error, "strerror", None) or str(error)
        raise ToolchainError(f"{words[0]}: cannot be started: {why}") from error


def read_lines(
    process: subprocess.Popen[bytes], *, time_limit: float, is_awaited: Callable[[], bool] = lambda: True
) -> Iterator[bytes]:
    """Yield the lines that the process writes to its standard output, a pipe, as they come.

    Raises: ToolchainTimeout if it has not closed it ``time_limit`` seconds from now, not counting those in
    which nothing ``is_awaited`` of it.
    """
    assert process.stdout is not None
    left, last = min(time_limit, LONGEST), time.monotonic()
    descriptor, rest = process.stdout.fileno(), b""
    while True:
        is_ready = select.select([descriptor], [], [], min(left, _TURN))[0]
        now = time.monotonic()
        left -= now - last if is_awaited() else 0.0
        last = now
        if left <= 0:
            raise ToolchainTimeout(f"no end after {time_limit:g} s; raise the time limit")
        if not is_ready:
            continue
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def collect(process: subprocess.Popen[bytes], *, time_limit: float) -> int:
    """Wait for the process to end and return its exit status; nothing of its group outlives it.

    Raises: subprocess.TimeoutExpired if it had to be killed after ``time_limit`` seconds.
    """
    try:
        return process.wait(min(time_limit, LONGEST))
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ended(status: int) -> str:
    """Return how a process ended, in words, by its exit status as :func:`collect` returns it."""
    if status >= 0:
        return f"exit status {status}"
    names = {each.value: each.name for each in signal.Signals}
    return f"killed by signal {names.get(-status, -status)}"


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its group, and collect its exit status; does nothing to one already collected."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
