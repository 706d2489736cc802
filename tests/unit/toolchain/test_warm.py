"""Builds one after the other share their workers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from lean_bridge.toolchain.pool import open_pool
from lean_bridge.toolchain.provider import Job, WorkerPool
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import Toolchain
from tests.unit.toolchain.scripted import ACCEPTED, Stage

LEAN = Toolchain(provider="embedded", version="4.28.0-pre", identity="one", location="here")


class Staged:
    """A provider whose pools have one scripted worker."""

    info = LEAN
    library = Path("lib")

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.opened: list[tuple[int, float]] = []

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        self.opened.append((workers, time_limit))
        return open_pool(self.stage.start, workers, time_limit)


def test_every_pool_is_the_one_that_ends_with_the_context(tmp_path: Path) -> None:
    (tmp_path / "A.lean").write_text("module\n")
    job = Job(source=tmp_path / "A.lean")
    provider = Staged(Stage([ACCEPTED] * 3))
    with keep_warm(provider, 1, time_limit=5) as warm:
        assert (warm.info, warm.library) == (provider.info, provider.library)
        assert provider.stage.workers == []
        with warm.pool(2, time_limit=7) as pool:
            assert pool.elaborate(job).ok
        with keep_warm(warm, 2, time_limit=7) as inner, inner.pool(2, time_limit=7) as pool:
            assert pool.elaborate(job).ok
            assert pool.processes_started == 1
        (worker,) = provider.stage.workers
        assert (worker.jobs, worker.closed) == (2, False)
    assert worker.closed
    assert provider.opened == [(1, 5)]


def test_a_file_has_the_least_of_the_limits_of_the_contexts_that_it_is_in(tmp_path: Path) -> None:
    (tmp_path / "A.lean").write_text("module\n")
    job = Job(source=tmp_path / "A.lean")
    stage = Stage([ACCEPTED] * 3)
    with keep_warm(Staged(stage), 1, time_limit=5) as warm:
        for limit, least in ((2, 2), (7, 5)):
            with keep_warm(warm, 1, time_limit=limit) as inner, inner.pool(1, time_limit=9) as pool:
                pool.elaborate(job)
            assert stage.workers[0].limits[-1] == least
        with keep_warm(warm, 1, time_limit=2) as inner, keep_warm(inner, 1, time_limit=9) as innermost:
            with innermost.pool(1, time_limit=9) as pool:
                pool.elaborate(job)
            assert stage.workers[0].limits[-1] == 2
