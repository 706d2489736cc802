"""Where the library stands, as it changes, without a screen of its own: ``lean-bridge status --watch``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NoReturn

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from lean_bridge.dash.loop import Loop
from lean_bridge.dash.model import Board, Entry, activity
from lean_bridge.dash.page import running
from lean_bridge.ui.diagnostics import diagnostic_text
from lean_bridge.ui.status_formats import render_status_text
from lean_bridge.ui.status_view import Page
from lean_bridge.ui.verdict import MARKS
from lean_bridge.ui.wording import one_line
from pybind_models.status import StatusReport

_TICK: Final = 0.1
"""Seconds between two looks at what is new."""

Choose = Callable[[StatusReport], StatusReport]
"""Leaves out the rows that were not asked for."""


def follow(loop: Loop, console: Console, choose: Choose, write: Callable[[str], None]) -> NoReturn:
    """Show what becomes of the library until it is interrupted.

    On a terminal it is the view of ``lean-bridge status``, kept up to date; elsewhere a line per change, as
    ``lean-bridge status --format text`` writes them.
    """
    loop.start()
    if console.is_interactive:
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                live.update(_view(loop.board, console, choose, time.time()), refresh=True)
                time.sleep(_TICK)
    told = Told(choose)
    while True:
        for line in told.lines(loop.board):
            write(line)
        time.sleep(_TICK)


def _view(board: Board, console: Console, choose: Choose, now: float) -> Group:
    """Return a screen of it: what goes on stands below, with the last of Lean's errors."""
    lines: list[Text] = []
    errors = [each for each in board.messages if each.severity == "error"]
    below = [diagnostic_text(errors[-1])] if errors else []
    if board.trouble:
        below.append(Text(one_line(board.trouble), MARKS["bad"].style))
    if board.run is not None:
        below.append(running(board.run, now))
    below = [line for text in below for line in text.wrap(console, console.width)][-console.height // 3 :]
    if (status := board.status_at(now)) is not None:
        lines = Page(choose(status), console.width, unfold=False).lines(console.height - 1 - len(below))
    text = [*lines, *below]
    for line in text:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*text)


class Told:
    """Knows what was said, and says what is new."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self._status: StatusReport | None = None
        self._rows: Mapping[str, str] = {}
        self._doing: Mapping[str, str] = {}
        self._log: Sequence[Entry] = ()

    def lines(self, board: Board) -> Iterator[str]:
        """Yield a line per thing that changed: what happened, what is done about rows, and rows."""
        log = board.log
        for entry in log[len(self._log) :] if log[: len(self._log)] == self._log else _new(self._log, log):
            if entry.message is not None:
                yield f"lean\t{one_line(diagnostic_text(entry.message).plain)}\n"
            else:
                yield f"log\t{one_line(entry.text)}\n"
        self._log = log
        if board.status is None:
            return
        shown = self._choose(board.status)
        doing = {row.name: found.doing for row in shown.rows if (found := activity(board, row)) is not None}
        for name, word in doing.items():
            if self._doing.get(name) != word:
                yield f"{word}\t{name}\n"
        self._doing = doing
        if board.status is self._status:
            return
        self._status = board.status
        lines = render_status_text(shown).splitlines(keepends=True)
        rows = dict(zip((row.name for row in shown.rows), lines, strict=False))
        yield from (line for name, line in rows.items() if self._rows.get(name) != line)
        self._rows = rows
        yield lines[-1]


def _new(before: Sequence[Entry], log: Sequence[Entry]) -> Sequence[Entry]:
    """Return what was not there before, where something was also taken out."""
    known = set(map(id, before))
    return [entry for entry in log if id(entry) not in known]
