"""Work on millions of terms, all of them in use, which Python would look through for garbage in vain."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected(*, for_good: bool = False) -> Iterator[None]:
    """Keep Python from looking for cycles, again and again, among millions of terms that all are in use.

    ``for_good``: nor is what is there at the end looked through later, which is when the process ends.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            gc.freeze()
        if was_enabled:
            gc.enable()
