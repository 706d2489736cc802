"""How much repeated calls allocate."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable


def allocated(run: Callable[[], object]) -> tuple[int, int]:
    """Return the bytes that three calls keep, and the most that they take meanwhile; one call goes before."""
    run()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(3):
            run()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before, peak - before
