"""The one interface to Lean: a provider hands out pools, a pool elaborates files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lean_bridge.events import Spent
from pybind_models import Diagnostic, Toolchain

ARTIFACT_SUFFIXES = (".olean", ".olean.server", ".olean.private", ".ir", ".ilean")
"""What Lean may write for one module, each appended to the module's path without ``.lean``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One source file to elaborate."""

    source: Path
    search_path: tuple[Path, ...] = ()
    """Directories with compiled imports; the standard library is always added."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 that files have to have, by where they lie below one of these directories."""
    root: Path | None = None
    """The directory from which Lean derives the module's name, and to which diagnostics are relative."""
    olean: Path | None = None
    """Where the compiled file goes, its other parts beside it; ``None`` compiles nothing."""
    options: tuple[tuple[str, str], ...] = ()
    """Lean options, name and value, as ``-D`` takes them."""
    file: str | None = None
    """Where the source lies in its project, from its root, where it is a copy of one of a project's."""
    targets: tuple[str, ...] = ()
    """The modules of that project that are to be compiled, itself among them."""
    time_limit: float | None = None
    """In seconds, where that is less than its pool gives every file."""

    @property
    def name(self) -> str:
        """The source as diagnostics name it: relative to ``root`` if there is one, else as given."""
        return (self.source if self.root is None else self.source.relative_to(self.root)).as_posix()


@dataclass(frozen=True, slots=True, kw_only=True)
class Elaboration:
    """What Lean said about one source file."""

    source: Path
    ok: bool
    """No error was reported and every file asked for was written."""
    seconds: float
    diagnostics: tuple[Diagnostic, ...]
    artifacts: tuple[Path, ...]
    """The files written; empty unless ``ok``."""
    limit: str | None = None
    """What this Lean cannot do, where nothing but that stands against the file."""
    is_final: bool = False
    """Whether Lean itself went through a file that it refuses, and no limit of time or room is why."""
    as_module: bool = False
    """Whether the file has no ``module``, and Lean was handed it as one, every line in its place."""
    spent: tuple[Spent, ...] = ()
    """Where the time went, as far as that is known: of the lane of the pool that had the file."""


class WorkerPool(Protocol):
    """A bounded set of Lean processes, started when first needed."""

    @property
    def processes_started(self) -> int:
        """How many Lean processes there have been so far."""

    def elaborate(self, job: Job) -> Elaboration:
        """Elaborate one file; safe to call from several threads, and waits for a free process.

        Raises: ToolchainCrashed if the process dies twice on this file; ToolchainTimeout if it hangs;
        ToolchainError if there is no such file, or it lies outside the job's root.
        """

    def close(self) -> None:
        """End every process, without waiting for any; jobs under way fail, and there are no more."""


class Provider(Protocol):
    """A Lean on this machine."""

    @property
    def info(self) -> Toolchain:
        """Which Lean this is."""

    @property
    def library(self) -> Path:
        """The directory of the standard library's ``.olean`` files."""

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        """Open a pool of at most ``workers`` processes; ``time_limit`` is in seconds, per file.

        Leaving the context ends every process of the pool.
        """
