"""What the dashboard shows and what its keys do, in a box of its own."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

_WHAT: Final = """\
A row is a theorem, definition or graph; a column is a link of the trust chain. ✓ holds, ✗ fails, ? is \
undecided or not judged since a change, – was not asked. An edit makes stale what imports it: that is \
· queued, ▶ elaborated by Lean, ▷ judged, and at last what it was found to be.
"""
KEYS: Final = (
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


class Help(ModalScreen[None]):
    """What the keys do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        """Put the text in a box that scrolls."""
        with VerticalScroll(id="help"):
            yield Static(_WHAT, markup=False)
            keys = Table.grid(padding=(0, 2, 0, 0))
            for key, meaning in KEYS:
                keys.add_row(Text(key, "bold"), Text(meaning))
            yield Static(keys)
