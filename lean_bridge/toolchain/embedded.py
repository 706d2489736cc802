"""The embedded Lean: a WebAssembly build of the compiler, kept warm in Node processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import resource
import subprocess
import tempfile
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from lean_bridge.toolchain import process
from lean_bridge.toolchain.install import PACKAGE_SHA512
from lean_bridge.toolchain.loader import PATCH_VERSION
from lean_bridge.toolchain.node import node_binary
from lean_bridge.toolchain.pool import Answer, WorkerDiedError, WorkerHungError, open_pool
from lean_bridge.toolchain.provider import Job, WorkerPool
from pybind_models import Toolchain

VERSION = "4.28.0-pre"

BOOT_LIMIT = 120.0
"""Seconds a worker may take to boot; 4 s is usual."""

JOBS_PER_WORKER = 18
"""Each ``import Init`` leaves 70 MB behind; after 24 files nothing of 2 GiB is left, and the worker hangs."""

STACK_KB = 7000
"""What is asked of the 8 MB that Linux and macOS give a program's main thread."""

HEAP_LIMIT = 5 << 28
"""Bytes of WebAssembly memory (of at most 2 GiB) beyond which a worker takes no further file."""


@dataclass(frozen=True, slots=True)
class EmbeddedProvider:
    """The embedded Lean installed in ``directory``."""

    directory: Path

    @property
    def info(self) -> Toolchain:
        """Identified by the pinned package and by what this package changes in its loader."""
        identity = hashlib.sha256(f"{PACKAGE_SHA512}:{PATCH_VERSION}".encode()).hexdigest()
        return Toolchain(
            provider="embedded", version=VERSION, identity=identity, location=str(self.directory)
        )

    @property
    def library(self) -> Path:
        """The directory of the standard library's ``.olean`` files."""
        return self.directory / "lib"

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        """Open a pool of warm Node processes; see :class:`lean_bridge.toolchain.provider.Provider`."""
        node = node_binary()
        return open_pool(lambda: EmbeddedWorker(node, self.directory), workers, time_limit)


class EmbeddedWorker:
    """One Node process that boots Lean once and then elaborates file after file (see ``worker.js``)."""

    def __init__(self, node: Path, directory: Path) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        script = resources.files("lean_bridge.toolchain") / "worker.js"
        self._process = process.start(
            [node, "--wasm-lazy-compilation", *_stack_option(), str(script), directory],
            cwd=directory,
            stdin=subprocess.PIPE,
            stderr=self._log,
        )
        self._ready = False
        self._jobs = 0
        self._heap = 0

    @property
    def spent(self) -> bool:
        """Whether it must be replaced before its memory runs out."""
        return self._jobs >= JOBS_PER_WORKER or self._heap > HEAP_LIMIT

    def run(self, job: Job, time_limit: float) -> Answer:
        """See :class:`lean_bridge.toolchain.pool.Worker`."""
        if not self._ready:
            self._receive(BOOT_LIMIT)
            self._ready = True
        self._send(
            {
                "file": str(job.source.absolute()),
                "root": str(job.root.absolute()) if job.root is not None else None,
                "olean": str(job.olean.absolute()) if job.olean is not None else None,
                "search": [str(directory.absolute()) for directory in job.search_path],
                "options": list(job.options),
            }
        )
        reply = self._receive(time_limit)
        self._jobs += 1
        self._heap = reply["heap"]
        return Answer(reply["status"], reply["seconds"], tuple(reply["stdout"]), tuple(reply["stderr"]))

    def kill(self) -> None:
        """See :class:`lean_bridge.toolchain.pool.Worker`."""
        process.end(self._process)

    def close(self) -> None:
        """See :class:`lean_bridge.toolchain.pool.Worker`."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # a request the process never read
                    stream.close()

    def _send(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(message).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError as error:
            raise WorkerDiedError(self._last_words()) from error

    def _receive(self, time_limit: float) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self.kill()

        timer = threading.Timer(time_limit, expire)
        timer.start()
        try:
            line = stdout.readline()
        finally:
            timer.cancel()
        if line.endswith(b"\n"):
            reply: dict[str, Any] = json.loads(line)
            return reply
        if expired.is_set():
            raise WorkerHungError
        raise WorkerDiedError(self._last_words())

    def _last_words(self) -> str:
        status = self._process.wait()
        self._log.seek(0)
        words = " ".join(self._log.read().decode("utf-8", "replace").split())
        return f"exit status {status}" + (f", {words[:300]}" if words else "")


def _stack_option() -> list[str]:
    """Let Lean use the stack the system gives; by default Node ends at 1 MB what recurses deeper."""
    limit, _ = resource.getrlimit(resource.RLIMIT_STACK)
    return [f"--stack-size={STACK_KB}"] if limit == resource.RLIM_INFINITY or limit >= 8 << 20 else []
