"""What long work says about its progress while it goes on."""

from __future__ import annotations

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


BuildEvent: TypeAlias = BuildStarted | ModuleStarted | ModuleFinished
Event: TypeAlias = StageStarted | StageAdvanced | StageFinished | BuildEvent
