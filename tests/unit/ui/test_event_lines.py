"""What a judgement says of itself is a line each, and is read as it was written."""

from __future__ import annotations

import io
import json

import pytest

from lean_bridge.events import (
    BuildStarted,
    ModuleFinished,
    ModuleStarted,
    StageAdvanced,
    StageFinished,
    StageStarted,
)
from lean_bridge.ui.event_lines import EventWriter, Judged, Told, Transferred, read_event, write_event
from tests.reports import UNSOLVED, accepted, module, rejected

EVENTS: list[Told] = [
    StageStarted("witness", 3),
    StageStarted("audit"),
    StageAdvanced("Proofs.Γ ⊢ «a\nb»\u2028"),
    StageFinished("audit"),
    BuildStarted(("Proofs.Sum", "Proofs.Tape")),
    BuildStarted(()),
    ModuleStarted("Proofs.Sum"),
    ModuleFinished(module("Sum", "failed", UNSOLVED)),
    Transferred("unpack", 3, 7),
    Judged(accepted()),
    Judged(rejected()),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_is_written_is_read(event: Told) -> None:
    line = write_event(event)
    assert line.isascii()
    assert line.splitlines() == [line.rstrip("\n")]
    assert json.loads(line)["event"] == type(event).__name__
    assert read_event(line) == event
    assert read_event(line.encode()) == event


@pytest.mark.parametrize(
    "line", ["", "[]", "7", "{}", '{"event": 3}', '{"event": "Other"}', '{"event": "ModuleStarted"}', "\xff"]
)
def test_what_is_no_event_is_none(line: str) -> None:
    assert read_event(line) is None
    assert read_event(line.encode("latin-1")) is None


def test_a_writer_writes_events_and_nothing_else() -> None:
    stream = io.StringIO()
    writer = EventWriter(stream)
    writer.observe(EVENTS[0])
    writer.observe("something else")
    writer.transfer("unpack", 3, 7)
    assert [read_event(line) for line in stream.getvalue().splitlines()] == [
        EVENTS[0],
        Transferred("unpack", 3, 7),
    ]
