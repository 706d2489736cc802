"""Files that keep Lean busy, and what their tests need to see of the process table."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable

ENDLESS = """module
public import Init
@[expose] public section
def leaves : Nat → Nat → Nat | 0, a => a % 2 | n + 1, a => leaves n (2 * a) + leaves n (2 * a + 1)
theorem endless : leaves 40 1 = 0 := by decide +kernel
"""
"""Has the kernel add up 2⁴⁰ different terms."""


def children(parent: int | None = None) -> set[int]:
    """Return the processes that ``parent`` (by default this one) has started and that still run."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat=,comm="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in listing.stdout.splitlines()]
    wanted = str(os.getpid() if parent is None else parent)
    return {
        int(pid) for pid, ppid, state, name in rows if ppid == wanted and "Z" not in state and name != "ps"
    }


def is_running(pid: int) -> bool:
    """Say whether the process exists and has not ended."""
    state = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False)
    return state.stdout.strip() not in ("", "Z")


def cpu_seconds(pid: int) -> int:
    """Return for how long all processors together have worked for a process."""
    found = subprocess.run(
        ["ps", "-p", str(pid), "-o", "cputimes="], capture_output=True, text=True, check=False
    )
    return int(found.stdout.strip() or 0)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for ``condition``; raises AssertionError if it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
