"""How deep calls may nest while terms are evaluated: recursion over a list nests with its length."""

from __future__ import annotations

import sys
from threading import Lock
from typing import Final

DEEPEST: Final = 40_000
"""Calls within each other, forty times what Python allows: recursion over one entry of a list takes a dozen.
All are calls of Python's functions by one another, which take no room on the machine's stack."""


class Depth:
    """A context in which calls may nest so deep; threads may be in it at once, and one within another."""

    _lock: Final = Lock()
    _inside = 0
    _before = 0

    def __enter__(self) -> None:
        with Depth._lock:
            if not Depth._inside:
                Depth._before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(Depth._before, DEEPEST))
            Depth._inside += 1

    def __exit__(self, *_: object) -> None:
        with Depth._lock:
            Depth._inside -= 1
            if not Depth._inside:
                sys.setrecursionlimit(Depth._before)
