"""Where the seconds of a run went: a lane for each of those at work, as a trace that Perfetto opens."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable
from typing import Final

from lean_bridge.events import Spent
from lean_bridge.ui.progress import Observer
from lean_bridge.ui.wording import seconds_text

_MICROSECONDS: Final = 1e6


class Timings:
    """Sees what another observer sees, and keeps what of it took time; any thread may tell it."""

    def __init__(self, shown: Observer, *, is_here: bool = True) -> None:
        """Keep times; unless all work is done here, nobody knows how many cores were in use."""
        self._shown = shown
        self._is_here = is_here
        self._lock = threading.Lock()
        self._driver = threading.current_thread().name
        self._began = time.monotonic()
        self._cpu = _cpu_seconds()
        self._spent: list[Spent] = []
        self._transfers: dict[str, tuple[float, float]] = {}

    def observe(self, event: object) -> None:
        """Keep an event that says how long something took, and hand every event on."""
        if isinstance(event, Spent):
            with self._lock:
                self._spent.append(event)
        self._shown.observe(event)

    def transfer(self, stage: str, done: int, total: int) -> None:
        """Keep from when to when a stage of the toolchain's installation spoke, and hand on what it says."""
        now = time.monotonic()
        with self._lock:
            self._transfers[stage] = (self._transfers.get(stage, (now, now))[0], now)
        self._shown.transfer(stage, done, total)

    def finish(self) -> tuple[str, str]:
        """Return the trace up to now, and in a line who was at work for how long.

        The trace is JSON in Chrome's format of trace events: per lane complete events in microseconds, which
        lie within each other or apart.
        """
        with self._lock:
            installed = [Spent(self._driver, stage, *times) for stage, times in self._transfers.items()]
            ended = time.monotonic()
            spent = [Spent(self._driver, "lean-bridge", self._began, ended), *self._spent, *installed]
        lanes: dict[str, list[Spent]] = {}
        for each in sorted(spent, key=lambda each: (each.began, -each.ended)):
            lanes.setdefault(each.lane, []).append(each)
        return _trace(lanes, self._began), self._summary(lanes, ended)

    def _summary(self, lanes: dict[str, list[Spent]], ended: float) -> str:
        wall = ended - self._began
        others = {lane: _busy(spent) for lane, spent in lanes.items() if lane != self._driver}
        said = [f"{seconds_text(wall)} in all"]
        if self._is_here:
            cores = (_cpu_seconds() - self._cpu) / wall if wall else 0.0
            said[0] += f", {cores:.1f} of {os.cpu_count() or 1} cores at work"
        said += [
            f"{lane} {seconds_text(busy)}, idle {seconds_text(max(wall - busy, 0.0))}"
            for lane, busy in others.items()
        ]
        return "; ".join(said)


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of those it started that have ended."""
    return sum(os.times()[:4])


def _busy(spent: Iterable[Spent]) -> float:
    """Return how long something of these, in the order of their beginnings, was under way."""
    busy, until = 0.0, float("-inf")
    for each in spent:
        busy += max(each.ended - max(each.began, until), 0.0)
        until = max(until, each.ended)
    return busy


def _trace(lanes: dict[str, list[Spent]], began: float) -> str:
    events: list[dict[str, object]] = []
    for number, (lane, spent) in enumerate(lanes.items(), start=1):
        where = {"pid": 1, "tid": number}
        events.append({"ph": "M", "name": "thread_name", "args": {"name": lane}, **where})
        events += [
            {
                "ph": "X",
                "name": each.name,
                "ts": round((each.began - began) * _MICROSECONDS),
                "dur": round(each.ended * _MICROSECONDS) - round(each.began * _MICROSECONDS),
                **where,
            }
            for each in spent
        ]
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}) + "\n"
