"""One pool of Lean workers for several builds: starting a worker takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lean_bridge.toolchain.provider import Elaboration, Job, Provider, WorkerPool
from pybind_models import Toolchain


@contextmanager
def keep_warm(provider: Provider, workers: int, *, time_limit: float) -> Iterator[Provider]:
    """Give the same Lean as a provider all of whose pools are one, which ends with the context.

    Of contexts within each other it is the outermost's pool, and how many workers that has is said there and
    nowhere else; a file has the least of their limits, in seconds.
    """
    if isinstance(provider, _Warm):
        yield replace(provider, time_limit=min(time_limit, provider.time_limit))
        return
    with provider.pool(workers, time_limit=time_limit) as pool:
        yield _Warm(provider.info, provider.library, pool, time_limit)


@dataclass(frozen=True, slots=True)
class _Warm:
    info: Toolchain
    library: Path
    _pool: WorkerPool
    time_limit: float

    @contextmanager
    def pool(self, workers: int, *, time_limit: float) -> Iterator[WorkerPool]:
        del workers, time_limit
        try:
            yield _Limited(self._pool, self.time_limit)
        except Exception:  # of one build: others may follow
            raise
        except BaseException:  # an interrupt: whoever is at work in other threads would be waited for
            self._pool.close()
            raise


@dataclass(frozen=True, slots=True)
class _Limited:
    """A pool, for files that have so many seconds."""

    _pool: WorkerPool
    _time_limit: float

    @property
    def processes_started(self) -> int:
        return self._pool.processes_started

    def elaborate(self, job: Job) -> Elaboration:
        return self._pool.elaborate(replace(job, time_limit=self._time_limit))

    def close(self) -> None:
        self._pool.close()
