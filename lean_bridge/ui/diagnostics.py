"""Lean's messages in their usual form, and the state of the machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lean_bridge.ui.verdict import MARKS, Tone
from lean_bridge.ui.wording import one_line, visible
from pybind_models import Diagnostic, Toolchain
from pybind_models.report import Severity

SEVERITY_WORDS: Final[dict[Severity, str]] = {"information": "info", "warning": "warning", "error": "error"}
_SEVERITY_STYLES: Final[dict[Severity, str]] = {
    "information": "cyan",
    "warning": "yellow",
    "error": "bold red",
}
_HEALTH_TONES: Final[dict[str, Tone]] = {"ok": "good", "missing": "open", "broken": "bad"}


class HealthItem(Protocol):
    """What ``doctor`` found out about one thing that the tool needs."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def state(self) -> str:
        """``ok``, ``missing`` or ``broken``."""

    @property
    def detail(self) -> str:
        """What was found, and where."""

    @property
    def mend(self) -> str | None:
        """What to do about it, if anything."""


def render_diagnostics(diagnostics: Iterable[Diagnostic], console: Console) -> None:
    """Write each message as ``file:line:col: severity: text``, never wrapped.

    Lines count from 1 and columns from 0, as in Lean's own output.
    """
    for diagnostic in diagnostics:
        text = Text(f"{visible(diagnostic.file)}:{diagnostic.line}:{diagnostic.column}: ")
        text.append(SEVERITY_WORDS[diagnostic.severity], _SEVERITY_STYLES[diagnostic.severity])
        text.append(f": {visible(diagnostic.text)}")
        console.print(text, soft_wrap=True)


def render_health(items: Iterable[HealthItem], console: Console) -> None:
    """Write a row per thing looked at: its state, what was found, and the mend where one is needed."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for item in items:
        mark = MARKS[_HEALTH_TONES.get(item.state, "open")]
        detail = Text(one_line(item.detail))
        if item.state != "ok" and item.mend:
            detail.append(f"\n→ {one_line(item.mend)}", "bold")
        table.add_row(Text(f"{mark.symbol} {item.state}", mark.style), Text(item.name, "bold"), detail)
    console.print(table)


def render_toolchain(toolchain: Toolchain, console: Console) -> None:
    """Write which Lean is in use, where it is, and the identity that compiled files are kept under."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in (
        ("Lean", f"{toolchain.version} ({toolchain.provider})"),
        ("location", toolchain.location),
        ("identity", toolchain.identity),
    ):
        grid.add_row(label, Text(visible(value)))
    console.print(grid)
