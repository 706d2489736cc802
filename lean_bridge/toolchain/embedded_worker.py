"""One Node process of the embedded Lean, which has each file elaborated by a fresh one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from lean_bridge.toolchain import process
from lean_bridge.toolchain.compiled import check_compiled, compiled_files
from lean_bridge.toolchain.node_process import NodeProcess
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES, Job
from lean_bridge.toolchain.worker import Answer, WorkerDiedError, WorkerHungError

BOOT_LIMIT = 120.0
"""Seconds a worker may take to boot; 0.4 s is usual."""

JOBS_PER_WORKER = 200
"""Every file has a Lean of its own, which takes its memory along; this bounds what Node itself may keep."""


class EmbeddedWorker:
    """One Node process that has each file elaborated by a fresh Lean (see ``worker.js``).

    It sees the installed toolchain and its own scripts, and no other file of this machine: sources and
    compiled imports are handed to it, and what it compiles is handed back and written here.
    """

    def __init__(self, lean: NodeProcess) -> None:
        self._lean = lean
        self._ready = lean.jobs > 0
        self._is_at_work = False
        self._known: dict[str, str] = {}
        """The digests of the files that it has had from us, by their identities."""

    @property
    def spent(self) -> bool:
        """Whether it is to be replaced by a new one."""
        return self._lean.jobs >= JOBS_PER_WORKER

    def run(self, job: Job, time_limit: float) -> Answer:
        """See :class:`lean_bridge.toolchain.worker.Worker`."""
        moments = [("", time.monotonic())]
        if not self._ready:
            with self._limit(BOOT_LIMIT):
                self._receive()
            self._ready = True
            moments.append(("start", time.monotonic()))
        source = job.source.read_bytes()
        search = [compiled_files(directory) for directory in job.search_path]
        files = {file.identity: file for directory in search for file in directory}
        new = {identity: files[identity].path.read_bytes() for identity in files.keys() - self._known.keys()}
        known = {identity: digest for identity, digest in self._known.items() if identity in files}
        known |= {identity: hashlib.sha256(content).hexdigest() for identity, content in new.items()}
        check_compiled(job, search, known)
        order = {
            "file": job.name if job.root is not None else job.source.name,
            "compile": job.olean is not None,
            "options": list(job.options),
            "source": len(source),
            "new": [[identity, len(content)] for identity, content in new.items()],
            "search": [[[file.name, file.identity] for file in directory] for directory in search],
        }
        with self._limit(time_limit):
            self._is_at_work = True
            self._send(order, source, *new.values())
            moments.append(("hand over", time.monotonic()))
            reply = self._receive()
            answered = time.monotonic()
            moments += [("instance", answered - reply["seconds"]), ("elaborate", answered)]
            compiled = {suffix: self._receive_bytes(size) for suffix, size in reply["files"]}
        self._is_at_work = False
        self._lean.jobs += 1
        self._known = known
        if job.olean is not None:
            for suffix in ARTIFACT_SUFFIXES:
                if suffix in compiled:
                    job.olean.with_suffix(suffix).write_bytes(compiled[suffix])
        moments.append(("write", time.monotonic()))
        return Answer(
            reply["status"],
            reply["seconds"],
            tuple(reply["stdout"]),
            (*reply["others"], *reply["stderr"]),
            ended_by=reply["ended_by"],
            parts=tuple((name, began, ended) for (_, began), (name, ended) in pairwise(moments)),
        )

    def kill(self) -> None:
        """See :class:`lean_bridge.toolchain.worker.Worker`."""
        self._lean.kill()

    def close(self) -> None:
        """See :class:`lean_bridge.toolchain.worker.Worker`."""
        if self._is_at_work or self._lean.jobs == 0:  # or perhaps not ready
            self._lean.kill()
        self._lean.leave()

    @contextlib.contextmanager
    def _limit(self, seconds: float) -> Iterator[None]:
        """End the process where what is done with it takes longer.

        Raises: WorkerDiedError, WorkerHungError.
        """
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self.kill()

        timer = threading.Timer(min(seconds, process.LONGEST), expire)
        timer.start()
        try:
            yield
        except (BrokenPipeError, EOFError) as error:
            if expired.is_set():
                raise WorkerHungError from error
            raise WorkerDiedError(self._last_words()) from error
        finally:
            timer.cancel()

    def _send(self, order: dict[str, Any], *contents: bytes) -> None:
        for part in (json.dumps(order).encode() + b"\n", *contents):
            self._lean.stdin.write(part)
        self._lean.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        line = self._lean.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _receive_bytes(self, size: int) -> bytes:
        content = self._lean.stdout.read(size)
        if len(content) != size:
            raise EOFError
        return content

    def _last_words(self) -> str:
        how = self._lean.ended()
        self._lean.log.seek(0)
        words = " ".join(self._lean.log.read().decode("utf-8", "replace").split())
        return how + (f", {words[:300]}" if words else "")
