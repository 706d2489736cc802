"""Finds what a gate is about, and judges it; whatever is in the way becomes the report."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lean_bridge.errors import LeanBridgeError, ProjectNotFound, of_the_machine
from lean_bridge.gate.findings import anchors_of, findings_of
from lean_bridge.gate.policy import Given, find_policy, in_force, libraries_of
from lean_bridge.library.discovery import find_library, repository_of
from lean_bridge.project import Project
from lean_bridge.toolchain.install import Progress
from lean_bridge.verdict.judge import Observer
from lean_bridge.verdict.refusal import refused
from pybind_models.policy import Judged, Policy, PolicyRecord


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be judged, and by which policy."""

    record: PolicyRecord
    libraries: Sequence[Path]
    top: Path
    """Of the repository."""

    def place(self, root: Path) -> str:
        """Return where a library lies in the repository."""
        return Path(os.path.relpath(root.resolve(), self.top.resolve())).as_posix()


def settle(project: Path | None, *, shipped: bool, policy: Path | None, given: Given) -> Settled:
    """Find the library and the policy; ``given`` are values of options.

    The library that came with this package is never taken in the place of one that is gone.
    Raises: ProjectNotFound; PolicyError.
    """
    start, missing, root = Path.cwd(), None, None
    try:
        found = find_library(project, shipped=shipped)
        if found.is_shipped and not shipped:
            missing = ProjectNotFound(
                f"{start}: expected a Lean library here or above, found none; name it by --project or by "
                "`paths` of a policy, or give --shipped for the library that came with this package"
            )
        else:
            root = found.root
            start = start if shipped else root
    except ProjectNotFound as error:
        missing = error
    top = repository_of(start)
    if top == start and start.is_relative_to(Path.cwd()):  # no repository: what there is from here
        top = Path.cwd()
    file, passed_over = find_policy(start, top, policy.absolute() if policy is not None else None)
    record = in_force(file, given, top, passed_over)
    libraries = libraries_of(record.policy, file, top) if project is None and not shipped else []
    if not libraries and root is not None:
        libraries = [root]
    if not libraries and missing is not None:
        raise missing
    return Settled(record, libraries, top)


def judge(
    open_: Callable[[], Project],
    root: Path,
    place: str,
    policy: Policy,
    *,
    workers: int = 2,
    fresh: bool = False,
    alone: bool = False,
    observe: Observer = lambda _: None,
    progress: Progress | None = None,
) -> Judged:
    """Return a library as it is judged under a policy; ``open_`` opens it."""
    opened: Project | None = None
    is_confirmed = "confirmed" in policy.require
    try:
        opened = open_()
        report = opened.verify(
            workers=workers,
            fresh=fresh,
            require_confirmed=is_confirmed,
            require_isolated="isolated" in policy.require,
            require_known="known" in policy.require,
            unpinned=policy.unpinned,
            alone=alone,
            observe=observe,
            progress=progress,
        )
    except Exception as error:
        refusal = error if isinstance(error, LeanBridgeError) else of_the_machine(error)
        if refusal is None:
            raise
        report = refused(
            refusal,
            opened.identity if opened is not None else None,
            unpinned=policy.unpinned,
            confirmation_required=is_confirmed,
        )
    findings = findings_of(report, place, anchors_of(root), root.resolve())
    return Judged(place=place, report=report, findings=findings)
