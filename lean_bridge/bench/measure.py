"""Times contestants against one another: interleaved rounds, in random order, on one clock.

Whatever slows the machine for a while slows every contestant of a round alike, and the random order keeps any
of them from always running behind the same other one. A call that is not timed goes before those that are, so
that each finds its own arrays in the caches and not those of the one before it.
"""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Final, Protocol

from pybind_models.bench import Spread

SAMPLE: Final = 1e-3
"""Seconds that one sample takes at least: quicker contestants are called several times in a row."""
BRIEF: Final = 0.05
"""Seconds; what is in the caches makes no difference to longer calls."""
LEAST_ROUNDS: Final = 7
"""However little time there is, so that quartiles mean something."""


class Clock(Protocol):
    """What time is read from, in seconds."""

    def wall(self) -> float:
        """Return the time."""
        ...

    def cpu(self) -> float:
        """Return the CPU time that all threads of the process have used."""
        ...


class ProcessClock:
    """The machine's own clocks."""

    def wall(self) -> float:
        """Return the time."""
        return time.perf_counter()

    def cpu(self) -> float:
        """Return the CPU time that all threads of the process have used."""
        return time.process_time()


@dataclass(frozen=True)
class Contestant:
    """Something to call again and again."""

    name: str
    run: Callable[[], object]


@dataclass
class Samples:
    """What the rounds gave for one contestant."""

    seconds: list[float] = field(default_factory=list)
    """Of one call, one entry per round."""
    wall: float = 0.0
    """Seconds in all, as is ``cpu``."""
    cpu: float = 0.0

    @property
    def spread(self) -> Spread:
        """The median, with quartiles and the least."""
        lower, _, upper = quantiles(self.seconds, n=4, method="inclusive")
        return Spread(
            median=median(self.seconds),
            lower=lower,
            upper=upper,
            least=min(self.seconds),
            rounds=len(self.seconds),
        )

    def over(self, other: Samples) -> float:
        """Return how much longer a call takes than another contestant's: the median of the rounds' ratios."""
        return median(one / two for one, two in zip(self.seconds, other.seconds, strict=True)) - 1

    @property
    def cores(self) -> float:
        """CPU time per wall time."""
        return self.cpu / self.wall if self.wall else 0.0


def measure(
    contestants: Sequence[Contestant], *, seconds: float, seed: int = 0, clock: Clock | None = None
) -> dict[str, Samples]:
    """Return the samples of each contestant by name: rounds until ``seconds`` are over, but at least seven.

    Each is called twice before: once to warm up, once to see how many calls make a sample long enough to be
    timed. The garbage collector stays off meanwhile.
    """
    clock = clock or ProcessClock()
    order = random.Random(seed)
    counts, brief = {}, {}
    for contestant in contestants:
        contestant.run()
        once = _sample(contestant, 1, clock).wall
        counts[contestant.name] = max(1, math.ceil(SAMPLE / max(once, 1e-9)))
        brief[contestant.name] = once < BRIEF
    found = {contestant.name: Samples() for contestant in contestants}
    started, rounds = clock.wall(), 0
    with _no_collection():
        while rounds < LEAST_ROUNDS or clock.wall() - started < seconds:
            for contestant in order.sample(contestants, len(contestants)):
                count = counts[contestant.name]
                if brief[contestant.name]:
                    contestant.run()
                one, all_ = _sample(contestant, count, clock), found[contestant.name]
                all_.seconds.append(one.wall / count)
                all_.wall += one.wall
                all_.cpu += one.cpu
            rounds += 1
    return found


def _sample(contestant: Contestant, count: int, clock: Clock) -> Samples:
    run = contestant.run
    cpu, wall = clock.cpu(), clock.wall()
    for _ in range(count):
        run()
    return Samples(wall=clock.wall() - wall, cpu=clock.cpu() - cpu)


@contextmanager
def _no_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
