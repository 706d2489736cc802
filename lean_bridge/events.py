"""What long work says about its progress while it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from pybind_models import ModuleReport


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage of ``verify`` began; ``total`` steps are expected, where that is known.

    Within a stage the same name begins its next part, and a build is part of it too.
    """

    name: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class StageAdvanced:
    """One more step of the current stage is done."""

    step: str


@dataclass(frozen=True, slots=True)
class StageFinished:
    """The stage that began with this name is over, with all that was part of it."""

    name: str


@dataclass(frozen=True, slots=True)
class BuildStarted:
    """The import graph is read."""

    modules: tuple[str, ...]
    """Every module of this build, imports first."""


@dataclass(frozen=True, slots=True)
class ModuleStarted:
    """Lean is about to elaborate a module."""

    module: str


@dataclass(frozen=True, slots=True)
class ModuleFinished:
    """A module's report is final."""

    report: ModuleReport


@dataclass(frozen=True, slots=True)
class Spent:
    """Some work is over, however it ended: who did it, and from when to when, by ``time.monotonic``."""

    lane: str
    """A Lean process, the second kernel's, or the name of a thread of this one."""
    name: str
    began: float
    ended: float


@contextmanager
def spending(observe: Callable[[Spent], object], name: str, lane: str | None = None) -> Iterator[None]:
    """Say of the context how long it took; it is the calling thread's work where no lane is named."""
    began = time.monotonic()
    try:
        yield
    finally:
        observe(Spent(lane or threading.current_thread().name, name, began, time.monotonic()))


BuildEvent: TypeAlias = BuildStarted | ModuleStarted | ModuleFinished | Spent
Event: TypeAlias = StageStarted | StageAdvanced | StageFinished | BuildEvent
Observer: TypeAlias = Callable[[object], None]
"""Sees the events of a long run as they come."""
