from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from lean_bridge.events import (
    BuildStarted,
    ModuleFinished,
    ModuleStarted,
    StageAdvanced,
    StageFinished,
    StageStarted,
)
from lean_bridge.ui.progress import Observer, show_progress
from tests.reports import UNSOLVED, module, plain_console

HIDE, SHOW, ERASE_LINE = "\x1b[?25l", "\x1b[?25h", "\x1b[2K"


def leave(console: Console, error: type[BaseException]) -> None:
    with show_progress(console) as watch:
        run(watch)
        raise error


def terminal(width: int = 100) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=width, force_terminal=True, color_system=None), stream


def drawn(width: int, *events: object) -> list[str]:
    """Return the lines of the display as it stands after some events."""
    console, stream = terminal(width)
    with show_progress(console) as watch:
        for event in events:
            watch.observe(event)
    last = stream.getvalue().rpartition(SHOW)[0].rpartition("\r")[2]
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last).rstrip("\n").split("\n")


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


LONG = "Proofs.Autograd.Transformer.positionwiseEncoderBlockGraph_backpropVec_eq_adjoint_fderiv_at"
STAGES = (
    "audit",
    "extract",
    "pins",
    "witness",
    "certify graphs",
    "certify numbers",
    "second kernel",
    "cross-check",
)


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_columns_stay_where_they_are_whatever_is_worked_on(width: int) -> None:
    idle = drawn(width, StageStarted("second kernel", 48_000), StageAdvanced("a"))
    busy = drawn(width, StageStarted("second kernel", 48_000), StageAdvanced(LONG))
    ends = [re.search(r"1/48000 +\d:\d\d:\d\d", line) for line in (*idle, *busy)]
    assert len(ends) == 2
    assert all(end is not None for end in ends)
    assert len({end.span() for end in ends if end is not None}) == 1
    assert all(len(line.rstrip()) <= width for line in busy)


@pytest.mark.parametrize("width", [80, 100])
def test_the_name_of_a_stage_is_whole(width: int) -> None:
    events: list[object] = []
    for stage in STAGES:
        events += [StageStarted(stage, 2), StageAdvanced(LONG), StageFinished(stage)]
    lines = drawn(width, *events)
    assert [line.split(" ━")[0][2:].strip() for line in lines] == list(STAGES)


def test_a_build_within_a_stage_is_part_of_it_and_the_stage_is_done_when_that_is() -> None:
    before = (BuildStarted(("Proofs.Sum",)), ModuleFinished(module("Sum", "cached")))
    within = (StageStarted("certify graphs"), BuildStarted(("A", "B")), ModuleStarted("A"))
    lines = drawn(100, *before, *within)
    assert [line.split()[1] for line in lines] == ["build", "certify"]
    assert lines[0].startswith("✓")
    assert not lines[1].startswith("✓")
    assert "0/2" in lines[1]
    done = drawn(
        100, *before, *within, ModuleFinished(module("Sum", "built")), StageFinished("certify graphs")
    )
    assert [line[0] for line in done] == ["✓", "✓"]


def test_a_stage_goes_on_behind_what_was_counted_of_it_until_it_says_that_it_is_over() -> None:
    within = (StageStarted("witness", 9), BuildStarted(("A",)), ModuleFinished(module("Sum", "built")))
    (line,) = drawn(100, *within)
    assert not line.startswith("✓"), "what was built is still to be looked at"
    (line,) = drawn(100, *within, BuildStarted(("B", "C")), ModuleFinished(module("Sum", "built")))
    assert "1/2" in line
    (line,) = drawn(100, *within, StageFinished("witness"))
    assert line.startswith("✓")
    assert "1/1" in line


def test_the_next_part_of_a_stage_has_the_same_bar() -> None:
    kernel = (StageStarted("second kernel"), StageStarted("second kernel", 5), StageAdvanced("reading A"))
    (line,) = drawn(100, *kernel)
    assert "1/5" in line
    (line,) = drawn(100, *kernel, StageStarted("second kernel", 70), StageAdvanced("handing over A"))
    assert "1/70" in line
