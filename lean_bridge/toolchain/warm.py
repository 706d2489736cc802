"""One pool of Lean workers for several builds: starting a worker takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lean_bridge.toolchain.provider import Provider, WorkerPool
from pybind_models import Toolchain


@contextmanager
def keep_warm(provider: Provider, workers: int, *, time_limit: float) -> Iterator[Provider]:
    """Give the same Lean as a provider all of whose pools are one, which ends with the context.

    How many workers it has, and their time limit in seconds for each file, is said here and nowhere else.
    """
    with provider.pool(workers, time_limit=time_limit) as pool:
        yield _Warm(provider.info, provider.library, pool)


@dataclass(frozen=True, slots=True)
class _Warm:
    info: Toolchain
    library: Path
    _pool: WorkerPool

    @contextmanager
    def pool(self, workers: int, *, time_limit: float) -> Iterator[WorkerPool]:
        del workers, time_limit
        try:
            yield self._pool
        except Exception:  # of one build: others may follow
            raise
        except BaseException:  # an interrupt: whoever is at work in other threads would be waited for
            self._pool.close()
            raise
