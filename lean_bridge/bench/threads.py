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
    with _on_cores(threads if "jax" in frameworks else None):
        if "jax" in frameworks:
            _limit_jax(threads)
        for name in frameworks:
            import_module(name)  # a pool can be limited once its library is loaded
        with threadpool_limits(limits=threads), _torch_limit(threads, "torch" in frameworks) as torch_pools:
            yield _inspected(threads, frameworks, torch_pools)


def _inspected(threads: int, frameworks: Sequence[str], torch_pools: Sequence[ThreadPool]) -> Machine:
    """Return the machine. Raises: Declined unless every pool reports so many threads."""
    found = threadpool_info()
    if not any(info["user_api"] == "blas" for info in found):
        raise Declined("NumPy's BLAS: its threads can be neither set nor read, so no time means much")
    pools = [*map(_pool, found), *torch_pools]
    for pool in pools:
        if pool.threads != threads:
            raise Declined(f"{pool.library}: expected {threads} threads in force, found {pool.threads}")
    return _machine(pools, frameworks)


@contextmanager
def _on_cores(count: int | None) -> Iterator[None]:
    """Keep this thread, and those that it starts, to so many cores, where the system can do that.

    XLA's pool works beside the thread that calls it: with one thread in the pool two cores can be busy.
    """
    if count is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def excess_of(cores: float, threads: int) -> str | None:
    """Return what is wrong with CPU time per wall time that so many threads could not use, if anything is."""
    if cores <= threads + SLACK:
        return None
    busy = f"expected at most {threads} at work, found {cores:.2f} cores busy"
    return f"its threads were not limited: {busy}"


def _limit_jax(threads: int) -> None:
    """Set the size that XLA's pool will have, and that calls run in the thread that makes them.

    Neither can be read back, so :func:`excess_of` looks at what ran. Both are read once, when XLA starts, and
    stay. Calls would else be handed to one thread more, while the caller waits for it or is busy too.
    """
    if "jax" in sys.modules and os.environ.get(JAX_THREADS) != str(threads):
        raise Declined(f"jax: loaded before its threads were limited; start with {JAX_THREADS}={threads} set")
    os.environ[JAX_THREADS] = str(threads)
    import jax

    jax.config.update("jax_cpu_enable_async_dispatch", False)  # type: ignore[no-untyped-call]


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
