"""Nobody waits for a Lean that is slow to start: an interrupt ends it as it ends one that is at work."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain import embedded, node_process
from lean_bridge.toolchain.provider import Job
from lean_bridge.toolchain.warm import keep_warm
from lean_bridge.toolchain.worker import Answer, WorkerDiedError
from tests.unit.toolchain.scripted import Scripted, Stage
from tests.unit.toolchain.test_warm import Staged


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "A.lean").write_text("module\n")
    return Job(source=tmp_path / "A.lean", root=tmp_path)


def writer_of(fifo: Path) -> int | None:
    """Return the end of a pipe to write to, if some process has opened the other."""
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toolchain whose loader is a pipe that nobody writes to: Node starts, and never is ready."""
    toolchain = tmp_path / "toolchain"
    toolchain.mkdir()
    (toolchain / "manifest.txt").write_text("")
    os.mkfifo(toolchain / "lean.js")
    monkeypatch.setattr(node_process, "MANIFEST_SHA256", hashlib.sha256(b"").hexdigest())
    return toolchain


def test_closing_ends_a_lean_that_is_starting(stuck: Path, job: Job) -> None:
    errors: list[Exception] = []

    def elaborate() -> None:
        try:
            pool.elaborate(job)
        except ToolchainError as error:
            errors.append(error)

    writer: int | None = None
    with embedded.EmbeddedProvider(stuck).pool(1, time_limit=300) as pool:
        thread = threading.Thread(target=elaborate)
        thread.start()
        while writer is None and thread.is_alive():  # it waits for a letter from here from then on
            writer = writer_of(stuck / "lean.js")
            time.sleep(0.01)
        assert thread.is_alive()
    thread.join(60)
    assert [str(error) for error in errors] == [
        "the pool of Lean workers was closed while a file was being elaborated"
    ]
    assert writer is not None
    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")
    os.close(writer)


class Waiting(Scripted):
    """A worker that is at work until somebody ends it, and dies of old age otherwise."""

    begun = threading.Event()
    ended = threading.Event()
    was_ended = False

    def run(self, job: Job, time_limit: float) -> Answer:
        del job, time_limit
        self.begun.set()
        Waiting.was_ended = self.ended.wait(60)
        raise WorkerDiedError("killed")

    def kill(self) -> None:
        self.ended.set()


class Endless(Stage):
    """Starts workers that wait."""

    def start(self) -> Scripted:
        return Waiting(iter(()))


def build_until_interrupted(job: Job) -> None:
    with (
        keep_warm(Staged(Endless([])), 1, time_limit=300) as warm,
        ThreadPoolExecutor(1) as executor,  # as a build has it
        warm.pool(1, time_limit=300) as pool,
    ):
        executor.submit(pool.elaborate, job)
        assert Waiting.begun.wait(60)
        raise KeyboardInterrupt


def test_an_interrupt_of_one_build_ends_the_workers_of_all(job: Job) -> None:
    with pytest.raises(KeyboardInterrupt):
        build_until_interrupted(job)
    assert Waiting.was_ended
