"""One run of an installed ``lean``, confined: of one file, or of one question."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain import process
from lean_bridge.toolchain.isolation import isolated
from lean_bridge.toolchain.provider import Job
from lean_bridge.toolchain.worker import Answer, WorkerDiedError, WorkerHungError

ANSWER_LIMIT = 30.0
"""Seconds a ``lean`` may take to state its version."""


class InstalledWorker:
    """One run of ``lean``."""

    spent = True
    """A process elaborates one file."""

    def __init__(self, binary: Path, library: Path) -> None:
        self._binary = binary
        self._read = (binary.parent.parent, library)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def run(self, job: Job, time_limit: float) -> Answer:
        """See :class:`lean_bridge.toolchain.worker.Worker`."""
        began = time.monotonic()
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            confined = isolated(
                [self._binary, *_arguments(job)],
                read=[*self._read, job.root or job.source, *job.search_path],
                write=[job.olean.parent] if job.olean is not None else [],
                attached=True,
            )
            self._process = process.start(
                confined.command,
                cwd=(job.root or job.source.parent).absolute(),
                stdout=stdout,
                stderr=stderr,
                env=confined.env
                | {"LEAN_PATH": os.pathsep.join(str(directory.absolute()) for directory in job.search_path)},
                inherit=False,
            )
            try:
                if self._is_closed:  # while it was being started
                    raise WorkerDiedError("it was ended before it began")
                status = process.collect(self._process, time_limit=time_limit)
            except subprocess.TimeoutExpired as error:
                raise WorkerHungError from error
            finally:
                process.end(self._process)
            seconds = time.monotonic() - began
            lines = tuple(_lines(stdout)), tuple(_lines(stderr))
        if status not in (0, 1):  # killed by a signal, or aborted
            raise WorkerDiedError(f"exit status {status}, {' '.join(lines[1][-3:])}")
        return Answer(status, seconds, *lines)

    def kill(self) -> None:
        """See :class:`lean_bridge.toolchain.worker.Worker`."""
        self._is_closed = True
        if self._process is not None:
            process.end(self._process)

    close = kill


def ask(binary: Path, question: str, *, read: Sequence[Path]) -> str:
    """Return the first line that a program of Lean's answers a question with, within the confines of a build.

    Raises: ToolchainError if it does not answer.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        confined = isolated([binary, question], read=read, attached=True)
        lean = process.start(
            confined.command,
            cwd=binary.parent,
            stdout=stdout,
            stderr=stderr,
            env=confined.env,
            inherit=False,
        )
        try:
            status = process.collect(lean, time_limit=ANSWER_LIMIT)
        except subprocess.TimeoutExpired as error:
            raise ToolchainError(f"{binary}: no answer to {question} within {ANSWER_LIMIT:g} s") from error
        lines = list(_lines(stdout))
    if status != 0 or not lines:
        raise ToolchainError(f"{binary}: expected an answer to {question}, found exit status {status}")
    return lines[0]


def _arguments(job: Job) -> list[str]:
    arguments = ["--json", *(f"-D{name}={value}" for name, value in job.options)]
    if job.root is not None:
        arguments.append(f"--root={job.root.absolute()}")
    if job.olean is not None:
        arguments += ["-o", str(job.olean.absolute())]
    return [*arguments, str(job.source.absolute())]


def _lines(stream: IO[bytes]) -> list[str]:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace").splitlines()
