from __future__ import annotations

import io

import pytest
from rich.console import Console

from lean_bridge.events import BuildStarted, ModuleFinished, ModuleStarted, StageAdvanced, StageStarted
from lean_bridge.ui.progress import Observer, show_progress
from tests.reports import UNSOLVED, module, plain_console

HIDE, SHOW, ERASE_LINE = "\x1b[?25l", "\x1b[?25h", "\x1b[2K"


def leave(console: Console, error: type[BaseException]) -> None:
    with show_progress(console) as watch:
        run(watch)
        raise error


def terminal() -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=100, force_terminal=True, color_system=None), stream


def run(watch: Observer) -> None:
    for done in (0, 30_000_000, 60_000_000, 121_000_000):
        watch.transfer("fetching", done, 121_000_000)
    watch.observe(BuildStarted(("Proofs.Sum", "Proofs.Tape")))
    watch.observe(ModuleStarted("Proofs.Sum"))
    watch.observe(ModuleFinished(module("Sum", "failed", UNSOLVED)))
    watch.observe(ModuleFinished(module("Tape", "blocked")))
    watch.observe(StageStarted("audit"))
    watch.observe(StageStarted("cross-check", 2))
    watch.observe(StageAdvanced("mhaDGraph: adjoint identity"))
    watch.observe("an event of some other kind")


def test_off_a_terminal_there_is_a_line_per_module() -> None:
    console, stream = plain_console()
    with show_progress(console) as watch:
        run(watch)
    lines = stream.getvalue().splitlines()
    assert lines[-2:] == ["[1/2] failed Proofs.Sum (3.0 s): 1 error", "[2/2] blocked Proofs.Tape"]
    assert lines[:-2] == [
        "fetching Lean: 0 of 121 MB",
        "fetching Lean: 60 of 121 MB",
        "fetching Lean: 121 of 121 MB",
    ]


def test_on_a_terminal_there_is_a_bar_per_stage() -> None:
    console, stream = terminal()
    with show_progress(console) as watch:
        run(watch)
    text = stream.getvalue()
    for part in ("fetching", "121/121 MB", "build", "2/2", "audit", "1/2", "mhaDGraph: adjoint identity"):
        assert part in text
    assert "failed Proofs.Sum (3.0 s): 1 error\n" in text


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_terminal_is_left_clean(error: type[BaseException]) -> None:
    console, stream = terminal()
    with pytest.raises(error):
        leave(console, error)
    before, _, after = stream.getvalue().rpartition(SHOW)
    assert before.count(HIDE) == 1
    assert after.count(ERASE_LINE) == 4, "a line for each bar"
    assert "cross-check" in before
    assert "cross-check" not in after
