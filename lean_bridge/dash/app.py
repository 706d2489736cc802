"""The dashboard: where the library stands, live, on a whole terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final, Protocol

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from lean_bridge.audit.catalogue import CATALOGUE
from lean_bridge.dash.editor import edit, editor_command, takes_the_terminal
from lean_bridge.dash.model import Board, activity
from lean_bridge.dash.page import Choice, Line, Sheet, head, is_folded, why
from lean_bridge.dash.widgets import Log, Matrix
from lean_bridge.errors import LeanBridgeError
from lean_bridge.files import read_below
from lean_bridge.names import last_component
from lean_bridge.ui.detail import Subject, render_detail
from lean_bridge.ui.drawing import draw_svg
from lean_bridge.ui.wording import named
from pybind_models import NOT_JUDGED, Diagnostic, GraphReport, GraphStanding
from pybind_models.status import StatusRow

_WIDE: Final = 150
"""Columns from which the detail has room beside the matrix."""
_TALL: Final = 34
"""Lines from which it has room below, and the log too."""
_TICK: Final = 0.1
"""Seconds between two looks at what is new."""

_SEARCH: Final = "search names and groups; Enter keeps, Escape drops"
_HELP: Final = """\
A row is a theorem, definition or graph; a column is a link of the trust chain. ✓ holds, ✗ fails, ? is \
undecided or not judged since a change, – was not asked. An edit makes stale what imports it: that is \
· queued, ▶ elaborated by Lean, ▷ judged, and at last what it was found to be.
"""
_KEYS: Final = (
    ("↑ ↓ PgUp PgDn Home End", "move; so does the mouse"),
    ("Enter", "open a row, fold or unfold a group; so does a click on it"),
    ("← →  + -", "fold, unfold this group; unfold, fold all"),
    ("] [", "the next row that is not green; the one before"),
    ("/", "search as you type; Enter keeps what is found, Escape drops it"),
    ("n", "only what is not green"),
    ("d  l", "all about the row under the cursor; the log, with Lean's messages"),
    ("Tab", "to the next pane"),
    ("o", "open the row in $EDITOR, at Lean's error if there is one"),
    ("g", "open its graph as a drawing (SVG)"),
    ("r  R", "judge again what is not remembered; everything"),
    ("s", "stop the run that goes on"),
    ("q", "leave; a run that goes on is stopped"),
    ("Escape", "back to the matrix; close this"),
)


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


class Help(ModalScreen[None]):
    """What the keys do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        """Put the text in a box that scrolls."""
        with VerticalScroll(id="help"):
            yield Static(_HELP, markup=False)
            keys = Table.grid(padding=(0, 2, 0, 0))
            for key, meaning in _KEYS:
                keys.add_row(Text(key, "bold"), Text(meaning))
            yield Static(keys)


class Dash(App[int]):
    """Shows a board as it changes."""

    TITLE = "lean-bridge dash"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    #head { height: 2; }
    .tall #head { height: 3; }
    #titles { height: auto; }
    #head, #titles, #why { text-wrap: nowrap; text-overflow: ellipsis; }
    #body { layout: vertical; height: 1fr; }
    .wide #body { layout: horizontal; }
    #left { height: 1fr; width: 1fr; }
    Matrix { height: 1fr; overflow-x: hidden; }
    Matrix, #detail, Log, #help { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    Matrix > .matrix--cursor { background: $boost; text-style: bold; }
    Matrix:focus > .matrix--cursor { background: $primary 40%; text-style: bold; }
    Matrix:nocolor > .matrix--cursor { text-style: reverse; }
    #why { height: 1; }
    #detail { height: 1fr; padding: 0 1; }
    .tall #detail { border-top: solid $primary; }
    .wide #detail { width: 1fr; border-top: none; border-left: solid $primary; }
    Log { height: 1fr; padding: 0 1; }
    .tall Log { height: 9; border-top: solid $primary; }
    .hidden { display: none; }
    #search { dock: bottom; height: 1; border: none; margin-bottom: 1; }
    Help { align: center middle; }
    #help { width: 100; max-width: 100%; height: auto; max-height: 100%; border: round $primary; padding: 0 1;
            background: $surface; }
    """
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
        return Text(f" {found} shown: {', '.join(said)} (Escape shows all)", "italic")

    def _show_line(self) -> None:
        """Show what there is to say about the line under the cursor."""
        screen, board = self.screen_stack[0], self._board
        line = screen.query_one(Matrix).line
        said = self._messages(line.row if line is not None else None)
        _update(screen.query_one("#why", Static), [why(board, line, self._clock(), said)])
        pane = screen.query_one("#detail")
        if pane.has_class("hidden") or line is None:
            return
        row = self._row(line)
        width = max(pane.size.width - 4, 20)
        messages = self._messages(row)
        detailed = (line.key, row, board.judgement, messages, width)
        if detailed == self._detailed:
            return
        is_other = not self._detailed or self._detailed[0] != line.key
        self._detailed = detailed
        report = board.judgement.report if board.judgement is not None else None
        about = screen.query_one("#about", Static)
        if row is None:
            about.update(self._group(line))
        else:
            about.update(render_detail(Subject(row, report, messages, self._lines), width))
        if is_other:
            pane.scroll_home(animate=False)

    def _group(self, line: Line) -> Group:
        rows = [row for row in self._rows() if row.group == line.group]
        good = sum(row.state == "green" for row in rows)
        return Group(Text(line.group, "bold"), Text(f"{good} of {len(rows)} green"))

    def _rows(self) -> Sequence[StatusRow]:
        return self._board.status.rows if self._board.status is not None else ()

    def _row(self, line: Line | None) -> StatusRow | None:
        if line is None or line.row is None:
            return None
        return next((row for row in self._rows() if row.name == line.row.name), line.row)

    def _messages(self, row: StatusRow | None) -> tuple[Diagnostic, ...]:
        """Return Lean's errors in the files that a row rests on, where it is not green."""
        board = self._board
        if row is None or row.state == "green":
            return ()
        errors = [each for each in board.messages if each.severity == "error"]
        if (modules := board.rests.get(row.name)) is None:
            return tuple(errors)
        return tuple(each for each in errors if _module(each.file) in modules)

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
        self._choose(folds=dict.fromkeys((row.group for row in self._rows()), folded))

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
        rows = [row for row in self._rows() if row.state != "green" or activity(self._board, row)]
        if not rows:
            self.notify("everything is green")
            return
        matrix = self.query_one(Matrix)
        names = [row.name for row in self._rows()]
        line = matrix.line
        here = names.index(line.row.name) if line is not None and line.row is not None else -1
        if line is not None and line.row is None:
            here = next(at for at, row in enumerate(self._rows()) if row.group == line.group) - (by > 0)
        ahead = [row for row in rows if (names.index(row.name) - here) * by > 0]
        row = (ahead or rows)[0 if by > 0 else -1]
        if is_folded(self._choice, row.group, [each for each in self._rows() if each.group == row.group]):
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
        file, line = self._place()
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

    def _place(self) -> tuple[Path, int]:
        """Return where to look: at Lean's error, else where the declaration stands, else at the catalogue."""
        root, line = self._source.root, self.query_one(Matrix).line
        row = self._row(line)
        messages = self._messages(row)
        if row is None and self._board.messages:
            messages = self._board.messages
        if messages:
            return root / messages[0].file, messages[0].line
        places = [each.place for each in self._rows() if row is None and line and each.group == line.group]
        place = row.place if row is not None else next(filter(None, places), None)
        if place is None:
            return root / CATALOGUE, 1
        file, _, number = place.rpartition(":")
        return root / file, int(number)

    def action_draw(self) -> None:
        """Open the graph under the cursor as a drawing."""
        row, judgement = self._row(self.query_one(Matrix).line), self._board.judgement
        graphs = judgement.report.graphs if judgement is not None else ()
        report = next((each for each in graphs if row is not None and each.name == row.name), None)
        if report is None or report.graph is None or row is None:
            self.notify("this row has no graph that was read")
            return
        folder = Path(tempfile.mkdtemp(prefix="lean-bridge-"))
        path = folder / f"{last_component(row.name)}.svg"
        path.write_text(draw_svg(report.graph, _standing(row, report)), encoding="utf-8")
        self.open_url(path.as_uri())
        self.notify(f"{path}", title=named(last_component(row.name)), markup=False)

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


def _module(file: str) -> str:
    return file.removesuffix(".lean").replace("/", ".")


def _standing(row: StatusRow, report: GraphReport) -> GraphStanding:
    """Return what a drawing may say: what is not green is not judged as it is now."""
    del report
    if row.state == "rejected" and row.reason and row.code:
        return GraphStanding(status="rejected", declaration=row.name, reason=row.reason, code=row.code)
    return NOT_JUDGED.replaced(reason=f"drawn from the last judgement, which says: {row.reason or 'green'}")
