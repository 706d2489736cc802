"""What is going on, while it goes on: bars on a terminal, a plain line per finished module elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from lean_bridge.events import (
    BuildStarted,
    ModuleFinished,
    ModuleStarted,
    StageAdvanced,
    StageFinished,
    StageStarted,
)
from lean_bridge.ui.wording import counted, one_line, seconds_text, step_text
from pybind_models import ModuleReport

_MEGABYTE = 1_000_000

_STAGE, _BAR, _AMOUNT, _ELAPSED, _ROOMY = 15, 12, 13, 7, 100
"""Columns that each part of a line keeps, whatever is worked on; what that is has the rest."""


class Observer(Protocol):
    """Sees what long work says about itself; both methods may be called from any thread."""

    def observe(self, event: object) -> None:
        """Show an event of ``lean_bridge.events``; any other object is of no interest."""

    def transfer(self, stage: str, done: int, total: int) -> None:
        """Show how many bytes of ``total`` a stage of the toolchain's installation is through."""


@contextmanager
def show_progress(console: Console) -> Iterator[Observer]:
    """Yield an observer that shows its events on ``console``, and leave the terminal as it was.

    On a terminal the display is gone at the end, however the block is left.
    """
    if not console.is_interactive:
        yield LineObserver(console)
        return
    columns: tuple[ProgressColumn, ...] = (
        SpinnerColumn(finished_text=Text("✓", "green"), table_column=Column(width=1)),
        TextColumn("{task.description}", style="bold", table_column=Column(width=_STAGE, no_wrap=True)),
        BarColumn(bar_width=_BAR if console.width < _ROOMY else 2 * _BAR),
        _Amount(Column(width=_AMOUNT, justify="right", no_wrap=True)),
        TimeElapsedColumn(Column(width=_ELAPSED, no_wrap=True)),
        TextColumn(
            "{task.fields[now]}", style="dim", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
        ),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as progress:
        yield LiveObserver(progress)


class _Amount(ProgressColumn):
    """Steps, or megabytes, done and in all."""

    def __init__(self, table_column: Column) -> None:
        super().__init__(table_column)
        self._steps = MofNCompleteColumn()

    def render(self, task: Task) -> Text:
        """Return the amount; nothing where the work has no steps to count."""
        if not task.total:
            return Text(f"{task.completed:.0f}" if task.completed else "")
        if task.fields["bytes"]:
            return Text(f"{task.completed / _MEGABYTE:.0f}/{task.total / _MEGABYTE:.0f} MB")
        return self._steps.render(task)


class LineObserver:
    """Writes a line per module that Lean looked at, and per part of a transfer."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._modules = 0
        self._finished = 0
        self._said: tuple[str, int] = ("", 0)

    def observe(self, event: object) -> None:
        """Write a line if a module is finished and was not in the store."""
        with self._lock:
            if isinstance(event, BuildStarted):
                self._modules, self._finished = len(event.modules), 0
            elif isinstance(event, ModuleFinished):
                self._finished += 1
                if event.report.state != "cached":
                    self._write(f"[{self._finished}/{self._modules}] {_module_line(event.report)}")

    def transfer(self, stage: str, done: int, total: int) -> None:
        """Write a line at the start and at each quarter."""
        with self._lock:
            quarter = 4 * done // total if total else 4
            if self._said != (stage, quarter):
                self._said = stage, quarter
                self._write(f"{stage} Lean: {done / _MEGABYTE:.0f} of {total / _MEGABYTE:.0f} MB")

    def _write(self, line: str) -> None:
        self._console.print(Text(one_line(line)), soft_wrap=True)


class LiveObserver:
    """Keeps a bar per stage, and beside the current one what is being worked on.

    A build within a stage is part of it, and so is the next part of a stage under the same name.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._bar: Task | None = None
        self._stage = ""
        self._is_open = False
        """Whether the current bar is of a stage that will say when it is over."""
        self._running: list[str] = []

    def observe(self, event: object) -> None:
        """Move the bars."""
        with self._lock:
            match event:
                case BuildStarted(modules):
                    self._start(self._stage if self._is_open else "build", len(modules))
                case ModuleStarted(module):
                    self._running.append(module)
                    self._show(", ".join(self._running))
                case ModuleFinished(report):
                    if report.module in self._running:
                        self._running.remove(report.module)
                    if report.state in ("failed", "unsupported"):
                        self._progress.console.print(Text(_module_line(report), "bold red"))
                    self._advance(", ".join(self._running))
                case StageStarted(name, total):
                    self._start(name, total)
                    self._is_open = True
                case StageAdvanced(step):
                    self._advance(step)
                case StageFinished(name):
                    if name == self._stage:
                        self._finish()

    def transfer(self, stage: str, done: int, total: int) -> None:
        """Move the bar of the installation's stage."""
        with self._lock:
            if self._stage != stage:
                self._start(stage, total, is_bytes=True)
            self._set(done)

    def _start(self, stage: str, total: int | None, *, is_bytes: bool = False) -> None:
        """Begin a bar; of a stage that goes on, its next part."""
        self._running.clear()
        if self._is_open and stage == self._stage and self._bar is not None:
            self._progress.update(self._bar.id, total=total, completed=0, now="")
            return
        self._finish()
        self._stage = stage
        self._progress.add_task(stage, total=total, now="", bytes=is_bytes)
        self._bar = self._progress.tasks[-1]

    def _finish(self) -> None:
        if self._bar is not None:
            self._progress.update(self._bar.id, total=self._bar.completed, now="")
        self._is_open, self._stage, self._bar = False, "", None

    def _advance(self, now: str) -> None:
        if self._bar is not None:
            self._set(int(self._bar.completed) + 1)
            self._show(now)

    def _set(self, done: int) -> None:
        """Say how far the bar is, which is drawn at its own pace: a kernel answers thousands a second."""
        if self._bar is not None:
            self._bar.completed = done
            if done == self._bar.total and self._is_open:  # it goes on, or comes to its end, as it will say
                self._bar.total = None
            elif done == self._bar.total:
                self._progress.update(self._bar.id, completed=done)

    def _show(self, now: str) -> None:
        if self._bar is not None:
            self._bar.fields["now"] = step_text(now)


def _module_line(report: ModuleReport) -> str:
    line = f"{report.state} {report.module}"
    if report.state in ("built", "failed", "unsupported"):
        line += f" ({seconds_text(report.seconds)})"
    errors = sum(diagnostic.severity == "error" for diagnostic in report.diagnostics)
    return f"{line}: {counted(errors, 'error')}" if errors else line
