"""What is known of a library while it is worked on, and what each event makes of that: state × event → state.

Nothing here waits, draws or asks for the time, so that all of it is tested without a terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, assert_never

from lean_bridge.codes import Code
from lean_bridge.events import (
    BuildStarted,
    ModuleFinished,
    ModuleStarted,
    StageAdvanced,
    StageFinished,
    StageStarted,
)
from lean_bridge.library.judgement import Judgement
from lean_bridge.ui.detail import PinnedAt
from lean_bridge.ui.diagnostics import why_undecided
from lean_bridge.ui.event_lines import Judged, Told, Transferred
from lean_bridge.ui.verdict import VERDICT_TONES, Tone
from lean_bridge.ui.wording import coded
from pybind_models import Diagnostic, VerifyReport
from pybind_models.status import StatusReport, StatusRow

_MOST_KEPT: Final = 500
"""Entries of the log; the oldest go first."""

Doing: TypeAlias = Literal["queued", "elaborating", "refused", "judging"]
"""What a run is doing about a row; ``refused``: Lean does not compile what it rests on."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The library was looked at, without any Lean."""

    at: float
    status: StatusReport | None = None
    judgement: Judgement | None = None
    """The last one, as which the status was."""
    trouble: str | None = None
    """Why the library cannot be judged as it is now, in one line; there may be a status of what it was."""
    rests: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The modules that each row rests on now, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Began:
    """A run of ``verify`` was started."""

    at: float
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """The run said something."""

    at: float
    told: Told


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over, and the library was looked at again."""

    looked: Looked
    trouble: str | None = None
    """Why it came to nothing, if it came to no judgement and did not say why."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The run was stopped before its end, because of ``why``."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Dated:
    """It was looked up how declarations were pinned before."""

    pins: Mapping[str, Sequence[PinnedAt]]


Event: TypeAlias = Looked | Began | Heard | Ended | Stopped | Dated


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to read in the log: what happened, or a message of Lean's."""

    at: float
    text: str = ""
    tone: Tone | None = None
    message: Diagnostic | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of ``verify`` that goes on."""

    since: float
    stage: str = "starting"
    done: int = 0
    total: int | None = None
    now: str = ""
    """What is being worked on."""
    in_stage: bool = False
    """Whether the stage will say itself when it is over."""
    modules: Mapping[str, Literal["waiting", "done", "refused"] | float] = field(default_factory=dict)
    """What became of the modules; of one that Lean is at, since when."""
    report: VerifyReport | None = None

    @property
    def elaborating(self) -> dict[str, float]:
        """The modules that Lean is at, and since when."""
        return {name: state for name, state in self.modules.items() if isinstance(state, float)}


@dataclass(frozen=True, slots=True)
class Board:
    """All that is shown."""

    status: StatusReport | None = None
    judgement: Judgement | None = None
    trouble: str | None = None
    """Why the library cannot be read now, or why the last run came to nothing."""
    run: Run | None = None
    log: tuple[Entry, ...] = ()
    at: float = 0.0
    """When the library was looked at."""
    rests: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The modules that each row rests on, as far as that is known."""
    pins: Mapping[str, Sequence[PinnedAt]] = field(default_factory=dict)
    """How rows were pinned before."""

    @property
    def messages(self) -> tuple[Diagnostic, ...]:
        """What Lean said in the last run, or in this one since it began."""
        return tuple(entry.message for entry in self.log if entry.message is not None)

    @property
    def rows(self) -> Sequence[StatusRow]:
        """Every row."""
        return self.status.rows if self.status is not None else ()

    @property
    def report(self) -> VerifyReport | None:
        """What was found when the library was last judged."""
        return self.judgement.report if self.judgement is not None else None

    def errors_below(self, row: StatusRow) -> tuple[Diagnostic, ...]:
        """Return Lean's errors in the files that a row rests on, where it is not green."""
        if row.state == "green":
            return ()
        errors = [each for each in self.messages if each.severity == "error"]
        if (modules := self.rests.get(row.name)) is None:
            return tuple(errors)
        return tuple(each for each in errors if _module(each.file) in modules)

    def status_at(self, now: float) -> StatusReport | None:
        """Return where the library stands, as old as that is ``now``."""
        if self.status is None or self.status.age is None:
            return self.status
        return self.status.replaced(age=self.status.age + max(now - self.at, 0.0))


def _module(file: str) -> str:
    return file.removesuffix(".lean").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Activity:
    """What a run is doing about a row, and since when Lean is at it."""

    doing: Doing
    since: float | None = None


def activity(board: Board, row: StatusRow) -> Activity | None:
    """Return what is being done about a row; nothing about one that is as it was judged.

    A row of which nobody knows where it stands waits for all modules, and no single one of them concerns it.
    """
    run = board.run
    if run is None or not _is_unsettled(row):
        return None
    known = run.modules
    if (rests := board.rests.get(row.name)) is None:
        is_waiting = not known or any(state not in ("done", "refused") for state in known.values())
        return Activity("queued" if is_waiting else "judging")
    states = [known[name] for name in rests if name in known]
    if "refused" in states:
        return Activity("refused")
    if since := [state for state in states if isinstance(state, float)]:
        return Activity("elaborating", min(since))
    return Activity("judging") if states and "waiting" not in states else Activity("queued")


def activities(board: Board, rows: Iterable[StatusRow]) -> Counter[Doing]:
    """Return of how many rows something is being done, by what that is."""
    return Counter(found.doing for row in rows if (found := activity(board, row)) is not None)


def _is_unsettled(row: StatusRow) -> bool:
    """Whether a row is to be judged: it changed, or never was."""
    return row.state == "stale" or (row.state == "open" and not row.links)


def reduce(board: Board, event: Event) -> Board:
    """Return what an event makes of what was known."""
    match event:
        case Looked():
            return _looked(board, event)
        case Began(at, is_fresh):
            words = "judging everything anew" if is_fresh else "judging"
            return _noted(replace(board, run=Run(since=at)), Entry(at, words))
        case Heard(at, told):
            return _heard(board, at, told) if board.run is not None else board
        case Stopped(at, why):
            if board.run is None:
                return board
            return _noted(replace(board, run=None), Entry(at, f"stopped: {why}", "open"))
        case Ended():
            return _ended(board, event)
        case Dated(pins):
            return replace(board, pins=pins)
    assert_never(event)


def _looked(board: Board, event: Looked) -> Board:
    if event.trouble is not None and event.trouble != board.trouble:
        board = _noted(board, Entry(event.at, event.trouble, "bad"))
    board = replace(board, trouble=event.trouble)
    if event.status is None:  # what was known stays to be read, and holds no more
        return replace(board, status=_void(board.status, event.trouble or "it cannot be read"))
    before = board.status.changed if board.status is not None else ()
    for line in event.status.changed:
        if line not in before and line != event.trouble:
            board = _noted(board, Entry(event.at, line, "open"))
    return replace(
        board, at=event.at, status=event.status, judgement=event.judgement, rests=event.rests or board.rests
    )


def _void(status: StatusReport | None, why: str) -> StatusReport | None:
    """Return what is left of a status where the library cannot be read: that nothing is judged as it is."""
    if status is None or status.changed == (why,):
        return status
    rows = [
        row.replaced(
            state="stale",
            reason=why,
            code=Code.STALE,
            links={name: link.replaced(outcome="stale") for name, link in row.links.items()},
        )
        for row in status.rows
    ]
    return status.replaced(
        verdict="no verdict", reason=why, code=Code.STALE, changed=(why,), rows=tuple(rows)
    )


def _ended(board: Board, event: Ended) -> Board:
    run, looked = board.run, event.looked
    report = run.report if run is not None else None
    board = _looked(replace(board, run=None), looked)
    if report is None:
        why = event.trouble or f"{Code.NOTHING_CHECKED} the run ended without a report"
        return _noted(replace(board, trouble=why), Entry(looked.at, f"no verdict: {why}", "bad"))
    if report.build is not None:
        said = {message for module in report.build.modules for message in module.diagnostics}
        log = tuple(entry for entry in board.log if entry.message is None or entry.message in said)
        told = {entry.message for entry in log}
        board = replace(board, log=log)
        for module in report.build.modules:
            for message in module.diagnostics:  # of what was not compiled again, too
                board = board if message in told else _noted(board, Entry(looked.at, message=message))
    reason = f": {coded(report.code, report.reason)}" if report.reason is not None else ""
    board = _noted(board, Entry(looked.at, f"{report.verdict}{reason}", VERDICT_TONES[report.verdict]))
    if looked.judgement is None and looked.trouble is None:  # none was written down: the run says why
        return replace(board, trouble=coded(report.code, report.reason or report.verdict))
    return board


def _heard(board: Board, at: float, told: Told) -> Board:
    run = board.run
    assert run is not None
    match told:
        case BuildStarted(modules):
            states: dict[str, Literal["waiting", "done", "refused"] | float] = dict.fromkeys(
                modules, "waiting"
            )
            stage = run.stage if run.in_stage else "build"
            run = replace(
                run, stage=stage, done=0, total=len(modules), now="", modules={**run.modules, **states}
            )
        case ModuleStarted(module):
            run = replace(run, modules={**run.modules, module: at})
            run = replace(run, now=", ".join(run.elaborating))
        case ModuleFinished(report):
            is_there = report.state in ("built", "cached")
            run = replace(
                run,
                modules={**run.modules, report.module: "done" if is_there else "refused"},
                done=run.done + 1,
            )
            run = replace(run, now=", ".join(run.elaborating))
            log = (each for each in board.log if each.message is None or each.message.file != report.file)
            board = replace(board, log=tuple(log))
            for message in report.diagnostics:
                board = _noted(board, Entry(at, message=message))
            if (why := why_undecided(report)) is not None:
                board = _noted(board, Entry(at, why, "open"))
        case StageStarted(name, total):
            run = replace(run, stage=name, done=0, total=total, now="", in_stage=True)
        case StageAdvanced(step):
            run = replace(run, done=run.done + 1, now=step)
        case StageFinished(name):
            if name == run.stage:
                run = replace(run, in_stage=False, done=run.total or run.done, now="")
        case Transferred(stage, done, total):
            run = replace(run, stage=f"{stage} Lean", done=done, total=total, now="", in_stage=False)
        case Judged(report):
            run = replace(run, report=report)
        case _:
            assert_never(told)
    return replace(board, run=run)


def _noted(board: Board, entry: Entry) -> Board:
    return replace(board, log=(*board.log, entry)[-_MOST_KEPT:])
