"""A Node process with the embedded Lean in it (see ``worker.js``): one of our own, or one that is lent."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO, Protocol

from lean_bridge.toolchain import process
from lean_bridge.toolchain.install import MANIFEST_SHA256
from lean_bridge.toolchain.isolation import isolated

_NODE_OPTIONS = (
    "--no-warnings",
    "--permission",  # no file but those named, no process, no add-on, no inspector
    "--allow-worker",
    "--disallow-code-generation-from-strings",
    "--wasm-lazy-validation",  # the module's digest is known: what of it runs is checked as it is compiled
    "--wasm-tiering-budget=50000000",  # a library of small files is built with less of Lean optimised again
)
_SCRIPTS = ("worker.js", "lean_thread.js", "files.js", "policy.js")


class NodeProcess(Protocol):
    """The process, as whoever has files elaborated sees it."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    log: IO[bytes]
    """What it says of its own end."""
    jobs: int
    """How many files it has had."""

    def kill(self) -> None:
        """End it and everything it started, from any thread."""

    def ended(self) -> str:
        """Return how it ended, in words, as far as that is known."""

    def leave(self) -> None:
        """Have no more to do with it: it is between two files, or was killed."""


class Started:
    """A process that was started here, and ends with us; one that is ``attached`` whatever ends us."""

    def __init__(self, node: Path, directory: Path, *, attached: bool = False) -> None:
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by leave
        scripts = _scripts()
        allowed = [f"--allow-fs-read={path}" for path in (*scripts, directory)]
        command: list[str | Path] = [node, *_NODE_OPTIONS, *allowed, scripts[0], directory, MANIFEST_SHA256]
        confined = isolated(command, read=(*scripts, directory), attached=attached)
        self._process = process.start(
            confined.command,
            cwd=directory,
            stdin=subprocess.PIPE,
            stderr=self.log,
            env=confined.env,
            inherit=False,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.stdin: IO[bytes] = self._process.stdin
        self.stdout: IO[bytes] = self._process.stdout
        self.jobs = 0

    def kill(self) -> None:
        """See :class:`NodeProcess`."""
        process.end(self._process)

    def ended(self) -> str:
        """See :class:`NodeProcess`."""
        return f"exit status {self._process.wait()}"

    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def leave(self) -> None:
        """See :class:`NodeProcess`."""
        self.kill()
        for stream in (self.stdin, self.stdout, self.log):
            with contextlib.suppress(BrokenPipeError):  # a request the process never read
                stream.close()


@cache
def kind_of(node: Path, directory: Path) -> str:
    """Return a digest of what makes one such process do as another: programs, options, confinement."""
    confined = isolated([node, *_NODE_OPTIONS, directory], read=(directory,))
    seen = node.stat()
    about = [str(node), seen.st_size, seen.st_mtime_ns, str(directory), MANIFEST_SHA256, confined.isolation]
    digest = hashlib.sha256(json.dumps([*about, *_NODE_OPTIONS, *map(str, confined.command)]).encode())
    for script in _scripts():
        digest.update(hashlib.sha256(script.read_bytes()).digest())
    return digest.hexdigest()


def _scripts() -> list[Path]:
    room = resources.files("lean_bridge.toolchain")
    return [Path(str(room / name)) for name in _SCRIPTS]
