"""The dashboard: where the library stands, live, on a whole terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final, Protocol

from rich.console import Group
from rich.text import Text
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.geometry import Size
from textual.widgets import Footer, Input, Static

from lean_bridge.dash.editor import edit, editor_command, takes_the_terminal
from lean_bridge.dash.help import Help
from lean_bridge.dash.model import Board
from lean_bridge.dash.opening import draw, place
from lean_bridge.dash.page import Choice, Line, Sheet, head, is_folded, next_bad, why
from lean_bridge.dash.widgets import Log, Matrix
from lean_bridge.errors import LeanBridgeError
from lean_bridge.files import read_below
from lean_bridge.library.chosen import like
from lean_bridge.ui.detail import Subject, render_detail
from lean_bridge.ui.wording import named
from pybind_models.status import StatusRow

_WIDE: Final = 150
"""Columns from which the detail has room beside the matrix."""
_TALL: Final = 34
"""Lines from which it has room below, and the log too."""
_TICK: Final = 0.1
"""Seconds between two looks at what is new."""

_SEARCH: Final = "search names and groups; Enter keeps, Escape drops"


class Source(Protocol):
    """Where what is shown comes from; :class:`lean_bridge.dash.loop.Loop` is one."""

    root: Path

    @property
    def board(self) -> Board:
        """What is known now."""

    def start(self) -> None:
        """Begin to look."""

    def judge(self, *, fresh: bool = False) -> None:
        """Judge again."""

    def stop_run(self) -> None:
        """Stop what goes on."""

    def close(self) -> None:
        """End, and leave nothing behind."""


class Dash(App[int]):
    """Shows a board as it changes."""

    TITLE = "lean-bridge dash"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "dash.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "pane('detail')", "Detail", show=False),
        Binding("slash", "search", "Search", key_display="/"),
        Binding("n", "only_bad", "Not green"),
        Binding("l", "pane('log')", "Log"),
        Binding("r", "judge(False)", "Judge"),
        Binding("R", "judge(True)", "Judge all", show=False),
        Binding("s", "stop", "Stop", show=False),
        Binding("o", "edit", "Edit"),
        Binding("g", "draw", "Graph", show=False),
        Binding("right_square_bracket", "next_bad(1)", show=False),
        Binding("left_square_bracket", "next_bad(-1)", show=False),
        Binding("plus", "fold_all(False)", show=False),
        Binding("minus", "fold_all(True)", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "leave", "Quit"),
        Binding("ctrl+c,ctrl+q", "leave", "Quit", show=False, priority=True),
        Binding("escape", "step_back", show=False),
    ]

    def __init__(self, source: Source, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(ansi_color=bool(os.environ.get("NO_COLOR")))
        self._source = source
        self._clock = clock
        self._board = Board()
        self._choice = Choice()
        self._sheet: Sheet | None = None
        self._arranged = Size()
        """For which terminal the panes were arranged."""
        self._room: tuple[Size, ...] = ()
        """How large the panes were when they were last drawn into."""
        self._open: dict[str, bool] = {}
        """Which panes are to be seen, where that was said."""
        self._about: tuple[str, str | None] | None = None
        """The group and the row that the detail is about."""
        self._detailed: tuple[object, ...] = ()
        """What the detail shows, to know whether it is something else now."""

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield Static(id="head")
        with Container(id="body"):
            with Container(id="left"):
                yield Static(id="titles")
                yield Matrix(id="matrix")
                yield Static(id="why")
            with VerticalScroll(id="detail"):
                yield Static(id="about")
        yield Log(self._lines, id="log")
        yield Input(placeholder=_SEARCH, id="search", classes="hidden")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Begin; and end in order if told to, or if the terminal goes away."""
        for told in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(told, self.exit)
        self._source.start()
        self._arrange()
        self.query_one(Matrix).focus()
        self.set_interval(_TICK, self.look)
        self.look()

    def look(self) -> None:
        """Show what is new."""
        if not self._is_laid_out:
            return
        if self.size != self._arranged:
            self._arrange()
        board = self._source.board
        is_new = board is not self._board
        room = tuple(self.screen_stack[0].query_one(pane).size for pane in ("#matrix", "#detail"))
        if room != self._room:
            self._room, self._sheet, is_new = room, None, True
        if not is_new and board.run is None:
            return
        if board.status is not self._board.status:
            self._sheet = None
        self._board = board
        if is_new:
            self.query_one(Log).show(board.log)
        self._show()

    # what is seen

    @property
    def _is_laid_out(self) -> bool:
        """Whether the panes are there: not before the beginning, nor after the end."""
        panes = ("#head", "#titles", "#matrix", "#why", "#detail", "#about", "#log", "#search")
        return bool(self.screen_stack) and all(self.screen_stack[0].query(pane) for pane in panes)

    @property
    def _is_wide(self) -> bool:
        return self.size.width >= _WIDE

    @property
    def _is_tall(self) -> bool:
        return self.size.height >= _TALL

    def on_resize(self) -> None:
        """Use the room there is, once it is known."""
        self.call_after_refresh(self.look)

    def _arrange(self) -> None:
        """Show the panes that are open: one at a time on a small screen, side by side on a large one."""
        screen, self._arranged = self.screen_stack[0], self.size
        screen.set_class(self._is_wide, "wide")
        screen.set_class(self._is_tall, "tall")
        is_roomy = self._is_wide or self._is_tall
        detail = self._open.get("detail", is_roomy)
        log = self._open.get("log", self._is_tall)
        if not self._is_tall:
            detail = detail and not (log and not self._is_wide)
        left = is_roomy or not (detail or log)
        body = left or detail
        if self._is_wide and not self._is_tall and log:
            body = False
        for name, seen in (("#left", left), ("#detail", detail), ("#log", log), ("#body", body)):
            screen.query_one(name).set_class(not seen, "hidden")
        self.call_after_refresh(self.look)

    def _show(self) -> None:
        screen, board, now = self.screen_stack[0], self._board, self._clock()
        _update(screen.query_one("#head", Static), head(board, now, is_tall=self._is_tall))
        matrix = screen.query_one(Matrix)
        if board.status is None:
            return
        if self._sheet is None:
            self._sheet = Sheet(board.status, self._choice, max(matrix.size.width, 20))
            titles = self._sheet.titles()
            if self._choice.is_narrowed:
                titles.insert(0, self._narrowed())
            _update(screen.query_one("#titles", Static), titles)
        matrix.show(list(self._sheet.lines(board, now)))
        self._show_line()

    def _narrowed(self) -> Text:
        said = [f"“{self._choice.words}”"] if self._choice.words else []
        said += ["not green"] if self._choice.only_bad else []
        found = len(self._sheet.status.rows) if self._sheet is not None else 0
        near = like(self._board.rows, self._choice.words.strip()) if self._choice.words and not found else ""
        return Text(f" {found} shown: {', '.join(said)}{near} (Escape shows all)", "italic")

    def _show_line(self) -> None:
        """Show what there is to say about the line under the cursor."""
        screen, board = self.screen_stack[0], self._board
        line = screen.query_one(Matrix).line
        row = line.row if line is not None else None
        messages = board.errors_below(row) if row is not None else ()
        _update(screen.query_one("#why", Static), [why(board, line, self._clock(), messages)])
        pane = screen.query_one("#detail")
        if pane.has_class("hidden") or line is None:
            return
        width = max(pane.size.width - 4, 20)
        if row is None and (row := self._folded_over(line)) is not None:
            messages = board.errors_below(row)
        key = line.group, row.name if row is not None else None
        earlier = board.pins.get(row.name, ()) if row is not None else ()
        detailed = (row, board.judgement, messages, earlier, width)
        if (key, detailed) == (self._about, self._detailed):
            return
        is_other = self._about != key
        self._about, self._detailed = key, detailed
        about = screen.query_one("#about", Static)
        if row is None:
            about.update(self._group(line))
        else:
            about.update(render_detail(Subject(row, board.report, messages, self._lines, earlier), width))
        if is_other:
            pane.scroll_home(animate=False)

    def _folded_over(self, line: Line) -> StatusRow | None:
        """Return the row that the detail is about, where the group of a line was folded over it."""
        if self._about is None or self._about[0] != line.group or self.query_one(Matrix).has(self._about):
            return None
        return next((row for row in self._board.rows if (row.group, row.name) == self._about), None)

    def _group(self, line: Line) -> Group:
        rows = [row for row in self._board.rows if row.group == line.group]
        good = sum(row.state == "green" for row in rows)
        return Group(Text(line.group, "bold"), Text(f"{good} of {len(rows)} green"))

    def _lines(self, file: str) -> Sequence[str]:
        root = self._source.root
        try:
            return read_below(root, root / file).decode("utf-8", "replace").splitlines()
        except LeanBridgeError:
            return ()

    # what was asked for

    def on_matrix_moved(self) -> None:
        """Say what there is to say about another line."""
        self._show_line()

    def on_matrix_chosen(self) -> None:
        """Show all about a row."""
        self._set_open("detail", True)
        self.screen_stack[0].query_one("#detail").focus()

    def on_matrix_folded(self, message: Matrix.Folded) -> None:
        """Fold or unfold a group."""
        self._choose(folds={**self._choice.folds, message.group: message.folded})

    def action_fold_all(self, folded: bool) -> None:
        """Fold or unfold every group."""
        self._choose(folds=dict.fromkeys((row.group for row in self._board.rows), folded))

    def action_only_bad(self) -> None:
        """Leave out what is green, or not."""
        self._choose(only_bad=not self._choice.only_bad)

    def action_search(self) -> None:
        """Take words to search for."""
        search = self.query_one("#search", Input)
        search.remove_class("hidden")
        search.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what has these words in its name or group."""
        self._choose(words=event.value)

    def on_input_submitted(self) -> None:
        """Go to what was found."""
        self.query_one("#search").add_class("hidden")
        self.query_one(Matrix).focus()

    def action_step_back(self) -> None:
        """Go back a step: from a pane to the matrix, then from what was searched for to everything."""
        search, matrix = self.query_one("#search", Input), self.query_one(Matrix)
        if search.has_focus:
            search.value = ""
            self.on_input_submitted()
        elif not matrix.has_focus or self.query_one("#left").has_class("hidden"):
            if not (self._is_wide or self._is_tall):
                self._open.clear()
                self._arrange()
            matrix.focus()
        elif self._choice.is_narrowed:
            search.value = ""
            self._choose(words="", only_bad=False)

    def action_pane(self, pane: str) -> None:
        """Show a pane, or hide it."""
        is_seen = not self.query_one(f"#{pane}").has_class("hidden")
        self._set_open(pane, not is_seen)
        if is_seen:
            self.query_one(Matrix).focus()

    def _set_open(self, pane: str, is_open: bool) -> None:
        if is_open and not (self._is_wide or self._is_tall):
            self._open.clear()  # one at a time
        self._open[pane] = is_open
        self._arrange()

    def _choose(self, **changes: object) -> None:
        self._choice = replace(self._choice, **changes)  # type: ignore[arg-type]
        self._sheet = None
        self._show()

    def action_next_bad(self, by: int) -> None:
        """Go to the next row that is not green, or the last one."""
        board, matrix = self._board, self.query_one(Matrix)
        row = next_bad(board, matrix.line, by)
        if row is None:
            self.notify("everything is green")
            return
        if is_folded(self._choice, row.group, [each for each in board.rows if each.group == row.group]):
            self._choose(folds={**self._choice.folds, row.group: False})
        matrix.go((row.group, row.name))

    def action_judge(self, fresh: bool) -> None:
        """Judge again."""
        if self._board.run is not None and not fresh:
            self.notify("it is being judged; s stops that")
        else:
            self._source.judge(fresh=fresh)

    def action_stop(self) -> None:
        """Stop the run that goes on."""
        if self._board.run is None:
            self.notify("nothing is going on")
        else:
            self._source.stop_run()

    def action_edit(self) -> None:
        """Open what is under the cursor in the user's editor."""
        file, line = place(self._source.root, self._board, self.query_one(Matrix).line)
        try:
            command = editor_command(file, line)
            if takes_the_terminal(command):
                with self.suspend():
                    edit(command)
                self.refresh()
            else:
                edit(command)
        except (LeanBridgeError, SuspendNotSupported) as error:
            self.notify(str(error), severity="error", markup=False)

    def action_draw(self) -> None:
        """Open the graph under the cursor as a drawing."""
        line = self.query_one(Matrix).line
        if line is None or line.row is None or (path := draw(self._board, line.row)) is None:
            self.notify("this row has no graph that was read")
            return
        self.open_url(path.as_uri())
        self.notify(f"{path}", title=named(path.stem), markup=False)

    def action_help(self) -> None:
        """Say what the keys do."""
        self.push_screen(Help())

    def action_leave(self) -> None:
        """Leave, with the verdict as it is shown."""
        self.exit()


def _update(pane: Static, lines: Sequence[Text]) -> None:
    """Write other lines into a pane, unless they are what is there."""
    text = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
    text.no_wrap, text.overflow = True, "ellipsis"
    if getattr(pane, "lean_text", None) != text:
        pane.lean_text = text  # type: ignore[attr-defined]
        pane.update(text)
