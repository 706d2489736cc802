"""What stays open while one works."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from lean_bridge.commands.options import (
    EXIT_STATUS,
    ProjectOption,
    ServerOption,
    ShippedOption,
    WorkersOption,
    check_choice,
)
from lean_bridge.errors import NoVerdict

if TYPE_CHECKING:
    from lean_bridge.library.discovery import Found
    from pybind_models.status import StatusReport


def dash(
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    workers: WorkersOption = 2,
    unpinned: Annotated[
        bool, typer.Option("--unpinned", help="Let pass what no manifest pins; the report says so.")
    ] = False,
    manual: Annotated[
        bool, typer.Option("--manual", help="Judge only when `r` is pressed, not at every edit.")
    ] = False,
    server: ServerOption = None,
) -> None:
    """Keep where the library stands on the screen, and judge it again at every edit.

    The matrix of `lean-bridge status`, live: an edit makes stale what imports it, and `lean-bridge verify`
    is run in the background on just that; only the newest edit counts. Arrow keys and the mouse move, Enter
    opens all that is known of a row, `/` searches, `n` shows what is not green, `o` opens the editor at
    Lean's error, `?` has all keys, `q` leaves.

    It takes the extra `dash`; for a plain terminal, or a pipe, there is `lean-bridge status --watch`. The
    exit status is that of the verdict that was shown last.
    """
    check_choice(project, shipped)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoVerdict("the dashboard takes a terminal; elsewhere there is `lean-bridge status --watch`")
    try:
        import textual  # noqa: F401
    except ImportError:
        raise NoVerdict(
            "the dashboard takes textual, which is not installed; pip install 'lean-bridge[dash]', or take "
            "`lean-bridge status --watch`"
        ) from None
    from lean_bridge.dash.app import Dash
    from lean_bridge.dash.loop import Loop
    from lean_bridge.library.discovery import find_library

    library = find_library(project, shipped=shipped)
    loop = Loop(library, _options(workers, unpinned, server), eager=not manual)
    try:
        with _errors_on_the_screen():
            Dash(loop).run()
    finally:
        loop.close()
    status = loop.board.status
    raise typer.Exit(EXIT_STATUS[status.verdict if status is not None else "no verdict"])


@contextmanager
def _errors_on_the_screen() -> Iterator[None]:
    """Have standard error be the terminal that standard output is: it is there that textual draws."""
    if sys.stderr.isatty():
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(sys.stdout.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def follow_library(
    library: Found,
    choose: Callable[[StatusReport], StatusReport],
    *,
    workers: int,
    unpinned: bool,
    server: bool | None,
) -> NoReturn:
    """Show where a library stands, as far as it is to be shown, until that is interrupted."""
    from lean_bridge.dash.loop import Loop
    from lean_bridge.dash.plain import follow
    from lean_bridge.ui.console import open_console, tell

    loop = Loop(library, _options(workers, unpinned, server))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        follow(loop, open_console(sys.stdout), choose, lambda line: tell(line, end=""))
    finally:
        loop.close()


def _options(workers: int, unpinned: bool, server: bool | None) -> list[str]:
    """Return what ``verify`` is to be asked beside the library."""
    stays = "--no-server" if server is False else "--server"
    return ["--workers", str(workers), *(["--unpinned"] if unpinned else []), stays]
