"""Reading that a copy of this process does meanwhile, where another core is free for it."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

_FEWEST: Final = 2
"""Cores that it takes."""

FoundT = TypeVar("FoundT")
"""What JSON keeps as it is."""


@contextmanager
def read_ahead(work: Callable[[], FoundT]) -> Iterator[Callable[[], FoundT]]:
    """Have a copy of this process do some work; give what waits for it and returns what it found.

    Where no copy can be made, or it did not come to an end, that does the work itself: so an error of the
    work is raised where its result is asked for. It is for programs that are this package's own: a copy has
    none of the threads that libraries of others may have started.
    """
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < _FEWEST:  # Linux
        yield work
        return
    taken, given = os.pipe()
    try:
        with warnings.catch_warnings():  # of other threads, for which the copy never waits
            warnings.simplefilter("ignore")
            copy = os.fork()
    except OSError:
        os.close(taken)
        os.close(given)
        yield work
        return
    if copy == 0:
        try:
            os.close(taken)
            with os.fdopen(given, "wb") as out:
                out.write(json.dumps(work()).encode())
            os._exit(0)
        finally:  # whatever happened: nothing of this process's is the copy's to clear up
            os._exit(1)
    os.close(given)
    status: int | None = None
    with os.fdopen(taken, "rb") as waiting:

        def result() -> FoundT:
            nonlocal status
            said = waiting.read()
            status = os.waitpid(copy, 0)[1]
            found: FoundT = json.loads(said) if status == 0 else work()
            return found

        try:
            yield result
        finally:
            if status is None:  # nobody asked
                waiting.close()
                os.waitpid(copy, 0)
