"""An installed Lean: the ``lean`` command, on the PATH or under elan, one confined process per file.

The environment variables PATH and ``ELAN_HOME`` say where to look for one, and not what it is worth.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain import process
from lean_bridge.toolchain.digests import check_program, known_leans, read_contents
from lean_bridge.toolchain.isolation import available, isolated
from lean_bridge.toolchain.pool import Answer, WorkerDiedError, WorkerHungError, open_pool
from lean_bridge.toolchain.provider import Job, WorkerPool
from pybind_models import Toolchain

ANSWER_LIMIT = 30.0
"""Seconds a ``lean`` may take to state its version."""


@dataclass(frozen=True, slots=True)
class InstalledProvider:
    """The Lean whose ``lean`` command is ``binary``."""

    binary: Path
    info: Toolchain
    library: Path

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        """Open a pool of one process per file; see :class:`lean_bridge.toolchain.provider.Provider`."""
        return open_pool(lambda: InstalledWorker(self.binary, self.library), workers, time_limit)


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
        """See :class:`lean_bridge.toolchain.pool.Worker`."""
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
        """See :class:`lean_bridge.toolchain.pool.Worker`."""
        self._is_closed = True
        if self._process is not None:
            process.end(self._process)

    close = kill


def read_installed(binary: Path, *, fresh: bool = False, asks: bool = True) -> InstalledProvider:
    """Read which Lean the command at ``binary`` belongs to, and ask it for its version.

    Its identity is the digest of its files, not its word; that is asked within the same confines as a build.
    With ``fresh`` no digest is taken over from an earlier run. Unless it ``asks`` no program is started, and
    only a Lean that an earlier run has read is known.
    Raises: ToolchainError if it is no compiled program, lies in no toolchain, or does not answer as Lean
    does.
    """
    check_program(binary)
    program = binary.resolve()
    root = program.parent.parent
    library = root / "lib" / "lean"
    if not library.is_dir():
        raise ToolchainError(f"{binary}: expected Lean's library at {library}, found none")
    library = library.resolve()
    ask = partial(_ask, program, "--version", read=(root, library))
    contents = read_contents(program, library, ask if asks else None, fresh=fresh)
    version = re.match(r"Lean \(version ([^,\s)]+)", contents.said)
    if version is None:
        raise ToolchainError(f"{binary}: expected a line `Lean (version …)`, found {contents.said[:80]!r}")
    identity = contents.identity(version[1])
    info = Toolchain(
        provider="installed",
        version=version[1],
        identity=identity,
        location=str(binary),
        isolation=available()[0],
        known=known_leans().get(identity) == version[1],
    )
    return InstalledProvider(program, info, library)


def installed_binaries(required: str) -> tuple[Path, ...]:
    """Return the ``lean`` commands that may be the ``required`` one (a line of ``lean-toolchain``).

    That is elan's copy of exactly this toolchain, then ``lean`` on the PATH. elan's own ``lean`` is passed
    over: it stands for whatever toolchain the current directory names, and may go and download it.
    """
    elan = Path(os.environ.get("ELAN_HOME") or os.path.expanduser("~/.elan"))  # noqa: PTH111 - never raises
    kept = elan / "toolchains" / required.replace("/", "--").replace(":", "---") / "bin" / _executable("lean")
    on_path = shutil.which("lean")
    candidates = [kept] if kept.is_file() else []
    if on_path is not None and not _is_elan(Path(on_path)):
        candidates.append(Path(on_path))
    return tuple(candidates)


def _is_elan(binary: Path) -> bool:
    return any(path.with_name(_executable("elan")).is_file() for path in (binary, binary.resolve()))


def _executable(name: str) -> str:
    return f"{name}.exe" if os.name == "nt" else name


def _arguments(job: Job) -> list[str]:
    arguments = ["--json", *(f"-D{name}={value}" for name, value in job.options)]
    if job.root is not None:
        arguments.append(f"--root={job.root.absolute()}")
    if job.olean is not None:
        arguments += ["-o", str(job.olean.absolute())]
    return [*arguments, str(job.source.absolute())]


def _ask(binary: Path, question: str, *, read: Sequence[Path]) -> str:
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


def _lines(stream: IO[bytes]) -> list[str]:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace").splitlines()
