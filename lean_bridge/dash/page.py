"""What the dashboard shows of a board, as lines: the head, the matrix with its folds, why a row is so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.text import Text

from lean_bridge.dash.model import Activity, Board, Doing, Run, activities, activity
from lean_bridge.library.chosen import chosen_rows
from lean_bridge.ui.diagnostics import diagnostic_text
from lean_bridge.ui.status_view import Page, state_mark
from lean_bridge.ui.verdict import MARKS
from lean_bridge.ui.wording import coded, one_line, seconds_text, step_text
from pybind_models import Diagnostic
from pybind_models.status import StatusReport, StatusRow

CURSOR: Final = "›"
_FOLDED, _UNFOLDED = "▸", "▾"
MARGIN: Final = 3
"""Columns before a line of the matrix: the cursor, and whether a group is folded."""
_BAR: Final = 16
_UNBROKEN: Final = 10_000
"""Columns in which every reason has room on one line."""
_MARKS: Final[Mapping[Doing, tuple[str, str]]] = {
    "queued": ("·", "dim"),
    "elaborating": ("▶", "bold cyan"),
    "judging": ("▷", "cyan"),
    "refused": ("✗", MARKS["bad"].style),
}
_DONE_ABOUT: Final[tuple[Doing, ...]] = ("refused", "elaborating", "judging", "queued")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows a reader wants to see, and which groups folded."""

    words: str = ""
    only_bad: bool = False
    folds: Mapping[str, bool] = field(default_factory=dict)
    """Whether a group is to be folded, where that was said; else one is that has nothing wrong."""

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves rows out."""
        return bool(self.words or self.only_bad)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the matrix: a row, or else the head of its group."""

    group: str
    row: StatusRow | None
    text: Text

    @property
    def key(self) -> tuple[str, str | None]:
        """What it is about, whatever is said of that."""
        return self.group, self.row.name if self.row is not None else None


def is_folded(choice: Choice, group: str, rows: Collection[StatusRow]) -> bool:
    """Whether a group is one line: as was said, else unless it has a row that was judged and is bad."""
    if group in choice.folds:
        return choice.folds[group]
    if choice.words:
        return False
    return not any(row.state == "rejected" or (row.state == "open" and row.links) for row in rows)


def chosen(status: StatusReport, choice: Choice) -> StatusReport:
    """Return the status with the rows that a reader wants to see."""
    words = [choice.words.strip()] if choice.words.strip() else []
    leave_out = {"green"} if choice.only_bad else set()
    return status.only(chosen_rows(status.rows, words, group=None, leave_out=leave_out))


class Sheet:
    """The matrix of what was chosen, at a width."""

    def __init__(self, status: StatusReport, choice: Choice, width: int) -> None:
        self._choice = choice
        self.status = chosen(status, choice)
        self._page = Page(self.status, width - MARGIN, unfold=True)

    def titles(self) -> list[Text]:
        """Return the heads of the columns."""
        return [Text(" " * MARGIN).append_text(line) for line in self._page.titles()]

    def lines(self, board: Board, now: float) -> Iterator[Line]:
        """Yield a line per group, and one per row of a group that is not folded."""
        for group, rows in self._page.groups.items():
            folded = is_folded(self._choice, group, rows)
            mark = _FOLDED if folded else _UNFOLDED
            doing = _of_group(board, rows)
            yield Line(group, None, Text(f" {mark} ").append_text(self._page.group(group, rows, doing)))
            for row in rows if not folded else ():
                found = activity(board, row)
                told = _told(found, now) if found is not None else None
                yield Line(group, row, Text(" " * MARGIN).append_text(self._page.row(row, told)))

    def legend(self) -> list[Text]:
        """Return what the marks mean."""
        return self._page.legend()


def next_bad(board: Board, line: Line | None, by: int) -> StatusRow | None:
    """Return the next row that is not green or that something is done about, or the last one; else the first.

    None is returned where there is no such row.
    """
    rows = board.rows
    bad = [at for at, row in enumerate(rows) if row.state != "green" or activity(board, row)]
    if not bad:
        return None
    here = -1
    if line is not None and line.row is not None:
        here = next(at for at, row in enumerate(rows) if row.name == line.row.name)
    elif line is not None:
        here = next(at for at, row in enumerate(rows) if row.group == line.group) - (by > 0)
    ahead = [at for at in bad if (at - here) * by > 0]
    return rows[(ahead or bad)[0 if by > 0 else -1]]


def _told(found: Activity, now: float) -> Text:
    symbol, style = _MARKS[found.doing]
    text = Text(f"{symbol} {found.doing}", style)
    return text.append(f" {_seconds(now - found.since)}") if found.since is not None else text


def _of_group(board: Board, rows: Collection[StatusRow]) -> Text | None:
    counts = activities(board, rows)
    if not counts:
        return None
    text = Text()
    for doing in _DONE_ABOUT:
        if count := counts[doing]:
            symbol, style = _MARKS[doing]
            text.append(", " if text else "").append(f"{symbol} {count} {doing}", style)
    return text


def head(board: Board, now: float, *, is_tall: bool) -> list[Text]:
    """Return what stands above the matrix: the verdict, and what is going on or what to know, on two lines.

    A tall screen has a third one, so that the library is always named.
    """
    if (status := board.status_at(now)) is None:
        why = board.trouble or "looking"
        mark = MARKS["open"]
        lines = [Text(f"{mark.symbol} no verdict", f"bold {mark.style}"), Text(one_line(why), mark.style)]
        return [*lines, *([running(board.run, now)] if board.run else [])][: 3 if is_tall else 2]
    verdict, *about = Page(status, _UNBROKEN, unfold=False).header(is_brief=True)
    library = about[:1] if status.library is not None else []
    rest = about[len(library) :]
    if board.trouble:
        rest = [Text(one_line(board.trouble), MARKS["bad"].style)]
    if board.run is not None:
        rest = [running(board.run, now)]
    if is_tall:
        return [verdict, *(library or [Text()]), *(rest[:1] or [Text()])]
    return [verdict, *(rest[:1] or library)]


def running(run: Run, now: float) -> Text:
    """Return what a run is at, how far that is, and for how long it has been going on."""
    text = Text("▶ ", "bold cyan").append(run.stage, "bold")
    if run.total:
        filled = min(_BAR * run.done // run.total, _BAR)
        text.append(" ").append("━" * filled, "cyan").append("─" * (_BAR - filled), "dim")
        text.append(f" {min(run.done, run.total)}/{run.total}")
    text.append(f" · {_seconds(now - run.since)}", "dim")
    return text.append(f" · {step_text(run.now)}", "dim") if run.now else text


def _seconds(seconds: float) -> str:
    """Return how long something has been going on, in whole seconds: shown, it changes once a second."""
    return f"{max(int(seconds), 1)} s" if seconds < 60 else seconds_text(seconds)


def why(board: Board, line: Line | None, now: float, said: Sequence[Diagnostic] = ()) -> Text:
    """Return in one line why what is selected is as it is; what Lean said about it comes first."""
    if line is None or line.row is None:
        return Text()
    row = line.row
    if (found := activity(board, row)) is not None:
        return _told(found, now).append(f" · {one_line(row.reason or '')}", "dim")
    if said:
        return Text(one_line(diagnostic_text(said[0]).plain), MARKS["bad"].style)
    if row.reason is not None:
        return Text(one_line(coded(row.code, row.reason)), state_mark(row.state).style)
    return Text(f"{row.name}" + (f" · {row.place}" if row.place else ""), "dim")
