"""A Lean that runs already, and the command upon it: to start either takes longer than most tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import main
from lean_bridge.toolchain.embedded import EmbeddedProvider
from lean_bridge.toolchain.provider import Elaboration, Job, WorkerPool

WORKERS = 2
LONGEST = 600.0
"""Seconds that a file may take, if the pool that is asked for does not say less."""


class _Kept:
    """A pool as whoever asks for one has it, which does not end with them."""

    def __init__(self, pool: WorkerPool, time_limit: float) -> None:
        self._pool = pool
        self._time_limit = time_limit
        self._before = pool.processes_started

    @property
    def processes_started(self) -> int:
        return self._pool.processes_started - self._before

    def elaborate(self, job: Job) -> Elaboration:
        limit = min(job.time_limit or self._time_limit, self._time_limit)
        return self._pool.elaborate(replace(job, time_limit=limit))

    def close(self) -> None:
        """Leave it to the others."""


@contextmanager
def kept_running(pool: WorkerPool, library: Path) -> Iterator[None]:
    """Have every pool of the embedded Lean with this ``library`` be this one, until the context ends."""
    own = EmbeddedProvider.pool

    @contextmanager
    def given(provider: EmbeddedProvider, workers: int, *, time_limit: float) -> Iterator[WorkerPool]:
        if provider.library == library:
            yield _Kept(pool, time_limit)
        else:
            with own(provider, workers, time_limit=time_limit) as started:
                yield started

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EmbeddedProvider, "pool", given)
        yield


def run_here(
    *words: str, directory: Path | None = None, env: Mapping[str, str] | None = None
) -> CompletedProcess[str]:
    """Run ``lean-bridge`` in this process, upon the embedded Lean, as one of its own would end and answer."""
    with (
        pytest.MonkeyPatch.context() as patch,
        CliRunner().isolation(env={"LEAN_BRIDGE_TOOLCHAIN": "embedded", **(env or {})}) as (out, err, *_),
    ):
        if directory is not None:
            patch.chdir(directory)
        patch.setattr(sys, "argv", ["lean-bridge", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        status = ended.value.code
        assert isinstance(status, int)
        return CompletedProcess(words, status, out.getvalue().decode(), err.getvalue().decode())
