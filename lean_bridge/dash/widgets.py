"""The panes: the matrix that is walked through, all about the row under the cursor, and the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import RichLog

from lean_bridge.dash.model import Entry
from lean_bridge.dash.page import CURSOR, Line
from lean_bridge.ui.detail import Lines, messages_text
from lean_bridge.ui.verdict import MARKS
from lean_bridge.ui.wording import one_line

_NOTHING: Final = Text("   nothing to show", "dim")


class Matrix(ScrollView, can_focus=True):
    """The lines of the matrix, and a cursor that stays with what it is on, whatever is said of that."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        Binding("enter,space", "choose", "Detail"),
        Binding("left,h", "fold(True)", "Fold", show=False),
        Binding("right", "fold(False)", "Unfold", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"matrix--cursor"}

    class Moved(Message):
        """The cursor is on another line."""

    class Chosen(Message):
        """A line is to be opened."""

    class Folded(Message):
        """A group is to be folded, or unfolded."""

        def __init__(self, group: str, folded: bool) -> None:
            super().__init__()
            self.group = group
            self.folded = folded

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name for it
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._at = 0

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        return self._lines[self._at] if self._lines else None

    def has(self, key: tuple[str, str | None]) -> bool:
        """Whether there is a line about something; of a row of a folded group there is none."""
        return any(line.key == key for line in self._lines)

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines; of those that stay as they are nothing is drawn again."""
        before, at = self._lines, self._at
        if [line.text for line in lines] == [line.text for line in before]:
            self._lines = lines
            return
        self._lines = lines
        if [line.key for line in lines] == [line.key for line in before]:
            for y, (old, new) in enumerate(zip(before, lines, strict=True)):
                if old.text != new.text:
                    self._draw(y)
            return
        self._at = _found(lines, before[at], at) if before else 0
        self.virtual_size = Size(self.size.width, len(lines))
        self.refresh()
        if lines and before:
            offset = at - round(self.scroll_offset.y)  # the cursor stays where it was on the screen
            self.scroll_to(y=max(self._at - offset, 0), animate=False, immediate=True)
        self._reveal()
        self.post_message(self.Moved())

    def go(self, key: tuple[str, str | None]) -> None:
        """Put the cursor on a line."""
        for at, line in enumerate(self._lines):
            if line.key == key:
                self._move_to(at)

    def render_line(self, y: int) -> Strip:
        """Return a line as it is drawn."""
        at = y + round(self.scroll_offset.y)
        width = self.size.width
        if at >= len(self._lines):
            return (
                Strip(_NOTHING.render(self.app.console)).adjust_cell_length(width, self.rich_style)
                if (at == 0)
                else Strip.blank(width, self.rich_style)
            )
        text = self._lines[at].text.copy()
        if at == self._at:
            text = Text(CURSOR, "bold").append_text(text[1:])
        text.truncate(width, overflow="ellipsis")
        style = self.get_component_rich_style("matrix--cursor") if at == self._at else self.rich_style
        strip = Strip(text.render(self.app.console), text.cell_len).adjust_cell_length(width)
        return strip.apply_style(style)

    def action_move(self, by: int) -> None:
        """Move the cursor by lines."""
        self._move_to(self._at + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by screens."""
        self._move_to(self._at + by * max(self.size.height - 1, 1))

    def action_choose(self) -> None:
        """Open what is under the cursor: a group is folded or unfolded."""
        line = self.line
        if line is None:
            return
        if line.row is None:
            is_folded = self._at + 1 >= len(self._lines) or self._lines[self._at + 1].row is None
            self.post_message(self.Folded(line.group, not is_folded))
        else:
            self.post_message(self.Chosen())

    def action_fold(self, folded: bool) -> None:
        """Fold or unfold the group under the cursor, or around it."""
        if (line := self.line) is not None:
            self.post_message(self.Folded(line.group, folded))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points; where it already was, open that."""
        at = event.y + round(self.scroll_offset.y)
        if at >= len(self._lines):
            return
        is_again = at == self._at
        self._move_to(at)
        if is_again or self._lines[at].row is None:
            self.action_choose()

    def on_resize(self) -> None:
        """Keep what is under the cursor in sight."""
        self.virtual_size = Size(self.size.width, len(self._lines))
        self._reveal()

    def _move_to(self, at: int) -> None:
        at = min(max(at, 0), max(len(self._lines) - 1, 0))
        if at != self._at:
            before, self._at = self._at, at
            self._draw(before)
            self._draw(at)
            self._reveal()
            self.post_message(self.Moved())

    def _reveal(self) -> None:
        self.scroll_to_region(Region(0, self._at, 1, 1), animate=False, immediate=True)

    def _draw(self, at: int) -> None:
        self.refresh(Region(0, at - round(self.scroll_offset.y), self.size.width, 1))


def _found(lines: Sequence[Line], before: Line, at: int) -> int:
    """Return where a line is now; else its group, else the place where it was."""
    keys = [line.key for line in lines]
    for key in (before.key, (before.group, None)):
        if key in keys:
            return keys.index(key)
    return min(at, max(len(lines) - 1, 0))


class Log(RichLog, can_focus=True):
    """What happened, and what Lean says, as it comes."""

    def __init__(self, lines: Lines, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, wrap=True, min_width=20)
        self._source = lines
        self._shown: tuple[Entry, ...] = ()

    def show(self, log: tuple[Entry, ...]) -> None:
        """Show a log; what was written of it stays."""
        if log == self._shown:
            return
        count = len(self._shown)
        if log[:count] != self._shown:
            self.clear()
            count = 0
        for entry in log[count:]:
            for text in self._written(entry):
                self.write(text)
        self._shown = log

    def _written(self, entry: Entry) -> Sequence[Text]:
        if entry.message is not None:
            return list(messages_text([entry.message], self._source))
        at = f"{datetime.fromtimestamp(entry.at):%H:%M:%S} "
        text = Text(at, "dim")
        if entry.tone is not None:
            mark = MARKS[entry.tone]
            return [text.append(f"{mark.symbol} {one_line(entry.text)}", mark.style)]
        return [text.append(f"· {one_line(entry.text)}")]
