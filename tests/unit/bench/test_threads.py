"""Threads are limited, read back, and given back; what cannot be limited is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import torch
from threadpoolctl import threadpool_info

from lean_bridge.bench import threads
from lean_bridge.bench.threads import limit_threads
from lean_bridge.errors import Declined


def counts() -> list[int]:
    return [info["num_threads"] for info in threadpool_info()] + [torch.get_num_threads()]


def test_every_pool_is_limited_and_given_back() -> None:
    before = counts()
    with limit_threads(1, ["torch"]) as machine:
        assert set(counts()) == {1}
        assert {pool.threads for pool in machine.pools} == {1}
        assert any(pool.library.startswith("openblas") for pool in machine.pools)
        assert {"numpy", "torch"} < machine.packages.keys()
    assert counts() == before


def test_a_pool_that_reports_another_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def stubborn() -> list[dict[str, Any]]:
        return [{"user_api": "blas", "internal_api": "openblas", "version": "1", "num_threads": 8}]

    monkeypatch.setattr(threads, "threadpool_info", stubborn)
    with (
        pytest.raises(Declined, match="openblas 1: expected 2 threads in force, found 8"),
        limit_threads(2, []),
    ):
        pass


def test_an_invisible_blas_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "threadpool_info", list)
    with pytest.raises(Declined, match="can be neither set nor read"), limit_threads(1, []):
        pass


def test_jax_must_not_have_started_with_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", sys)
    monkeypatch.setenv("NPROC", "2")
    with pytest.raises(Declined, match="start with NPROC=1 set"), limit_threads(1, ["jax"]):
        pass


IN_ONE_THREAD = """
import os
import time
from lean_bridge.bench.threads import limit_threads

with limit_threads(1, ["jax"]):
    import jax
    a = jax.numpy.ones((300, 300))
    square = jax.jit(lambda a: jax.numpy.tanh(a @ a)).lower(a).compile()
    square(a).block_until_ready()
    used, own = time.process_time(), time.thread_time()
    for _ in range(100):
        square(a).block_until_ready()
    print((time.process_time() - used) / (time.thread_time() - own), len(os.sched_getaffinity(0)))
print(len(os.sched_getaffinity(0)))
"""


def test_calls_of_jax_run_in_the_thread_that_makes_them() -> None:
    """In a process of its own, as XLA starts once."""
    environment = {name: value for name, value in os.environ.items() if name != threads.JAX_THREADS}
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_THREAD], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    share, cores, after = map(float, done.stdout.split())
    assert 0.95 < share < 1.05
    assert (cores, after) == (1, len(os.sched_getaffinity(0)))
