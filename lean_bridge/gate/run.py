"""Finds what a gate is about, and judges it; whatever is in the way becomes the report."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lean_bridge.codes import Code
from lean_bridge.errors import LeanBridgeError, NoVerdict, PolicyError, ProjectNotFound, as_told
from lean_bridge.events import Observer
from lean_bridge.gate.decide import decide
from lean_bridge.gate.findings import anchors_of, findings_of
from lean_bridge.gate.policy import Given, find_policy, in_force, libraries_of, place_of, policies_beside
from lean_bridge.library.discovery import find_library, top_around
from lean_bridge.project import Project
from lean_bridge.toolchain.install import Progress
from lean_bridge.verdict.refusal import refused
from pybind_models import Place
from pybind_models.policy import GateReport, Judged, Policy, PolicyRecord


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
    start = Path(os.path.normpath(start))
    top = top_around(start, Path.cwd())
    named = policy.absolute() if policy is not None else None
    file, passed_over = find_policy(start, top, named)
    record = in_force(file, given, top, passed_over)
    libraries: list[Path] = []
    if project is None and not shipped:
        libraries = list(dict.fromkeys(map(root_of, libraries_of(record.policy, file, top))))
    if not libraries and root is not None:
        libraries = [root]
    if not libraries and missing is not None:
        raise missing
    others = policies_beside(file, libraries, top, is_named=named is not None) if not shipped else []
    if others:
        record = in_force(file, given, top, list(dict.fromkeys((*passed_over, *others))))
    return Settled(record, libraries, top)


def root_of(path: Path) -> Path:
    """Return where the library lies that a policy names: the directory, or its ``lean``."""
    try:
        return find_library(path).root
    except ProjectNotFound:  # which is told when it is opened
        return path


def refusal(error: LeanBridgeError, start: Path, seconds: float = 0.0) -> GateReport:
    """Return what a gate comes to that could not begin: at the policy that is at fault, if one is."""
    top = top_around(Path(os.path.normpath(start.absolute())), Path.cwd())
    path = error.path if isinstance(error, PolicyError) else None
    record = in_force(None, {}, top, []).replaced(digest="")  # none is in force
    report = refused(error)
    findings = findings_of(report, ".", root=top)
    if path is not None and os.path.lexists(path):
        file = place_of(path, top)
        record = record.replaced(file=file)
        if not Path(file).is_absolute():
            at = Place(file=file)
            findings = tuple(each.replaced(place=each.place or at) for each in findings)
    found = Judged(place=".", report=report, findings=findings)
    return decide(record, [found], seconds)


def judge_all(
    settled: Settled, judge_one: Callable[[Path, str, Policy], Judged], started: float
) -> GateReport:
    """Return what the libraries come to together, each judged by ``judge_one``, within the policy's budget.

    The budget counts from ``started``, of :func:`time.monotonic`.
    """
    policy = settled.record.policy
    left = policy.budget - (time.monotonic() - started) if policy.budget is not None else None
    found: list[Judged] = []
    try:
        with _time_limit(left):
            for root in settled.libraries:
                judged = judge_one(root, settled.place(root), policy)
                judged = _at_its_name(judged, settled, root)
                found.append(judged)  # one by one: what is judged when the time is over counts
    except _OutOfTime:
        why = f"the time budget of {policy.budget:g} s is exceeded, and not everything is judged"
        report = refused(NoVerdict(why, code=Code.OUT_OF_TIME))
        place = settled.place(settled.libraries[len(found)])
        found.append(Judged(place=place, report=report, findings=findings_of(report, place)))
    return decide(settled.record, found, time.monotonic() - started)


def _at_its_name(judged: Judged, settled: Settled, root: Path) -> Judged:
    """Return what a library came to; of one that is not there, at the line of the policy that names it."""
    named = settled.record.settings["paths"].place
    if named is None or root.exists():
        return judged
    findings = (each if each.place else each.replaced(place=named) for each in judged.findings)
    return judged.replaced(findings=tuple(findings))


class _OutOfTime(BaseException):
    """The budget is spent; nothing that handles errors may take this for one of them."""


@contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """Stop what runs in the context when its time is over, where the system has timers.

    A timer that runs already goes on behind it.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if seconds is None or not hasattr(signal, "setitimer") or not is_main:
        yield
        return

    def stop(*_: object) -> None:
        raise _OutOfTime

    started = time.monotonic()
    before = signal.signal(signal.SIGALRM, stop)
    others, interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if others:
            signal.setitimer(signal.ITIMER_REAL, max(others - (time.monotonic() - started), 1e-3), interval)


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
        refusal = as_told(error)
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
