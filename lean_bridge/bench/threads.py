"""Sets how many threads every library may use, and finds out whether it took effect."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_info, threadpool_limits

from lean_bridge.errors import Declined
from pybind_models.bench import Machine, ThreadPool

JAX_THREADS: Final = "NPROC"
"""XLA reads the size of its pool from this variable, once, when it starts."""
SLACK: Final = 0.1
"""How far CPU time per wall time may pass the number of threads: the two clocks are not read at once."""


@contextmanager
def limit_threads(threads: int, frameworks: Sequence[str]) -> Iterator[Machine]:
    """Give BLAS, OpenMP and the frameworks (``torch``, ``jax``) so many threads while the context is open.

    Yields the machine with the number that each pool reports then.
    Raises: Declined if a library cannot be limited, or reports another number.
    """
    if "jax" in frameworks:
        _limit_jax(threads)
    for name in frameworks:
        import_module(name)  # a pool can be limited once its library is loaded
    with threadpool_limits(limits=threads), _torch_limit(threads, "torch" in frameworks) as torch_pools:
        found = threadpool_info()
        if not any(info["user_api"] == "blas" for info in found):
            raise Declined("NumPy's BLAS: its threads can be neither set nor read, so no time means much")
        pools = [*map(_pool, found), *torch_pools]
        for pool in pools:
            if pool.threads != threads:
                raise Declined(f"{pool.library}: expected {threads} threads in force, found {pool.threads}")
        yield _machine(pools, frameworks)


def check_cores(contestant: str, cores: float, threads: int) -> None:
    """Raise Declined if a contestant used more CPU time per wall time than its threads could."""
    if cores > threads + SLACK:
        raise Declined(
            f"{contestant}: expected at most {threads} threads at work, found {cores:.2f} cores busy; "
            "its threads were not limited"
        )


def _limit_jax(threads: int) -> None:
    """Set the size that XLA's pool will have; it has no getter, so :func:`check_cores` looks at what ran."""
    if "jax" in sys.modules and os.environ.get(JAX_THREADS) != str(threads):
        raise Declined(f"jax: loaded before its threads were limited; start with {JAX_THREADS}={threads} set")
    os.environ[JAX_THREADS] = str(threads)  # stays: so does the pool


@contextmanager
def _torch_limit(threads: int, wanted: bool) -> Iterator[list[ThreadPool]]:
    if not wanted:
        yield []
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield [ThreadPool(library="torch", threads=torch.get_num_threads())]
    finally:
        torch.set_num_threads(before)


def _pool(info: dict[str, str | int]) -> ThreadPool:
    words = [info["internal_api"], info["version"]]
    words += [f"({info['architecture']} kernels)"] if info.get("architecture") else []
    return ThreadPool(library=" ".join(str(word) for word in words if word), threads=int(info["num_threads"]))


def _machine(pools: Sequence[ThreadPool], frameworks: Sequence[str]) -> Machine:
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        packages={name: version(name) for name in ("lean-bridge", "numpy", *frameworks)},
        pools=tuple(pools),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
