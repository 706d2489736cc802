"""One Lean, wherever it runs: a file in, its raw answer out; a pool makes sense of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from lean_bridge.toolchain.provider import Job


class WorkerDiedError(Exception):
    """The process ended without an answer; the message holds its last words."""


class WorkerHungError(Exception):
    """The process passed the time limit and was ended."""


class WorkerLostError(Exception):
    """What the process runs on was lost, which no file is to blame for; the message says what is known."""


class NoRoomError(Exception):
    """There is no room for one more process, and there may be less than there was."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A worker's raw answer to one job."""

    status: int
    seconds: float
    stdout: tuple[str, ...]
    stderr: tuple[str, ...]
    ended_by: Literal["lean", "source"] = "lean"
    """Who ended Lean, as the host saw it: Lean with its work done, or code that the source brings."""
    parts: tuple[tuple[str, float, float], ...] = ()
    """What the time went into, each part with when it began and ended, by ``time.monotonic``."""


class Worker(Protocol):
    """One Lean process."""

    @property
    def spent(self) -> bool:
        """Whether it should take no further job."""

    def run(self, job: Job, time_limit: float) -> Answer:
        """Elaborate one file.

        Raises: WorkerDiedError, WorkerHungError, WorkerLostError; the worker is of no use afterwards.
        """

    def kill(self) -> None:
        """End the process and everything it started, which ends a ``run`` in another thread."""

    def close(self) -> None:
        """Kill the process and release what it held; for the thread that called ``run``, or after it."""
