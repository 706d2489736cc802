"""Reading that a copy of this process does meanwhile, where another core is free for it."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping
from typing import Final

_FEWEST: Final = 2
"""Cores that it takes."""


def read_ahead(work: Callable[[], Mapping[str, str | None]]) -> Callable[[], Mapping[str, str | None]]:
    """Have a copy of this process do some work; return what waits for it and gives what it returned.

    Where no copy can be made, or it did not come to an end, that does the work itself: so an error of the
    work is raised where its result is asked for.
    """
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < _FEWEST:  # Linux
        return work
    taken, given = os.pipe()
    try:
        with warnings.catch_warnings():  # of other threads, which the copy has none of and waits for none of
            warnings.simplefilter("ignore", DeprecationWarning)
            copy = os.fork()
    except OSError:
        os.close(taken)
        os.close(given)
        return work
    if copy == 0:
        try:
            os.close(taken)
            with os.fdopen(given, "wb") as out:
                out.write(json.dumps(work()).encode())
            os._exit(0)
        finally:  # whatever happened: nothing of this process's is the copy's to clear up
            os._exit(1)
    os.close(given)
    waiting = os.fdopen(taken, "rb")

    def result() -> Mapping[str, str | None]:
        with waiting:
            said = waiting.read()
        _, status = os.waitpid(copy, 0)
        found: Mapping[str, str | None] = json.loads(said) if status == 0 else work()
        return found

    return result
