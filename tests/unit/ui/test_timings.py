"""The trace of where the time went is one that a viewer of traces can draw, and adds up."""

from __future__ import annotations

import json
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.events import Spent, StageStarted, spending
from lean_bridge.ui.timings import Timings


class Shown:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def observe(self, event: object) -> None:
        self.seen.append(event)

    def transfer(self, stage: str, done: int, total: int) -> None:
        self.seen.append((stage, done, total))


def lanes(trace: str) -> dict[str, list[dict[str, Any]]]:
    """Return the complete events of a trace by the names of their lanes, as they begin."""
    events = json.loads(trace)["traceEvents"]
    names = {each["tid"]: each["args"]["name"] for each in events if each["ph"] == "M"}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names.values()}
    for each in events:
        if each["ph"] == "X":
            found[names[each["tid"]]].append(each)
    return found


def check_nested(events: list[dict[str, Any]]) -> None:
    """Of one lane, what begins within another event ends in it."""
    under_way: list[int] = []
    for each in events:
        ended = each["ts"] + each["dur"]
        while under_way and under_way[-1] <= each["ts"]:
            under_way.pop()
        assert not under_way or ended <= under_way[-1], each
        under_way.append(ended)


def test_each_lane_has_what_it_did_and_the_idle_time_is_what_is_left() -> None:
    shown = Shown()
    timings = Timings(shown)
    began = time.monotonic()
    timings.transfer("fetching", 0, 7)
    with spending(timings.observe, "build"):
        timings.transfer("fetching", 7, 7)
        timings.observe(StageStarted("audit"))
        time.sleep(0.02)
    for name, first, last in (("A.lean", 0.0, 0.01), ("start", 0.0, 0.004), ("elaborate", 0.004, 0.01)):
        timings.observe(Spent("Lean 1", name, began + first, began + last))
    timings.observe(Spent("Lean 1", "B.lean", began + 0.012, began + 0.018))
    trace, summary = timings.finish()
    found = lanes(trace)
    driver = threading.current_thread().name
    assert set(found) == {driver, "Lean 1"}
    assert [each["name"] for each in found["Lean 1"]] == ["A.lean", "start", "elaborate", "B.lean"]
    assert {each["name"] for each in found[driver]} == {"lean-bridge", "build", "fetching"}
    check_nested(found["Lean 1"])
    whole = found[driver][0]
    assert all(each["ts"] + each["dur"] <= whole["dur"] for each in found["Lean 1"])
    assert sum(each["dur"] for each in found["Lean 1"] if each["name"].endswith(".lean")) == pytest.approx(
        16_000, abs=2
    )
    assert "; Lean 1 16 ms, idle " in summary
    assert shown.seen[:2] == [("fetching", 0, 7), ("fetching", 7, 7)]


def test_what_failed_took_its_time_too() -> None:
    timings = Timings(Shown())
    with pytest.raises(ZeroDivisionError), spending(timings.observe, "audit"):
        _ = 1 // 0
    assert "audit" in timings.finish()[0]


def test_of_work_that_is_done_elsewhere_nobody_says_how_many_cores_did_it() -> None:
    assert " cores at work" in Timings(Shown()).finish()[1]
    assert "core" not in Timings(Shown(), is_here=False).finish()[1]


def test_parts_of_the_work_of_a_lane_follow_each_other() -> None:
    timings = Timings(Shown())
    for name in ("audit", "extract", "pins"):
        with spending(timings.observe, name, "a thread"):
            pass
    found = lanes(timings.finish()[0])["a thread"]
    assert all(one["ts"] + one["dur"] <= other["ts"] + 1 for one, other in pairwise(found))


def test_a_run_that_comes_to_no_verdict_says_where_its_time_went(tmp_path: Path) -> None:
    (tmp_path / "lakefile.toml").write_text("no lakefile")
    (tmp_path / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    words = ["verify", "--project", str(tmp_path), "--timings", str(tmp_path / "trace.json")]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 2
    assert "in all" in found.stderr
    assert lanes((tmp_path / "trace.json").read_text())


def test_a_trace_is_not_written_over_what_a_library_is_judged_by(tmp_path: Path) -> None:
    (tmp_path / "lakefile.toml").write_text("kept")
    found = CliRunner().invoke(app, ["verify", "--timings", str(tmp_path / "lakefile.toml")])
    assert found.exit_code == 2
    assert (tmp_path / "lakefile.toml").read_text() == "kept"
